//===- QNNShapes.cpp - Shape inference of every op ------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each inferShape checks the constraints its formula needs, so that it is safe
// on unverified ops (the importer calls it on what a file says). Labels as in
// QNNOps.td. Sizes are limited so that element counts and byte offsets fit
// 64-bit arithmetic everywhere.
//
//===----------------------------------------------------------------------===//

#include "ShapeInference.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::shapes;

Shape shapes::checkedShape(SmallVector<int64_t> shape, EmitError emitError) {
  int64_t count = 1;
  for (int64_t size : shape) {
    if (size < 0)
      return emitError() << "expected non-negative result sizes, got " << size;
    if (size != 0 && count > kMaxElements / size)
      return emitError() << "expected a result of at most 2^40 elements";
    count *= std::max<int64_t>(size, 1);
  }
  return shape;
}

LogicalResult shapes::checkAxis(int64_t axis, size_t rank,
                                EmitError emitError) {
  if (axis >= 0 && axis < int64_t(rank))
    return success();
  return emitError() << "expected axis within rank " << rank << ", got "
                     << axis;
}

Shape shapes::getReducedShape(ArrayRef<int64_t> input, ArrayRef<int64_t> axes,
                              bool keepDims, EmitError emitError) {
  SmallVector<int64_t> result;
  for (size_t i = 0; i < axes.size(); ++i)
    if (axes[i] < 0 || axes[i] >= int64_t(input.size()) ||
        (i > 0 && axes[i] <= axes[i - 1]))
      return emitError() << "expected ascending axes within rank "
                         << input.size() << ", got [" << axes << "]";
  for (int64_t d = 0; d < int64_t(input.size()); ++d) {
    if (!llvm::is_contained(axes, d))
      result.push_back(input[d]);
    else if (keepDims)
      result.push_back(1);
  }
  return result;
}

std::optional<SmallVector<int64_t>> qnn::broadcastShapes(ArrayRef<int64_t> a,
                                                         ArrayRef<int64_t> b) {
  SmallVector<int64_t> result(std::max(a.size(), b.size()));
  for (size_t i = 0; i < result.size(); ++i) {
    int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1)
      return std::nullopt;
    result[result.size() - 1 - i] = x == 1 ? y : x;
  }
  return result;
}

int64_t qnn::getWindowOutputSize(int64_t input, int64_t kernel, int64_t stride,
                                 int64_t dilation, int64_t padBefore,
                                 int64_t padAfter, bool ceilMode) {
  int64_t span = input + padBefore + padAfter - ((kernel - 1) * dilation + 1);
  if (span < 0)
    return -1;
  int64_t size = span / stride + 1;
  // A last partial window counts only when it starts inside the input or its
  // leading padding.
  if (ceilMode && span % stride != 0 && size * stride < input + padBefore)
    ++size;
  return size;
}

/// Numbers a file may hold without overflowing the window formula.
static bool allWithin(ArrayRef<int64_t> values, int64_t low) {
  return llvm::all_of(values, [&](int64_t v) {
    return v >= low && v <= std::numeric_limits<int32_t>::max();
  });
}

static LogicalResult checkWindow(ArrayRef<int64_t> kernel,
                                 ArrayRef<int64_t> strides,
                                 ArrayRef<int64_t> padding,
                                 ArrayRef<int64_t> dilations,
                                 EmitError emitError) {
  if (kernel.size() != 2 || !allWithin(kernel, 1))
    // max_pool2d_c1, avg_pool2d_c1
    return emitError() << "expected kernel to be two positive numbers";
  if (strides.size() != 2 || !allWithin(strides, 1)) // conv2d_c2, max_pool2d_c2
    return emitError() << "expected strides to be two positive numbers";
  if (dilations.size() != 2 || !allWithin(dilations, 1)) // conv2d_c2
    return emitError() << "expected dilations to be two positive numbers";
  if (padding.size() != 4 || !allWithin(padding, 0)) // conv2d_c3
    return emitError() << "expected padding to be four non-negative numbers";
  return success();
}

static Shape windowShape(ArrayRef<int64_t> input, int64_t channels,
                         ArrayRef<int64_t> kernel, ArrayRef<int64_t> strides,
                         ArrayRef<int64_t> padding, ArrayRef<int64_t> dilations,
                         bool ceilMode, EmitError emitError) {
  SmallVector<int64_t> result = {input[0], 0, 0, channels};
  for (int d = 0; d < 2; ++d) {
    result[1 + d] =
        getWindowOutputSize(input[1 + d], kernel[d], strides[d], dilations[d],
                            padding[d], padding[2 + d], ceilMode);
    if (result[1 + d] < 0) // conv2d_c6
      return emitError() << "expected the dilated kernel to fit the padded "
                            "input, got kernel "
                         << kernel[d] << " with dilation " << dilations[d]
                         << " on size " << input[1 + d];
  }
  return checkedShape(result, emitError);
}

Shape Conv2DOp::inferShape(EmitError emitError) {
  ArrayRef<int64_t> input = shapeOf(getInput()), weight = shapeOf(getWeight());
  if (input.size() != 4 || weight.size() != 4) // conv2d_c1
    return emitError() << "expected input and weight of rank 4, got "
                       << input.size() << " and " << weight.size();
  if (failed(checkWindow(weight.slice(1, 2), getStrides(), getPadding(),
                         getDilations(), emitError)))
    return failure();
  int64_t groups = getGroups(); // conv2d_c4
  if (groups <= 0 || input[3] % groups != 0 || weight[0] % groups != 0)
    return emitError() << "expected groups to divide input channels "
                       << input[3] << " and output channels " << weight[0]
                       << ", got " << groups;
  if (weight[3] != input[3] / groups) // conv2d_c4
    return emitError() << "expected weight input channels " << input[3] / groups
                       << ", got " << weight[3];
  return windowShape(input, weight[0], weight.slice(1, 2), getStrides(),
                     getPadding(), getDilations(), /*ceilMode=*/false,
                     emitError);
}

Shape FullyConnectedOp::inferShape(EmitError emitError) {
  ArrayRef<int64_t> input = shapeOf(getInput()), weight = shapeOf(getWeight());
  if (weight.size() != 2 || input.empty() ||
      input.back() != weight[1]) // fully_connected_c1
    return emitError() << "expected weight of shape [outputs, last input "
                          "dimension], got input ["
                       << input << "] and weight [" << weight << "]";
  SmallVector<int64_t> result = copy(input);
  result.back() = weight[0];
  return checkedShape(result, emitError);
}

Shape MatMulOp::inferShape(EmitError emitError) {
  ArrayRef<int64_t> a = shapeOf(getLhs()), b = shapeOf(getRhs());
  if (a.size() < 2 || b.size() < 2 || a.back() != b[b.size() - 2]) // matmul_c1
    return emitError() << "expected rank >= 2 and equal inner dimensions, got ["
                       << a << "] and [" << b << "]";
  auto batch = broadcastShapes(a.drop_back(2), b.drop_back(2));
  if (!batch) // matmul_c2
    return emitError() << "expected leading dimensions to broadcast, got [" << a
                       << "] and [" << b << "]";
  batch->push_back(a[a.size() - 2]);
  batch->push_back(b.back());
  return checkedShape(*batch, emitError);
}

Shape BiasOp::inferShape(EmitError emitError) {
  ArrayRef<int64_t> input = shapeOf(getInput()), bias = shapeOf(getBias());
  if (input.empty() || bias.size() != 1 || bias[0] != input.back()) // bias_c1
    return emitError() << "expected bias of shape [last input dimension], got ["
                       << bias << "] for input [" << input << "]";
  return copy(input);
}

static Shape broadcastShape(Value lhs, Value rhs, EmitError emitError) {
  auto result = broadcastShapes(shapeOf(lhs), shapeOf(rhs));
  if (!result) // add_c1, sub_c1, mul_c1, div_c1
    return emitError() << "expected shapes that broadcast, got ["
                       << shapeOf(lhs) << "] and [" << shapeOf(rhs) << "]";
  return checkedShape(*result, emitError);
}
Shape AddOp::inferShape(EmitError e) {
  return broadcastShape(getLhs(), getRhs(), e);
}
Shape SubOp::inferShape(EmitError e) {
  return broadcastShape(getLhs(), getRhs(), e);
}
Shape MulOp::inferShape(EmitError e) {
  return broadcastShape(getLhs(), getRhs(), e);
}
Shape DivOp::inferShape(EmitError e) {
  return broadcastShape(getLhs(), getRhs(), e);
}

Shape RequantizeOp::inferShape(EmitError) { return copy(shapeOf(getInput())); }
Shape ReluOp::inferShape(EmitError) { return copy(shapeOf(getInput())); }
Shape ClipOp::inferShape(EmitError) { return copy(shapeOf(getInput())); }
Shape LeakyReluOp::inferShape(EmitError) { return copy(shapeOf(getInput())); }
Shape SigmoidOp::inferShape(EmitError) { return copy(shapeOf(getInput())); }
Shape HardSigmoidOp::inferShape(EmitError) { return copy(shapeOf(getInput())); }
Shape HardSwishOp::inferShape(EmitError) { return copy(shapeOf(getInput())); }
Shape TanhOp::inferShape(EmitError) { return copy(shapeOf(getInput())); }
Shape SqrtOp::inferShape(EmitError) { return copy(shapeOf(getInput())); }
Shape ErfOp::inferShape(EmitError) { return copy(shapeOf(getInput())); }

Shape SoftmaxOp::inferShape(EmitError emitError) {
  ArrayRef<int64_t> input = shapeOf(getInput());
  if (failed(checkAxis(getAxis(), input.size(), emitError))) // softmax_c2
    return failure();
  return copy(input);
}

Shape BatchNormOp::inferShape(EmitError emitError) {
  ArrayRef<int64_t> input = shapeOf(getInput());
  for (Value parameter : getOperands().drop_front()) // batch_norm_c1
    if (input.empty() || shapeOf(parameter) != ArrayRef(input.back()))
      return emitError() << "expected parameters of shape [last input "
                            "dimension], got ["
                         << shapeOf(parameter) << "] for input [" << input
                         << "]";
  return copy(input);
}

static Shape poolShape(Value input, ArrayRef<int64_t> kernel,
                       ArrayRef<int64_t> strides, ArrayRef<int64_t> padding,
                       ArrayRef<int64_t> dilations, bool ceilMode,
                       EmitError emitError) {
  ArrayRef<int64_t> shape = shapeOf(input);
  if (shape.size() != 4) // max_pool2d_c1, avg_pool2d_c1
    return emitError() << "expected input of rank 4, got " << shape.size();
  if (failed(checkWindow(kernel, strides, padding, dilations, emitError)))
    return failure();
  for (int d = 0; d < 4; ++d) // max_pool2d_c2, avg_pool2d_c2
    if (padding[d] > (kernel[d % 2] - 1) * dilations[d % 2])
      return emitError()
             << "expected padding less than the dilated kernel, got "
             << padding[d];
  return windowShape(shape, shape[3], kernel, strides, padding, dilations,
                     ceilMode, emitError);
}
Shape MaxPool2DOp::inferShape(EmitError emitError) {
  return poolShape(getInput(), getKernel(), getStrides(), getPadding(),
                   getDilations(), getCeilMode(), emitError);
}
Shape AvgPool2DOp::inferShape(EmitError emitError) {
  return poolShape(getInput(), getKernel(), getStrides(), getPadding(),
                   getDilations(), getCeilMode(), emitError);
}

static Shape globalPoolShape(Value input, EmitError emitError) {
  ArrayRef<int64_t> shape = shapeOf(input);
  if (shape.size() != 4 || shape[1] * shape[2] == 0)
    // global_avg_pool_c1, global_max_pool_c1
    return emitError() << "expected input of rank 4 with non-empty height and "
                          "width, got ["
                       << shape << "]";
  return SmallVector<int64_t>{shape[0], 1, 1, shape[3]};
}
Shape GlobalAvgPoolOp::inferShape(EmitError emitError) {
  return globalPoolShape(getInput(), emitError);
}
Shape GlobalMaxPoolOp::inferShape(EmitError emitError) {
  return globalPoolShape(getInput(), emitError);
}

Shape ReduceMeanOp::inferShape(EmitError emitError) {
  return getReducedShape(shapeOf(getInput()), getAxes(), getKeepDims(),
                         emitError); // reduce_mean_c1
}

Shape ConcatOp::inferShape(EmitError emitError) {
  if (getInputs().empty()) // concat_c1
    return emitError() << "expected at least one input";
  SmallVector<int64_t> result = copy(shapeOf(getInputs().front()));
  int64_t axis = getAxis();
  if (failed(checkAxis(axis, result.size(), emitError))) // concat_c1
    return failure();
  for (Value input : getInputs().drop_front()) {
    ArrayRef<int64_t> shape = shapeOf(input);
    bool agrees = shape.size() == result.size();
    for (size_t d = 0; agrees && d < shape.size(); ++d)
      agrees = int64_t(d) == axis || shape[d] == result[d];
    if (!agrees) // concat_c2
      return emitError() << "expected inputs that agree but along axis " << axis
                         << ", got [" << result << "] and [" << shape << "]";
    result[axis] += shape[axis];
  }
  return checkedShape(result, emitError);
}

Shape ReshapeOp::inferShape(EmitError emitError) {
  Shape shape = checkedShape(copy(getShape()), emitError);
  if (failed(shape))
    return failure();
  int64_t expected =
      cast<RankedTensorType>(getInput().getType()).getNumElements();
  int64_t actual = ShapedType::getNumElements(*shape);
  if (expected != actual) // reshape_c1
    return emitError() << "expected a shape of " << expected
                       << " elements, got [" << getShape() << "]";
  return shape;
}

Shape TransposeOp::inferShape(EmitError emitError) {
  ArrayRef<int64_t> input = shapeOf(getInput()), perm = getPermutation();
  SmallVector<int64_t> result(input.size(), -1);
  SmallVector<bool> seen(input.size());
  bool valid = perm.size() == input.size();
  for (size_t i = 0; valid && i < perm.size(); ++i) {
    valid = perm[i] >= 0 && perm[i] < int64_t(input.size()) && !seen[perm[i]];
    if (valid) {
      seen[perm[i]] = true;
      result[i] = input[perm[i]];
    }
  }
  if (!valid) // transpose_c1
    return emitError() << "expected a permutation of " << input.size()
                       << " dimensions, got [" << perm << "]";
  return result;
}

Shape PadOp::inferShape(EmitError emitError) {
  SmallVector<int64_t> result = copy(shapeOf(getInput()));
  if (getLow().size() != result.size() || getHigh().size() != result.size() ||
      !allWithin(getLow(), 0) || !allWithin(getHigh(), 0)) // pad_c1
    return emitError() << "expected one non-negative low and high padding per "
                          "dimension, got ["
                       << getLow() << "] and [" << getHigh() << "]";
  for (size_t d = 0; d < result.size(); ++d)
    result[d] += getLow()[d] + getHigh()[d];
  return checkedShape(result, emitError);
}

Shape SliceOp::inferShape(EmitError emitError) {
  ArrayRef<int64_t> input = shapeOf(getInput());
  size_t rank = input.size();
  if (getStarts().size() != rank || getSizes().size() != rank ||
      getSteps().size() != rank || llvm::is_contained(getSteps(), 0) ||
      llvm::any_of(getSizes(), [](int64_t s) { return s < 0; })) // slice_c1
    return emitError() << "expected one start, non-negative size and non-zero "
                          "step per dimension";
  for (size_t d = 0; d < rank; ++d) { // slice_c2
    if (getSizes()[d] == 0)
      continue;
    int64_t first = getStarts()[d];
    bool inside = first >= 0 && first < input[d] &&
                  std::abs(getSteps()[d]) <= kMaxElements &&
                  getSizes()[d] <= input[d];
    if (inside) {
      int64_t last = first + (getSizes()[d] - 1) * getSteps()[d];
      inside = last >= 0 && last < input[d];
    }
    if (!inside)
      return emitError() << "expected indices inside dimension " << d
                         << " of size " << input[d];
  }
  return copy(getSizes());
}

Shape ResizeNearestOp::inferShape(EmitError emitError) {
  size_t rank = shapeOf(getInput()).size();
  bool valid =
      getShape().size() == rank && getScales().size() == rank &&
      llvm::all_of(getShape(), [](int64_t s) { return s > 0; }) &&
      llvm::all_of(getScales(),
                   [](double s) { return std::isfinite(s) && s > 0; }) &&
      !llvm::is_contained(shapeOf(getInput()), 0);
  if (!valid) // resize_nearest_c1
    return emitError() << "expected one positive scale and size per dimension";
  return checkedShape(copy(getShape()), emitError);
}
