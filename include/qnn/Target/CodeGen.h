//===- CodeGen.h - From a network graph to an LLVM module -------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What does code generation hand to whoever emits an object or runs it in
// process? Called by quant-compile and by the calibration run after the
// Quantized stage (or on a float graph).
//
// For every level the LLVM module defines an internal function
//   void @run_<level>(ptr arena, ptr constants,
//                     ptr input_0, ..., ptr output_0, ...
//                     ptr context [, ptr observe, ptr observe_argument])
// with '-' in level names replaced by '_'. Pointers are to f32 in the layout of
// the model (or to i8 where the graph's own argument or result is quantized).
// `context` is the caller's abi::Context, of which only the hooks are read.
// Where there are layers, run_<level>_layers is the table of their
// abi::LayerInfo. `arena` has `arenaBytes` bytes and, like `constants`, is
// 64-byte aligned. The trailing pair exists when the graph holds qnn.observe
// ops: `observe` is
//   void (*)(void *argument, int32_t index, const float *data,
//            int64_t rows, int64_t rowLength, int64_t rowStride)
// called for every observed tensor in order, once, or once per image where
// images lie apart, with `index` into `observed`; the data are `rows` rows of
// `rowLength` contiguous floats, `rowStride` floats apart.
//
// Inputs and outputs may not alias each other or the arena.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_TARGET_CODEGEN_H
#define QNN_TARGET_CODEGEN_H

#include "qnn/Target/ObjectABI.h"
#include "qnn/Target/TargetLevel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/QuantTypes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

namespace mlir::qnn {

/// One input or output of a network.
struct TensorInfo {
  std::string name;           ///< as in the model
  SmallVector<int64_t> shape; ///< in the model's own layout
  /// The quantized type, stored as i8 or u8: that of the model, or of
  /// --io=quantized; else null.
  quant::UniformQuantizedType quantized;
  abi::ElementType type = abi::Float32;
};

/// How many pairs of weights of a layer the level x86-64-v3 multiplies with
/// vpmaddubsw, proved not to saturate; the others are widened to 16 bits.
struct ProvedPairs {
  int64_t pairs = 0;  ///< all of the layer
  int64_t proved = 0; ///< in steps that fit 16 bits
  int64_t summed = 0; ///< those of them in steps that fit 16 bits two by two
};

/// How a level computes one layer.
struct LayerSchedule {
  const TargetLevel *level;
  std::string name, kind;
  std::string schedule; ///< empty where there is no choice
  double nanoseconds;   ///< predicted
};

/// What code generation produced; the module lives in `context`.
struct GeneratedCode {
  std::unique_ptr<llvm::Module> module;
  SmallVector<const TargetLevel *> levels;
  SmallVector<TensorInfo> inputs, outputs;
  std::vector<uint8_t> constants;    ///< contents of the constants blob
  int64_t arenaBytes = 0;            ///< the largest need of a level
  int64_t liveBytes = 0;             ///< that level's lower bound of any plan
  std::vector<std::string> observed; ///< names of qnn.observe, in call order
  llvm::StringMap<ProvedPairs> provedPairs; ///< by layer, for x86-64-v3
  std::vector<LayerSchedule> schedules;     ///< by level, in order of execution
};

/// The inputs and outputs of the entry function.
LogicalResult getTensorInfos(func::FuncOp entry,
                             SmallVector<TensorInfo> &inputs,
                             SmallVector<TensorInfo> &outputs);

/// Lowers the only function of `network` (Graph with or without observers, or
/// Quantized stage; not modified) for every level. Errors are emitted at the op
/// that cannot be lowered.
FailureOr<GeneratedCode> generateCode(ModuleOp network,
                                      ArrayRef<const TargetLevel *> levels,
                                      const llvm::Triple &triple,
                                      llvm::LLVMContext &context);

} // namespace mlir::qnn

#endif // QNN_TARGET_CODEGEN_H
