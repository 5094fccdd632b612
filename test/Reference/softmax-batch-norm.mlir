// RUN: quant-run %s --print | FileCheck %s

!x = !quant.uniform<i8:f32, 0.5:7>
!y = !quant.uniform<i8:f32, 0.00390625:-128>

// Equal values share 1; a large maximum does not overflow.
// CHECK: last: 2x2xfloat32 = 0.5 0.5, 0 1{{$}}
// CHECK: first: 2x2xfloat32 = 0.5 0, 0.5 1{{$}}
func.func @softmax_axes() -> (tensor<2x2xf32> {qnn.name = "last"}, tensor<2x2xf32> {qnn.name = "first"}) {
  %x = qnn.constant dense<[[3.0, 3.0], [3.0, 1000.0]]> : tensor<2x2xf32>
  %0 = qnn.softmax %x {axis = 1 : i64} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = qnn.softmax %x {axis = 0 : i64} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0, %1 : tensor<2x2xf32>, tensor<2x2xf32>
}

// 256 * e^x / sum(e^x) for x = [0, 0.5, 1]: 47.7, 78.6, 129.7.
// CHECK: quantized: 3xint8 = -80 -49 2{{$}}
func.func @softmax_quantized() -> (tensor<3x!y> {qnn.name = "quantized"}) {
  %x = qnn.constant dense<[7, 8, 9]> : tensor<3xi8> as tensor<3x!x>
  %y = qnn.softmax %x {axis = 0 : i64} : (tensor<3x!x>) -> tensor<3x!y>
  return %y : tensor<3x!y>
}

// (x - 1) / sqrt(3 + 1) * 2 + 5 and (x + 4) / sqrt(15 + 1) * 3.
// CHECK: normalized: 2x2xfloat32 = 5 4.5, 7 6{{$}}
func.func @batch_norm() -> (tensor<2x2xf32> {qnn.name = "normalized"}) {
  %x = qnn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %s = qnn.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %o = qnn.constant dense<[5.0, 0.0]> : tensor<2xf32>
  %m = qnn.constant dense<[1.0, -4.0]> : tensor<2xf32>
  %v = qnn.constant dense<[3.0, 15.0]> : tensor<2xf32>
  %y = qnn.batch_norm %x, %s, %o, %m, %v {epsilon = 1.0 : f32} : (tensor<2x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
