// RUN: quant-opt %s -qnn-equalize-channels=emit-remarks -split-input-file -verify-diagnostics | FileCheck %s
// A second run changes nothing.
// RUN: quant-opt %s -split-input-file -qnn-equalize-channels -o %t.once && quant-opt %t.once -split-input-file -qnn-equalize-channels -o %t.twice && diff %t.once %t.twice

// The magnitudes are 1.5 and 3/32, the weights that meet them equal: channel 1 moves by ceil(log2(sqrt(1/16))) = -2.
// CHECK-LABEL: func.func @balances_two_layers(
// CHECK: qnn.constant dense<{{\[\[\[\[}}1.000000e+00]]], {{\[\[\[}}2.500000e-01]]]]>
// CHECK: qnn.constant dense<[5.000000e-01, 1.250000e-01]>
// CHECK: qnn.conv2d
// CHECK: qnn.constant dense<{{\[\[\[\[}}2.500000e-01, 6.250000e-02]]]]>
func.func @balances_two_layers(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  %w = qnn.constant dense<[[[[1.0]]], [[[0.0625]]]]> : tensor<2x1x1x1xf32>
  %b = qnn.constant dense<[0.5, 0.03125]> : tensor<2xf32>
  %v = qnn.constant dense<[[[[0.25, 0.25]]]]> : tensor<1x1x1x2xf32>
  // expected-remark @+1 {{scaled 1 of 2 channels, by 2^2 at most}}
  %0 = qnn.conv2d %x, %w bias(%b) {clamp_min = 0.0 : f32} : (tensor<1x1x1x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x1x1x2xf32>
  %1 = qnn.conv2d %0, %v : (tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x1x1x1xf32>
  return %1 : tensor<1x1x1x1xf32>
}

// -----

// Depthwise weights have a scale for each channel: all of 2^-4 moves, through a pool.
// CHECK-LABEL: func.func @gives_depthwise_layers_all(
// CHECK: qnn.constant dense<1.000000e+00>
// CHECK: qnn.constant dense<{{\[\[\[\[}}2.500000e-01]]], {{\[\[\[}}1.562500e-02]]]]>
func.func @gives_depthwise_layers_all(%x: tensor<1x2x1x1xf32>) -> tensor<1x1x1x2xf32> {
  %w = qnn.constant dense<[[[[1.0]]], [[[0.0625]]]]> : tensor<2x1x1x1xf32>
  %v = qnn.constant dense<[[[[0.25]]], [[[0.25]]]]> : tensor<2x1x1x1xf32>
  // expected-remark @+1 {{scaled 1 of 2 channels, by 2^4 at most}}
  %0 = qnn.conv2d %x, %w {clamp_min = 0.0 : f32} : (tensor<1x2x1x1xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x1x2xf32>
  %1 = qnn.max_pool2d %0 {kernel = array<i64: 2, 1>, strides = array<i64: 1, 1>} : (tensor<1x2x1x2xf32>) -> tensor<1x1x1x2xf32>
  %2 = qnn.conv2d %1, %v {groups = 2 : i64} : (tensor<1x1x1x2xf32>, tensor<2x1x1x1xf32>) -> tensor<1x1x1x2xf32>
  return %2 : tensor<1x1x1x2xf32>
}

// -----

// ReLU6: values are in [0, 6]. Channel 0 may reach the bound and stays; channel 1 stays below 6/16, and below 6 when multiplied by 8
// (times 16 it is the bound itself); channel 2 is at most 3 and moves by 2^0, for twice that is the bound.
// CHECK-LABEL: func.func @stays_below_relu6(
// CHECK: qnn.constant dense<{{\[\[\[\[}}1.000000e+00]]], {{\[\[\[}}5.000000e-01]]], {{\[\[\[}}5.000000e-01]]]]>
// CHECK: qnn.constant dense<{{\[\[\[\[}}1.000000e+00]]], {{\[\[\[}}1.250000e-01]]], {{\[\[\[}}1.000000e+00]]]]>
func.func @stays_below_relu6(%x: tensor<1x1x1x3xf32>) -> tensor<1x1x1x3xf32> {
  %0 = qnn.clip %x {min = 0.0 : f32, max = 6.0 : f32} : (tensor<1x1x1x3xf32>) -> tensor<1x1x1x3xf32>
  %w = qnn.constant dense<[[[[1.0]]], [[[0.0625]]], [[[0.5]]]]> : tensor<3x1x1x1xf32>
  %v = qnn.constant dense<1.0> : tensor<3x1x1x1xf32>
  // expected-remark @+1 {{scaled 1 of 3 channels, by 2^3 at most}}
  %1 = qnn.conv2d %0, %w {groups = 3 : i64, clamp_min = 0.0 : f32, clamp_max = 6.0 : f32} : (tensor<1x1x1x3xf32>, tensor<3x1x1x1xf32>) -> tensor<1x1x1x3xf32>
  %2 = qnn.conv2d %1, %v {groups = 3 : i64} : (tensor<1x1x1x3xf32>, tensor<3x1x1x1xf32>) -> tensor<1x1x1x3xf32>
  return %2 : tensor<1x1x1x3xf32>
}

// -----

// Nothing is known of the model's input: every channel may reach the bound.
// CHECK-LABEL: func.func @keeps_channels_that_may_reach_relu6(
// CHECK: qnn.constant dense<{{\[\[\[\[}}1.000000e+00]]], {{\[\[\[}}6.250000e-02]]]]>
func.func @keeps_channels_that_may_reach_relu6(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x2xf32> {
  %w = qnn.constant dense<[[[[1.0]]], [[[0.0625]]]]> : tensor<2x1x1x1xf32>
  %v = qnn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %0 = qnn.conv2d %x, %w {clamp_min = 0.0 : f32, clamp_max = 6.0 : f32} : (tensor<1x1x1x1xf32>, tensor<2x1x1x1xf32>) -> tensor<1x1x1x2xf32>
  %1 = qnn.conv2d %0, %v {groups = 2 : i64} : (tensor<1x1x1x2xf32>, tensor<2x1x1x1xf32>) -> tensor<1x1x1x2xf32>
  return %1 : tensor<1x1x1x2xf32>
}

// -----

// The end of a layer norm: its factors and summands take the outlier of channel 1 out, the fully connected layer takes it in.
// CHECK-LABEL: func.func @smooths_outliers_of_a_norm(
// CHECK: qnn.constant dense<[1.250000e+01, 1.000000e+02]>
// CHECK: qnn.mul
// CHECK: qnn.constant dense<[0.000000e+00, 1.000000e+00]>
// CHECK: qnn.add
// CHECK: qnn.constant dense<{{\[\[}}6.250000e-02, 5.000000e-01], [-6.250000e-02, 2.500000e-01]]>
func.func @smooths_outliers_of_a_norm(%x: tensor<1x3x2xf32>) -> tensor<1x3x2xf32> {
  %gamma = qnn.constant dense<[0.78125, 100.0]> : tensor<2xf32>
  %beta = qnn.constant dense<[0.0, 1.0]> : tensor<2xf32>
  %w = qnn.constant dense<[[1.0, 0.5], [-1.0, 0.25]]> : tensor<2x2xf32>
  // expected-remark @+1 {{scaled 1 of 2 channels, by 2^4 at most}}
  %0 = qnn.mul %x, %gamma : (tensor<1x3x2xf32>, tensor<2xf32>) -> tensor<1x3x2xf32>
  %1 = qnn.add %0, %beta : (tensor<1x3x2xf32>, tensor<2xf32>) -> tensor<1x3x2xf32>
  %2 = qnn.fully_connected %1, %w : (tensor<1x3x2xf32>, tensor<2x2xf32>) -> tensor<1x3x2xf32>
  return %2 : tensor<1x3x2xf32>
}

// -----

// Channel c of a flattened tensor is columns c, c + 2, ...
// CHECK-LABEL: func.func @follows_channels_through_flattening(
// CHECK: qnn.constant dense<{{\[\[}}1.000000e+00, 2.500000e-01, 1.000000e+00, 2.500000e-01]]>
func.func @follows_channels_through_flattening(%x: tensor<1x1x2x1xf32>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<[[[[1.0]]], [[[0.0625]]]]> : tensor<2x1x1x1xf32>
  %v = qnn.constant dense<1.0> : tensor<1x4xf32>
  // expected-remark @+1 {{scaled 1 of 2 channels, by 2^2 at most}}
  %0 = qnn.conv2d %x, %w : (tensor<1x1x2x1xf32>, tensor<2x1x1x1xf32>) -> tensor<1x1x2x2xf32>
  %1 = qnn.reshape %0 {shape = array<i64: 1, 4>} : (tensor<1x1x2x2xf32>) -> tensor<1x4xf32>
  %2 = qnn.fully_connected %1, %v : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}

// -----

// A chain of residuals has one factor for each channel; here -2 for channel 1, in all that makes it and all that reads it.
// CHECK-LABEL: func.func @scales_chains_of_residuals(
// CHECK: %[[FIRST:.*]] = qnn.constant dense<{{\[\[\[\[}}1.000000e+00]]], {{\[\[\[}}2.500000e-01]]]]>
// CHECK: qnn.conv2d %{{.*}}, %[[FIRST]]
// Rows by 4, columns by 1/4: what is on the diagonal stays.
// CHECK: %[[MIDDLE:.*]] = qnn.constant dense<{{\[\[\[\[}}1.000000e+00, 2.500000e-01]]], {{\[\[\[}}2.500000e-01, 6.250000e-02]]]]>
// CHECK: qnn.conv2d %{{.*}}, %[[MIDDLE]] residual
// CHECK: %[[LAST:.*]] = qnn.constant dense<{{\[\[\[\[}}1.000000e+00, 2.500000e-01]]]]>
// CHECK: qnn.conv2d %{{.*}}, %[[LAST]]
func.func @scales_chains_of_residuals(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  %w = qnn.constant dense<[[[[1.0]]], [[[0.0625]]]]> : tensor<2x1x1x1xf32>
  %u = qnn.constant dense<[[[[1.0, 1.0]]], [[[0.0625, 0.0625]]]]> : tensor<2x1x1x2xf32>
  %v = qnn.constant dense<1.0> : tensor<1x1x1x2xf32>
  // expected-remark @+1 {{scaled 1 of 2 channels, by 2^2 at most}}
  %0 = qnn.conv2d %x, %w : (tensor<1x1x1x1xf32>, tensor<2x1x1x1xf32>) -> tensor<1x1x1x2xf32>
  %1 = qnn.conv2d %0, %u residual(%0) : (tensor<1x1x1x2xf32>, tensor<2x1x1x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  %2 = qnn.conv2d %1, %v : (tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x1x1x1xf32>
  return %2 : tensor<1x1x1x1xf32>
}

// -----

// Others have the values themselves; that the result of a model stays needs no remark.
// CHECK-LABEL: func.func @keeps_channels_that_others_have(
// CHECK: qnn.constant dense<{{\[\[\[\[}}1.000000e+00]]], {{\[\[\[}}6.250000e-02]]]]>
func.func @keeps_channels_that_others_have(%x: tensor<1x1x1x1xf32>, %y: tensor<1x1x1x2xf32>) -> (tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>) {
  %w = qnn.constant dense<[[[[1.0]]], [[[0.0625]]]]> : tensor<2x1x1x1xf32>
  %v = qnn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %0 = qnn.conv2d %x, %w : (tensor<1x1x1x1xf32>, tensor<2x1x1x1xf32>) -> tensor<1x1x1x2xf32>
  %1 = qnn.conv2d %0, %v residual(%0) {groups = 2 : i64} : (tensor<1x1x1x2xf32>, tensor<2x1x1x1xf32>, tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  // expected-remark @+1 {{channels stay: sigmoid has them}}
  %2 = qnn.conv2d %x, %w : (tensor<1x1x1x1xf32>, tensor<2x1x1x1xf32>) -> tensor<1x1x1x2xf32>
  %3 = qnn.sigmoid %2 : (tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  // expected-remark @+1 {{channels stay: the model's input has them}}
  %4 = qnn.conv2d %x, %w residual(%y) : (tensor<1x1x1x1xf32>, tensor<2x1x1x1xf32>, tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  %5 = qnn.conv2d %4, %v {groups = 2 : i64} : (tensor<1x1x1x2xf32>, tensor<2x1x1x1xf32>) -> tensor<1x1x1x2xf32>
  return %1, %3, %5 : tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>
}

// -----

// A concat: both operands are equal channels with magnitudes 1 and 1/16 that meet equal weights. The small one moves by ceil(log2(sqrt(1/16))) = -2.
// CHECK-LABEL: func.func @equalizes_operands_of_a_concat(
// CHECK: %[[SMALL:.*]] = qnn.constant dense<2.500000e-01>
// CHECK: qnn.conv2d %{{.*}}, %[[SMALL]]
// CHECK: qnn.concat
// CHECK: qnn.constant dense<{{\[\[\[\[}}1.000000e+00, 2.500000e-01]]]]>
func.func @equalizes_operands_of_a_concat(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  %w = qnn.constant dense<1.0> : tensor<1x1x1x1xf32>
  %u = qnn.constant dense<0.0625> : tensor<1x1x1x1xf32>
  %v = qnn.constant dense<1.0> : tensor<1x1x1x2xf32>
  // expected-remark @+1 {{scaled 1 of 2 channels, by 2^2 at most}}
  %0 = qnn.conv2d %x, %w {clamp_min = 0.0 : f32} : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  %1 = qnn.conv2d %x, %u : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  %2 = qnn.concat %0, %1 {axis = 3 : i64} : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x2xf32>
  %3 = qnn.conv2d %2, %v : (tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x1x1x1xf32>
  return %3 : tensor<1x1x1x1xf32>
}

// -----

// The model's input stays: what is joined with it comes down to its range. Divided by 16, not 256: half of the difference.
// CHECK-LABEL: func.func @follows_an_input_in_a_concat(
// CHECK: %[[LARGE:.*]] = qnn.constant dense<1.600000e+01>
// CHECK: qnn.conv2d %{{.*}}, %[[LARGE]]
// CHECK: qnn.constant dense<{{\[\[\[\[}}1.600000e+01, 1.000000e+00]]]]>
func.func @follows_an_input_in_a_concat(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  %w = qnn.constant dense<256.0> : tensor<1x1x1x1xf32>
  %v = qnn.constant dense<1.0> : tensor<1x1x1x2xf32>
  // expected-remark @+1 {{scaled 1 of 2 channels, by 2^4 at most}}
  %0 = qnn.conv2d %x, %w {clamp_min = 0.0 : f32} : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  %1 = qnn.concat %0, %x {axis = 3 : i64} : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x2xf32>
  %2 = qnn.conv2d %1, %v : (tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x1x1x1xf32>
  return %2 : tensor<1x1x1x1xf32>
}

// -----

// Squeeze and excite: the gate stays, what it multiplies scales with the product, and the layer that makes the gate reads it scaled.
// CHECK-LABEL: func.func @scales_what_a_gate_multiplies(
// CHECK: qnn.constant dense<{{\[\[\[\[}}1.000000e+00]]], {{\[\[\[}}2.500000e-01]]]]>
// CHECK: qnn.conv2d
// CHECK: qnn.constant dense<{{\[\[\[\[}}1.000000e+00, 2.500000e-01]]], {{\[\[\[}}1.000000e+00, 2.500000e-01]]]]>
// CHECK: qnn.sigmoid
// CHECK: qnn.constant dense<{{\[\[\[\[}}1.000000e+00, 2.500000e-01]]]]>
func.func @scales_what_a_gate_multiplies(%x: tensor<1x2x2x1xf32>) -> tensor<1x2x2x1xf32> {
  %w = qnn.constant dense<[[[[1.0]]], [[[0.0625]]]]> : tensor<2x1x1x1xf32>
  %g = qnn.constant dense<1.0> : tensor<2x1x1x2xf32>
  %v = qnn.constant dense<1.0> : tensor<1x1x1x2xf32>
  // expected-remark @+1 {{scaled 1 of 2 channels, by 2^2 at most}}
  %0 = qnn.conv2d %x, %w {clamp_min = 0.0 : f32} : (tensor<1x2x2x1xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x2x2xf32>
  %1 = qnn.global_avg_pool %0 : (tensor<1x2x2x2xf32>) -> tensor<1x1x1x2xf32>
  // expected-remark @+1 {{channels stay: sigmoid has them}}
  %2 = qnn.conv2d %1, %g : (tensor<1x1x1x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  %3 = qnn.sigmoid %2 : (tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  %4 = qnn.mul %0, %3 : (tensor<1x2x2x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x2x2x2xf32>
  %5 = qnn.conv2d %4, %v : (tensor<1x2x2x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x2x2x1xf32>
  return %5 : tensor<1x2x2x1xf32>
}
