//===- TileLowering.cpp - Tile registers to instructions ------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileLowering.h"

#include "Finishing.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::microkernel;

namespace {
/// Emits the instructions on tile registers.
class TileBuilder {
public:
  explicit TileBuilder(KernelBuilder &k) : k(k) {}

  void configure(Value memory) {
    call("llvm.x86.ldtilecfg", {pointer(memory, k.index(0))});
  }
  void release() { call("llvm.x86.tilerelease", {}); }
  void load(int tile, Value memory, Value at, int64_t strideBytes) {
    call("llvm.x86.tileloadd64",
         {number(tile), pointer(memory, at), i64(strideBytes)});
  }
  void store(int tile, Value memory, Value at, int64_t strideBytes) {
    call("llvm.x86.tilestored64",
         {number(tile), pointer(memory, at), i64(strideBytes)});
  }
  /// c += a * b, a unsigned, b signed.
  void multiplyAdd(int c, int a, int b) {
    call("llvm.x86.tdpbusd", {number(c), number(a), number(b)});
  }

private:
  void call(StringRef name, ValueRange operands) {
    k.b.create<LLVM::CallIntrinsicOp>(TypeRange{}, k.b.getStringAttr(name),
                                      operands);
  }
  Value number(int tile) {
    return k.b.create<LLVM::ConstantOp>(k.b.getI8Type(), int8_t(tile));
  }
  Value i64(int64_t value) {
    return k.b.create<LLVM::ConstantOp>(k.b.getI64Type(), value);
  }
  /// The address of element `at`.
  Value pointer(Value memory, Value at) {
    Type element = cast<MemRefType>(memory.getType()).getElementType();
    Value base = k.b.create<memref::ExtractAlignedPointerAsIndexOp>(memory);
    Value address = k.add(base, k.mul(at, element.getIntOrFloatBitWidth() / 8));
    address = k.b.create<arith::IndexCastOp>(k.b.getI64Type(), address);
    return k.b.create<LLVM::IntToPtrOp>(
        LLVM::LLVMPointerType::get(k.b.getContext()), address);
  }

  KernelBuilder &k;
};

/// Lowers one microkernel.tile_brgemm.
class TileBrgemmLowering {
public:
  TileBrgemmLowering(KernelBuilder &k, TileBrgemmOp op)
      : k(k), tiles(k), op(op), groups(op.getAOffsets().size()),
        blocks(op.getBlocks()) {}

  void run() {
    forEachSum([&](int group, int block) {
      // A row of the bias, sixteen times.
      tiles.load(sum(group, block), op.getBias(),
                 k.add(op.getColumn(), block * kBlockColumns), 0);
    });
    reduce(0, k.index(0), k.index(0));
    int64_t pitch = blocks * kBlockColumns;
    forEachSum([&](int group, int block) {
      int64_t first = group * int64_t(op.getRows()) * pitch;
      tiles.store(sum(group, block), op.getC(),
                  k.add(op.getCOffset(), first + block * kBlockColumns),
                  pitch * int64_t(sizeof(int32_t)));
    });
  }

private:
  // Tiles 0-3 are sums, 4 and 5 activations, 6 and 7 weights.
  static int sum(int group, int block) { return 2 * group + block; }
  static int activations(int group) { return 4 + group; }
  static int weights(int block) { return 6 + block; }

  void forEachSum(llvm::function_ref<void(int, int)> body) {
    for (int group = 0; group < groups; ++group)
      for (int block = 0; block < blocks; ++block)
        body(group, block);
  }

  /// The loops over reduction dimensions from `dimension` on; `a` is relative
  /// to the offsets of the groups, `tile` counts iterations so far.
  void reduce(size_t dimension, Value a, Value tile) {
    ArrayRef<int64_t> sizes = op.getReduction();
    if (dimension == sizes.size())
      return multiply(a, tile);
    k.loop(0, sizes[dimension], 1, [&](Value i) {
      reduce(dimension + 1,
             k.add(a, k.mul(i, op.getReductionStrides()[dimension])),
             k.add(k.mul(tile, sizes[dimension]), i));
    });
  }

  /// One tile of the reduction: every group of rows times every block.
  void multiply(Value a, Value tile) {
    for (int block = 0; block < blocks; ++block) {
      // A block of fewer than 16 columns has shorter rows.
      int64_t columns = std::min<int64_t>(
          op.getColumns() - block * kBlockColumns, kBlockColumns);
      int64_t row = columns * kStepElements;
      Value at = k.add(op.getBOffset(), block * int64_t(op.getBBlockStride()));
      at = k.add(at, k.mul(tile, row * int64_t(op.getDepth())));
      tiles.load(weights(block), op.getB(), at, row);
    }
    for (auto [group, offset] : llvm::enumerate(op.getAOffsets())) {
      tiles.load(activations(group), op.getA(), k.add(offset, a),
                 op.getARowStride());
      for (int block = 0; block < blocks; ++block)
        tiles.multiplyAdd(sum(group, block), activations(group),
                          weights(block));
    }
  }

  KernelBuilder &k;
  TileBuilder tiles;
  TileBrgemmOp op;
  int groups, blocks;
};
} // namespace

void qnn::lowerTileOp(TileConfigureOp op, const TargetLevel &level) {
  OpBuilder builder(op);
  KernelBuilder k(builder, op.getLoc(), level);
  TileBuilder(k).configure(op.getConfig());
  op.erase();
}

void qnn::lowerTileOp(TileReleaseOp op, const TargetLevel &level) {
  OpBuilder builder(op);
  KernelBuilder k(builder, op.getLoc(), level);
  TileBuilder(k).release();
  op.erase();
}

void qnn::lowerTileOp(TileBrgemmOp op, const TargetLevel &level) {
  OpBuilder builder(op);
  KernelBuilder k(builder, op.getLoc(), level);
  TileBrgemmLowering(k, op).run();
  op.erase();
}

/// Loads and finishes `rows` rows from `row` on.
static void finishRows(KernelBuilder &k, FinishRowsOp op, Value row,
                       int64_t rows) {
  int64_t columns = op.getColumns();
  int64_t pitch = llvm::alignTo(columns, kBlockColumns);
  SmallVector<Piece> pieces;
  for (int64_t i = 0; i < rows; ++i) {
    Value current = k.add(row, i);
    Value acc = k.add(op.getAccOffset(), k.mul(current, pitch));
    Value cOffset = k.add(op.getCOffset(), k.mul(current, op.getCRowStride()));
    Value residualOffset;
    if (op.getResidual())
      residualOffset = k.add(op.getResidualOffset(),
                             k.mul(current, *op.getResidualRowStride()));
    for (int64_t column = 0; column < columns; column += k.lanes())
      pieces.push_back({i, column, std::min(columns - column, k.lanes()),
                        k.load(op.getAcc(), k.add(acc, column), k.lanes()),
                        cOffset, residualOffset});
  }
  finishBytes(k, ByteEpilogue(op), pieces);
}

void qnn::lowerTileOp(FinishRowsOp op, const TargetLevel &level) {
  OpBuilder builder(op);
  KernelBuilder k(builder, op.getLoc(), level);
  // As many rows at a time as fill a register of bytes.
  int64_t perRow = llvm::divideCeil(int64_t(op.getColumns()), k.lanes());
  int64_t rows = std::max<int64_t>(4 / perRow, 1);
  Value zero = k.index(0), step = k.index(rows);
  Value tail = k.b.createOrFold<arith::RemUIOp>(op.getCount(), step);
  Value full = k.b.createOrFold<arith::SubIOp>(op.getCount(), tail);
  auto emit = [&](Value low, Value high, Value by, int64_t count) {
    auto loop = k.b.create<scf::ForOp>(low, high, by);
    OpBuilder::InsertionGuard guard(k.b);
    k.b.setInsertionPointToStart(loop.getBody());
    finishRows(k, op, loop.getInductionVar(), count);
  };
  emit(zero, full, step, rows);
  if (rows > 1)
    emit(full, op.getCount(), k.index(1), 1);
  op.erase();
}
