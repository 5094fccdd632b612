// RUN: quant-opt %s -qnn-keep-faster-float="level=x86-64-v3 emit-remarks" 2> %t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks
// RUN: quant-opt %s -qnn-keep-faster-float=level=x86-64-v3 -qnn-keep-faster-float=level=x86-64-v3 > %t.twice
// RUN: quant-opt %s -qnn-keep-faster-float=level=x86-64-v3 | diff - %t.twice
// RUN: not quant-opt %s -qnn-keep-faster-float=level=sse9 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: expected a level that --march takes, got 'sse9'

// One product of elements does not pay for two conversions.
// REMARK: remark: keeps float at x86-64-v3: int8 and its conversions are predicted to take {{[0-9.]+}} us, float {{[0-9.]+}} us
// REMARK-NOT: remark
// CHECK-LABEL: func.func @alone(
// CHECK:         qnn.mul {{.*}}{qnn.precision = "float"}
func.func @alone(%x: tensor<1x256x256x4xf32>) -> tensor<1x256x256x4xf32> {
  %0 = qnn.mul %x, %x : (tensor<1x256x256x4xf32>, tensor<1x256x256x4xf32>) -> tensor<1x256x256x4xf32>
  return %0 : tensor<1x256x256x4xf32>
}

// A rule said int8.
// CHECK-LABEL: func.func @by_rule(
// CHECK:         qnn.mul {{.*}}{qnn.precision = "int8"}
func.func @by_rule(%x: tensor<1x256x256x4xf32>) -> tensor<1x256x256x4xf32> {
  %0 = qnn.mul %x, %x {qnn.precision = "int8"} : (tensor<1x256x256x4xf32>, tensor<1x256x256x4xf32>) -> tensor<1x256x256x4xf32>
  return %0 : tensor<1x256x256x4xf32>
}

// Between convolutions, which win far more in int8 than the product loses, it stays int8: apart it would cost two conversions more.
// CHECK-LABEL: func.func @between_convolutions(
// CHECK-NOT:     qnn.precision
// CHECK:         return
func.func @between_convolutions(%x: tensor<1x28x28x64xf32>) -> tensor<1x28x28x64xf32> {
  %w = qnn.constant dense<0.5> : tensor<64x3x3x64xf32>
  %0 = qnn.conv2d %x, %w {padding = array<i64: 1, 1, 1, 1>} : (tensor<1x28x28x64xf32>, tensor<64x3x3x64xf32>) -> tensor<1x28x28x64xf32>
  %1 = qnn.mul %0, %0 : (tensor<1x28x28x64xf32>, tensor<1x28x28x64xf32>) -> tensor<1x28x28x64xf32>
  %2 = qnn.conv2d %1, %w {padding = array<i64: 1, 1, 1, 1>} : (tensor<1x28x28x64xf32>, tensor<64x3x3x64xf32>) -> tensor<1x28x28x64xf32>
  return %2 : tensor<1x28x28x64xf32>
}

// Nothing to win: below 2 us the model does not decide.
// CHECK-LABEL: func.func @small(
// CHECK-NOT:     qnn.precision
// CHECK:         return
func.func @small(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = qnn.mul %x, %x : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}
