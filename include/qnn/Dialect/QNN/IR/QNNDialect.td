//===- QNNDialect.td - The qnn dialect ----------------------*- tablegen -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_QNN_IR_QNNDIALECT_TD
#define QNN_DIALECT_QNN_IR_QNNDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/EnumAttr.td"

def QNN_Dialect : Dialect {
  let name = "qnn";
  let cppNamespace = "::mlir::qnn";
  let summary = "Neural network operations on float and quantized tensors";
  let description = [{
    Every operation works on ranked, statically shaped tensors whose element
    type is `f32` (the float form) or `!quant.uniform` (the quantized form); a
    few ops also on tensors of `i1`, `i32` and `i64`.
    Images are NHWC, convolution weights are OHWI. The arithmetic of both forms
    is defined in `docs/Numerics.md` and executed by the reference interpreter.

    The graph goes through four stages: *Graph* (float ops), *Calibrated*
    (`qnn.observe` with ranges), *QDQ* (`quant.qcast`/`quant.dcast` around float
    ops) and *Quantized* (ops directly on quantized tensors).
  }];
  let dependentDialects = ["::mlir::quant::QuantizationDialect"];
  let hasConstantMaterializer = 1;
}

//===----------------------------------------------------------------------===//
// Type constraints
//===----------------------------------------------------------------------===//

/// A tensor that carries activations: f32, or quantized with one scale.
def QNN_Tensor : Type<
    CPred<"::mlir::qnn::isActivationTensor($_self)">,
    "statically shaped tensor of f32 or per-tensor !quant.uniform values",
    "::mlir::RankedTensorType">;

/// A tensor that may also carry one scale per channel: a weight, a bias or an
/// accumulator.
def QNN_PerAxisTensor : Type<
    CPred<"::mlir::qnn::isNetworkTensor($_self)">,
    "statically shaped tensor of f32 or !quant.uniform values",
    "::mlir::RankedTensorType">;

/// A tensor whose elements are numbers or bools as they are.
def QNN_PlainTensor : Type<
    CPred<"::mlir::qnn::isPlainTensor($_self)">,
    "statically shaped tensor of f32, i1, i32 or i64 values",
    "::mlir::RankedTensorType">;

/// What ops that only move values take.
def QNN_ValueTensor : Type<
    CPred<"::mlir::qnn::isActivationTensor($_self) || "
          "::mlir::qnn::isPlainTensor($_self)">,
    "statically shaped tensor of f32, i1, i32, i64 or per-tensor !quant.uniform "
    "values", "::mlir::RankedTensorType">;

def QNN_ConstantTensor : Type<
    CPred<"::mlir::qnn::isNetworkTensor($_self) || "
          "::mlir::qnn::isPlainTensor($_self) || "
          "::mlir::qnn::isBF16Tensor($_self)">,
    "statically shaped tensor of f32, bf16, i1, i32, i64 or !quant.uniform "
    "values",
    "::mlir::RankedTensorType">;

/// A tensor that a product multiplies: an activation, in f32, bf16 or integers.
def QNN_FactorTensor : Type<
    CPred<"::mlir::qnn::isActivationTensor($_self) || "
          "::mlir::qnn::isBF16Tensor($_self)">,
    "statically shaped tensor of f32, bf16 or per-tensor !quant.uniform values",
    "::mlir::RankedTensorType">;

/// The same for weights and constants, which may have one scale per channel.
def QNN_WeightTensor : Type<
    CPred<"::mlir::qnn::isNetworkTensor($_self) || "
          "::mlir::qnn::isBF16Tensor($_self)">,
    "statically shaped tensor of f32, bf16 or !quant.uniform values",
    "::mlir::RankedTensorType">;

def QNN_BF16Tensor : Type<
    CPred<"::mlir::qnn::isBF16Tensor($_self)">,
    "statically shaped tensor of bf16 values", "::mlir::RankedTensorType">;

def QNN_F32Tensor : Type<
    CPred<"::mlir::qnn::isFloatTensor($_self)">,
    "statically shaped tensor of f32 values", "::mlir::RankedTensorType">;

#endif // QNN_DIALECT_QNN_IR_QNNDIALECT_TD
