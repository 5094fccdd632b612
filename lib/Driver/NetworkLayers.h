//===- NetworkLayers.h - Layers as their user knows them --------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which layers does a network have, and in which precision is each? One node of
// a model may be several ops (a layer norm, a layer with 16-bit activations):
// coverage and report list it once.
//
// Usage:
//   for (const NetworkLayer &layer : getNetworkLayers(func)) ...
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DRIVER_NETWORKLAYERS_H
#define QNN_LIB_DRIVER_NETWORKLAYERS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <vector>

namespace mlir::qnn {

/// The ops of one node: those of one name.
struct NetworkLayer {
  StringRef name;
  SmallVector<Operation *>
      ops; ///< in program order, conversions not among them
  /// What the layer is named and judged by: the op that multiplies most, else
  /// the last float op that computes, else the last one that computes, else the
  /// last one.
  Operation *main = nullptr;
  StringRef precision; ///< in the words of precision rules
  /// Multiply-accumulates, those of a layer with 16-bit activations counted
  /// once.
  int64_t int8Macs = 0, floatMacs = 0;
};

/// True for an op that computes, in whatever precision; conversions and ops
/// that only move values follow their neighbours.
bool isComputing(Operation *op);

/// The layers of `func`, Quantized stage, in program order of their first ops.
std::vector<NetworkLayer> getNetworkLayers(func::FuncOp func);

} // namespace mlir::qnn

#endif // QNN_LIB_DRIVER_NETWORKLAYERS_H
