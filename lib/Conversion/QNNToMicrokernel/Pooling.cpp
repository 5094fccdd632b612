//===- Pooling.cpp - Window and global pools ------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Windows are cut at the borders of the input instead of reading padding, so a
// pool needs no border. Channels are vectors.
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// A window op along one dimension.
struct Window {
  int64_t input, kernel, stride, dilation, pad;
};
/// Window positions [first, last) inside the input, for one output position,
/// and the coordinate of position 0.
struct Span {
  Value first, last, start;
};
} // namespace

/// ceil(x / d) for x >= 0, clamped to [0, limit].
static Value ceilDivClamped(KernelBuilder &k, Value x, int64_t d,
                            int64_t limit) {
  x = k.b.create<arith::MaxSIOp>(x, k.index(0));
  if (d != 1)
    x = k.b.create<arith::DivUIOp>(k.add(x, d - 1), k.index(d));
  return k.b.create<arith::MinSIOp>(x, k.index(limit));
}

/// The positions whose coordinate lies in [-before, input + after).
static Span spanOf(KernelBuilder &k, const Window &w, Value output,
                   int64_t before, int64_t after) {
  Value start = k.add(k.mul(output, w.stride), -w.pad);
  Value first =
      ceilDivClamped(k, k.b.create<arith::SubIOp>(k.index(-before), start),
                     w.dilation, w.kernel);
  Value last = ceilDivClamped(
      k, k.b.create<arith::SubIOp>(k.index(w.input + after), start), w.dilation,
      w.kernel);
  return {first, last, start};
}

template <typename OpTy> static std::pair<Window, Window> windowsOf(OpTy op) {
  ArrayRef<int64_t> shape = op.getInput().getType().getShape();
  auto along = [&](int d) {
    return Window{shape[1 + d], op.getKernel()[d], op.getStrides()[d],
                  op.getDilations()[d], op.getPadding()[d]};
  };
  return {along(0), along(1)};
}

/// for n, oh, ow: body(n, oh, ow).
static void forPixels(KernelBuilder &k, const Buffer &output,
                      llvm::function_ref<void(Value, Value, Value)> body) {
  k.loop(0, output.shape[0], 1, [&](Value n) {
    k.loop(0, output.shape[1], 1, [&](Value h) {
      k.loop(0, output.shape[2], 1, [&](Value w) { body(n, h, w); });
    });
  });
}

static Value positionOf(KernelBuilder &k, const Buffer &buffer, Value n,
                        Value h, Value w) {
  Value index = k.add(k.mul(n, buffer.strides[0]), k.mul(h, buffer.strides[1]));
  return k.add(k.add(index, k.mul(w, buffer.strides[2])), buffer.offset);
}

/// Combines the vectors at all window positions.
static Value
reduceWindow(KernelBuilder &k, const Buffer &input, const Window &wh,
             const Window &ww, const Span &sh, const Span &sw, Value n,
             Value channel, Value memory, int64_t lanes, Value init,
             llvm::function_ref<Value(Value acc, Value loaded)> combine) {
  return k.loop(sh.first, sh.last, {init}, [&](Value i, ValueRange outer) {
    Value h = k.add(sh.start, k.mul(i, wh.dilation));
    return k.loop(sw.first, sw.last, outer, [&](Value j, ValueRange inner) {
      Value w = k.add(sw.start, k.mul(j, ww.dilation));
      Value at = k.add(positionOf(k, input, n, h, w), channel);
      return SmallVector<Value>{combine(inner[0], k.load(memory, at, lanes))};
    });
  })[0];
}

/// The neutral element and the combination of a maximum of stored values.
static Value lowest(KernelBuilder &k, Type element, int64_t lanes) {
  auto vector = VectorType::get({lanes}, element);
  Attribute value;
  if (element.isF32())
    value = k.b.getF32FloatAttr(-std::numeric_limits<float>::infinity());
  else
    value = k.b.getI8IntegerAttr(k.level.storesUnsigned() ? 0 : -128);
  return k.b.create<arith::ConstantOp>(DenseElementsAttr::get(vector, value));
}

static Value maximum(KernelBuilder &k, Value best, Value v) {
  Type element = cast<VectorType>(v.getType()).getElementType();
  if (element.isF32()) {
    VectorMath math{k, KernelBuilder::widthOf(v)};
    return math.select(math.lessThan(best, v), v, best);
  }
  if (k.level.storesUnsigned())
    return k.b.create<arith::MaxUIOp>(v, best);
  return k.b.create<arith::MaxSIOp>(v, best);
}

LogicalResult NetworkLowering::lowerMaxPool(MaxPool2DOp op) {
  Buffer input = getBuffer(op.getInput());
  Buffer output = allocateFor(op.getResult());
  buffers[op.getResult()] = output;
  if (output.elements() == 0)
    return success();
  Type element = storageType(op.getType());
  if (element.isInteger(32))
    return op.emitOpError("expected float or 8-bit values");
  auto [wh, ww] = windowsOf(op);
  std::string key;
  llvm::raw_string_ostream(key)
      << op->getAttrDictionary() << input.signature() << output.signature();
  callKernel(
      "max_pool2d", key, {input.memory, output.memory},
      [&, wh = wh, ww = ww](KernelBuilder &k, ValueRange args) {
        int64_t width = level.vectorBits / element.getIntOrFloatBitWidth();
        forPixels(k, output, [&](Value n, Value h, Value w) {
          Span sh = spanOf(k, wh, h, 0, 0), sw = spanOf(k, ww, w, 0, 0);
          Value out = positionOf(k, output, n, h, w);
          k.vectorLoop(output.shape[3], width, [&](Value c, int64_t lanes) {
            Value best = reduceWindow(
                k, input, wh, ww, sh, sw, n, c, args[0], lanes,
                lowest(k, element, lanes),
                [&](Value acc, Value v) { return maximum(k, acc, v); });
            k.store(best, args[1], k.add(out, c));
          });
        });
      });
  return success();
}

void NetworkLowering::Average::read(NetworkLowering &net, Operation *op) {
  auto input = cast<RankedTensorType>(op->getOperand(0).getType());
  auto output = cast<RankedTensorType>(op->getResult(0).getType());
  auto clamp = cast<RequantFusableOpInterface>(op);
  if (FloatAttr bound = clamp.getClampMinAttr())
    low = bound.getValue().convertToFloat();
  if (FloatAttr bound = clamp.getClampMaxAttr())
    high = bound.getValue().convertToFloat();
  isFloat = isFloatTensor(output);
  if (isFloat)
    return;
  inputZero = net.storedParams(input).zeroPoint;
  inputScale = getScale(getQuantizedElementType(input), 0);
  outputScale = getScale(getQuantizedElementType(output), 0);
  bounds = clampParams(net.storedParams(output), low ? &*low : nullptr,
                       high ? &*high : nullptr);
}

float NetworkLowering::Average::factor(int64_t count) const {
  return getFactor(inputScale, outputScale * double(count));
}

std::string NetworkLowering::Average::key() const {
  return llvm::formatv("{0},{1},{2},{3},{4},{5},{6};", isFloat, inputZero,
                       bounds.zeroPoint, bounds.min, bounds.max,
                       low ? llvm::bit_cast<int32_t>(*low) : -1,
                       high ? llvm::bit_cast<int32_t>(*high) : -1);
}

Value NetworkLowering::Average::init(KernelBuilder &k, int64_t lanes) const {
  return isFloat ? k.constant(0.0f, lanes) : k.constant(int32_t(0), lanes);
}

Value NetworkLowering::Average::add(KernelBuilder &k, Value sum,
                                    Value loaded) const {
  if (isFloat)
    return k.b.create<arith::AddFOp>(sum, loaded);
  return k.b.create<arith::AddIOp>(sum, k.widen(loaded));
}

KernelBuilder::Epilogue
NetworkLowering::Average::epilogue(KernelBuilder &k) const {
  KernelBuilder::Epilogue epilogue;
  if (isFloat) {
    if (low)
      epilogue.low = k.f32(*low);
    if (high)
      epilogue.high = k.f32(*high);
    return epilogue;
  }
  epilogue.low = k.f32(float(bounds.min - bounds.zeroPoint));
  epilogue.high = k.f32(float(bounds.max - bounds.zeroPoint));
  epilogue.zeroPoint = k.i32(bounds.zeroPoint);
  return epilogue;
}

Value NetworkLowering::Average::finish(KernelBuilder &k, Value sum,
                                       Value counted, Value added,
                                       Value factor) const {
  int64_t lanes = KernelBuilder::widthOf(sum);
  Type i32 = k.b.getI32Type();
  KernelBuilder::Epilogue parts = epilogue(k);
  if (isFloat) {
    Value divisor = k.b.create<arith::SIToFPOp>(
        k.b.getF32Type(), k.b.create<arith::IndexCastOp>(i32, counted));
    Value mean = k.b.create<arith::DivFOp>(sum, k.splat(divisor, lanes));
    return k.finishFloat(mean, parts);
  }
  Value zeros = k.b.create<arith::MulIOp>(
      k.b.create<arith::IndexCastOp>(i32, added), k.i32(inputZero));
  sum = k.b.create<arith::SubIOp>(sum, k.splat(zeros, lanes));
  parts.scale = k.splat(factor, lanes);
  return k.finishQuantized(sum, parts);
}

LogicalResult NetworkLowering::lowerAvgPool(AvgPool2DOp op) {
  Buffer input = getBuffer(op.getInput());
  Buffer output = allocateFor(op.getResult());
  buffers[op.getResult()] = output;
  if (output.elements() == 0)
    return success();
  Average average;
  average.read(*this, op);
  auto [wh, ww] = windowsOf(op);
  SmallVector<Value> arguments = {input.memory, output.memory};
  if (!average.isFloat) {
    // The factor of every number of positions a window may count.
    SmallVector<float> factors = {0.0f};
    for (int64_t count = 1; count <= wh.kernel * ww.kernel; ++count)
      factors.push_back(average.factor(count));
    arguments.push_back(
        constant(ArrayRef<float>(factors), builder.getF32Type()));
  }
  std::string key = average.key();
  llvm::raw_string_ostream(key)
      << op->getAttrDictionary() << input.signature() << output.signature();
  bool includePad = op.getCountIncludePad();
  int64_t afterH = op.getPadding()[2], afterW = op.getPadding()[3];
  callKernel(
      "avg_pool2d", key, arguments,
      [&, wh = wh, ww = ww](KernelBuilder &k, ValueRange args) {
        forPixels(k, output, [&](Value n, Value h, Value w) {
          Span sh = spanOf(k, wh, h, 0, 0), sw = spanOf(k, ww, w, 0, 0);
          Span ch = includePad ? spanOf(k, wh, h, wh.pad, afterH) : sh;
          Span cw = includePad ? spanOf(k, ww, w, ww.pad, afterW) : sw;
          auto area = [&](const Span &a, const Span &b) {
            return k.b.create<arith::MulIOp>(
                k.b.create<arith::SubIOp>(a.last, a.first),
                k.b.create<arith::SubIOp>(b.last, b.first));
          };
          Value counted = area(ch, cw), added = area(sh, sw);
          Value factor =
              average.isFloat ? Value() : k.loadScalar(args[2], counted);
          Value out = positionOf(k, output, n, h, w);
          k.vectorLoop(output.shape[3], k.lanes(), [&](Value c, int64_t lanes) {
            Value sum =
                reduceWindow(k, input, wh, ww, sh, sw, n, c, args[0], lanes,
                             average.init(k, lanes), [&](Value acc, Value v) {
                               return average.add(k, acc, v);
                             });
            k.store(average.finish(k, sum, counted, added, factor), args[1],
                    k.add(out, c));
          });
        });
      });
  return success();
}

LogicalResult NetworkLowering::lowerGlobalPool(Operation *op) {
  Buffer input = getBuffer(op->getOperand(0));
  Buffer output = allocateFor(op->getResult(0));
  buffers[op->getResult(0)] = output;
  if (output.elements() == 0)
    return success();
  bool isMax = isa<GlobalMaxPoolOp>(op);
  Type element = storageType(op->getResult(0).getType());
  if (element.isInteger(32))
    return op->emitOpError("expected float or 8-bit values");
  int64_t count = input.shape[1] * input.shape[2];
  Average average;
  if (!isMax)
    average.read(*this, op);
  float factor = isMax || average.isFloat ? 0.0f : average.factor(count);
  std::string key = isMax ? "max" : average.key();
  key += std::to_string(llvm::bit_cast<uint32_t>(factor)) + input.signature() +
         output.signature();
  callKernel(
      "global_pool", key, {input.memory, output.memory},
      [&](KernelBuilder &k, ValueRange args) {
        int64_t width = isMax
                            ? level.vectorBits / element.getIntOrFloatBitWidth()
                            : k.lanes();
        k.loop(0, output.shape[0], 1, [&](Value n) {
          Value image = k.add(k.mul(n, input.strides[0]), input.offset);
          Value out = k.add(k.mul(n, output.strides[0]), output.offset);
          k.vectorLoop(output.shape[3], width, [&](Value c, int64_t lanes) {
            Value init =
                isMax ? lowest(k, element, lanes) : average.init(k, lanes);
            auto sumRow = [&](Value h, ValueRange rows) {
              return k.loop(k.index(0), k.index(input.shape[2]), rows,
                            [&](Value w, ValueRange acc) {
                              Value at = k.add(k.mul(h, input.strides[1]),
                                               k.mul(w, input.strides[2]));
                              Value v = k.load(
                                  args[0], k.add(k.add(image, at), c), lanes);
                              return SmallVector<Value>{
                                  isMax ? maximum(k, acc[0], v)
                                        : average.add(k, acc[0], v)};
                            });
            };
            Value result =
                k.loop(k.index(0), k.index(input.shape[1]), {init}, sumRow)[0];
            if (!isMax)
              result = average.finish(k, result, k.index(count), k.index(count),
                                      k.f32(factor));
            k.store(result, args[1], k.add(out, c));
          });
        });
      });
  return success();
}
