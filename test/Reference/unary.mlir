// RUN: quant-run %s --print | FileCheck %s

!x = !quant.uniform<i8:f32, 0.5>
!y = !quant.uniform<i8:f32, 0.00390625:-128>
!s = !quant.uniform<i8:f32, 0.0078125>
!z = !quant.uniform<i8:f32, 0.25:-100>

// CHECK: relu: 4xfloat32 = 0 0 0.5 8{{$}}
// CHECK: clip: 4xfloat32 = -1 0 0.5 6{{$}}
// CHECK: leaky: 4xfloat32 = -0.4 0 0.5 8{{$}}
// CHECK: hard_sigmoid: 4xfloat32 = 0 0.5 0.6 1{{$}}
// CHECK: hard_swish: 4xfloat32 = -0 0 0.29166666 8{{$}}
func.func @piecewise_linear() -> (tensor<4xf32> {qnn.name = "relu"}, tensor<4xf32> {qnn.name = "clip"}, tensor<4xf32> {qnn.name = "leaky"}, tensor<4xf32> {qnn.name = "hard_sigmoid"}, tensor<4xf32> {qnn.name = "hard_swish"}) {
  %x = qnn.constant dense<[-4.0, 0.0, 0.5, 8.0]> : tensor<4xf32>
  %0 = qnn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = qnn.clip %x {min = -1.0 : f32, max = 6.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %2 = qnn.leaky_relu %x {alpha = 0.1 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %3 = qnn.hard_sigmoid %x {alpha = 0.2 : f32, beta = 0.5 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %4 = qnn.hard_swish %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0, %1, %2, %3, %4 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// Within 2 units in the last place of the exact values 1/(1+e^-1), tanh(0.5), tanh(1).
// CHECK: sigmoid: 4xfloat32 = 0.5 0.{{731058[56][0-9]*}} 1 0{{$}}
// CHECK: tanh: 4xfloat32 = 0 0.{{46211[67][0-9]*}} 0.{{76159[34][0-9]*}} -1{{$}}
func.func @transcendental() -> (tensor<4xf32> {qnn.name = "sigmoid"}, tensor<4xf32> {qnn.name = "tanh"}) {
  %x = qnn.constant dense<[0.0, 1.0, 200.0, -200.0]> : tensor<4xf32>
  %z = qnn.constant dense<[0.0, 0.5, 1.0, -200.0]> : tensor<4xf32>
  %0 = qnn.sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = qnn.tanh %z : (tensor<4xf32>) -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// Roots are rounded once.
// CHECK: sqrt: 4xfloat32 = 0 0.70710677 3 inf{{$}}
// Within 2 units in the last place of erf(0.5), erf(1), erf(-2).
// CHECK: erf: 6xfloat32 = -0 0.{{520499(8|9)[0-9]*}} 0.{{84270(07|08|09)[0-9]*}} -0.{{99532(22|23)[0-9]*}} 1 -1{{$}}
func.func @float_only() -> (tensor<4xf32> {qnn.name = "sqrt"}, tensor<6xf32> {qnn.name = "erf"}) {
  %x = qnn.constant dense<[0.0, 0.5, 9.0, 0x7F800000]> : tensor<4xf32>
  %z = qnn.constant dense<[-0.0, 0.5, 1.0, -2.0, 0x7F800000, -40.0]> : tensor<6xf32>
  %0 = qnn.sqrt %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = qnn.erf %z : (tensor<6xf32>) -> tensor<6xf32>
  return %0, %1 : tensor<4xf32>, tensor<6xf32>
}

// x is [-64, 0, 1, 63.5]: 256 * sigmoid(1) = 187.2, 128 * tanh(1) = 97.5 (97.48).
// CHECK: sigmoid: 4xint8 = -128 0 59 127{{$}}
// CHECK: tanh: 4xint8 = -128 0 97 127{{$}}
// CHECK: relu: 4xint8 = -100 -100 -96 127{{$}}
// CHECK: leaky: 4xint8 = -128 -100 -96 127{{$}}
func.func @quantized() -> (tensor<4x!y> {qnn.name = "sigmoid"}, tensor<4x!s> {qnn.name = "tanh"}, tensor<4x!z> {qnn.name = "relu"}, tensor<4x!z> {qnn.name = "leaky"}) {
  %x = qnn.constant dense<[-128, 0, 2, 127]> : tensor<4xi8> as tensor<4x!x>
  %0 = qnn.sigmoid %x : (tensor<4x!x>) -> tensor<4x!y>
  %1 = qnn.tanh %x : (tensor<4x!x>) -> tensor<4x!s>
  %2 = qnn.relu %x : (tensor<4x!x>) -> tensor<4x!z>
  %3 = qnn.leaky_relu %x {alpha = 0.5 : f32} : (tensor<4x!x>) -> tensor<4x!z>
  return %0, %1, %2, %3 : tensor<4x!y>, tensor<4x!s>, tensor<4x!z>, tensor<4x!z>
}
