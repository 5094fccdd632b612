// RUN: quant-run %s --print | FileCheck %s

!a = !quant.uniform<i8:f32, 0.5:3>
!b = !quant.uniform<i8:f32, 0.25:-1>
!y = !quant.uniform<i8:f32, 0.125:2>

// CHECK: add: 2x3xfloat32 = 2 4 4.5, 4.5 4.5 4.5{{$}}
// CHECK: sub: 2x3xfloat32 = 0 0 0, 3 3 3{{$}}
// CHECK: mul: 2x3xfloat32 = 1 4 9, 4 10 18{{$}}
// CHECK: div: 2x3xfloat32 = 1 1 1, 4 2.5 2{{$}}
func.func @float_broadcasts() -> (tensor<2x3xf32> {qnn.name = "add"}, tensor<2x3xf32> {qnn.name = "sub"}, tensor<2x3xf32> {qnn.name = "mul"}, tensor<2x3xf32> {qnn.name = "div"}) {
  %a = qnn.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %b = qnn.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %0 = qnn.add %a, %b {clamp_max = 4.5 : f32} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %1 = qnn.sub %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %2 = qnn.mul %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %3 = qnn.div %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %0, %1, %2, %3 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// a is [1, -2.5, 62, 0], b is [1, 0.5, 32, 0]; results in steps of 0.125 around 2, saturated. 0/0 is NaN: the minimum.
// CHECK: add: 4xint8 = 18 -14 127 2{{$}}
// CHECK: sub: 4xint8 = 2 -22 127 2{{$}}
// CHECK: mul: 4xint8 = 10 -8 127 2{{$}}
// CHECK: div: 4xint8 = 10 -38 18 -128{{$}}
// CHECK: clamped: 4xint8 = 10 2 10 2{{$}}
func.func @quantized() -> (tensor<4x!y> {qnn.name = "add"}, tensor<4x!y> {qnn.name = "sub"}, tensor<4x!y> {qnn.name = "mul"}, tensor<4x!y> {qnn.name = "div"}, tensor<4x!y> {qnn.name = "clamped"}) {
  %a = qnn.constant dense<[5, -2, 127, 3]> : tensor<4xi8> as tensor<4x!a>
  %b = qnn.constant dense<[3, 1, 127, -1]> : tensor<4xi8> as tensor<4x!b>
  %0 = qnn.add %a, %b : (tensor<4x!a>, tensor<4x!b>) -> tensor<4x!y>
  %1 = qnn.sub %a, %b : (tensor<4x!a>, tensor<4x!b>) -> tensor<4x!y>
  %2 = qnn.mul %a, %b : (tensor<4x!a>, tensor<4x!b>) -> tensor<4x!y>
  %3 = qnn.div %a, %b : (tensor<4x!a>, tensor<4x!b>) -> tensor<4x!y>
  %4 = qnn.add %a, %b {clamp_min = 0.0 : f32, clamp_max = 1.0 : f32} : (tensor<4x!a>, tensor<4x!b>) -> tensor<4x!y>
  return %0, %1, %2, %3, %4 : tensor<4x!y>, tensor<4x!y>, tensor<4x!y>, tensor<4x!y>, tensor<4x!y>
}

// Clamps replace NaN by the lower bound; without one NaN stays.
// CHECK: kept: 1xfloat32 = nan{{$}}
// CHECK: replaced: 1xfloat32 = 0{{$}}
func.func @nan() -> (tensor<1xf32> {qnn.name = "kept"}, tensor<1xf32> {qnn.name = "replaced"}) {
  %n = qnn.constant dense<0x7FC00000> : tensor<1xf32>
  %0 = qnn.add %n, %n : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
  %1 = qnn.add %n, %n {clamp_min = 0.0 : f32} : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
  return %0, %1 : tensor<1xf32>, tensor<1xf32>
}
