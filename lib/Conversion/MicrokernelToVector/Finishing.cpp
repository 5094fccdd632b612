//===- Finishing.cpp - From accumulators to stored bytes ------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Finishing.h"

using namespace mlir;
using namespace mlir::qnn;

Value qnn::someLanes(KernelBuilder &k, Value vector, int64_t first,
                     int64_t width) {
  if (width == KernelBuilder::widthOf(vector))
    return vector;
  return k.b.create<vector::ExtractStridedSliceOp>(
      vector, ArrayRef<int64_t>{first}, ArrayRef<int64_t>{width},
      ArrayRef<int64_t>{1});
}

static Value roundPiece(KernelBuilder &k, const ByteEpilogue &op,
                        const Piece &piece) {
  KernelBuilder::Epilogue epilogue;
  k.loadScale(epilogue, op.scale, k.add(op.column, piece.column), k.lanes());
  epilogue.low = op.low;
  epilogue.high = op.high;
  if (op.residual)
    epilogue.residual = k.load(
        op.residual, k.add(piece.residualOffset, piece.column), k.lanes());
  epilogue.residualFactor = op.residualFactor;
  epilogue.residualZero = op.residualZero;
  return k.roundQuantized(piece.sums, epilogue);
}

void qnn::finishBytes(KernelBuilder &k, const ByteEpilogue &epilogue,
                      ArrayRef<Piece> pieces) {
  while (!pieces.empty()) {
    ArrayRef<Piece> group = pieces.take_front(4);
    pieces = pieces.drop_front(group.size());
    SmallVector<Value> rounded;
    for (const Piece &piece : group)
      rounded.push_back(roundPiece(k, epilogue, piece));
    rounded.resize(4, rounded.back());
    Value bytes = k.packBytes(rounded, epilogue.zeroPoint);
    for (size_t i = 0; i < group.size();) {
      // Neighbours of one row in one store.
      size_t first = i;
      int64_t width = 0;
      do
        width += group[i++].width;
      while (i < group.size() && group[i].row == group[first].row);
      k.store(someLanes(k, bytes, first * k.lanes(), width), epilogue.c,
              k.add(group[first].cOffset, group[first].column));
    }
  }
}
