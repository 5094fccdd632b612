//===- TransposedConstants.cpp - Transposes of constants ------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TransposePatterns.h"

#include "qnn/Dialect/QNN/IR/Constants.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::transposes;

/// `value` with its elements (of `width` bytes) in the order of the transpose.
static void permuteBytes(ArrayRef<char> source, ArrayRef<int64_t> shape,
                         ArrayRef<int64_t> permutation, size_t width,
                         char *target) {
  SmallVector<int64_t> strides = computeSuffixProduct(shape);
  SmallVector<int64_t> newShape = applyPermutation(shape, permutation);
  SmallVector<int64_t> steps = applyPermutation(ArrayRef(strides), permutation);
  SmallVector<int64_t> index(shape.size(), 0);
  int64_t offset = 0;
  for (size_t i = 0, e = source.size() / width; i < e; ++i) {
    std::memcpy(target + i * width, source.data() + offset * width, width);
    for (size_t d = shape.size(); d-- > 0;) {
      offset += steps[d];
      if (++index[d] < newShape[d])
        break;
      offset -= index[d] * steps[d];
      index[d] = 0;
    }
  }
}

/// The elements of a constant under a transpose, of the view `shape` of them;
/// the result has shape `resultShape`. Null when the data are missing.
static ElementsAttr permuteElements(ElementsAttr value, ArrayRef<int64_t> shape,
                                    ArrayRef<int64_t> permutation,
                                    ArrayRef<int64_t> resultShape) {
  auto type = cast<RankedTensorType>(value.getType()).clone(resultShape);
  ArrayRef<char> source;
  if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    if (dense.isSplat())
      return dense.resizeSplat(type);
    source = dense.getRawData();
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      source = blob->getData();
  }
  size_t width = type.getElementTypeBitWidth() / 8;
  size_t bytes = type.getNumElements() * width;
  if (width == 0 || source.size() != bytes)
    return {};
  // The blob is filled in place: weights may be larger than what is left.
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(bytes, /*align=*/64);
  permuteBytes(source, shape, permutation, width, blob.getMutableData().data());
  if (type.getNumElements() <= kMaxInlineElements)
    return DenseElementsAttr::getFromRawBuffer(type, blob.getData());
  return DenseResourceElementsAttr::get(type, "qnn", std::move(blob));
}

namespace {
struct TransposeConstant final : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto constant = op.getInput().getDefiningOp<ConstantOp>();
    if (!constant || !isActivationTensor(op.getType()))
      return rewriter.notifyMatchFailure(op, "operand is not constant");
    ElementsAttr value =
        permuteElements(constant.getValue(), shapeOf(op.getInput()),
                        op.getPermutation(), op.getType().getShape());
    if (!value)
      return rewriter.notifyMatchFailure(op, "constant without data");
    rewriter.replaceOpWithNewOp<ConstantOp>(op, op.getType(), value);
    return success();
  }
};

/// The number of leading dimensions that stay in place and that the flattened
/// features do not contain; none when the transpose moves across.
std::optional<size_t> getFlattenStart(TransposeOp transpose, int64_t features) {
  ArrayRef<int64_t> shape = transpose.getType().getShape();
  for (size_t start = 0; start < shape.size(); ++start) {
    if (ShapedType::getNumElements(shape.drop_front(start)) == features)
      return start;
    if (transpose.getPermutation()[start] != int64_t(start))
      return std::nullopt;
  }
  return std::nullopt;
}

/// The constant that `weight` is or dequantizes; null when its scales belong to
/// columns.
ConstantOp getWeightConstant(Value weight) {
  if (auto dequantize = weight.getDefiningOp<quant::DequantizeCastOp>())
    weight = dequantize.getArg();
  auto perAxis = dyn_cast_or_null<quant::UniformQuantizedPerAxisType>(
      getQuantizedElementType(weight.getType()));
  if (perAxis && perAxis.getQuantizedDimension() != 0)
    return {};
  return weight.getDefiningOp<ConstantOp>();
}

/// fully_connected(reshape(transpose(x)), w) -> fully_connected(reshape(x),
/// w'), where w' has the columns of w in the order of x.
struct PermuteWeightColumns final : OpRewritePattern<FullyConnectedOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(FullyConnectedOp op,
                                PatternRewriter &rewriter) const override {
    auto flatten = op.getInput().getDefiningOp<ReshapeOp>();
    auto source = flatten ? flatten.getInput().getDefiningOp<TransposeOp>()
                          : TransposeOp();
    ConstantOp weight = getWeightConstant(op.getWeight());
    if (!source || !weight)
      return rewriter.notifyMatchFailure(
          op, "expected a flattened transpose and a constant weight");
    int64_t outputs = shapeOf(weight)[0], features = shapeOf(weight)[1];
    std::optional<size_t> start = getFlattenStart(source, features);
    if (!start)
      return rewriter.notifyMatchFailure(
          op, "the transpose moves more than the features");
    // The columns as a tensor [outputs, features of the transpose...].
    SmallVector<int64_t> view = {outputs}, order = {0};
    llvm::append_range(view, source.getType().getShape().drop_front(*start));
    SmallVector<int64_t> inverse =
        invertPermutationVector(source.getPermutation());
    for (int64_t dimension : ArrayRef(inverse).drop_front(*start))
      order.push_back(dimension - *start + 1);
    ElementsAttr value =
        permuteElements(weight.getValue(), view, order, {outputs, features});
    if (!value)
      return rewriter.notifyMatchFailure(op, "weight without data");
    Value input =
        rewriter.create<ReshapeOp>(flatten.getLoc(), flatten.getType(),
                                   source.getInput(), flatten.getShape());
    Value newWeight =
        rewriter.create<ConstantOp>(weight.getLoc(), weight.getType(), value);
    if (newWeight.getType() != op.getWeight().getType())
      newWeight = rewriter.create<quant::DequantizeCastOp>(
          weight.getLoc(), op.getWeight().getType(), newWeight);
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(input);
      op.getWeightMutable().assign(newWeight);
    });
    return success();
  }
};
} // namespace

void transposes::addConstantPatterns(RewritePatternSet &patterns) {
  patterns.add<TransposeConstant>(patterns.getContext());
}

void transposes::addWeightPatterns(RewritePatternSet &patterns) {
  patterns.add<PermuteWeightColumns>(patterns.getContext());
}
