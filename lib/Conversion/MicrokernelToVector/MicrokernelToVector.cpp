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
#include "Finishing.h"
#include "TileLowering.h"

#include "qnn/Conversion/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_CONVERTMICROKERNELTOVECTORPASS
#include "qnn/Conversion/Passes.h.inc"
} // namespace mlir::qnn

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::microkernel;

namespace {

/// Lowers one op.
class BrgemmLowering {
public:
  BrgemmLowering(OpBuilder &builder, BrgemmOp op, const TargetLevel &level)
      : op(op), k(builder, op.getLoc(), level),
        isFloat(!op.getA().getType().getElementType().isInteger(8)),
        stepElements(getStepElements(op.getA().getType().getElementType())),
        dot(k, op.getA().getType().getElementType(), op.getNarrow()),
        blocks(llvm::divideCeil(uint64_t(op.getColumns()), kBlockColumns)),
        rows(op.getRows()[0] * op.getRows()[1]) {}

  void run() {
    bool isListed = op.getSteps() && k.level.dot == DotKind::ProvedPairs;
    SmallVector<Value> accumulators = initial();
    if (dot.pairsRows(rows))
      accumulators = fromPairs(
          reduce(0, op.getAOffset(), k.index(0), toPairs(accumulators)));
    else
      accumulators = isListed
                         ? reduceListed(accumulators)
                         : reduce(0, op.getAOffset(), k.index(0), accumulators);
    SmallVector<Piece> pieces;
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t block = 0; block < blocks; ++block)
        addPieces(row, block,
                  ArrayRef(accumulators)
                      .slice((row * blocks + block) * dot.parts(), dot.parts()),
                  pieces);
    if (op.getC().getType().getElementType().isInteger(8))
      return finishBytes(k, ByteEpilogue(op), pieces);
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
    if (dimension + 1 == sizes.size())
      return reduceRun(a, k.mul(step, sizes[dimension]), accumulators);
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

  /// The innermost loop, from `step` on: full groups of steps and the rest.
  SmallVector<Value> reduceRun(Value a, Value step,
                               SmallVector<Value> accumulators) {
    int64_t size = op.getReduction().back();
    int64_t stride = op.getReductionStrides().back();
    bool isDense = stride == stepElements;
    int64_t group = isDense ? dot.groupSteps(rows, op.getSymmetric()) : 1;
    auto take = [&](Value first, int64_t steps, ValueRange carried) {
      Value position = k.add(a, k.mul(first, stride));
      SmallVector<Value> values(carried);
      Value at = k.add(step, first);
      if (dot.pairsRows(rows))
        return multiplyPairs(position, at, steps, values);
      if (dot.sumsPairs() && steps > 1)
        return multiplySummed(position, at, steps, values);
      return multiply(position, at, steps, values);
    };
    int64_t full = size / group;
    if (full == 1)
      accumulators = take(k.index(0), group, accumulators);
    else if (full > 1)
      accumulators = k.loop(k.index(0), k.index(full), accumulators,
                            [&](Value i, ValueRange carried) {
                              return take(k.mul(i, group), group, carried);
                            });
    if (int64_t rest = size % group)
      accumulators = take(k.index(full * group), rest, accumulators);
    return accumulators;
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
          return multiply(positionOf(s), s, 1, SmallVector<Value>(carried));
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
          k.add(op.getBOffset(),
                k.mul(step, dot.storedWeights(columnsOf(0) * kStepElements)));
      for (int64_t part = 0; part < dot.parts(); ++part)
        weights[part].push_back(dot.loadWeights(
            op.getB(),
            k.add(start, dot.storedWeights(part * dot.weightsPerPart()))));
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

  /// Where column part `column` of all blocks has its weights of a step. A
  /// block of fewer than 16 columns has shorter steps; what a vector reads
  /// beyond them ends up in lanes that nobody stores.
  Value weightsAt(Value step, int64_t column) {
    int64_t block = column / dot.parts();
    int64_t elements = dot.storedWeights(columnsOf(block) * stepElements);
    Value start = k.add(op.getBOffset(), block * int64_t(op.getBBlockStride()));
    return k.add(
        k.add(start, k.mul(step, elements)),
        dot.storedWeights(column % dot.parts() * dot.weightsPerPart()));
  }

  /// Neighbouring steps: every row times every column. The smaller of the two
  /// sets of operands stays in registers, the other one streams past it.
  SmallVector<Value> multiply(Value a, Value step, int64_t steps,
                              SmallVector<Value> accumulators) {
    int64_t columns = blocks * dot.parts();
    auto activations = [&](int64_t row) {
      return dot.loadActivations(
          op.getA(), k.add(a, rowOffset(row, op.getARowStrides())), steps);
    };
    auto weights = [&](int64_t s, int64_t column) {
      return dot.loadWeights(op.getB(), weightsAt(k.add(step, s), column));
    };
    auto multiplyAdd = [&](int64_t row, int64_t column, Value x, Value w) {
      Value &acc = accumulators[row * columns + column];
      acc = dot.multiplyAdd(acc, x, w);
    };
    if (steps == 1 && columns <= rows) {
      SmallVector<Value> kept;
      for (int64_t column = 0; column < columns; ++column)
        kept.push_back(weights(0, column));
      for (int64_t row = 0; row < rows; ++row) {
        Value x = activations(row)[0];
        for (int64_t column = 0; column < columns; ++column)
          multiplyAdd(row, column, x, kept[column]);
      }
      return accumulators;
    }
    SmallVector<SmallVector<Value>> kept;
    for (int64_t row = 0; row < rows; ++row)
      kept.push_back(activations(row));
    for (int64_t s = 0; s < steps; ++s)
      for (int64_t column = 0; column < columns; ++column) {
        Value w = weights(s, column);
        for (int64_t row = 0; row < rows; ++row)
          multiplyAdd(row, column, kept[row][s], w);
      }
    return accumulators;
  }

  /// Neighbouring steps whose products are summed in 16 bits.
  SmallVector<Value> multiplySummed(Value a, Value step, int64_t steps,
                                    SmallVector<Value> accumulators) {
    int64_t columns = blocks * dot.parts();
    SmallVector<SmallVector<Value>> activations;
    for (int64_t row = 0; row < rows; ++row)
      activations.push_back(dot.loadActivations(
          op.getA(), k.add(a, rowOffset(row, op.getARowStrides())), steps));
    for (int64_t column = 0; column < columns; ++column) {
      SmallVector<Value> weights;
      for (int64_t s = 0; s < steps; ++s)
        weights.push_back(
            dot.loadWeights(op.getB(), weightsAt(k.add(step, s), column)));
      for (int64_t row = 0; row < rows; ++row) {
        Value &acc = accumulators[row * columns + column];
        acc = dot.multiplyAddProved(acc, activations[row], weights);
      }
    }
    return accumulators;
  }

  /// The accumulators of neighbouring rows as squares; an odd last row is its
  /// own neighbour.
  SmallVector<Value> toPairs(ArrayRef<Value> accumulators) {
    int64_t columns = blocks * dot.parts();
    SmallVector<Value> squares;
    for (int64_t row = 0; row < rows; row += 2)
      for (int64_t column = 0; column < columns; ++column) {
        int64_t other = std::min(row + 1, rows - 1);
        auto [x, y] = dot.pairRows(accumulators[row * columns + column],
                                   accumulators[other * columns + column]);
        squares.append({x, y});
      }
    return squares;
  }
  SmallVector<Value> fromPairs(ArrayRef<Value> squares) {
    int64_t columns = blocks * dot.parts();
    SmallVector<Value> accumulators(llvm::alignTo(rows, 2) * columns);
    for (int64_t row = 0; row < rows; row += 2)
      for (int64_t column = 0; column < columns; ++column) {
        int64_t i = row * columns + 2 * column;
        std::tie(accumulators[row * columns + column],
                 accumulators[(row + 1) * columns + column]) =
            dot.pairRows(squares[i], squares[i + 1]);
      }
    accumulators.resize(rows * columns);
    return accumulators;
  }

  /// One or two neighbouring steps: every two rows times every two columns.
  SmallVector<Value> multiplyPairs(Value a, Value step, int64_t steps,
                                   SmallVector<Value> squares) {
    int64_t columns = blocks * dot.parts();
    SmallVector<Value> pairs;
    for (int64_t row = 0; row < rows; row += 2) {
      int64_t other = std::min(row + 1, rows - 1);
      pairs.push_back(dot.loadRowPair(
          op.getA(), k.add(a, rowOffset(row, op.getARowStrides())),
          k.add(a, rowOffset(other, op.getARowStrides())), steps));
    }
    for (int64_t column = 0; column < columns; ++column) {
      Value at = weightsAt(step, column), next;
      if (steps == 2)
        next = weightsAt(k.add(step, 1), column);
      auto [low, high] = dot.loadColumnPairs(op.getB(), at, next);
      for (auto [i, pair] : llvm::enumerate(pairs)) {
        Value *square = &squares[2 * (i * columns + column)];
        square[0] = dot.multiplyPairs(square[0], pair, low);
        square[1] = dot.multiplyPairs(square[1], pair, high);
      }
    }
    return squares;
  }

  void addPieces(int64_t row, int64_t block, ArrayRef<Value> accumulators,
                 SmallVector<Piece> &pieces) {
    int64_t column = block * kBlockColumns;
    Value cOffset = k.add(op.getCOffset(), rowOffset(row, op.getCRowStrides()));
    Value residualOffset;
    if (op.getResidual())
      residualOffset = k.add(op.getResidualOffset(),
                             rowOffset(row, *op.getResidualRowStrides()));
    for (Value sums : dot.sums(accumulators)) {
      int64_t width = std::min<int64_t>(op.getColumns() - column, k.lanes());
      if (width <= 0)
        return;
      if (op.getBias() && dot.sumsPairs())
        sums = k.b.create<arith::AddIOp>(
            sums,
            k.load(op.getBias(), k.add(op.getColumn(), column), k.lanes()));
      pieces.push_back({row, column, width, sums, cOffset, residualOffset});
      column += k.lanes();
    }
  }

  /// Stores floats or accumulators.
  void finishWords(const Piece &piece) {
    Value acc = someLanes(k, piece.sums, 0, piece.width);
    if (!op.getC().getType().getElementType().isInteger(32)) {
      if (!isFloat)
        acc =
            dot.scaled(acc, op.getScale(), k.add(op.getColumn(), piece.column));
      KernelBuilder::Epilogue epilogue;
      epilogue.low = op.getLow();
      epilogue.high = op.getHigh();
      if (op.getResidual())
        epilogue.residual =
            k.load(op.getResidual(), k.add(piece.residualOffset, piece.column),
                   piece.width);
      acc = k.finishFloat(acc, epilogue);
    }
    k.store(acc, op.getC(), k.add(piece.cOffset, piece.column));
  }

  BrgemmOp op;
  KernelBuilder k;
  bool isFloat; ///< sums are
  int64_t stepElements;
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
    getOperation()->walk([&](Operation *op) {
      llvm::TypeSwitch<Operation *>(op)
          .Case([&](BrgemmOp op) {
            OpBuilder builder(op);
            BrgemmLowering(builder, op, *target).run();
            op.erase();
          })
          .Case<TileConfigureOp, TileReleaseOp, TileBrgemmOp, FinishRowsOp>(
              [&](auto op) { lowerTileOp(op, *target); });
    });
  }
};

} // namespace
