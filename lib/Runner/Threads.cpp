//===- Threads.cpp - The threads of a run ---------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Threads.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

using namespace mlir::qnn;
using oneapi::tbb::global_control;

struct Threads::Pool {
  explicit Pool(int count)
      : limit(global_control::max_allowed_parallelism, count), arena(count) {}

  global_control limit; ///< more threads than cores are allowed
  oneapi::tbb::task_arena arena;
};

Threads::Threads(unsigned count) : number(count) {
  if (count > 1)
    pool = std::make_unique<Pool>(count);
}

Threads::~Threads() = default;

void Threads::setHook(abi::Context &context) {
  if (!pool)
    return;
  context.parallelForArgument = &pool->arena;
  context.parallelFor = [](void *argument, int64_t count,
                           void (*body)(void *, int64_t), void *bodyArgument) {
    auto &arena = *static_cast<oneapi::tbb::task_arena *>(argument);
    // A unit goes to the same thread whenever the layer runs: what the thread
    // has in its cache stays there.
    arena.execute([&] {
      oneapi::tbb::parallel_for(
          int64_t(0), count, [&](int64_t i) { body(bodyArgument, i); },
          oneapi::tbb::static_partitioner());
    });
  };
}
