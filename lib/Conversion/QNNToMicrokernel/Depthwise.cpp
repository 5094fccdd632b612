//===- Depthwise.cpp - Depthwise convolutions -----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One channel in, one channel out: channels are vectors, and there is nothing
// to reduce but the taps of the window, which are written out. Weights are
// packed as [tap][channel].
//
//===----------------------------------------------------------------------===//

#include "WeightedLayer.h"

using namespace mlir;
using namespace mlir::qnn;

/// [tap][channel] from [channel][tap].
template <typename T, typename S>
static SmallVector<T> packTaps(ArrayRef<S> values, int64_t channels) {
  int64_t taps = values.size() / channels;
  SmallVector<T> packed(values.size());
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t t = 0; t < taps; ++t)
      packed[t * channels + c] = T(values[c * taps + t]);
  return packed;
}

namespace {
/// Emits the loops of one kernel.
class DepthwiseLoops {
public:
  DepthwiseLoops(KernelBuilder &k, const WeightedLayer &layer,
                 const LayerArguments &args, Conv2DOp conv, const Buffer &input,
                 const Buffer &output)
      : k(k), layer(layer), args(args), windows(getWindows(conv)), input(input),
        output(output) {}

  void run();

private:
  Value multiplyAdd(Value acc, Value x, Value w);
  Value accumulate(Value acc, Value position, Value channel, int64_t lanes);
  void emitPixel(Value in, Value out, Value res);

  KernelBuilder &k;
  const WeightedLayer &layer;
  const LayerArguments &args;
  std::pair<Window, Window> windows;
  const Buffer &input, &output;
};
} // namespace

void DepthwiseLoops::run() {
  auto [h, w] = windows;
  PixelStrides strides = input.pixels();
  strides.row *= h.stride;
  strides.column *= w.stride;
  int64_t origin = input.windowOrigin(h, w);
  forPixels(k, output, [&](const Pixel &pixel) {
    Value in = positionOf(k, pixel, strides, origin);
    Value out = positionOf(k, pixel, output);
    emitPixel(in, out,
              args.residual ? positionOf(k, pixel, layer.residual) : Value());
  });
}

/// The channels of one pixel; `res` is null without a residual.
void DepthwiseLoops::emitPixel(Value in, Value out, Value res) {
  // 16-bit products fill a register with twice as many channels.
  int64_t width = layer.isFloat ? k.lanes() : 2 * k.lanes();
  k.vectorLoop(output.shape[3], width, [&](Value channel, int64_t lanes) {
    Value acc =
        args.bias ? k.load(args.bias, channel, lanes) : k.constant(0.0f, lanes);
    acc = accumulate(acc, k.add(in, channel), channel, lanes);
    KernelBuilder::Epilogue epilogue;
    epilogue.low = args.low;
    epilogue.high = args.high;
    epilogue.zeroPoint = args.zeroPoint;
    epilogue.residualFactor = args.residualFactor;
    epilogue.residualZero = args.residualZero;
    if (args.scale)
      epilogue.scale = k.load(args.scale, channel, lanes);
    if (res)
      epilogue.residual = k.load(args.residual, k.add(res, channel), lanes);
    k.store(layer.isFloat ? k.finishFloat(acc, epilogue)
                          : k.finishQuantized(acc, epilogue),
            args.output, k.add(out, channel));
  });
}

/// acc + sum over taps of x * w for `lanes` channels of one pixel.
Value DepthwiseLoops::accumulate(Value acc, Value position, Value channel,
                                 int64_t lanes) {
  auto [h, w] = windows;
  for (int64_t i = 0; i < h.kernel; ++i)
    for (int64_t j = 0; j < w.kernel; ++j) {
      int64_t tap =
          i * h.dilation * input.strides[1] + j * w.dilation * input.strides[2];
      int64_t row = (i * w.kernel + j) * output.shape[3];
      Value x = k.load(args.input, k.add(position, tap), lanes);
      Value weight = k.load(args.weights, k.add(channel, row), lanes);
      acc = multiplyAdd(acc, x, weight);
    }
  return acc;
}

Value DepthwiseLoops::multiplyAdd(Value acc, Value x, Value w) {
  if (layer.isFloat)
    return k.b.create<math::FmaOp>(x, w, acc);
  // |stored byte * weight| <= 255 * 128 fits 16 bits.
  auto wide =
      VectorType::get({KernelBuilder::widthOf(x)}, k.b.getIntegerType(16));
  if (k.level.storesUnsigned())
    x = k.b.create<arith::ExtUIOp>(wide, x);
  else
    x = k.b.create<arith::ExtSIOp>(wide, x);
  Value product =
      k.b.create<arith::MulIOp>(x, k.b.create<arith::ExtSIOp>(wide, w));
  return k.b.create<arith::AddIOp>(
      acc, k.b.create<arith::ExtSIOp>(acc.getType(), product));
}

LogicalResult NetworkLowering::lowerDepthwise(WeightedLayer &layer,
                                              Conv2DOp conv,
                                              const Buffer &input,
                                              const Buffer &output) {
  setBuffer(conv.getResult(), output);
  if (output.elements() == 0)
    return success();
  int64_t channels = output.shape[3];
  Value packed;
  if (layer.packsAtRunTime) {
    Buffer from = getContiguous(conv.getWeight());
    int64_t taps = from.elements() / channels;
    Buffer to = allocate(conv.getWeight().getType(), Border());
    from.shape = to.shape = {channels, taps};
    from.strides = {taps, 1};
    to.strides = {1, channels};
    emitCopy(from, to);
    packed = to.memory;
  } else if (layer.isFloat) {
    packed = constant(packTaps<float, float>(layer.floatWeights, channels));
  } else {
    packed = constant(packTaps<int8_t, int32_t>(layer.weights, channels));
  }
  LayerArguments args = layer.makeArguments(input, packed, output);
  std::string key = layer.key(args, input, output);
  llvm::raw_string_ostream(key)
      << conv->getAttrDictionary() << conv.getWeight().getType().getShape()[1];
  callKernel("depthwise", key, args.present(),
             [&](KernelBuilder &k, ValueRange parameters) {
               LayerArguments inside = args.inside(parameters);
               DepthwiseLoops(k, layer, inside, conv, input, output).run();
             });
  return success();
}
