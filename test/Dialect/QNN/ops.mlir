// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s -mlir-print-op-generic | quant-opt | FileCheck %s
// Every op prints as it is written, in float and in quantized form.

!q = !quant.uniform<i8:f32, 5.000000e-01:3>
!r = !quant.uniform<i8:f32, 2.500000e-01>
!w = !quant.uniform<i8<-127:127>:f32:0, {5.000000e-01,2.500000e-01}>
!a = !quant.uniform<i32:f32:0, {2.500000e-01,1.250000e-01}>

// Types with one scale per channel print as aliases.
// CHECK: ![[$ACCUMULATOR:per_axis[0-9]*]] = !quant.uniform<i32:f32:0, {2.500000e-01,1.250000e-01}>

// CHECK-LABEL: @scales_survive_text_exactly
// CHECK-SAME:  !quant.uniform<i8:f32, 0.12345678955316544:-7>
func.func private @scales_survive_text_exactly(tensor<4x!quant.uniform<i8:f32, 0.12345678955316544:-7>>)

// CHECK-LABEL: @constants_and_observers
func.func @constants_and_observers(%x: tensor<4xf32>) {
  // CHECK: qnn.constant dense<[1, -2]> : tensor<2xi8> as tensor<2x!quant.uniform<i8:f32, 2.500000e-01>>
  %0 = qnn.constant dense<[1, -2]> : tensor<2xi8> as tensor<2x!r>
  // CHECK: qnn.constant dense<5.000000e-01> : tensor<2xf32>{{$}}
  %1 = qnn.constant dense<5.0e-01> : tensor<2xf32>
  // CHECK: qnn.observe %{{.*}} as "plain" : tensor<4xf32>
  %2 = qnn.observe %x as "plain" : tensor<4xf32>
  // CHECK: qnn.observe %{{.*}} as "ranged" range [-1.000000e+00, 2.500000e+00] : tensor<4xf32>
  %3 = qnn.observe %x as "ranged" range [-1.0, 2.5] : tensor<4xf32>
  return
}

// CHECK-LABEL: @float_layers
func.func @float_layers(%x: tensor<1x8x8x4xf32>, %w: tensor<2x3x3x2xf32>, %b: tensor<2xf32>, %r: tensor<1x4x4x2xf32>, %f: tensor<2x2xf32>) {
  // CHECK:      qnn.conv2d %{{.*}}, %{{.*}} bias(%{{.*}}) residual(%{{.*}}) {clamp_max = 6.000000e+00 : f32, clamp_min = 0.000000e+00 : f32, dilations = array<i64: 2, 2>,
  // CHECK-SAME: groups = 2 : i64, padding = array<i64: 1, 2, 3, 2>, strides = array<i64: 2, 2>}
  %0 = qnn.conv2d %x, %w bias(%b) residual(%r) {clamp_max = 6.0 : f32, clamp_min = 0.0 : f32, dilations = array<i64: 2, 2>, groups = 2 : i64, padding = array<i64: 1, 2, 3, 2>, strides = array<i64: 2, 2>}
       : (tensor<1x8x8x4xf32>, tensor<2x3x3x2xf32>, tensor<2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  // CHECK: qnn.fully_connected %{{.*}}, %{{.*}} bias(%{{.*}}) : (tensor<1x4x4x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %1 = qnn.fully_connected %0, %f bias(%b) : (tensor<1x4x4x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  // CHECK: qnn.matmul %{{.*}}, %{{.*}} : (tensor<1x4x4x2xf32>, tensor<2x2xf32>) -> tensor<1x4x4x2xf32>
  %2 = qnn.matmul %1, %f : (tensor<1x4x4x2xf32>, tensor<2x2xf32>) -> tensor<1x4x4x2xf32>
  // CHECK: qnn.bias %{{.*}}, %{{.*}} : (tensor<1x4x4x2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %3 = qnn.bias %2, %b : (tensor<1x4x4x2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  // CHECK: qnn.batch_norm %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 9.99999974E-6 : f32}
  %4 = qnn.batch_norm %3, %b, %b, %b, %b {epsilon = 1.0e-05 : f32}
       : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  return
}

// CHECK-LABEL: @quantized_layers
func.func @quantized_layers(%x: tensor<1x4x4x2x!q>, %w: tensor<2x1x1x2x!w>, %f: tensor<2x2x!w>, %b: tensor<2x!a>, %r: tensor<1x4x4x2x!r>) {
  // CHECK: qnn.conv2d {{.*}} bias({{.*}}) residual({{.*}}) {clamp_min = 0.000000e+00 : f32} {{.*}} -> tensor<1x4x4x2x!quant.uniform<i8:f32, 2.500000e-01>>
  %0 = qnn.conv2d %x, %w bias(%b) residual(%r) {clamp_min = 0.0 : f32}
       : (tensor<1x4x4x2x!q>, tensor<2x1x1x2x!w>, tensor<2x!a>, tensor<1x4x4x2x!r>) -> tensor<1x4x4x2x!r>
  // CHECK: qnn.fully_connected {{.*}} -> tensor<1x4x4x2x![[$ACCUMULATOR]]>
  %1 = qnn.fully_connected %x, %f : (tensor<1x4x4x2x!q>, tensor<2x2x!w>) -> tensor<1x4x4x2x!quant.uniform<i32:f32:0, {2.5e-01, 1.25e-01}>>
  // CHECK: qnn.matmul {{.*}} -> tensor<1x4x4x4x!quant.uniform<i8:f32, 5.000000e-01:3>>
  %2 = qnn.transpose %x {permutation = array<i64: 0, 1, 3, 2>} : (tensor<1x4x4x2x!q>) -> tensor<1x4x2x4x!q>
  %3 = qnn.matmul %x, %2 : (tensor<1x4x4x2x!q>, tensor<1x4x2x4x!q>) -> tensor<1x4x4x4x!q>
  // CHECK: qnn.requantize %{{.*}} : tensor<1x4x4x2x!quant.uniform<i8:f32, 2.500000e-01>> -> tensor<1x4x4x2x!quant.uniform<i8:f32, 5.000000e-01:3>>
  %4 = qnn.requantize %0 : tensor<1x4x4x2x!r> -> tensor<1x4x4x2x!q>
  return
}

// CHECK-LABEL: @element_wise
func.func @element_wise(%x: tensor<2x3xf32>, %y: tensor<3xf32>, %p: tensor<2x3x!q>, %q: tensor<3x!r>) {
  // CHECK: qnn.add %{{.*}}, %{{.*}} {clamp_min = 0.000000e+00 : f32} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %0 = qnn.add %x, %y {clamp_min = 0.0 : f32} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  // CHECK: qnn.sub %{{.*}}, %{{.*}} : (tensor<2x3x!quant.uniform<i8:f32, 5.000000e-01:3>>, tensor<3x!quant.uniform<i8:f32, 2.500000e-01>>) -> tensor<2x3x!quant.uniform<i8:f32, 5.000000e-01:3>>
  %1 = qnn.sub %p, %q : (tensor<2x3x!q>, tensor<3x!r>) -> tensor<2x3x!q>
  // CHECK: qnn.mul %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %2 = qnn.mul %x, %y : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  // CHECK: qnn.div %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %3 = qnn.div %x, %y : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  // CHECK: qnn.relu %{{.*}} : (tensor<2x3x!quant.uniform<i8:f32, 5.000000e-01:3>>) -> tensor<2x3x!quant.uniform<i8:f32, 2.500000e-01>>
  %4 = qnn.relu %p : (tensor<2x3x!q>) -> tensor<2x3x!r>
  // CHECK: qnn.clip %{{.*}} {max = 6.000000e+00 : f32, min = 0.000000e+00 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %5 = qnn.clip %x {max = 6.0 : f32, min = 0.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: qnn.leaky_relu %{{.*}} {alpha = 2.500000e-01 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %6 = qnn.leaky_relu %x {alpha = 0.25 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: qnn.sigmoid %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %7 = qnn.sigmoid %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: qnn.hard_sigmoid %{{.*}} {alpha = 2.500000e-01 : f32, beta = 5.000000e-01 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %8 = qnn.hard_sigmoid %x {alpha = 0.25 : f32, beta = 0.5 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: qnn.hard_swish %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %9 = qnn.hard_swish %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: qnn.tanh %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %10 = qnn.tanh %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: qnn.sqrt %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %12 = qnn.sqrt %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: qnn.erf %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %13 = qnn.erf %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: qnn.softmax %{{.*}} {axis = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %11 = qnn.softmax %x {axis = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// CHECK-LABEL: @pooling
func.func @pooling(%x: tensor<1x7x7x2xf32>, %q: tensor<1x7x7x2x!q>) {
  // CHECK: qnn.max_pool2d %{{.*}} {ceil_mode = true, kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x7x7x2xf32>) -> tensor<1x4x4x2xf32>
  %0 = qnn.max_pool2d %x {ceil_mode = true, kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x7x7x2xf32>) -> tensor<1x4x4x2xf32>
  // CHECK: qnn.avg_pool2d %{{.*}} {count_include_pad = true, kernel = array<i64: 3, 3>, padding = array<i64: 1, 1, 1, 1>} : ({{.*}}) -> tensor<1x7x7x2x!quant.uniform<i8:f32, 2.500000e-01>>
  %1 = qnn.avg_pool2d %q {count_include_pad = true, kernel = array<i64: 3, 3>, padding = array<i64: 1, 1, 1, 1>} : (tensor<1x7x7x2x!q>) -> tensor<1x7x7x2x!r>
  // CHECK: qnn.global_avg_pool %{{.*}} : (tensor<1x7x7x2xf32>) -> tensor<1x1x1x2xf32>
  %2 = qnn.global_avg_pool %x : (tensor<1x7x7x2xf32>) -> tensor<1x1x1x2xf32>
  // CHECK: qnn.global_max_pool %{{.*}} : (tensor<1x7x7x2x!quant.uniform<i8:f32, 5.000000e-01:3>>) -> tensor<1x1x1x2x!quant.uniform<i8:f32, 5.000000e-01:3>>
  %3 = qnn.global_max_pool %q : (tensor<1x7x7x2x!q>) -> tensor<1x1x1x2x!q>
  // CHECK: qnn.reduce_mean %{{.*}} {axes = array<i64: 1, 2>, keep_dims = false} : (tensor<1x7x7x2xf32>) -> tensor<1x2xf32>
  %4 = qnn.reduce_mean %x {axes = array<i64: 1, 2>, keep_dims = false} : (tensor<1x7x7x2xf32>) -> tensor<1x2xf32>
  return
}

// CHECK-LABEL: @movement
func.func @movement(%x: tensor<2x4xf32>, %q: tensor<2x4x!q>, %r: tensor<2x4x!r>) {
  // CHECK: qnn.concat %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<2x4x!quant.uniform<i8:f32, 5.000000e-01:3>>, tensor<2x4x!quant.uniform<i8:f32, 2.500000e-01>>) -> tensor<2x8x!quant.uniform<i8:f32, 2.500000e-01>>
  %0 = qnn.concat %q, %r {axis = 1 : i64} : (tensor<2x4x!q>, tensor<2x4x!r>) -> tensor<2x8x!r>
  // CHECK: qnn.reshape %{{.*}} {shape = array<i64: 8>} : (tensor<2x4xf32>) -> tensor<8xf32>
  %1 = qnn.reshape %x {shape = array<i64: 8>} : (tensor<2x4xf32>) -> tensor<8xf32>
  // CHECK: qnn.transpose %{{.*}} {permutation = array<i64: 1, 0>} : (tensor<2x4xf32>) -> tensor<4x2xf32>
  %2 = qnn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<2x4xf32>) -> tensor<4x2xf32>
  // CHECK: qnn.pad %{{.*}} {high = array<i64: 0, 2>, low = array<i64: 1, 0>, value = 1.000000e+00 : f32} : (tensor<2x4xf32>) -> tensor<3x6xf32>
  %3 = qnn.pad %x {high = array<i64: 0, 2>, low = array<i64: 1, 0>, value = 1.0 : f32} : (tensor<2x4xf32>) -> tensor<3x6xf32>
  // CHECK: qnn.slice %{{.*}} {sizes = array<i64: 2, 2>, starts = array<i64: 1, 0>, steps = array<i64: -1, 2>} : (tensor<2x4xf32>) -> tensor<2x2xf32>
  %4 = qnn.slice %x {sizes = array<i64: 2, 2>, starts = array<i64: 1, 0>, steps = array<i64: -1, 2>} : (tensor<2x4xf32>) -> tensor<2x2xf32>
  // CHECK: qnn.resize_nearest %{{.*}} {coordinate_mode = 0 : i32, nearest_mode = 2 : i32, scales = array<f64: 2.000000e+00, 1.000000e+00>, shape = array<i64: 4, 4>} : (tensor<2x4xf32>) -> tensor<4x4xf32>
  %5 = qnn.resize_nearest %x {coordinate_mode = 0 : i32, nearest_mode = 2 : i32, scales = array<f64: 2.0, 1.0>, shape = array<i64: 4, 4>} : (tensor<2x4xf32>) -> tensor<4x4xf32>
  return
}
