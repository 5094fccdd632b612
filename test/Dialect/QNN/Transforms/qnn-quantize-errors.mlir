// RUN: quant-opt %s -qnn-quantize -split-input-file -verify-diagnostics

func.func @not_observed(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = qnn.observe %x as "x" range [0.0, 1.0] : tensor<2xf32>
  // expected-error@+1 {{tensor 'qnn.hard_swish' needs a scale and is not observed; run qnn-insert-observers}}
  %1 = qnn.hard_swish %0 : (tensor<2xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}

// -----

func.func @no_range(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{tensor 'x' has no range; calibrate and run qnn-apply-ranges}}
  %0 = qnn.observe %x as "x" : tensor<2xf32>
  %1 = qnn.tanh %0 : (tensor<2xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}

// -----

func.func @weight_with_nan(%x: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<0x7FC00000> : tensor<1x1xf32>
  %0 = qnn.observe %x as "x" range [0.0, 1.0] : tensor<1x1xf32>
  // expected-error@+1 {{expected finite weights and biases in 'qnn.fully_connected'}}
  %1 = qnn.fully_connected %0, %w : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %2 = qnn.observe %1 as "fc" range [0.0, 1.0] : tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}

// -----

func.func @constant_with_infinity(%x: tensor<1xf32>) -> tensor<1xf32> {
  // expected-error@+1 {{expected finite values in constant 'qnn.constant'; keep its user float with qnn-assign-precision}}
  %c = qnn.constant dense<0x7F800000> : tensor<1xf32>
  %0 = qnn.observe %x as "x" range [0.0, 1.0] : tensor<1xf32>
  %1 = qnn.mul %0, %c : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
  %2 = qnn.observe %1 as "mul" range [0.0, 1.0] : tensor<1xf32>
  return %2 : tensor<1xf32>
}

// -----

func.func @bias_beyond_any_scale(%x: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<1.0> : tensor<1x1xf32>
  %b = qnn.constant dense<1.0e+38> : tensor<1xf32>
  %0 = qnn.observe %x as "x" range [0.0, 1.0e-38] : tensor<1x1xf32>
  // expected-error@+1 {{bias or accumulator of channel 0 of 'qnn.fully_connected' does not fit i32 with any weight scale; keep the layer float with qnn-assign-precision}}
  %1 = qnn.fully_connected %0, %w bias(%b) : (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  %2 = qnn.observe %1 as "fc" range [0.0, 1.0] : tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}

// -----

func.func @product_too_long(%x: tensor<1x33026xf32>, %y: tensor<33026x1xf32>) -> tensor<1x1xf32> {
  %0 = qnn.observe %x as "x" range [0.0, 1.0] : tensor<1x33026xf32>
  %1 = qnn.observe %y as "y" range [0.0, 1.0] : tensor<33026x1xf32>
  // expected-error@+1 {{accumulator of 'qnn.matmul' does not fit i32 with inner dimension 33026; keep the layer float with qnn-assign-precision}}
  %2 = qnn.matmul %0, %1 : (tensor<1x33026xf32>, tensor<33026x1xf32>) -> tensor<1x1xf32>
  %3 = qnn.observe %2 as "product" range [0.0, 1.0] : tensor<1x1xf32>
  return %3 : tensor<1x1xf32>
}

// -----

func.func @rounded_too_far(%x: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<1.0> : tensor<1x1xf32>
  %0 = qnn.observe %x as "x" range [0.0, 1.0] : tensor<1x1xf32>
  // expected-error@+1 {{expected neighbours of weight / scale in 'qnn.rounded_weights' of 'qnn.fully_connected'; round its weights again}}
  %1 = qnn.fully_connected %0, %w {qnn.rounded_weights = dense<125> : tensor<1x1xi8>} : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %2 = qnn.observe %1 as "fc" range [0.0, 1.0] : tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}

// -----

func.func @correction_of_another_layer(%x: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<1.0> : tensor<1x1xf32>
  %b = qnn.constant dense<1.0> : tensor<1xf32>
  %0 = qnn.observe %x as "x" range [0.0, 1.0] : tensor<1x1xf32>
  // expected-error@+1 {{expected one f32 per bias in 'qnn.bias_correction' of 'qnn.fully_connected'}}
  %1 = qnn.fully_connected %0, %w bias(%b) {qnn.bias_correction = dense<1.0> : tensor<2xf32>} : (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  %2 = qnn.observe %1 as "fc" range [0.0, 1.0] : tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}
