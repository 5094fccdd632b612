//===- Quantization.cpp - Between floats and quantized values -------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::qnn;

/// f32(q - z) of stored bytes or accumulators.
static Value centered(KernelBuilder &k, Value q, RankedTensorType type,
                      const StoredParams &params) {
  return isAccumulatorTensor(type) ? k.toFloat(q)
                                   : k.centered(q, params.zeroPoint);
}

/// One factor per channel of `type`, as a tensor that broadcasts along the
/// other dimensions.
static Buffer factorTable(NetworkLowering &net,
                          quant::UniformQuantizedPerAxisType type, size_t rank,
                          double outputScale) {
  SmallVector<float> factors;
  for (double scale : type.getScales())
    factors.push_back(getFactor(scale, outputScale));
  SmallVector<int64_t> shape(rank, 1);
  shape[type.getQuantizedDimension()] = factors.size();
  return Buffer::contiguous(net.constant(factors), shape);
}

void NetworkLowering::emitRequantize(const Buffer &input, RankedTensorType from,
                                     const Buffer &output,
                                     RankedTensorType to) {
  if (from.getElementType() == to.getElementType())
    return emitCopy(input, output);
  if (isFixedPoint())
    return emitRequantizeFixed(input, from, output, to);
  StoredParams in = storedParams(from), out = storedParams(to);
  SmallVector<Buffer> inputs = {input};
  auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(
      getQuantizedElementType(from));
  float factor = perAxis ? 0.0f : getRescaleFactor(from, to);
  if (perAxis)
    inputs.push_back(
        factorTable(*this, perAxis, from.getRank(), getTensorScale(to)));
  double largest =
      (isAccumulatorTensor(from) ? 0x1p31 : 511.0) *
      (perAxis ? *llvm::max_element(perAxis.getScales()) / getTensorScale(to)
               : factor);
  emitStepsMap("requantize", keyOf(in) + keyOf(factor), inputs, output, out,
               largest, [&](KernelBuilder &k, ArrayRef<Value> values) -> Value {
                 Value t = centered(k, values[0], from, in);
                 Value m = perAxis
                               ? values[1]
                               : k.constant(factor, KernelBuilder::widthOf(t));
                 return k.b.create<arith::MulFOp>(t, m);
               });
}

/// One multiplier and one shift per channel of `type`, as tensors that
/// broadcast along the other dimensions.
static SmallVector<Buffer>
fixedPointTables(NetworkLowering &net, quant::UniformQuantizedPerAxisType type,
                 RankedTensorType from, RankedTensorType to) {
  SmallVector<int32_t> multipliers, shifts;
  for (size_t c = 0; c < type.getScales().size(); ++c) {
    FixedPointFactor factor = getRescaleFixedPoint(from, to, c);
    multipliers.push_back(factor.multiplier);
    shifts.push_back(factor.shift);
  }
  SmallVector<int64_t> shape(from.getRank(), 1);
  shape[type.getQuantizedDimension()] = shifts.size();
  return {Buffer::contiguous(net.constant(multipliers), shape),
          Buffer::contiguous(net.constant(shifts), shape)};
}

void NetworkLowering::emitRequantizeFixed(const Buffer &input,
                                          RankedTensorType from,
                                          const Buffer &output,
                                          RankedTensorType to) {
  StoredParams in = storedParams(from), out = storedParams(to);
  SmallVector<Buffer> inputs = {input};
  auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(
      getQuantizedElementType(from));
  FixedPointFactor factor;
  if (perAxis)
    inputs.append(fixedPointTables(*this, perAxis, from, to));
  else
    factor = getRescaleFixedPoint(from, to);
  std::string key =
      llvm::formatv("{0}m{1}s{2}", keyOf(in), factor.multiplier, factor.shift);
  emitStepsMap("requantize", key, inputs, output, out,
               std::numeric_limits<double>::infinity(),
               [&](KernelBuilder &k, ArrayRef<Value> values) {
                 Value steps = isAccumulatorTensor(from)
                                   ? values[0]
                                   : k.centeredLanes(values[0], in.zeroPoint);
                 return perAxis
                            ? k.multiplyFixedPoint(steps, values[1], values[2])
                            : k.multiplyFixedPoint(steps, factor);
               });
}

LogicalResult NetworkLowering::lowerRequantize(RequantizeOp op) {
  // Signed and unsigned types of the same integers are stored alike.
  RankedTensorType from = op.getInput().getType(), to = op.getType();
  if (getUniformElementType(from) && !isAccumulatorTensor(from) &&
      keyOf(storedParams(from)) == keyOf(storedParams(to)) &&
      getRequiredBorder(op.getResult()).empty() &&
      !concats.getHome(op.getResult())) {
    setBuffer(op.getResult(), getBuffer(op.getInput()));
    return success();
  }
  Buffer output = allocateFor(op.getResult());
  emitRequantize(getBuffer(op.getInput()), op.getInput().getType(), output,
                 op.getType());
  setBuffer(op.getResult(), output);
  return success();
}

void NetworkLowering::emitQuantize(const Buffer &input, const Buffer &output,
                                   RankedTensorType to) {
  StoredParams params = storedParams(to);
  emitStepsMap("quantize", "", {input}, output, params,
               std::numeric_limits<double>::infinity(),
               [&](KernelBuilder &k, ArrayRef<Value> in) -> Value {
                 int64_t width = KernelBuilder::widthOf(in[0]);
                 Value t = k.b.create<arith::DivFOp>(
                     in[0], k.constant(params.scale, width));
                 if (!isFixedPoint())
                   return t;
                 return k.roundAway(k.clampLanes(
                     t, k.f32(float(params.min - params.zeroPoint)),
                     k.f32(float(params.max - params.zeroPoint))));
               });
}

void NetworkLowering::emitDequantize(const Buffer &input, RankedTensorType from,
                                     const Buffer &output) {
  StoredParams params = storedParams(from);
  SmallVector<Buffer> inputs = {input};
  auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(
      getQuantizedElementType(from));
  if (perAxis)
    inputs.push_back(factorTable(*this, perAxis, from.getRank(), 1.0));
  std::string key = perAxis ? "channels" : keyOf(params);
  emitMap("dequantize", key, inputs, output,
          [&](KernelBuilder &k, ArrayRef<Value> in) -> Value {
            Value t = centered(k, in[0], from, params);
            Value scale =
                perAxis ? in[1]
                        : k.constant(params.scale, KernelBuilder::widthOf(t));
            return k.b.create<arith::MulFOp>(t, scale);
          });
}

/// The quantization of what `op` leaves of x, where nothing else reads either:
/// the cast of x - `op`, or null. One kernel does these.
static quant::QuantizeCastOp getQuantizedRest(quant::DequantizeCastOp op) {
  if (!op.getResult().hasOneUse() ||
      !getUniformElementType(op.getArg().getType()))
    return {};
  auto rest = dyn_cast<SubOp>(*op.getResult().user_begin());
  if (!rest || rest.getRhs() != op.getResult() || !rest->hasOneUse() ||
      rest.getLhs().getType() != op.getType() || rest.getClampMinAttr() ||
      rest.getClampMaxAttr())
    return {};
  auto quantize = dyn_cast<quant::QuantizeCastOp>(*rest->user_begin());
  if (!quantize || getQuantizeBeforeTranspose(quantize.getResult()))
    return {};
  return quantize;
}

void NetworkLowering::emitQuantizeRest(SubOp rest, const Buffer &output,
                                       RankedTensorType to) {
  auto part = rest.getRhs().getDefiningOp<quant::DequantizeCastOp>();
  auto from = cast<RankedTensorType>(part.getArg().getType());
  StoredParams in = storedParams(from), params = storedParams(to);
  emitStepsMap("quantize_rest", keyOf(in),
               {getBuffer(rest.getLhs()), getBuffer(part.getArg())}, output,
               params, std::numeric_limits<double>::infinity(),
               [&](KernelBuilder &k, ArrayRef<Value> values) -> Value {
                 VectorMath math{k, KernelBuilder::widthOf(values[0])};
                 Value taken = math.mul(centered(k, values[1], from, in),
                                        math.constant(in.scale));
                 return math.div(math.sub(values[0], taken),
                                 math.constant(params.scale));
               });
}

quant::QuantizeCastOp qnn::getQuantizeBeforeTranspose(Value value) {
  auto cast = value.getDefiningOp<quant::QuantizeCastOp>();
  if (!cast || !value.hasOneUse() || !isa<TransposeOp>(*value.user_begin()))
    return {};
  return cast;
}

LogicalResult NetworkLowering::lowerQuantize(quant::QuantizeCastOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  if (!getUniformElementType(type) || isAccumulatorTensor(type))
    return op.emitOpError("expected a per-tensor 8-bit result, got ") << type;
  if (getQuantizeBeforeTranspose(op.getResult()))
    return success(); // The transpose quantizes what it moves.
  Buffer output = allocateFor(op.getResult());
  auto rest = op.getArg().getDefiningOp<SubOp>();
  if (rest && done.contains(rest))
    emitQuantizeRest(rest, output, type);
  else
    emitQuantize(getBuffer(op.getArg()), output, type);
  setBuffer(op.getResult(), output);
  return success();
}

/// Rounds rows of an odd number of elements, which a zero completes.
static void emitOddRows(KernelBuilder &k, ValueRange args, const Buffer &input,
                        const Buffer &output) {
  auto shape = ArrayRef(output.shape).drop_back();
  int64_t even = output.shape.back() - 1;
  SmallVector<SmallVector<int64_t>> strides = {input.strides, output.strides};
  size_t shared = k.split(double(output.elements()) / 2, shape);
  auto emitRow = [&](ArrayRef<Value> at) {
    k.vectorLoop(even, k.lanes(), [&](Value i, int64_t width) {
      Value row = k.load(args[0], k.add(at[0], i), width);
      k.store(k.toBF16(row), args[1], k.add(at[1], i));
    });
    Value last = k.b.create<vector::ShuffleOp>(
        k.load(args[0], k.add(at[0], even), 1), k.constant(0.0f, 1),
        ArrayRef<int64_t>{0, 1});
    k.store(k.toBF16(last), args[1], k.add(at[1], even));
  };
  k.nest(shape, strides, {input.offset, output.offset}, emitRow, shared);
}

LogicalResult NetworkLowering::lowerToBF16(ToBF16Op op) {
  Buffer output = allocateFor(op.getResult());
  setBuffer(op.getResult(), output);
  Buffer input = getBuffer(op.getInput());
  if (output.shape.empty() || output.shape.back() % 2 == 0) {
    emitMap(
        "to_bf16", "", {input}, output,
        [](KernelBuilder &k, ArrayRef<Value> in) { return k.toBF16(in[0]); });
    return success();
  }
  if (output.elements() == 0)
    return success();
  if (input.strides.back() != 1)
    input = getContiguous(op.getInput());
  callKernel("to_bf16", input.signature() + output.signature(),
             {input.memory, output.memory},
             [&](KernelBuilder &k, ValueRange args) {
               emitOddRows(k, args, input, output);
             });
  return success();
}

LogicalResult NetworkLowering::lowerDequantize(quant::DequantizeCastOp op) {
  auto type = cast<RankedTensorType>(op.getArg().getType());
  if (!getUniformElementType(type) && !isAccumulatorTensor(type))
    return op.emitOpError("expected a per-tensor operand or an i32 "
                          "accumulator, got ")
           << type;
  if (quant::QuantizeCastOp quantize = getQuantizedRest(op)) {
    setDone(quantize.getArg().getDefiningOp());
    return success();
  }
  Buffer output = allocateFor(op.getResult());
  emitDequantize(getBuffer(op.getArg()), type, output);
  setBuffer(op.getResult(), output);
  return success();
}
