//===- Elementwise.cpp - Maps over tensors --------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every op that computes an element from elements at the same (broadcast)
// position is one emitMap: nested loops over the dimensions that cannot be
// merged, vectors along the last one. Unary ops on 8-bit tensors are tables of
// 256 bytes, filled at compile time with the arithmetic of Numerics.h.
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

#include "qnn/Dialect/QNN/IR/Constants.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// Dimensions of a map after merging, with one stride per operand (the output
/// is the last operand).
struct MergedLoops {
  SmallVector<int64_t> sizes;
  SmallVector<SmallVector<int64_t>> strides; ///< [dimension][operand]
};
} // namespace

/// Strides of `buffer` along the dimensions of `shape`, 0 where it broadcasts.
static SmallVector<int64_t> broadcastStrides(const Buffer &buffer,
                                             ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 0);
  size_t missing = shape.size() - buffer.shape.size();
  for (size_t d = 0; d < buffer.shape.size(); ++d)
    if (buffer.shape[d] != 1)
      strides[missing + d] = buffer.strides[d];
  return strides;
}

/// Merges neighbouring dimensions that every operand walks evenly.
static MergedLoops mergeLoops(ArrayRef<int64_t> shape,
                              ArrayRef<SmallVector<int64_t>> operandStrides) {
  MergedLoops loops;
  for (int64_t d = int64_t(shape.size()) - 1; d >= 0; --d) {
    if (shape[d] == 1)
      continue;
    SmallVector<int64_t> strides;
    for (const SmallVector<int64_t> &operand : operandStrides)
      strides.push_back(operand[d]);
    bool merges = !loops.sizes.empty();
    for (size_t o = 0; merges && o < strides.size(); ++o)
      merges = strides[o] == loops.strides.front()[o] * loops.sizes.front();
    if (merges) {
      loops.sizes.front() *= shape[d];
    } else {
      loops.sizes.insert(loops.sizes.begin(), shape[d]);
      loops.strides.insert(loops.strides.begin(), strides);
    }
  }
  if (loops.sizes.empty()) {
    loops.sizes.push_back(1);
    loops.strides.push_back(SmallVector<int64_t>(operandStrides.size(), 0));
  }
  return loops;
}

void NetworkLowering::emitMap(StringRef name, const Twine &key,
                              ArrayRef<Buffer> inputs, const Buffer &output,
                              MapBody body) {
  if (output.elements() == 0)
    return;
  SmallVector<SmallVector<int64_t>> strides;
  SmallVector<int64_t> offsets;
  SmallVector<Value> arguments;
  std::string fullKey = key.str();
  for (const Buffer &input : inputs) {
    strides.push_back(broadcastStrides(input, output.shape));
    offsets.push_back(input.offset);
    arguments.push_back(input.memory);
    fullKey += input.signature();
  }
  strides.push_back(broadcastStrides(output, output.shape));
  offsets.push_back(output.offset);
  arguments.push_back(output.memory);
  fullKey += output.signature();
  MergedLoops loops = mergeLoops(output.shape, strides);
  callKernel(name, fullKey, arguments, [&](KernelBuilder &k, ValueRange args) {
    ArrayRef<int64_t> inner = loops.strides.back();
    // Vectors need every operand to be contiguous or constant along the last
    // dimension.
    bool vectorizes = llvm::all_of(inner.drop_back(),
                                   [](int64_t stride) {
                                     return stride == 0 || stride == 1;
                                   }) &&
                      inner.back() == 1;
    std::function<void(size_t, SmallVector<Value>)> nest =
        [&](size_t d, SmallVector<Value> positions) {
          if (d + 1 < loops.sizes.size()) {
            k.loop(0, loops.sizes[d], 1, [&](Value i) {
              SmallVector<Value> moved;
              for (auto [o, position] : llvm::enumerate(positions))
                moved.push_back(k.add(position, k.mul(i, loops.strides[d][o])));
              nest(d + 1, moved);
            });
            return;
          }
          k.vectorLoop(loops.sizes[d], vectorizes ? k.lanes() : 1,
                       [&](Value i, int64_t width) {
                         SmallVector<Value> values;
                         for (size_t o = 0; o + 1 < positions.size(); ++o) {
                           Value at = k.add(positions[o], k.mul(i, inner[o]));
                           values.push_back(
                               inner[o] == 0 && width > 1
                                   ? k.splat(k.loadScalar(args[o], at), width)
                                   : k.load(args[o], at, width));
                         }
                         k.store(
                             body(k, values), args.back(),
                             k.add(positions.back(), k.mul(i, inner.back())));
                       });
        };
    SmallVector<Value> start;
    for (int64_t offset : offsets)
      start.push_back(k.index(offset));
    nest(0, start);
  });
}

void NetworkLowering::emitCopy(const Buffer &input, const Buffer &output) {
  emitMap("copy", "", {input}, output,
          [](KernelBuilder &, ArrayRef<Value> in) { return in[0]; });
}

void NetworkLowering::emitRebias(const Buffer &input, const Buffer &output,
                                 int32_t bias) {
  emitMap("rebias", Twine(bias), {input}, output,
          [&](KernelBuilder &k, ArrayRef<Value> in) {
            auto vector = cast<VectorType>(in[0].getType());
            return k.b.create<arith::AddIOp>(
                in[0], k.b.create<arith::ConstantOp>(DenseElementsAttr::get(
                           vector, k.b.getI8IntegerAttr(int8_t(bias)))));
          });
}

//===----------------------------------------------------------------------===//
// Quantization arithmetic on vectors
//===----------------------------------------------------------------------===//

/// f32(q - z) of stored bytes.
static Value centered(KernelBuilder &k, Value bytes, const StoredParams &p) {
  int64_t width = KernelBuilder::widthOf(bytes);
  return k.toFloat(k.b.create<arith::SubIOp>(k.widen(bytes),
                                             k.constant(p.zeroPoint, width)));
}

/// saturate() into stored bytes.
static Value saturated(KernelBuilder &k, Value t, const StoredParams &p) {
  return k.narrow(k.saturate(t, k.f32(float(p.min - p.zeroPoint)),
                             k.f32(float(p.max - p.zeroPoint)),
                             k.i32(p.zeroPoint)));
}

static std::string paramsKey(const StoredParams &p) {
  return llvm::formatv("<{0},{1},{2},{3}>", llvm::bit_cast<uint32_t>(p.scale),
                       p.zeroPoint, p.min, p.max);
}

static std::string floatKey(std::optional<APFloat> value) {
  if (!value)
    return "-";
  return std::to_string(value->bitcastToAPInt().getZExtValue());
}

void NetworkLowering::emitRequantize(const Buffer &input, RankedTensorType from,
                                     const Buffer &output,
                                     RankedTensorType to) {
  if (from.getElementType() == to.getElementType())
    return emitCopy(input, output);
  StoredParams out = storedParams(to);
  double outScale = getScale(getQuantizedElementType(to), 0);
  quant::QuantizedType type = getQuantizedElementType(from);
  SmallVector<Buffer> inputs = {input};
  bool isAccumulator = isAccumulatorTensor(from);
  auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type);
  float factor = perAxis ? 0.0f : getFactor(getScale(type, 0), outScale);
  if (perAxis) {
    // One factor per channel, as a tensor that broadcasts along the others.
    SmallVector<float> factors;
    for (double scale : perAxis.getScales())
      factors.push_back(getFactor(scale, outScale));
    Buffer table;
    table.shape.assign(input.shape.size(), 1);
    table.shape[perAxis.getQuantizedDimension()] = factors.size();
    table.strides.assign(input.shape.size(), 0);
    table.strides[perAxis.getQuantizedDimension()] = 1;
    table.memory = constant(ArrayRef<float>(factors), builder.getF32Type());
    inputs.push_back(table);
  }
  StoredParams in = storedParams(from);
  emitMap("requantize",
          paramsKey(in) + paramsKey(out) + floatKey(APFloat(factor)), inputs,
          output, [&](KernelBuilder &k, ArrayRef<Value> values) {
            Value t = isAccumulator ? k.toFloat(values[0])
                                    : centered(k, values[0], in);
            Value m = perAxis ? values[1]
                              : k.constant(factor, KernelBuilder::widthOf(t));
            return saturated(k, k.b.create<arith::MulFOp>(t, m), out);
          });
}

LogicalResult NetworkLowering::lowerRequantize(RequantizeOp op) {
  Buffer output = allocateFor(op.getResult());
  emitRequantize(getBuffer(op.getInput()), op.getInput().getType(), output,
                 op.getType());
  buffers[op.getResult()] = output;
  return success();
}

void NetworkLowering::emitQuantize(const Buffer &input, const Buffer &output,
                                   RankedTensorType to) {
  StoredParams params = storedParams(to);
  emitMap(
      "quantize", paramsKey(params), {input}, output,
      [&](KernelBuilder &k, ArrayRef<Value> in) {
        Value scale = k.constant(params.scale, KernelBuilder::widthOf(in[0]));
        return saturated(k, k.b.create<arith::DivFOp>(in[0], scale), params);
      });
}

void NetworkLowering::emitDequantize(const Buffer &input, RankedTensorType from,
                                     const Buffer &output) {
  StoredParams params = storedParams(from);
  bool isAccumulator = isAccumulatorTensor(from);
  emitMap("dequantize", paramsKey(params), {input}, output,
          [&](KernelBuilder &k, ArrayRef<Value> in) -> Value {
            Value t =
                isAccumulator ? k.toFloat(in[0]) : centered(k, in[0], params);
            return k.b.create<arith::MulFOp>(
                t, k.constant(params.scale, KernelBuilder::widthOf(t)));
          });
}

LogicalResult NetworkLowering::lowerQuantize(quant::QuantizeCastOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  if (!getUniformElementType(type) || isAccumulatorTensor(type))
    return op.emitOpError("expected a per-tensor 8-bit result, got ") << type;
  Buffer output = allocateFor(op.getResult());
  emitQuantize(getBuffer(op.getArg()), output, type);
  buffers[op.getResult()] = output;
  return success();
}

LogicalResult NetworkLowering::lowerDequantize(quant::DequantizeCastOp op) {
  auto type = cast<RankedTensorType>(op.getArg().getType());
  if (!getUniformElementType(type))
    return op.emitOpError("expected a per-tensor operand, got ") << type;
  Buffer output = allocateFor(op.getResult());
  emitDequantize(getBuffer(op.getArg()), type, output);
  buffers[op.getResult()] = output;
  return success();
}

//===----------------------------------------------------------------------===//
// Binary ops, bias, batch norm
//===----------------------------------------------------------------------===//

static Value applyBinary(KernelBuilder &k, Operation *op, Value a, Value b) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](AddOp) { return k.b.create<arith::AddFOp>(a, b); })
      .Case([&](SubOp) { return k.b.create<arith::SubFOp>(a, b); })
      .Case([&](MulOp) { return k.b.create<arith::MulFOp>(a, b); })
      .Case([&](DivOp) { return k.b.create<arith::DivFOp>(a, b); });
}

LogicalResult NetworkLowering::lowerBinary(Operation *op) {
  auto clamp = cast<RequantFusableOpInterface>(op);
  auto bound = [](FloatAttr attr) {
    return attr ? std::optional<float>(attr.getValue().convertToFloat())
                : std::nullopt;
  };
  std::optional<float> low = bound(clamp.getClampMinAttr());
  std::optional<float> high = bound(clamp.getClampMaxAttr());
  const float *lowBound = low ? &*low : nullptr;
  const float *highBound = high ? &*high : nullptr;
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  Value lhs = op->getOperand(0), rhs = op->getOperand(1);
  Buffer output = allocateFor(op->getResult(0));
  std::string key = (op->getName().getStringRef()).str();
  auto boundKey = [](const float *bound) {
    return bound ? floatKey(APFloat(*bound)) : "-";
  };
  if (isFloatTensor(type)) {
    emitMap("binary", key + boundKey(lowBound) + "," + boundKey(highBound),
            {getBuffer(lhs), getBuffer(rhs)}, output,
            [&](KernelBuilder &k, ArrayRef<Value> in) {
              VectorMath math{k, KernelBuilder::widthOf(in[0])};
              return clampF32(math, applyBinary(k, op, in[0], in[1]), lowBound,
                              highBound);
            });
    buffers[op->getResult(0)] = output;
    return success();
  }
  StoredParams a = storedParams(lhs.getType()), b = storedParams(rhs.getType());
  StoredParams y = clampParams(storedParams(type), lowBound, highBound);
  auto scaleOf = [](Type t) { return getScale(getQuantizedElementType(t), 0); };
  double sa = scaleOf(lhs.getType()), sb = scaleOf(rhs.getType());
  double sy = scaleOf(type);
  bool isProduct = isa<MulOp, DivOp>(op);
  float first = isa<DivOp>(op)   ? getFactor(sa, sb * sy)
                : isa<MulOp>(op) ? getFactor(sa * sb, sy)
                                 : getFactor(sa, sy);
  float second = getFactor(sb, sy);
  key += paramsKey(a) + paramsKey(b) + paramsKey(y) + floatKey(APFloat(first)) +
         floatKey(APFloat(second));
  emitMap("binary", key, {getBuffer(lhs), getBuffer(rhs)}, output,
          [&](KernelBuilder &k, ArrayRef<Value> in) -> Value {
            Value u = centered(k, in[0], a), v = centered(k, in[1], b);
            int64_t width = KernelBuilder::widthOf(u);
            VectorMath math{k, width};
            Value t;
            if (isProduct) {
              // Products of 9-bit integers are exact in f32.
              t = math.mul(applyBinary(k, op, u, v), k.constant(first, width));
            } else {
              t = applyBinary(k, op, math.mul(u, k.constant(first, width)),
                              math.mul(v, k.constant(second, width)));
            }
            return saturated(k, t, y);
          });
  buffers[op->getResult(0)] = output;
  return success();
}

/// A [C] constant as a tensor that broadcasts along all but the last axis.
static Buffer channelVector(Value memory, int64_t channels) {
  Buffer buffer;
  buffer.memory = memory;
  buffer.shape = {channels};
  buffer.strides = {1};
  return buffer;
}

LogicalResult NetworkLowering::lowerBias(BiasOp op) {
  bool isFloat = isFloatTensor(op.getType());
  ElementsAttr value = constants.lookup(op.getBias());
  if (!value)
    return op.emitOpError("expected a constant bias");
  Value memory;
  if (isFloat) {
    auto values = getFloatValues(value);
    if (failed(values))
      return op.emitOpError("expected a bias with data");
    memory = constant(ArrayRef<float>(*values), builder.getF32Type());
  } else {
    auto values = getIntegerValues(value);
    if (failed(values))
      return op.emitOpError("expected a bias with data");
    memory = constant(ArrayRef<int32_t>(*values), builder.getI32Type());
  }
  Buffer output = allocateFor(op.getResult());
  emitMap("bias", "",
          {getBuffer(op.getInput()),
           channelVector(memory, op.getType().getShape().back())},
          output, [&](KernelBuilder &k, ArrayRef<Value> in) -> Value {
            if (isFloat)
              return k.b.create<arith::AddFOp>(in[0], in[1]);
            return k.b.create<arith::AddIOp>(in[0], in[1]);
          });
  buffers[op.getResult()] = output;
  return success();
}

LogicalResult NetworkLowering::lowerBatchNorm(BatchNormOp op) {
  SmallVector<SmallVector<float>> parameters;
  for (Value operand : op.getOperands().drop_front()) {
    ElementsAttr value = constants.lookup(operand);
    auto values = value ? getFloatValues(value)
                        : FailureOr<SmallVector<float>>(failure());
    if (failed(values))
      return op.emitOpError("expected constant parameters");
    parameters.push_back(std::move(*values));
  }
  int64_t channels = parameters[0].size();
  SmallVector<float> factors(channels), offsets(channels);
  double epsilon = op.getEpsilon().convertToFloat();
  for (int64_t c = 0; c < channels; ++c) {
    double factor =
        parameters[0][c] / std::sqrt(double(parameters[3][c]) + epsilon);
    factors[c] = float(factor);
    offsets[c] = float(parameters[1][c] - parameters[2][c] * factor);
  }
  Buffer output = allocateFor(op.getResult());
  Type f32 = builder.getF32Type();
  emitMap("batch_norm", "",
          {getBuffer(op.getInput()),
           channelVector(constant(ArrayRef<float>(factors), f32), channels),
           channelVector(constant(ArrayRef<float>(offsets), f32), channels)},
          output, [&](KernelBuilder &k, ArrayRef<Value> in) -> Value {
            return k.b.create<arith::AddFOp>(
                k.b.create<arith::MulFOp>(in[0], in[1]), in[2]);
          });
  buffers[op.getResult()] = output;
  return success();
}

//===----------------------------------------------------------------------===//
// Unary ops
//===----------------------------------------------------------------------===//

/// The float definition of a unary op, on numbers or on vectors.
template <typename B>
static typename B::V applyUnary(B &b, Operation *op, typename B::V x) {
  using V = typename B::V;
  return llvm::TypeSwitch<Operation *, V>(op)
      .Case([&](ReluOp) {
        float zero = 0.0f;
        return clampF32(b, x, &zero, nullptr);
      })
      .Case([&](ClipOp op) {
        float low = op.getMin().convertToFloat();
        float high = op.getMax().convertToFloat();
        return clampF32(b, x, &low, &high);
      })
      .Case([&](LeakyReluOp op) {
        return leakyReluF32(b, x, op.getAlpha().convertToFloat());
      })
      .Case([&](SigmoidOp) { return sigmoidF32(b, x); })
      .Case([&](TanhOp) { return tanhF32(b, x); })
      .Case([&](HardSigmoidOp op) {
        return hardSigmoidF32(b, x, op.getAlpha().convertToFloat(),
                              op.getBeta().convertToFloat());
      })
      .Case([&](HardSwishOp) { return hardSwishF32(b, x); });
}

LogicalResult NetworkLowering::lowerUnary(Operation *op) {
  Value input = op->getOperand(0);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  Buffer output = allocateFor(op->getResult(0));
  buffers[op->getResult(0)] = output;
  std::string key;
  llvm::raw_string_ostream(key) << op->getName() << op->getAttrDictionary();
  if (isFloatTensor(type)) {
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
  ScalarMath math;
  auto entryOf = [&](int32_t stored) {
    return quantize(applyUnary(math, op, dequantize(stored, in)), out);
  };
  if (isa<ReluOp, ClipOp>(op) &&
      cast<RankedTensorType>(input.getType()).getElementType() ==
          type.getElementType()) {
    // Monotone and the identity between the bounds: a clamp of bytes.
    StoredParams bounds = in;
    bounds.min = entryOf(in.min);
    bounds.max = entryOf(in.max);
    emitMap("clamp", paramsKey(bounds), {getBuffer(input)}, output,
            [&](KernelBuilder &k, ArrayRef<Value> values) -> Value {
              auto vector = cast<VectorType>(values[0].getType());
              auto byte = [&](int32_t v) -> Value {
                return k.b.create<arith::ConstantOp>(DenseElementsAttr::get(
                    vector, k.b.getI8IntegerAttr(int8_t(v))));
              };
              if (level.storesUnsigned())
                return k.b.create<arith::MinUIOp>(
                    k.b.create<arith::MaxUIOp>(values[0], byte(bounds.min)),
                    byte(bounds.max));
              return k.b.create<arith::MinSIOp>(
                  k.b.create<arith::MaxSIOp>(values[0], byte(bounds.min)),
                  byte(bounds.max));
            });
    return success();
  }
  SmallVector<int8_t> table(256);
  for (int32_t q = in.min; q <= in.max; ++q)
    table[q & 255] = int8_t(entryOf(q));
  Value memory = constant(ArrayRef<int8_t>(table), builder.getI8Type());
  emitTableMap(getBuffer(input), memory, output);
  return success();
}

void NetworkLowering::emitTableMap(const Buffer &input, Value table,
                                   const Buffer &output) {
  // Element by element: the position of the table argument is fixed, so the
  // map is written out over the innermost contiguous run.
  if (output.elements() == 0)
    return;
  MergedLoops loops =
      mergeLoops(output.shape, {broadcastStrides(input, output.shape),
                                broadcastStrides(output, output.shape)});
  callKernel("table", input.signature() + output.signature(),
             {input.memory, output.memory, table},
             [&](KernelBuilder &k, ValueRange args) {
               std::function<void(size_t, Value, Value)> nest =
                   [&](size_t d, Value in, Value out) {
                     if (d == loops.sizes.size()) {
                       Value byte = k.loadScalar(args[0], in);
                       Value index = k.b.create<arith::IndexCastUIOp>(
                           k.b.getIndexType(), byte);
                       k.b.create<memref::StoreOp>(k.loadScalar(args[2], index),
                                                   args[1], out);
                       return;
                     }
                     k.loop(0, loops.sizes[d], 1, [&](Value i) {
                       nest(d + 1, k.add(in, k.mul(i, loops.strides[d][0])),
                            k.add(out, k.mul(i, loops.strides[d][1])));
                     });
                   };
               nest(0, k.index(input.offset), k.index(output.offset));
             });
}
