//===- Indices.cpp - Gathers, scatters, tiles -----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What constant indices ask for is qnn.take, which has an integer form;
// computed ones are qnn.gather. Elements of several dimensions are found by
// their position in one long row.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

/// `x` as one row of all elements.
static Value asRow(NodeImporter &node, Value x) {
  if (!x)
    return {};
  return node.reshape(x, {ShapedType::getNumElements(shapeOf(x))});
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

/// Gather with indices that the network computes.
LogicalResult import::gatherComputed(NodeImporter &node, int64_t axis) {
  Value data = node.getAny(0), indices = node.getAny(1);
  if (node.failed())
    return failure();
  if (elementOf(indices).isF32() || elementOf(indices).isInteger(1))
    return node.error() << "expected integer indices";
  return node.setResult(Emitter{node}.gather(data, indices, axis));
}

LogicalResult import::convertGatherElements(NodeImporter &node) {
  int64_t rank = node.getShape(0).size();
  int64_t axis = node.normalizeAxis(node.getInt("axis", 0), rank);
  Value data = node.getAny(0), indices = node.getAny(1);
  if (node.failed())
    return failure();
  if (int64_t(shapeOf(indices).size()) != rank || elementOf(indices).isF32())
    return node.error() << "expected integer indices of rank " << rank;
  return node.setResult(gatherElements(node, data, indices, axis));
}

/// The last dimension of the indices speaks of dimensions of the data: their
/// position is a sum.
LogicalResult import::convertGatherND(NodeImporter &node) {
  int64_t batch = node.getInt("batch_dims", 0);
  SmallVector<int64_t> data(node.getShape(0)), shape(node.getShape(1));
  Value x = node.getAny(0), indices = node.getAny(1);
  if (node.failed())
    return failure();
  int64_t depth = shape.empty() ? 0 : shape.back();
  if (shape.empty() || elementOf(indices).isF32() || batch < 0 ||
      batch >= int64_t(shape.size()) || batch + depth > int64_t(data.size()))
    return node.error() << "expected integer indices into the data, got shape "
                        << formatShape(shape);
  Emitter e{node};
  using F = BinaryFunction;
  SmallVector<int64_t> rows(ArrayRef(shape).drop_back());
  // Batch dimensions are indices like the others.
  Value position;
  auto append = [&](Value index, int64_t size) {
    Value scaled =
        position ? e.binary(F::Mul, position, e.integers({}, {size}, indices))
                 : Value();
    position = scaled ? e.binary(F::Add, scaled, index) : index;
  };
  for (int64_t d = 0; d < batch; ++d) {
    if (mlir::failed(node.requireFolding(data[d])))
      return failure();
    SmallVector<int64_t> along(rows.size(), 1);
    along[d] = data[d];
    auto sequence = llvm::seq<int64_t>(data[d]);
    append(e.integers(along, {sequence.begin(), sequence.end()}, indices),
           data[d]);
  }
  for (int64_t k = 0; k < depth; ++k) {
    SmallVector<int64_t> starts(shape.size(), 0), sizes(shape),
        ones(shape.size(), 1);
    starts.back() = k;
    sizes.back() = 1;
    Value index = node.createMoved<SliceOp>(indices, ArrayRef<int64_t>(starts),
                                            ArrayRef<int64_t>(sizes),
                                            ArrayRef<int64_t>(ones));
    index = node.reshape(index, rows);
    int64_t size = data[batch + k];
    Value zero = e.integers({}, {0}, indices);
    Value wrapped = e.binary(F::Add, index, e.integers({}, {size}, indices));
    append(
        e.select(e.compare(CompareFunction::Less, index, zero), wrapped, index),
        size);
  }
  if (node.failed() || !position)
    return node.failed() ? failure() : node.forward(0);
  ArrayRef<int64_t> whole = data;
  SmallVector<int64_t> slices = {
      ShapedType::getNumElements(whole.take_front(batch + depth))};
  llvm::append_range(slices, whole.drop_front(batch + depth));
  return node.setResult(e.gather(node.reshape(x, slices), position, 0));
}

//===----------------------------------------------------------------------===//
// Repeated, chosen and reordered elements
//===----------------------------------------------------------------------===//

/// Each dimension as often as asked for.
LogicalResult import::convertTile(NodeImporter &node) {
  SmallVector<int64_t> shape(node.getShape(0));
  SmallVector<int64_t> repeats = node.getInts(1, "repeats");
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  if (repeats.size() != shape.size())
    return node.error() << "expected " << shape.size() << " repeats, got "
                        << repeats.size();
  Emitter e{node};
  for (auto [axis, times] : llvm::enumerate(repeats)) {
    std::optional<int64_t> count = countElements({times, shape[axis]});
    if (!count)
      return node.error() << "expected a reasonable number of repeats, got "
                          << times;
    if (mlir::failed(node.requireFolding(*count)))
      return failure();
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < times * shape[axis]; ++i)
      indices.push_back(i % shape[axis]);
    if (times != 1)
      x = e.take(x, axis, indices);
  }
  return node.setResult(x);
}

LogicalResult import::convertCompress(NodeImporter &node) {
  SmallVector<int64_t> flags = node.getAnyInts(1, "indices");
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  int64_t axis = 0;
  if (node.hasAttr("axis"))
    axis = node.normalizeAxis(node.getInt("axis", 0), shapeOf(x).size());
  else
    x = asRow(node, x);
  SmallVector<int64_t> indices;
  for (auto [i, flag] : llvm::enumerate(flags))
    if (flag)
      indices.push_back(i);
  return node.setResult(Emitter{node}.take(x, axis, indices));
}

/// Blocks of pixels to channels, or back: in `DCR` mode the block is the outer
/// part of the channels.
LogicalResult import::convertDepthToSpace(NodeImporter &node) {
  bool toSpace = node.getOpType() == "DepthToSpace";
  int64_t b = node.getInt("blocksize", 0);
  std::string mode = node.getString("mode", "DCR");
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  SmallVector<int64_t> s(shapeOf(x));
  bool fits = s.size() == 4 && b > 0 && b < (1 << 20) &&
              (toSpace ? s[1] % (b * b) == 0 : s[2] % b == 0 && s[3] % b == 0);
  if (!fits || (mode != "DCR" && mode != "CRD"))
    return node.error() << "expected blocks that divide " << formatShape(s)
                        << ", got blocksize " << b << " and mode '" << mode
                        << "'";
  if (!toSpace) {
    x = node.reshape(x, {s[0], s[1], s[2] / b, b, s[3] / b, b});
    x = node.transpose(x, {0, 3, 5, 1, 2, 4});
    return node.setResult(
        node.reshape(x, {s[0], s[1] * b * b, s[2] / b, s[3] / b}));
  }
  int64_t channels = s[1] / (b * b);
  bool blocksFirst = mode == "DCR";
  x = blocksFirst ? node.reshape(x, {s[0], b, b, channels, s[2], s[3]})
                  : node.reshape(x, {s[0], channels, b, b, s[2], s[3]});
  x = blocksFirst ? node.transpose(x, {0, 3, 4, 1, 5, 2})
                  : node.transpose(x, {0, 1, 4, 2, 5, 3});
  return node.setResult(node.reshape(x, {s[0], channels, s[2] * b, s[3] * b}));
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

/// Zeros beyond a diagonal.
LogicalResult import::convertTrilu(NodeImporter &node) {
  bool upper = node.getFlag("upper", true);
  SmallVector<int64_t> diagonal = {0};
  if (node.hasInput(1))
    diagonal = node.getInts(1, "k");
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  ArrayRef<int64_t> shape = shapeOf(x);
  if (shape.size() < 2 || diagonal.size() != 1)
    return node.error() << "expected matrices and one diagonal";
  int64_t rows = shape[shape.size() - 2], columns = shape.back();
  if (mlir::failed(node.requireFolding(rows * columns)))
    return failure();
  std::vector<int64_t> keeps;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      keeps.push_back(upper ? j - i >= diagonal[0] : j - i <= diagonal[0]);
  Emitter e{node};
  Value mask = node.createConstant(HostTensor::fromInts(
      {rows, columns}, std::move(keeps), onnx::TensorProto::BOOL));
  Value zero = elementOf(x).isF32() ? e.constant(0.0f) : e.integers({}, {0}, x);
  return node.setResult(e.select(mask, x, zero));
}

/// on where an index equals the position along a new axis, off elsewhere.
LogicalResult import::convertOneHot(NodeImporter &node) {
  Value indices = node.getAny(0), values = node.getAny(2);
  HostTensor depthTensor = node.getConstant(1, "depth");
  if (node.failed())
    return failure();
  int64_t rank = shapeOf(indices).size() + 1;
  int64_t axis = node.normalizeAxis(node.getInt("axis", -1), rank);
  int64_t depth = -1;
  if (depthTensor.getNumElements() == 1 && !depthTensor.isFloat())
    depth = depthTensor.ints()[0];
  // A float beyond all folding, or NaN, is no depth.
  else if (depthTensor.getNumElements() == 1 &&
           depthTensor.floats()[0] >= 0.0f &&
           depthTensor.floats()[0] <= float(kMaxElements))
    depth = static_cast<int64_t>(depthTensor.floats()[0]);
  if (depth >= 0 && mlir::failed(node.requireFolding(depth)))
    return failure();
  if (depth < 0 || shapeOf(values) != ArrayRef<int64_t>(2))
    return node.error() << "expected one depth and two values";
  Emitter e{node};
  Type i64 = node.getBuilder().getI64Type();
  indices = e.cast(indices, i64);
  if (!indices)
    return failure();
  Value zero = e.integers({}, {0}, indices);
  Value wrapped =
      e.binary(BinaryFunction::Add, indices, e.integers({}, {depth}, indices));
  indices = e.select(e.compare(CompareFunction::Less, indices, zero), wrapped,
                     indices);
  if (!indices)
    return failure();
  SmallVector<int64_t> spread(shapeOf(indices)), along(rank, 1);
  spread.insert(spread.begin() + axis, 1);
  along[axis] = depth;
  auto sequence = llvm::seq<int64_t>(depth);
  Value isHot =
      e.compare(CompareFunction::Equal, node.reshape(indices, spread),
                e.integers(along, {sequence.begin(), sequence.end()}, indices));
  auto value = [&](int64_t i) {
    return node.reshape(e.take(values, 0, i), {});
  };
  return node.setResult(e.select(isHot, value(1), value(0)));
}

LogicalResult import::convertEyeLike(NodeImporter &node) {
  SmallVector<int64_t> shape(node.getShape(0));
  int64_t k = node.getInt("k", 0);
  ElementType type = node.getInt("dtype", node.getElementType(0));
  if (node.failed())
    return failure();
  std::optional<int64_t> count = countElements(shape);
  if (shape.size() != 2 || !count)
    return node.error() << "expected a matrix, got " << formatShape(shape);
  if (mlir::failed(node.requireFolding(*count)))
    return failure();
  std::vector<int64_t> ones(*count, 0);
  for (int64_t i = 0; i < shape[0]; ++i)
    if (i + k >= 0 && i + k < shape[1])
      ones[i * shape[1] + i + k] = 1;
  if (isAnyFloat(type))
    return node.setResult(
        HostTensor::fromFloats(shape, {ones.begin(), ones.end()}));
  return node.setResult(HostTensor::fromInts(shape, std::move(ones), type));
}
