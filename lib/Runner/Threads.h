//===- Threads.h - The threads of a run -------------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The parallel_for hook that quant-run gives to shared objects: oneTBB's, see
// docs/Rationale.md for why.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_RUNNER_THREADS_H
#define QNN_LIB_RUNNER_THREADS_H

#include "qnn/Target/ObjectABI.h"

#include <memory>

namespace mlir::qnn {

/// A fixed number of threads, the caller's among them.
class Threads {
public:
  explicit Threads(unsigned count);
  ~Threads();

  unsigned count() const { return number; }
  /// Puts the hook into `context`; leaves it alone for one thread.
  void setHook(abi::Context &context);

private:
  struct Pool;
  std::unique_ptr<Pool> pool;
  unsigned number;
};

} // namespace mlir::qnn

#endif // QNN_LIB_RUNNER_THREADS_H
