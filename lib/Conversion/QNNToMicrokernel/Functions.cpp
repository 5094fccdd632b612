//===- Functions.cpp - Functions of elements of any type ------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Maps over floats, integers and bools. A bool is stored as a byte, 0 or 1.
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// Emits functions of vectors of `width` elements.
struct PlainMath {
  KernelBuilder &k;
  int64_t width;

  Value constant(Type element, int64_t value) {
    return k.constant(k.b.getIntegerAttr(element, value), element, width);
  }
  Value like(Value v, int64_t value) {
    return constant(cast<VectorType>(v.getType()).getElementType(), value);
  }
  Value compare(arith::CmpIPredicate predicate, Value a, Value b) {
    return k.b.create<arith::CmpIOp>(predicate, a, b);
  }
  Value select(Value condition, Value yes, Value no) {
    return k.b.create<arith::SelectOp>(condition, yes, no);
  }
  /// Lanes of i1 of stored bools, or of numbers other than 0.
  Value isTrue(Value v) {
    return compare(arith::CmpIPredicate::ne, v, like(v, 0));
  }
  Value storeBool(Value condition) {
    return k.b.create<arith::ExtUIOp>(VectorType::get({width}, k.b.getI8Type()),
                                      condition);
  }

  Value divide(BinaryFunction function, Value a, Value b);
  Value applyInteger(BinaryFunction function, Value a, Value b);
  Value applyCompare(CompareFunction function, Value a, Value b);
  Value truncate(Value x, Type to);
  Value convert(Value x, Type from, Type to);
};
} // namespace

//===----------------------------------------------------------------------===//
// Binary ops
//===----------------------------------------------------------------------===//

/// Divisors 0 and -1 are replaced by 1, and what they give is put in after.
Value PlainMath::divide(BinaryFunction function, Value a, Value b) {
  Value zero = like(b, 0), one = like(b, 1);
  Value isZero = compare(arith::CmpIPredicate::eq, b, zero);
  Value isMinusOne = compare(arith::CmpIPredicate::eq, b, like(b, -1));
  Value divisor = select(isZero, one, select(isMinusOne, one, b));
  if (function == BinaryFunction::Div) {
    Value quotient = k.b.create<arith::DivSIOp>(a, divisor);
    Value negated = k.b.create<arith::SubIOp>(zero, a);
    return select(isZero, zero, select(isMinusOne, negated, quotient));
  }
  Value rest = k.b.create<arith::RemSIOp>(a, divisor);
  if (function == BinaryFunction::Rem)
    return rest;
  Value isOther = compare(arith::CmpIPredicate::slt,
                          k.b.create<arith::XOrIOp>(rest, b), zero);
  Value moved = select(isOther, k.b.create<arith::AddIOp>(rest, b), rest);
  return select(compare(arith::CmpIPredicate::eq, rest, zero), zero, moved);
}

Value PlainMath::applyInteger(BinaryFunction function, Value a, Value b) {
  switch (function) {
  case BinaryFunction::Max:
    return k.b.create<arith::MaxSIOp>(a, b);
  case BinaryFunction::Min:
    return k.b.create<arith::MinSIOp>(a, b);
  case BinaryFunction::Add:
    return k.b.create<arith::AddIOp>(a, b);
  case BinaryFunction::Sub:
    return k.b.create<arith::SubIOp>(a, b);
  case BinaryFunction::Mul:
    return k.b.create<arith::MulIOp>(a, b);
  case BinaryFunction::And:
    return k.b.create<arith::AndIOp>(a, b);
  case BinaryFunction::Or:
    return k.b.create<arith::OrIOp>(a, b);
  case BinaryFunction::Xor:
    return k.b.create<arith::XOrIOp>(a, b);
  default:
    return divide(function, a, b);
  }
}

/// "op_function_type": tells kernels apart.
template <typename OpTy> static std::string keyOfFunction(OpTy op) {
  std::string key;
  llvm::raw_string_ostream(key)
      << op.getFunctionAttr().getInt() << " "
      << cast<ShapedType>(op.getLhs().getType()).getElementType();
  return key;
}

LogicalResult NetworkLowering::lowerBinaryFunction(BinaryOp op) {
  Buffer output = allocateFor(op.getResult());
  setBuffer(op.getResult(), output);
  bool isFloat = isFloatTensor(op.getType());
  emitMap("function2", keyOfFunction(op),
          {getBuffer(op.getLhs()), getBuffer(op.getRhs())}, output,
          [&](KernelBuilder &k, ArrayRef<Value> in) -> Value {
            int64_t width = KernelBuilder::widthOf(in[0]);
            if (isQuantizedTensor(op.getType()))
              return op.getFunction() == BinaryFunction::Max
                         ? k.maxBytes(in[0], in[1])
                         : k.minBytes(in[0], in[1]);
            if (!isFloat)
              return PlainMath{k, width}.applyInteger(op.getFunction(), in[0],
                                                      in[1]);
            VectorMath math{k, width};
            return getFormula(op)(math, in[0], in[1]);
          });
  return success();
}

Value PlainMath::applyCompare(CompareFunction function, Value a, Value b) {
  bool isEqual = function == CompareFunction::Equal;
  bool isLess = function == CompareFunction::Less;
  if (cast<VectorType>(a.getType()).getElementType().isF32())
    return storeBool(
        k.b.create<arith::CmpFOp>(isEqual  ? arith::CmpFPredicate::OEQ
                                  : isLess ? arith::CmpFPredicate::OLT
                                           : arith::CmpFPredicate::OLE,
                                  a, b));
  return storeBool(compare(isEqual  ? arith::CmpIPredicate::eq
                           : isLess ? arith::CmpIPredicate::slt
                                    : arith::CmpIPredicate::sle,
                           a, b));
}

LogicalResult NetworkLowering::lowerCompare(CompareOp op) {
  Buffer output = allocateFor(op.getResult());
  setBuffer(op.getResult(), output);
  emitMap("compare", keyOfFunction(op),
          {getBuffer(op.getLhs()), getBuffer(op.getRhs())}, output,
          [&](KernelBuilder &k, ArrayRef<Value> in) {
            PlainMath math{k, KernelBuilder::widthOf(in[0])};
            return math.applyCompare(op.getFunction(), in[0], in[1]);
          });
  return success();
}

LogicalResult NetworkLowering::lowerSelect(SelectOp op) {
  SmallVector<Buffer> inputs;
  for (Value operand : op.getOperands())
    inputs.push_back(getBuffer(operand));
  Buffer output = allocateFor(op.getResult());
  setBuffer(op.getResult(), output);
  emitMap("select", "", inputs, output,
          [](KernelBuilder &k, ArrayRef<Value> in) {
            PlainMath math{k, KernelBuilder::widthOf(in[0])};
            return math.select(math.isTrue(in[0]), in[1], in[2]);
          });
  return success();
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

/// Towards zero; the nearest end of `to` beyond it, 0 for NaN.
Value PlainMath::truncate(Value x, Type to) {
  VectorMath math{k, width};
  bool isLong = to.isInteger(64);
  float end = isLong ? 0x1p63f : 0x1p31f;
  // The largest number below the end is exact in `to`.
  float last = std::nextafter(end, 0.0f);
  Value low = math.constant(-end), high = math.constant(last);
  Value inside = math.select(math.lessThan(x, low), low, x);
  inside = math.select(math.lessThan(high, inside), high, inside);
  Value isNumber = k.b.create<arith::CmpFOp>(arith::CmpFPredicate::ORD, x, x);
  inside = math.select(isNumber, inside, math.constant(0.0f));
  Value result =
      k.b.create<arith::FPToSIOp>(VectorType::get({width}, to), inside);
  int64_t most = isLong ? std::numeric_limits<int64_t>::max()
                        : std::numeric_limits<int32_t>::max();
  return select(math.lessThan(high, x), constant(to, most), result);
}

/// `from` and `to` are types of elements.
Value PlainMath::convert(Value x, Type from, Type to) {
  if (from == to)
    return x;
  if (to.isInteger(1)) {
    if (!from.isF32())
      return storeBool(isTrue(x));
    return storeBool(k.b.create<arith::CmpFOp>(arith::CmpFPredicate::UNE, x,
                                               k.constant(0.0f, width)));
  }
  auto type = VectorType::get({width}, to);
  if (from.isF32())
    return truncate(x, to);
  if (to.isF32() && from.isInteger(1))
    return k.b.create<arith::UIToFPOp>(type, x);
  if (to.isF32())
    return k.b.create<arith::SIToFPOp>(type, x);
  if (from.isInteger(1))
    return k.b.create<arith::ExtUIOp>(type, x);
  if (from.isInteger(32))
    return k.b.create<arith::ExtSIOp>(type, x);
  return k.b.create<arith::TruncIOp>(type, x);
}

LogicalResult NetworkLowering::lowerCast(CastOp op) {
  Type from = cast<ShapedType>(op.getInput().getType()).getElementType();
  Type to = op.getType().getElementType();
  Buffer output = allocateFor(op.getResult());
  setBuffer(op.getResult(), output);
  std::string key;
  llvm::raw_string_ostream(key) << from << to;
  emitMap("cast", key, {getBuffer(op.getInput())}, output,
          [&](KernelBuilder &k, ArrayRef<Value> in) {
            PlainMath math{k, KernelBuilder::widthOf(in[0])};
            return math.convert(in[0], from, to);
          });
  return success();
}
