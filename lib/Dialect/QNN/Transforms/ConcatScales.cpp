//===- ConcatScales.cpp - One scale for what a concat joins ---------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tensors with one range form a group, at first each its own. Groups are joined
// unless errors grow. Joining two tensors of a dense block or of a sequence of
// channel shuffles may make them larger where joining all makes them smaller:
// whole chains of concats are tried first.
//
//===----------------------------------------------------------------------===//

#include "ConcatScales.h"

#include "qnn/Dialect/QNN/Transforms/Transforms.h"
#include "qnn/Support/Numerics.h"

#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
class ConcatScales {
public:
  ConcatScales(func::FuncOp func, TensorTypes &types);
  void run();

private:
  /// An op reads `elements` of a tensor; a concat, into its result.
  struct Read {
    size_t tensor;
    std::optional<size_t> result;
    double elements;
  };
  /// The tensors of one range.
  struct Group {
    double low, high;
    QuantParams params;
  };

  void collectTensors();
  void collectReads(Operation *op);
  double error() const;
  double scaleOf(size_t tensor) const {
    return groups[groupOf[tensor]].params.scale;
  }
  void join(size_t first, size_t second);
  void attempt(llvm::function_ref<void()> change);
  SmallVector<SmallVector<size_t>> collectChains() const;

  TensorTypes &types;
  DenseMap<Value, size_t> numbers; ///< of tensors
  SmallVector<double> ownScales;   ///< of each tensor
  SmallVector<size_t> groupOf;     ///< of each tensor
  SmallVector<Group> groups;
  SmallVector<Read> reads;
  double least = 0; ///< error so far
};
} // namespace

ConcatScales::ConcatScales(func::FuncOp func, TensorTypes &types)
    : types(types) {
  collectTensors();
  func.walk([&](Operation *op) { collectReads(op); });
}

/// Tensors with an observed range that a layer rounds to any type.
void ConcatScales::collectTensors() {
  for (auto &entry : types) {
    auto observe = entry.first.getDefiningOp<ObserveOp>();
    Operation *producer =
        observe ? observe.getInput().getDefiningOp() : nullptr;
    if (!producer || !computesInInt8(producer))
      continue;
    double low = observe.getMin()->convertToFloat();
    double high = observe.getMax()->convertToFloat();
    QuantParams params = getActivationParams(low, high);
    numbers[entry.first] = groups.size();
    groupOf.push_back(groups.size());
    ownScales.push_back(params.scale);
    groups.push_back({low, high, params});
  }
}

void ConcatScales::collectReads(Operation *op) {
  if (movesInt8(op) || isa<ObserveOp>(op))
    return;
  auto numberOf = [&](Value tensor) -> std::optional<size_t> {
    auto found = numbers.find(tensor);
    return found == numbers.end() ? std::nullopt : std::optional(found->second);
  };
  std::optional<size_t> result;
  if (isa<ConcatOp>(op) && computesInInt8(op))
    for (Operation *user : op->getUsers())
      if (isa<ObserveOp>(user))
        result = numberOf(user->getResult(0));
  for (Value operand : op->getOperands())
    if (auto tensor = numberOf(getScaleRoot(operand)))
      reads.push_back(
          {*tensor, result,
           double(cast<ShapedType>(operand.getType()).getNumElements())});
}

/// The sum of all errors, see the header.
double ConcatScales::error() const {
  double total = 0;
  for (const Read &read : reads) {
    double step = scaleOf(read.tensor), own = ownScales[read.tensor];
    double squares = step * step;
    if (read.result) {
      own = ownScales[*read.result];
      double again = scaleOf(*read.result);
      if (groupOf[read.tensor] != groupOf[*read.result])
        squares += again * again;
    }
    total += read.elements * squares / (own * own);
  }
  return total;
}

/// Makes the groups of two tensors one.
void ConcatScales::join(size_t first, size_t second) {
  size_t from = groupOf[first], into = groupOf[second];
  if (from == into)
    return;
  const Group &a = groups[from], &b = groups[into];
  double low = std::min(a.low, b.low), high = std::max(a.high, b.high);
  groups[into] = {low, high, getActivationParams(low, high)};
  std::replace(groupOf.begin(), groupOf.end(), from, into);
}

/// Does `change`, a number of joins, and takes it back if errors grow.
void ConcatScales::attempt(llvm::function_ref<void()> change) {
  SmallVector<size_t> oldGroupOf = groupOf;
  SmallVector<Group> oldGroups = groups;
  change();
  if (double after = error(); after <= least) {
    least = after;
    return;
  }
  groupOf = std::move(oldGroupOf);
  groups = std::move(oldGroups);
}

void ConcatScales::run() {
  least = error();
  auto joinReads = [&](llvm::function_ref<bool(const Read &)> which) {
    for (const Read &read : reads)
      if (read.result && which(read))
        join(read.tensor, *read.result);
  };
  // What a chain of concats connects, what one concat does, pairs.
  for (const SmallVector<size_t> &chain : collectChains())
    attempt([&] {
      joinReads([&](const Read &read) {
        return llvm::is_contained(chain, *read.result);
      });
    });
  for (size_t tensor = 0; tensor < groups.size(); ++tensor)
    attempt([&] {
      joinReads([&](const Read &read) { return *read.result == tensor; });
    });
  for (const Read &read : reads)
    if (read.result)
      attempt([&] { join(read.tensor, *read.result); });
  for (auto &[tensor, number] : numbers) {
    const QuantParams &params = groups[groupOf[number]].params;
    quant::UniformQuantizedType &type = types[tensor];
    type = quant::UniformQuantizedType::get(
        type.getFlags(), type.getStorageType(), type.getExpressedType(),
        params.scale, params.zeroPoint, params.min, params.max);
  }
}

/// The results of concats that share tensors with each other.
SmallVector<SmallVector<size_t>> ConcatScales::collectChains() const {
  llvm::EquivalenceClasses<size_t> classes;
  llvm::SetVector<size_t> results;
  for (const Read &read : reads)
    if (read.result) {
      classes.unionSets(*read.result, read.tensor);
      results.insert(*read.result);
    }
  llvm::MapVector<size_t, SmallVector<size_t>> chains;
  for (size_t result : results)
    chains[classes.getLeaderValue(result)].push_back(result);
  SmallVector<SmallVector<size_t>> values;
  for (auto &chain : chains)
    values.push_back(chain.second);
  return values;
}

void qnn::shareConcatScales(func::FuncOp func, TensorTypes &types) {
  ConcatScales(func, types).run();
}
