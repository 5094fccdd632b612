//===- Convolution.cpp - Convolutions and fully connected layers ----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Both are a matrix product whose rows are output pixels, whose columns are
// output channels and whose reduction walks "runs" of contiguous input
// elements: KW*C for a dense convolution without horizontal dilation (a row of
// the window is contiguous in NHWC), C per tap otherwise, K for a fully
// connected layer. Weights are packed at compile time as
// [group][channel / 16][run][step][16][4] (i8) or [...][16] (f32), every level
// alike. Input zero points are folded into the bias: sum (q - z) * w + b =
// sum q * w + (b - z * sum w).
//
//===----------------------------------------------------------------------===//

#include "Blocking.h"
#include "NetworkLowering.h"

#include "qnn/Dialect/Microkernel/IR/Microkernel.h"
#include "qnn/Dialect/QNN/IR/Constants.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::qnn;
using microkernel::kBlockColumns;
using microkernel::kStepElements;

namespace {
/// The walk over one matrix product; strides and offsets in elements.
struct Walk {
  int64_t images, height, width;         ///< output pixels
  int64_t groups, channels;              ///< channels per group
  int64_t aOrigin;                       ///< of output pixel (0, 0, 0)
  int64_t aImage, aRow, aColumn, aGroup; ///< input strides
  SmallVector<int64_t> reduction, reductionStrides; ///< innermost: steps
  int64_t steps() const {
    int64_t product = 1;
    for (int64_t size : reduction)
      product *= size;
    return product;
  }
  int64_t blocks() const { return llvm::divideCeil(channels, kBlockColumns); }
};

/// A buffer seen as images x height x width pixels.
struct PixelView {
  int64_t image, row, column;
};

/// Strides of a result or residual; fully connected results are one row.
PixelView viewPixels(const Buffer &buffer, bool isImage) {
  if (isImage)
    return {buffer.strides[0], buffer.strides[1], buffer.strides[2]};
  return {0, 0, buffer.shape.back()};
}
} // namespace

namespace mlir::qnn {

/// Lowers one conv2d or fully connected op.
class ConvolutionLowering {
public:
  ConvolutionLowering(NetworkLowering &net, Operation *op) : net(net), op(op) {}

  template <typename OpTy> LogicalResult lower(OpTy typedOp, Walk walk);
  LogicalResult lowerDepthwise(Conv2DOp conv);

private:
  void emitDepthwise(KernelBuilder &k, ValueRange args, Conv2DOp conv,
                     const Buffer &input, const Buffer &output);
  template <typename OpTy> LogicalResult readParameters(OpTy typedOp);
  LogicalResult foldZeroPoint(Value input, int64_t channels,
                              int64_t perChannel);
  LogicalResult readScales(Value input, Value weight, Value result,
                           int64_t channels);
  template <typename OpTy> void readClamp(OpTy typedOp, RankedTensorType type);
  template <typename T>
  SmallVector<T> pack(ArrayRef<T> values, const Walk &walk, int64_t run,
                      int64_t stepElements);
  template <typename T>
  SmallVector<T> padChannels(ArrayRef<T> values, const Walk &walk);
  template <typename OpTy>
  SmallVector<Value> collectArguments(OpTy typedOp, const Walk &walk,
                                      const Buffer &input, Value packed,
                                      const Buffer &output, std::string &key);
  void emitLoops(KernelBuilder &k, ValueRange args, const Walk &walk,
                 const Buffer &input, const Buffer &output);

  NetworkLowering &net;
  Operation *op;
  bool isFloat = false, isAccumulator = false;
  SmallVector<float> floatWeights, floatBias, factors;
  SmallVector<int32_t> weights, bias;
  std::optional<float> low, high; ///< f32: clamp; i8: relative to zero point
  int32_t zeroPoint = 0;
  /// Positions of optional kernel arguments, -1 when absent.
  int biasArg = -1, scaleArg = -1, residualArg = -1, lowArg = -1, highArg = -1,
      zeroArg = -1, residualFactorArg = -1, residualZeroArg = -1;
  Buffer residual;
  bool resultIsImage = false;
};

} // namespace mlir::qnn

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

template <typename OpTy>
LogicalResult ConvolutionLowering::readParameters(OpTy typedOp) {
  isFloat = isFloatTensor(typedOp.getType());
  isAccumulator = isAccumulatorTensor(typedOp.getType());
  auto constantOf = [&](Value value) { return net.constants.lookup(value); };
  ElementsAttr weight = constantOf(typedOp.getWeight());
  if (!weight)
    return op->emitOpError("expected a constant weight: networks whose weights "
                           "are inputs cannot be compiled");
  ElementsAttr biasValue;
  if (typedOp.getBias()) {
    biasValue = constantOf(typedOp.getBias());
    if (!biasValue)
      return op->emitOpError("expected a constant bias");
  }
  auto failedRead = [&] {
    return op->emitOpError("expected weight and bias with data");
  };
  if (isFloat) {
    auto values = getFloatValues(weight);
    if (failed(values))
      return failedRead();
    floatWeights = std::move(*values);
    if (biasValue) {
      values = getFloatValues(biasValue);
      if (failed(values))
        return failedRead();
      floatBias = std::move(*values);
    }
    return success();
  }
  auto values = getIntegerValues(weight);
  if (failed(values))
    return failedRead();
  weights = std::move(*values);
  int64_t channels = typedOp.getWeight().getType().getShape()[0];
  bias.assign(channels, 0);
  if (biasValue) {
    values = getIntegerValues(biasValue);
    if (failed(values))
      return failedRead();
    bias = std::move(*values);
  }
  if (failed(foldZeroPoint(typedOp.getInput(), channels,
                           weights.size() / channels)))
    return failure();
  return readScales(typedOp.getInput(), typedOp.getWeight(),
                    typedOp.getResult(), channels);
}

/// bias -= z * sum w, after proving that no accumulator leaves i32.
LogicalResult ConvolutionLowering::foldZeroPoint(Value input, int64_t channels,
                                                 int64_t perChannel) {
  StoredParams params = net.storedParams(input.getType());
  int64_t largest =
      std::max(params.zeroPoint - params.min, params.max - params.zeroPoint);
  for (int64_t o = 0; o < channels; ++o) {
    int64_t sum = 0, magnitude = std::abs(int64_t(bias[o]));
    for (int64_t i = 0; i < perChannel; ++i) {
      int64_t w = weights[o * perChannel + i];
      sum += w;
      magnitude += std::abs(w) * largest;
    }
    if (magnitude > std::numeric_limits<int32_t>::max())
      return op->emitOpError("expected accumulators that fit 32 bits, got up "
                             "to ")
             << magnitude << " in output channel " << o
             << ": keep this layer in float";
    // Wrap-around in between is harmless: the exact sum fits.
    bias[o] = int32_t(uint32_t(bias[o]) - uint32_t(sum * params.zeroPoint));
  }
  return success();
}

LogicalResult ConvolutionLowering::readScales(Value input, Value weight,
                                              Value result, int64_t channels) {
  if (isAccumulator)
    return success();
  double inputScale = getScale(getQuantizedElementType(input.getType()), 0);
  double resultScale = getScale(getQuantizedElementType(result.getType()), 0);
  quant::QuantizedType type = getQuantizedElementType(weight.getType());
  for (int64_t o = 0; o < channels; ++o)
    factors.push_back(getFactor(inputScale * getScale(type, o), resultScale));
  return success();
}

template <typename OpTy>
void ConvolutionLowering::readClamp(OpTy typedOp, RankedTensorType type) {
  if (auto bound = typedOp.getClampMinAttr())
    low = bound.getValue().convertToFloat();
  if (auto bound = typedOp.getClampMaxAttr())
    high = bound.getValue().convertToFloat();
  if (isFloat || isAccumulator)
    return;
  StoredParams params = clampParams(
      net.storedParams(type), low ? &*low : nullptr, high ? &*high : nullptr);
  low = float(params.min - params.zeroPoint);
  high = float(params.max - params.zeroPoint);
  zeroPoint = params.zeroPoint;
}

template <typename T>
SmallVector<T> ConvolutionLowering::pack(ArrayRef<T> values, const Walk &walk,
                                         int64_t run, int64_t stepElements) {
  int64_t stepsPerRun = llvm::divideCeil(run, stepElements);
  int64_t runs = walk.steps() / stepsPerRun;
  SmallVector<T> packed(walk.groups * walk.blocks() * walk.steps() *
                            kBlockColumns * stepElements,
                        T(0));
  int64_t perChannel = runs * run;
  for (int64_t g = 0; g < walk.groups; ++g)
    for (int64_t o = 0; o < walk.channels; ++o) {
      const T *source = &values[(g * walk.channels + o) * perChannel];
      T *block = &packed[(g * walk.blocks() + o / kBlockColumns) *
                         walk.steps() * kBlockColumns * stepElements];
      for (int64_t r = 0; r < runs; ++r)
        for (int64_t i = 0; i < run; ++i)
          block[((r * stepsPerRun + i / stepElements) * kBlockColumns +
                 o % kBlockColumns) *
                    stepElements +
                i % stepElements] = source[r * run + i];
    }
  return packed;
}

/// One value per channel, each group padded to whole blocks.
template <typename T>
SmallVector<T> ConvolutionLowering::padChannels(ArrayRef<T> values,
                                                const Walk &walk) {
  int64_t padded = walk.blocks() * kBlockColumns;
  SmallVector<T> result(walk.groups * padded, T(0));
  for (int64_t g = 0; g < walk.groups; ++g)
    std::copy_n(&values[g * walk.channels], walk.channels, &result[g * padded]);
  return result;
}

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

template <typename OpTy>
LogicalResult ConvolutionLowering::lower(OpTy typedOp, Walk walk) {
  if (failed(readParameters(typedOp)))
    return failure();
  readClamp(typedOp, cast<RankedTensorType>(typedOp.getType()));
  Buffer input = net.getBuffer(typedOp.getInput());
  resultIsImage = isa<Conv2DOp>(op);
  Buffer output = net.allocateFor(typedOp.getResult());
  if (!resultIsImage && !output.isContiguous())
    output = net.allocate(typedOp.getType(), Border());
  net.buffers[typedOp.getResult()] = output;
  if (output.elements() == 0)
    return success();

  int64_t run = walk.reduction.back();
  int64_t stepElements = isFloat ? 1 : kStepElements;
  walk.reduction.back() = llvm::divideCeil(run, stepElements);
  walk.reductionStrides.back() = stepElements;

  Value packed;
  if (isFloat) {
    packed = net.constant(
        ArrayRef<float>(pack<float>(floatWeights, walk, run, stepElements)),
        net.builder.getF32Type());
  } else {
    SmallVector<int8_t> bytes(weights.begin(), weights.end());
    packed = net.constant(
        ArrayRef<int8_t>(pack<int8_t>(bytes, walk, run, stepElements)),
        net.builder.getI8Type());
  }
  std::string key;
  SmallVector<Value> args =
      collectArguments(typedOp, walk, input, packed, output, key);
  // What the loops depend on beside buffers.
  llvm::raw_string_ostream os(key);
  os << walk.aOrigin << ',' << walk.images << ',' << walk.height << ','
     << walk.width << ',' << walk.groups << ',' << walk.channels << ','
     << walk.aImage << ',' << walk.aRow << ',' << walk.aColumn << ','
     << walk.aGroup << ';';
  llvm::interleaveComma(walk.reduction, os);
  os << ';';
  llvm::interleaveComma(walk.reductionStrides, os);
  net.callKernel(resultIsImage ? "conv2d" : "fully_connected", os.str(), args,
                 [&](KernelBuilder &k, ValueRange kernelArgs) {
                   emitLoops(k, kernelArgs, walk, input, output);
                 });
  return success();
}

/// The kernel arguments: input, weights, output, then what the op has of bias,
/// scale, residual, bounds and zero points; `key` gets what a kernel depends
/// on.
template <typename OpTy>
SmallVector<Value>
ConvolutionLowering::collectArguments(OpTy typedOp, const Walk &walk,
                                      const Buffer &input, Value packed,
                                      const Buffer &output, std::string &key) {
  SmallVector<Value> args = {input.memory, packed, output.memory};
  auto append = [&](Value value) {
    args.push_back(value);
    return int(args.size()) - 1;
  };
  Type f32 = net.builder.getF32Type(), i32 = net.builder.getI32Type();
  if (!isFloat)
    biasArg = append(
        net.constant(ArrayRef<int32_t>(padChannels<int32_t>(bias, walk)), i32));
  else if (!floatBias.empty())
    biasArg = append(net.constant(
        ArrayRef<float>(padChannels<float>(floatBias, walk)), f32));
  if (!factors.empty())
    scaleArg = append(
        net.constant(ArrayRef<float>(padChannels<float>(factors, walk)), f32));
  key = input.signature() + output.signature();
  if (typedOp.getResidual()) {
    residual = resultIsImage ? net.getBuffer(typedOp.getResidual())
                             : net.getContiguous(typedOp.getResidual());
    residualArg = append(residual.memory);
    key += residual.signature();
  }
  if (low)
    lowArg = append(net.scalar(*low));
  if (high)
    highArg = append(net.scalar(*high));
  if (!isFloat && !isAccumulator)
    zeroArg = append(net.scalar(zeroPoint));
  if (residualArg >= 0 && !isFloat) {
    Type type = typedOp.getResidual().getType();
    residualFactorArg = append(net.scalar(
        getFactor(getScale(getQuantizedElementType(type), 0),
                  getScale(getQuantizedElementType(typedOp.getType()), 0))));
    residualZeroArg = append(net.scalar(net.storedParams(type).zeroPoint));
  }
  for (int position : {biasArg, residualArg, lowArg, highArg})
    key += std::to_string(position) + ",";
  return args;
}

void ConvolutionLowering::emitLoops(KernelBuilder &k, ValueRange args,
                                    const Walk &original, const Buffer &input,
                                    const Buffer &output) {
  Walk walk = original;
  PixelView c = viewPixels(output, resultIsImage);
  PixelView r = residualArg >= 0 ? viewPixels(residual, resultIsImage) : c;
  // Rows (and images) that continue evenly are one long row.
  auto even = [&](int64_t size, int64_t inner, int64_t PixelView::*outerStride,
                  int64_t PixelView::*innerStride, int64_t aOuter,
                  int64_t aInner) {
    return size == 1 || (aOuter == aInner * inner &&
                         c.*outerStride == c.*innerStride * inner &&
                         r.*outerStride == r.*innerStride * inner);
  };
  if (even(walk.height, walk.width, &PixelView::row, &PixelView::column,
           walk.aRow, walk.aColumn)) {
    walk.width *= walk.height;
    walk.height = 1;
    if (even(walk.images, walk.width, &PixelView::image, &PixelView::column,
             walk.aImage, walk.aColumn)) {
      walk.width *= walk.images;
      walk.images = 1;
    }
  }
  Blocking block =
      chooseBlocking(k.level, isFloat, walk.height, walk.width, walk.channels);
  int64_t stepSize = kBlockColumns * (isFloat ? 1 : kStepElements);
  int64_t blockStride = walk.steps() * stepSize;
  auto argument = [&](int position) {
    return position >= 0 ? args[position] : Value();
  };
  int64_t step = block.blocks * kBlockColumns;
  int64_t whole = walk.channels / step * step;

  // One register block at pixel (h, w) of image n.
  auto emitBlock = [&](Value group, Value column, Value n, Value h, Value w,
                       int64_t rows, int64_t columns, int64_t channels) {
    auto at = [&](int64_t offset, int64_t image, int64_t row, int64_t col) {
      Value index = k.add(k.mul(n, image), k.mul(h, row));
      return k.add(k.add(index, k.mul(w, col)), offset);
    };
    int64_t padded = walk.blocks() * kBlockColumns;
    Value aOffset =
        k.add(at(walk.aOrigin, walk.aImage, walk.aRow, walk.aColumn),
              k.mul(group, walk.aGroup));
    Value channel = k.add(k.mul(group, walk.channels), column);
    Value cOffset = k.add(at(output.offset, c.image, c.row, c.column), channel);
    // Blocks of a group are walk.blocks() apart; column is a multiple of 16.
    Value packed = k.add(k.mul(group, padded), column);
    Value bOffset = k.mul(packed, blockStride / kBlockColumns);
    Value residualOffset;
    DenseI64ArrayAttr residualStrides;
    if (residualArg >= 0) {
      residualOffset =
          k.add(at(residual.offset, r.image, r.row, r.column), channel);
      residualStrides = k.b.getDenseI64ArrayAttr({r.row, r.column});
    }
    k.b.create<microkernel::BrgemmOp>(
        args[0], aOffset, args[1], bOffset, argument(biasArg),
        argument(scaleArg), packed, args[2], cOffset, argument(residualArg),
        residualOffset, argument(lowArg), argument(highArg), argument(zeroArg),
        argument(residualFactorArg), argument(residualZeroArg),
        k.b.getDenseI64ArrayAttr({rows, columns}),
        k.b.getI64IntegerAttr(channels),
        k.b.getDenseI64ArrayAttr({walk.aRow, walk.aColumn}),
        k.b.getDenseI64ArrayAttr({c.row, c.column}), residualStrides,
        k.b.getDenseI64ArrayAttr(walk.reduction),
        k.b.getDenseI64ArrayAttr(walk.reductionStrides),
        k.b.getI64IntegerAttr(blockStride));
  };
  // Covers [0, size) by steps and a remainder.
  auto tiled = [&](int64_t size, int64_t tile,
                   llvm::function_ref<void(Value, int64_t)> body) {
    int64_t full = size / tile * tile;
    k.loop(0, full, tile, [&](Value i) { body(i, tile); });
    if (full < size)
      body(k.index(full), size - full);
  };
  // Channels outermost: a block of weights stays in cache over all pixels.
  k.loop(0, walk.groups, 1, [&](Value group) {
    auto pixels = [&](Value column, int64_t channels) {
      k.loop(0, walk.images, 1, [&](Value n) {
        tiled(walk.height, block.rows, [&](Value h, int64_t rows) {
          tiled(walk.width, block.columns, [&](Value w, int64_t columns) {
            emitBlock(group, column, n, h, w, rows, columns, channels);
          });
        });
      });
    };
    k.loop(0, whole, step, [&](Value column) { pixels(column, step); });
    if (whole < walk.channels)
      pixels(k.index(whole), walk.channels - whole);
  });
}

//===----------------------------------------------------------------------===//
// Depthwise convolution
//===----------------------------------------------------------------------===//

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

LogicalResult ConvolutionLowering::lowerDepthwise(Conv2DOp conv) {
  if (failed(readParameters(conv)))
    return failure();
  readClamp(conv, cast<RankedTensorType>(conv.getType()));
  resultIsImage = true;
  Buffer input = net.getBuffer(conv.getInput());
  Buffer output = net.allocateFor(conv.getResult());
  net.buffers[conv.getResult()] = output;
  if (output.elements() == 0)
    return success();
  int64_t channels = output.shape[3];
  Value packed =
      isFloat
          ? net.constant(
                ArrayRef<float>(packTaps<float, float>(floatWeights, channels)),
                net.builder.getF32Type())
          : net.constant(
                ArrayRef<int8_t>(packTaps<int8_t, int32_t>(weights, channels)),
                net.builder.getI8Type());
  Walk walk;
  walk.groups = 1;
  walk.channels = channels;
  std::string key;
  SmallVector<Value> args =
      collectArguments(conv, walk, input, packed, output, key);
  llvm::raw_string_ostream os(key);
  os << conv->getAttrDictionary() << conv.getWeight().getType().getShape()[1];
  net.callKernel("depthwise", os.str(), args,
                 [&](KernelBuilder &k, ValueRange kernelArgs) {
                   emitDepthwise(k, kernelArgs, conv, input, output);
                 });
  return success();
}

/// acc + sum over taps of x * w for `lanes` channels of one pixel.
static Value accumulateTaps(KernelBuilder &k, ValueRange args, Conv2DOp conv,
                            const Buffer &input, Value acc, Value position,
                            Value channel, int64_t lanes) {
  ArrayRef<int64_t> weight = conv.getWeight().getType().getShape();
  for (int64_t i = 0; i < weight[1]; ++i)
    for (int64_t j = 0; j < weight[2]; ++j) {
      int64_t tap = i * conv.getDilations()[0] * input.strides[1] +
                    j * conv.getDilations()[1] * input.strides[2];
      Value x = k.load(args[0], k.add(position, tap), lanes);
      Value w = k.load(args[1], k.add(channel, (i * weight[2] + j) * weight[0]),
                       lanes);
      if (isFloatTensor(conv.getType())) {
        acc = k.b.create<vector::FMAOp>(x, w, acc);
        continue;
      }
      // |stored byte * weight| <= 255 * 128 fits 16 bits.
      auto wide = VectorType::get({lanes}, k.b.getIntegerType(16));
      if (k.level.storesUnsigned())
        x = k.b.create<arith::ExtUIOp>(wide, x);
      else
        x = k.b.create<arith::ExtSIOp>(wide, x);
      Value product =
          k.b.create<arith::MulIOp>(x, k.b.create<arith::ExtSIOp>(wide, w));
      acc = k.b.create<arith::AddIOp>(
          acc, k.b.create<arith::ExtSIOp>(acc.getType(), product));
    }
  return acc;
}

void ConvolutionLowering::emitDepthwise(KernelBuilder &k, ValueRange args,
                                        Conv2DOp conv, const Buffer &input,
                                        const Buffer &output) {
  ArrayRef<int64_t> strides = conv.getStrides(), padding = conv.getPadding();
  int64_t origin = input.offset - padding[0] * input.strides[1] -
                   padding[1] * input.strides[2];
  auto argument = [&](int position) {
    return position >= 0 ? args[position] : Value();
  };
  auto emitPixel = [&](Value in, Value out, Value res) {
    // 16-bit products fill a register with twice as many channels.
    int64_t width = isFloat ? k.lanes() : 2 * k.lanes();
    k.vectorLoop(output.shape[3], width, [&](Value channel, int64_t lanes) {
      Value acc = biasArg >= 0 ? k.load(args[biasArg], channel, lanes)
                               : k.constant(0.0f, lanes);
      acc = accumulateTaps(k, args, conv, input, acc, k.add(in, channel),
                           channel, lanes);
      KernelBuilder::Epilogue epilogue;
      epilogue.low = argument(lowArg);
      epilogue.high = argument(highArg);
      epilogue.zeroPoint = argument(zeroArg);
      epilogue.residualFactor = argument(residualFactorArg);
      epilogue.residualZero = argument(residualZeroArg);
      if (scaleArg >= 0)
        epilogue.scale = k.load(args[scaleArg], channel, lanes);
      if (res)
        epilogue.residual =
            k.load(args[residualArg], k.add(res, channel), lanes);
      k.store(isFloat ? k.finishFloat(acc, epilogue)
                      : k.finishQuantized(acc, epilogue),
              args[2], k.add(out, channel));
    });
  };
  k.loop(0, output.shape[0], 1, [&](Value n) {
    k.loop(0, output.shape[1], 1, [&](Value h) {
      k.loop(0, output.shape[2], 1, [&](Value w) {
        auto at = [&](int64_t offset, const Buffer &buffer, int64_t strideH,
                      int64_t strideW) {
          Value index = k.add(k.mul(n, buffer.strides[0]),
                              k.mul(h, strideH * buffer.strides[1]));
          return k.add(k.add(index, k.mul(w, strideW * buffer.strides[2])),
                       offset);
        };
        emitPixel(at(origin, input, strides[0], strides[1]),
                  at(output.offset, output, 1, 1),
                  residualArg >= 0 ? at(residual.offset, residual, 1, 1)
                                   : Value());
      });
    });
  });
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

LogicalResult NetworkLowering::lowerConv2D(Conv2DOp op) {
  ArrayRef<int64_t> weight = op.getWeight().getType().getShape();
  ArrayRef<int64_t> padding = op.getPadding(), strides = op.getStrides();
  ArrayRef<int64_t> dilations = op.getDilations();
  ArrayRef<int64_t> result = cast<RankedTensorType>(op.getType()).getShape();
  Buffer input = getWithBorder(
      op.getInput(), {padding[0], padding[1], padding[2], padding[3]});
  buffers[op.getInput()] = input;
  ConvolutionLowering lowering(*this, op);
  int64_t groups = op.getGroups();
  if (groups > 1 && groups == weight[0] && weight[3] == 1 &&
      !isAccumulatorTensor(op.getType()))
    return lowering.lowerDepthwise(op);
  Walk walk;
  walk.images = result[0];
  walk.height = result[1];
  walk.width = result[2];
  walk.groups = groups;
  walk.channels = weight[0] / groups;
  walk.aOrigin = input.offset - padding[0] * input.strides[1] -
                 padding[1] * input.strides[2];
  walk.aImage = input.strides[0];
  walk.aRow = strides[0] * input.strides[1];
  walk.aColumn = strides[1] * input.strides[2];
  walk.aGroup = weight[3];
  bool contiguousRow = groups == 1 && dilations[1] == 1;
  walk.reduction = {weight[1]};
  walk.reductionStrides = {dilations[0] * input.strides[1]};
  if (contiguousRow) {
    walk.reduction.push_back(weight[2] * weight[3]);
  } else {
    walk.reduction.append({weight[2], weight[3]});
    walk.reductionStrides.push_back(dilations[1] * input.strides[2]);
  }
  walk.reductionStrides.push_back(1);
  return lowering.lower(op, walk);
}

LogicalResult NetworkLowering::lowerFullyConnected(FullyConnectedOp op) {
  ArrayRef<int64_t> weight = op.getWeight().getType().getShape();
  Buffer input = getContiguous(op.getInput());
  buffers[op.getInput()] = input;
  Walk walk;
  walk.images = walk.height = walk.groups = 1;
  walk.width = input.elements() / std::max<int64_t>(weight[1], 1);
  walk.channels = weight[0];
  walk.aOrigin = input.offset;
  walk.aImage = walk.aRow = walk.aGroup = 0;
  walk.aColumn = weight[1];
  walk.reduction = {weight[1]};
  walk.reductionStrides = {1};
  return ConvolutionLowering(*this, op).lower(op, walk);
}
