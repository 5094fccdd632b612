//===- QNNOps.td - Network operations -----------------------*- tablegen -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Labels like conv2d_c1 name one constraint each: they stand in the op
// description, beside the check in QNNOps.cpp and in test/Dialect/QNN/invalid.mlir.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_QNN_IR_QNNOPS_TD
#define QNN_DIALECT_QNN_IR_QNNOPS_TD

include "qnn/Dialect/QNN/IR/QNNDialect.td"
include "qnn/Dialect/QNN/IR/QNNInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/OpAsmInterface.td"

class QNN_Op<string mnemonic, list<Trait> traits = []>
    : Op<QNN_Dialect, mnemonic, !listconcat([Pure], traits)>;

/// An op with one tensor result whose shape is inferred and verified.
class QNN_ShapedOp<string mnemonic, list<Trait> traits = []>
    : QNN_Op<mnemonic, !listconcat([
        DeclareOpInterfaceMethods<InferShapeOpInterface>], traits)> {
  let hasVerifier = 1;
}

/// The optional real-valued bounds of a fused ReLU, ReLU6 or clip.
defvar QNN_ClampAttrs = (ins OptionalAttr<F32Attr>:$clamp_min,
                             OptionalAttr<F32Attr>:$clamp_max);

//===----------------------------------------------------------------------===//
// Constants and scale bookkeeping
//===----------------------------------------------------------------------===//

def QNN_ConstantOp : QNN_Op<"constant", [ConstantLike]> {
  let summary = "a constant tensor";
  let description = [{
    The value is stored as f32, bf16, i1, i32 or i64, or as the storage type of
    the quantized result (i8 for `!quant.uniform<i8:f32, ...>`).

    - constant_c1: shape and storage type of `value` are those of the result.

    Example:
    ```mlir
    %w = qnn.constant dense<[1, -2]> : tensor<2xi8>
           as tensor<2x!quant.uniform<i8:f32, 5.0e-01>>
    %b = qnn.constant dense<0.5> : tensor<2xf32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs QNN_ConstantTensor:$result);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasFolder = 1;
  let builders = [OpBuilder<(ins "::mlir::ElementsAttr":$value), [{
    build($_builder, $_state, value.getType(), value);
  }]>];
}

def QNN_ObserveOp : QNN_Op<"observe", [AllTypesMatch<["input", "result"]>]> {
  let summary = "marks a tensor that will carry a scale";
  let description = [{
    The identity. `qnn-insert-observers` creates it, the calibration run feeds
    it, `qnn-apply-ranges` writes `min` and `max`, `qnn-quantize` replaces it by
    a `quant.qcast`/`quant.dcast` pair (or nothing, where the tensor stays
    float).

    - observe_c1: `min` and `max` come together, are finite, and min <= max.

    Example:
    ```mlir
    %1 = qnn.observe %0 as "conv1" range [-1.0, 2.5] : tensor<1x8x8x16xf32>
    ```
  }];
  let arguments = (ins QNN_F32Tensor:$input, StrAttr:$name,
                       OptionalAttr<F32Attr>:$min, OptionalAttr<F32Attr>:$max);
  let results = (outs QNN_F32Tensor:$result);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def QNN_ToBF16Op : QNN_Op<"to_bf16", [SameOperandsAndResultShape]> {
  let summary = "rounds to bf16 for a product";
  let description = [{
    The nearest bf16 value, ties to even; +0 where the magnitude is below 2^-56
    (see "bf16" in docs/Numerics.md). `qnn-round-to-bf16` creates it;
    `qnn.conv2d`, `qnn.fully_connected` and `qnn.matmul` read it.

    Example:
    ```mlir
    %1 = qnn.to_bf16 %0 : tensor<1x8x8x16xf32> -> tensor<1x8x8x16xbf16>
    ```
  }];
  let arguments = (ins QNN_F32Tensor:$input);
  let results = (outs QNN_BF16Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def QNN_RequantizeOp : QNN_ShapedOp<"requantize", [
    SameOperandsAndResultShape]> {
  let summary = "changes the quantized type of a tensor";
  let description = [{
    `q' = clamp(roundeven(f32(q - z) * f32(s / s')) + z')`; `input` may be an
    i32 accumulator with one scale per channel. `qnn-fold-qdq` creates it from
    `qcast(dcast(x))`, `qnn-fuse-epilogue` merges it into the producer of an
    accumulator.

    - requantize_c1: both element types are quantized.

    Example:
    ```mlir
    %1 = qnn.requantize %0 : tensor<4x!quant.uniform<i8:f32, 5.0e-01>>
           -> tensor<4x!quant.uniform<i8:f32, 2.5e-01:3>>
    ```
  }];
  let arguments = (ins QNN_PerAxisTensor:$input);
  let results = (outs QNN_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Convolution and matrix products
//===----------------------------------------------------------------------===//

def QNN_Conv2DOp : QNN_ShapedOp<"conv2d", [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<QuantizableOpInterface,
        ["getWeightOperand", "getWeightAxis", "getBiasOperand"]>,
    DeclareOpInterfaceMethods<RequantFusableOpInterface,
        ["getResidualRange", "getBiasRange"]>]> {
  let summary = "2-D convolution with optional bias, residual and clamp";
  let description = [{
    `y[n,h,w,o] = clamp(bias[o] + sum x[n, h*sh + i*dh - top, w*sw + j*dw - left,
    g*I + c] * weight[o,i,j,c] + residual[n,h,w,o])` with `g = o / (O/groups)`.
    Input NHWC, weight OHWI (`I` = input channels per group), padding
    `[top, left, bottom, right]`, padded values are (real) zero. Depthwise
    convolution is `groups = C`.

    The quantized form accumulates `(q - z) * w` exactly in i32. Its result is
    an activation, or, when the element type of the result is an i32 type with
    zero point 0, the accumulator itself. The bf16 form multiplies bf16 values
    and has an f32 result (docs/Numerics.md).

    The importer creates it; `qnn-fuse-epilogue` adds `bias`, `residual` and the
    clamp bounds; `convert-qnn-to-microkernel` removes it.

    - conv2d_c1: input and weight have rank 4.
    - conv2d_c2: `strides` and `dilations` are two positive numbers each.
    - conv2d_c3: `padding` is four non-negative numbers.
    - conv2d_c4: `groups` is positive and divides input and output channels,
      and the weight has input channels / groups as its last dimension.
    - conv2d_c5: bias is of shape [output channels].
    - conv2d_c6: the dilated kernel fits the padded input.
    - conv2d_c7: input, weight and result are all float or all quantized; the
      weight is symmetric (zero point 0), per tensor or per axis 0, and has at
      most 8 bits. Input and weight are both bf16 or neither is.
    - conv2d_c8: a quantized bias is i32 with scale input x weight.
    - conv2d_c9: the residual has the shape of the result and is quantized
      exactly when the result is; an accumulator result takes no residual and
      no clamp.
    - conv2d_c10: a bf16 weight of several groups has an even last dimension.

    Example:
    ```mlir
    %y = qnn.conv2d %x, %w bias(%b) residual(%r)
           {clamp_min = 0.0 : f32, padding = array<i64: 1, 1, 1, 1>}
         : (tensor<1x8x8x3xf32>, tensor<16x3x3x3xf32>, tensor<16xf32>,
            tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32>
    ```
  }];
  let arguments = !con((ins QNN_FactorTensor:$input, QNN_WeightTensor:$weight,
      Optional<QNN_PerAxisTensor>:$bias, Optional<QNN_Tensor>:$residual,
      DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides,
      DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$padding,
      DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations,
      DefaultValuedAttr<I64Attr, "1">:$groups), QNN_ClampAttrs);
  let results = (outs QNN_PerAxisTensor:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` `(` $bias^ `)`)? (`residual` `(` $residual^ `)`)?
    attr-dict `:` functional-type(operands, results)
  }];
}

def QNN_FullyConnectedOp : QNN_ShapedOp<"fully_connected", [
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<QuantizableOpInterface,
        ["getWeightOperand", "getWeightAxis", "getBiasOperand"]>,
    DeclareOpInterfaceMethods<RequantFusableOpInterface,
        ["getResidualRange", "getBiasRange"]>]> {
  let summary = "fully connected layer with optional bias, residual and clamp";
  let description = [{
    `y[..., o] = clamp(bias[o] + sum_k x[..., k] * weight[o, k] + residual[..., o])`.
    Weight is [outputs, inputs]; the input has any rank >= 1.

    - fully_connected_c1: weight has rank 2 and its dimension 1 is the last
      dimension of the input.
    - fully_connected_c2: bias is of shape [outputs].
    - fully_connected_c3: as conv2d_c7, conv2d_c8 and conv2d_c9.

    Example:
    ```mlir
    %y = qnn.fully_connected %x, %w bias(%b)
         : (tensor<1x64xf32>, tensor<10x64xf32>, tensor<10xf32>) -> tensor<1x10xf32>
    ```
  }];
  let arguments = !con((ins QNN_FactorTensor:$input, QNN_WeightTensor:$weight,
      Optional<QNN_PerAxisTensor>:$bias, Optional<QNN_Tensor>:$residual),
      QNN_ClampAttrs);
  let results = (outs QNN_PerAxisTensor:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` `(` $bias^ `)`)? (`residual` `(` $residual^ `)`)?
    attr-dict `:` functional-type(operands, results)
  }];
}

def QNN_MatMulOp : QNN_ShapedOp<"matmul", [
    DeclareOpInterfaceMethods<QuantizableOpInterface>,
    DeclareOpInterfaceMethods<RequantFusableOpInterface>]> {
  let summary = "matrix product of two activations";
  let description = [{
    `y[b, m, n] = clamp(sum_k lhs[b, m, k] * rhs[b, k, n])`; leading dimensions
    broadcast as in NumPy. Both operands are activations; a product with a
    constant is `qnn.fully_connected`.

    - matmul_c1: both operands have rank >= 2 and equal inner dimensions.
    - matmul_c2: leading dimensions are equal or 1.
    - matmul_c3: operands and result are all float or all quantized. Both
      operands are bf16 or none is; the result is then f32.

    Example:
    ```mlir
    %y = qnn.matmul %a, %b : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
    ```
  }];
  let arguments = !con((ins QNN_FactorTensor:$lhs, QNN_FactorTensor:$rhs),
                       QNN_ClampAttrs);
  let results = (outs QNN_Tensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` functional-type(operands, results)
  }];
}

def QNN_BiasOp : QNN_ShapedOp<"bias"> {
  let summary = "adds one value per channel (last axis)";
  let description = [{
    `y[..., c] = input[..., c] + bias[c]`. In quantized form input and result
    are i32 accumulators and the bias has their scale: the sum is exact.

    - bias_c1: bias is of shape [last dimension of the input].
    - bias_c2: all float, or all i32 with equal scales.

    Example:
    ```mlir
    %y = qnn.bias %x, %b : (tensor<1x4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
    ```
  }];
  let arguments = (ins QNN_PerAxisTensor:$input, QNN_PerAxisTensor:$bias);
  let results = (outs QNN_PerAxisTensor:$result);
  let assemblyFormat = [{
    $input `,` $bias attr-dict `:` functional-type(operands, results)
  }];
}

//===----------------------------------------------------------------------===//
// Element-wise
//===----------------------------------------------------------------------===//

class QNN_ArithmeticOp<string mnemonic, string formula, string quantized,
                   list<Trait> traits = []>
    : QNN_ShapedOp<mnemonic, !listconcat([
        DeclareOpInterfaceMethods<QuantizableOpInterface>,
        DeclareOpInterfaceMethods<RenamesDimensionsOpInterface>,
        DeclareOpInterfaceMethods<RequantFusableOpInterface>], traits)> {
  let summary = "element-wise " # formula # " with NumPy broadcasting";
  let description = [{
    Computes `y = clamp(}] # formula # [{)`; shapes broadcast as in NumPy.
    Quantized: `t = }] # quantized # [{`, then
    `y = clamp(roundeven(t) + z_y)`, all in f32 without contraction.

    - }] # mnemonic # [{_c1: shapes broadcast to the shape of the result.
    - }] # mnemonic # [{_c2: operands and result are all float or all quantized.

    Example:
    ```mlir
    %y = qnn.}] # mnemonic # [{ %a, %b {clamp_min = 0.0 : f32}
         : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = !con((ins QNN_Tensor:$lhs, QNN_Tensor:$rhs), QNN_ClampAttrs);
  let results = (outs QNN_Tensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` functional-type(operands, results)
  }];
}

def QNN_AddOp : QNN_ArithmeticOp<"add", "a + b",
    "f32(a - z_a) * f32(s_a / s_y) + f32(b - z_b) * f32(s_b / s_y)">;
def QNN_SubOp : QNN_ArithmeticOp<"sub", "a - b",
    "f32(a - z_a) * f32(s_a / s_y) - f32(b - z_b) * f32(s_b / s_y)">;
def QNN_MulOp : QNN_ArithmeticOp<"mul", "a * b",
    "f32((a - z_a) * (b - z_b)) * f32(s_a * s_b / s_y)">;
def QNN_DivOp : QNN_ArithmeticOp<"div", "a / b",
    "f32(a - z_a) / f32(b - z_b) * f32(s_a / (s_b * s_y))">;

/// A unary element-wise op: its quantized form is a table of 256 entries.
class QNN_TableOp<string mnemonic, string formula,
                  list<string> quantizable = [], list<string> renames = [],
                  list<Trait> traits = []>
    : QNN_ShapedOp<mnemonic, !listconcat([SameOperandsAndResultShape,
        DeclareOpInterfaceMethods<RenamesDimensionsOpInterface, renames>,
        DeclareOpInterfaceMethods<QuantizableOpInterface, quantizable>],
        traits)> {
  let summary = "element-wise " # formula;
  let description = [{
    Computes `y = }] # formula # [{`. Quantized:
    `y = quantize(f(dequantize(x)))`, a table of 256 entries at run time.

    - }] # mnemonic # [{_c1: operand and result are both float or both quantized.
  }];
  dag unaryArguments = (ins QNN_Tensor:$input);
  let arguments = unaryArguments;
  let results = (outs QNN_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def QNN_ReluOp : QNN_TableOp<"relu", "max(x, 0)"> { let hasFolder = 1; }
def QNN_ClipOp : QNN_TableOp<"clip", "min(max(x, min), max)"> {
  let arguments = !con(unaryArguments, (ins F32Attr:$min, F32Attr:$max));
  let hasCanonicalizer = 1;
}
def QNN_LeakyReluOp : QNN_TableOp<"leaky_relu", "x < 0 ? alpha * x : x"> {
  let arguments = !con(unaryArguments, (ins F32Attr:$alpha));
}
def QNN_SigmoidOp : QNN_TableOp<"sigmoid", "1 / (1 + exp(-x))",
    ["getFixedResultRange"]>;
def QNN_HardSigmoidOp : QNN_TableOp<"hard_sigmoid",
    "max(0, min(1, alpha * x + beta))", ["getFixedResultRange"]> {
  let arguments = !con(unaryArguments, (ins F32Attr:$alpha, F32Attr:$beta));
}
def QNN_HardSwishOp : QNN_TableOp<"hard_swish",
    "x * max(0, min(1, x / 6 + 0.5))">;
def QNN_TanhOp : QNN_TableOp<"tanh", "tanh(x)", ["getFixedResultRange"]>;

/// A unary element-wise op without an integer form.
class QNN_FloatUnaryOp<string mnemonic, string formula>
    : QNN_ShapedOp<mnemonic, [SameOperandsAndResultShape,
        DeclareOpInterfaceMethods<RenamesDimensionsOpInterface>]> {
  let summary = "element-wise " # formula;
  let description = [{
    Computes `y = }] # formula # [{`. Float only: `qnn-assign-precision` keeps
    the arithmetic around it float too.

    Example:
    ```mlir
    %y = qnn.}] # mnemonic # [{ %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins QNN_F32Tensor:$input);
  let results = (outs QNN_F32Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def QNN_SqrtOp : QNN_FloatUnaryOp<"sqrt", "sqrt(x)">;
def QNN_ErfOp : QNN_FloatUnaryOp<"erf", "2 / sqrt(pi) * integral of exp(-t * t) from 0 to x">;

def QNN_SoftmaxOp : QNN_TableOp<"softmax",
    "exp(x - max(x)) / sum(exp(x - max(x))) along an axis",
    [], ["renameDimensions"]> {
  let description = [{
    Quantized form: `quantize(softmax(dequantize(x)))`, in f32.

    - softmax_c1: operand and result are both float or both quantized.
    - softmax_c2: axis is within the rank.

    Example:
    ```mlir
    %y = qnn.softmax %x {axis = 1 : i64} : (tensor<1x10xf32>) -> tensor<1x10xf32>
    ```
  }];
  let arguments = !con(unaryArguments, (ins I64Attr:$axis));
}

def QNN_BatchNormOp : QNN_ShapedOp<"batch_norm"> {
  let summary = "inference batch normalization over the last axis";
  let description = [{
    `y[..., c] = (x[..., c] - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] + offset[c]`.
    Float only: `qnn-fold-batch-norm` merges it into the preceding convolution
    or fully connected layer, or turns it into a 1x1 depthwise convolution.

    - batch_norm_c1: the four parameters have shape [last dimension of the input].

    Example:
    ```mlir
    %y = qnn.batch_norm %x, %s, %o, %m, %v {epsilon = 1.0e-05 : f32}
         : (tensor<1x4x4x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>,
            tensor<8xf32>) -> tensor<1x4x4x8xf32>
    ```
  }];
  let arguments = (ins QNN_F32Tensor:$input, QNN_F32Tensor:$scale,
                       QNN_F32Tensor:$offset, QNN_F32Tensor:$mean,
                       QNN_F32Tensor:$variance, F32Attr:$epsilon);
  let results = (outs QNN_F32Tensor:$result);
  let assemblyFormat = [{
    $input `,` $scale `,` $offset `,` $mean `,` $variance attr-dict
    `:` functional-type(operands, results)
  }];
}

//===----------------------------------------------------------------------===//
// Pooling and reduction
//===----------------------------------------------------------------------===//

defvar QNN_PoolAttrs = (ins DenseI64ArrayAttr:$kernel,
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides,
    DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$padding,
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations,
    DefaultValuedAttr<BoolAttr, "false">:$ceil_mode);

def QNN_MaxPool2DOp : QNN_ShapedOp<"max_pool2d", [
    DeclareOpInterfaceMethods<QuantizableOpInterface>,
    DeclareOpInterfaceMethods<CommutesWithQDQ>]> {
  let summary = "maximum over windows of an NHWC tensor";
  let description = [{
    Padded positions never win. `ceil_mode` rounds the output size up; windows
    are cut at the padded border.

    - max_pool2d_c1: input has rank 4, `kernel` two positive numbers.
    - max_pool2d_c2: `strides`/`dilations` positive, `padding` four
      non-negative numbers, each less than the dilated kernel.
    - max_pool2d_c3: operand and result have the same element type.

    Example:
    ```mlir
    %y = qnn.max_pool2d %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>}
         : (tensor<1x8x8x16xf32>) -> tensor<1x4x4x16xf32>
    ```
  }];
  let arguments = !con((ins QNN_Tensor:$input), QNN_PoolAttrs);
  let results = (outs QNN_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def QNN_AvgPool2DOp : QNN_ShapedOp<"avg_pool2d", [
    DeclareOpInterfaceMethods<QuantizableOpInterface>,
    DeclareOpInterfaceMethods<RequantFusableOpInterface>]> {
  let summary = "average over windows of an NHWC tensor";
  let description = [{
    Divides by the number of positions of the window inside the input, or,
    with `count_include_pad`, inside the padded input. Quantized:
    `y = clamp(roundeven(f32(sum(q - z)) * f32(s / (s' * count))) + z')`.

    - avg_pool2d_c1, avg_pool2d_c2: as for max_pool2d.
    - avg_pool2d_c3: operand and result are both float or both quantized.
    - avg_pool2d_c4: every window holds at least one position of the input
      (of the padded input with `count_include_pad`).

    Example:
    ```mlir
    %y = qnn.avg_pool2d %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>}
         : (tensor<1x8x8x16xf32>) -> tensor<1x4x4x16xf32>
    ```
  }];
  let arguments = !con((ins QNN_Tensor:$input), QNN_PoolAttrs,
      (ins DefaultValuedAttr<BoolAttr, "false">:$count_include_pad),
      QNN_ClampAttrs);
  let results = (outs QNN_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def QNN_GlobalAvgPoolOp : QNN_ShapedOp<"global_avg_pool", [
    DeclareOpInterfaceMethods<QuantizableOpInterface>,
    DeclareOpInterfaceMethods<RequantFusableOpInterface>]> {
  let summary = "average over height and width: NHWC to N11C";
  let description = [{
    Quantized as `qnn.avg_pool2d` with count H*W.

    - global_avg_pool_c1: input has rank 4 and non-empty H and W.
    - global_avg_pool_c2: operand and result are both float or both quantized.
  }];
  let arguments = !con((ins QNN_Tensor:$input), QNN_ClampAttrs);
  let results = (outs QNN_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def QNN_GlobalMaxPoolOp : QNN_ShapedOp<"global_max_pool", [
    DeclareOpInterfaceMethods<QuantizableOpInterface>,
    DeclareOpInterfaceMethods<CommutesWithQDQ>]> {
  let summary = "maximum over height and width: NHWC to N11C";
  let description = [{
    - global_max_pool_c1: input has rank 4 and non-empty H and W.
    - global_max_pool_c2: operand and result have the same element type.
  }];
  let arguments = (ins QNN_Tensor:$input);
  let results = (outs QNN_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def QNN_ReduceMeanOp : QNN_ShapedOp<"reduce_mean", [
    DeclareOpInterfaceMethods<RenamesDimensionsOpInterface,
        ["renameDimensions"]>,
    DeclareOpInterfaceMethods<QuantizableOpInterface>,
    DeclareOpInterfaceMethods<RequantFusableOpInterface>]> {
  let summary = "mean over axes";
  let description = [{
    Sums in row-major order of the input, then divides (float: one division by
    the count; quantized: as `qnn.avg_pool2d`).

    - reduce_mean_c1: axes are distinct, ascending and within the rank.
    - reduce_mean_c2: operand and result are both float or both quantized.

    Example:
    ```mlir
    %y = qnn.reduce_mean %x {axes = array<i64: 1, 2>, keep_dims = false}
         : (tensor<1x4x4x8xf32>) -> tensor<1x8xf32>
    ```
  }];
  let arguments = !con((ins QNN_Tensor:$input, DenseI64ArrayAttr:$axes,
      DefaultValuedAttr<BoolAttr, "true">:$keep_dims), QNN_ClampAttrs);
  let results = (outs QNN_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

//===----------------------------------------------------------------------===//
// Data movement
//===----------------------------------------------------------------------===//

def QNN_ConcatOp : QNN_ShapedOp<"concat", [
    DeclareOpInterfaceMethods<RenamesDimensionsOpInterface,
        ["renameDimensions"]>,
    DeclareOpInterfaceMethods<QuantizableOpInterface>]> {
  let summary = "concatenation along an axis";
  let description = [{
    Quantized inputs keep their own scales: each is requantized to the type of
    the result (the identity when the types are equal).

    - concat_c1: at least one input, axis within the rank.
    - concat_c2: inputs agree in all dimensions but the axis.
    - concat_c3: inputs and result are all quantized or have one element type.

    Example:
    ```mlir
    %y = qnn.concat %a, %b {axis = 3 : i64}
         : (tensor<1x4x4x8xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x10xf32>
    ```
  }];
  let arguments = (ins Variadic<QNN_ValueTensor>:$inputs, I64Attr:$axis);
  let results = (outs QNN_ValueTensor:$result);
  let assemblyFormat = "$inputs attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

/// An op that moves values: the element type of the result is the operand's.
class QNN_MovementOp<string mnemonic, list<string> commutes = [],
                     list<Trait> traits = []>
    : QNN_ShapedOp<mnemonic, !listconcat([
        DeclareOpInterfaceMethods<QuantizableOpInterface>,
        DeclareOpInterfaceMethods<CommutesWithQDQ, commutes>], traits)> {
  let results = (outs QNN_ValueTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def QNN_ReshapeOp : QNN_MovementOp<"reshape"> {
  let summary = "the same values in the same order under another shape";
  let description = [{
    - reshape_c1: operand and result have the same number of elements and the
      same element type.

    Example:
    ```mlir
    %y = qnn.reshape %x {shape = array<i64: 1, 12>}
         : (tensor<1x2x2x3xf32>) -> tensor<1x12xf32>
    ```
  }];
  let arguments = (ins QNN_ValueTensor:$input, DenseI64ArrayAttr:$shape);
  let hasFolder = 1;
}

def QNN_TransposeOp : QNN_MovementOp<"transpose"> {
  let summary = "permutes dimensions";
  let description = [{
    `y[i_perm[0], ...] = x[i_0, ...]`: dimension k of the result is dimension
    `permutation[k]` of the operand.

    - transpose_c1: `permutation` is a permutation of the dimensions.
    - transpose_c2: operand and result have the same element type.

    Example:
    ```mlir
    %y = qnn.transpose %x {permutation = array<i64: 0, 2, 3, 1>}
         : (tensor<1x3x8x8xf32>) -> tensor<1x8x8x3xf32>
    ```
  }];
  let arguments = (ins QNN_ValueTensor:$input, DenseI64ArrayAttr:$permutation);
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def QNN_PadOp : QNN_MovementOp<"pad", ["commutesWithQDQ"], [
    DeclareOpInterfaceMethods<RenamesDimensionsOpInterface,
        ["renameDimensions"]>]> {
  let summary = "pads with a constant";
  let description = [{
    Quantized form: pads with `quantize(value)`; integers with the integer part.

    - pad_c1: `low` and `high` have one number per dimension, non-negative.
    - pad_c2: operand and result have the same element type.

    Example:
    ```mlir
    %y = qnn.pad %x {low = array<i64: 0, 1>, high = array<i64: 0, 2>, value = 0.0 : f32}
         : (tensor<2x3xf32>) -> tensor<2x6xf32>
    ```
  }];
  let arguments = (ins QNN_ValueTensor:$input, DenseI64ArrayAttr:$low,
                       DenseI64ArrayAttr:$high, F32Attr:$value);
}

def QNN_SliceOp : QNN_MovementOp<"slice", [], [
    DeclareOpInterfaceMethods<RenamesDimensionsOpInterface,
        ["renameDimensions"]>]> {
  let summary = "a strided box of a tensor";
  let description = [{
    `y[i] = x[starts + i * steps]`; `steps` may be negative.

    - slice_c1: `starts`, `sizes` and `steps` have one number per dimension;
      no step is zero, no size negative.
    - slice_c2: every index read is inside the operand.
    - slice_c3: operand and result have the same element type.

    Example:
    ```mlir
    %y = qnn.slice %x {starts = array<i64: 1>, sizes = array<i64: 2>, steps = array<i64: 2>}
         : (tensor<5xf32>) -> tensor<2xf32>
    ```
  }];
  let arguments = (ins QNN_ValueTensor:$input, DenseI64ArrayAttr:$starts,
                       DenseI64ArrayAttr:$sizes, DenseI64ArrayAttr:$steps);
  let hasFolder = 1;
}

def QNN_CoordinateMode : I32EnumAttr<"CoordinateMode",
    "how an output index maps to an input coordinate (ONNX Resize)", [
      I32EnumAttrCase<"Asymmetric", 0, "asymmetric">,
      I32EnumAttrCase<"HalfPixel", 1, "half_pixel">,
      I32EnumAttrCase<"PytorchHalfPixel", 2, "pytorch_half_pixel">,
      I32EnumAttrCase<"AlignCorners", 3, "align_corners">]> {
  let cppNamespace = "::mlir::qnn";
}
def QNN_NearestMode : I32EnumAttr<"NearestMode",
    "how a coordinate is rounded to an index (ONNX Resize)", [
      I32EnumAttrCase<"RoundPreferFloor", 0, "round_prefer_floor">,
      I32EnumAttrCase<"RoundPreferCeil", 1, "round_prefer_ceil">,
      I32EnumAttrCase<"Floor", 2, "floor">,
      I32EnumAttrCase<"Ceil", 3, "ceil">]> {
  let cppNamespace = "::mlir::qnn";
}

def QNN_ResizeNearestOp : QNN_MovementOp<"resize_nearest", [], [
    DeclareOpInterfaceMethods<RenamesDimensionsOpInterface,
        ["renameDimensions"]>]> {
  let summary = "nearest-neighbour resize of every dimension";
  let description = [{
    Index and rounding as ONNX Resize: output index -> coordinate by
    `coordinate_mode` and the per-dimension `scales`, rounded by
    `nearest_mode`, clamped into the operand. `shape` is the result shape.

    - resize_nearest_c1: `scales` and `shape` have one entry per dimension, all
      positive.
    - resize_nearest_c2: operand and result have the same element type.

    Example:
    ```mlir
    %y = qnn.resize_nearest %x {shape = array<i64: 1, 4, 4, 3>,
           scales = array<f64: 1.0, 2.0, 2.0, 1.0>,
           coordinate_mode = 0 : i32, nearest_mode = 2 : i32}
         : (tensor<1x2x2x3xf32>) -> tensor<1x4x4x3xf32>
    ```
  }];
  let arguments = (ins QNN_ValueTensor:$input, DenseI64ArrayAttr:$shape,
                       DenseF64ArrayAttr:$scales,
                       QNN_CoordinateMode:$coordinate_mode,
                       QNN_NearestMode:$nearest_mode);
}

include "qnn/Dialect/QNN/IR/QNNGeneral.td"

#endif // QNN_DIALECT_QNN_IR_QNNOPS_TD
