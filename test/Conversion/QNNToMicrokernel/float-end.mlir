// RUN: quant-opt %s -convert-qnn-to-microkernel=level=avx512vnni -split-input-file | FileCheck %s

// A kernel dequantizes the sums that nothing else reads, adds what was computed before, and writes over it: the halves of a layer with
// 16-bit activations. Subtracting what the first half takes from x and quantizing the rest is one kernel.
// CHECK-LABEL: func.func @run_avx512vnni(
// CHECK:         microkernel.launch @quantize_{{[0-9]+_avx512vnni}}(%[[X:[a-z0-9_]+]], %[[H:[a-z0-9_]+]])
// CHECK-NEXT:    %[[L:.+]] = memref.alloc() : memref<1024xi8>
// CHECK-NEXT:    microkernel.launch @quantize_rest{{.*}}(%[[X]], %[[H]], %[[L]])
// CHECK:         %[[SUM:.+]] = memref.alloc() : memref<1024xf32>
// CHECK:         microkernel.launch @conv2d{{[^(]*}}(%[[H]], %{{[a-z0-9_]+}}, %[[SUM]], %
// CHECK:         microkernel.launch @[[CONV:conv2d[^(]*]](%[[L]], %{{[a-z0-9_]+}}, %[[SUM]], %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}, %[[SUM]], %
// CHECK-NOT:     microkernel.launch @{{dequantize|binary}}
// CHECK:         return
// CHECK:       func.func private @[[CONV]](
// CHECK:         microkernel.brgemm {{.*}} scale({{.*}} residual({{.*}} low({{.*}} : memref<1024xi8>, memref<256xi8>, memref<1024xf32>
!h = !quant.uniform<i8:f32, 0.5>
!l = !quant.uniform<i8:f32, 0.001953125>
!w = !quant.uniform<i8:f32, 0.25>
!s = !quant.uniform<i32:f32, 0.125>
!t = !quant.uniform<i32:f32, 4.8828125E-4>
func.func @main(%x: tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32> {
  %w = qnn.constant dense<1> : tensor<16x1x1x16xi8> as tensor<16x1x1x16x!w>
  %0 = "quant.qcast"(%x) : (tensor<1x8x8x16xf32>) -> tensor<1x8x8x16x!h>
  %1 = "quant.dcast"(%0) : (tensor<1x8x8x16x!h>) -> tensor<1x8x8x16xf32>
  %2 = qnn.sub %x, %1 : (tensor<1x8x8x16xf32>, tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32>
  %3 = "quant.qcast"(%2) : (tensor<1x8x8x16xf32>) -> tensor<1x8x8x16x!l>
  %4 = qnn.conv2d %0, %w : (tensor<1x8x8x16x!h>, tensor<16x1x1x16x!w>) -> tensor<1x8x8x16x!s>
  %5 = "quant.dcast"(%4) : (tensor<1x8x8x16x!s>) -> tensor<1x8x8x16xf32>
  %6 = qnn.conv2d %3, %w : (tensor<1x8x8x16x!l>, tensor<16x1x1x16x!w>) -> tensor<1x8x8x16x!t>
  %7 = "quant.dcast"(%6) : (tensor<1x8x8x16x!t>) -> tensor<1x8x8x16xf32>
  %8 = qnn.add %5, %7 {clamp_min = 0.0 : f32} : (tensor<1x8x8x16xf32>, tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32>
  %9 = qnn.tanh %8 : (tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32>
  return %9 : tensor<1x8x8x16xf32>
}

// -----

// Where the sum has another reader, it is an addition of its own.
// CHECK-LABEL: func.func @run_avx512vnni(
// CHECK:         microkernel.launch @binary
!h = !quant.uniform<i8:f32, 0.5>
!w = !quant.uniform<i8:f32, 0.25>
!s = !quant.uniform<i32:f32, 0.125>
func.func @main(%x: tensor<1x8x8x16x!h>) -> (tensor<1x8x8x16xf32>, tensor<1x8x8x16xf32>) {
  %w = qnn.constant dense<1> : tensor<16x1x1x16xi8> as tensor<16x1x1x16x!w>
  %0 = "quant.dcast"(%x) : (tensor<1x8x8x16x!h>) -> tensor<1x8x8x16xf32>
  %1 = qnn.conv2d %x, %w : (tensor<1x8x8x16x!h>, tensor<16x1x1x16x!w>) -> tensor<1x8x8x16x!s>
  %2 = "quant.dcast"(%1) : (tensor<1x8x8x16x!s>) -> tensor<1x8x8x16xf32>
  %3 = qnn.add %0, %2 : (tensor<1x8x8x16xf32>, tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32>
  return %3, %2 : tensor<1x8x8x16xf32>, tensor<1x8x8x16xf32>
}
