//===- Microkernel.cpp - Dialect registration and verifiers ---------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/Microkernel/IR/Microkernel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace mlir::qnn::microkernel;

#include "qnn/Dialect/Microkernel/IR/MicrokernelDialect.cpp.inc"

#define GET_OP_CLASSES
#include "qnn/Dialect/Microkernel/IR/MicrokernelOps.cpp.inc"

void MicrokernelDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "qnn/Dialect/Microkernel/IR/MicrokernelOps.cpp.inc"
      >();
}

bool mlir::qnn::microkernel::isFlatBuffer(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.getRank() == 1 && memref.hasStaticShape() &&
         memref.getLayout().isIdentity() &&
         (memref.getElementType().isInteger(8) ||
          memref.getElementType().isInteger(16) ||
          memref.getElementType().isInteger(32) ||
          memref.getElementType().isInteger(64) ||
          memref.getElementType().isF32());
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel = symbols.lookupNearestSymbolFrom<FunctionOpInterface>(
      *this, getKernelAttr());
  if (!kernel) // launch_c1
    return emitOpError("expected a kernel of the module, got ")
           << getKernelAttr();
  SmallVector<Type> types(getArguments().getTypes());
  if (getUnits())
    types.append(2, IndexType::get(getContext()));
  if (getLayer() && !symbols.lookupNearestSymbolFrom<LayerOp>(
                        *this, getLayerAttr())) // launch_c2
    return emitOpError("expected a layer of the module, got ")
           << getLayerAttr();
  // Functions of the LLVM dialect have no memrefs any more.
  if (isa<func::FuncOp>(kernel) &&
      kernel.getArgumentTypes() != ArrayRef<Type>(types)) // launch_c1
    return emitOpError("expected arguments of the types of ")
           << getKernelAttr() << ": " << kernel.getArgumentTypes() << ", got "
           << types;
  return success();
}

LogicalResult BrgemmOp::verify() {
  if (getRows().size() != 2 || getARowStrides().size() != 2 ||
      getCRowStrides().size() != 2) // brgemm_c1
    return emitOpError("expected two rows, a_row_strides and c_row_strides");
  if (getReduction().empty() ||
      getReduction().size() != getReductionStrides().size()) // brgemm_c1
    return emitOpError("expected equally many reduction sizes and strides, at "
                       "least one");
  Type a = getA().getType().getElementType();
  Type b = getB().getType().getElementType();
  Type c = getC().getType().getElementType();
  bool isFloat =
      ((a.isF32() && b.isF32()) || (a.isInteger(16) && b.isInteger(16))) &&
      c.isF32();
  bool isInteger = a.isInteger(8) && b.isInteger(8) &&
                   (c.isInteger(8) || c.isInteger(32) || c.isF32());
  if (!isFloat && !isInteger) // brgemm_c2
    return emitOpError("expected f32 or i16 operands with an f32 result, or "
                       "i8 operands with an i8, i32 or f32 result, got ")
           << a << ", " << b << ", " << c;
  if (isFloat && getNarrow()) // brgemm_c2
    return emitOpError("expected i8 operands of narrow weights, got ") << b;
  if (c.isInteger(8) && !(getScale() && getZeroPoint() &&
                          bool(getLow()) == bool(getHigh()))) // brgemm_c3
    return emitOpError("expected scale and zero_point, and low with high, for "
                       "an i8 result");
  if (isInteger && c.isF32() && !getScale()) // brgemm_c3
    return emitOpError("expected scale for an f32 result of i8 operands");
  if (getResidual()) { // brgemm_c4
    if (getResidual().getType().getElementType() != c ||
        !getResidualRowStrides() || getResidualRowStrides()->size() != 2)
      return emitOpError("expected a residual of the element type of c with "
                         "two row strides");
    if (c.isInteger(8) && !(getResidualFactor() && getResidualZero()))
      return emitOpError("expected residual_factor and residual_zero for an i8 "
                         "residual");
  }
  if (getColumns() == 0 || int64_t(getColumns()) < 0) // brgemm_c5
    return emitOpError("expected a positive number of columns");
  if (getSteps()) { // brgemm_c6
    if (!isInteger || !getSteps().getType().getElementType().isInteger(16) ||
        !getStepsOffset() || getColumns() > uint64_t(kBlockColumns))
      return emitOpError("expected i16 steps with an offset for at most 16 "
                         "columns of i8");
    if (getReduction().size() > 1 &&
        !(getStepOffsets() &&
          getStepOffsets().getType().getElementType().isInteger(32)))
      return emitOpError("expected i32 step_offsets for steps of several "
                         "reduction loops");
  }
  return success();
}

/// True when `memory` holds elements of type `element`.
static bool holds(Value memory, Type element) {
  return cast<MemRefType>(memory.getType()).getElementType() == element;
}

LogicalResult TileConfigureOp::verify() {
  MemRefType type = getConfig().getType();
  if (!type.getElementType().isInteger(8) ||
      type.getNumElements() != 64) // tile_configure_c1
    return emitOpError("expected 64 elements of i8, got ") << type;
  return success();
}

LogicalResult TileBrgemmOp::verify() {
  auto within = [](uint64_t value, uint64_t most) {
    return value >= 1 && value <= most;
  };
  if (!within(getAOffsets().size(), 2) || !within(getRows(), 16) ||
      !within(getDepth(), 16)) // tile_brgemm_c1
    return emitOpError("expected one or two groups, rows and depth from 1 to "
                       "16");
  if (!within(getColumns(), 32)) // tile_brgemm_c2
    return emitOpError("expected 1 to 32 columns, got ") << getColumns();
  if (getReduction().empty() ||
      getReduction().size() != getReductionStrides().size()) // tile_brgemm_c3
    return emitOpError("expected equally many reduction sizes and strides, at "
                       "least one");
  Builder builder(getContext());
  Type i8 = builder.getI8Type(), i32 = builder.getI32Type();
  if (!holds(getA(), i8) || !holds(getB(), i8) || !holds(getBias(), i32) ||
      !holds(getC(), i32)) // tile_brgemm_c4
    return emitOpError("expected i8 operands, an i32 bias and an i32 result");
  return success();
}

LogicalResult FinishRowsOp::verify() {
  Builder builder(getContext());
  Type i8 = builder.getI8Type();
  if (!holds(getAcc(), builder.getI32Type()) || !holds(getC(), i8) ||
      (!holds(getScale(), builder.getF32Type()) &&
       !holds(getScale(), builder.getI32Type())) ||
      (getResidual() && !holds(getResidual(), i8))) // finish_rows_c1
    return emitOpError("expected i32 accumulators, an f32 or i32 scale, an "
                       "i8 result and residual");
  if ((getResidual() &&
       !(getResidualRowStride() && getResidualFactor() && getResidualZero())) ||
      bool(getLow()) != bool(getHigh())) // finish_rows_c2
    return emitOpError("expected a residual with row stride, factor and zero, "
                       "and low with high");
  if (int64_t(getColumns()) <= 0) // finish_rows_c3
    return emitOpError("expected a positive number of columns");
  return success();
}
