// RUN: quant-opt %s -convert-qnn-to-microkernel=level=avx512vnni -split-input-file | FileCheck %s

// Layers write their parts of a concat, eight of its 24 channels each, inside the border that its reader needs. The first two concats
// are beginnings of the third one. Equal parts share a kernel, and nothing is copied.
// CHECK-LABEL: func.func @run_avx512vnni(
// CHECK:         %[[ALL:.+]] = memref.alloc() : memref<864xi8>
// CHECK:         microkernel.launch @fill_border{{.*}}(%[[ALL]])
// CHECK:         %[[PREFIX:.+]] = memref.view %[[ALL]][%{{.*}}][] : memref<864xi8> to memref<856xi8>
// CHECK:         %[[A:.+]] = memref.view %[[PREFIX]][%{{.*}}][] : memref<856xi8> to memref<848xi8>
// CHECK:         microkernel.launch @[[CONV:conv2d_[0-9]+_avx512vnni]]({{.*}}, %[[A]],
// CHECK:         %[[START:.+]] = arith.constant 8 : index
// CHECK:         %[[B:.+]] = memref.view %[[PREFIX]][%[[START]]][] : memref<856xi8> to memref<848xi8>
// CHECK:         microkernel.launch @[[CONV]]({{.*}}, %[[B]],
// CHECK:         microkernel.launch @conv2d_{{[0-9]+}}_avx512vnni(%[[PREFIX]],
// CHECK-NOT:     microkernel.launch @{{copy|requantize}}
// CHECK:         microkernel.launch @conv2d_{{[0-9]+}}_avx512vnni(%[[ALL]],
// CHECK-NOT:     microkernel.launch @{{copy|requantize}}
!x = !quant.uniform<i8:f32, 0.5>
!w = !quant.uniform<i8:f32, 0.25>
func.func @main(%x: tensor<1x4x4x8x!x>) -> tensor<1x4x4x8x!x> {
  %w = qnn.constant dense<1> : tensor<8x1x1x8xi8> as tensor<8x1x1x8x!w>
  %v = qnn.constant dense<1> : tensor<8x1x1x16xi8> as tensor<8x1x1x16x!w>
  %u = qnn.constant dense<1> : tensor<8x3x3x24xi8> as tensor<8x3x3x24x!w>
  %0 = qnn.conv2d %x, %w : (tensor<1x4x4x8x!x>, tensor<8x1x1x8x!w>) -> tensor<1x4x4x8x!x>
  %1 = qnn.conv2d %x, %w : (tensor<1x4x4x8x!x>, tensor<8x1x1x8x!w>) -> tensor<1x4x4x8x!x>
  %2 = qnn.concat %0, %1 {axis = 3 : i64} : (tensor<1x4x4x8x!x>, tensor<1x4x4x8x!x>) -> tensor<1x4x4x16x!x>
  %3 = qnn.conv2d %2, %v : (tensor<1x4x4x16x!x>, tensor<8x1x1x16x!w>) -> tensor<1x4x4x8x!x>
  %4 = qnn.concat %0, %1, %3 {axis = 3 : i64} : (tensor<1x4x4x8x!x>, tensor<1x4x4x8x!x>, tensor<1x4x4x8x!x>) -> tensor<1x4x4x24x!x>
  %5 = qnn.conv2d %4, %u {padding = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x24x!x>, tensor<8x3x3x24x!w>) -> tensor<1x4x4x8x!x>
  return %5 : tensor<1x4x4x8x!x>
}

// -----

// An operand of another scale is requantized into its part; one that a reshape reads has a contiguous buffer of its own and is copied.
// CHECK-LABEL: func.func @run_avx512vnni(
// CHECK:         microkernel.launch @requantize{{.*}}(%{{.*}}, %[[A:[a-z0-9_]+]])
// CHECK:         microkernel.launch @copy{{.*}}(%{{.*}}, %[[B:[a-z0-9_]+]])
!x = !quant.uniform<i8:f32, 0.5>
!y = !quant.uniform<i8:f32, 0.25>
func.func @main(%x: tensor<1x4x4x8x!x>) -> (tensor<1x4x4x16x!x>, tensor<128x!x>) {
  %0 = qnn.sigmoid %x : (tensor<1x4x4x8x!x>) -> tensor<1x4x4x8x!y>
  %1 = qnn.tanh %x : (tensor<1x4x4x8x!x>) -> tensor<1x4x4x8x!x>
  %2 = qnn.reshape %1 {shape = array<i64: 128>} : (tensor<1x4x4x8x!x>) -> tensor<128x!x>
  %3 = qnn.concat %0, %1 {axis = 3 : i64} : (tensor<1x4x4x8x!y>, tensor<1x4x4x8x!x>) -> tensor<1x4x4x16x!x>
  return %3, %2 : tensor<1x4x4x16x!x>, tensor<128x!x>
}

// -----

// A convolution reads its half of the channels where they are.
// CHECK-LABEL: func.func @run_avx512vnni(
// CHECK:         %[[X:.+]] = memref.alloc() : memref<256xi8>
// CHECK-NOT:     microkernel.launch @copy
// CHECK:         microkernel.launch @[[CONV:conv2d_.*_avx512vnni]](%[[X]],
// CHECK:       func.func private @[[CONV]](
// CHECK:         microkernel.brgemm
// CHECK-SAME:      a_row_strides = array<i64: 64, 16>
!x = !quant.uniform<i8:f32, 0.5>
!w = !quant.uniform<i8:f32, 0.25>
func.func @main(%x: tensor<1x4x4x16x!x>) -> tensor<1x4x4x8x!x> {
  %w = qnn.constant dense<1> : tensor<8x1x1x8xi8> as tensor<8x1x1x8x!w>
  %0 = qnn.slice %x {starts = array<i64: 0, 0, 0, 8>, sizes = array<i64: 1, 4, 4, 8>, steps = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x16x!x>) -> tensor<1x4x4x8x!x>
  %1 = qnn.conv2d %0, %w : (tensor<1x4x4x8x!x>, tensor<8x1x1x8x!w>) -> tensor<1x4x4x8x!x>
  return %1 : tensor<1x4x4x8x!x>
}
