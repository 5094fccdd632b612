// RUN: quant-opt %s -qnn-assign-precision | FileCheck %s
// Layer norm and GELU stay float as a whole; the residual sums, which others read too, do not.
// CHECK-LABEL: func.func @layer_norm_and_gelu
// CHECK: qnn.add %{{[a-z0-9]+}}, %{{[a-z0-9]+}} :
// CHECK-COUNT-2: qnn.precision = "float"
// CHECK: qnn.mul {{.*}}qnn.precision = "float"
// CHECK: qnn.reduce_mean {{.*}}qnn.precision = "float"
// CHECK: qnn.add {{.*}}qnn.precision = "float"
// CHECK: qnn.sqrt
// CHECK-COUNT-2: qnn.precision = "float"
// CHECK: qnn.hard_swish %{{[a-z0-9]+}} :
// CHECK: qnn.add %{{[a-z0-9]+}}, %{{[a-z0-9]+}} :
// CHECK: qnn.mul {{.*}}qnn.precision = "float"
// CHECK: qnn.erf
// CHECK: qnn.mul {{.*}}qnn.precision = "float"
// CHECK: qnn.relu %{{[a-z0-9]+}} :
func.func @layer_norm_and_gelu(%x: tensor<2x4xf32>, %w: tensor<4xf32>, %one: tensor<2x1xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %sum = qnn.add %x, %w : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %mean = qnn.reduce_mean %sum {axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %centered = qnn.sub %sum, %mean : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %square = qnn.mul %centered, %centered : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %variance = qnn.reduce_mean %square {axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %positive = qnn.add %variance, %one : (tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<2x1xf32>
  %root = qnn.sqrt %positive : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %quotient = qnn.div %centered, %root : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %normed = qnn.mul %quotient, %w : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %layer = qnn.hard_swish %normed : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %residual = qnn.add %sum, %layer : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %half = qnn.mul %residual, %w : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %erf = qnn.erf %half : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %gelu = qnn.mul %residual, %erf : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %end = qnn.relu %gelu : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %end, %residual : tensor<2x4xf32>, tensor<2x4xf32>
}
