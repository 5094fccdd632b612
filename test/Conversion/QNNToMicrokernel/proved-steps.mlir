// What x86-64-v3 may take by vpmaddubsw: two counts, then the steps, for each block of 16 channels. The attribute counts pairs of weights:
// all, those of proved steps, those of steps summed two by two.
// RUN: quant-opt %s -convert-qnn-to-microkernel=level=x86-64-v3 -split-input-file | FileCheck %s
// RUN: quant-opt %s -convert-qnn-to-microkernel=level=avxvnni -split-input-file | FileCheck %s --check-prefix=VNNI
// VNNI-NOT: proved_pairs

// Steps 0 and 2 fit 16 bits together (|p| + |q| sum up to 128), step 3 alone, step 1 exceeds it by one.
// CHECK: memref<6xi16> = dense<[1, 1, 0, 2, 3, 1]>
// CHECK-LABEL: func.func @run_x86_64_v3
// CHECK: microkernel.launch {{.*}}microkernel.proved_pairs = array<i64: 8, 6, 4>
!x = !quant.uniform<i8:f32, 0.5:-128>
!w = !quant.uniform<i8<-127:127>:f32, 0.25>
func.func @sums_of_128_fit(%x: tensor<1x16x!x>) -> tensor<1x1x!x> {
  %w = qnn.constant dense<[[64, 0, -64, -64, 0, 0, 64, 65, 63, 1, 0, 0, 127, 1, 127, -127]]> : tensor<1x16xi8> as tensor<1x16x!w>
  %0 = qnn.fully_connected %x, %w : (tensor<1x16x!x>, tensor<1x16x!w>) -> tensor<1x1x!x>
  return %0 : tensor<1x1x!x>
}

// -----

// The input was clamped: it holds at most 128, so that |p| + |q| may be 255.
// CHECK: memref<4xi16> = dense<[0, 2, 0, 1]>
!x = !quant.uniform<i8:f32, 0.5:-128>
!w = !quant.uniform<i8<-127:127>:f32, 0.25>
func.func @small_activations_allow_large_weights(%x: tensor<1x8x!x>) -> tensor<1x1x!x> {
  %w = qnn.constant dense<127> : tensor<1x8xi8> as tensor<1x8x!w>
  %h = qnn.constant dense<1> : tensor<8x8xi8> as tensor<8x8x!w>
  %0 = qnn.fully_connected %x, %h {clamp_max = 64.0 : f32} : (tensor<1x8x!x>, tensor<8x8x!w>) -> tensor<1x8x!x>
  %1 = qnn.fully_connected %0, %w : (tensor<1x8x!x>, tensor<1x8x!w>) -> tensor<1x1x!x>
  return %1 : tensor<1x1x!x>
}

// -----

// Several reduction loops: kernels look up where a step is.
// CHECK: memref<4xi32> = dense<[0, 4, 20, 24]>
// CHECK: microkernel.brgemm {{.*}} steps(%{{.*}}[%{{.*}}] : memref<6xi16>) step_offsets(%{{.*}} : memref<4xi32>)
!x = !quant.uniform<i8:f32, 0.5:-128>
!w = !quant.uniform<i8<-127:127>:f32, 0.25>
func.func @windows_have_offsets(%x: tensor<1x5x5x4x!x>) -> tensor<1x4x4x8x!x> {
  %w = qnn.constant dense<1> : tensor<8x2x2x4xi8> as tensor<8x2x2x4x!w>
  %0 = qnn.conv2d %x, %w : (tensor<1x5x5x4x!x>, tensor<8x2x2x4x!w>) -> tensor<1x4x4x8x!x>
  return %0 : tensor<1x4x4x8x!x>
}
