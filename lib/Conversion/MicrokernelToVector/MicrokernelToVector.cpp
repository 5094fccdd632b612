//===- MicrokernelToVector.cpp - Register blocks to instructions ----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One lowering of microkernel.brgemm per instruction family (DotKind). A new
// instruction set adds one case to DotProduct.
//
//===----------------------------------------------------------------------===//

#include "qnn/Conversion/KernelBuilder.h"
#include "qnn/Conversion/Passes.h"
#include "qnn/Dialect/Microkernel/IR/Microkernel.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_CONVERTMICROKERNELTOVECTORPASS
#include "qnn/Conversion/Passes.h.inc"
} // namespace mlir::qnn

using namespace mlir;
using namespace mlir::qnn;
using microkernel::BrgemmOp;
using microkernel::kBlockColumns;
using microkernel::kStepElements;

namespace {

/// How a level multiplies: the accumulators of one row and one block of 16
/// columns are `parts()` vectors.
class DotProduct {
public:
  DotProduct(KernelBuilder &k, bool isFloat) : k(k), isFloat(isFloat) {}

  /// True when lanes of an accumulator hold two neighbouring partial sums that
  /// join() adds; the bias then comes last.
  bool sumsPairs() const {
    return !isFloat && (k.level.dot == DotKind::WidenPairs ||
                        k.level.dot == DotKind::NeonWidening);
  }
  int64_t parts() const {
    return kBlockColumns * (sumsPairs() ? 2 : 1) / k.lanes();
  }
  /// Elements of the packed weights that one part multiplies.
  int64_t weightsPerPart() const {
    return kBlockColumns * (isFloat ? 1 : kStepElements) / parts();
  }
  Type accumulatorType() const {
    Type element = isFloat ? Type(k.b.getF32Type()) : k.b.getI32Type();
    return VectorType::get({k.lanes()}, element);
  }
  Value loadWeights(Value memory, Value at) {
    Value w = k.load(memory, at, weightsPerPart());
    if (isFloat)
      return w;
    if (sumsPairs())
      return widen16(w, /*isSigned=*/true);
    return k.level.dot == DotKind::VNNI ? asLanes(w) : w;
  }
  /// The element or the four bytes at `at`, in every lane.
  Value loadActivation(Value memory, Value at) {
    if (isFloat)
      return k.splat(k.loadScalar(memory, at), k.lanes());
    Value quad =
        k.b.create<vector::BitCastOp>(VectorType::get({1}, k.b.getI32Type()),
                                      k.load(memory, at, kStepElements));
    quad = k.b.create<vector::ExtractOp>(quad, 0);
    Value all = k.splat(quad, weightsPerPart() / kStepElements);
    if (k.level.dot == DotKind::VNNI)
      return all;
    Value bytes = k.b.create<vector::BitCastOp>(
        VectorType::get({weightsPerPart()}, k.b.getI8Type()), all);
    return sumsPairs() ? widen16(bytes, !k.level.storesUnsigned()) : bytes;
  }
  Value multiplyAdd(Value acc, Value a, Value w) {
    if (isFloat)
      return k.b.create<math::FmaOp>(a, w, acc);
    switch (k.level.dot) {
    case DotKind::VNNI:
      return k.intrinsic(k.level.vectorBits == 512
                             ? "llvm.x86.avx512.vpdpbusd.512"
                             : "llvm.x86.avx512.vpdpbusd.256",
                         acc.getType(), {acc, a, w});
    case DotKind::NeonDot:
      return k.intrinsic("llvm.aarch64.neon.sdot.v4i32.v16i8", acc.getType(),
                         {acc, w, a});
    case DotKind::WidenPairs:
      return k.b.create<arith::AddIOp>(
          acc, k.intrinsic(k.level.vectorBits == 256 ? "llvm.x86.avx2.pmadd.wd"
                                                     : "llvm.x86.sse2.pmadd.wd",
                           acc.getType(), {a, w}));
    case DotKind::NeonWidening: {
      Value products = k.b.create<arith::MulIOp>(a, w);
      return k.b.create<arith::AddIOp>(
          acc, k.intrinsic("llvm.aarch64.neon.saddlp.v4i32.v8i16",
                           acc.getType(), {products}));
    }
    }
    llvm_unreachable("covered switch");
  }
  /// The sums of one block of columns, a register each.
  SmallVector<Value> sums(ArrayRef<Value> accumulators) {
    if (!sumsPairs())
      return SmallVector<Value>(accumulators);
    // Neighbouring lanes of two vectors make one.
    SmallVector<int64_t> even, odd;
    for (int64_t i = 0; i < 2 * k.lanes(); i += 2) {
      even.push_back(i);
      odd.push_back(i + 1);
    }
    SmallVector<Value> sums;
    for (size_t i = 0; i < accumulators.size(); i += 2) {
      Value x = accumulators[i], y = accumulators[i + 1];
      sums.push_back(
          k.b.create<arith::AddIOp>(k.b.create<vector::ShuffleOp>(x, y, even),
                                    k.b.create<vector::ShuffleOp>(x, y, odd)));
    }
    return sums;
  }

private:
  Value widen16(Value bytes, bool isSigned) {
    auto type = VectorType::get({KernelBuilder::widthOf(bytes)},
                                k.b.getIntegerType(16));
    if (isSigned)
      return k.b.create<arith::ExtSIOp>(type, bytes);
    return k.b.create<arith::ExtUIOp>(type, bytes);
  }
  Value asLanes(Value bytes) {
    return k.b.create<vector::BitCastOp>(
        VectorType::get({KernelBuilder::widthOf(bytes) / 4}, k.b.getI32Type()),
        bytes);
  }

  KernelBuilder &k;
  bool isFloat;
};

/// Lowers one op.
class BrgemmLowering {
public:
  BrgemmLowering(OpBuilder &builder, BrgemmOp op, const TargetLevel &level)
      : op(op), k(builder, op.getLoc(), level),
        isFloat(op.getA().getType().getElementType().isF32()), dot(k, isFloat),
        blocks(llvm::divideCeil(uint64_t(op.getColumns()), kBlockColumns)),
        rows(op.getRows()[0] * op.getRows()[1]) {}

  void run() {
    SmallVector<Value> accumulators =
        reduce(0, op.getAOffset(), k.index(0), initial());
    SmallVector<Piece> pieces;
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t block = 0; block < blocks; ++block)
        addPieces(row, block,
                  ArrayRef(accumulators)
                      .slice((row * blocks + block) * dot.parts(), dot.parts()),
                  pieces);
    if (op.getC().getType().getElementType().isInteger(8))
      return finishBytes(pieces);
    for (const Piece &piece : pieces)
      finishWords(piece);
  }

private:
  /// Columns of a block: 16, or less in the last one.
  int64_t columnsOf(int64_t block) {
    return std::min<int64_t>(op.getColumns() - block * kBlockColumns,
                             kBlockColumns);
  }

  /// Offset of `row` for the given strides of the two row dimensions.
  int64_t rowOffset(int64_t row, ArrayRef<int64_t> strides) {
    return row / op.getRows()[1] * strides[0] +
           row % op.getRows()[1] * strides[1];
  }

  SmallVector<Value> initial() {
    Value zero =
        k.b.create<arith::ConstantOp>(k.b.getZeroAttr(dot.accumulatorType()));
    SmallVector<Value> row(blocks * dot.parts(), zero);
    if (op.getBias() && !dot.sumsPairs())
      for (auto [i, part] : llvm::enumerate(row))
        part = k.load(op.getBias(), k.add(op.getColumn(), i * k.lanes()),
                      k.lanes());
    SmallVector<Value> all;
    for (int64_t r = 0; r < rows; ++r)
      all.append(row);
    return all;
  }

  /// The loops over reduction dimensions from `dimension` on; `step` counts
  /// iterations so far.
  SmallVector<Value> reduce(size_t dimension, Value a, Value step,
                            SmallVector<Value> accumulators) {
    ArrayRef<int64_t> sizes = op.getReduction();
    if (dimension == sizes.size())
      return multiply(a, step, accumulators);
    auto iteration = [&](Value i, ValueRange carried) {
      return reduce(dimension + 1,
                    k.add(a, k.mul(i, op.getReductionStrides()[dimension])),
                    k.add(k.mul(step, sizes[dimension]), i),
                    SmallVector<Value>(carried));
    };
    if (sizes[dimension] == 1)
      return iteration(k.index(0), accumulators);
    return k.loop(k.index(0), k.index(sizes[dimension]), accumulators,
                  iteration);
  }

  /// One step: every row times every column. The smaller of the two sets of
  /// operands stays in registers, the other one streams past it.
  SmallVector<Value> multiply(Value a, Value step,
                              SmallVector<Value> accumulators) {
    int64_t columns = blocks * dot.parts();
    auto activation = [&](int64_t row) {
      return dot.loadActivation(op.getA(),
                                k.add(a, rowOffset(row, op.getARowStrides())));
    };
    // A block of fewer than 16 columns has shorter steps; what a vector reads
    // beyond them ends up in lanes that nobody stores.
    int64_t elements = isFloat ? 1 : kStepElements;
    SmallVector<Value> starts;
    for (int64_t block = 0; block < blocks; ++block)
      starts.push_back(
          k.add(k.add(op.getBOffset(), block * int64_t(op.getBBlockStride())),
                k.mul(step, columnsOf(block) * elements)));
    auto weights = [&](int64_t column) {
      return dot.loadWeights(
          op.getB(), k.add(starts[column / dot.parts()],
                           column % dot.parts() * dot.weightsPerPart()));
    };
    bool keepsWeights = columns <= rows;
    SmallVector<Value> kept;
    for (int64_t i = 0; i < (keepsWeights ? columns : rows); ++i)
      kept.push_back(keepsWeights ? weights(i) : activation(i));
    for (int64_t i = 0; i < (keepsWeights ? rows : columns); ++i) {
      Value streamed = keepsWeights ? activation(i) : weights(i);
      for (auto [j, value] : llvm::enumerate(kept)) {
        int64_t row = keepsWeights ? i : j, column = keepsWeights ? j : i;
        Value &acc = accumulators[row * columns + column];
        acc = dot.multiplyAdd(acc, keepsWeights ? streamed : value,
                              keepsWeights ? value : streamed);
      }
    }
    return accumulators;
  }

  /// One register of sums: `width` of its lanes are columns from `column` on.
  struct Piece {
    int64_t row, column, width;
    Value sums;
  };

  void addPieces(int64_t row, int64_t block, ArrayRef<Value> accumulators,
                 SmallVector<Piece> &pieces) {
    int64_t column = block * kBlockColumns;
    for (Value sums : dot.sums(accumulators)) {
      int64_t width = std::min<int64_t>(op.getColumns() - column, k.lanes());
      if (width <= 0)
        return;
      if (op.getBias() && dot.sumsPairs())
        sums = k.b.create<arith::AddIOp>(
            sums,
            k.load(op.getBias(), k.add(op.getColumn(), column), k.lanes()));
      pieces.push_back({row, column, width, sums});
      column += k.lanes();
    }
  }

  /// `width` lanes from `first` on.
  Value someLanes(Value vector, int64_t first, int64_t width) {
    if (width == KernelBuilder::widthOf(vector))
      return vector;
    return k.b.create<vector::ExtractStridedSliceOp>(
        vector, ArrayRef<int64_t>{first}, ArrayRef<int64_t>{width},
        ArrayRef<int64_t>{1});
  }

  void store(Value vector, const Piece &piece) {
    Value at = k.add(op.getCOffset(),
                     rowOffset(piece.row, op.getCRowStrides()) + piece.column);
    k.store(vector, op.getC(), at);
  }

  Value loadResidual(const Piece &piece, int64_t width) {
    if (!op.getResidual())
      return Value();
    int64_t offset = rowOffset(piece.row, *op.getResidualRowStrides());
    return k.load(op.getResidual(),
                  k.add(op.getResidualOffset(), offset + piece.column), width);
  }

  /// Stores floats or accumulators.
  void finishWords(const Piece &piece) {
    Value acc = someLanes(piece.sums, 0, piece.width);
    if (isFloat) {
      KernelBuilder::Epilogue epilogue;
      epilogue.low = op.getLow();
      epilogue.high = op.getHigh();
      epilogue.residual = loadResidual(piece, piece.width);
      acc = k.finishFloat(acc, epilogue);
    }
    store(acc, piece);
  }

  Value roundPiece(const Piece &piece) {
    KernelBuilder::Epilogue epilogue;
    epilogue.scale =
        k.load(op.getScale(), k.add(op.getColumn(), piece.column), k.lanes());
    epilogue.low = op.getLow();
    epilogue.high = op.getHigh();
    epilogue.residual = loadResidual(piece, k.lanes());
    epilogue.residualFactor = op.getResidualFactor();
    epilogue.residualZero = op.getResidualZero();
    return k.roundQuantized(piece.sums, epilogue);
  }

  /// Stores bytes, a register of them at a time.
  void finishBytes(ArrayRef<Piece> pieces) {
    for (; !pieces.empty();
         pieces = pieces.drop_front(std::min<size_t>(pieces.size(), 4))) {
      ArrayRef<Piece> group = pieces.take_front(4);
      SmallVector<Value> rounded;
      for (const Piece &piece : group)
        rounded.push_back(roundPiece(piece));
      rounded.resize(4, rounded.back());
      Value bytes = k.packBytes(rounded, op.getZeroPoint());
      for (size_t i = 0; i < group.size();) {
        // Neighbours of one row in one store.
        size_t first = i;
        int64_t width = 0;
        do
          width += group[i++].width;
        while (i < group.size() && group[i].row == group[first].row);
        store(someLanes(bytes, first * k.lanes(), width), group[first]);
      }
    }
  }

  BrgemmOp op;
  KernelBuilder k;
  bool isFloat;
  DotProduct dot;
  int64_t blocks, rows;
};

struct ConvertMicrokernelToVectorPass final
    : qnn::impl::ConvertMicrokernelToVectorPassBase<
          ConvertMicrokernelToVectorPass> {
  using Base::Base;

  void runOnOperation() override {
    const TargetLevel *target = findLevel(level);
    if (!target) {
      getOperation().emitError("expected a level that --march takes, got '")
          << level << "'";
      return signalPassFailure();
    }
    getOperation()->walk([&](BrgemmOp op) {
      OpBuilder builder(op);
      BrgemmLowering(builder, op, *target).run();
      op.erase();
    });
  }
};

} // namespace
