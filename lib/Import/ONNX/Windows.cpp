//===- Windows.cpp - Convolution, pooling, batch normalization ------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ONNX images are NCHW, ours NHWC: each op stands between two transposes, which
// qnn-sink-transposes removes. Windows.h says how images of one and three
// spatial dimensions become those of two.
//
//===----------------------------------------------------------------------===//

#include "Windows.h"
#include "Converters.h"
#include "Emitter.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

/// A weight with channels last; taps in depth are part of the channels, as
/// stackSlices has them.
static Value toWeight(NodeImporter &node, Value weight) {
  if (!weight || shapeOf(weight).size() != 5)
    return toChannelsLast(node, weight);
  SmallVector<int64_t> s(shapeOf(weight)); // O, I, D, H, W
  weight = node.transpose(weight, {0, 3, 4, 2, 1});
  return node.reshape(weight, {s[0], s[3], s[4], s[2] * s[1]});
}

/// OIHW or OIW (ONNX) to OHWI; constants are reordered here.
static Value toOHWI(NodeImporter &node, int input) {
  if (!node.isConstant(input) || node.getShape(input).size() == 5)
    return toWeight(node, node.getValue(input));
  HostTensor weight = node.getConstant(input, "weight");
  if (!weight.isFloat())
    return node.getValue(input); // reports the type
  ArrayRef<int64_t> s = weight.getShape();
  if (s.size() == 3)
    weight = weight.reshaped({s[0], s[1], 1, s[2]});
  return node.createConstant(weight.transposed({0, 2, 3, 1}));
}

//===----------------------------------------------------------------------===//
// Converters
//===----------------------------------------------------------------------===//

LogicalResult import::convertConv(NodeImporter &node) {
  Value bias = node.hasInput(2) ? node.getValue(2) : Value();
  return convertConvOf(node, Value(), Value(), bias,
                       [&](Value result) { return node.setResult(result); });
}

LogicalResult
import::convertConvOf(NodeImporter &node, Value x, Value w, Value bias,
                      llvm::function_ref<LogicalResult(Value)> setResult,
                      PadImage pad) {
  FailureOr<size_t> rank = getImageRank(node);
  if (mlir::failed(rank))
    return failure();
  SmallVector<int64_t> image(x ? shapeOf(x) : node.getShape(0));
  SmallVector<int64_t> weight(w ? shapeOf(w) : node.getShape(1));
  if (!node.failed() && weight.size() != *rank)
    return node.error() << "expected a weight of rank " << *rank << ", got "
                        << weight.size();
  if (node.failed())
    return failure();
  auto kernel = ArrayRef(weight).drop_front(2);
  SmallVector<int64_t> declared = node.getInts("kernel_shape", kernel);
  if (ArrayRef<int64_t>(declared) != kernel)
    return node.error() << "expected kernel_shape [" << kernel
                        << "] as the weight has, got [" << declared << "]";
  Window window = readWindow(node, image, kernel);
  int64_t groups = node.getInt("group", 1);
  Value input = toChannelsLast(node, x ? x : node.getValue(0));
  Value weightValue = w ? toWeight(node, w) : toOHWI(node, 1);
  if (bias && shapeOf(bias) != ArrayRef<int64_t>(weight[0]))
    return node.error() << "expected a bias of " << weight[0]
                        << " values, got shape " << formatShape(shapeOf(bias));
  if (node.failed())
    return failure();
  bool isPadded =
      llvm::any_of(window.padding, [](int64_t size) { return size != 0; });
  if (pad && isPadded) {
    size_t n = window.rank();
    SmallVector<int64_t> low = {0}, high = {0};
    low.append(window.padding.begin(), window.padding.begin() + n);
    high.append(window.padding.begin() + n, window.padding.end());
    low.push_back(0);
    high.push_back(0);
    input = pad(input, low, high);
    window.padding.assign(2 * n, 0);
  }
  if (*rank == 5) {
    input = stackSlices(node, input, window.along(0), groups);
    window = window.inSlices();
  }
  if (!input)
    return failure();
  Value result = node.create<Conv2DOp>(
      input, weightValue, bias, /*residual=*/Value(),
      ArrayRef<int64_t>(window.strides), ArrayRef<int64_t>(window.padding),
      ArrayRef<int64_t>(window.dilations), groups, /*clamp_min=*/FloatAttr(),
      /*clamp_max=*/FloatAttr());
  if (*rank == 5)
    result = unstackSlices(node, result, image[0]);
  return setResult(fromChannelsLast(node, result, *rank));
}

/// Pools differ in what they make of an image and a window.
using CreatePool = llvm::function_ref<Value(Value, const Window &, bool)>;

/// The slices of volumes, then columns of them along the depth.
static Value poolVolume(NodeImporter &node, Value input, const Window &window,
                        bool ceilMode, CreatePool create) {
  if (!input)
    return {};
  SmallVector<int64_t> s(shapeOf(input));
  input = node.reshape(input, {s[0] * s[1], s[2], s[3], s[4]});
  Value slices = create(input, window.inSlices(), ceilMode);
  if (!slices)
    return {};
  int64_t height = shapeOf(slices)[1], width = shapeOf(slices)[2];
  slices = node.reshape(slices, {s[0], s[1], height * width, s[4]});
  Window depth = window.along(0);
  for (auto *list : {&depth.kernel, &depth.strides, &depth.dilations})
    list->push_back(1);
  depth.padding = {depth.padding[0], 0, depth.padding[1], 0};
  Value result = slices ? create(slices, depth, ceilMode) : Value();
  if (!result)
    return {};
  return node.reshape(result, {s[0], shapeOf(result)[1], height, width, s[4]});
}

/// Padding at the end of a dimension, of a whole window or more, that no window
/// reaches: exporters write ceil_mode this way.
static void dropUnusedPadding(Window &window, ArrayRef<int64_t> sizes) {
  size_t n = window.rank();
  for (size_t d = n - std::min(n, sizes.size()); d < n; ++d) {
    int64_t span = (window.kernel[d] - 1) * window.dilations[d] + 1;
    int64_t &high = window.padding[n + d];
    int64_t size = sizes[d + sizes.size() - n] + window.padding[d];
    if (high >= span && size + high >= span)
      high -= (size + high - span) % window.strides[d];
  }
}

static LogicalResult convertPool(NodeImporter &node, CreatePool create) {
  FailureOr<size_t> rank = getImageRank(node);
  if (mlir::failed(rank))
    return failure();
  SmallVector<int64_t> image(node.getShape(0));
  Window window = readWindow(node, image, node.getInts("kernel_shape"));
  bool ceilMode = node.getFlag("ceil_mode", false);
  if (!ceilMode && !node.failed())
    dropUnusedPadding(window, ArrayRef(image).drop_front(2));
  Value input = toChannelsLast(node, node.getValue(0));
  if (node.failed())
    return failure();
  Value result = *rank == 5 ? poolVolume(node, input, window, ceilMode, create)
                            : create(input, window, ceilMode);
  return node.setResult(fromChannelsLast(node, result, *rank));
}

LogicalResult import::convertMaxPool(NodeImporter &node) {
  LogicalResult result = convertPool(node, [&](Value input, const Window &w,
                                               bool ceilMode) {
    return node.create<MaxPool2DOp>(
        input, ArrayRef<int64_t>(w.kernel), ArrayRef<int64_t>(w.strides),
        ArrayRef<int64_t>(w.padding), ArrayRef<int64_t>(w.dilations), ceilMode);
  });
  if (mlir::failed(result) || !node.hasOutput(1))
    return result;
  Window window =
      readWindow(node, node.getShape(0), node.getInts("kernel_shape"));
  Value indices = createMaxPoolIndices(node, node.getValue(0), window,
                                       node.getFlag("ceil_mode", false));
  if (!indices)
    return failure();
  SmallVector<int64_t> shape(shapeOf(indices));
  if (node.getShape(0).size() == 3)
    shape.erase(shape.begin() + 2);
  return node.setResult(node.reshape(indices, shape), 1);
}

LogicalResult import::convertAveragePool(NodeImporter &node) {
  bool countPad = node.getFlag("count_include_pad", false);
  return convertPool(node, [&](Value input, const Window &w, bool ceilMode) {
    return node.create<AvgPool2DOp>(
        input, ArrayRef<int64_t>(w.kernel), ArrayRef<int64_t>(w.strides),
        ArrayRef<int64_t>(w.padding), ArrayRef<int64_t>(w.dilations), ceilMode,
        countPad, /*clamp_min=*/FloatAttr(), /*clamp_max=*/FloatAttr());
  });
}

/// |x| ^ p, its root where `inverse`.
static Value power(NodeImporter &node, Value x, int64_t p, bool inverse) {
  Emitter e{node};
  if (p == 1)
    return x;
  if (p == 2)
    return inverse ? e.unary<SqrtOp>(x) : e.mul(x, x);
  float exponent = inverse ? 1.0f / float(p) : float(p);
  return e.binary(BinaryFunction::Pow, x, e.constant(exponent));
}

/// Pads the end so far that the windows ceil_mode adds lie within; those that
/// would start behind the input are dropped.
static Window completeWindows(Window window, ArrayRef<int64_t> sizes) {
  size_t n = window.rank();
  for (size_t d = 0; d < n; ++d) {
    int64_t span = (window.kernel[d] - 1) * window.dilations[d] + 1;
    int64_t low = window.padding[d], stride = window.strides[d];
    int64_t total = sizes[d] + low + window.padding[n + d];
    if (total < span)
      continue;
    int64_t last = llvm::divideCeil(total - span, stride) * stride;
    if (last >= sizes[d] + low)
      last -= stride;
    window.padding[n + d] =
        std::max(window.padding[n + d], last + span - sizes[d] - low);
  }
  return window;
}

/// (sum |x| ^ p) ^ (1 / p): the mean over all positions of the window, padding
/// too, times their number.
LogicalResult import::convertLpPool(NodeImporter &node) {
  int64_t p = node.getInt("p", 2);
  if (!node.failed() && p < 1)
    return node.error() << "expected a positive p, got " << p;
  return convertPool(node, [&](Value input, Window w, bool ceilMode) {
    Emitter e{node};
    if (!input)
      return Value();
    if (ceilMode)
      w = completeWindows(w, shapeOf(input).slice(1, 2));
    Value powers = power(node, e.unary(UnaryFunction::Abs, input), p, false);
    if (!powers)
      return Value();
    Value mean = node.create<AvgPool2DOp>(
        powers, ArrayRef<int64_t>(w.kernel), ArrayRef<int64_t>(w.strides),
        ArrayRef<int64_t>(w.padding), ArrayRef<int64_t>(w.dilations),
        /*ceil_mode=*/false, /*count_include_pad=*/true,
        /*clamp_min=*/FloatAttr(),
        /*clamp_max=*/FloatAttr());
    float count = static_cast<float>(w.kernel[0] * w.kernel[1]);
    return power(node, e.mul(mean, e.constant(count)), p, true);
  });
}

LogicalResult import::convertGlobalLpPool(NodeImporter &node) {
  int64_t p = node.getInt("p", 2);
  Value x = node.getValue(0);
  if (node.failed())
    return failure();
  if (p < 1 || shapeOf(x).size() < 3)
    return node.error() << "expected a positive p and an image";
  Emitter e{node};
  Value sum =
      e.reduce(ReduceFunction::Sum,
               power(node, e.unary(UnaryFunction::Abs, x), p, false),
               llvm::to_vector(llvm::seq<int64_t>(2, shapeOf(x).size())));
  return node.setResult(power(node, sum, p, true));
}

/// Any number of spatial dimensions is one long row.
static LogicalResult
convertGlobalPool(NodeImporter &node, llvm::function_ref<Value(Value)> create) {
  SmallVector<int64_t> shape(node.getShape(0));
  if (!node.failed() && shape.size() < 3)
    return node.error() << "expected an input of rank 3 or more, got "
                        << shape.size();
  Value input = node.getValue(0);
  if (node.failed())
    return failure();
  if (shape.size() != 4) {
    int64_t count = ShapedType::getNumElements(ArrayRef(shape).drop_front(2));
    input = node.reshape(input, {shape[0], shape[1], 1, count});
  }
  input = toChannelsLast(node, input);
  if (!input)
    return failure();
  Value result = fromChannelsLast(node, create(input), /*rank=*/4);
  SmallVector<int64_t> resultShape(shape.size(), 1);
  resultShape[0] = shape[0];
  resultShape[1] = shape[1];
  return node.setResult(node.reshape(result, resultShape));
}

LogicalResult import::convertGlobalAveragePool(NodeImporter &node) {
  return convertGlobalPool(node, [&](Value input) {
    return node.create<GlobalAvgPoolOp>(input, /*clamp_min=*/FloatAttr(),
                                        /*clamp_max=*/FloatAttr());
  });
}

LogicalResult import::convertGlobalMaxPool(NodeImporter &node) {
  return convertGlobalPool(
      node, [&](Value input) { return node.create<GlobalMaxPoolOp>(input); });
}

/// (x - mean) / sqrt(variance + epsilon) * scale + offset, where each element
/// of a sample has its own parameters: `values` are x, scale, offset, mean and
/// variance.
static LogicalResult normalizeElements(NodeImporter &node,
                                       ArrayRef<Value> values, float epsilon) {
  ArrayRef<int64_t> sample = shapeOf(values[0]).drop_front();
  for (Value parameter : values.drop_front())
    if (shapeOf(parameter) != sample)
      return node.error() << "expected parameters of shape "
                          << formatShape(sample) << ", got "
                          << formatShape(shapeOf(parameter));
  Emitter e{node};
  Value deviation = e.unary<SqrtOp>(e.add(values[4], e.constant(epsilon)));
  Value factor = e.div(values[1], deviation);
  return node.setResult(
      e.add(e.mul(e.sub(values[0], values[3]), factor), values[2]));
}

LogicalResult import::convertBatchNormalization(NodeImporter &node) {
  bool training = node.getFlag("training_mode", false);
  for (int i = 1; i < node.getNumOutputs(); ++i)
    training |= node.hasOutput(i);
  if (training)
    return node.unsupported("training mode, export the model for inference");
  // Opset 7 and 8, one value per element; MXNet meant one per channel by it
  // too.
  bool spatial = node.getFlag("spatial", true);
  float epsilon = node.getFloat("epsilon", 1e-5f);
  SmallVector<int64_t> shape(node.getShape(0));
  int64_t rank = shape.size();
  if (!node.failed() && rank < 2)
    return node.error() << "expected an input of rank 2 or more, got " << rank;
  SmallVector<Value> values;
  for (int i = 0; i < 5; ++i)
    values.push_back(node.getValue(i));
  if (node.failed())
    return failure();
  if (!spatial && shapeOf(values[1]).size() > 1)
    return normalizeElements(node, values, epsilon);
  // Channels to the end and back.
  SmallVector<int64_t> toLast = {0}, fromLast = {0, rank - 1};
  for (int64_t d = 2; d < rank; ++d)
    toLast.push_back(d), fromLast.push_back(d - 1);
  toLast.push_back(1);
  Value input = rank == 2 ? values[0] : node.transpose(values[0], toLast);
  if (!input)
    return failure();
  Value result = node.create<BatchNormOp>(
      input, values[1], values[2], values[3], values[4],
      node.getBuilder().getF32FloatAttr(epsilon));
  return node.setResult(rank == 2 ? result : node.transpose(result, fromLast));
}
