//===- Finishing.h - From accumulators to stored bytes ----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The i8 epilogue of microkernel.brgemm and microkernel.finish_rows: registers
// of i32 sums are scaled, rounded, packed four at a time and stored.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_MICROKERNELTOVECTOR_FINISHING_H
#define QNN_LIB_CONVERSION_MICROKERNELTOVECTOR_FINISHING_H

#include "qnn/Conversion/KernelBuilder.h"

namespace mlir::qnn {

/// One register of sums of one row.
struct Piece {
  int64_t row;    ///< tells rows apart
  int64_t column; ///< of the first lane
  int64_t width;  ///< how many lanes are columns
  Value sums;
  Value cOffset, residualOffset; ///< of column 0; the latter may be null
};

/// What the pieces of one op share: operands of the op, absent ones null.
struct ByteEpilogue {
  template <typename OpT>
  explicit ByteEpilogue(OpT op)
      : c(op.getC()), scale(op.getScale()), residual(op.getResidual()),
        column(op.getColumn()), low(op.getLow()), high(op.getHigh()),
        zeroPoint(op.getZeroPoint()), residualFactor(op.getResidualFactor()),
        residualZero(op.getResidualZero()) {}

  Value c, scale, residual; ///< memory
  Value column;             ///< index into scale of column 0
  Value low, high, zeroPoint, residualFactor, residualZero;
};

/// `width` lanes of `vector` from `first` on.
Value someLanes(KernelBuilder &k, Value vector, int64_t first, int64_t width);

/// Stores the bytes of `pieces`, which are in the order of rows and columns.
void finishBytes(KernelBuilder &k, const ByteEpilogue &epilogue,
                 ArrayRef<Piece> pieces);

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_MICROKERNELTOVECTOR_FINISHING_H
