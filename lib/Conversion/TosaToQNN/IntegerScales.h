//===- IntegerScales.h - What integers of tosa stand for --------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which real numbers do the integer tensors of a tosa function stand for? tosa
// computes on integers and says how they change scale (`rescale`), not what
// they mean: only ratios of scales are known. This solves for scales and zero
// points: a value's own `!quant.uniform` type decides, and where nothing does,
// the scale is 1.
//
// Integers that no rescale, convolution or 8-bit tensor has to do with
// (indices, shapes) stand for themselves and are not scaled.
//
// Usage:
//   IntegerScales scales;
//   scales.solve(func, [&](Operation *op, const Twine &reason) { ... });
//   if (scales.isScaled(value))
//     use(scales.getScale(value), scales.getZeroPoint(value));
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_TOSATOQNN_INTEGERSCALES_H
#define QNN_LIB_CONVERSION_TOSATOQNN_INTEGERSCALES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/DenseMap.h"

#include <optional>
#include <vector>

namespace mlir::qnn::fromtosa {

/// multiplier * 2^-shift of channel `channel`.
double getFactor(tosa::RescaleOp op, int64_t channel = 0);

/// The rescale that alone reads the accumulators that `op` computes, or null.
tosa::RescaleOp getOnlyRescale(Operation *op);

/// True for integers of at most 16 bits, quantized or plain, and no bools: they
/// have a zero point.
bool isNarrowInteger(Type type);

class IntegerScales {
public:
  using Report = function_ref<void(Operation *, const Twine &)>;

  /// Solves for all of `func`; contradictions go to `report`.
  void solve(func::FuncOp func, Report report);

  bool isScaled(Value value) const;
  /// Of a scaled value; accumulators that getOnlyRescale finds have none.
  double getScale(Value value) const;
  int64_t getZeroPoint(Value value) const { return zeroPoints.lookup(value); }

private:
  struct Place {
    int root;
    double ratio; ///< of the scale here to the scale of the root
  };
  struct Node {
    int parent;
    double ratio;                               ///< to the parent
    bool scaled = false;                        ///< of roots
    std::optional<double> scale = std::nullopt; ///< of roots
  };

  int getNode(Value value);
  Place find(int node) const;
  void pin(Value value, double scale);
  void relate(Value value, Value other, double ratio = 1);
  void setZeroPoint(Value value, int64_t zeroPoint);
  void addTypes(Value value);
  void addProduct(Operation *op, double factor);
  void visit(Operation *op);
  void visitRescale(tosa::RescaleOp op);
  void visitMatMul(tosa::MatMulOp op);
  void spreadZeroPoints();
  void solveProducts();

  /// result scale = scales of the operands times factor
  struct Product {
    Operation *op;
    double factor;
  };

  Operation *current = nullptr; ///< the op whose constraints are added
  Report *report = nullptr;
  DenseMap<Value, int> ids;
  std::vector<Node> nodes;
  DenseMap<Value, int64_t> zeroPoints;
  std::vector<Product> products;
  std::vector<Operation *> movers; ///< of equal zero points
};

} // namespace mlir::qnn::fromtosa

#endif // QNN_LIB_CONVERSION_TOSATOQNN_INTEGERSCALES_H
