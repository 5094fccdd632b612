// RUN: quant-reduce %s -reduction-tree='traversal-mode=0 test=%S/Inputs/holds_tanh.sh' | FileCheck %s
// Everything goes but the operation that shows the bug.
// CHECK-NOT: @innocent
// CHECK:     func.func @guilty
// CHECK-NOT: qnn.relu
// CHECK:     qnn.tanh
// CHECK-NOT: @innocent
func.func @innocent(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = qnn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @guilty(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = qnn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = qnn.relu %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = qnn.tanh %x : (tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}
