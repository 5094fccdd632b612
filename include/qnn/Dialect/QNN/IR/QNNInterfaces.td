//===- QNNInterfaces.td - What passes ask of network ops ----*- tablegen -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Passes are written on these interfaces and never on lists of op types, so
// that a new op joins calibration, quantization and fusion by declaring what
// it is.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_QNN_IR_QNNINTERFACES_TD
#define QNN_DIALECT_QNN_IR_QNNINTERFACES_TD

include "mlir/IR/OpBase.td"

def InferShapeOpInterface : OpInterface<"InferShapeOpInterface"> {
  let cppNamespace = "::mlir::qnn";
  let description = [{
    An op with one result whose shape follows from operand shapes and
    attributes. The verifier compares the result type with it; builders use it
    (`createInferred` in `QNN.h`).
  }];
  let methods = [InterfaceMethod<
    [{Returns the shape of the result. On failure an error has been reported
      through `emitError`.}],
    "::llvm::FailureOr<::llvm::SmallVector<int64_t>>", "inferShape",
    (ins "::llvm::function_ref<::mlir::InFlightDiagnostic()>":$emitError)>];
}

def QuantizableOpInterface : OpInterface<"QuantizableOpInterface"> {
  let cppNamespace = "::mlir::qnn";
  let description = [{
    An op that has an integer form. Tells which operands are activations (carry
    a per-tensor scale), which one is the weight (constant, may carry one scale
    per slice along `getWeightAxis`) and which one is the bias (i32, scale =
    activation scale x weight scale).
  }];
  let methods = [
    InterfaceMethod<"The weight operand, or null.",
      "::mlir::OpOperand *", "getWeightOperand", (ins), "",
      [{ return nullptr; }]>,
    InterfaceMethod<[{The axis of the weight along which it may carry one scale
      per index, or none for per-tensor weights.}],
      "::std::optional<int64_t>", "getWeightAxis", (ins), "",
      [{ return ::std::nullopt; }]>,
    InterfaceMethod<"The bias operand, or null.",
      "::mlir::OpOperand *", "getBiasOperand", (ins), "",
      [{ return nullptr; }]>,
    InterfaceMethod<"The operands that carry a per-tensor activation scale.",
      "::llvm::SmallVector<::mlir::OpOperand *>", "getActivationOperands",
      (ins), "", [{
        ::llvm::SmallVector<::mlir::OpOperand *> result;
        for (::mlir::OpOperand &operand : $_op->getOpOperands())
          if (&operand != $_op.getWeightOperand() &&
              &operand != $_op.getBiasOperand())
            result.push_back(&operand);
        return result;
      }]>,
    InterfaceMethod<[{The range of the result where mathematics fixes it
      (sigmoid: [0, 1]; tanh: [-1, 1]); such results need no
      observation.}],
      "::std::optional<::std::pair<double, double>>", "getFixedResultRange",
      (ins), "", [{ return ::std::nullopt; }]>
  ];
}

def CommutesWithQDQ : OpInterface<"CommutesWithQDQ"> {
  let cppNamespace = "::mlir::qnn";
  let description = [{
    An op `f` that only moves or selects values, so that
    `f(dequantize(q)) = dequantize(f(q))` bit for bit: its result inherits the
    quantized type of its (only) activation operand and needs no scale of its
    own.
  }];
  let methods = [InterfaceMethod<
    [{Whether the law holds for this instance (a `qnn.pad` with a value other
      than zero does not commute).}],
    "bool", "commutesWithQDQ", (ins), "", [{ return true; }]>];
}

def RenamesDimensionsOpInterface
    : OpInterface<"RenamesDimensionsOpInterface"> {
  let cppNamespace = "::mlir::qnn";
  let description = [{
    An op defined index by index, so that a transpose of its operands is a
    transpose of its result: `f(transpose(x, p)) = transpose(f'(x), p')`, where
    `f'` is `f` with the dimensions its attributes speak of renamed. All
    operands have one rank, or broadcast to it.
  }];
  let methods = [InterfaceMethod<
    [{Renames dimension k to `permutation[k]` in `attributes`, a copy of this
      op's, which then are those of `f'`. Returns `p'`.}],
    "::llvm::SmallVector<int64_t>", "renameDimensions",
    (ins "::llvm::ArrayRef<int64_t>":$permutation,
         "::mlir::NamedAttrList &":$attributes), "",
    [{ return ::llvm::SmallVector<int64_t>(permutation); }]>];
}

def RequantFusableOpInterface : OpInterface<"RequantFusableOpInterface"> {
  let cppNamespace = "::mlir::qnn";
  let description = [{
    An op that finishes with "scale, add zero point, clamp": a following
    ReLU, ReLU6 or clip becomes its clamp bounds, and (when its result is an
    i32 accumulator) a following `qnn.requantize` becomes its result type.
    Bounds are real numbers, so they mean the same in float and quantized form.
  }];
  let methods = [
    InterfaceMethod<"The lower bound, or null for none.",
      "::mlir::FloatAttr", "getClampMinAttr", (ins)>,
    InterfaceMethod<"The upper bound, or null for none.",
      "::mlir::FloatAttr", "getClampMaxAttr", (ins)>,
    InterfaceMethod<"Sets or (null) removes the lower bound.",
      "void", "setClampMinAttr", (ins "::mlir::FloatAttr":$bound)>,
    InterfaceMethod<"Sets or (null) removes the upper bound.",
      "void", "setClampMaxAttr", (ins "::mlir::FloatAttr":$bound)>,
    InterfaceMethod<[{The operand that takes a fused residual, as a mutable
      range of size 0 or 1; none for ops that cannot add one.}],
      "::std::optional<::mlir::MutableOperandRange>", "getResidualRange",
      (ins), "", [{ return ::std::nullopt; }]>,
    InterfaceMethod<[{The operand that takes a fused bias, as a mutable range
      of size 0 or 1; none for ops without bias.}],
      "::std::optional<::mlir::MutableOperandRange>", "getBiasRange",
      (ins), "", [{ return ::std::nullopt; }]>
  ];
}

#endif // QNN_DIALECT_QNN_IR_QNNINTERFACES_TD
