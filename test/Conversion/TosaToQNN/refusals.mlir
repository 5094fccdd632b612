// RUN: quant-opt %s -convert-tosa-to-qnn -split-input-file -verify-diagnostics

// One error names everything that has no qnn form, and why.
// expected-error@below {{2 unsupported ops: tosa.custom 'custom_0' (no such op in qnn); tosa.tanh 'tanh_0' (expected float operands, or a tosa.table)}}
func.func @names_all(%x: tensor<2x3xf32>, %q: tensor<2x3xi8>) -> (tensor<2x3xf32>, tensor<2x3xi8>) {
  %0 = tosa.custom %x {domain_name = "d", operator_name = "o", implementation_attrs = ""} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = tosa.negate %0 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = tosa.tanh %q : (tensor<2x3xi8>) -> tensor<2x3xi8>
  return %1, %2 : tensor<2x3xf32>, tensor<2x3xi8>
}

// -----

// expected-error@below {{weights with zero point 4, expected 0}}
func.func @weights_with_zero_point(%x: tensor<1x4xi8>) -> tensor<1x1xi8> {
  %w = "tosa.const"() {value = dense<1> : tensor<1x4xi8>} : () -> tensor<1x4xi8>
  %b = "tosa.const"() {value = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = tosa.fully_connected %x, %w, %b {quantization_info = #tosa.conv_quant<input_zp = 0, weight_zp = 4>} : (tensor<1x4xi8>, tensor<1x4xi8>, tensor<1xi32>) -> tensor<1x1xi32>
  %1 = tosa.rescale %0 {double_round = true, input_zp = 0 : i32, multiplier = array<i32: 1073741824>, output_zp = 5 : i32, per_channel = false, scale32 = true, shift = array<i8: 38>} : (tensor<1x1xi32>) -> tensor<1x1xi8>
  return %1 : tensor<1x1xi8>
}

// -----

// expected-error@below {{tosa.max_pool2d 'max_pool2d_0' (zero point 3 of a tensor that has zero point 0)}}
func.func @zero_points_contradict(%x: tensor<1x4x4x1x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<1x2x2x1x!quant.uniform<i8:f32, 0.5>> {
  %0 = tosa.max_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x4x4x1x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<1x2x2x1x!quant.uniform<i8:f32, 0.5>>
  return %0 : tensor<1x2x2x1x!quant.uniform<i8:f32, 0.5>>
}

// -----

// expected-error@below {{tosa.rescale 'rescale_0' (scales contradict each other)}}
func.func @scales_contradict(%x: tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4x!quant.uniform<i8:f32, 0.25>> {
  %0 = tosa.rescale %x {double_round = true, input_zp = 0 : i32, multiplier = array<i32: 1073741824>, output_zp = 0 : i32, per_channel = false, scale32 = true, shift = array<i8: 30>} : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4x!quant.uniform<i8:f32, 0.25>>
  return %0 : tensor<4x!quant.uniform<i8:f32, 0.25>>
}

// -----

// expected-error@below {{expected tensors of static shape, got 'tensor<?x4xf32>'; run --tosa-infer-shapes on static inputs}}
func.func @static_only(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = tosa.negate %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
