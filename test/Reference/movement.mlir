// RUN: quant-run %s --print | FileCheck %s

!a = !quant.uniform<i8:f32, 0.5:3>
!b = !quant.uniform<i8:f32, 0.25:-1>

// CHECK: concat: 2x3xfloat32 = 1 2 5, 3 4 6{{$}}
// CHECK: requantized: 4xint8 = 3 5 3 4{{$}}
func.func @concat() -> (tensor<2x3xf32> {qnn.name = "concat"}, tensor<4x!a> {qnn.name = "requantized"}) {
  %x = qnn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %y = qnn.constant dense<[[5.0], [6.0]]> : tensor<2x1xf32>
  %0 = qnn.concat %x, %y {axis = 1 : i64} : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  %a = qnn.constant dense<[3, 5]> : tensor<2xi8> as tensor<2x!a>
  %b = qnn.constant dense<[-1, 1]> : tensor<2xi8> as tensor<2x!b>
  %1 = qnn.concat %a, %b {axis = 0 : i64} : (tensor<2x!a>, tensor<2x!b>) -> tensor<4x!a>
  return %0, %1 : tensor<2x3xf32>, tensor<4x!a>
}

// CHECK: reshape: 3x2xfloat32 = 1 2, 3 4, 5 6{{$}}
// CHECK: transpose: 3x2xfloat32 = 1 4, 2 5, 3 6{{$}}
// CHECK: pad: 2x5xfloat32 = 9 1 2 3 9, 9 4 5 6 9{{$}}
// CHECK: slice: 2x2xfloat32 = 3 1, 6 4{{$}}
func.func @float() -> (tensor<3x2xf32> {qnn.name = "reshape"}, tensor<3x2xf32> {qnn.name = "transpose"}, tensor<2x5xf32> {qnn.name = "pad"}, tensor<2x2xf32> {qnn.name = "slice"}) {
  %x = qnn.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %0 = qnn.reshape %x {shape = array<i64: 3, 2>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %1 = qnn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %2 = qnn.pad %x {low = array<i64: 0, 1>, high = array<i64: 0, 1>, value = 9.0 : f32} : (tensor<2x3xf32>) -> tensor<2x5xf32>
  %3 = qnn.slice %x {starts = array<i64: 0, 2>, sizes = array<i64: 2, 2>, steps = array<i64: 1, -2>} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  return %0, %1, %2, %3 : tensor<3x2xf32>, tensor<3x2xf32>, tensor<2x5xf32>, tensor<2x2xf32>
}

// Padding with the real value 1.0 is 1 / 0.5 + 3 = 5.
// CHECK: transpose: 3x2xint8 = 1 4, 2 5, 3 6{{$}}
// CHECK: pad: 3x3xint8 = 1 2 3, 4 5 6, 5 5 5{{$}}
// CHECK: slice: 1x3xint8 = 4 5 6{{$}}
func.func @quantized() -> (tensor<3x2x!a> {qnn.name = "transpose"}, tensor<3x3x!a> {qnn.name = "pad"}, tensor<1x3x!a> {qnn.name = "slice"}) {
  %x = qnn.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi8> as tensor<2x3x!a>
  %0 = qnn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<2x3x!a>) -> tensor<3x2x!a>
  %1 = qnn.pad %x {low = array<i64: 0, 0>, high = array<i64: 1, 0>, value = 1.0 : f32} : (tensor<2x3x!a>) -> tensor<3x3x!a>
  %2 = qnn.slice %x {starts = array<i64: 1, 0>, sizes = array<i64: 1, 3>, steps = array<i64: 1, 1>} : (tensor<2x3x!a>) -> tensor<1x3x!a>
  return %0, %1, %2 : tensor<3x2x!a>, tensor<3x3x!a>, tensor<1x3x!a>
}

// Coordinates of 5 outputs on 3 inputs: asymmetric 0 .6 1.2 1.8 2.4; half_pixel -.2 .4 1 1.6 2.2;
// align_corners 0 .5 1 1.5 2. The last pair differs only where a coordinate is a half.
// CHECK: floor: 5xfloat32 = 0 0 1 1 2{{$}}
// CHECK: ceil: 5xfloat32 = 0 1 1 2 2{{$}}
// CHECK: prefer_floor: 5xfloat32 = 0 0 1 1 2{{$}}
// CHECK: prefer_ceil: 5xfloat32 = 0 1 1 2 2{{$}}
// CHECK: pytorch: 1xfloat32 = 0{{$}}
// CHECK: quantized: 4xint8 = 1 1 2 2{{$}}
func.func @resize_nearest() -> (tensor<5xf32> {qnn.name = "floor"}, tensor<5xf32> {qnn.name = "ceil"}, tensor<5xf32> {qnn.name = "prefer_floor"}, tensor<5xf32> {qnn.name = "prefer_ceil"}, tensor<1xf32> {qnn.name = "pytorch"}, tensor<4x!a> {qnn.name = "quantized"}) {
  %x = qnn.constant dense<[0.0, 1.0, 2.0]> : tensor<3xf32>
  %0 = qnn.resize_nearest %x {shape = array<i64: 5>, scales = array<f64: 1.6666666666666667>, coordinate_mode = 0 : i32, nearest_mode = 2 : i32} : (tensor<3xf32>) -> tensor<5xf32>
  %1 = qnn.resize_nearest %x {shape = array<i64: 5>, scales = array<f64: 1.6666666666666667>, coordinate_mode = 1 : i32, nearest_mode = 3 : i32} : (tensor<3xf32>) -> tensor<5xf32>
  %2 = qnn.resize_nearest %x {shape = array<i64: 5>, scales = array<f64: 1.6666666666666667>, coordinate_mode = 3 : i32, nearest_mode = 0 : i32} : (tensor<3xf32>) -> tensor<5xf32>
  %3 = qnn.resize_nearest %x {shape = array<i64: 5>, scales = array<f64: 1.6666666666666667>, coordinate_mode = 3 : i32, nearest_mode = 1 : i32} : (tensor<3xf32>) -> tensor<5xf32>
  %4 = qnn.resize_nearest %x {shape = array<i64: 1>, scales = array<f64: 0.33333333>, coordinate_mode = 2 : i32, nearest_mode = 0 : i32} : (tensor<3xf32>) -> tensor<1xf32>
  %q = qnn.constant dense<[1, 2]> : tensor<2xi8> as tensor<2x!a>
  %5 = qnn.resize_nearest %q {shape = array<i64: 4>, scales = array<f64: 2.0>, coordinate_mode = 0 : i32, nearest_mode = 2 : i32} : (tensor<2x!a>) -> tensor<4x!a>
  return %0, %1, %2, %3, %4, %5 : tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<1xf32>, tensor<4x!a>
}
