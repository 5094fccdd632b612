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

    Refuses to fold into a layer with another use of its result, a clamp, a
    residual, or a weight or bias that is not constant; those batch norms become
    depthwise convolutions. A batch norm whose parameters are not constant, or
    with `variance + epsilon <= 0` or non-finite parameters, is an error.

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

#endif // QNN_DIALECT_QNN_TRANSFORMS_PASSES_TD
