//===- LayerTable.h - Layers as constants and profile calls -----*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The half of convert-microkernel-to-llvm that concerns layers.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_MICROKERNELTOLLVM_LAYERTABLE_H
#define QNN_LIB_CONVERSION_MICROKERNELTOLLVM_LAYERTABLE_H

#include "qnn/Dialect/Microkernel/IR/Microkernel.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::qnn {

/// Calls the profile hook around each run of launches of one layer. Launches
/// are still there, in functions of the LLVM dialect.
void addProfileCalls(ModuleOp module, ArrayRef<microkernel::LaunchOp> launches);

/// Replaces the layers of the module by the constant @layers, an array of
/// abi::LayerInfo; nothing without layers.
void lowerLayers(ModuleOp module, ArrayRef<microkernel::LaunchOp> launches);

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_MICROKERNELTOLLVM_LAYERTABLE_H
