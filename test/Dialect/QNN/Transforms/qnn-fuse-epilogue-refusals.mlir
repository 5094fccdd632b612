// RUN: quant-opt %s -qnn-fuse-epilogue=emit-remarks -split-input-file -verify-diagnostics | FileCheck %s
// Every function stays as it is, and says why where a user may wonder.

// CHECK-LABEL: func.func @producer_with_another_use(
// CHECK: qnn.relu
func.func @producer_with_another_use(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = qnn.mul %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // expected-remark@+1 {{not fused into mul: the result of the producer has another use}}
  %1 = qnn.relu %0 : (tensor<4xf32>) -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @precisions_differ(
// CHECK: qnn.relu
func.func @precisions_differ(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = qnn.mul %x, %x {qnn.precision = "float"} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // expected-remark@+1 {{not fused into mul: the precisions of the two ops differ}}
  %1 = qnn.relu %0 : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @bounds_that_cross(
// CHECK: qnn.clip
func.func @bounds_that_cross(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = qnn.mul %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // expected-remark@+1 {{not fused into mul: the lower bound exceeds the upper bound}}
  %1 = qnn.clip %0 {min = 2.0 : f32, max = 1.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// min(NaN, 6) is 6, then max(6, 0) is 6; one clamp would give 0.
// CHECK-LABEL: func.func @nan_would_change(
// CHECK: qnn.relu
func.func @nan_would_change(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = qnn.mul %x, %x {clamp_max = 6.0 : f32} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // expected-remark@+1 {{not fused into mul: a lower bound after an upper one would change what NaN becomes}}
  %1 = qnn.relu %0 : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

!a = !quant.uniform<i8:f32, 5.0e-01>
!b = !quant.uniform<i8:f32, 2.5e-01>
// CHECK-LABEL: func.func @clamp_that_requantizes(
// CHECK: qnn.relu
func.func @clamp_that_requantizes(%x: tensor<4x!a>) -> tensor<4x!b> {
  %0 = qnn.mul %x, %x : (tensor<4x!a>, tensor<4x!a>) -> tensor<4x!a>
  // expected-remark@+1 {{not fused into mul: the clamp changes the quantized type}}
  %1 = qnn.relu %0 : (tensor<4x!a>) -> tensor<4x!b>
  return %1 : tensor<4x!b>
}

// -----

// CHECK-LABEL: func.func @residual_after_clamp(
// CHECK: qnn.add
func.func @residual_after_clamp(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = qnn.constant dense<1.0> : tensor<2x2xf32>
  %0 = qnn.fully_connected %x, %w {clamp_min = 0.0 : f32} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  // expected-remark@+1 {{not fused as a residual: the producer has a residual or a clamp}}
  %1 = qnn.add %0, %x : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  return %1 : tensor<1x2xf32>
}

// -----

// CHECK-LABEL: func.func @residual_that_broadcasts(
// CHECK: qnn.add
func.func @residual_that_broadcasts(%x: tensor<3x2xf32>, %r: tensor<1x2xf32>) -> tensor<3x2xf32> {
  %w = qnn.constant dense<1.0> : tensor<2x2xf32>
  %0 = qnn.fully_connected %x, %w : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  // expected-remark@+1 {{not fused as a residual: the operands broadcast}}
  %1 = qnn.add %0, %r : (tensor<3x2xf32>, tensor<1x2xf32>) -> tensor<3x2xf32>
  return %1 : tensor<3x2xf32>
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01>
!w = !quant.uniform<i8<-127:127>:f32, 2.5e-01>
// CHECK-LABEL: func.func @rounded_before_add(
// CHECK: qnn.add
func.func @rounded_before_add(%x: tensor<1x2x!q>) -> tensor<1x2x!q> {
  %w = qnn.constant dense<1> : tensor<2x2xi8> as tensor<2x2x!w>
  %0 = qnn.fully_connected %x, %w : (tensor<1x2x!q>, tensor<2x2x!w>) -> tensor<1x2x!q>
  // expected-remark@+1 {{not fused as a residual: a quantized producer is already rounded to its result type}}
  %1 = qnn.add %0, %x : (tensor<1x2x!q>, tensor<1x2x!q>) -> tensor<1x2x!q>
  return %1 : tensor<1x2x!q>
}

// -----

// CHECK-LABEL: func.func @bias_after_bias_or_clamp(
// CHECK-COUNT-2: qnn.bias
func.func @bias_after_bias_or_clamp(%x: tensor<1x2xf32>, %b: tensor<2xf32>) -> (tensor<1x2xf32>, tensor<1x2xf32>) {
  %w = qnn.constant dense<1.0> : tensor<2x2xf32>
  %c = qnn.constant dense<1.0> : tensor<2xf32>
  %0 = qnn.fully_connected %x, %w bias(%c) : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %1 = qnn.bias %0, %c : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %2 = qnn.fully_connected %x, %w {clamp_max = 0.0 : f32} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %3 = qnn.bias %2, %c : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %1, %3 : tensor<1x2xf32>, tensor<1x2xf32>
}

// -----

// CHECK-LABEL: func.func @computed_bias(
// CHECK: qnn.bias
func.func @computed_bias(%x: tensor<1x2xf32>, %b: tensor<2xf32>) -> tensor<1x2xf32> {
  %w = qnn.constant dense<1.0> : tensor<2x2xf32>
  %0 = qnn.fully_connected %x, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %1 = qnn.bias %0, %b : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %1 : tensor<1x2xf32>
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01>
!w = !quant.uniform<i8<-127:127>:f32, 2.5e-01>
!acc = !quant.uniform<i32:f32, 1.0>
// CHECK-LABEL: func.func @accumulator_of_another_scale(
// CHECK: qnn.requantize
func.func @accumulator_of_another_scale(%x: tensor<1x2x!q>) -> tensor<1x2x!q> {
  %w = qnn.constant dense<1> : tensor<2x2xi8> as tensor<2x2x!w>
  %0 = qnn.fully_connected %x, %w : (tensor<1x2x!q>, tensor<2x2x!w>) -> tensor<1x2x!acc>
  %1 = qnn.requantize %0 : tensor<1x2x!acc> -> tensor<1x2x!q>
  return %1 : tensor<1x2x!q>
}
