//===- JIT.h - Run generated code in this process ---------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does the compiler run the network it has just compiled? The calibration
// run uses it on the observed float graph, the selftest of very large networks
// for its expected result.
//
// The object owns its copies of code, constants and arena; the GeneratedCode it
// was made from stays as it was. One run at a time per object.
//
// Usage:
//   auto jit = JITNetwork::create(module);
//   (*jit)->run({image.data()}, {logits.data()});
//
//===----------------------------------------------------------------------===//

#ifndef QNN_TARGET_JIT_H
#define QNN_TARGET_JIT_H

#include "qnn/Target/CodeGen.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <cstdlib>
#include <memory>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace mlir::qnn {

/// One observed tensor during a run; valid inside the callback only.
struct ObservedTensor {
  int32_t index;     ///< into JITNetwork::getObserved()
  const float *data; ///< first row
  int64_t rows;      ///< number of rows
  int64_t rowLength; ///< contiguous floats per row
  int64_t rowStride; ///< floats from one row to the next
};

/// A network compiled into this process.
class JITNetwork {
public:
  using ObserveFn = llvm::function_ref<void(const ObservedTensor &)>;

  /// Compiles the best level of `code` that this CPU executes; there must be
  /// one.
  static llvm::Expected<std::unique_ptr<JITNetwork>>
  create(const GeneratedCode &code);
  /// Generates code of the only function of `network` for the best level of
  /// this CPU and compiles it. Errors of code generation are also emitted as
  /// MLIR diagnostics.
  static llvm::Expected<std::unique_ptr<JITNetwork>> create(ModuleOp network);
  ~JITNetwork();

  /// Runs once. One pointer per input and output, in order, aligned for their
  /// element type. `observe` is called for every observed tensor; required
  /// when there are any.
  void run(ArrayRef<const void *> inputs, ArrayRef<void *> outputs,
           ObserveFn observe = nullptr);

  ArrayRef<TensorInfo> getInputs() const { return inputs; }
  ArrayRef<TensorInfo> getOutputs() const { return outputs; }
  ArrayRef<std::string> getObserved() const { return observed; }

private:
  using EntryFn = void (*)(void *arena, const void *constants,
                           const void *const *inputs, void *const *outputs,
                           void *observe, void *argument);

  JITNetwork();

  std::shared_ptr<llvm::orc::LLJIT> jit; ///< may serve networks that differ in
                                         ///< their constants only
  EntryFn entry = nullptr;
  std::unique_ptr<char, decltype(&std::free)> memory; ///< of the next two
  char *arena = nullptr;
  char *constants = nullptr;
  SmallVector<TensorInfo> inputs, outputs;
  std::vector<std::string> observed;
};

} // namespace mlir::qnn

#endif // QNN_TARGET_JIT_H
