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
