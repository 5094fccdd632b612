//===- Einsum.cpp - Sums over products of labelled dimensions -------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operands are multiplied one after the other: what two have in common and
// nobody needs later is the inner dimension of a batched matrix product.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

namespace {
/// A tensor whose dimensions have labels: letters, and numbers for what an
/// ellipsis stands for, counted from the end.
struct Labelled {
  Value value;
  SmallVector<int> labels;

  int64_t size(int label) const {
    return shapeOf(value)[llvm::find(labels, label) - labels.begin()];
  }
  bool has(int label) const { return llvm::is_contained(labels, label); }
};
} // namespace

/// The labels of one term for a tensor of rank `rank`; an ellipsis stands for
/// what letters leave. None where they do not fit.
static std::optional<SmallVector<int>> parseTerm(StringRef term, int64_t rank) {
  SmallVector<int> labels;
  size_t dots = term.find("...");
  StringRef before = term.take_front(dots), after;
  if (dots != StringRef::npos)
    after = term.drop_front(dots + 3);
  int64_t hidden = rank - int64_t(before.size() + after.size());
  if (hidden < 0 || (dots == StringRef::npos && hidden != 0))
    return std::nullopt;
  for (char letter : before)
    labels.push_back(letter);
  for (int64_t i = hidden; i > 0; --i)
    labels.push_back(-int(i));
  for (char letter : after)
    labels.push_back(letter);
  for (char letter : (before + after).str())
    if (!llvm::isAlpha(letter))
      return std::nullopt;
  return labels;
}

/// `tensor` with its dimensions in the order of `labels`, those it lacks left
/// out.
static Value arrange(NodeImporter &node, const Labelled &tensor,
                     ArrayRef<int> labels) {
  SmallVector<int64_t> order;
  for (int label : labels)
    if (tensor.has(label))
      order.push_back(llvm::find(tensor.labels, label) - tensor.labels.begin());
  return node.transpose(tensor.value, order);
}

/// With every label once: of dimensions that share one, their diagonal.
static Labelled takeDiagonals(NodeImporter &node, Labelled tensor) {
  for (size_t d = 0; d < tensor.labels.size() && tensor.value; ++d) {
    int label = tensor.labels[d];
    auto *other =
        std::find(tensor.labels.begin() + d + 1, tensor.labels.end(), label);
    if (other == tensor.labels.end())
      continue;
    int64_t second = other - tensor.labels.begin();
    SmallVector<int64_t> shape(shapeOf(tensor.value)), order;
    int64_t size = shape[d];
    if (shape[second] != size) {
      node.error() << "expected a square for a diagonal, got " << size
                   << " and " << shape[second];
      return {};
    }
    if (mlir::failed(node.requireFolding(size)))
      return {};
    for (int64_t i = 0; i < int64_t(shape.size()); ++i)
      if (i != second && i != int64_t(d))
        order.push_back(i);
    order.append({int64_t(d), second});
    Labelled next;
    SmallVector<int64_t> rows;
    for (int64_t i : ArrayRef(order).drop_back()) {
      next.labels.push_back(tensor.labels[i]);
      rows.push_back(shape[i]);
    }
    rows.back() = size * size;
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < size; ++i)
      indices.push_back(i * (size + 1));
    Value pairs = node.reshape(node.transpose(tensor.value, order), rows);
    next.value = Emitter{node}.take(pairs, rows.size() - 1, indices);
    tensor = next;
    d = size_t(-1); // from the start again
  }
  return tensor;
}

/// Without the labels that `keeps` refuses.
static Labelled sumOut(NodeImporter &node, const Labelled &tensor,
                       llvm::function_ref<bool(int)> keeps) {
  Labelled result;
  SmallVector<int64_t> axes;
  for (auto [d, label] : llvm::enumerate(tensor.labels))
    if (keeps(label))
      result.labels.push_back(label);
    else
      axes.push_back(d);
  result.value = axes.empty() ? tensor.value
                              : Emitter{node}.reduce(ReduceFunction::Sum,
                                                     tensor.value, axes,
                                                     /*keepDims=*/false);
  return result;
}

/// The product of two tensors, summed over the labels `keeps` refuses.
static Labelled multiply(NodeImporter &node, Labelled a, Labelled b,
                         bool isWeight, llvm::function_ref<bool(int)> keeps) {
  // What one of them is alone in is summed before.
  a = sumOut(node, a, [&](int label) { return b.has(label) || keeps(label); });
  b = sumOut(node, b, [&](int label) { return a.has(label) || keeps(label); });
  if (!a.value || !b.value)
    return {};
  SmallVector<int> batch, inner, rows, columns;
  SmallVector<int64_t> batchSizes;
  for (int label : a.labels)
    if (!b.has(label))
      rows.push_back(label);
    else
      (keeps(label) ? batch : inner).push_back(label);
  for (int label : b.labels)
    if (!a.has(label))
      columns.push_back(label);
  auto count = [](const Labelled &tensor, ArrayRef<int> labels) {
    int64_t product = 1;
    for (int label : labels)
      product *= tensor.size(label);
    return product;
  };
  auto join = [&](const Labelled &tensor, ArrayRef<int> first,
                  ArrayRef<int> second) {
    SmallVector<int> order(batch);
    order.append(first.begin(), first.end());
    order.append(second.begin(), second.end());
    SmallVector<int64_t> shape;
    for (int label : batch)
      shape.push_back(tensor.size(label));
    shape.push_back(count(tensor, first));
    shape.push_back(count(tensor, second));
    return node.reshape(arrange(node, tensor, order), shape);
  };
  Labelled result;
  SmallVector<int64_t> shape;
  for (int label : batch)
    shape.push_back(std::max(a.size(label), b.size(label)));
  for (int label : rows)
    shape.push_back(a.size(label));
  for (int label : columns)
    shape.push_back(b.size(label));
  for (const auto &labels : {batch, rows, columns})
    result.labels.append(labels);
  Value x = join(a, rows, inner);
  if (isWeight && batch.empty()) {
    Value w = join(b, columns, inner);
    if (x && w)
      result.value = node.create<FullyConnectedOp>(
          x, w, /*bias=*/Value(), /*residual=*/Value(),
          /*clamp_min=*/FloatAttr(), /*clamp_max=*/FloatAttr());
  } else {
    Value y = join(b, inner, columns);
    if (x && y)
      result.value = node.create<MatMulOp>(x, y, /*clamp_min=*/FloatAttr(),
                                           /*clamp_max=*/FloatAttr());
  }
  result.value = node.reshape(result.value, shape);
  return result;
}

/// The labels of the result: after the arrow, or those that occur once, in
/// alphabetical order, behind what ellipses stand for.
static SmallVector<int> getResultLabels(StringRef result, bool isGiven,
                                        ArrayRef<Labelled> operands,
                                        int64_t hidden) {
  SmallVector<int> labels;
  if (isGiven) {
    int64_t dots = result.contains("...") ? hidden : 0;
    int64_t letters = result.size() - (result.contains("...") ? 3 : 0);
    return parseTerm(result, letters + dots).value_or(SmallVector<int>{0});
  }
  for (int64_t i = hidden; i > 0; --i)
    labels.push_back(-int(i));
  for (int letter = 'A'; letter <= 'z'; ++letter) {
    int64_t count = 0;
    for (const Labelled &operand : operands)
      count += llvm::count(operand.labels, letter);
    if (count == 1)
      labels.push_back(letter);
  }
  return labels;
}

/// Whether dimensions of one label have one size, or one and 1 within an
/// ellipsis.
static LogicalResult checkLabels(NodeImporter &node,
                                 ArrayRef<Labelled> operands) {
  std::map<int, int64_t> sizes;
  for (const Labelled &operand : operands)
    for (auto [d, label] : llvm::enumerate(operand.labels)) {
      int64_t size = shapeOf(operand.value)[d];
      auto [it, isNew] = sizes.try_emplace(label, size);
      if (size != it->second && label < 0 && (size == 1 || it->second == 1))
        it->second = std::max(size, it->second);
      else if (size != it->second)
        return node.error() << "expected dimensions of one label to have one "
                               "size, got "
                            << it->second << " and " << size;
    }
  return success();
}

LogicalResult import::convertEinsum(NodeImporter &node) {
  std::string equation = node.getString("equation", "");
  llvm::erase(equation, ' ');
  auto [left, right] = StringRef(equation).split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  int count = node.getNumInputs();
  SmallVector<Labelled> operands;
  int64_t hidden = 0;
  for (int i = 0; i < count && size_t(i) < terms.size(); ++i) {
    Value value = node.getValue(i);
    if (!value)
      return failure();
    auto labels = parseTerm(terms[i], shapeOf(value).size());
    if (!labels)
      return node.error() << "expected an equation of letters for each "
                             "dimension, got '"
                          << equation << "'";
    hidden = std::max<int64_t>(
        hidden, llvm::count_if(*labels, [](int label) { return label < 0; }));
    operands.push_back(takeDiagonals(node, {value, *labels}));
    if (node.failed())
      return failure();
  }
  SmallVector<int> labels =
      getResultLabels(right, left.size() != equation.size(), operands, hidden);
  auto isKnown = [&](int label) {
    return llvm::count(labels, label) == 1 &&
           llvm::any_of(operands,
                        [&](const Labelled &o) { return o.has(label); });
  };
  if (!node.failed() && (int(terms.size()) != count || operands.empty() ||
                         !llvm::all_of(labels, isKnown)))
    return node.error() << "expected an equation of " << count
                        << " operands and labels they have, got '" << equation
                        << "'";
  if (node.failed() || mlir::failed(checkLabels(node, operands)))
    return failure();
  Labelled result = operands[0];
  for (int i = 1; i < count && result.value; ++i) {
    auto keeps = [&](int label) {
      return llvm::is_contained(labels, label) ||
             llvm::any_of(ArrayRef(operands).drop_front(i + 1),
                          [&](const Labelled &o) { return o.has(label); });
    };
    result = multiply(node, result, operands[i], node.isWeight(i), keeps);
  }
  if (!result.value)
    return failure();
  result = sumOut(node, result,
                  [&](int label) { return llvm::is_contained(labels, label); });
  if (!result.value)
    return failure();
  return node.setResult(arrange(node, result, labels));
}
