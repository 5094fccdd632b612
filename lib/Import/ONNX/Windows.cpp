//===- Windows.cpp - Convolution, pooling, batch normalization ------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ONNX images are NCHW, ours NHWC: each op stands between two transposes, which
// qnn-sink-transposes removes. Images with one spatial dimension get a height
// of 1.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

Value import::toNHWC(NodeImporter &node, Value image) {
  if (!image)
    return {};
  ArrayRef<int64_t> shape = shapeOf(image);
  if (shape.size() == 3)
    image = node.reshape(image, {shape[0], shape[1], 1, shape[2]});
  return node.transpose(image, {0, 2, 3, 1});
}

Value import::fromNHWC(NodeImporter &node, Value image, size_t rank) {
  if (!image)
    return {};
  image = node.transpose(image, {0, 3, 1, 2});
  if (image && rank == 3) {
    ArrayRef<int64_t> shape = shapeOf(image);
    image = node.reshape(image, {shape[0], shape[1], shape[3]});
  }
  return image;
}

/// OIHW or OIW (ONNX) to OHWI; constants are reordered here.
static Value toOHWI(NodeImporter &node, int input) {
  if (!node.isConstant(input))
    return toNHWC(node, node.getValue(input));
  HostTensor weight = node.getConstant(input, "weight");
  if (!weight.isFloat())
    return node.getValue(input); // reports the type
  ArrayRef<int64_t> s = weight.getShape();
  if (s.size() == 3)
    weight = weight.reshaped({s[0], s[1], 1, s[2]});
  return node.createConstant(weight.transposed({0, 2, 3, 1}));
}

//===----------------------------------------------------------------------===//
// Window attributes
//===----------------------------------------------------------------------===//

namespace {
/// The attributes all window ops share, for two spatial dimensions.
struct Window {
  SmallVector<int64_t> kernel, strides, dilations;
  SmallVector<int64_t> padding; // top, left, bottom, right
};
} // namespace

/// The padding that auto_pad asks for along one dimension: output size =
/// ceil(input / stride), the odd one at the end (SAME_UPPER) or the beginning.
static std::pair<int64_t, int64_t> samePadding(int64_t input, int64_t kernel,
                                               int64_t stride, int64_t dilation,
                                               bool upper) {
  int64_t output = (input + stride - 1) / stride;
  int64_t span = (kernel - 1) * dilation + 1;
  int64_t total = std::max<int64_t>((output - 1) * stride + span - input, 0);
  int64_t small = total / 2, large = total - total / 2;
  return upper ? std::pair(small, large) : std::pair(large, small);
}

static bool isListOf(ArrayRef<int64_t> values, size_t size, int64_t low) {
  return values.size() == size && llvm::all_of(values, [&](int64_t v) {
           return v >= low && v <= std::numeric_limits<int32_t>::max();
         });
}

static void readPadding(NodeImporter &node, ArrayRef<int64_t> sizes,
                        Window &window) {
  size_t n = sizes.size();
  std::string mode = node.getString("auto_pad", "NOTSET");
  if (mode == "NOTSET" || mode.empty()) {
    window.padding = node.getInts("pads", SmallVector<int64_t>(2 * n, 0));
    if (!isListOf(window.padding, 2 * n, 0))
      node.error() << "expected pads to be " << 2 * n
                   << " non-negative numbers, got [" << window.padding << "]";
    return;
  }
  window.padding.assign(2 * n, 0);
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    for (size_t d = 0; d < n; ++d)
      std::tie(window.padding[d], window.padding[n + d]) =
          samePadding(sizes[d], window.kernel[d], window.strides[d],
                      window.dilations[d], mode == "SAME_UPPER");
  } else if (mode != "VALID") {
    node.error() << "expected auto_pad to be NOTSET, SAME_UPPER, SAME_LOWER or "
                    "VALID, got '"
                 << mode << "'";
  }
}

/// Reads the window of an op on an image of ONNX shape `image` (rank 3 or 4).
static Window readWindow(NodeImporter &node, ArrayRef<int64_t> image,
                         ArrayRef<int64_t> kernel) {
  ArrayRef<int64_t> sizes = image.drop_front(2);
  size_t n = sizes.size();
  SmallVector<int64_t> ones(n, 1);
  Window window;
  window.kernel.assign(kernel.begin(), kernel.end());
  window.strides = node.getInts("strides", ones);
  window.dilations = node.getInts("dilations", ones);
  for (auto [name, values] :
       {std::pair("kernel_shape", ArrayRef(window.kernel)),
        std::pair("strides", ArrayRef(window.strides)),
        std::pair("dilations", ArrayRef(window.dilations))})
    if (!isListOf(values, n, 1))
      node.error() << "expected " << name << " to be " << n
                   << " positive numbers, got [" << values << "]";
  if (node.failed())
    return window;
  readPadding(node, sizes, window);
  if (node.failed() || n == 2)
    return window;
  window.kernel.insert(window.kernel.begin(), 1);
  window.strides.insert(window.strides.begin(), 1);
  window.dilations.insert(window.dilations.begin(), 1);
  window.padding = {0, window.padding[0], 0, window.padding[1]};
  return window;
}

/// Rank of input 0, when it is an image of one or two spatial dimensions.
static FailureOr<size_t> getImageRank(NodeImporter &node) {
  size_t rank = node.getShape(0).size();
  if (node.failed())
    return failure();
  if (rank > 4)
    return node.unsupported(Twine(rank - 2) + "-D, only 1-D and 2-D are");
  if (rank < 3)
    return node.error() << "expected an input of rank 3 or 4, got " << rank;
  return rank;
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
  Value input = toNHWC(node, x ? x : node.getValue(0));
  Value weightValue = w ? toNHWC(node, w) : toOHWI(node, 1);
  if (bias && shapeOf(bias) != ArrayRef<int64_t>(weight[0]))
    return node.error() << "expected a bias of " << weight[0]
                        << " values, got shape " << formatShape(shapeOf(bias));
  if (node.failed())
    return failure();
  ArrayRef<int64_t> padding = window.padding;
  if (pad && llvm::any_of(padding, [](int64_t p) { return p != 0; })) {
    input = pad(input, {0, padding[0], padding[1], 0},
                {0, padding[2], padding[3], 0});
    window.padding.assign(4, 0);
  }
  if (!input)
    return failure();
  Value result = node.create<Conv2DOp>(
      input, weightValue, bias, /*residual=*/Value(),
      ArrayRef<int64_t>(window.strides), ArrayRef<int64_t>(window.padding),
      ArrayRef<int64_t>(window.dilations), groups, /*clamp_min=*/FloatAttr(),
      /*clamp_max=*/FloatAttr());
  return setResult(fromNHWC(node, result, *rank));
}

/// Max and average pooling differ in the op and its last attributes.
static LogicalResult
convertPool(NodeImporter &node,
            llvm::function_ref<Value(Value, const Window &, bool)> create) {
  FailureOr<size_t> rank = getImageRank(node);
  if (mlir::failed(rank))
    return failure();
  SmallVector<int64_t> image(node.getShape(0));
  Window window = readWindow(node, image, node.getInts("kernel_shape"));
  bool ceilMode = node.getFlag("ceil_mode", false);
  Value input = toNHWC(node, node.getValue(0));
  if (node.failed())
    return failure();
  return node.setResult(fromNHWC(node, create(input, window, ceilMode), *rank));
}

LogicalResult import::convertMaxPool(NodeImporter &node) {
  if (node.hasOutput(1))
    return node.unsupported("output Indices");
  return convertPool(node, [&](Value input, const Window &w, bool ceilMode) {
    return node.create<MaxPool2DOp>(
        input, ArrayRef<int64_t>(w.kernel), ArrayRef<int64_t>(w.strides),
        ArrayRef<int64_t>(w.padding), ArrayRef<int64_t>(w.dilations), ceilMode);
  });
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

/// (sum |x| ^ p) ^ (1 / p): the mean over all positions of the window, padding
/// too, times their number.
LogicalResult import::convertLpPool(NodeImporter &node) {
  int64_t p = node.getInt("p", 2);
  if (node.getFlag("ceil_mode", false))
    return node.unsupported("ceil_mode");
  if (!node.failed() && p < 1)
    return node.error() << "expected a positive p, got " << p;
  return convertPool(node, [&](Value input, const Window &w, bool ceilMode) {
    Emitter e{node};
    Value powers = power(node, e.unary(UnaryFunction::Abs, input), p, false);
    if (!powers)
      return Value();
    Value mean = node.create<AvgPool2DOp>(
        powers, ArrayRef<int64_t>(w.kernel), ArrayRef<int64_t>(w.strides),
        ArrayRef<int64_t>(w.padding), ArrayRef<int64_t>(w.dilations), ceilMode,
        /*count_include_pad=*/true, /*clamp_min=*/FloatAttr(),
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
  input = toNHWC(node, input);
  if (!input)
    return failure();
  Value result = fromNHWC(node, create(input), /*rank=*/4);
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

LogicalResult import::convertBatchNormalization(NodeImporter &node) {
  bool training = node.getFlag("training_mode", false);
  for (int i = 1; i < node.getNumOutputs(); ++i)
    training |= node.hasOutput(i);
  if (training)
    return node.unsupported("training mode, export the model for inference");
  if (!node.getFlag("spatial", true))
    return node.unsupported("spatial = 0");
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
