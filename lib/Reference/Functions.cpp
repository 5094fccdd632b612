//===- Functions.cpp - Functions of elements of any type ------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"

using namespace mlir;
using namespace mlir::qnn;

/// The offsets that read `operand` under the shape of the result, flattened.
static std::vector<int64_t> broadcastOffsets(const Tensor &operand,
                                             ArrayRef<int64_t> shape) {
  std::vector<int64_t> flat;
  flat.reserve(ShapedType::getNumElements(shape));
  forEachOffset(shape, getBroadcastOffsets(operand.getShape(), shape),
                [&](int64_t, int64_t offset) { flat.push_back(offset); });
  return flat;
}

//===----------------------------------------------------------------------===//
// Binary ops
//===----------------------------------------------------------------------===//

/// `a / b` towards zero or what it leaves; 0 where b is 0.
static int64_t divide(BinaryFunction function, int64_t a, int64_t b) {
  if (b == 0)
    return 0;
  if (b == -1) // the one division that overflows
    return function == BinaryFunction::Div ? int64_t(0 - uint64_t(a)) : 0;
  if (function == BinaryFunction::Div)
    return a / b;
  int64_t rest = a % b;
  bool toFloor = function == BinaryFunction::Mod && rest != 0;
  return toFloor && (rest < 0) != (b < 0) ? rest + b : rest;
}

/// With wrap-around at 64 bits.
static int64_t applyInteger(BinaryFunction function, int64_t a, int64_t b) {
  switch (function) {
  case BinaryFunction::Max:
    return std::max(a, b);
  case BinaryFunction::Min:
    return std::min(a, b);
  case BinaryFunction::Add:
    return int64_t(uint64_t(a) + uint64_t(b));
  case BinaryFunction::Sub:
    return int64_t(uint64_t(a) - uint64_t(b));
  case BinaryFunction::Mul:
    return int64_t(uint64_t(a) * uint64_t(b));
  case BinaryFunction::And:
    return a & b;
  case BinaryFunction::Or:
    return a | b;
  case BinaryFunction::Xor:
    return a ^ b;
  default:
    return divide(function, a, b);
  }
}

FailureOr<Tensor> qnn::evaluate(BinaryOp op, Operands operands) {
  Tensor result(op.getType());
  std::vector<int64_t> l = broadcastOffsets(operands[0], result.getShape());
  std::vector<int64_t> r = broadcastOffsets(operands[1], result.getShape());
  ScalarMath math;
  auto formula = getFormula(op);
  result.visit([&](auto zero) {
    using T = decltype(zero);
    auto a = operands[0].get<T>(), b = operands[1].get<T>();
    auto y = result.getMutable<T>();
    for (size_t i = 0; i < y.size(); ++i)
      if constexpr (std::is_same_v<T, float>)
        y[i] = formula(math, a[l[i]], b[r[i]]);
      else
        y[i] = T(applyInteger(op.getFunction(), a[l[i]], b[r[i]]));
  });
  return result;
}

FailureOr<Tensor> qnn::evaluate(CompareOp op, Operands operands) {
  Tensor result(op.getType());
  std::vector<int64_t> l = broadcastOffsets(operands[0], result.getShape());
  std::vector<int64_t> r = broadcastOffsets(operands[1], result.getShape());
  MutableArrayRef<int32_t> y = result.mutableIntegers();
  operands[0].visit([&](auto zero) {
    using T = decltype(zero);
    auto a = operands[0].get<T>(), b = operands[1].get<T>();
    for (size_t i = 0; i < y.size(); ++i) {
      T first = a[l[i]], second = b[r[i]];
      y[i] = op.getFunction() == CompareFunction::Equal  ? first == second
             : op.getFunction() == CompareFunction::Less ? first < second
                                                         : first <= second;
    }
  });
  return result;
}

FailureOr<Tensor> qnn::evaluate(SelectOp op, Operands operands) {
  Tensor result(op.getType());
  std::vector<int64_t> offsets[3];
  for (auto [i, operand] : llvm::enumerate(operands))
    offsets[i] = broadcastOffsets(operand, result.getShape());
  ArrayRef<int32_t> condition = operands[0].integers();
  result.visit([&](auto zero) {
    using T = decltype(zero);
    auto yes = operands[1].get<T>(), no = operands[2].get<T>();
    auto y = result.getMutable<T>();
    for (size_t i = 0; i < y.size(); ++i)
      y[i] = condition[offsets[0][i]] ? yes[offsets[1][i]] : no[offsets[2][i]];
  });
  return result;
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

/// Towards zero; the nearest end of To for numbers beyond it, 0 for NaN.
template <typename To> static To truncate(float x) {
  constexpr float end = std::is_same_v<To, int64_t> ? 0x1p63f : 0x1p31f;
  if (x >= end)
    return std::numeric_limits<To>::max();
  if (x < -end)
    return std::numeric_limits<To>::min();
  return x == x ? static_cast<To>(x) : To(0);
}

template <typename To, typename From> static To convert(From x) {
  if constexpr (std::is_same_v<From, float> && !std::is_same_v<To, float>)
    return truncate<To>(x);
  else
    return static_cast<To>(x);
}

FailureOr<Tensor> qnn::evaluate(CastOp op, Operands operands) {
  Tensor result(op.getType());
  bool toBool = op.getType().getElementType().isInteger(1);
  operands[0].visit([&](auto from) {
    auto x = operands[0].get<decltype(from)>();
    result.visit([&](auto to) {
      using To = decltype(to);
      auto y = result.getMutable<To>();
      for (size_t i = 0; i < y.size(); ++i)
        y[i] = toBool ? To(x[i] != 0) : convert<To>(x[i]);
    });
  });
  return result;
}
