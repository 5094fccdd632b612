// RUN: quant-opt %s -qnn-prepare-qdq=emit-remarks -split-input-file -verify-diagnostics | FileCheck %s
// RUN: quant-opt %s -qnn-prepare-qdq -split-input-file > %t.once
// RUN: quant-opt %s -qnn-prepare-qdq -qnn-prepare-qdq -split-input-file > %t.twice
// RUN: diff %t.once %t.twice
// RUN: not quant-opt /dev/null -qnn-prepare-qdq=force 2>&1 | FileCheck %s --check-prefix=OPTION
// OPTION: no such option force

// A cast behind ops that move values stands beside the op that computes, whatever other casts follow.
!q = !quant.uniform<i8:f32, 5.0e-01:3>
// CHECK-LABEL: func.func @casts_move_up(
// CHECK-NEXT: %[[Y:.+]] = qnn.hard_swish
// CHECK-NEXT: %[[Q:.+]] = "quant.qcast"(%[[Y]])
// CHECK-NEXT: %[[P:.+]] = qnn.max_pool2d %[[Q]]
// CHECK-NEXT: qnn.reshape %[[P]] {{.*}}!quant.uniform
func.func @casts_move_up(%x: tensor<1x4x4x2xf32>) -> tensor<1x8x!q> {
  %0 = qnn.hard_swish %x : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = qnn.max_pool2d %0 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>
  %2 = qnn.reshape %1 {shape = array<i64: 1, 8>} : (tensor<1x2x2x2xf32>) -> tensor<1x8xf32>
  %3 = "quant.qcast"(%2) : (tensor<1x8xf32>) -> tensor<1x8x!q>
  return %3 : tensor<1x8x!q>
}

// -----

// The pooled values are used as they are, too.
!q = !quant.uniform<i8:f32, 5.0e-01:3>
// CHECK-LABEL: func.func @other_uses_keep_the_cast(
// CHECK-NEXT: %[[P:.+]] = qnn.max_pool2d
// CHECK-NEXT: "quant.qcast"(%[[P]])
func.func @other_uses_keep_the_cast(%x: tensor<1x4x4x2xf32>) -> (tensor<1x2x2x2x!q>, tensor<1x2x2x2xf32>) {
  %0 = qnn.max_pool2d %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>
  %1 = "quant.qcast"(%0) : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2x!q>
  return %1, %0 : tensor<1x2x2x2x!q>, tensor<1x2x2x2xf32>
}

// -----

// The axis of the scales moves with the dimension it belongs to.
!w = !quant.uniform<i8:f32:1, {2.5e-01, 5.0e-01}>
// CHECK: !per_axis = !quant.uniform<i8:f32:0, {2.500000e-01,5.000000e-01}>
// CHECK-LABEL: func.func @transposed_constant(
// CHECK-NEXT: %[[W:.+]] = qnn.constant dense<{{\[\[}}1, 3, 5], [2, 4, 6]]> : tensor<2x3xi8> as tensor<2x3x!per_axis>
// CHECK-NEXT: %[[R:.+]] = "quant.dcast"(%[[W]])
// CHECK-NEXT: return %[[R]]
func.func @transposed_constant() -> tensor<2x3xf32> {
  %w = qnn.constant dense<[[1, 2], [3, 4], [5, 6]]> : tensor<3x2xi8> as tensor<3x2x!w>
  %0 = "quant.dcast"(%w) : (tensor<3x2x!w>) -> tensor<3x2xf32>
  %1 = qnn.transpose %0 {permutation = array<i64: 1, 0>} : (tensor<3x2xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}

// -----

// A reshape that splits the dimension of the scales stays.
!w = !quant.uniform<i8:f32:0, {2.5e-01, 5.0e-01, 2.5e-01, 5.0e-01}>
// CHECK-LABEL: func.func @split_axis_stays(
// CHECK: qnn.reshape
func.func @split_axis_stays() -> tensor<2x2xf32> {
  %w = qnn.constant dense<[1, 2, 3, 4]> : tensor<4xi8> as tensor<4x!w>
  %0 = "quant.dcast"(%w) : (tensor<4x!w>) -> tensor<4xf32>
  %1 = qnn.reshape %0 {shape = array<i64: 2, 2>} : (tensor<4xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// -----

// Centered weights, and a float bias as multiples of 0.5 * 0.25.
!q = !quant.uniform<i8:f32, 5.0e-01>
!w = !quant.uniform<i8:f32, 2.5e-01:1>
// CHECK: !per_axis = !quant.uniform<i32:f32:0, {1.250000e-01,1.250000e-01}>
// CHECK: !per_axis1 = !quant.uniform<i8:f32:0, {2.500000e-01,2.500000e-01}>
// CHECK-LABEL: func.func @center_weights_and_round_bias(
// CHECK-DAG: qnn.constant dense<[8, 2]> : tensor<2xi32> as tensor<2x!per_axis>
// CHECK-DAG: qnn.constant dense<{{\[\[}}0, 1], [-5, -128]]> : tensor<2x2xi8> as tensor<2x2x!per_axis1>
func.func @center_weights_and_round_bias(%x: tensor<1x2x!q>) -> tensor<1x2xf32> {
  %w = qnn.constant dense<[[1, 2], [-4, -127]]> : tensor<2x2xi8> as tensor<2x2x!w>
  %b = qnn.constant dense<[1.0, 0.3]> : tensor<2xf32>
  %0 = "quant.dcast"(%x) : (tensor<1x2x!q>) -> tensor<1x2xf32>
  %1 = "quant.dcast"(%w) : (tensor<2x2x!w>) -> tensor<2x2xf32>
  // expected-remark@+1 {{rounded the bias to multiples of input x weight scale}}
  %2 = qnn.fully_connected %0, %1 bias(%b) : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %2 : tensor<1x2xf32>
}

// -----

// 0.1 * 0.2 rounded to f32 is no change of the integers.
!q = !quant.uniform<i8:f32, 0.10000000149011612>
!w = !quant.uniform<i8:f32, 0.20000000298023224>
!b = !quant.uniform<i32:f32, 0.019999999552965164>
// CHECK: !quant.uniform<i32:f32:0, {0.020000000596046{{.*}}}>
// CHECK-LABEL: func.func @stored_bias_keeps_its_integers(
// CHECK: qnn.constant dense<[1234567, -7654321]> : tensor<2xi32>
func.func @stored_bias_keeps_its_integers(%x: tensor<1x2x!q>) -> tensor<1x2xf32> {
  %w = qnn.constant dense<[[1, 2], [-4, -127]]> : tensor<2x2xi8> as tensor<2x2x!w>
  %b = qnn.constant dense<[1234567, -7654321]> : tensor<2xi32> as tensor<2x!b>
  %0 = "quant.dcast"(%x) : (tensor<1x2x!q>) -> tensor<1x2xf32>
  %1 = "quant.dcast"(%w) : (tensor<2x2x!w>) -> tensor<2x2xf32>
  %2 = "quant.dcast"(%b) : (tensor<2x!b>) -> tensor<2xf32>
  %3 = qnn.fully_connected %0, %1 bias(%2) : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %3 : tensor<1x2xf32>
}

// -----

// 1e9 / 0.125 leaves 32 bits.
!q = !quant.uniform<i8:f32, 5.0e-01>
!w = !quant.uniform<i8:f32, 2.5e-01>
// CHECK-LABEL: func.func @large_bias_stays(
// CHECK: bias(%{{.*}}) : (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1xf32>)
// CHECK-NOT: i32
func.func @large_bias_stays(%x: tensor<1x1x!q>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<1> : tensor<1x1xi8> as tensor<1x1x!w>
  %b = qnn.constant dense<1.0e+09> : tensor<1xf32>
  %0 = "quant.dcast"(%x) : (tensor<1x1x!q>) -> tensor<1x1xf32>
  %1 = "quant.dcast"(%w) : (tensor<1x1x!w>) -> tensor<1x1xf32>
  %2 = qnn.fully_connected %0, %1 bias(%b) : (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}

// -----

// 200 = 127 + 73 and -55: two weights of 8 bits for each, and the input twice.
!q = !quant.uniform<i8:f32, 5.0e-01>
!w = !quant.uniform<i8:f32, 2.5e-01:-73>
// CHECK-LABEL: func.func @split_weights(
// CHECK-DAG: qnn.constant dense<{{\[\[}}127, -55, 73, 0]]> : tensor<1x4xi8>
// CHECK-DAG: qnn.concat %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x4xf32>
// CHECK: qnn.fully_connected %{{.*}} : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x1xf32>
func.func @split_weights(%x: tensor<1x2x!q>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<[[127, -128]]> : tensor<1x2xi8> as tensor<1x2x!w>
  %0 = "quant.dcast"(%x) : (tensor<1x2x!q>) -> tensor<1x2xf32>
  %1 = "quant.dcast"(%w) : (tensor<1x2x!w>) -> tensor<1x2xf32>
  // expected-remark@+1 {{split weights that need 9 bits without their zero points into 2 of 8}}
  %2 = qnn.fully_connected %0, %1 : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}

// -----

// (x w + 3) * [2, -4] + 1: the scales 0.5 and 1, weights of the other sign, and biases 7 and -11 in steps of 0.25 and 0.5.
!q = !quant.uniform<i8:f32, 5.0e-01>
!w = !quant.uniform<i8:f32, 2.5e-01>
// CHECK: !quant.uniform<i8:f32:0, {5.000000e-01,1.000000e+00}>
// CHECK-LABEL: func.func @factors_and_offsets(
// CHECK-DAG: qnn.constant dense<{{\[\[}}5], [6]]> : tensor<2x1xi8>
// CHECK-DAG: qnn.constant dense<[28, -22]> : tensor<2xi32>
// CHECK: %[[Y:.+]] = qnn.fully_connected
// CHECK-NEXT: return %[[Y]]
func.func @factors_and_offsets(%x: tensor<1x1x!q>) -> tensor<1x2xf32> {
  %w = qnn.constant dense<[[5], [-6]]> : tensor<2x1xi8> as tensor<2x1x!w>
  %b = qnn.constant dense<3.0> : tensor<2xf32>
  %f = qnn.constant dense<[2.0, -4.0]> : tensor<2xf32>
  %c = qnn.constant dense<1.0> : tensor<f32>
  %0 = "quant.dcast"(%x) : (tensor<1x1x!q>) -> tensor<1x1xf32>
  %1 = "quant.dcast"(%w) : (tensor<2x1x!w>) -> tensor<2x1xf32>
  %2 = qnn.fully_connected %0, %1 bias(%b) : (tensor<1x1xf32>, tensor<2x1xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %3 = qnn.mul %2, %f : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %4 = qnn.add %3, %c : (tensor<1x2xf32>, tensor<f32>) -> tensor<1x2xf32>
  return %4 : tensor<1x2xf32>
}

// -----

// A weight of -128 has no negative, and a factor of 0 leaves no scale.
!q = !quant.uniform<i8:f32, 5.0e-01>
!w = !quant.uniform<i8:f32, 2.5e-01>
// CHECK-LABEL: func.func @other_factors_stay(
// CHECK: qnn.mul
// CHECK: qnn.mul
func.func @other_factors_stay(%x: tensor<1x1x!q>) -> (tensor<1x1xf32>, tensor<1x1xf32>) {
  %w = qnn.constant dense<-128> : tensor<1x1xi8> as tensor<1x1x!w>
  %f = qnn.constant dense<-1.0> : tensor<1xf32>
  %z = qnn.constant dense<0.0> : tensor<1xf32>
  %0 = "quant.dcast"(%x) : (tensor<1x1x!q>) -> tensor<1x1xf32>
  %1 = "quant.dcast"(%w) : (tensor<1x1x!w>) -> tensor<1x1xf32>
  %2 = qnn.fully_connected %0, %1 : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %3 = qnn.mul %2, %f : (tensor<1x1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  %4 = qnn.fully_connected %0, %1 : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %5 = qnn.mul %4, %z : (tensor<1x1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  return %3, %5 : tensor<1x1xf32>, tensor<1x1xf32>
}
