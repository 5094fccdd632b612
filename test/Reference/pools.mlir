// RUN: quant-run %s --print | FileCheck %s

!x = !quant.uniform<i8:f32, 0.5:1>
!y = !quant.uniform<i8:f32, 0.25:-3>

// Windows of 2x2, stride 2, padded by 1 on the top and left. Counting the padding always divides by 4.
// CHECK: max: 1x2x2x1xfloat32 = -1, -2, -4, -5{{$}}
// CHECK: average: 1x2x2x1xfloat32 = -1, -2.5, -5.5, -7{{$}}
// CHECK: padded: 1x2x2x1xfloat32 = -0.25, -1.25, -2.75, -7{{$}}
func.func @padding() -> (tensor<1x2x2x1xf32> {qnn.name = "max"}, tensor<1x2x2x1xf32> {qnn.name = "average"}, tensor<1x2x2x1xf32> {qnn.name = "padded"}) {
  %x = qnn.constant dense<[[[[-1.0], [-2.0], [-3.0]], [[-4.0], [-5.0], [-6.0]], [[-7.0], [-8.0], [-9.0]]]]> : tensor<1x3x3x1xf32>
  %0 = qnn.max_pool2d %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 0, 0>} : (tensor<1x3x3x1xf32>) -> tensor<1x2x2x1xf32>
  %1 = qnn.avg_pool2d %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 0, 0>} : (tensor<1x3x3x1xf32>) -> tensor<1x2x2x1xf32>
  %2 = qnn.avg_pool2d %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 0, 0>, count_include_pad = true} : (tensor<1x3x3x1xf32>) -> tensor<1x2x2x1xf32>
  return %0, %1, %2 : tensor<1x2x2x1xf32>, tensor<1x2x2x1xf32>, tensor<1x2x2x1xf32>
}

// ceil_mode adds a window cut at the border; the cut part is never counted.
// CHECK: max: 1x1x2x1xfloat32 = 2, 3{{$}}
// CHECK: average: 1x1x2x1xfloat32 = 1.5, 3{{$}}
// CHECK: dilated: 1x1x1x1xfloat32 = 2{{$}}
func.func @ceil_and_dilation() -> (tensor<1x1x2x1xf32> {qnn.name = "max"}, tensor<1x1x2x1xf32> {qnn.name = "average"}, tensor<1x1x1x1xf32> {qnn.name = "dilated"}) {
  %x = qnn.constant dense<[[[[1.0], [2.0], [3.0]]]]> : tensor<1x1x3x1xf32>
  %0 = qnn.max_pool2d %x {kernel = array<i64: 1, 2>, strides = array<i64: 1, 2>, ceil_mode = true} : (tensor<1x1x3x1xf32>) -> tensor<1x1x2x1xf32>
  %1 = qnn.avg_pool2d %x {kernel = array<i64: 1, 2>, strides = array<i64: 1, 2>, ceil_mode = true, count_include_pad = true} : (tensor<1x1x3x1xf32>) -> tensor<1x1x2x1xf32>
  %2 = qnn.avg_pool2d %x {kernel = array<i64: 1, 2>, dilations = array<i64: 1, 2>} : (tensor<1x1x3x1xf32>) -> tensor<1x1x1x1xf32>
  return %0, %1, %2 : tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>, tensor<1x1x1x1xf32>
}

// NaN never wins a maximum.
// CHECK: max: 1x1x1x2xfloat32 = 2 -inf{{$}}
func.func @nan_never_wins() -> (tensor<1x1x1x2xf32> {qnn.name = "max"}) {
  %x = qnn.constant dense<[[[[0x7FC00000, 0x7FC00000], [2.0, 0x7FC00000]]]]> : tensor<1x1x2x2xf32>
  %0 = qnn.max_pool2d %x {kernel = array<i64: 1, 2>} : (tensor<1x1x2x2xf32>) -> tensor<1x1x1x2xf32>
  return %0 : tensor<1x1x1x2xf32>
}

// CHECK: average: 1x1x1x2xfloat32 = 4 5{{$}}
// CHECK: max: 1x1x1x2xfloat32 = 7 8{{$}}
// CHECK: mean: 1x2xfloat32 = 4 4.5{{$}}
// CHECK: kept: 1x2x1x1xfloat32 = 2.5, 6.5{{$}}
func.func @global() -> (tensor<1x1x1x2xf32> {qnn.name = "average"}, tensor<1x1x1x2xf32> {qnn.name = "max"}, tensor<1x2xf32> {qnn.name = "mean"}, tensor<1x2x1x1xf32> {qnn.name = "kept"}) {
  %x = qnn.constant dense<[[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]]> : tensor<1x2x2x2xf32>
  %0 = qnn.global_avg_pool %x : (tensor<1x2x2x2xf32>) -> tensor<1x1x1x2xf32>
  %1 = qnn.global_max_pool %x : (tensor<1x2x2x2xf32>) -> tensor<1x1x1x2xf32>
  %2 = qnn.reduce_mean %x {axes = array<i64: 1, 2>, keep_dims = false, clamp_max = 4.5 : f32} : (tensor<1x2x2x2xf32>) -> tensor<1x2xf32>
  %3 = qnn.reduce_mean %x {axes = array<i64: 2, 3>} : (tensor<1x2x2x2xf32>) -> tensor<1x2x1x1xf32>
  return %0, %1, %2, %3 : tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>, tensor<1x2xf32>, tensor<1x2x1x1xf32>
}

// q - z is [0, 1, 2, 6]: 9 * 0.5 / (0.25 * 4) = 4.5 -> 4, minus 3. Two padded positions leave a sum of 1, which is
// 1 * 0.5 / (0.25 * 2) = 1 of two, or 0.5 -> 0 of four positions.
// CHECK: average: 1x1x1x1xint8 = 1{{$}}
// CHECK: clamped: 1x1x1x1xint8 = -1{{$}}
// CHECK: global: 1x1x1x1xint8 = 1{{$}}
// CHECK: mean: 1x1x1xint8 = 1{{$}}
// CHECK: inside: 1x1x2x1xint8 = -2, 1{{$}}
// CHECK: padded: 1x1x2x1xint8 = -3, 1{{$}}
func.func @quantized_average() -> (tensor<1x1x1x1x!y> {qnn.name = "average"}, tensor<1x1x1x1x!y> {qnn.name = "clamped"}, tensor<1x1x1x1x!y> {qnn.name = "global"}, tensor<1x1x1x!y> {qnn.name = "mean"}, tensor<1x1x2x1x!y> {qnn.name = "inside"}, tensor<1x1x2x1x!y> {qnn.name = "padded"}) {
  %x = qnn.constant dense<[[[[1], [2], [3], [7]]]]> : tensor<1x1x4x1xi8> as tensor<1x1x4x1x!x>
  %0 = qnn.avg_pool2d %x {kernel = array<i64: 1, 4>} : (tensor<1x1x4x1x!x>) -> tensor<1x1x1x1x!y>
  %1 = qnn.avg_pool2d %x {kernel = array<i64: 1, 4>, clamp_max = 0.5 : f32} : (tensor<1x1x4x1x!x>) -> tensor<1x1x1x1x!y>
  %2 = qnn.global_avg_pool %x : (tensor<1x1x4x1x!x>) -> tensor<1x1x1x1x!y>
  %3 = qnn.reduce_mean %x {axes = array<i64: 2>, keep_dims = false} : (tensor<1x1x4x1x!x>) -> tensor<1x1x1x!y>
  %4 = qnn.avg_pool2d %x {kernel = array<i64: 1, 4>, strides = array<i64: 1, 2>, padding = array<i64: 0, 2, 0, 0>} : (tensor<1x1x4x1x!x>) -> tensor<1x1x2x1x!y>
  %5 = qnn.avg_pool2d %x {kernel = array<i64: 1, 4>, strides = array<i64: 1, 2>, padding = array<i64: 0, 2, 0, 0>, count_include_pad = true} : (tensor<1x1x4x1x!x>) -> tensor<1x1x2x1x!y>
  return %0, %1, %2, %3, %4, %5 : tensor<1x1x1x1x!y>, tensor<1x1x1x1x!y>, tensor<1x1x1x1x!y>, tensor<1x1x1x!y>, tensor<1x1x2x1x!y>, tensor<1x1x2x1x!y>
}

// Positions [-1, 1] and [1, 3]; padding never wins, even over negative numbers.
// CHECK: max: 1x1x2x1xint8 = -2, 7{{$}}
// CHECK: global: 1x1x1x1xint8 = 7{{$}}
func.func @quantized_max() -> (tensor<1x1x2x1x!x> {qnn.name = "max"}, tensor<1x1x1x1x!x> {qnn.name = "global"}) {
  %x = qnn.constant dense<[[[[1], [-2], [3], [7]]]]> : tensor<1x1x4x1xi8> as tensor<1x1x4x1x!x>
  %0 = qnn.max_pool2d %x {kernel = array<i64: 1, 2>, strides = array<i64: 1, 2>, padding = array<i64: 0, 1, 0, 0>, dilations = array<i64: 1, 2>} : (tensor<1x1x4x1x!x>) -> tensor<1x1x2x1x!x>
  %1 = qnn.global_max_pool %x : (tensor<1x1x4x1x!x>) -> tensor<1x1x1x1x!x>
  return %0, %1 : tensor<1x1x2x1x!x>, tensor<1x1x1x1x!x>
}
