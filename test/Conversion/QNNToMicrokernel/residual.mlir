// RUN: quant-opt %s -convert-qnn-to-microkernel=level=avx512vnni -split-input-file | FileCheck %s
// RUN: quant-opt %s -convert-qnn-to-microkernel=level=avx512vnni -microkernel-plan-memory -split-input-file | FileCheck %s --check-prefix=ARENA

// A convolution writes over its residual where nothing else reads that any more: two tensors of 1024 bytes live at one time, not three.
// CHECK-LABEL: func.func @run_avx512vnni(
// CHECK:         microkernel.launch @conv2d{{.*}}(%[[X:[a-z0-9_]+]], %{{[a-z0-9_]+}}, %[[R:[a-z0-9_]+]], %
// CHECK:         microkernel.launch @conv2d{{.*}}(%[[X]], %{{[a-z0-9_]+}}, %[[R]], %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}, %[[R]], %
// ARENA-LABEL: func.func @run_avx512vnni(
// ARENA-SAME:    microkernel.live_bytes = 2048 : i64
!x = !quant.uniform<i8:f32, 0.5>
!y = !quant.uniform<i8:f32, 0.75:3>
!w = !quant.uniform<i8:f32, 0.25>
func.func @main(%x: tensor<1x8x8x16x!x>) -> tensor<1x8x8x16x!y> {
  %w = qnn.constant dense<1> : tensor<16x1x1x16xi8> as tensor<16x1x1x16x!w>
  %0 = qnn.conv2d %x, %w : (tensor<1x8x8x16x!x>, tensor<16x1x1x16x!w>) -> tensor<1x8x8x16x!x>
  %1 = qnn.conv2d %x, %w residual(%0) : (tensor<1x8x8x16x!x>, tensor<16x1x1x16x!w>, tensor<1x8x8x16x!x>) -> tensor<1x8x8x16x!y>
  %2 = qnn.conv2d %1, %w : (tensor<1x8x8x16x!y>, tensor<16x1x1x16x!w>) -> tensor<1x8x8x16x!y>
  return %2 : tensor<1x8x8x16x!y>
}

// -----

// Not where the residual is read again, ...
// CHECK-LABEL: func.func @run_avx512vnni(
// CHECK:         microkernel.launch @conv2d{{.*}}(%[[X:[a-z0-9_]+]], %{{[a-z0-9_]+}}, %[[R:[a-z0-9_]+]], %
// CHECK-NOT:     microkernel.launch @conv2d{{.*}}(%[[X]], %{{[a-z0-9_]+}}, %[[R]], %
// CHECK:         return
// ARENA-LABEL: func.func @run_avx512vnni(
// ARENA-SAME:    microkernel.live_bytes = 3072 : i64
!x = !quant.uniform<i8:f32, 0.5>
!w = !quant.uniform<i8:f32, 0.25>
func.func @main(%x: tensor<1x8x8x16x!x>) -> tensor<1x8x8x16x!x> {
  %w = qnn.constant dense<1> : tensor<16x1x1x16xi8> as tensor<16x1x1x16x!w>
  %0 = qnn.conv2d %x, %w : (tensor<1x8x8x16x!x>, tensor<16x1x1x16x!w>) -> tensor<1x8x8x16x!x>
  %1 = qnn.conv2d %x, %w residual(%0) : (tensor<1x8x8x16x!x>, tensor<16x1x1x16x!w>, tensor<1x8x8x16x!x>) -> tensor<1x8x8x16x!x>
  %2 = qnn.conv2d %1, %w residual(%0) : (tensor<1x8x8x16x!x>, tensor<16x1x1x16x!w>, tensor<1x8x8x16x!x>) -> tensor<1x8x8x16x!x>
  return %2 : tensor<1x8x8x16x!x>
}

// -----

// ... nor where it is the input as well, whose pixels other pixels read, ...
// CHECK-LABEL: func.func @run_avx512vnni(
// CHECK:         microkernel.launch @conv2d{{.*}}(%[[X:[a-z0-9_]+]], %{{[a-z0-9_]+}}, %[[Y:[a-z0-9_]+]], %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}, %[[X]], %
// ARENA-LABEL: func.func @run_avx512vnni(
!x = !quant.uniform<i8:f32, 0.5>
!w = !quant.uniform<i8:f32, 0.25>
func.func @main(%x: tensor<1x8x8x16x!x>) -> tensor<1x8x8x16x!x> {
  %w = qnn.constant dense<1> : tensor<16x1x1x16xi8> as tensor<16x1x1x16x!w>
  %0 = qnn.conv2d %x, %w residual(%x) : (tensor<1x8x8x16x!x>, tensor<16x1x1x16x!w>, tensor<1x8x8x16x!x>) -> tensor<1x8x8x16x!x>
  %1 = qnn.conv2d %0, %w : (tensor<1x8x8x16x!x>, tensor<16x1x1x16x!w>) -> tensor<1x8x8x16x!x>
  return %1 : tensor<1x8x8x16x!x>
}

// -----

// ... nor where the next layer reads a border, and zero is another byte there.
// CHECK-LABEL: func.func @run_avx512vnni(
// CHECK:         microkernel.launch @conv2d{{.*}}(%[[X:[a-z0-9_]+]], %{{[a-z0-9_]+}}, %[[R:[a-z0-9_]+]], %
// CHECK:         %[[BORDERED:.+]] = memref.alloc() : memref<1600xi8>
// CHECK:         microkernel.launch @conv2d{{.*}}(%[[X]], %{{[a-z0-9_]+}}, %[[BORDERED]], %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}, %[[R]], %
// ARENA-LABEL: func.func @run_avx512vnni(
!x = !quant.uniform<i8:f32, 0.5>
!y = !quant.uniform<i8:f32, 0.5:-7>
!w = !quant.uniform<i8:f32, 0.25>
func.func @main(%x: tensor<1x8x8x16x!x>) -> tensor<1x8x8x16x!y> {
  %w = qnn.constant dense<1> : tensor<16x1x1x16xi8> as tensor<16x1x1x16x!w>
  %v = qnn.constant dense<1> : tensor<16x3x3x16xi8> as tensor<16x3x3x16x!w>
  %0 = qnn.conv2d %x, %w : (tensor<1x8x8x16x!x>, tensor<16x1x1x16x!w>) -> tensor<1x8x8x16x!x>
  %1 = qnn.conv2d %x, %w residual(%0) : (tensor<1x8x8x16x!x>, tensor<16x1x1x16x!w>, tensor<1x8x8x16x!x>) -> tensor<1x8x8x16x!y>
  %2 = qnn.conv2d %1, %v {padding = array<i64: 1, 1, 1, 1>} : (tensor<1x8x8x16x!y>, tensor<16x3x3x16x!w>) -> tensor<1x8x8x16x!y>
  return %2 : tensor<1x8x8x16x!y>
}
