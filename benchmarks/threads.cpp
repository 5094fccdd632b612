//===- threads.cpp - quant-run's threads for Python -----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Gives the contexts that benchmarks/compare.py makes the parallel_for hook of
// quant-run, so that both measure the same. Built with lib/Runner/Threads.cpp
// as a shared library.
//
//===----------------------------------------------------------------------===//

#include "Threads.h"

/// Lets runs in `context` use `count` threads, which live as long as the
/// process.
extern "C" void set_threads(mlir::qnn::abi::Context *context, unsigned count) {
  (new mlir::qnn::Threads(count))->setHook(*context);
}
