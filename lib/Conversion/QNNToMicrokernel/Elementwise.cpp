//===- Elementwise.cpp - Arithmetic on elements ---------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every op is a map (Maps.cpp) with the formula of Formulas.h. Unary ops on
// 8-bit tensors are tables of 256 bytes, filled at compile time.
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

#include "qnn/Dialect/QNN/IR/Constants.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// Binary ops
//===----------------------------------------------------------------------===//

static Value applyBinary(KernelBuilder &k, Operation *op, Value a, Value b) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](AddOp) { return k.b.create<arith::AddFOp>(a, b); })
      .Case([&](SubOp) { return k.b.create<arith::SubFOp>(a, b); })
      .Case([&](MulOp) { return k.b.create<arith::MulFOp>(a, b); })
      .Case([&](DivOp) { return k.b.create<arith::DivFOp>(a, b); });
}

namespace {
/// The numbers of a binary op on 8-bit operands.
struct QuantizedBinary {
  QuantizedBinary(NetworkLowering &net, Operation *op);
  std::string key() const;
  /// A bound of the magnitude of steps().
  double largest() const;
  /// The result in multiples of the scale of y.
  Value steps(KernelBuilder &k, ArrayRef<Value> in) const;

  Operation *op;
  StoredParams a, b, y;
  bool isProduct;      ///< or quotient
  float first, second; ///< factors of a and b; of the product
  /// In fixed point: the factor of a product, and those of a sum.
  bool fixedPoint;
  FixedPointFactor product;
  FixedPointSum sum;

private:
  Value fixedSteps(KernelBuilder &k, ArrayRef<Value> in) const;
};
} // namespace

QuantizedBinary::QuantizedBinary(NetworkLowering &net, Operation *op)
    : op(op), isProduct(isa<MulOp, DivOp>(op)), fixedPoint(net.isFixedPoint()),
      sum(getTensorScale(op->getOperand(0).getType()),
          getTensorScale(op->getOperand(1).getType()),
          getTensorScale(op->getResult(0).getType())) {
  Type lhs = op->getOperand(0).getType(), rhs = op->getOperand(1).getType();
  Type type = op->getResult(0).getType();
  a = net.storedParams(lhs);
  b = net.storedParams(rhs);
  y = ClampBounds(cast<RequantFusableOpInterface>(op))
          .narrow(net.storedParams(type));
  first = isa<DivOp>(op)   ? getQuotientFactor(lhs, rhs, type)
          : isa<MulOp>(op) ? getProductFactor(lhs, rhs, type)
                           : getRescaleFactor(lhs, type);
  second = getRescaleFactor(rhs, type);
  product = getProductFixedPoint(lhs, rhs, type);
}

std::string QuantizedBinary::key() const {
  return keyOf(a) + keyOf(b) + keyOf(y) + keyOf(first) + keyOf(second);
}

/// Rounded steps.
Value QuantizedBinary::fixedSteps(KernelBuilder &k, ArrayRef<Value> in) const {
  Value u = k.centeredLanes(in[0], a.zeroPoint),
        v = k.centeredLanes(in[1], b.zeroPoint);
  if (isProduct)
    return k.multiplyFixedPoint(k.b.create<arith::MulIOp>(u, v), product);
  Value left = k.constant(FixedPointSum::kLeftShift, KernelBuilder::widthOf(u));
  u = k.multiplyFixedPoint(k.b.create<arith::ShLIOp>(u, left), sum.first);
  v = k.multiplyFixedPoint(k.b.create<arith::ShLIOp>(v, left), sum.second);
  Value both;
  if (isa<AddOp>(op))
    both = k.b.create<arith::AddIOp>(u, v);
  else
    both = k.b.create<arith::SubIOp>(u, v);
  return k.multiplyFixedPoint(both, sum.result);
}

double QuantizedBinary::largest() const {
  if (isa<DivOp>(op))
    return std::numeric_limits<double>::infinity();
  double most = 511.0; // of |q - z|
  return isProduct ? most * most * first : most * (double(first) + second);
}

Value QuantizedBinary::steps(KernelBuilder &k, ArrayRef<Value> in) const {
  if (fixedPoint)
    return fixedSteps(k, in);
  Value u = k.centered(in[0], a.zeroPoint), v = k.centered(in[1], b.zeroPoint);
  int64_t width = KernelBuilder::widthOf(u);
  VectorMath math{k, width};
  // Products of 9-bit integers are exact in f32.
  if (isProduct)
    return math.mul(applyBinary(k, op, u, v), k.constant(first, width));
  u = math.mul(u, k.constant(first, width));
  v = math.mul(v, k.constant(second, width));
  return applyBinary(k, op, u, v);
}

LogicalResult NetworkLowering::lowerBinary(Operation *op) {
  Buffer lhs = getBuffer(op->getOperand(0)), rhs = getBuffer(op->getOperand(1));
  Buffer output = allocateFor(op->getResult(0));
  setBuffer(op->getResult(0), output);
  std::string key = op->getName().getStringRef().str();
  if (!isFloatTensor(op->getResult(0).getType())) {
    if (isa<DivOp>(op) && isFixedPoint())
      return op->emitOpError("has no fixed-point form");
    QuantizedBinary binary(*this, op);
    emitStepsMap("binary", key + binary.key(), {lhs, rhs}, output, binary.y,
                 binary.largest(), [&](KernelBuilder &k, ArrayRef<Value> in) {
                   return binary.steps(k, in);
                 });
    return success();
  }
  ClampBounds clamp(cast<RequantFusableOpInterface>(op));
  key += keyOf(clamp.low) + "," + keyOf(clamp.high);
  emitMap("binary", key, {lhs, rhs}, output,
          [&](KernelBuilder &k, ArrayRef<Value> in) {
            VectorMath math{k, KernelBuilder::widthOf(in[0])};
            return clamp.apply(math, applyBinary(k, op, in[0], in[1]));
          });
  return success();
}

//===----------------------------------------------------------------------===//
// Bias and batch norm
//===----------------------------------------------------------------------===//

LogicalResult NetworkLowering::lowerBias(BiasOp op) {
  bool isFloat = isFloatTensor(op.getType());
  ElementsAttr value = getConstant(op.getBias());
  if (!value)
    return op.emitOpError("expected a constant bias");
  FailureOr<Value> memory = storedConstant(value, op.getBias().getType());
  if (failed(memory))
    return op.emitOpError("expected a bias with data");
  Buffer output = allocateFor(op.getResult());
  emitMap("bias", "",
          {getBuffer(op.getInput()),
           Buffer::contiguous(*memory, op.getType().getShape().back())},
          output, [&](KernelBuilder &k, ArrayRef<Value> in) -> Value {
            if (isFloat)
              return k.b.create<arith::AddFOp>(in[0], in[1]);
            return k.b.create<arith::AddIOp>(in[0], in[1]);
          });
  setBuffer(op.getResult(), output);
  return success();
}

/// getBatchNormChannel on vectors, in binary64 and rounded once: the factor, or
/// the offset where `offset` and `mean` are given.
static Value batchNormChannel(KernelBuilder &k, double epsilon, Value scale,
                              Value variance, Value offset, Value mean) {
  auto wide =
      VectorType::get({KernelBuilder::widthOf(scale)}, k.b.getF64Type());
  auto widen = [&](Value v) { return k.b.create<arith::ExtFOp>(wide, v); };
  Value root = k.b.create<math::SqrtOp>(k.b.create<arith::AddFOp>(
      widen(variance),
      k.b.create<arith::ConstantOp>(DenseElementsAttr::get(wide, epsilon))));
  Value result = k.b.create<arith::DivFOp>(widen(scale), root);
  if (offset)
    result = k.b.create<arith::SubFOp>(
        widen(offset), k.b.create<arith::MulFOp>(widen(mean), result));
  return k.b.create<arith::TruncFOp>(scale.getType(), result);
}

/// Only batch norms whose parameters the network computes come this far.
LogicalResult NetworkLowering::lowerBatchNorm(BatchNormOp op) {
  SmallVector<Buffer> parameters;
  for (Value operand : op.getOperands().drop_front()) {
    Buffer buffer = getBuffer(operand);
    if (ElementsAttr value = getConstant(operand)) {
      auto values = getFloatValues(value);
      if (failed(values))
        return op.emitOpError("expected parameters with data");
      buffer = Buffer::contiguous(constant(*values), values->size());
    }
    parameters.push_back(buffer);
  }
  double epsilon = op.getEpsilon().convertToFloat();
  auto [scale, offset, mean, variance] =
      std::tie(parameters[0], parameters[1], parameters[2], parameters[3]);
  RankedTensorType channels = op.getScale().getType();
  Buffer factors = allocate(channels, Border());
  Buffer offsets = allocate(channels, Border());
  std::string key = keyOf(op.getEpsilon().convertToFloat());
  emitMap("batch_norm_factor", key, {scale, variance}, factors,
          [&](KernelBuilder &k, ArrayRef<Value> in) {
            return batchNormChannel(k, epsilon, in[0], in[1], {}, {});
          });
  emitMap("batch_norm_offset", key, {scale, variance, offset, mean}, offsets,
          [&](KernelBuilder &k, ArrayRef<Value> in) {
            return batchNormChannel(k, epsilon, in[0], in[1], in[2], in[3]);
          });
  Buffer output = allocateFor(op.getResult());
  emitMap("batch_norm", "", {getBuffer(op.getInput()), factors, offsets},
          output, [&](KernelBuilder &k, ArrayRef<Value> in) -> Value {
            return k.b.create<arith::AddFOp>(
                k.b.create<arith::MulFOp>(in[0], in[1]), in[2]);
          });
  setBuffer(op.getResult(), output);
  return success();
}

//===----------------------------------------------------------------------===//
// Unary ops
//===----------------------------------------------------------------------===//

/// The float definition of a unary op, on numbers or on vectors.
template <typename B>
static typename B::V applyUnary(B &b, Operation *op, typename B::V x) {
  return llvm::TypeSwitch<Operation *, typename B::V>(op)
      .template Case<ReluOp, ClipOp, LeakyReluOp, SigmoidOp, TanhOp,
                     HardSigmoidOp, HardSwishOp, SqrtOp, ErfOp, UnaryOp>(
          [&](auto unary) { return getFormula(unary)(b, x); });
}

/// What a quantized unary op makes of a stored value.
static int32_t tableEntry(Operation *op, int32_t stored, const QuantParams &in,
                          const QuantParams &out, bool fixedPoint) {
  if (!fixedPoint) {
    ScalarMath math;
    return quantize(applyUnary(math, op, dequantize(stored, in)), out);
  }
  return llvm::TypeSwitch<Operation *, int32_t>(op)
      .Case<ReluOp, ClipOp, LeakyReluOp, SigmoidOp, TanhOp, HardSigmoidOp,
            HardSwishOp, UnaryOp>([&](auto unary) {
        return getFixedPointEntry(unary, stored, in, out);
      });
}

LogicalResult NetworkLowering::lowerUnary(Operation *op) {
  Value input = op->getOperand(0);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  Buffer output = allocateFor(op->getResult(0));
  setBuffer(op->getResult(0), output);
  if (isFloatTensor(type)) {
    std::string key;
    llvm::raw_string_ostream(key) << op->getName() << op->getAttrDictionary();
    emitMap("unary", key, {getBuffer(input)}, output,
            [&](KernelBuilder &k, ArrayRef<Value> in) {
              VectorMath math{k, KernelBuilder::widthOf(in[0])};
              return applyUnary(math, op, in[0]);
            });
    return success();
  }
  if (isAccumulatorTensor(input.getType()) || isAccumulatorTensor(type))
    return op->emitError("expected 8-bit operands, got ") << input.getType();
  StoredParams in = storedParams(input.getType()), out = storedParams(type);
  auto entryOf = [&](int32_t stored) {
    return tableEntry(op, stored, in, out, isFixedPoint());
  };
  if (isa<ReluOp, ClipOp>(op) &&
      cast<RankedTensorType>(input.getType()).getElementType() ==
          type.getElementType()) {
    // Monotone and the identity between the bounds: a clamp of bytes.
    StoredParams bounds = in;
    bounds.min = entryOf(in.min);
    bounds.max = entryOf(in.max);
    emitMap("clamp", keyOf(bounds), {getBuffer(input)}, output,
            [&](KernelBuilder &k, ArrayRef<Value> values) {
              int64_t width = KernelBuilder::widthOf(values[0]);
              Value t = k.maxBytes(values[0], k.bytes(bounds.min, width));
              return k.minBytes(t, k.bytes(bounds.max, width));
            });
    return success();
  }
  SmallVector<int8_t> table(256);
  for (int32_t q = in.min; q <= in.max; ++q)
    table[q & 255] = int8_t(entryOf(q));
  emitTableMap(getBuffer(input), table, output);
  return success();
}
