//===- Movement.cpp - Ops that move or select values ----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each converter first works out what moves where, then applies it: to the
// values of a constant (integers too: shape arithmetic), or as a qnn op.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

static LogicalResult setReshaped(NodeImporter &node, ArrayRef<int64_t> shape) {
  if (node.failed())
    return failure();
  std::optional<int64_t> count = countElements(shape);
  if (!count || *count != *countElements(node.getShape(0)))
    return node.error() << "expected a shape of "
                        << *countElements(node.getShape(0)) << " elements, got "
                        << formatShape(shape);
  if (node.isConstant(0))
    return node.setResult(node.getConstant(0, "data").reshaped(shape));
  return node.setResult(node.reshape(node.getAny(0), shape));
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

LogicalResult import::convertReshape(NodeImporter &node) {
  SmallVector<int64_t> input(node.getShape(0));
  SmallVector<int64_t> shape = node.getInts(1, "shape");
  bool allowZero = node.getFlag("allowzero", false);
  if (node.failed())
    return failure();
  std::optional<size_t> wildcard;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == -1 && !wildcard) {
      wildcard = d;
      shape[d] = 1;
    } else if (shape[d] == 0 && !allowZero) {
      if (d >= input.size())
        return node.error() << "expected a 0 in the shape to copy a dimension "
                               "of the input, of rank "
                            << input.size();
      shape[d] = input[d];
    } else if (shape[d] < 0) {
      return node.error() << "expected at most one -1 and no other negative "
                             "size, got ["
                          << node.getInts(1, "shape") << "]";
    }
  }
  std::optional<int64_t> rest = countElements(shape);
  if (wildcard && rest && *rest > 0 && *countElements(input) % *rest == 0)
    shape[*wildcard] = *countElements(input) / *rest;
  return setReshaped(node, shape);
}

LogicalResult import::convertFlatten(NodeImporter &node) {
  SmallVector<int64_t> input(node.getShape(0));
  int64_t rank = input.size(), axis = node.getInt("axis", 1);
  if (axis != rank) // the end is allowed too
    axis = node.normalizeAxis(axis, rank);
  if (node.failed())
    return failure();
  ArrayRef<int64_t> shape = input;
  return setReshaped(node,
                     {ShapedType::getNumElements(shape.take_front(axis)),
                      ShapedType::getNumElements(shape.drop_front(axis))});
}

/// The axes of Squeeze and Unsqueeze: an input from opset 13 on.
static SmallVector<int64_t> readAxes(NodeImporter &node) {
  if (node.getOpset() < 13)
    return node.getInts("axes");
  return node.hasInput(1) ? node.getInts(1, "axes") : SmallVector<int64_t>();
}

LogicalResult import::convertSqueeze(NodeImporter &node) {
  SmallVector<int64_t> input(node.getShape(0)), shape;
  bool all = !node.hasAttr("axes") && !node.hasInput(1);
  SmallVector<int64_t> axes = node.normalizeAxes(readAxes(node), input.size());
  for (auto [d, size] : llvm::enumerate(input)) {
    bool removed = all ? size == 1 : llvm::is_contained(axes, int64_t(d));
    if (!removed)
      shape.push_back(size);
    else if (size != 1)
      return node.error() << "expected axis " << d << " of size 1, got "
                          << size;
  }
  return setReshaped(node, shape);
}

LogicalResult import::convertUnsqueeze(NodeImporter &node) {
  SmallVector<int64_t> input(node.getShape(0)), axes = readAxes(node);
  int64_t rank = input.size() + axes.size();
  axes = node.normalizeAxes(axes, rank);
  if (node.failed())
    return failure();
  SmallVector<int64_t> shape = input;
  for (int64_t axis : axes) // ascending
    shape.insert(shape.begin() + axis, 1);
  return setReshaped(node, shape);
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

LogicalResult import::convertTranspose(NodeImporter &node) {
  int64_t rank = node.getShape(0).size();
  SmallVector<int64_t> permutation =
      llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(rank)));
  permutation = node.getInts("perm", permutation);
  SmallVector<int64_t> sorted = permutation;
  llvm::sort(sorted);
  if (sorted != llvm::to_vector(llvm::seq<int64_t>(rank)))
    return node.error() << "expected perm to be a permutation of " << rank
                        << " dimensions, got [" << permutation << "]";
  if (node.failed())
    return failure();
  if (node.isConstant(0))
    return node.setResult(node.getConstant(0, "data").transposed(permutation));
  return node.setResult(node.transpose(node.getAny(0), permutation));
}

/// All inputs are constant: one after the other, in blocks of all dimensions
/// from `axis` on.
static LogicalResult concatConstants(NodeImporter &node, int64_t axis) {
  std::vector<float> floats;
  std::vector<int64_t> ints;
  SmallVector<HostTensor> parts;
  SmallVector<int64_t> shape(node.getShape(0));
  shape[axis] = 0;
  for (int i = 0; i < node.getNumInputs(); ++i) {
    parts.push_back(node.getConstant(i, "operand"));
    ArrayRef<int64_t> part = parts.back().getShape();
    bool agrees = part.size() == shape.size() &&
                  parts.back().getType() == parts[0].getType();
    for (size_t d = 0; agrees && d < shape.size(); ++d)
      agrees = int64_t(d) == axis || part[d] == shape[d];
    if (!agrees)
      return node.error() << "expected inputs that agree but along axis "
                          << axis << ", got " << formatShape(part) << " "
                          << formatType(parts.back().getType());
    shape[axis] += part[axis];
  }
  ArrayRef<int64_t> dims = shape;
  int64_t blocks = ShapedType::getNumElements(dims.take_front(axis));
  for (int64_t b = 0; b < blocks; ++b)
    for (const HostTensor &part : parts) {
      int64_t size = part.getNumElements() / blocks;
      if (part.isFloat())
        llvm::append_range(floats, part.floats().slice(b * size, size));
      else
        llvm::append_range(ints, part.ints().slice(b * size, size));
    }
  if (parts[0].isFloat())
    return node.setResult(HostTensor::fromFloats(shape, std::move(floats)));
  return node.setResult(
      HostTensor::fromInts(shape, std::move(ints), parts[0].getType()));
}

LogicalResult import::convertConcat(NodeImporter &node) {
  int64_t rank = node.getShape(0).size();
  if (!node.hasAttr("axis"))
    return node.error() << "expected attribute 'axis'";
  int64_t axis = node.normalizeAxis(node.getInt("axis", 0), rank);
  if (node.failed())
    return failure();
  if (node.allConstant())
    return concatConstants(node, axis);
  SmallVector<Value> values;
  for (int i = 0; i < node.getNumInputs(); ++i)
    values.push_back(node.getAny(i));
  if (node.failed())
    return failure();
  return node.setResult(
      node.createOf<ConcatOp>(elementOf(values[0]), ValueRange(values), axis));
}

//===----------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------===//

namespace {
/// A box of a tensor, as qnn.slice has it.
struct Box {
  SmallVector<int64_t> starts, sizes, steps;
  static Box whole(ArrayRef<int64_t> shape) {
    return {SmallVector<int64_t>(shape.size(), 0), SmallVector<int64_t>(shape),
            SmallVector<int64_t>(shape.size(), 1)};
  }
};
} // namespace

static LogicalResult setBox(NodeImporter &node, const Box &box,
                            int output = 0) {
  if (node.failed())
    return failure();
  if (!node.isConstant(0)) {
    Value input = node.getAny(0);
    if (!input)
      return failure();
    return node.setResult(
        node.createMoved<SliceOp>(input, ArrayRef<int64_t>(box.starts),
                                  ArrayRef<int64_t>(box.sizes),
                                  ArrayRef<int64_t>(box.steps)),
        output);
  }
  HostTensor tensor = node.getConstant(0, "data");
  SmallVector<int64_t> strides = tensor.getStrides();
  int64_t offset = 0;
  for (size_t d = 0; d < strides.size(); ++d) {
    offset += box.starts[d] * strides[d];
    strides[d] *= box.steps[d];
  }
  return node.setResult(tensor.strided(box.sizes, offset, strides), output);
}

/// Restricts `box` along `axis` to [start, end) with ONNX's clamping.
static void sliceAxis(Box &box, int64_t axis, int64_t start, int64_t end,
                      int64_t step) {
  int64_t size = box.sizes[axis];
  step = std::clamp(step, -size - 1, size + 1); // no other element is reached
  start = start < 0 ? start + size : start;
  end = end < 0 ? end + size : end;
  start = std::clamp<int64_t>(start, 0, step > 0 ? size : size - 1);
  end = std::clamp<int64_t>(end, step > 0 ? 0 : -1, size);
  int64_t span = step > 0 ? end - start : start - end;
  int64_t count = span <= 0 ? 0 : (span - 1) / std::abs(step) + 1;
  if (size == 0)
    count = 0;
  box.starts[axis] = count == 0 ? 0 : start;
  box.sizes[axis] = count;
  box.steps[axis] = count == 0 ? 1 : step;
}

LogicalResult import::convertSlice(NodeImporter &node) {
  bool inputs = node.getOpset() >= 10;
  SmallVector<int64_t> shape(node.getShape(0));
  auto starts = inputs ? node.getInts(1, "starts") : node.getInts("starts");
  auto ends = inputs ? node.getInts(2, "ends") : node.getInts("ends");
  SmallVector<int64_t> axes = llvm::to_vector(
      llvm::seq<int64_t>(std::min(starts.size(), shape.size())));
  SmallVector<int64_t> steps(starts.size(), 1);
  if (inputs && node.hasInput(3))
    axes = node.getInts(3, "axes");
  if (!inputs)
    axes = node.getInts("axes", axes);
  if (inputs && node.hasInput(4))
    steps = node.getInts(4, "steps");
  if (node.failed())
    return failure();
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size())
    return node.error() << "expected starts, ends, axes and steps of equal "
                           "length, got "
                        << starts.size() << ", " << ends.size() << ", "
                        << axes.size() << " and " << steps.size();
  if (llvm::is_contained(steps, 0))
    return node.error() << "expected steps other than 0";
  (void)node.normalizeAxes(axes, shape.size()); // distinct
  Box box = Box::whole(shape);
  for (size_t i = 0; i < axes.size() && !node.failed(); ++i)
    sliceAxis(box, node.normalizeAxis(axes[i], shape.size()), starts[i],
              ends[i], steps[i]);
  return setBox(node, box);
}

LogicalResult import::convertSplit(NodeImporter &node) {
  SmallVector<int64_t> shape(node.getShape(0));
  int64_t axis = node.normalizeAxis(node.getInt("axis", 0), shape.size());
  SmallVector<int64_t> sizes;
  if (node.getOpset() < 13)
    sizes = node.getInts("split");
  else if (node.hasInput(1))
    sizes = node.getInts(1, "split");
  int64_t parts = node.getNumOutputs();
  if (node.failed())
    return failure();
  if (node.getInt("num_outputs", parts) != parts)
    return node.error() << "expected num_outputs to be the " << parts
                        << " outputs, got " << node.getInt("num_outputs", 0);
  if (sizes.empty()) { // equal parts; from opset 18 on the last may be smaller
    int64_t size = (shape[axis] + parts - 1) / parts;
    for (int64_t i = 0; i < parts; ++i)
      sizes.push_back(std::clamp<int64_t>(shape[axis] - i * size, 0, size));
    if (node.getOpset() < 18 && shape[axis] % parts != 0)
      return node.error() << "expected " << parts << " equal parts of size "
                          << shape[axis];
  }
  int64_t sum = 0;
  for (int64_t size : sizes)
    sum = size < 0 || size > shape[axis] ? -1 : sum < 0 ? sum : sum + size;
  if (sum != shape[axis] || int64_t(sizes.size()) != parts)
    return node.error() << "expected " << parts << " sizes that add up to "
                        << shape[axis] << ", got [" << sizes << "]";
  Box box = Box::whole(shape);
  for (int64_t i = 0; i < parts; ++i) {
    box.sizes[axis] = sizes[i];
    if (mlir::failed(setBox(node, box, i)))
      return failure();
    box.starts[axis] += sizes[i];
  }
  return success();
}

/// Computed data: evenly spaced indices are a slice, others a table.
static LogicalResult gatherConstant(NodeImporter &node, int64_t axis,
                                    ArrayRef<int64_t> indices,
                                    ArrayRef<int64_t> shape) {
  Value data = node.getAny(0);
  if (node.failed())
    return failure();
  int64_t step = indices.size() > 1 ? indices[1] - indices[0] : 1;
  bool isEven = step != 0;
  for (size_t i = 1; i < indices.size(); ++i)
    isEven = isEven && indices[i] - indices[i - 1] == step;
  Value result;
  if (isEven) {
    Box box = Box::whole(node.getShape(0));
    box.starts[axis] = indices.empty() ? 0 : indices[0];
    box.sizes[axis] = indices.size();
    box.steps[axis] = step;
    result = node.createMoved<SliceOp>(data, ArrayRef<int64_t>(box.starts),
                                       ArrayRef<int64_t>(box.sizes),
                                       ArrayRef<int64_t>(box.steps));
  } else {
    result = node.createMoved<TakeOp>(data, axis, indices);
  }
  return node.setResult(node.reshape(result, shape));
}

LogicalResult import::convertGather(NodeImporter &node) {
  SmallVector<int64_t> data(node.getShape(0));
  int64_t axis = node.normalizeAxis(node.getInt("axis", 0), data.size());
  if (!node.failed() && !node.isConstant(1))
    return gatherComputed(node, axis);
  HostTensor indexTensor = node.getConstant(1, "indices");
  if (node.failed())
    return failure();
  if (indexTensor.isFloat())
    return node.error() << "expected integer indices, got float";
  SmallVector<int64_t> indices(indexTensor.ints());
  for (int64_t &index : indices) {
    if (index < -data[axis] || index >= data[axis])
      return node.error() << "expected indices within size " << data[axis]
                          << ", got " << index;
    index += index < 0 ? data[axis] : 0;
  }
  SmallVector<int64_t> shape(ArrayRef(data).take_front(axis));
  llvm::append_range(shape, indexTensor.getShape());
  llvm::append_range(shape, ArrayRef(data).drop_front(axis + 1));
  std::optional<int64_t> count = countElements(shape);
  if (!count)
    return node.error() << "expected a result of fewer elements, got "
                        << formatShape(shape);
  if (!node.isConstant(0))
    return gatherConstant(node, axis, indices, shape);
  if (failed(node.requireFolding(*count)))
    return failure();
  int64_t inner =
      ShapedType::getNumElements(ArrayRef(data).drop_front(axis + 1));
  int64_t n = indices.size();
  return node.setResult(
      node.getConstant(0, "data").gathered(shape, [&](int64_t i) {
        int64_t outer = i / inner / n;
        return (outer * data[axis] + indices[i / inner % n]) * inner +
               i % inner;
      }));
}
