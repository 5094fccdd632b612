//===- Microkernel.h - The microkernel dialect ------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The ops between schedules and instructions; see MicrokernelOps.td. Schedules
// (Conversion/QNNToMicrokernel) create them, Conversion/MicrokernelToVector and
// Conversion/MicrokernelToLLVM remove them.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_MICROKERNEL_IR_MICROKERNEL_H
#define QNN_DIALECT_MICROKERNEL_IR_MICROKERNEL_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::qnn::microkernel {

/// Columns of one packed block of `b`, the same for every level.
inline constexpr int64_t kBlockColumns = 16;
/// Neighbouring 8-bit elements that one packed column holds per step.
inline constexpr int64_t kStepElements = 4;

/// The same for any element that is multiplied: what fills 32 bits.
inline int64_t getStepElements(Type element) {
  return 32 / element.getIntOrFloatBitWidth();
}

/// On the call of a kernel whose steps were proved (StepProof.h), three i64:
/// pairs of weights, those in steps that fit 16 bits, those of them in steps
/// that fit 16 bits two by two.
inline constexpr llvm::StringLiteral
    kProvedPairsAttr("microkernel.proved_pairs");

/// True for a rank-1 static memref of i8, i16, i32, i64 or f32.
bool isFlatBuffer(Type type);

} // namespace mlir::qnn::microkernel

#include "qnn/Dialect/Microkernel/IR/MicrokernelDialect.h.inc"

#define GET_OP_CLASSES
#include "qnn/Dialect/Microkernel/IR/MicrokernelOps.h.inc"

#endif // QNN_DIALECT_MICROKERNEL_IR_MICROKERNEL_H
