// RUN: quant-opt %s -convert-qnn-to-microkernel=level=avx512vnni -split-input-file > %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: FileCheck %s --check-prefix=UNSIGNED < %t.mlir
// RUN: quant-opt %s -convert-qnn-to-microkernel=level=dotprod -split-input-file | FileCheck %s --check-prefix=SIGNED

// Layers have names of their own and say what they have to do: 16 pixels of 8 channels from 3x3 windows of 8 channels.
// CHECK:         microkernel.layer @layer_0 {input_bytes = 128 : i64, kind = "input", {{.*}}node = "input"
// CHECK:         microkernel.layer @layer_1 {input_bytes = 128 : i64, kind = "conv2d", macs = 9216 : i64, node = "qnn.conv2d", output_bytes = 128 : i64, predicted_nanoseconds = {{[1-9][0-9]*}} : i64, schedule = "vectors {{.*}}", weight_bytes = 576 : i64}
// CHECK:         microkernel.layer @layer_2 {{.*}}node = "qnn.conv2d#2"
// A padded convolution reads a bordered copy of its input: 4 + 2 rows of 4 + 2 pixels. Two convolutions of one shape share
// their kernel, although bounds and zero points differ. The bias holds -(zero + 128) * sum w where bytes are unsigned.
// CHECK-LABEL: func.func @run_avx512vnni(
// CHECK:         memref.alloc() : memref<288xi8>
// CHECK:         microkernel.launch @fill_border_{{.*}} layer(@layer_0)
// CHECK:         microkernel.launch @rebias_{{.*}} layer(@layer_0)
// CHECK:         microkernel.launch @[[CONV:conv2d_[0-9]+_avx512vnni]](
// CHECK:         microkernel.launch @[[CONV]](
// CHECK:       func.func private @[[CONV]](
// CHECK:         microkernel.brgemm
// CHECK-SAME:      reduction = array<i64: 3, 6>, reduction_strides = array<i64: 48, 4>, rows = array<i64: 4, 4>
// UNSIGNED:    memref.global "private" constant @{{.*}} : memref<8xi32> = dense<-9288>
// SIGNED:      memref.global "private" constant @{{.*}} : memref<8xi32> = dense<-72>
!x = !quant.uniform<i8:f32, 0.5:1>
!y = !quant.uniform<i8:f32, 0.5:-7>
!w = !quant.uniform<i8:f32, 0.25>
func.func @main(%x: tensor<1x4x4x8x!x>) -> tensor<1x4x4x8x!y> {
  %w = qnn.constant dense<1> : tensor<8x3x3x8xi8> as tensor<8x3x3x8x!w>
  %0 = qnn.conv2d %x, %w {padding = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x8x!x>, tensor<8x3x3x8x!w>) -> tensor<1x4x4x8x!x>
  %1 = qnn.conv2d %0, %w {padding = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x8x!x>, tensor<8x3x3x8x!w>) -> tensor<1x4x4x8x!y>
  %2 = qnn.conv2d %1, %w {padding = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x8x!y>, tensor<8x3x3x8x!w>) -> tensor<1x4x4x8x!y>
  return %2 : tensor<1x4x4x8x!y>
}

// -----

// A reshape is a view and a float result is written into the caller's memory: one kernel, no buffer.
// CHECK-LABEL: func.func @run_avx512vnni(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<6xf32>, %[[Y:[a-z0-9]+]]: memref<6xf32>, %[[CONTEXT:[a-z0-9]+]]: !llvm.ptr)
// CHECK-NEXT:    microkernel.launch @{{.*}}(%[[X]], %[[Y]]) layer(@layer_0) context(%[[CONTEXT]])
// CHECK-NEXT:    return
func.func @main(%x: tensor<2x3xf32>) -> tensor<6xf32> {
  %0 = qnn.reshape %x {shape = array<i64: 6>} : (tensor<2x3xf32>) -> tensor<6xf32>
  %1 = qnn.tanh %0 : (tensor<6xf32>) -> tensor<6xf32>
  return %1 : tensor<6xf32>
}

// -----

// Enough work falls into units: 59 pixels in blocks of 20, the last of which has the rest. Where the weights are
// larger than the input, the units share the weights.
// CHECK-LABEL: func.func @run_avx512vnni(
// CHECK:         microkernel.launch @[[PIXELS:conv2d_[0-9]+_avx512vnni]]({{.*}}) units(3)
// CHECK:         microkernel.launch @[[CHANNELS:fully_connected_[0-9]+_avx512vnni]]({{.*}}) units(2)
// CHECK:       func.func private @[[PIXELS]]({{.*}}, %[[FIRST:[a-z0-9]+]]: index, %[[END:[a-z0-9]+]]: index)
// CHECK:         %[[HIGH:.+]] = arith.minui
// CHECK:         scf.for %{{.*}} = %{{.*}} to %{{.*}}
// CHECK:           microkernel.brgemm
// CHECK:         arith.cmpi eq, %[[END]]
// CHECK:         scf.if
// CHECK:           microkernel.brgemm
// CHECK:       func.func private @[[CHANNELS]]({{.*}}, %{{[a-z0-9]+}}: index)
func.func @main(%x: tensor<1x1x59x4xf32>) -> tensor<1x256xf32> attributes {microkernel.unit_nanoseconds = 1.0} {
  %w = qnn.constant dense<1.0> : tensor<16x1x1x4xf32>
  %0 = qnn.conv2d %x, %w : (tensor<1x1x59x4xf32>, tensor<16x1x1x4xf32>) -> tensor<1x1x59x16xf32>
  %1 = qnn.reshape %0 {shape = array<i64: 1, 944>} : (tensor<1x1x59x16xf32>) -> tensor<1x944xf32>
  %v = qnn.constant dense<1.0> : tensor<256x944xf32>
  %2 = qnn.fully_connected %1, %v : (tensor<1x944xf32>, tensor<256x944xf32>) -> tensor<1x256xf32>
  return %2 : tensor<1x256xf32>
}
