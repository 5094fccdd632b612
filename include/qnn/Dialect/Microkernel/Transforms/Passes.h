//===- Passes.h - Passes on buffers and microkernels ------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Factories of the passes in Passes.td; run by buildKernelPipeline between
// convert-qnn-to-microkernel and the conversion to LLVM.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_MICROKERNEL_TRANSFORMS_PASSES_H
#define QNN_DIALECT_MICROKERNEL_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::qnn {

/// Attributes that microkernel-plan-memory leaves on the entry function (i64,
/// bytes) and on every memref.global (i64, byte offset into the constants).
inline constexpr llvm::StringLiteral kArenaBytesAttr("microkernel.arena_bytes");
inline constexpr llvm::StringLiteral kLiveBytesAttr("microkernel.live_bytes");
inline constexpr llvm::StringLiteral kOffsetAttr("microkernel.offset");

/// Alignment of buffers in the arena and of the arena itself, in bytes.
inline constexpr int64_t kBufferAlignment = 64;

/// Alignment of a constant of `bytes` bytes: whole cache lines for weights, the
/// element for what is read once per channel.
inline int64_t getConstantAlignment(int64_t bytes) {
  return bytes >= 1024 ? kBufferAlignment : 4;
}

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qnn/Dialect/Microkernel/Transforms/Passes.h.inc"

} // namespace mlir::qnn

#endif // QNN_DIALECT_MICROKERNEL_TRANSFORMS_PASSES_H
