// RUN: quant-opt %s -qnn-fold-batch-norm=emit-remarks -split-input-file -verify-diagnostics | FileCheck %s
// RUN: quant-opt %s -qnn-fold-batch-norm -split-input-file > %t.once
// RUN: quant-opt %s -qnn-fold-batch-norm -qnn-fold-batch-norm -split-input-file > %t.twice
// RUN: diff %t.once %t.twice
// RUN: not quant-opt /dev/null -qnn-fold-batch-norm=quietly 2>&1 | FileCheck %s --check-prefix=OPTION
// OPTION: no such option quietly

// a = [3, 4] / sqrt([1, 4]) = [3, 2], d = [0.5, 1] - a * [1, 0] = [-2.5, 1]; with a bias b' = a * b + d.
// CHECK-LABEL: func.func @folds_into_conv(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor
// CHECK-DAG: %[[W:.+]] = qnn.constant dense<{{\[\[\[\[}}3.000000e+00]]], {{\[\[\[}}4.000000e+00]]]]>
// CHECK-DAG: %[[B:.+]] = qnn.constant dense<[5.000000e-01, 3.000000e+00]>
// CHECK: %[[Y:.+]] = qnn.conv2d %[[X]], %[[W]] bias(%[[B]])
// CHECK-NEXT: return %[[Y]]
func.func @folds_into_conv(%x: tensor<1x2x2x1xf32>) -> tensor<1x2x2x2xf32> {
  %w = qnn.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %b = qnn.constant dense<1.0> : tensor<2xf32>
  %scale = qnn.constant dense<[3.0, 4.0]> : tensor<2xf32>
  %offset = qnn.constant dense<[0.5, 1.0]> : tensor<2xf32>
  %mean = qnn.constant dense<[1.0, 0.0]> : tensor<2xf32>
  %variance = qnn.constant dense<[0.0, 3.0]> : tensor<2xf32>
  // expected-remark@+1 {{folded batch norm into conv2d}}
  %0 = qnn.conv2d %x, %w bias(%b) : (tensor<1x2x2x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  %1 = qnn.batch_norm %0, %scale, %offset, %mean, %variance {epsilon = 1.0 : f32} : (tensor<1x2x2x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  return %1 : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: func.func @folds_into_fully_connected(
// CHECK: qnn.fully_connected
// CHECK-NEXT: return
func.func @folds_into_fully_connected(%x: tensor<3x1xf32>) -> tensor<3x1xf32> {
  %one = qnn.constant dense<1.0> : tensor<1xf32>
  %w = qnn.constant dense<2.0> : tensor<1x1xf32>
  // expected-remark@+1 {{folded batch norm into fully_connected}}
  %0 = qnn.fully_connected %x, %w : (tensor<3x1xf32>, tensor<1x1xf32>) -> tensor<3x1xf32>
  %1 = qnn.batch_norm %0, %one, %one, %one, %one {epsilon = 0.0 : f32} : (tensor<3x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<3x1xf32>
  return %1 : tensor<3x1xf32>
}

// -----

// CHECK-LABEL: func.func @becomes_depthwise_around_reshapes(
// CHECK: qnn.reshape {{.*}} -> tensor<1x1x3x2xf32>
// CHECK-NEXT: qnn.conv2d {{.*}} {groups = 2 : i64}
// CHECK-NEXT: qnn.reshape {{.*}} -> tensor<3x2xf32>
func.func @becomes_depthwise_around_reshapes(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %p = qnn.constant dense<1.0> : tensor<2xf32>
  // expected-remark@+1 {{turned batch norm into a depthwise convolution}}
  %0 = qnn.batch_norm %x, %p, %p, %p, %p {epsilon = 0.0 : f32} : (tensor<3x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// -----

// Another use of the convolution, a clamp, a residual or a computed weight: a depthwise convolution each.
// CHECK-LABEL: func.func @keeps_layers_that_cannot_fold(
// CHECK-COUNT-4: groups = 2 : i64
// CHECK-NOT: qnn.batch_norm
func.func @keeps_layers_that_cannot_fold(%x: tensor<1x1x1x2xf32>, %v: tensor<2x1x1x2xf32>) -> (tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>) {
  %w = qnn.constant dense<1.0> : tensor<2x1x1x2xf32>
  %p = qnn.constant dense<1.0> : tensor<2xf32>
  %0 = qnn.conv2d %x, %w : (tensor<1x1x1x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  // expected-remark@+1 {{depthwise}}
  %1 = qnn.batch_norm %0, %p, %p, %p, %p {epsilon = 0.0 : f32} : (tensor<1x1x1x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x1x1x2xf32>
  %2 = qnn.conv2d %x, %w {clamp_min = 0.0 : f32} : (tensor<1x1x1x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  // expected-remark@+1 {{depthwise}}
  %3 = qnn.batch_norm %2, %p, %p, %p, %p {epsilon = 0.0 : f32} : (tensor<1x1x1x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x1x1x2xf32>
  %4 = qnn.conv2d %x, %w residual(%x) : (tensor<1x1x1x2xf32>, tensor<2x1x1x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  // expected-remark@+1 {{depthwise}}
  %5 = qnn.batch_norm %4, %p, %p, %p, %p {epsilon = 0.0 : f32} : (tensor<1x1x1x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x1x1x2xf32>
  %6 = qnn.conv2d %x, %v : (tensor<1x1x1x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  // expected-remark@+1 {{depthwise}}
  %7 = qnn.batch_norm %6, %p, %p, %p, %p {epsilon = 0.0 : f32} : (tensor<1x1x1x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x1x1x2xf32>
  return %0, %1, %3, %5, %7 : tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>
}
