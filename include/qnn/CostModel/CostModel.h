//===- CostModel.h - How long does a layer take? ----------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Predicts nanoseconds of one core from the shapes of an op and a table of
// rates per level. Good for comparing int8 with float, schedules with each
// other and layers within a network; quant-run --profile shows how good.
//
// All functions are thread-safe. Usage:
//   CostModel model(*findLevel("avx512vnni"));
//   if (model.predict(op, /*isInt8=*/true) > model.predict(op, false)) ...
//
//===----------------------------------------------------------------------===//

#ifndef QNN_COSTMODEL_COSTMODEL_H
#define QNN_COSTMODEL_COSTMODEL_H

#include "qnn/Target/TargetLevel.h"

#include "mlir/IR/Operation.h"

namespace mlir::qnn {

/// What one core of a level does per nanosecond, in int8 or in float.
struct Rates {
  double macs;      ///< of dense products, with their loops
  double depthwise; ///< multiply-adds of depthwise convolutions
  double simple;    ///< results of additions, products, comparisons
  double function;  ///< results of sigmoid and the like
  double pool;      ///< window elements of pools
};

class CostModel {
public:
  explicit CostModel(const TargetLevel &level);

  /// Nanoseconds of `op`, an op of the qnn dialect on tensors of static shape,
  /// in int8 or in float whatever its types are now.
  double predict(Operation *op, bool isInt8) const;
  /// Nanoseconds of `op`, a layer with weights, in a precision of precision
  /// rules: "int4" is int8 with half of the bytes of weights and their
  /// unpacking, "int16" two int8 layers and the split of the activation. Others
  /// than int* take what float takes.
  double predictAs(Operation *op, StringRef precision) const;
  /// Nanoseconds of quantizing or dequantizing.
  double convert(int64_t elements) const;
  /// Nanoseconds of rounding the factors of a product.
  double roundToBF16(int64_t elements) const;
  /// Nanoseconds of a dense product in vector registers, or of reading its
  /// weights where that takes longer.
  double product(double macs, double weightBytes, bool isInt8) const;
  /// The same in bf16, without rounding its input.
  double productBF16(double macs, double weightBytes) const;
  /// Nanoseconds of a convolution, fully connected layer or matrix product in
  /// bf16, and of rounding its operands.
  double predictBF16(Operation *op) const;
  /// Nanoseconds of a depthwise convolution.
  double depthwise(double macs, bool isInt8) const;

private:
  const Rates &rates(bool isInt8) const { return isInt8 ? int8 : f32; }
  double predict(Operation *op, bool isInt8, double weightBytes) const;

  Rates int8, f32;
  double bf16;        ///< multiply-adds per nanosecond, as Rates::macs
  double conversions; ///< elements per nanosecond
};

} // namespace mlir::qnn

#endif // QNN_COSTMODEL_COSTMODEL_H
