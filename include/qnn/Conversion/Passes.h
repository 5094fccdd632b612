//===- Passes.h - Conversions between stages --------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Factories of the conversions in Passes.td, run in this order with
// microkernel-plan-memory between them by buildKernelPipeline.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_CONVERSION_PASSES_H
#define QNN_CONVERSION_PASSES_H

#include "qnn/Target/TargetLevel.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace mlir::qnn {

/// Attribute (f64) of a network's function: the least work of a unit of a
/// kernel, in place of kUnitNanoseconds.
inline constexpr llvm::StringLiteral kUnitNanosecondsAttr =
    "microkernel.unit_nanoseconds";

/// The constant that convert-microkernel-to-llvm makes of a module's layers.
inline constexpr llvm::StringLiteral kLayerTable = "layers";

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qnn/Conversion/Passes.h.inc"

/// From the Quantized stage (or a float graph) to the LLVM dialect, for one
/// level: kernels, memory plan, instructions, upstream conversions. `atBuffers`
/// adds passes to the Buffers stage, where every buffer has its place.
void buildKernelPipeline(
    OpPassManager &pm, const TargetLevel &level,
    llvm::function_ref<void(OpPassManager &)> atBuffers = nullptr);

/// Registers `qnn-kernel-pipeline{level=...}`.
void registerKernelPipeline();

} // namespace mlir::qnn

#endif // QNN_CONVERSION_PASSES_H
