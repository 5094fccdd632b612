// RUN: quant-opt %s -convert-qnn-to-microkernel -split-input-file -verify-diagnostics

// Integer weights are packed at compile time, with the zero point of the input folded into the bias.
!q = !quant.uniform<i8:f32, 0.5>
func.func @refuses_quantized_weights_that_are_inputs(%x: tensor<1x4x!q>, %w: tensor<2x4x!q>) -> tensor<1x2x!q> {
  // expected-error@below {{expected a constant weight and bias: keep a layer whose weights are computed in float}}
  %0 = qnn.fully_connected %x, %w : (tensor<1x4x!q>, tensor<2x4x!q>) -> tensor<1x2x!q>
  return %0 : tensor<1x2x!q>
}

// -----

// 200,000 products of up to 255 * 127 exceed 2^31.
!x = !quant.uniform<i8:f32, 0.5:-128>
!w = !quant.uniform<i8:f32, 0.5>
func.func @refuses_accumulators_beyond_32_bits(%x: tensor<1x200000x!x>) -> tensor<1x1x!x> {
  %w = qnn.constant dense<127> : tensor<1x200000xi8> as tensor<1x200000x!w>
  // expected-error@below {{expected accumulators that fit 32 bits, got up to 6477000000 in output channel 0: keep this layer in float}}
  %0 = qnn.fully_connected %x, %w : (tensor<1x200000x!x>, tensor<1x200000x!w>) -> tensor<1x1x!x>
  return %0 : tensor<1x1x!x>
}

// -----

func.func @refuses_ops_of_other_stages(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@below {{expected an op of the Graph or Quantized stage, got arith.addf}}
  %0 = arith.addf %x, %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-error@below {{expected a module with one function, the network}}
module {
  func.func @a() { return }
  func.func @b() { return }
}
