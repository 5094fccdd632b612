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

#include "DotProduct.h"

#include "qnn/Conversion/Passes.h"

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

/// Lowers one op.
class BrgemmLowering {
public:
  BrgemmLowering(OpBuilder &builder, BrgemmOp op, const TargetLevel &level)
      : op(op), k(builder, op.getLoc(), level),
        isFloat(op.getA().getType().getElementType().isF32()), dot(k, isFloat),
        blocks(llvm::divideCeil(uint64_t(op.getColumns()), kBlockColumns)),
        rows(op.getRows()[0] * op.getRows()[1]) {}

  void run() {
    bool isListed = op.getSteps() && k.level.dot == DotKind::ProvedPairs;
    SmallVector<Value> accumulators =
        isListed ? reduceListed(initial())
                 : reduce(0, op.getAOffset(), k.index(0), initial());
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

  /// The steps in the order of the op's list, by what is proved of them.
  SmallVector<Value> reduceListed(SmallVector<Value> accumulators) {
    int64_t steps = 1;
    for (int64_t size : op.getReduction())
      steps *= size;
    auto entry = [&](Value i) -> Value {
      return k.b.create<arith::IndexCastUIOp>(
          k.b.getIndexType(),
          k.loadScalar(op.getSteps(), k.add(op.getStepsOffset(), i)));
    };
    Value couples = entry(k.index(0)), summed = k.mul(couples, 2);
    Value proved = k.add(summed, entry(k.index(1)));
    auto step = [&](Value i) { return entry(k.add(i, 2)); };
    accumulators = k.loop(
        k.index(0), couples, accumulators, [&](Value i, ValueRange carried) {
          Value first = k.mul(i, 2);
          return multiplyProved({step(first), step(k.add(first, 1))}, carried);
        });
    accumulators =
        k.loop(summed, proved, accumulators, [&](Value i, ValueRange carried) {
          return multiplyProved({step(i)}, carried);
        });
    return k.loop(
        proved, k.index(steps), accumulators, [&](Value i, ValueRange carried) {
          Value s = step(i);
          return multiply(positionOf(s), s, SmallVector<Value>(carried));
        });
  }

  /// Where the first row has its activations of `step`.
  Value positionOf(Value step) {
    if (!op.getStepOffsets())
      return k.add(op.getAOffset(), k.mul(step, op.getReductionStrides()[0]));
    Value offset = k.loadScalar(op.getStepOffsets(), step);
    return k.add(op.getAOffset(),
                 k.b.create<arith::IndexCastUIOp>(k.b.getIndexType(), offset));
  }

  /// Steps whose products fit 16 bits, of one block of columns.
  SmallVector<Value> multiplyProved(ArrayRef<Value> steps, ValueRange carried) {
    SmallVector<Value> accumulators(carried), positions;
    SmallVector<SmallVector<Value>> weights(dot.parts());
    for (Value step : steps) {
      positions.push_back(positionOf(step));
      Value start =
          k.add(op.getBOffset(), k.mul(step, columnsOf(0) * kStepElements));
      for (int64_t part = 0; part < dot.parts(); ++part)
        weights[part].push_back(dot.loadWeights(
            op.getB(), k.add(start, part * dot.weightsPerPart())));
    }
    for (int64_t row = 0; row < rows; ++row) {
      SmallVector<Value> activations;
      for (Value position : positions)
        activations.push_back(dot.loadActivation(
            op.getA(), k.add(position, rowOffset(row, op.getARowStrides()))));
      for (int64_t part = 0; part < dot.parts(); ++part) {
        Value &acc = accumulators[row * dot.parts() + part];
        acc = dot.multiplyAddProved(acc, activations, weights[part]);
      }
    }
    return accumulators;
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
