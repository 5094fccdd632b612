//===- QNNGeneral.td - Ops on tensors of any element type ---*- tablegen -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What networks need beside their layers: functions, comparisons and selections
// of elements, reductions, indices. Most have no integer form and run in float;
// many work on tensors of integers and of bools too. Included by QNNOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_QNN_IR_QNNGENERAL_TD
#define QNN_DIALECT_QNN_IR_QNNGENERAL_TD

//===----------------------------------------------------------------------===//
// Functions of elements
//===----------------------------------------------------------------------===//

def QNN_UnaryFunction : I32EnumAttr<"UnaryFunction",
    "a function of one real number", [
      I32EnumAttrCase<"Elu", 0, "elu">,
      I32EnumAttrCase<"Softplus", 1, "softplus">,
      I32EnumAttrCase<"Softsign", 2, "softsign">,
      I32EnumAttrCase<"Mish", 3, "mish">,
      I32EnumAttrCase<"ThresholdedRelu", 4, "thresholded_relu">,
      I32EnumAttrCase<"Shrink", 5, "shrink">,
      I32EnumAttrCase<"Neg", 6, "neg">,
      I32EnumAttrCase<"Abs", 7, "abs">,
      I32EnumAttrCase<"Sign", 8, "sign">,
      I32EnumAttrCase<"Ceil", 9, "ceil">,
      I32EnumAttrCase<"Floor", 10, "floor">,
      I32EnumAttrCase<"Round", 11, "round">,
      I32EnumAttrCase<"Exp", 12, "exp">,
      I32EnumAttrCase<"Log", 13, "log">,
      I32EnumAttrCase<"Reciprocal", 14, "reciprocal">,
      I32EnumAttrCase<"Sin", 15, "sin">,
      I32EnumAttrCase<"Cos", 16, "cos">,
      I32EnumAttrCase<"Tan", 17, "tan">,
      I32EnumAttrCase<"Asin", 18, "asin">,
      I32EnumAttrCase<"Acos", 19, "acos">,
      I32EnumAttrCase<"Atan", 20, "atan">,
      I32EnumAttrCase<"Sinh", 21, "sinh">,
      I32EnumAttrCase<"Cosh", 22, "cosh">,
      I32EnumAttrCase<"Asinh", 23, "asinh">,
      I32EnumAttrCase<"Acosh", 24, "acosh">,
      I32EnumAttrCase<"Atanh", 25, "atanh">]> {
  let cppNamespace = "::mlir::qnn";
}

def QNN_UnaryOp : QNN_ShapedOp<"unary", [SameOperandsAndResultShape,
    DeclareOpInterfaceMethods<RenamesDimensionsOpInterface>,
    DeclareOpInterfaceMethods<QuantizableOpInterface>]> {
  let summary = "a function of every element";
  let description = [{
    Computes `y = function(x)`. Three functions have parameters:

    - `elu`: `x > 0 ? beta * x : alpha * (exp(gamma * x) - 1)`, which is ELU,
      SELU and CELU;
    - `thresholded_relu`: `x > alpha ? x : 0`;
    - `shrink`: `x < -alpha ? x + beta : x > alpha ? x - beta : 0`.

    Quantized: `y = quantize(f(dequantize(x)))`, a table of 256 entries at run
    time. `qnn-assign-precision` leaves those functions float whose values no
    scale covers well (`exp`, `log`, `reciprocal`, trigonometry).

    - unary_c1: operand and result are both float or both quantized.

    Example:
    ```mlir
    %y = qnn.unary elu %x {alpha = 1.0 : f32, beta = 1.0 : f32, gamma = 1.0 : f32}
         : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins QNN_UnaryFunction:$function, QNN_Tensor:$input,
      DefaultValuedAttr<F32Attr, "0.0">:$alpha,
      DefaultValuedAttr<F32Attr, "0.0">:$beta,
      DefaultValuedAttr<F32Attr, "0.0">:$gamma);
  let results = (outs QNN_Tensor:$result);
  let assemblyFormat = [{
    $function $input attr-dict `:` functional-type(operands, results)
  }];
}

def QNN_BinaryFunction : I32EnumAttr<"BinaryFunction",
    "a function of two numbers", [
      I32EnumAttrCase<"Max", 0, "max">,
      I32EnumAttrCase<"Min", 1, "min">,
      I32EnumAttrCase<"Pow", 2, "pow">,
      I32EnumAttrCase<"Prelu", 3, "prelu">,
      I32EnumAttrCase<"Add", 4, "add">,
      I32EnumAttrCase<"Sub", 5, "sub">,
      I32EnumAttrCase<"Mul", 6, "mul">,
      I32EnumAttrCase<"Div", 7, "div">,
      I32EnumAttrCase<"Rem", 8, "rem">,
      I32EnumAttrCase<"Mod", 9, "mod">,
      I32EnumAttrCase<"And", 10, "and">,
      I32EnumAttrCase<"Or", 11, "or">,
      I32EnumAttrCase<"Xor", 12, "xor">]> {
  let cppNamespace = "::mlir::qnn";
}

/// Operands of one element type, broadcast to the shape of the result.
class QNN_BroadcastOp<string mnemonic>
    : QNN_ShapedOp<mnemonic, [
        DeclareOpInterfaceMethods<RenamesDimensionsOpInterface>]>;

def QNN_BinaryOp : QNN_BroadcastOp<"binary"> {
  let summary = "a function of every pair of elements, with broadcasting";
  let description = [{
    On floats: `max`, `min`, `pow`, `prelu` (`a < 0 ? a * b : a`). On i32 and
    i64, with wrap-around: `max`, `min`, `add`, `sub`, `mul`, `div` (towards
    zero), `rem` (sign of a), `mod` (sign of b), `and`, `or`, `xor`; a division
    by zero gives 0. On i1: `and`, `or`, `xor`. On 8-bit values of one scale: `max`
    and `min` of the stored integers.

    - binary_c1: shapes broadcast to the shape of the result.
    - binary_c2: operands and result have one element type, for which the
      function is defined.

    Example:
    ```mlir
    %y = qnn.binary max %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins QNN_BinaryFunction:$function, QNN_ValueTensor:$lhs,
                       QNN_ValueTensor:$rhs);
  let results = (outs QNN_ValueTensor:$result);
  let assemblyFormat = [{
    $function $lhs `,` $rhs attr-dict `:` functional-type(operands, results)
  }];
}

def QNN_CompareFunction : I32EnumAttr<"CompareFunction",
    "a comparison of two numbers", [
      I32EnumAttrCase<"Equal", 0, "equal">,
      I32EnumAttrCase<"Less", 1, "less">,
      I32EnumAttrCase<"LessOrEqual", 2, "less_or_equal">]> {
  let cppNamespace = "::mlir::qnn";
}

def QNN_CompareOp : QNN_BroadcastOp<"compare"> {
  let summary = "compares every pair of elements, with broadcasting";
  let description = [{
    Nothing equals NaN, and NaN is less than nothing.

    - compare_c1: shapes broadcast to the shape of the result.
    - compare_c2: operands have one element type, the result is of bools.

    Example:
    ```mlir
    %y = qnn.compare less %a, %b : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
    ```
  }];
  let arguments = (ins QNN_CompareFunction:$function, QNN_PlainTensor:$lhs,
                       QNN_PlainTensor:$rhs);
  let results = (outs QNN_PlainTensor:$result);
  let assemblyFormat = [{
    $function $lhs `,` $rhs attr-dict `:` functional-type(operands, results)
  }];
}

def QNN_SelectOp : QNN_BroadcastOp<"select"> {
  let summary = "chooses between two tensors, element by element";
  let description = [{
    `y = condition ? a : b`, with broadcasting.

    - select_c1: shapes broadcast to the shape of the result.
    - select_c2: the condition is of bools, the others have one element type.

    Example:
    ```mlir
    %y = qnn.select %c, %a, %b
         : (tensor<2x1xi1>, tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins QNN_PlainTensor:$condition, QNN_PlainTensor:$lhs,
                       QNN_PlainTensor:$rhs);
  let results = (outs QNN_PlainTensor:$result);
  let assemblyFormat = [{
    $condition `,` $lhs `,` $rhs attr-dict `:` functional-type(operands, results)
  }];
}

def QNN_CastOp : QNN_ShapedOp<"cast", [SameOperandsAndResultShape,
    DeclareOpInterfaceMethods<RenamesDimensionsOpInterface>]> {
  let summary = "numbers as numbers of another type";
  let description = [{
    From f32 to integers towards zero, to the nearest end of the type where the
    number is beyond it, NaN to 0. From i64 to i32 the low bits. To f32 the
    nearest number. To i1 whether the number is not zero.

    - cast_c1: operand and result have the same shape.

    Example:
    ```mlir
    %y = qnn.cast %x : (tensor<2x3xi64>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins QNN_PlainTensor:$input);
  let results = (outs QNN_PlainTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

def QNN_ReduceFunction : I32EnumAttr<"ReduceFunction",
    "how a reduction combines elements", [
      I32EnumAttrCase<"Sum", 0, "sum">,
      I32EnumAttrCase<"Prod", 1, "prod">,
      I32EnumAttrCase<"Max", 2, "max">,
      I32EnumAttrCase<"Min", 3, "min">]> {
  let cppNamespace = "::mlir::qnn";
}

def QNN_ReduceOp : QNN_ShapedOp<"reduce", [
    DeclareOpInterfaceMethods<RenamesDimensionsOpInterface,
        ["renameDimensions"]>]> {
  let summary = "sum, product, maximum or minimum over axes";
  let description = [{
    Combines in row-major order of the input, starting at 0, 1, or the least or
    greatest number of the type; a maximum takes `v` when `best < v`. Integers
    wrap around. For a mean there is `qnn.reduce_mean`.

    - reduce_c1: axes are distinct, ascending and within the rank.
    - reduce_c2: operand and result have one element type, not i1; of 8-bit values
      there are `max` and `min`.

    Example:
    ```mlir
    %y = qnn.reduce max %x {axes = array<i64: 1, 2>, keep_dims = false}
         : (tensor<1x4x4x8xf32>) -> tensor<1x8xf32>
    ```
  }];
  let arguments = (ins QNN_ReduceFunction:$function, QNN_ValueTensor:$input,
      DenseI64ArrayAttr:$axes, DefaultValuedAttr<BoolAttr, "true">:$keep_dims);
  let results = (outs QNN_ValueTensor:$result);
  let assemblyFormat = [{
    $function $input attr-dict `:` functional-type(operands, results)
  }];
}

def QNN_TopKOp : QNN_ShapedOp<"top_k", [
    DeclareOpInterfaceMethods<RenamesDimensionsOpInterface,
        ["renameDimensions"]>]> {
  let summary = "where the k largest elements along an axis are";
  let description = [{
    The indices of the `k` largest (`largest = false`: smallest) elements along
    `axis`, in this order; of equal ones the first index comes first, or, with
    `last`, the last. Dimension `axis` of the result has size `k`. NaN is the
    worst of all. With `k` 1 this is ArgMax and ArgMin.

    - top_k_c1: axis within the rank, k within the size of the dimension.
    - top_k_c2: the operand is of numbers, not of bools, the result of i64.

    Example:
    ```mlir
    %y = qnn.top_k %x {axis = 1 : i64, k = 5 : i64} : (tensor<1x10xf32>) -> tensor<1x5xi64>
    ```
  }];
  let arguments = (ins QNN_ValueTensor:$input, I64Attr:$axis, I64Attr:$k,
      DefaultValuedAttr<BoolAttr, "true">:$largest,
      DefaultValuedAttr<BoolAttr, "false">:$last);
  let results = (outs QNN_PlainTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

def QNN_GatherOp : QNN_ShapedOp<"gather"> {
  let summary = "slices at computed indices";
  let description = [{
    `y[i.., j.., k..] = data[i.., indices[j..], k..]` with `i..` the dimensions
    before `axis` (ONNX Gather). An index below 0 counts from the end. One that
    is still outside reads the nearest slice: memory is never left.

    - gather_c1: axis within the rank of the data, whose size there is not 0.
    - gather_c2: indices are i32 or i64, the result has the element type of the
      data.

    Example:
    ```mlir
    %y = qnn.gather %table, %tokens {axis = 0 : i64}
         : (tensor<100x8xf32>, tensor<1x4xi64>) -> tensor<1x4x8xf32>
    ```
  }];
  let arguments = (ins QNN_ValueTensor:$data, QNN_PlainTensor:$indices,
                       I64Attr:$axis);
  let results = (outs QNN_ValueTensor:$result);
  let assemblyFormat = [{
    $data `,` $indices attr-dict `:` functional-type(operands, results)
  }];
}

def QNN_TakeOp : QNN_MovementOp<"take", [], [
    DeclareOpInterfaceMethods<RenamesDimensionsOpInterface,
        ["renameDimensions"]>]> {
  let summary = "slices at constant indices along an axis";
  let description = [{
    Slice i of the result is slice `indices[i]` of the operand: padding that
    mirrors or repeats, tiles, permutations of channels.

    - take_c1: axis within the rank, every index within the dimension.
    - take_c2: operand and result have the same element type.

    Example:
    ```mlir
    %y = qnn.take %x {axis = 1 : i64, indices = array<i64: 1, 0, 1, 2, 1>}
         : (tensor<2x3xf32>) -> tensor<2x5xf32>
    ```
  }];
  let arguments = (ins QNN_ValueTensor:$input, I64Attr:$axis,
                       DenseI64ArrayAttr:$indices);
}

def QNN_ResampleOp : QNN_ShapedOp<"resample", [
    DeclareOpInterfaceMethods<RenamesDimensionsOpInterface,
        ["renameDimensions"]>]> {
  let summary = "weighted sums of slices along an axis";
  let description = [{
    `y[.., i, ..] = sum over t of weights[i * taps + t] * x[.., indices[i * taps
    + t], ..]`, with `offsets[i]` added where there are offsets: linear and cubic
    interpolation. One f32 product and one f32 sum for each tap, in ascending
    order; the first product starts the sum.

    In fixed point `sum(1024 * weight * q)` over stored 8-bit integers is a tensor
    of i32; over these, or over 8-bit integers, to 8 bits it is divided by 2^20 or
    2^10, halves away from zero.

    - resample_c1: axis within the rank, `taps` positive, as many indices as
      weights, a multiple of taps, every index within the dimension.
    - resample_c2: `offsets` is empty or has one number per slice of the result.
    - resample_c3: operand and result are f32; or i32 or 8 bits, not both i32, both
      8 bits of one type, without offsets, the weights of a slice multiples of 2^-10
      with a sum of magnitudes of at most 2.

    Example:
    ```mlir
    %y = qnn.resample %x {axis = 1 : i64, taps = 2 : i64,
           indices = array<i64: 0, 1, 1, 2>, weights = array<f32: 0.5, 0.5, 0.5, 0.5>}
         : (tensor<2x3xf32>) -> tensor<2x2xf32>
    ```
  }];
  let arguments = (ins QNN_ValueTensor:$input, I64Attr:$axis, I64Attr:$taps,
      DenseI64ArrayAttr:$indices, DenseF32ArrayAttr:$weights,
      DefaultValuedAttr<DenseF32ArrayAttr, "{}">:$offsets);
  let results = (outs QNN_ValueTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

#endif // QNN_DIALECT_QNN_IR_QNNGENERAL_TD
