// RUN: quant-opt %s -qnn-fuse-epilogue=emit-remarks -split-input-file -verify-diagnostics | FileCheck %s
// RUN: quant-opt %s -qnn-fuse-epilogue -split-input-file > %t.once
// RUN: quant-opt %s -qnn-fuse-epilogue -qnn-fuse-epilogue -split-input-file > %t.twice
// RUN: diff %t.once %t.twice
// RUN: not quant-opt /dev/null -qnn-fuse-epilogue=quietly 2>&1 | FileCheck %s --check-prefix=OPTION
// OPTION: no such option quietly

// clamp(clamp(x, -inf, 3), ...) composes from the outside: [0, 3] cut to [1, 2].
// CHECK-LABEL: func.func @composes_clamps(
// CHECK-NEXT: qnn.add %{{.*}} {clamp_max = 2.000000e+00 : f32, clamp_min = 1.000000e+00 : f32}
// CHECK-NEXT: return
func.func @composes_clamps(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-remark@+2 {{fused relu into add}}
  // expected-remark@+1 {{fused clip into add}}
  %0 = qnn.add %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = qnn.relu %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = qnn.clip %1 {min = 1.0 : f32, max = 2.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @infinite_bound_is_none(
// CHECK: qnn.mul %{{.*}} {clamp_max = 6.000000e+00 : f32} :
func.func @infinite_bound_is_none(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-remark@+1 {{fused clip into mul}}
  %0 = qnn.mul %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = qnn.clip %0 {min = 0xFF800000 : f32, max = 6.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// The constant stands after the layer, has rank 4, and the add clamps.
// CHECK-LABEL: func.func @constant_per_channel_becomes_bias(
// CHECK: %[[B:.+]] = qnn.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK: qnn.conv2d %{{.*}} bias(%[[B]]) {clamp_min = 0.000000e+00 : f32}
// CHECK-NEXT: return
func.func @constant_per_channel_becomes_bias(%x: tensor<1x4x4x1xf32>) -> tensor<1x4x4x2xf32> {
  %w = qnn.constant dense<1.0> : tensor<2x1x1x1xf32>
  // expected-remark@+1 {{fused add of a constant into conv2d}}
  %0 = qnn.conv2d %x, %w : (tensor<1x4x4x1xf32>, tensor<2x1x1x1xf32>) -> tensor<1x4x4x2xf32>
  %b = qnn.constant dense<[[[[1.0, 2.0]]]]> : tensor<1x1x1x2xf32>
  %1 = qnn.add %b, %0 {clamp_min = 0.0 : f32} : (tensor<1x1x1x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  return %1 : tensor<1x4x4x2xf32>
}

// -----

// Of two layers the later one takes the residual, whichever side it stands on.
// CHECK-LABEL: func.func @later_layer_takes_residual(
// CHECK-DAG: %[[WA:.+]] = qnn.constant dense<1.0
// CHECK-DAG: %[[WB:.+]] = qnn.constant dense<2.0
// CHECK: %[[A:.+]] = qnn.fully_connected %{{.*}}, %[[WA]] :
// CHECK-NEXT: qnn.fully_connected %{{.*}}, %[[WB]] residual(%[[A]])
func.func @later_layer_takes_residual(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %wa = qnn.constant dense<1.0> : tensor<2x2xf32>
  %wb = qnn.constant dense<2.0> : tensor<2x2xf32>
  %0 = qnn.fully_connected %x, %wa : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  // expected-remark@+1 {{fused residual add into fully_connected}}
  %1 = qnn.fully_connected %x, %wb : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %2 = qnn.add %1, %0 : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  return %2 : tensor<1x2xf32>
}

// -----

// The residual is computed after the layer: the layer moves behind it.
// CHECK-LABEL: func.func @moves_behind_residual(
// CHECK: %[[R:.+]] = qnn.tanh
// CHECK-NEXT: qnn.fully_connected %{{.*}} residual(%[[R]])
func.func @moves_behind_residual(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = qnn.constant dense<1.0> : tensor<2x2xf32>
  // expected-remark@+1 {{fused residual add into fully_connected}}
  %0 = qnn.fully_connected %x, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %1 = qnn.tanh %x : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %2 = qnn.add %0, %1 : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  return %2 : tensor<1x2xf32>
}

// -----

// An accumulator with its bias, residual add and ReLU becomes one quantized layer.
!q = !quant.uniform<i8:f32, 5.0e-01:3>
!w = !quant.uniform<i8<-127:127>:f32, 2.5e-01>
!acc = !quant.uniform<i32:f32, 1.25e-01>
// CHECK-LABEL: func.func @fuses_accumulator(
// CHECK: qnn.fully_connected %{{.*}} bias(%{{.*}}) residual(%{{.*}}) {clamp_min = 0.000000e+00 : f32}
// CHECK-SAME: -> tensor<1x2x!quant.uniform<i8:f32, 5.000000e-01:3>>
// CHECK-NEXT: return
func.func @fuses_accumulator(%x: tensor<1x2x!q>, %r: tensor<1x2x!q>) -> tensor<1x2x!q> {
  %w = qnn.constant dense<1> : tensor<2x2xi8> as tensor<2x2x!w>
  %b = qnn.constant dense<8> : tensor<2xi32> as tensor<2x!acc>
  // expected-remark@+2 {{fused bias into fully_connected}}
  // expected-remark@+1 {{fused residual add into fully_connected}}
  %0 = qnn.fully_connected %x, %w : (tensor<1x2x!q>, tensor<2x2x!w>) -> tensor<1x2x!acc>
  %1 = qnn.bias %0, %b : (tensor<1x2x!acc>, tensor<2x!acc>) -> tensor<1x2x!acc>
  // expected-remark@+1 {{fused relu into add}}
  %2 = qnn.add %1, %r : (tensor<1x2x!acc>, tensor<1x2x!q>) -> tensor<1x2x!q>
  %3 = qnn.relu %2 : (tensor<1x2x!q>) -> tensor<1x2x!q>
  return %3 : tensor<1x2x!q>
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01>
!w = !quant.uniform<i8<-127:127>:f32:0, {2.5e-01, 5.0e-01}>
!acc = !quant.uniform<i32:f32:1, {1.25e-01, 2.5e-01}>
// CHECK-LABEL: func.func @fuses_requantize(
// CHECK: qnn.fully_connected {{.*}} -> tensor<1x2x!quant.uniform<i8:f32, 1.000000e+00>>
// CHECK-NEXT: return
func.func @fuses_requantize(%x: tensor<1x2x!q>) -> tensor<1x2x!quant.uniform<i8:f32, 1.0>> {
  %w = qnn.constant dense<1> : tensor<2x2xi8> as tensor<2x2x!w>
  // expected-remark@+1 {{fused requantize into fully_connected}}
  %0 = qnn.fully_connected %x, %w : (tensor<1x2x!q>, tensor<2x2x!w>) -> tensor<1x2x!acc>
  %1 = qnn.requantize %0 : tensor<1x2x!acc> -> tensor<1x2x!quant.uniform<i8:f32, 1.0>>
  return %1 : tensor<1x2x!quant.uniform<i8:f32, 1.0>>
}
