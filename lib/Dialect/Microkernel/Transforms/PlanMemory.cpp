//===- PlanMemory.cpp - Give every buffer a fixed place in one arena ------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Input: an entry function whose block holds memref.alloc, memref.get_global
// and straight-line users. Output: views of two arguments. Assumes that a
// buffer is reached only through the SSA value of its allocation and views of
// it. Cost: at most a few hundred placements, each the square of the number of
// buffers, of which a large network has a few hundred.
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/Microkernel/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_PLANMEMORYPASS
#include "qnn/Dialect/Microkernel/Transforms/Passes.h.inc"
} // namespace mlir::qnn

using namespace mlir;

namespace {

/// One allocation: live at ops first..last (positions in the block).
struct Allocation {
  memref::AllocOp op;
  int64_t bytes;
  int64_t first, last;
  int64_t offset = 0;
};

int64_t getBytes(MemRefType type) {
  return type.getNumElements() * (type.getElementTypeBitWidth() / 8);
}

int64_t alignUp(int64_t bytes) {
  return llvm::alignTo(bytes, qnn::kBufferAlignment);
}

/// The users of a buffer and of views of it.
SmallVector<Operation *> getUsers(Value buffer) {
  SmallVector<Operation *> users(buffer.getUsers());
  for (size_t i = 0; i < users.size(); ++i)
    if (auto view = dyn_cast<memref::ViewOp>(users[i]))
      llvm::append_range(users, view->getUsers());
  return users;
}

/// The allocations of a block with their live ranges. Fails when one is used
/// outside the block, where positions mean nothing.
FailureOr<SmallVector<Allocation>> collectAllocations(Block &block) {
  DenseMap<Operation *, int64_t> position;
  for (Operation &op : block)
    position[&op] = position.size();
  SmallVector<Allocation> result;
  for (auto alloc : block.getOps<memref::AllocOp>()) {
    Allocation entry{alloc, getBytes(alloc.getType()),
                     std::numeric_limits<int64_t>::max(), -1};
    for (Operation *user : getUsers(alloc)) {
      auto found = position.find(user);
      if (found == position.end())
        return alloc.emitError("expected uses in the block of the allocation "
                               "only");
      entry.first = std::min(entry.first, found->second);
      entry.last = std::max(entry.last, found->second);
    }
    result.push_back(entry);
  }
  return result;
}

/// Largest number of bytes live at one op.
int64_t getLiveBytes(ArrayRef<Allocation> allocations) {
  int64_t most = 0;
  for (const Allocation &at : allocations) {
    int64_t live = 0;
    for (const Allocation &other : allocations)
      if (other.first <= at.first && at.first <= other.last)
        live += other.bytes;
    most = std::max(most, live);
  }
  return most;
}

/// Places one allocation after the other into the lowest gap that fits; returns
/// the bytes of the arena without its slack.
int64_t placeInOrder(ArrayRef<Allocation *> order) {
  SmallVector<Allocation *> placed; // by offset
  int64_t total = 0;
  for (Allocation *allocation : order) {
    int64_t offset = 0;
    for (Allocation *other : placed) {
      if (other->last < allocation->first || allocation->last < other->first)
        continue;
      if (offset + allocation->bytes <= other->offset)
        break;
      offset = std::max(offset, alignUp(other->offset + other->bytes));
    }
    allocation->offset = offset;
    total = std::max(total, alignUp(offset + allocation->bytes));
    placed.insert(llvm::upper_bound(placed, allocation,
                                    [](Allocation *a, Allocation *b) {
                                      return a->offset < b->offset;
                                    }),
                  allocation);
  }
  return total;
}

/// Tries orders until one needs no more than the live bytes; keeps the best.
class Placement {
public:
  explicit Placement(MutableArrayRef<Allocation> allocations)
      : allocations(allocations), enough(alignUp(getLiveBytes(allocations))) {}

  /// Returns the bytes of the arena without its slack.
  int64_t run() {
    using Key = int64_t (*)(const Allocation &);
    constexpr Key keys[] = {
        [](const Allocation &a) { return -a.bytes; },
        [](const Allocation &a) { return -a.bytes * (a.last - a.first + 1); },
        [](const Allocation &a) { return a.first - a.last; },
        [](const Allocation &a) { return a.first; },
    };
    for (Key key : keys)
      if (best > enough)
        search(key);
    for (auto [allocation, offset] : llvm::zip_equal(allocations, offsets))
      allocation.offset = offset;
    return best;
  }

private:
  /// From the order by `key` on: whatever ends highest is placed first the next
  /// time.
  void search(int64_t (*key)(const Allocation &)) {
    SmallVector<Allocation *> order;
    for (Allocation &allocation : allocations)
      order.push_back(&allocation);
    // Equal keys stay in program order: the plan is deterministic.
    llvm::sort(order, [&](Allocation *a, Allocation *b) {
      return std::make_pair(key(*a), a) < std::make_pair(key(*b), b);
    });
    for (int round = 0; round < kRounds; ++round) {
      keepIfBetter(placeInOrder(order));
      if (best <= enough)
        return;
      auto highest = llvm::max_element(order, [](Allocation *a, Allocation *b) {
        return a->offset + a->bytes < b->offset + b->bytes;
      });
      std::rotate(order.begin(), highest, highest + 1);
    }
  }

  void keepIfBetter(int64_t total) {
    if (total >= best)
      return;
    best = total;
    offsets.clear();
    for (const Allocation &allocation : allocations)
      offsets.push_back(allocation.offset);
  }

  static constexpr int kRounds = 64;
  MutableArrayRef<Allocation> allocations;
  int64_t enough, best = std::numeric_limits<int64_t>::max();
  SmallVector<int64_t> offsets; ///< of the best plan
};

/// Replaces `op` by a view of `base` at `offset`.
void replaceByView(Operation *op, Value base, int64_t offset) {
  OpBuilder builder(op);
  Value index = builder.create<arith::ConstantIndexOp>(op->getLoc(), offset);
  Value view = builder.create<memref::ViewOp>(
      op->getLoc(), cast<MemRefType>(op->getResult(0).getType()), base, index,
      ValueRange());
  op->getResult(0).replaceAllUsesWith(view);
  op->erase();
}

struct PlanMemoryPass final : qnn::impl::PlanMemoryPassBase<PlanMemoryPass> {
  using Base::Base;

  /// Gives each global an offset; returns the size of the constants.
  int64_t placeGlobals() {
    Builder builder(&getContext());
    int64_t total = 0;
    for (auto global : getOperation().getOps<memref::GlobalOp>()) {
      int64_t bytes = getBytes(global.getType());
      total = llvm::alignTo(total, qnn::getConstantAlignment(bytes));
      global->setAttr(qnn::kOffsetAttr, builder.getI64IntegerAttr(total));
      total += bytes;
    }
    return total + qnn::kBufferAlignment;
  }

  /// The public function, or null after an error.
  func::FuncOp getEntry() {
    func::FuncOp entry;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isPrivate())
        continue;
      if (entry) {
        function.emitError("expected one public function, got a second one");
        return nullptr;
      }
      entry = function;
    }
    if (!entry)
      getOperation().emitError("expected a public function");
    return entry;
  }

  void runOnOperation() override {
    func::FuncOp entry = getEntry();
    if (!entry)
      return signalPassFailure();
    Block &block = entry.front();
    FailureOr<SmallVector<Allocation>> allocations = collectAllocations(block);
    if (failed(allocations))
      return signalPassFailure();
    int64_t arenaBytes = Placement(*allocations).run() + qnn::kBufferAlignment;
    Builder builder(&getContext());
    Type byte = builder.getI8Type();
    auto arenaType = MemRefType::get({arenaBytes}, byte);
    auto constantsType = MemRefType::get({placeGlobals()}, byte);
    entry.insertArguments({0, 0}, {arenaType, constantsType}, {{}, {}},
                          {entry.getLoc(), entry.getLoc()});
    entry->setAttr(qnn::kArenaBytesAttr, builder.getI64IntegerAttr(arenaBytes));
    entry->setAttr(qnn::kLiveBytesAttr,
                   builder.getI64IntegerAttr(getLiveBytes(*allocations)));
    for (Allocation &allocation : *allocations)
      replaceByView(allocation.op, entry.getArgument(0), allocation.offset);
    SymbolTable symbols(getOperation());
    for (auto get :
         llvm::make_early_inc_range(block.getOps<memref::GetGlobalOp>())) {
      auto global = symbols.lookup<memref::GlobalOp>(get.getName());
      replaceByView(
          get, entry.getArgument(1),
          cast<IntegerAttr>(global->getAttr(qnn::kOffsetAttr)).getInt());
    }
  }
};

} // namespace
