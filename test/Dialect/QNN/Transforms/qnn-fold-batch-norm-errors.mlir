// RUN: quant-opt %s -qnn-fold-batch-norm -split-input-file -verify-diagnostics

// A batch norm whose parameters are inputs is no affine map with known factors: it stays, without an error.
func.func @computed_parameters(%x: tensor<1x2xf32>, %p: tensor<2xf32>) -> tensor<1x2xf32> {
  %0 = qnn.batch_norm %x, %p, %p, %p, %p {epsilon = 0.0 : f32} : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// -----

func.func @negative_variance(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %p = qnn.constant dense<[1.0, -1.0]> : tensor<2xf32>
  // expected-error@+1 {{expected variance + epsilon > 0 in every channel}}
  %0 = qnn.batch_norm %x, %p, %p, %p, %p {epsilon = 0.5 : f32} : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// -----

func.func @infinite_mean(%x: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %p = qnn.constant dense<1.0> : tensor<1xf32>
  %inf = qnn.constant dense<0x7F800000> : tensor<1xf32>
  // expected-error@+1 {{expected finite parameters}}
  %0 = qnn.batch_norm %x, %p, %p, %inf, %p {epsilon = 0.0 : f32} : (tensor<1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  return %0 : tensor<1x1xf32>
}
