// RUN: quant-opt %s -convert-tosa-to-qnn -split-input-file | FileCheck %s

// Multipliers of the rescale become the scales of weights, so that sums need no other.
func.func @main(%x: tensor<1x4xi8>) -> tensor<1x2xi8> {
  %w = "tosa.const"() {value = dense<[[1, -2, 3, 4], [5, 6, -7, 8]]> : tensor<2x4xi8>} : () -> tensor<2x4xi8>
  %b = "tosa.const"() {value = dense<[100, -200]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = tosa.fully_connected %x, %w, %b {quantization_info = #tosa.conv_quant<input_zp = -3, weight_zp = 0>} : (tensor<1x4xi8>, tensor<2x4xi8>, tensor<2xi32>) -> tensor<1x2xi32>
  %1 = tosa.rescale %0 {double_round = true, input_zp = 0 : i32, multiplier = array<i32: 1073741824, 1610612736>, output_zp = 5 : i32, per_channel = true, scale32 = true, shift = array<i8: 38, 38>} : (tensor<1x2xi32>) -> tensor<1x2xi8>
  return %1 : tensor<1x2xi8>
}
// CHECK:      ![[W:.*]] = !quant.uniform<i8:f32:0, {3.906250e-03,0.005859375}>
// CHECK-NEXT: ![[B:.*]] = !quant.uniform<i32:f32:0, {3.906250e-03,0.005859375}>
// CHECK:      func.func @main(%[[X:.*]]: tensor<1x4x!quant.uniform<i8:f32, 1.000000e+00:-3>>) -> tensor<1x2x!quant.uniform<i8:f32, 1.000000e+00:5>>
// CHECK-NEXT:   %[[XR:.*]] = "quant.dcast"(%[[X]])
// CHECK-NEXT:   %[[WQ:.*]] = qnn.constant {{.*}} as tensor<2x4x![[W]]>
// CHECK-NEXT:   %[[WR:.*]] = "quant.dcast"(%[[WQ]])
// CHECK-NEXT:   %[[BQ:.*]] = qnn.constant {{.*}} as tensor<2x![[B]]>
// CHECK-NEXT:   %[[BR:.*]] = "quant.dcast"(%[[BQ]])
// CHECK-NEXT:   %[[Y:.*]] = qnn.fully_connected %[[XR]], %[[WR]] bias(%[[BR]])
// CHECK-NEXT:   %[[Q:.*]] = "quant.qcast"(%[[Y]])
// CHECK-NEXT:   return %[[Q]]

// -----

// Scales of types are kept; the sum of two rescaled operands is a sum of reals; a clamp has real bounds.
!a = !quant.uniform<i8:f32, 0.5:3>
!b = !quant.uniform<i8:f32, 0.25>
!y = !quant.uniform<i8:f32, 1.0:-5>
// CHECK-LABEL: func.func @adds(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<4x!quant.uniform<i8:f32, 5.000000e-01:3>> {qnn.name = "left"}, %[[B:[a-z0-9]+]]: tensor<4x!quant.uniform<i8:f32, 2.500000e-01>>)
// CHECK-NEXT:    %[[AR:.*]] = "quant.dcast"(%[[A]])
// CHECK-NEXT:    %[[BR:.*]] = "quant.dcast"(%[[B]])
// CHECK-NEXT:    %[[S:.*]] = qnn.add %[[AR]], %[[BR]]
// CHECK-NEXT:    %[[Q:.*]] = "quant.qcast"(%[[S]]) : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 1.000000e+00:-5>>
// CHECK-NEXT:    %[[R:.*]] = "quant.dcast"(%[[Q]])
// CHECK-NEXT:    %[[C:.*]] = qnn.clip %[[R]] {max = 1.050000e+02 : f32, min = 0.000000e+00 : f32}
// CHECK-NEXT:    %[[Y:.*]] = "quant.qcast"(%[[C]])
// CHECK-NEXT:    return %[[Y]]
func.func @adds(%a: tensor<4x!a> {ml_program.identifier = "left"}, %b: tensor<4x!b>) -> tensor<4x!y> {
  %0 = tosa.rescale %a {double_round = false, input_zp = 3 : i32, multiplier = array<i32: 1073741824>, output_zp = 0 : i32, per_channel = false, scale32 = true, shift = array<i8: 10>} : (tensor<4x!a>) -> tensor<4xi32>
  %1 = tosa.rescale %b {double_round = false, input_zp = 0 : i32, multiplier = array<i32: 1073741824>, output_zp = 0 : i32, per_channel = false, scale32 = true, shift = array<i8: 11>} : (tensor<4x!b>) -> tensor<4xi32>
  %2 = tosa.add %0, %1 : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  %3 = tosa.rescale %2 {double_round = false, input_zp = 0 : i32, multiplier = array<i32: 1073741824>, output_zp = -5 : i32, per_channel = false, scale32 = true, shift = array<i8: 51>} : (tensor<4xi32>) -> tensor<4x!y>
  %4 = tosa.clamp %3 {min_int = -5 : i64, max_int = 100 : i64, min_fp = 0.0 : f32, max_fp = 1.0 : f32} : (tensor<4x!y>) -> tensor<4x!y>
  return %4 : tensor<4x!y>
}

// -----

// Depthwise weights [height, width, channels, multiplier] become those of grouped convolutions; padding is [top, left, bottom, right].
// CHECK-LABEL: func.func @depthwise(
// CHECK:         qnn.conv2d {{.*}} {groups = 2 : i64, padding = array<i64: 1, 0, 0, 1>} : (tensor<1x4x4x2xf32>, tensor<6x2x2x1xf32>, tensor<6xf32>) -> tensor<1x4x4x6xf32>
func.func @depthwise(%x: tensor<1x4x4x2xf32>, %w: tensor<2x2x2x3xf32>, %b: tensor<6xf32>) -> tensor<1x4x4x6xf32> {
  %0 = tosa.depthwise_conv2d %x, %w, %b {pad = array<i64: 1, 0, 0, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>, tensor<2x2x2x3xf32>, tensor<6xf32>) -> tensor<1x4x4x6xf32>
  return %0 : tensor<1x4x4x6xf32>
}

// -----

// Products multiply scales; pads and concats of 8 bits are rounded to their type.
// CHECK-LABEL: func.func @products(
// CHECK:         %[[P:.*]] = qnn.matmul
// CHECK-NEXT:    "quant.qcast"(%[[P]]) : (tensor<1x2x2xf32>) -> tensor<1x2x2x!quant.uniform<i8:f32, 1.000000e+00:1>>
// CHECK:         qnn.pad %{{.*}} {high = array<i64: 0, 1, 0>, low = array<i64: 0, 0, 0>, value = 0.000000e+00 : f32}
// CHECK:         qnn.concat
// CHECK-NEXT:    "quant.qcast"
func.func @products(%a: tensor<1x2x3xi8>, %b: tensor<1x3x2xi8>) -> tensor<1x3x4xi8> {
  %0 = tosa.matmul %a, %b {quantization_info = #tosa.matmul_quant<a_zp = 2, b_zp = -1>} : (tensor<1x2x3xi8>, tensor<1x3x2xi8>) -> tensor<1x2x2xi32>
  %1 = tosa.rescale %0 {double_round = false, input_zp = 0 : i32, multiplier = array<i32: 1073741824>, output_zp = 1 : i32, per_channel = false, scale32 = true, shift = array<i8: 30>} : (tensor<1x2x2xi32>) -> tensor<1x2x2xi8>
  %pads = "tosa.const"() {value = dense<[[0, 0], [0, 1], [0, 0]]> : tensor<3x2xi32>} : () -> tensor<3x2xi32>
  %2 = tosa.pad %1, %pads {quantization_info = #tosa.pad_quant<input_zp = 1>} : (tensor<1x2x2xi8>, tensor<3x2xi32>) -> tensor<1x3x2xi8>
  %3 = tosa.concat %2, %2 {axis = 2 : i32} : (tensor<1x3x2xi8>, tensor<1x3x2xi8>) -> tensor<1x3x4xi8>
  return %3 : tensor<1x3x4xi8>
}

// -----

// A function without tosa ops is left alone.
// CHECK-LABEL: func.func @ours(
// CHECK-NEXT:    qnn.relu
func.func @ours(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = qnn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
