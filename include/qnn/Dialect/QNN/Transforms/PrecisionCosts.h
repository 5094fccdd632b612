//===- PrecisionCosts.h - The price of int8 and of float --------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What time does a choice of precisions take, layer by layer and border by
// border? qnn-keep-faster-float and the search for mixed precisions minimize
// the same sum over the layers that may run in int8,
//   sum int8 or f32 of each layer + sum of `cost` of the borders whose two
//   layers differ,
// in predicted nanoseconds (CostModel).
//
// Usage:
//   PrecisionCosts costs = getPrecisionCosts(func, CostModel(level));
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_QNN_TRANSFORMS_PRECISIONCOSTS_H
#define QNN_DIALECT_QNN_TRANSFORMS_PRECISIONCOSTS_H

#include "qnn/CostModel/CostModel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::qnn {

/// Nanoseconds of one layer; those of int8 include conversions from and to
/// tensors that are float in any case.
struct LayerTimes {
  double int8, f32;
};

/// A tensor from one layer to another; `cost` to convert it.
struct PrecisionBorder {
  size_t from, to; ///< indices into PrecisionCosts::layers
  double cost;
};

struct PrecisionCosts {
  llvm::MapVector<Operation *, LayerTimes> layers;
  SmallVector<PrecisionBorder> borders;
};

/// The costs of all layers of `func` (Graph or Calibrated stage) that run in
/// int8 (see Transforms.h), in program order.
PrecisionCosts getPrecisionCosts(func::FuncOp func, const CostModel &model);

} // namespace mlir::qnn

#endif // QNN_DIALECT_QNN_TRANSFORMS_PRECISIONCOSTS_H
