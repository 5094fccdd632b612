// RUN: quant-run %s --print | FileCheck %s

!x = !quant.uniform<i8:f32, 0.5:3>
!y = !quant.uniform<i8:f32, 0.25:-1>
!r = !quant.uniform<i8:f32, 0.125:2>
!w = !quant.uniform<i8<-127:127>:f32:0, {0.25, 0.5}>
!acc = !quant.uniform<i32:f32:0, {0.125, 0.25}>

// Padded positions are zero, the bias starts the sum, the clamp ends it.
// CHECK: biased: 1x2x2x2xfloat32 = 10.5 0, 10.5 0, 10.5 0, 10.5 0{{$}}
func.func @pads_with_zero() -> (tensor<1x2x2x2xf32> {qnn.name = "biased"}) {
  %x = qnn.constant dense<[[[[1.0], [2.0]], [[3.0], [4.0]]]]> : tensor<1x2x2x1xf32>
  %w = qnn.constant dense<1.0> : tensor<2x3x3x1xf32>
  %b = qnn.constant dense<[0.5, -20.0]> : tensor<2xf32>
  %y = qnn.conv2d %x, %w bias(%b) {clamp_min = 0.0 : f32, padding = array<i64: 1, 1, 1, 1>} : (tensor<1x2x2x1xf32>, tensor<2x3x3x1xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  return %y : tensor<1x2x2x2xf32>
}

// Stride 2, dilation 2, padding on the top and left only: 6; 6*3 + 8; 6*2 + 14; 6 + 8*2 + 14*3 + 16.
// CHECK: strided: 1x2x2x1xfloat32 = 6, 26, 26, 80{{$}}
func.func @strides_dilates_pads_one_side() -> (tensor<1x2x2x1xf32> {qnn.name = "strided"}) {
  %x = qnn.constant dense<[[[[1.0], [2.0], [3.0], [4.0]], [[5.0], [6.0], [7.0], [8.0]],
    [[9.0], [10.0], [11.0], [12.0]], [[13.0], [14.0], [15.0], [16.0]]]]> : tensor<1x4x4x1xf32>
  %w = qnn.constant dense<[[[[1.0], [2.0]], [[3.0], [1.0]]]]> : tensor<1x2x2x1xf32>
  %y = qnn.conv2d %x, %w {strides = array<i64: 2, 2>, dilations = array<i64: 2, 2>, padding = array<i64: 1, 1, 0, 0>} : (tensor<1x4x4x1xf32>, tensor<1x2x2x1xf32>) -> tensor<1x2x2x1xf32>
  return %y : tensor<1x2x2x1xf32>
}

// Two groups of 1 input and 2 outputs each; the residual is added before the clamp.
// CHECK: grouped: 1x1x1x4xfloat32 = 3 4 4.5 4.5{{$}}
func.func @groups_and_adds_residual() -> (tensor<1x1x1x4xf32> {qnn.name = "grouped"}) {
  %x = qnn.constant dense<[[[[2.0, 3.0]]]]> : tensor<1x1x1x2xf32>
  %w = qnn.constant dense<[[[[1.0]]], [[[1.5]]], [[[2.0]]], [[[10.0]]]]> : tensor<4x1x1x1xf32>
  %r = qnn.constant dense<1.0> : tensor<1x1x1x4xf32>
  %y = qnn.conv2d %x, %w residual(%r) {groups = 2 : i64, clamp_max = 4.5 : f32} : (tensor<1x1x1x2xf32>, tensor<4x1x1x1xf32>, tensor<1x1x1x4xf32>) -> tensor<1x1x1x4xf32>
  return %y : tensor<1x1x1x4xf32>
}

// The multiply-add is fused: (1 + 2^-12)^2 - 1 keeps its last bit.
// CHECK: fused: 1x1x1x1xfloat32 = 0.00048834085{{$}}
func.func @fuses_multiply_add() -> (tensor<1x1x1x1xf32> {qnn.name = "fused"}) {
  %x = qnn.constant dense<0x3F800800> : tensor<1x1x1x1xf32>
  %b = qnn.constant dense<-1.0> : tensor<1xf32>
  %y = qnn.conv2d %x, %x bias(%b) : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// x - z is [-2, -1, 0, 2] and 0 in the padding, so each sum is -1 + bias: -1 + 6 and -1 - 3. Then
// 5 * 0.125 / 0.25 = 2.5 -> 2 and -4 * 0.25 / 0.25 = -4, plus the zero point -1.
// CHECK: quantized: 1x1x1x2xint8 = 1 -5{{$}}
// CHECK: accumulator: 1x1x1x2xint32 = 5 -4{{$}}
func.func @quantized() -> (tensor<1x1x1x2x!y> {qnn.name = "quantized"}, tensor<1x1x1x2x!acc> {qnn.name = "accumulator"}) {
  %x = qnn.constant dense<[[[[1], [2]], [[3], [5]]]]> : tensor<1x2x2x1xi8> as tensor<1x2x2x1x!x>
  %w = qnn.constant dense<1> : tensor<2x4x4x1xi8> as tensor<2x4x4x1x!w>
  %b = qnn.constant dense<[6, -3]> : tensor<2xi32> as tensor<2x!acc>
  %y = qnn.conv2d %x, %w bias(%b) {padding = array<i64: 1, 1, 1, 1>} : (tensor<1x2x2x1x!x>, tensor<2x4x4x1x!w>, tensor<2x!acc>) -> tensor<1x1x1x2x!y>
  %a = qnn.conv2d %x, %w bias(%b) {padding = array<i64: 1, 1, 1, 1>} : (tensor<1x2x2x1x!x>, tensor<2x4x4x1x!w>, tensor<2x!acc>) -> tensor<1x1x1x2x!acc>
  return %y, %a : tensor<1x1x1x2x!y>, tensor<1x1x1x2x!acc>
}

// t = 2.5 and -4 as above, plus (r - 2) * 0.5 = 4.5 and -3.5: 7 and -7.5 -> -8, minus 1. The clamp
// [-1.5, 1.5] is [-7, 5] in steps.
// CHECK: residual: 1x1x1x2xint8 = 6 -9{{$}}
// CHECK: clamped: 1x1x1x2xint8 = 5 -7{{$}}
func.func @quantized_residual_and_clamp() -> (tensor<1x1x1x2x!y> {qnn.name = "residual"}, tensor<1x1x1x2x!y> {qnn.name = "clamped"}) {
  %x = qnn.constant dense<[[[[8]]]]> : tensor<1x1x1x1xi8> as tensor<1x1x1x1x!x>
  %w = qnn.constant dense<[[[[1]]], [[[-1]]]]> : tensor<2x1x1x1xi8> as tensor<2x1x1x1x!w>
  %b = qnn.constant dense<[0, 1]> : tensor<2xi32> as tensor<2x!acc>
  %r = qnn.constant dense<[[[[11, -5]]]]> : tensor<1x1x1x2xi8> as tensor<1x1x1x2x!r>
  %y = qnn.conv2d %x, %w bias(%b) residual(%r) : (tensor<1x1x1x1x!x>, tensor<2x1x1x1x!w>, tensor<2x!acc>, tensor<1x1x1x2x!r>) -> tensor<1x1x1x2x!y>
  %c = qnn.conv2d %x, %w bias(%b) residual(%r) {clamp_min = -1.5 : f32, clamp_max = 1.5 : f32} : (tensor<1x1x1x1x!x>, tensor<2x1x1x1x!w>, tensor<2x!acc>, tensor<1x1x1x2x!r>) -> tensor<1x1x1x2x!y>
  return %y, %c : tensor<1x1x1x2x!y>, tensor<1x1x1x2x!y>
}
