//===- ConcatPlan.cpp - Which tensors lie inside others -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConcatPlan.h"

#include "qnn/Dialect/Microkernel/IR/Microkernel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace mlir::qnn;

Border qnn::getRequiredBorder(Value value) {
  Border border;
  for (OpOperand &use : value.getUses()) {
    Border wanted;
    if (auto conv = dyn_cast<Conv2DOp>(use.getOwner())) {
      if (&use == &conv.getInputMutable()) {
        ArrayRef<int64_t> padding = conv.getPadding();
        wanted = {padding[0], padding[1], padding[2], padding[3]};
      }
    } else if (auto observed = dyn_cast<ObserveOp>(use.getOwner())) {
      wanted = getRequiredBorder(observed.getResult());
    }
    border = {std::max(border.top, wanted.top),
              std::max(border.left, wanted.left),
              std::max(border.bottom, wanted.bottom),
              std::max(border.right, wanted.right)};
  }
  return border;
}

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static Type elementOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

ConcatPlan::ConcatPlan(Block &network, const TargetLevel &level)
    : level(level) {
  for (auto op : network.getOps<ConcatOp>()) {
    parts[op] = collectParts(op);
    for (const Part &part : getParts(op))
      if (!homes.contains(part.value) && mayLieIn(part.value, op))
        homes.try_emplace(part.value, Home{op, part.position});
    concats.push_back(op);
  }
}

std::optional<ConcatPlan::Home> ConcatPlan::getHome(Value value) const {
  auto found = homes.find(value);
  if (found == homes.end())
    return std::nullopt;
  return found->second;
}

SmallVector<ConcatPlan::Part> ConcatPlan::collectParts(ConcatOp op) {
  SmallVector<Part> result;
  int64_t position = 0;
  auto append = [&](Value value) {
    result.push_back({value, position});
    position += shapeOf(value)[op.getAxis()];
  };
  size_t done = 0;
  if (ConcatOp prefix = findPrefix(op)) {
    append(prefix.getResult());
    prefixes.insert(prefix);
    done = prefix.getInputs().size();
  }
  for (Value value : op.getInputs().drop_front(done))
    append(value);
  return result;
}

/// True when the first operands of `op` are those of `prefix`, and its result
/// begins with the result of `prefix`, requantized if need be.
static bool continues(ConcatOp op, ConcatOp prefix) {
  OperandRange inputs = prefix.getInputs();
  if (prefix.getAxis() != op.getAxis() ||
      inputs.size() > op.getInputs().size() ||
      !llvm::equal(inputs, op.getInputs().take_front(inputs.size())))
    return false;
  // Rounding twice is not rounding once.
  Type element = elementOf(prefix.getResult());
  return element == elementOf(op.getResult()) ||
         llvm::all_of(inputs, [&](Value v) { return elementOf(v) == element; });
}

/// The longest earlier concat that `op` continues, or null.
ConcatOp ConcatPlan::findPrefix(ConcatOp op) const {
  ConcatOp longest;
  for (ConcatOp other : concats)
    if (continues(op, other) &&
        (!longest || other.getInputs().size() > longest.getInputs().size()))
      longest = other;
  return longest;
}

/// True when whatever makes `value` can write it into its part of the result,
/// and whatever reads it can read it there.
bool ConcatPlan::mayLieIn(Value value, ConcatOp concat) const {
  Operation *producer = value.getDefiningOp();
  // These make no buffer of their own, or only contiguous ones.
  if (!producer ||
      isa<ConstantOp, ReshapeOp, ObserveOp, FullyConnectedOp, MatMulOp>(
          producer))
    return false;
  if (auto slice = dyn_cast<SliceOp>(producer); slice && isView(slice))
    return false;
  Value result = concat.getResult();
  if (elementOf(value) != elementOf(result) ||
      ShapedType::getNumElements(shapeOf(value)) == 0)
    return false;
  Border border = getRequiredBorder(value);
  if (!border.empty() && (concat.getAxis() != kChannelAxis ||
                          !getRequiredBorder(result).covers(border)))
    return false;
  return llvm::all_of(value.getUses(),
                      [&](OpOperand &use) { return readsViews(use); });
}

/// True when the op of `use` reads a tensor whose rows are not contiguous
/// without a copy and without more work.
bool ConcatPlan::readsViews(OpOperand &use) const {
  Operation *op = use.getOwner();
  auto conv = dyn_cast<Conv2DOp>(op);
  if (!conv)
    return !isa<ReshapeOp, ObserveOp, FullyConnectedOp, MatMulOp>(op);
  if (&use != &conv.getInputMutable())
    return use.get() != conv.getWeight() && use.get() != conv.getBias();
  // A row of the window is no longer contiguous. Runs of one tap each must fill
  // their steps, or tiles, as well.
  ArrayRef<int64_t> weight = shapeOf(conv.getWeight());
  bool isWide = conv.getGroups() == 1 && weight[2] > 1;
  if (!isWide || isFloatTensor(use.get().getType()))
    return true;
  constexpr int64_t kTileBytes = 64;
  return weight[3] %
             (level.hasTiles ? kTileBytes : microkernel::kStepElements) ==
         0;
}

bool ConcatPlan::isView(SliceOp op) const {
  Value result = op.getResult();
  ArrayRef<int64_t> steps = op.getSteps();
  return !steps.empty() && steps.back() == 1 &&
         llvm::all_of(steps, [](int64_t step) { return step > 0; }) &&
         ShapedType::getNumElements(shapeOf(result)) > 0 &&
         llvm::all_of(result.getUses(),
                      [&](OpOperand &use) { return readsViews(use); });
}
