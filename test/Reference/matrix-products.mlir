// RUN: quant-run %s --print | FileCheck %s

!x = !quant.uniform<i8:f32, 0.5:1>
!z = !quant.uniform<i8:f32, 0.25:-2>
!y = !quant.uniform<i8:f32, 0.5:3>
!w = !quant.uniform<i8<-127:127>:f32:0, {0.25, 0.5}>
!acc = !quant.uniform<i32:f32:0, {0.125, 0.25}>

// CHECK: float: 2x2xfloat32 = 11.5 1, 17.5 1{{$}}
func.func @fully_connected() -> (tensor<2x2xf32> {qnn.name = "float"}) {
  %x = qnn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %w = qnn.constant dense<[[1.0, 2.0], [-1.0, 1.0]]> : tensor<2x2xf32>
  %b = qnn.constant dense<[6.5, -1.0]> : tensor<2xf32>
  %r = qnn.constant dense<[[0.0, 1.0], [0.0, 1.0]]> : tensor<2x2xf32>
  %y = qnn.fully_connected %x, %w bias(%b) residual(%r) : (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// x - z = [2, -3]: 2*10 - 3*4 + 2 = 10, * 0.25 = 2.5 -> 2; 2*-1 - 3*5 = -17, * 0.5 = -8.5 -> -8.
// CHECK: quantized: 1x2xint8 = 5 -5{{$}}
// CHECK: accumulator: 1x2xint32 = 10 -17{{$}}
func.func @fully_connected_quantized() -> (tensor<1x2x!y> {qnn.name = "quantized"}, tensor<1x2x!acc> {qnn.name = "accumulator"}) {
  %x = qnn.constant dense<[[3, -2]]> : tensor<1x2xi8> as tensor<1x2x!x>
  %w = qnn.constant dense<[[10, 4], [-1, 5]]> : tensor<2x2xi8> as tensor<2x2x!w>
  %b = qnn.constant dense<[2, 0]> : tensor<2xi32> as tensor<2x!acc>
  %y = qnn.fully_connected %x, %w bias(%b) : (tensor<1x2x!x>, tensor<2x2x!w>, tensor<2x!acc>) -> tensor<1x2x!y>
  %a = qnn.fully_connected %x, %w bias(%b) : (tensor<1x2x!x>, tensor<2x2x!w>, tensor<2x!acc>) -> tensor<1x2x!acc>
  return %y, %a : tensor<1x2x!y>, tensor<1x2x!acc>
}

// Leading dimensions broadcast; the clamp bounds the product.
// CHECK: batched: 2x1x2xfloat32 = 3 4, 6 8{{$}}
func.func @matmul_broadcasts() -> (tensor<2x1x2xf32> {qnn.name = "batched"}) {
  %a = qnn.constant dense<[[[1.0, 1.0]], [[2.0, 2.0]]]> : tensor<2x1x2xf32>
  %b = qnn.constant dense<[[1.0, 1.0], [2.0, 3.0]]> : tensor<2x2xf32>
  %y = qnn.matmul %a, %b {clamp_max = 8.0 : f32} : (tensor<2x1x2xf32>, tensor<2x2xf32>) -> tensor<2x1x2xf32>
  return %y : tensor<2x1x2xf32>
}

// Both zero points count: [2, -3] * [4, 2]^T = 2, * 0.5 * 0.25 / 0.5 = 0.5 -> 0; [2, -3] * [0, 10]^T = -30 -> -7.5 -> -8.
// CHECK: activations: 1x2xint8 = 3 -5{{$}}
func.func @matmul_quantized() -> (tensor<1x2x!y> {qnn.name = "activations"}) {
  %a = qnn.constant dense<[[3, -2]]> : tensor<1x2xi8> as tensor<1x2x!x>
  %b = qnn.constant dense<[[2, -2], [0, 8]]> : tensor<2x2xi8> as tensor<2x2x!z>
  %y = qnn.matmul %a, %b : (tensor<1x2x!x>, tensor<2x2x!z>) -> tensor<1x2x!y>
  return %y : tensor<1x2x!y>
}

// CHECK: bias: 2x2xfloat32 = 1.5 1, 3.5 3{{$}}
// CHECK: integers: 1x2xint32 = 11 -17{{$}}
func.func @bias() -> (tensor<2x2xf32> {qnn.name = "bias"}, tensor<1x2x!acc> {qnn.name = "integers"}) {
  %x = qnn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = qnn.constant dense<[0.5, -1.0]> : tensor<2xf32>
  %y = qnn.bias %x, %b : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %xi = qnn.constant dense<[[10, -20]]> : tensor<1x2xi32> as tensor<1x2x!acc>
  %bi = qnn.constant dense<[1, 3]> : tensor<2xi32> as tensor<2x!acc>
  %yi = qnn.bias %xi, %bi : (tensor<1x2x!acc>, tensor<2x!acc>) -> tensor<1x2x!acc>
  return %y, %yi : tensor<2x2xf32>, tensor<1x2x!acc>
}
