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

#include "Average.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
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
  Value start = k.add(k.mul(output, w.stride), -w.before);
  Value first =
      ceilDivClamped(k, k.b.create<arith::SubIOp>(k.index(-before), start),
                     w.dilation, w.kernel);
  Value last = ceilDivClamped(
      k, k.b.create<arith::SubIOp>(k.index(w.input + after), start), w.dilation,
      w.kernel);
  return {first, last, start};
}

namespace {
/// The window of one output pixel.
struct PixelWindow {
  const Window &h, &w;
  Span rows, columns;
};
} // namespace

/// Combines the vectors of channels from `channel` on at all window positions
/// of image `n`.
static Value
reduceWindow(KernelBuilder &k, const Buffer &input, const PixelWindow &window,
             Value n, Value channel, Value memory, Value init,
             llvm::function_ref<Value(Value acc, Value loaded)> combine) {
  int64_t lanes = KernelBuilder::widthOf(init);
  const Span &rows = window.rows, &columns = window.columns;
  return k.loop(rows.first, rows.last, {init}, [&](Value i, ValueRange outer) {
    Value h = k.add(rows.start, k.mul(i, window.h.dilation));
    auto combineColumn = [&](Value j, ValueRange inner) {
      Value w = k.add(columns.start, k.mul(j, window.w.dilation));
      Value at = k.add(positionOf(k, {n, h, w}, input), channel);
      return SmallVector<Value>{combine(inner[0], k.load(memory, at, lanes))};
    };
    return k.loop(columns.first, columns.last, outer, combineColumn);
  })[0];
}

/// The neutral element and the combination of a maximum of stored values.
static Value lowest(KernelBuilder &k, Type element, int64_t lanes) {
  Attribute value;
  if (element.isF32())
    value = k.b.getF32FloatAttr(-std::numeric_limits<float>::infinity());
  else
    value = k.b.getI8IntegerAttr(k.level.storesUnsigned() ? 0 : -128);
  return k.constant(value, element, lanes);
}

static Value maximum(KernelBuilder &k, Value best, Value v) {
  Type element = cast<VectorType>(v.getType()).getElementType();
  if (element.isF32()) {
    VectorMath math{k, KernelBuilder::widthOf(v)};
    return math.select(math.lessThan(best, v), v, best);
  }
  return k.maxBytes(v, best);
}

LogicalResult NetworkLowering::lowerMaxPool(MaxPool2DOp op) {
  Buffer input = getBuffer(op.getInput());
  Buffer output = allocateFor(op.getResult());
  setBuffer(op.getResult(), output);
  if (output.elements() == 0)
    return success();
  Type element = storageType(op.getType());
  if (element.isInteger(32))
    return op.emitOpError("expected float or 8-bit values");
  auto [wh, ww] = getWindows(op);
  std::string key;
  llvm::raw_string_ostream(key)
      << op->getAttrDictionary() << input.signature() << output.signature();
  auto emit = [&, wh = wh, ww = ww](KernelBuilder &k, ValueRange args) {
    double work = double(output.elements()) * wh.kernel * ww.kernel;
    forPixels(k, output, work / k.lanes(element), [&](const Pixel &pixel) {
      Span rows = spanOf(k, wh, pixel.row, 0, 0);
      PixelWindow window{wh, ww, rows, spanOf(k, ww, pixel.column, 0, 0)};
      Value out = positionOf(k, pixel, output);
      k.vectorLoop(
          output.shape[3], k.lanes(element), [&](Value c, int64_t lanes) {
            Value best = reduceWindow(
                k, input, window, pixel.image, c, args[0],
                lowest(k, element, lanes),
                [&](Value acc, Value v) { return maximum(k, acc, v); });
            k.store(best, args[1], k.add(out, c));
          });
    });
  };
  callKernel("max_pool2d", key, {input.memory, output.memory}, emit);
  return success();
}

namespace {
/// Emits the loops of one average pool.
struct AveragePool {
  const Average &average;
  std::pair<Window, Window> windows;
  bool includePad;
  const Buffer &input, &output;

  void emit(KernelBuilder &k, ValueRange args) const;
};
} // namespace

/// Positions in both spans.
static Value areaOf(KernelBuilder &k, const Span &a, const Span &b) {
  Value height = k.b.create<arith::SubIOp>(a.last, a.first);
  Value width = k.b.create<arith::SubIOp>(b.last, b.first);
  return k.b.create<arith::MulIOp>(height, width);
}

void AveragePool::emit(KernelBuilder &k, ValueRange args) const {
  const auto &[h, w] = windows;
  double work = double(output.elements()) * h.kernel * w.kernel;
  auto emitPixel = [&, &h = h, &w = w](const Pixel &pixel) {
    Span rows = spanOf(k, h, pixel.row, 0, 0);
    Span columns = spanOf(k, w, pixel.column, 0, 0);
    Span countedRows =
        includePad ? spanOf(k, h, pixel.row, h.before, h.after) : rows;
    Span countedColumns =
        includePad ? spanOf(k, w, pixel.column, w.before, w.after) : columns;
    PixelWindow window{h, w, rows, columns};
    Value counted = areaOf(k, countedRows, countedColumns);
    Value added = areaOf(k, rows, columns);
    Value factor = average.isFloat ? Value() : k.loadScalar(args[2], counted);
    Value out = positionOf(k, pixel, output);
    k.vectorLoop(output.shape[3], k.lanes(), [&](Value c, int64_t lanes) {
      Value sum = reduceWindow(
          k, input, window, pixel.image, c, args[0], average.init(k, lanes),
          [&](Value acc, Value v) { return average.add(k, acc, v); });
      k.store(average.finish(k, sum, counted, added, factor), args[1],
              k.add(out, c));
    });
  };
  forPixels(k, output, 2 * work / k.lanes(), emitPixel);
}

LogicalResult NetworkLowering::lowerAvgPool(AvgPool2DOp op) {
  Buffer input = getBuffer(op.getInput());
  Buffer output = allocateFor(op.getResult());
  setBuffer(op.getResult(), output);
  if (output.elements() == 0)
    return success();
  Average average(*this, op);
  AveragePool pool{average, getWindows(op), op.getCountIncludePad(), input,
                   output};
  SmallVector<Value> arguments = {input.memory, output.memory};
  if (!average.isFloat) {
    // The factor of every number of positions a window may count.
    SmallVector<float> factors = {0.0f};
    for (int64_t count = 1; count <= op.getKernel()[0] * op.getKernel()[1];
         ++count)
      factors.push_back(average.factor(count));
    arguments.push_back(constant(factors));
  }
  std::string key = average.key();
  llvm::raw_string_ostream(key)
      << op->getAttrDictionary() << input.signature() << output.signature();
  callKernel("avg_pool2d", key, arguments,
             [&](KernelBuilder &k, ValueRange args) { pool.emit(k, args); });
  return success();
}

namespace {
/// Emits the loops of one global pool.
struct GlobalPool {
  std::optional<Average> average; ///< or the maximum
  Type element;
  float factor; ///< of a quantized average
  const Buffer &input, &output;

  void emit(KernelBuilder &k, ValueRange args) const;
  Value reduce(KernelBuilder &k, Value memory, Value image, Value channel,
               int64_t lanes) const;
};
} // namespace

/// The channels from `channel` on, over all pixels of the image at `image`.
Value GlobalPool::reduce(KernelBuilder &k, Value memory, Value image,
                         Value channel, int64_t lanes) const {
  Value init = average ? average->init(k, lanes) : lowest(k, element, lanes);
  auto reduceRow = [&](Value h, ValueRange rows) {
    auto combine = [&](Value w, ValueRange acc) {
      Value at = k.add(k.mul(h, input.strides[1]), k.mul(w, input.strides[2]));
      Value v = k.load(memory, k.add(k.add(image, at), channel), lanes);
      return SmallVector<Value>{average ? average->add(k, acc[0], v)
                                        : maximum(k, acc[0], v)};
    };
    return k.loop(k.index(0), k.index(input.shape[2]), rows, combine);
  };
  return k.loop(k.index(0), k.index(input.shape[1]), {init}, reduceRow)[0];
}

void GlobalPool::emit(KernelBuilder &k, ValueRange args) const {
  int64_t count = input.shape[1] * input.shape[2];
  int64_t width = average ? k.lanes() : k.lanes(element);
  k.loop(0, output.shape[0], 1, [&](Value n) {
    Value image = k.add(k.mul(n, input.strides[0]), input.offset);
    Value out = k.add(k.mul(n, output.strides[0]), output.offset);
    k.vectorLoop(output.shape[3], width, [&](Value c, int64_t lanes) {
      Value result = reduce(k, args[0], image, c, lanes);
      if (average) {
        Value counted = k.index(count), added = k.index(count);
        result = average->finish(k, result, counted, added, k.f32(factor));
      }
      k.store(result, args[1], k.add(out, c));
    });
  });
}

LogicalResult NetworkLowering::lowerGlobalPool(Operation *op) {
  Buffer input = getBuffer(op->getOperand(0));
  Buffer output = allocateFor(op->getResult(0));
  setBuffer(op->getResult(0), output);
  if (output.elements() == 0)
    return success();
  Type element = storageType(op->getResult(0).getType());
  if (element.isInteger(32))
    return op->emitOpError("expected float or 8-bit values");
  GlobalPool pool{std::nullopt, element, 0.0f, input, output};
  if (!isa<GlobalMaxPoolOp>(op))
    pool.average.emplace(*this, op);
  if (pool.average && !pool.average->isFloat)
    pool.factor = pool.average->factor(input.shape[1] * input.shape[2]);
  std::string key = pool.average ? pool.average->key() : "max";
  key += keyOf(pool.factor) + input.signature() + output.signature();
  callKernel("global_pool", key, {input.memory, output.memory},
             [&](KernelBuilder &k, ValueRange args) { pool.emit(k, args); });
  return success();
}
