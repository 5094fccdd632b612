// RUN: quant-run %s --print | FileCheck %s

!q = !quant.uniform<i8:f32, 0.5:3>
!h = !quant.uniform<i8:f32, 0.25:-1>
!u = !quant.uniform<u8:f32, 0.5:10>
!c = !quant.uniform<i8<-127:127>:f32:1, {0.5, 0.25}>
!b = !quant.uniform<i32:f32:0, {0.5, 0.25}>

// Halves go to the even integer, then the zero point is added; the ends saturate, NaN is the minimum.
// CHECK: i8: 8xint8 = 3 5 5 1 127 -128 127 -128{{$}}
// CHECK: u8: 8xuint8 = 10 12 12 8 255 0 255 0{{$}}
// CHECK: back: 8xfloat32 = 0 1 1 -1 62 -65.5 62 -65.5{{$}}
func.func @qcast() -> (tensor<8x!q> {qnn.name = "i8"}, tensor<8x!u> {qnn.name = "u8"}, tensor<8xf32> {qnn.name = "back"}) {
  %x = qnn.constant dense<[0.25, 0.75, 1.25, -0.75, 1.0e30, -1.0e30, 0x7F800000, 0x7FC00000]> : tensor<8xf32>
  %q = "quant.qcast"(%x) : (tensor<8xf32>) -> tensor<8x!q>
  %u = "quant.qcast"(%x) : (tensor<8xf32>) -> tensor<8x!u>
  %f = "quant.dcast"(%q) : (tensor<8x!q>) -> tensor<8xf32>
  return %q, %u, %f : tensor<8x!q>, tensor<8x!u>, tensor<8xf32>
}

// Each column has its own scale; the narrow range ends at -127.
// CHECK: per_axis: 2x2xint8 = 2 4, -127 -127{{$}}
// CHECK: bias: 2xint32 = 2000000 -4000000{{$}}
// CHECK: real: 2xfloat32 = 1e+06 -1e+06{{$}}
func.func @per_axis() -> (tensor<2x2x!c> {qnn.name = "per_axis"}, tensor<2x!b> {qnn.name = "bias"}, tensor<2xf32> {qnn.name = "real"}) {
  %x = qnn.constant dense<[[1.0, 1.0], [-100.0, -100.0]]> : tensor<2x2xf32>
  %y = qnn.constant dense<[1.0e6, -1.0e6]> : tensor<2xf32>
  %q = "quant.qcast"(%x) : (tensor<2x2xf32>) -> tensor<2x2x!c>
  %b = "quant.qcast"(%y) : (tensor<2xf32>) -> tensor<2x!b>
  %f = "quant.dcast"(%b) : (tensor<2x!b>) -> tensor<2xf32>
  return %q, %b, %f : tensor<2x2x!c>, tensor<2x!b>, tensor<2xf32>
}

// CHECK: finer: 3xint8 = -1 127 -11{{$}}
// CHECK: coarser: 3xint8 = 4 67 -52{{$}}
// CHECK: accumulator: 2xint8 = 2 5{{$}}
func.func @requantize() -> (tensor<3x!h> {qnn.name = "finer"}, tensor<3x!q> {qnn.name = "coarser"}, tensor<2x!q> {qnn.name = "accumulator"}) {
  %x = qnn.constant dense<[3, 127, -2]> : tensor<3xi8> as tensor<3x!q>
  %y = qnn.constant dense<[1, 127, -111]> : tensor<3xi8> as tensor<3x!h>
  %a = qnn.constant dense<[-1, 3]> : tensor<2xi32> as tensor<2x!b>
  %0 = qnn.requantize %x : tensor<3x!q> -> tensor<3x!h>
  %1 = qnn.requantize %y : tensor<3x!h> -> tensor<3x!q>
  %2 = qnn.requantize %a : tensor<2x!b> -> tensor<2x!q>
  return %0, %1, %2 : tensor<3x!h>, tensor<3x!q>, tensor<2x!q>
}

// CHECK: same: 2xfloat32 = 1 2{{$}}
func.func @observe_is_the_identity() -> (tensor<2xf32> {qnn.name = "same"}) {
  %x = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %y = qnn.observe %x as "input" : tensor<2xf32>
  return %y : tensor<2xf32>
}
