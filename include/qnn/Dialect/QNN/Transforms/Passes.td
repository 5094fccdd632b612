//===- Passes.td - Passes on the qnn dialect ----------------*- tablegen -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One def, one file in lib/Dialect/QNN/Transforms, one test: FooBarPass,
// FooBar.cpp, qnn-foo-bar.mlir.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_QNN_TRANSFORMS_PASSES_TD
#define QNN_DIALECT_QNN_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

class QNN_Pass<string flag> : Pass<flag, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::mlir::qnn::QNNDialect",
                           "::mlir::quant::QuantizationDialect"];
}

/// Shared by passes that tell a user what they did, and what they declined.
defvar QNN_EmitRemarks = Option<"emitRemarks", "emit-remarks", "bool", "false",
    "Report every rewrite, and every refusal a user may wonder about, as a "
    "remark">;

//===----------------------------------------------------------------------===//
// Graph stage: float clean-up
//===----------------------------------------------------------------------===//

def FoldBatchNormPass : QNN_Pass<"qnn-fold-batch-norm"> {
  let summary = "Fold batch norms into convolutions and fully connected layers";
  let description = [{
    Rewrites `batch_norm(conv(x, w) + b)` to one convolution, and every other
    batch norm to a 1x1 depthwise convolution (around a reshape unless the input
    is of rank 4), so that none remains.

    Law: inference batch norm is affine per channel, `y = a * x + d` with
    `a = scale / sqrt(variance + epsilon)` and `d = offset - a * mean` (Jacob et
    al. 2017, eq. 14), and an affine map of an affine map is one:
    `w' = a * w`, `b' = a * b + d`. Both are computed in binary64 from the f32
    parameters and rounded once to f32, so the result differs from the unfolded
    network only by rounding.

    Refuses: to fold into a layer with another use of its result, a clamp, a
    residual, or a weight or bias that is not constant; those batch norms become
    depthwise convolutions. A batch norm whose parameters the network computes
    stays, in float. One with `variance + epsilon <= 0` or non-finite parameters
    is an error.

    Before:
    ```mlir
    func.func @main(%x: tensor<1x2x2x1xf32>) -> tensor<1x2x2x2xf32> {
      %w = qnn.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
      %scale = qnn.constant dense<[3.0, 4.0]> : tensor<2xf32>
      %offset = qnn.constant dense<[0.5, 1.0]> : tensor<2xf32>
      %mean = qnn.constant dense<[1.0, 0.0]> : tensor<2xf32>
      %variance = qnn.constant dense<[0.0, 3.0]> : tensor<2xf32>
      %0 = qnn.conv2d %x, %w : (tensor<1x2x2x1xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x2x2xf32>
      %1 = qnn.batch_norm %0, %scale, %offset, %mean, %variance {epsilon = 1.0 : f32}
           : (tensor<1x2x2x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
      return %1 : tensor<1x2x2x2xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<1x2x2x1xf32>) -> tensor<1x2x2x2xf32> {
      %w = qnn.constant dense<[[[[3.0]]], [[[4.0]]]]> : tensor<2x1x1x1xf32>
      %b = qnn.constant dense<[-2.5, 1.0]> : tensor<2xf32>
      %0 = qnn.conv2d %x, %w bias(%b) : (tensor<1x2x2x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
      return %0 : tensor<1x2x2x2xf32>
    }
    ```
    Example: test/Dialect/QNN/Transforms/qnn-fold-batch-norm.mlir
  }];
  let options = [QNN_EmitRemarks];
}

def EqualizeChannelsPass : QNN_Pass<"qnn-equalize-channels"> {
  let summary = "Scale channels so that those of a tensor have like ranges";
  let description = [{
    A tensor has one scale in int8: a channel of small values shares it with one
    of large values and is left a few steps. This pass divides channel c of a
    tensor by `s_c` where it is made (rows of a convolution or fully connected
    layer, or a `mul` and `add` with one constant per channel, such as the end
    of a layer norm) and multiplies by `s_c` the weights of all layers that read
    it, also through pools, ReLU, resizing, flattening and concats. Channels that
    are added (a chain of residuals) get the same `s_c`, and so do those of a
    product and of one of its factors: the other factor, a gate, stays. Operands
    of a concat whose ranges are unlike become alike so; where one of them cannot
    change (the model's input), the others come to its range. It is cross-layer equalization
    (Nagel et al. 2019, section 4.1) and, for a fully connected layer behind a
    norm, SmoothQuant (Xiao et al. 2022, section 4).

    Law: `w[o,c] * x_c = (w[o,c] * s_c) * (x_c / s_c)`, and f(x / s) = f(x) / s
    for s > 0 where f is ReLU, a maximum, an average or a copy; (x / s) * g =
    (x * g) / s. `s_c` is a power
    of two, so float results keep every bit, unless values under- or overflow.
    With `m_c` the magnitude expected of channel c (of a weighted sum
    `|b| + sqrt(sum (w m)^2)`, the deviation of independent terms) and `r_c` the
    largest weight it meets, relative to the largest of that weight's row,
    `s_c = sqrt(m_c / r_c)`: what the ranges of the activation gain, the weights
    lose. (Of several tensors the one counts where c is largest, relative to the
    other channels. An operand of a concat does not count beside the result, nor
    does who reads it alone: all of its channels may be scaled alike.) Where all readers are depthwise, whose weights have a scale for each
    channel and lose nothing, `s_c = m_c`. Both are divided by the largest and
    rounded up to a power of two in [2^-12, 1]; beside channels that cannot change, by
    the largest of these, and rounded up in [2^-12, 2^12].
    An upper bound of a clamp (ReLU6) would have to be divided, too, but it is
    one number for all channels. It acts neither on x_c nor on x_c / s_c when
    interval arithmetic over the weights shows that both stay below it; `s_c` is
    raised until it does (to 1 where x_c may reach the bound: such a channel has
    the largest range there can be). A lower bound other than 0 likewise.

    Refuses: channels that are, or are added to, those of an input or a result of
    the model, or that anything else makes or reads (a sigmoid, a sum that
    broadcasts); parameters that are not constant or whose integers are chosen
    already.

    Before:
    ```mlir
    func.func @main(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
      %w = qnn.constant dense<[[[[1.0]]], [[[0.0625]]]]> : tensor<2x1x1x1xf32>
      %b = qnn.constant dense<[0.5, 0.03125]> : tensor<2xf32>
      %v = qnn.constant dense<[[[[0.25, 0.25]]]]> : tensor<1x1x1x2xf32>
      %0 = qnn.conv2d %x, %w bias(%b) {clamp_min = 0.0 : f32} : (tensor<1x1x1x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x1x1x2xf32>
      %1 = qnn.conv2d %0, %v : (tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x1x1x1xf32>
      return %1 : tensor<1x1x1x1xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
      %w = qnn.constant dense<[[[[1.0]]], [[[0.25]]]]> : tensor<2x1x1x1xf32>
      %b = qnn.constant dense<[0.5, 0.125]> : tensor<2xf32>
      %0 = qnn.conv2d %x, %w bias(%b) {clamp_min = 0.0 : f32} : (tensor<1x1x1x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x1x1x2xf32>
      %v = qnn.constant dense<[[[[0.25, 0.0625]]]]> : tensor<1x1x1x2xf32>
      %1 = qnn.conv2d %0, %v : (tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x1x1x1xf32>
      return %1 : tensor<1x1x1x1xf32>
    }
    ```
    Example: test/Dialect/QNN/Transforms/qnn-equalize-channels.mlir
  }];
  let options = [QNN_EmitRemarks];
}

def SinkTransposesPass : Pass<"qnn-sink-transposes", "::mlir::func::FuncOp"> {
  let summary = "Move transposes to the inputs and outputs of the model";
  let description = [{
    The importer wraps every NHWC op in a pair of `qnn.transpose`. This pass
    moves transposes through the ops between them until they cancel: first down,
    `f(transpose(x)) -> transpose(f'(x))`, where `f'` is `f` with its axes
    renamed, then what is left up to the model inputs. Transposed constants are
    computed, and a transpose that is flattened into a `qnn.fully_connected`
    becomes a permutation of the weight's columns.

    Law: a transpose renames indices, and element-wise ops, broadcasting, concat,
    pad, slice, resize, softmax, mean, and reshapes that split or merge
    dimensions are defined index by index. All results keep their bits, but for
    a mean or a fully connected layer over several dimensions, whose terms are
    summed in the new order.

    Refuses: per-axis quantized tensors, reshapes that mix dimensions the
    transpose separates, matrix products, and operands that would need a
    transpose of their own in the middle of the network. Such transposes stay
    where they are, and are ordinary ops to every later pass.

    Before:
    ```mlir
    func.func @main(%x: tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xf32> {
      %0 = qnn.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x8x8x3xf32>) -> tensor<1x3x8x8xf32>
      %1 = qnn.relu %0 : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32>
      %2 = qnn.transpose %1 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x3x8x8xf32>) -> tensor<1x8x8x3xf32>
      return %2 : tensor<1x8x8x3xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xf32> {
      %0 = qnn.relu %x : (tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xf32>
      return %0 : tensor<1x8x8x3xf32>
    }
    ```
    Example: test/Dialect/QNN/Transforms/qnn-sink-transposes.mlir
  }];
  let dependentDialects = ["::mlir::qnn::QNNDialect"];
}

def FuseEpiloguePass : QNN_Pass<"qnn-fuse-epilogue"> {
  let summary = "Fuse bias, residual, clamp and requantize into the op before";
  let description = [{
    Moves what follows a computing op into it, in float and in quantized form:
    ReLU and clip become clamp bounds (composed with bounds it has); a
    `qnn.bias`, or in float the `qnn.add` of one constant per channel, becomes
    the bias, and a `qnn.add` of a tensor of the same shape the residual, of a
    convolution or fully connected layer; a `qnn.requantize` of an i32
    accumulator becomes the result type. When both operands of an add could take
    the other as residual the later one does.

    Law: an epilogue is defined as bias, then residual, then clamp
    (`docs/Numerics.md`), so each step is the same operation at the same place.
    Clamps compose: `clamp(clamp(x, a, b), c, d) = clamp(x, a', b')` with
    `a' = min(max(a, c), d)` and `b' = min(max(b, c), d)`. Quantized clamps of
    one type are exact because `quantize` is monotone and
    `quantize(dequantize(q)) = q`; accumulators are exact integers. Every
    rewrite keeps all bits, with one exception: a float constant added after a
    sum becomes the value the sum starts with, which is the same up to rounding.
    (An infinite bound counts as none, which only NaN could tell apart.)

    Refuses: an op whose result has another use; neighbours of different
    precision; a clamp that changes the quantized type, or whose lower bound
    exceeds the upper one, or that would change what becomes of NaN; an
    accumulator whose scale is not input scale x weight scale; adds that
    broadcast; an add of quantized activations (the convolution is already
    rounded); a second bias or residual, and any after a clamp.

    Before:
    ```mlir
    func.func @main(%x: tensor<1x4x4x1xf32>, %r: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
      %w = qnn.constant dense<1.0> : tensor<2x1x1x1xf32>
      %b = qnn.constant dense<[0.5, -0.5]> : tensor<2xf32>
      %0 = qnn.conv2d %x, %w : (tensor<1x4x4x1xf32>, tensor<2x1x1x1xf32>) -> tensor<1x4x4x2xf32>
      %1 = qnn.bias %0, %b : (tensor<1x4x4x2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
      %2 = qnn.add %1, %r : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
      %3 = qnn.relu %2 : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
      return %3 : tensor<1x4x4x2xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<1x4x4x1xf32>, %r: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
      %w = qnn.constant dense<1.0> : tensor<2x1x1x1xf32>
      %b = qnn.constant dense<[0.5, -0.5]> : tensor<2xf32>
      %0 = qnn.conv2d %x, %w bias(%b) residual(%r) {clamp_min = 0.0 : f32}
           : (tensor<1x4x4x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
      return %0 : tensor<1x4x4x2xf32>
    }
    ```
    Example: test/Dialect/QNN/Transforms/qnn-fuse-epilogue.mlir
  }];
  let options = [QNN_EmitRemarks];
}

//===----------------------------------------------------------------------===//
// Calibrated stage
//===----------------------------------------------------------------------===//

def AssignPrecisionPass : QNN_Pass<"qnn-assign-precision"> {
  let summary = "Choose which layers stay float";
  let description = [{
    Marks layers with the attribute `qnn.precision = "float"`, which keeps them
    out of quantization; every other quantizable layer runs in int8, those that a
    rule names with `qnn.precision = "int8"` even where that is predicted to be
    slower (`qnn-keep-faster-float`). For layers with weights `"int4"` is int8 with
    weights of 4 bits, and `"int16"` int8 with activations of 16 bits; products may
    also be `"bf16"`, which `qnn-round-to-bf16` carries out. A rule is
    `PATTERN=float`, `bf16`, `int8`, `int4` or `int16`; the pattern is a glob (`*`, `?`,
    `[a-z]`) on the layer name, which is the name of the ONNX node, or, after `op:`, on
    the kind of the op (`op:conv2d`). The last matching rule wins. Layers no
    rule matches keep their mark; without a rule `qnn.softmax`, `qnn.div`, and the
    arithmetic around `qnn.sqrt` and `qnn.erf` (the sums, differences, products and
    quotients of their results, and with means what is computed for these alone:
    layer norm and GELU) become float, because their integer forms lose accuracy and
    save no time.

    Law: precision is an annotation, no value changes. At the borders
    `qnn-quantize` inserts conversions, so any assignment is correct.

    Refuses: a rule without `=`, with an empty or malformed pattern, with
    another precision, or that matches no layer, is an error that names it.

    Before (`-qnn-assign-precision="rules=op:*=float,conv1=int8"`):
    ```mlir
    func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
      %0 = qnn.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
      %1 = qnn.hard_swish %0 : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("conv1")
      return %1 : tensor<1x4xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
      %0 = qnn.tanh %x {qnn.precision = "float"} : (tensor<1x4xf32>) -> tensor<1x4xf32>
      %1 = qnn.hard_swish %0 {qnn.precision = "int8"} : (tensor<1x4xf32>) -> tensor<1x4xf32>
      return %1 : tensor<1x4xf32>
    }
    ```
    Example: test/Dialect/QNN/Transforms/qnn-assign-precision.mlir
  }];
  let options = [
    ListOption<"rules", "rules", "std::string",
        "Comma-separated PATTERN=float, bf16, int8, int4 or int16; the last match wins">,
    Option<"products", "products", "std::string", "",
        "Precision of the products that no rule matches: bf16; default: int8">,
    Option<"perTensorWeights", "per-tensor-weights", "bool", "false",
        "Mark layers to have one scale for the weights of all channels">,
    QNN_EmitRemarks
  ];
}

def RoundToBF16Pass : QNN_Pass<"qnn-round-to-bf16"> {
  let summary = "Let marked products multiply in bf16";
  let description = [{
    Rounds the operands of convolutions, fully connected layers and matrix
    products with `qnn.precision = "bf16"`: activations by `qnn.to_bf16`, weights
    at compile time. Sums, bias, residual, clamp and result stay f32.

    Law: the definition of products in bf16 (docs/Numerics.md): of operands that
    are bf16 values already, the sums differ from those of the f32 form in their
    order only.

    Refuses: a layer whose weights or bias are computed by the network, and a
    convolution with an odd number of channels per group (a depthwise one), stays f32,
    which a remark says. Products on quantized tensors are left alone.

    Before (`-qnn-round-to-bf16`):
    ```mlir
    func.func @main(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
      %w = qnn.constant dense<[[1.00390625, 0.5]]> : tensor<1x2xf32>
      %0 = qnn.fully_connected %x, %w {qnn.precision = "bf16"} : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x1xf32>
      return %0 : tensor<1x1xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
      %0 = qnn.to_bf16 %x : tensor<1x2xf32> -> tensor<1x2xbf16>
      %w = qnn.constant dense<[[1.000000e+00, 5.000000e-01]]> : tensor<1x2xbf16>
      %1 = qnn.fully_connected %0, %w {qnn.precision = "bf16"} : (tensor<1x2xbf16>, tensor<1x2xbf16>) -> tensor<1x1xf32>
      return %1 : tensor<1x1xf32>
    }
    ```
    Example: test/Dialect/QNN/Transforms/qnn-round-to-bf16.mlir
  }];
  let options = [QNN_EmitRemarks];
}

def KeepFasterFloatPass : QNN_Pass<"qnn-keep-faster-float"> {
  let summary = "Keep layers float where int8 would be slower";
  let description = [{
    Predicts the time of every layer in int8 and in float at `level`, and of the
    conversions between the two, and marks layers `qnn.precision = "float"` so
    that the sum is least. Runs after ranges are known, so that one calibration
    cache serves every level. A layer must win 2 us to stay float: less is beyond
    what the model knows.

    Law: precision is an annotation, no value changes. The choice is a minimum
    cut of the graph of layers (Greig, Porteous and Seheult 1989), so no other
    choice has a smaller predicted time.

    Refuses: a level that --march does not take is an error. Layers that are
    float already, by rule or because they have no integer form, stay so, and
    layers marked `qnn.precision = "int8"`, `"int4"`, `"int16"` or `"bf16"` stay so.

    Before (`-qnn-keep-faster-float=level=x86-64-v3`): two conversions for one product of elements
    ```mlir
    func.func @main(%x: tensor<1x256x256x4xf32>) -> tensor<1x256x256x4xf32> {
      %0 = qnn.mul %x, %x : (tensor<1x256x256x4xf32>, tensor<1x256x256x4xf32>) -> tensor<1x256x256x4xf32>
      return %0 : tensor<1x256x256x4xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<1x256x256x4xf32>) -> tensor<1x256x256x4xf32> {
      %0 = qnn.mul %x, %x {qnn.precision = "float"} : (tensor<1x256x256x4xf32>, tensor<1x256x256x4xf32>) -> tensor<1x256x256x4xf32>
      return %0 : tensor<1x256x256x4xf32>
    }
    ```
    Example: test/Dialect/QNN/Transforms/qnn-keep-faster-float.mlir
  }];
  let options = [
    Option<"level", "level", "std::string", "\"x86-64\"",
        "instruction-set level, one of the names --march takes">,
    QNN_EmitRemarks
  ];
}

def InsertObserversPass : QNN_Pass<"qnn-insert-observers"> {
  let summary = "Mark every tensor that will carry a scale";
  let description = [{
    Puts a `qnn.observe` behind every tensor whose range calibration has to
    find: the activation operands and the results of ops that compute in int8,
    function arguments included. A tensor is named after the layer that makes it
    (`getLayerName`), or the `qnn.name` of the argument; `#1`, `#2`, ... is
    appended where a name is taken.

    Law: `qnn.observe` is the identity. Ops that move or select values
    (`CommutesWithQDQ`) pass scales on, so the root of such a chain is observed
    instead.

    Refuses: constants (their values are their range), results with a fixed
    range (sigmoid, hard sigmoid, tanh), tensors that are observed or
    quantized already, and ops that stay float: `qnn.precision = "float"`, no
    integer form, or a weight or bias that is not constant.

    Before:
    ```mlir
    func.func @main(%x: tensor<1x4x4x1xf32> {qnn.name = "image"}) -> tensor<1x2x2x1xf32> {
      %0 = qnn.hard_swish %x : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32> loc("act")
      %1 = qnn.max_pool2d %0 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x4x4x1xf32>) -> tensor<1x2x2x1xf32>
      return %1 : tensor<1x2x2x1xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<1x4x4x1xf32> {qnn.name = "image"}) -> tensor<1x2x2x1xf32> {
      %0 = qnn.observe %x as "image" : tensor<1x4x4x1xf32>
      %1 = qnn.hard_swish %0 : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32>
      %2 = qnn.observe %1 as "act" : tensor<1x4x4x1xf32>
      %3 = qnn.max_pool2d %2 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x4x4x1xf32>) -> tensor<1x2x2x1xf32>
      return %3 : tensor<1x2x2x1xf32>
    }
    ```
    Example: test/Dialect/QNN/Transforms/qnn-insert-observers.mlir
  }];
  let options = [QNN_EmitRemarks];
}

def ApplyRangesPass : QNN_Pass<"qnn-apply-ranges"> {
  let summary = "Write calibrated ranges on observers";
  let description = [{
    Reads the JSON cache a calibration run wrote (`qnn/Calibration/Cache.h`) and
    sets `min` and `max` of every `qnn.observe`. Method `minmax` takes the
    smallest and largest value seen, `average` the means over the samples of
    each sample's smallest and largest value. The others give up a few outliers
    for a finer scale: `percentile` cuts (100 - percentile) / 2 % of the values
    at each end of the histogram, `entropy` keeps the most information and `mse`
    the least squared error (formulas: `qnn/Calibration/Calibrator.h`).
    `symmetric` widens every range to [-m, m], m = max(|min|, |max|): zero points
    become 0, and half of the 256 steps are lost where values are not negative.

    Law: ranges are annotations, no value changes. The statistics do not depend
    on the order of the samples, so the same cache gives the same bits.

    Refuses: a cache that is missing, damaged, of another network (its graph
    hash covers ops, attributes, types and weights) or lacks an observed tensor
    (more than the observed ones are welcome: precision rules decide which
    tensors are observed); an unknown method; a percentile outside (0, 100].
    Each is an error with its remedy, and nothing is changed.

    Before (`-qnn-apply-ranges=cache=Inputs/cache.json`):
    ```mlir
    func.func @main(%x: tensor<1x4xf32> {qnn.name = "x"}) -> tensor<1x4xf32> {
      %0 = qnn.observe %x as "x" : tensor<1x4xf32>
      %1 = qnn.tanh %0 : (tensor<1x4xf32>) -> tensor<1x4xf32>
      return %1 : tensor<1x4xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<1x4xf32> {qnn.name = "x"}) -> tensor<1x4xf32> {
      %0 = qnn.observe %x as "x" range [-1.0, 3.0] : tensor<1x4xf32>
      %1 = qnn.tanh %0 : (tensor<1x4xf32>) -> tensor<1x4xf32>
      return %1 : tensor<1x4xf32>
    }
    ```
    Example: test/Dialect/QNN/Transforms/qnn-apply-ranges.mlir
  }];
  let options = [
    Option<"cache", "cache", "std::string", "\"\"",
           "The JSON file of the calibration run">,
    Option<"method", "method", "std::string", "\"minmax\"",
           "How a range is found: minmax, average, percentile, entropy or mse">,
    Option<"percentile", "percentile", "double", "99.99",
           "Per cent of the values a percentile range keeps, in (0, 100]">,
    Option<"symmetric", "symmetric", "bool", "false",
           "Widen ranges to [-m, m], so that zero points are 0">
  ];
}

//===----------------------------------------------------------------------===//
// QDQ and Quantized stages
//===----------------------------------------------------------------------===//

def QuantizePass : QNN_Pass<"qnn-quantize"> {
  let summary = "Turn ranges and weights into quantized types";
  let description = [{
    Replaces observers by `quant.qcast`/`quant.dcast` pairs and the constants of
    ops that compute in int8 by dequantized integer constants. Ops that stay
    float read the float tensor where there is one, else the dequantized one.
    Results with a fixed range get a pair without observation. A convolution or
    product that nothing reads as integers, without clamp or residual, gets no
    pair at its result: its exact sum becomes f32, not 8 bits.

    Law: real = (q - zero point) * scale (Jacob et al. 2017, section 2; the code
    is in `qnn/Support/Numerics.h`), with
    - activations: s8 in [-128, 127], one scale per tensor,
      `s = f32((high - low) / 255)`, `z = roundeven(-128 - low / s)`, clamped,
      after [low, high] was widened to hold 0, so that 0 is exact;
    - operands and result of a concat: the type of the union of their ranges,
      where ops that round anyway make them and the sum over all reads of
      squared rounding errors, each relative to the scale the tensor would have
      of its own, does not grow (an operand that keeps its own scale is rounded
      twice); tried for chains of concats, single ones and pairs;
    - fixed ranges: [0, 1] is scale 1/256 with zero point -128, [-1, 1] is scale
      1/128 with zero point 0;
    - weights: s8 in [-127, 127], one scale per output channel,
      `s = f32(max|w| / 127)`, zero point 0; of layers marked `qnn.precision =
      "int4"` i4 in [-7, 7], `s = f32(k/20 max|w| / 7)` with the largest k of 10
      to 20 that has the least squared error; of layers marked
      `qnn.per_tensor_weights` `max|w|` is that of all channels;
    - biases: i32, scale = input scale x weight scale, exact in binary64;
    - layers marked `qnn.precision = "int16"`: with `s = f32(M / 32639)`, M being
      the largest magnitude of the input's 8-bit type, the input is
      `h = quantize(x; 256 s)` and `l = quantize(x - dequantize(h); s)`, both s8
      with zero point 0. Two layers with the same weights multiply them (the
      one of `l` has the bias) and leave their sums float, where they are
      added; residual and clamp follow in float. An int8 layer that makes the
      input leaves its sum float as well, so that the input has 16 bits;
    - a layer's `qnn.rounded_weights` (i8; for weights of 4 bits
      `qnn.rounded_int4_weights`) are taken for its weights, each one a
      neighbour of w / s, and its `qnn.bias_correction` (f32) is added to its
      biases first. In float execution neither has an effect.
    Scales stay in [2^-40, 2^40]; a range of 0 has the least. Where
    `|bias| + sum |w| * max|q - z|` exceeds i32 the weight scale of that channel
    is doubled until it does not, so no accumulator ever overflows.

    Refuses: a tensor that needs a scale and is not observed or has no range,
    a weight, bias or constant with NaN or infinity, `qnn.rounded_weights` or
    `qnn.bias_correction` that do not fit the layer, and a channel or a product
    of activations whose accumulator fits i32 with no scale. Each is an error
    that names the tensor or layer.

    Before:
    ```mlir
    func.func @main(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
      %w = qnn.constant dense<[[1.984375, -0.5]]> : tensor<1x2xf32>
      %b = qnn.constant dense<0.25> : tensor<1xf32>
      %0 = qnn.observe %x as "x" range [0.0, 127.5] : tensor<1x2xf32>
      %1 = qnn.fully_connected %0, %w bias(%b) : (tensor<1x2xf32>, tensor<1x2xf32>, tensor<1xf32>) -> tensor<1x1xf32>
      %2 = qnn.observe %1 as "fc" range [-128.0, 127.0] : tensor<1x1xf32>
      return %2 : tensor<1x1xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
      %0 = "quant.qcast"(%x) : (tensor<1x2xf32>) -> tensor<1x2x!quant.uniform<i8:f32, 5.0e-01:-128>>
      %1 = "quant.dcast"(%0) : (tensor<1x2x!quant.uniform<i8:f32, 5.0e-01:-128>>) -> tensor<1x2xf32>
      %b = qnn.constant dense<32> : tensor<1xi32> as tensor<1x!quant.uniform<i32:f32:0, {7.8125e-03}>>
      %2 = "quant.dcast"(%b) : (tensor<1x!quant.uniform<i32:f32:0, {7.8125e-03}>>) -> tensor<1xf32>
      %w = qnn.constant dense<[[127, -32]]> : tensor<1x2xi8> as tensor<1x2x!quant.uniform<i8<-127:127>:f32:0, {1.5625e-02}>>
      %3 = "quant.dcast"(%w) : (tensor<1x2x!quant.uniform<i8<-127:127>:f32:0, {1.5625e-02}>>) -> tensor<1x2xf32>
      %4 = qnn.fully_connected %1, %3 bias(%2) : (tensor<1x2xf32>, tensor<1x2xf32>, tensor<1xf32>) -> tensor<1x1xf32>
      return %4 : tensor<1x1xf32>
    }
    ```
    Example: test/Dialect/QNN/Transforms/qnn-quantize.mlir
  }];
  let options = [
    Option<"integerResults", "integer-results", "bool", "false",
      "Round to 8 bits also what only float ops or the caller read">,
    QNN_EmitRemarks];
}

def PrepareQDQPass : QNN_Pass<"qnn-prepare-qdq"> {
  let summary = "Bring a network that another tool quantized into our QDQ form";
  let description = [{
    Other tools place casts and constants as they like. This pass moves casts up
    through ops that move or select values (`CommutesWithQDQ`), so that they
    stand beside the ops that compute, moves transposes and reshapes of
    dequantized constants into the constants, makes weights symmetric, and gives
    biases the scale input x weight. A float or i32 constant per channel that is
    added behind a layer is its bias; a factor or a batch norm there, as training
    leaves them, goes into scales and biases. `qnn-fold-qdq` folds what results.

    Law: moving or selecting values commutes with quantization, which is
    monotonic, and with dequantization bit for bit. Weights with a zero point
    `z` become `w - z`, which is exact, as a sum of 8-bit weights over copies of
    the input where 8 bits do not hold them. A factor `a` makes a weight's scale
    `f32(|a| * s_w)`, within half a unit in the last place. A bias becomes `roundeven(b / (s_x *
    s_w))`, which changes a sum by at most half its own step; a bias that is
    stored with this scale, rounded to f32, keeps its integers.

    Refuses: per-axis activations; values that are also used without the cast;
    weights with one scale per index of another dimension than the output
    channels; biases that are not constant or leave 32 bits; factors of 0. Such
    layers stay float. With `emit-remarks` rounded biases and split weights are
    named.

    Before:
    ```mlir
    func.func @main(%q: tensor<1x4x!quant.uniform<i8:f32, 5.0e-01>>) -> tensor<1x2xf32> {
      %w = qnn.constant dense<[[1, 2, 3, 4], [5, 6, 7, 8]]> : tensor<2x4xi8> as tensor<2x4x!quant.uniform<i8:f32, 2.5e-01:1>>
      %b = qnn.constant dense<[1.0, 0.25]> : tensor<2xf32>
      %0 = "quant.dcast"(%q) : (tensor<1x4x!quant.uniform<i8:f32, 5.0e-01>>) -> tensor<1x4xf32>
      %1 = "quant.dcast"(%w) : (tensor<2x4x!quant.uniform<i8:f32, 2.5e-01:1>>) -> tensor<2x4xf32>
      %2 = qnn.fully_connected %0, %1 bias(%b) : (tensor<1x4xf32>, tensor<2x4xf32>, tensor<2xf32>) -> tensor<1x2xf32>
      return %2 : tensor<1x2xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%q: tensor<1x4x!quant.uniform<i8:f32, 5.0e-01>>) -> tensor<1x2xf32> {
      %b = qnn.constant dense<[8, 2]> : tensor<2xi32> as tensor<2x!quant.uniform<i32:f32:0, {1.25e-01,1.25e-01}>>
      %w = qnn.constant dense<[[0, 1, 2, 3], [4, 5, 6, 7]]> : tensor<2x4xi8> as tensor<2x4x!quant.uniform<i8:f32:0, {2.5e-01,2.5e-01}>>
      %0 = "quant.dcast"(%q) : (tensor<1x4x!quant.uniform<i8:f32, 5.0e-01>>) -> tensor<1x4xf32>
      %1 = "quant.dcast"(%w) : (tensor<2x4x!quant.uniform<i8:f32:0, {2.5e-01,2.5e-01}>>) -> tensor<2x4xf32>
      %2 = "quant.dcast"(%b) : (tensor<2x!quant.uniform<i32:f32:0, {1.25e-01,1.25e-01}>>) -> tensor<2xf32>
      %3 = qnn.fully_connected %0, %1 bias(%2) : (tensor<1x4xf32>, tensor<2x4xf32>, tensor<2xf32>) -> tensor<1x2xf32>
      return %3 : tensor<1x2xf32>
    }
    ```
    Example: test/Dialect/QNN/Transforms/qnn-prepare-qdq.mlir
  }];
  let options = [QNN_EmitRemarks];
}

def FoldQDQPass : QNN_Pass<"qnn-fold-qdq"> {
  let summary = "Fold quantize/dequantize pairs into integer ops";
  let description = [{
    Turns a float op between `quant.dcast`s and a `quant.qcast` into its
    quantized form (`QuantizableOpInterface`), lets `quant.dcast` pass through
    ops that move or select values (`CommutesWithQDQ`; of 8-bit values also
    gathers, maxima and minima; `qnn.top_k` orders their integers), and replaces
    `qcast(dcast(x))` by `x`, or by `qnn.requantize` when the types differ. A
    convolution or product between `quant.dcast`s whose result is used in float,
    or quantized to two types, becomes one whose i32 accumulator is dequantized;
    its residual and clamp follow in float. With `qnn.requantize = "fixed-point"`
    interpolation between casts of one type, with weights in steps of 2^-10,
    becomes sums of integers. A `quant.dcast` of constants that no
    integer op took becomes a float constant. Casts remain where integer and
    float parts of the network meet.

    Law: moving values commutes with dequantization bit for bit, and
    `quantize(dequantize(q)) = q` for 8- and 16-bit types. The quantized form of
    a computing op evaluates `quantize(f(dequantize(q)...))` with the exact
    integer sum and one f32 multiply instead of f32 sums, and `qnn.requantize`
    with one multiply instead of a multiply and a division: both differ from
    what they replace by rounding only, at most one step of the result scale
    where `f` itself is computed without cancellation (Jacob et al. 2017, eq. 4).

    Refuses: `dcast(qcast(x))`, which rounds; ops marked `qnn.precision =
    "float"`; ops with an operand that is not dequantized (partial forms); ops
    without weights that have float and integer uses, or users that quantize the
    result to two types; weights that are not symmetric with at most 8 bits;
    biases whose scale is not input scale x weight scale; i32 and per-axis
    activations.
    With `emit-remarks` each op beside a cast says why it stays float.

    Before:
    ```mlir
    func.func @main(%q: tensor<1x4x4x1x!quant.uniform<i8:f32, 5.0e-01>>) -> tensor<1x2x2x1xf32> {
      %0 = "quant.dcast"(%q) : (tensor<1x4x4x1x!quant.uniform<i8:f32, 5.0e-01>>) -> tensor<1x4x4x1xf32>
      %1 = qnn.hard_swish %0 : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32>
      %2 = "quant.qcast"(%1) : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x1x!quant.uniform<i8:f32, 2.5e-01:-100>>
      %3 = "quant.dcast"(%2) : (tensor<1x4x4x1x!quant.uniform<i8:f32, 2.5e-01:-100>>) -> tensor<1x4x4x1xf32>
      %4 = qnn.max_pool2d %3 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x4x4x1xf32>) -> tensor<1x2x2x1xf32>
      return %4 : tensor<1x2x2x1xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%q: tensor<1x4x4x1x!quant.uniform<i8:f32, 5.0e-01>>) -> tensor<1x2x2x1xf32> {
      %0 = qnn.hard_swish %q : (tensor<1x4x4x1x!quant.uniform<i8:f32, 5.0e-01>>) -> tensor<1x4x4x1x!quant.uniform<i8:f32, 2.5e-01:-100>>
      %1 = qnn.max_pool2d %0 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>}
           : (tensor<1x4x4x1x!quant.uniform<i8:f32, 2.5e-01:-100>>) -> tensor<1x2x2x1x!quant.uniform<i8:f32, 2.5e-01:-100>>
      %2 = "quant.dcast"(%1) : (tensor<1x2x2x1x!quant.uniform<i8:f32, 2.5e-01:-100>>) -> tensor<1x2x2x1xf32>
      return %2 : tensor<1x2x2x1xf32>
    }
    ```
    Example: test/Dialect/QNN/Transforms/qnn-fold-qdq.mlir
  }];
  let options = [QNN_EmitRemarks];
}

def AlignFactorsPass : QNN_Pass<"qnn-align-factors"> {
  let summary = "Give layers the requantization factors of ONNX Runtime";
  let description = [{
    Changes the scales of constant weights so that the factor of a layer's
    requantization, `f32(s_x * s_w / s_y)` with one rounding, is the number that
    ONNX Runtime computes, `f32(f32(s_x * s_w) / s_y)`: its layers then give the
    same integers on the same inputs. In a network that somebody else quantized
    its factor for the given scale counts, and the new scale is the nearest f64
    number with that factor, which mostly rounds to the given one in a file.
    With `choose-scales` the new scale is the nearest f32 with which both
    factors are the same: what is exported says it in full. Without it a scale
    that is no f32 number stays, since it was moved before.

    Law: scales change by less than 2^-20 of their value, so a result changes
    only where it was that close to a half, by one unit. A second run changes
    nothing.

    Refuses: layers that end in f32 or have a residual, which ONNX Runtime
    computes in float; functions with `qnn.requantize = "fixed-point"`, whose
    definition is TFLite's; weights that the network computes.

    Before (`-qnn-align-factors`):
    ```mlir
    func.func @main(%x: tensor<1x1x!quant.uniform<i8:f32, 1.000244140625>>) -> tensor<1x1x!quant.uniform<i8:f32, 3.0>> {
      %w = qnn.constant dense<3> : tensor<1x1xi8> as tensor<1x1x!quant.uniform<i8:f32, 1.0006103515625>>
      %0 = qnn.fully_connected %x, %w : (tensor<1x1x!quant.uniform<i8:f32, 1.000244140625>>, tensor<1x1x!quant.uniform<i8:f32, 1.0006103515625>>) -> tensor<1x1x!quant.uniform<i8:f32, 3.0>>
      return %0 : tensor<1x1x!quant.uniform<i8:f32, 3.0>>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<1x1x!quant.uniform<i8:f32, 1.000244140625>>) -> tensor<1x1x!quant.uniform<i8:f32, 3.0>> {
      %w = qnn.constant dense<3> : tensor<1x1xi8> as tensor<1x1x!quant.uniform<i8:f32, 1.0006103366649757>>
      %0 = qnn.fully_connected %x, %w : (tensor<1x1x!quant.uniform<i8:f32, 1.000244140625>>, tensor<1x1x!quant.uniform<i8:f32, 1.0006103366649757>>) -> tensor<1x1x!quant.uniform<i8:f32, 3.0>>
      return %0 : tensor<1x1x!quant.uniform<i8:f32, 3.0>>
    }
    ```
    Example: test/Dialect/QNN/Transforms/qnn-align-factors.mlir
  }];
  let options = [
    Option<"chooseScales", "choose-scales", "bool", "false",
           "The scales are ours to choose: keep them f32">,
    QNN_EmitRemarks
  ];
}

//===----------------------------------------------------------------------===//
// Between stages
//===----------------------------------------------------------------------===//

def VerifyStagePass : Pass<"qnn-verify-stage", "::mlir::ModuleOp"> {
  let summary = "Check that a module holds only what a stage allows";
  let description = [{
    Changes nothing. The stages up to Quantized hold functions (`builtin`,
    `func`) and

    | stage | `qnn` | `quant` |
    |---|---|---|
    | `graph` | float ops, `batch_norm` included | - |
    | `calibrated` | float ops and `observe`, no `batch_norm` of constants | - |
    | `qdq` | float ops and quantized constants | `qcast`, `dcast` |
    | `quantized` | float and quantized ops | `qcast`, `dcast`, but no `qcast` of a `dcast` |

    Law: the identity; what a stage allows is the contract between the passes
    before and after it.

    Refuses: every op the stage does not allow is an error that says what is
    illegal and which pass removes it; an unknown stage is an error.

    Before (`-qnn-verify-stage=stage=graph`):
    ```mlir
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
      %0 = qnn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
      %0 = qnn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    ```
    Example: test/Dialect/QNN/Transforms/qnn-verify-stage.mlir
  }];
  let options = [Option<"stage", "stage", "std::string", "\"\"",
      "graph, calibrated, qdq or quantized">];
}

#endif // QNN_DIALECT_QNN_TRANSFORMS_PASSES_TD
