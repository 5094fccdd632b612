// RUN: quant-opt %s -qnn-quantize=emit-remarks -split-input-file -verify-diagnostics | FileCheck %s
// RUN: quant-opt %s -qnn-quantize -split-input-file > %t.once
// RUN: quant-opt %s -qnn-quantize -qnn-quantize -split-input-file > %t.twice
// RUN: diff %t.once %t.twice
// RUN: quant-opt %s -qnn-quantize=integer-results -split-input-file | FileCheck %s --check-prefix=INTEGER
// RUN: not quant-opt /dev/null -qnn-quantize=int4 2>&1 | FileCheck %s --check-prefix=OPTION
// OPTION: no such option int4

// Scale 2^-6 = 127/64 / 127 per channel; for the channel of zeros the least that its bias allows, so the bias stays exact.
// CHECK: ![[$BT:.+]] = !quant.uniform<i32:f32:0, {7.812500e-03,9.3132257461547852E-10}>
// CHECK: ![[$WT:.+]] = !quant.uniform<i8<-127:127>:f32:0, {1.562500e-02,1.862645149230957E-9}>
// CHECK-LABEL: func.func @quantizes_weights_per_channel(
// CHECK: %[[B:.+]] = qnn.constant dense<[32, 1610612736]> : tensor<2xi32> as tensor<2x![[$BT]]>
// CHECK: %[[BIAS:.+]] = "quant.dcast"(%[[B]])
// CHECK: %[[W:.+]] = qnn.constant dense<{{\[\[}}127, -32], [0, 0]]> : tensor<2x2xi8> as tensor<2x2x![[$WT]]>
// CHECK: %[[WEIGHT:.+]] = "quant.dcast"(%[[W]])
// CHECK: qnn.fully_connected %{{.*}}, %[[WEIGHT]] bias(%[[BIAS]])
// CHECK-NOT: qnn.observe
func.func @quantizes_weights_per_channel(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = qnn.constant dense<[[1.984375, -0.5], [0.0, 0.0]]> : tensor<2x2xf32>
  %b = qnn.constant dense<[0.25, 1.5]> : tensor<2xf32>
  %0 = qnn.observe %x as "x" range [0.0, 127.5] : tensor<1x2xf32>
  // expected-remark@+1 {{quantized weights of 'qnn.fully_connected' with 2 scales}}
  %1 = qnn.fully_connected %0, %w bias(%b) : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %2 = qnn.observe %1 as "fc" range [-128.0, 127.0] : tensor<1x2xf32>
  return %2 : tensor<1x2xf32>
}

// -----

// 3 / (0.5 * 2^-40) exceeds i32: the weight scale doubles, to 2^-28, until the bias fits.
// CHECK: !quant.uniform<i8<-127:127>:f32:0, {3.7252902984619141E-9}>
// CHECK-LABEL: func.func @large_bias_widens_weight_scale(
// CHECK: qnn.constant dense<1610612736> : tensor<1xi32>
func.func @large_bias_widens_weight_scale(%x: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<1.0e-30> : tensor<1x1xf32>
  %b = qnn.constant dense<3.0> : tensor<1xf32>
  %0 = qnn.observe %x as "x" range [0.0, 127.5] : tensor<1x1xf32>
  // expected-remark@+1 {{1 scales}}
  %1 = qnn.fully_connected %0, %w bias(%b) : (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  %2 = qnn.observe %1 as "fc" range [0.0, 3.0] : tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}

// -----

// Ranges grow to hold 0; a range of nothing, or too small for f32 arithmetic, has scale 2^-40.
// CHECK-LABEL: func.func @chooses_valid_scales(
// CHECK: !quant.uniform<i8:f32, 2.000000e+00:-128>
// CHECK: !quant.uniform<i8:f32, 2.000000e+00:127>
// CHECK: !quant.uniform<i8:f32, 9.0949470177292824E-13>
// CHECK: !quant.uniform<i8:f32, 9.0949470177292824E-13:-128>
func.func @chooses_valid_scales(%a: tensor<2xf32>, %b: tensor<2xf32>, %c: tensor<2xf32>, %d: tensor<2xf32>) -> tensor<8xf32> {
  %0 = qnn.observe %a as "a" range [500.0, 510.0] : tensor<2xf32>
  %1 = qnn.observe %b as "b" range [-510.0, -500.0] : tensor<2xf32>
  %2 = qnn.observe %c as "c" range [0.0, 0.0] : tensor<2xf32>
  %3 = qnn.observe %d as "d" range [0.0, 1.0e-38] : tensor<2xf32>
  %4 = qnn.concat %0, %1, %2, %3 {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<8xf32>
  %5 = qnn.observe %4 as "concat" range [-510.0, 510.0] : tensor<8xf32>
  return %5 : tensor<8xf32>
}

// -----

// Fixed ranges need no observer; a constant operand has the range of its values.
// CHECK-LABEL: func.func @fixed_ranges_and_constants(
// CHECK: qnn.constant dense<[-128, 127]> : tensor<2xi8> as tensor<2x!quant.uniform<i8:f32, 1.000000e+00:-128>>
// CHECK: qnn.tanh
// CHECK-NEXT: !quant.uniform<i8:f32, 7.812500e-03>
// CHECK: qnn.sigmoid
// CHECK-NEXT: !quant.uniform<i8:f32, 3.906250e-03:-128>
func.func @fixed_ranges_and_constants(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = qnn.constant dense<[0.0, 255.0]> : tensor<2xf32>
  %0 = qnn.observe %x as "x" range [0.0, 1.0] : tensor<2xf32>
  %1 = qnn.add %0, %c : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %2 = qnn.observe %1 as "add" range [0.0, 255.0] : tensor<2xf32>
  %3 = qnn.tanh %2 : (tensor<2xf32>) -> tensor<2xf32>
  %4 = qnn.sigmoid %3 : (tensor<2xf32>) -> tensor<2xf32>
  return %4 : tensor<2xf32>
}

// -----

// At the border of a float layer: it reads the dequantized int8 result; a float result stays float for float readers.
// CHECK-LABEL: func.func @converts_at_borders(
// CHECK: %[[INT8:.+]] = qnn.hard_swish %{{.*}} :
// CHECK-NEXT: %[[Q:.+]] = "quant.qcast"(%[[INT8]])
// CHECK-NEXT: %[[DQ:.+]] = "quant.dcast"(%[[Q]])
// CHECK-NEXT: %[[REAL:.+]] = qnn.hard_swish %[[DQ]] {qnn.precision = "float"}
// CHECK-NEXT: %[[Q2:.+]] = "quant.qcast"(%[[REAL]])
// CHECK-NEXT: %[[DQ2:.+]] = "quant.dcast"(%[[Q2]])
// CHECK-NEXT: qnn.tanh %[[DQ2]]
// CHECK: return %{{.*}}, %[[REAL]]
func.func @converts_at_borders(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %0 = qnn.observe %x as "x" range [0.0, 1.0] : tensor<2xf32>
  %1 = qnn.hard_swish %0 : (tensor<2xf32>) -> tensor<2xf32>
  %2 = qnn.observe %1 as "a" range [0.0, 1.0] : tensor<2xf32>
  %3 = qnn.hard_swish %2 {qnn.precision = "float"} : (tensor<2xf32>) -> tensor<2xf32>
  %4 = qnn.observe %3 as "b" range [0.0, 1.0] : tensor<2xf32>
  %5 = qnn.tanh %4 : (tensor<2xf32>) -> tensor<2xf32>
  return %5, %4 : tensor<2xf32>, tensor<2xf32>
}

// -----

// Every value of a constant operand, one by one.
// CHECK-LABEL: func.func @quantizes_every_value_of_a_constant(
// CHECK: qnn.constant dense<[-128, -127, -126, -125, -124, -123, -122, -121, -120, -119, -118, -117, -116, -115, -114, 127]>
func.func @quantizes_every_value_of_a_constant(%x: tensor<16xf32>) -> tensor<16xf32> {
  %c = qnn.constant dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 255.0]> : tensor<16xf32>
  %0 = qnn.observe %x as "x" range [0.0, 1.0] : tensor<16xf32>
  %1 = qnn.add %0, %c : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %2 = qnn.observe %1 as "add" range [0.0, 255.0] : tensor<16xf32>
  return %2 : tensor<16xf32>
}

// -----

// What a concat joins gets the scale of its result where that rounds no worse: the requantization of the first operand falls away.
// CHECK-LABEL: func.func @shares_the_scale_of_a_concat(
// CHECK: %[[A:.+]] = qnn.leaky_relu
// CHECK: "quant.qcast"(%[[A]]) : (tensor<1x4xf32>) -> tensor<1x4x!quant.uniform<i8:f32, 5.000000e-01:-128>>
// CHECK: %[[B:.+]] = qnn.hard_swish
// CHECK: "quant.qcast"(%[[B]]) : (tensor<1x4xf32>) -> tensor<1x4x!quant.uniform<i8:f32, 5.000000e-01:-128>>
// CHECK: %[[Y:.+]] = qnn.concat
// CHECK: "quant.qcast"(%[[Y]]) : (tensor<1x8xf32>) -> tensor<1x8x!quant.uniform<i8:f32, 5.000000e-01:-128>>
func.func @shares_the_scale_of_a_concat(%x: tensor<1x4xf32>) -> tensor<1x8xf32> {
  %0 = qnn.observe %x as "x" range [-1.0, 127.5] : tensor<1x4xf32>
  %1 = qnn.leaky_relu %0 {alpha = 0.0 : f32} : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %2 = qnn.observe %1 as "a" range [0.0, 63.75] : tensor<1x4xf32>
  %3 = qnn.hard_swish %0 : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %4 = qnn.observe %3 as "b" range [0.0, 127.5] : tensor<1x4xf32>
  %5 = qnn.concat %2, %4 {axis = 1 : i64} : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x8xf32>
  %6 = qnn.observe %5 as "y" range [0.0, 127.5] : tensor<1x8xf32>
  return %6 : tensor<1x8xf32>
}

// -----

// The first operand is also read by itself, where steps of 0.5 would be too large.
// CHECK-LABEL: func.func @keeps_a_scale_that_others_need(
// CHECK: %[[A:.+]] = qnn.leaky_relu
// CHECK: "quant.qcast"(%[[A]]) : (tensor<1x4xf32>) -> tensor<1x4x!quant.uniform<i8:f32, 3.906250e-03:-128>>
// CHECK: %[[Y:.+]] = qnn.concat
// CHECK: "quant.qcast"(%[[Y]]) : (tensor<1x8xf32>) -> tensor<1x8x!quant.uniform<i8:f32, 5.000000e-01:-128>>
func.func @keeps_a_scale_that_others_need(%x: tensor<1x4xf32>) -> (tensor<1x8xf32>, tensor<1x4xf32>) {
  %0 = qnn.observe %x as "x" range [-1.0, 127.5] : tensor<1x4xf32>
  %1 = qnn.leaky_relu %0 {alpha = 0.0 : f32} : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %2 = qnn.observe %1 as "a" range [0.0, 0.99609375] : tensor<1x4xf32>
  %3 = qnn.hard_swish %0 : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %4 = qnn.observe %3 as "b" range [0.0, 127.5] : tensor<1x4xf32>
  %5 = qnn.concat %2, %4 {axis = 1 : i64} : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x8xf32>
  %6 = qnn.observe %5 as "y" range [0.0, 127.5] : tensor<1x8xf32>
  %7 = qnn.hard_swish %2 : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %8 = qnn.observe %7 as "z" range [0.0, 0.99609375] : tensor<1x4xf32>
  return %6, %8 : tensor<1x8xf32>, tensor<1x4xf32>
}

// -----

// Rounded up where the nearest integer lies below, and (0.25 + 0.5) / 2^-7 for a bias.
// CHECK-LABEL: func.func @takes_chosen_rounding(
// CHECK: qnn.constant dense<96> : tensor<1xi32>
// CHECK: qnn.constant dense<{{\[\[}}127, 33]]> : tensor<1x2xi8>
// CHECK: qnn.fully_connected
// CHECK-NOT: qnn.rounded_weights
// CHECK-NOT: qnn.bias_correction
func.func @takes_chosen_rounding(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<[[1.984375, 0.505]]> : tensor<1x2xf32>
  %b = qnn.constant dense<0.25> : tensor<1xf32>
  %0 = qnn.observe %x as "x" range [0.0, 127.5] : tensor<1x2xf32>
  // expected-remark@+1 {{quantized weights of 'qnn.fully_connected' with 1 scales}}
  %1 = qnn.fully_connected %0, %w bias(%b) {qnn.rounded_weights = dense<[[127, 33]]> : tensor<1x2xi8>, qnn.bias_correction = dense<0.5> : tensor<1xf32>} : (tensor<1x2xf32>, tensor<1x2xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  %2 = qnn.observe %1 as "fc" range [-128.0, 127.0] : tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}

// -----

// Nothing reads the result as integers: it leaves as the exact sum in f32, unless it is asked for as integers.
// CHECK-LABEL: func.func @leaves_float(
// CHECK: %[[SUM:.+]] = qnn.fully_connected
// CHECK-NEXT: return %[[SUM]]
// INTEGER-LABEL: func.func @leaves_float(
// INTEGER: %[[SUM:.+]] = qnn.fully_connected
// INTEGER: "quant.qcast"(%[[SUM]])
func.func @leaves_float(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<[[1.984375, 0.5]]> : tensor<1x2xf32>
  %0 = qnn.observe %x as "x" range [0.0, 127.5] : tensor<1x2xf32>
  // expected-remark@+1 {{quantized weights}}
  %1 = qnn.fully_connected %0, %w : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x1xf32>
  %2 = qnn.observe %1 as "fc" range [-128.0, 127.0] : tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}

// -----

// A clamp follows the sum: the result is rounded.
// CHECK-LABEL: func.func @clamped_result(
// CHECK: %[[SUM:.+]] = qnn.fully_connected
// CHECK: "quant.qcast"(%[[SUM]])
func.func @clamped_result(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<[[1.984375, 0.5]]> : tensor<1x2xf32>
  %0 = qnn.observe %x as "x" range [0.0, 127.5] : tensor<1x2xf32>
  // expected-remark@+1 {{quantized weights}}
  %1 = qnn.fully_connected %0, %w {clamp_min = 0.0 : f32} : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x1xf32>
  %2 = qnn.observe %1 as "fc" range [0.0, 127.0] : tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}

// -----

// Weights of four bits: scale 1.75 / 7, and the bias follows.
// CHECK: ![[$BT:.+]] = !quant.uniform<i32:f32:0, {1.250000e-01}>
// CHECK: ![[$WT:.+]] = !quant.uniform<i4<-7:7>:f32:0, {2.500000e-01}>
// CHECK-LABEL: func.func @quantizes_to_four_bits(
// CHECK: qnn.constant dense<2> : tensor<1xi32> as tensor<1x![[$BT]]>
// CHECK: qnn.constant dense<{{\[\[}}7, -2]]> : tensor<1x2xi4> as tensor<1x2x![[$WT]]>
func.func @quantizes_to_four_bits(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<[[1.75, -0.5]]> : tensor<1x2xf32>
  %b = qnn.constant dense<0.25> : tensor<1xf32>
  %0 = qnn.observe %x as "x" range [0.0, 127.5] : tensor<1x2xf32>
  // expected-remark@+1 {{quantized weights of 'qnn.fully_connected' with 1 scales}}
  %1 = qnn.fully_connected %0, %w bias(%b) {qnn.precision = "int4"} : (tensor<1x2xf32>, tensor<1x2xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  %2 = qnn.observe %1 as "fc" range [-128.0, 127.0] : tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}

// -----

// Clipping 2.0 at 19/20 costs (0.1)^2 and brings the other three from 2/7 * 3 = 0.857 to 0.271 * 4 = 1.086: the least squared error of all
// twentieths. A chosen rounding is a neighbour of the clipped number of steps.
// CHECK: !quant.uniform<i4<-7:7>:f32:0, {0.27142858505249023}>
// CHECK-LABEL: func.func @clips_weights_of_four_bits(
// CHECK: qnn.constant dense<{{\[\[}}7, 4, 3, -4]]> : tensor<1x4xi4>
func.func @clips_weights_of_four_bits(%x: tensor<1x4xf32>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<[[2.0, 1.0, 1.0, -1.0]]> : tensor<1x4xf32>
  %0 = qnn.observe %x as "x" range [0.0, 127.5] : tensor<1x4xf32>
  // expected-remark@+1 {{quantized weights of 'qnn.fully_connected' with 1 scales}}
  %1 = qnn.fully_connected %0, %w {qnn.precision = "int4", qnn.rounded_int4_weights = dense<[[7, 4, 3, -4]]> : tensor<1x4xi8>} : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x1xf32>
  %2 = qnn.observe %1 as "fc" range [-128.0, 127.0] : tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}

// -----

// Activations of 16 bits: halves of scale 256 s and s, s = 127.998 / 32639, the same weights twice, the bias once; the clamp of the sum
// and of the layer before, which would round to 8 bits, is float.
// CHECK-LABEL: func.func @splits_16_bits(
// CHECK: %[[BEFORE:.+]] = qnn.fully_connected %{{[0-9]+}}, %{{[0-9]+}} : (
// CHECK: %[[X:.+]] = qnn.clip %[[BEFORE]] {max = 3.40282347E+38 : f32, min = 0.000000e+00 : f32, qnn.int16_part, qnn.precision = "float"}
// CHECK: %[[HQ:.+]] = "quant.qcast"(%[[X]]) : (tensor<1x2xf32>) -> tensor<1x2x!quant.uniform<i8:f32, 1.000000e+00>>
// CHECK: %[[H:.+]] = "quant.dcast"(%[[HQ]])
// CHECK: %[[REST:.+]] = qnn.sub %[[X]], %[[H]] {qnn.int16_part, qnn.precision = "float"}
// CHECK: %[[LQ:.+]] = "quant.qcast"(%[[REST]]) : (tensor<1x2xf32>) -> tensor<1x2x!quant.uniform<i8:f32, 3.906250e-03>>
// CHECK: %[[L:.+]] = "quant.dcast"(%[[LQ]])
// CHECK: %[[HIGH:.+]] = qnn.fully_connected %[[H]], %{{[0-9]+}} {qnn.int16_part
// CHECK: %[[LOW:.+]] = qnn.fully_connected %[[L]], %{{[0-9]+}} bias(%{{[0-9]+}}) {qnn.int16_part
// CHECK: %[[SUM:.+]] = qnn.add %[[HIGH]], %[[LOW]] {qnn.int16_part, qnn.precision = "float"}
// CHECK: %[[Y:.+]] = qnn.add %[[SUM]], %[[X]] {clamp_min = 0.000000e+00 : f32, qnn.int16_part, qnn.precision = "float"}
// CHECK: return %[[Y]]
func.func @splits_16_bits(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = qnn.constant dense<[[1.984375, -0.5], [1.0, 0.5]]> : tensor<2x2xf32>
  %b = qnn.constant dense<0.25> : tensor<2xf32>
  %0 = qnn.observe %x as "x" range [0.0, 127.5] : tensor<1x2xf32>
  // expected-remark@+1 {{quantized weights}}
  %1 = qnn.fully_connected %0, %w {clamp_min = 0.0 : f32} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %2 = qnn.observe %1 as "a" range [0.0, 127.49609375] : tensor<1x2xf32>
  // expected-remark@+1 {{quantized weights}}
  %3 = qnn.fully_connected %2, %w bias(%b) residual(%2) {clamp_min = 0.0 : f32, qnn.precision = "int16"} : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  %4 = qnn.observe %3 as "b" range [0.0, 127.5] : tensor<1x2xf32>
  return %4 : tensor<1x2xf32>
}

// -----

// Kept float between an observed tensor and an int8 reader, a pool hands on the range of what it read.
// CHECK-LABEL: func.func @pool_kept_float(
// CHECK: %[[POOL:.+]] = qnn.max_pool2d
// CHECK: "quant.qcast"(%[[POOL]]) {{.*}} -> tensor<1x1x1x1x!quant.uniform<i8:f32, 5.000000e-01:-128>>
func.func @pool_kept_float(%x: tensor<1x2x2x1xf32>) -> tensor<1x1x1x1xf32> {
  %0 = qnn.observe %x as "x" range [0.0, 127.5] : tensor<1x2x2x1xf32>
  %1 = qnn.max_pool2d %0 {kernel = array<i64: 2, 2>, qnn.precision = "float"} : (tensor<1x2x2x1xf32>) -> tensor<1x1x1x1xf32>
  %2 = qnn.hard_swish %1 : (tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  %3 = qnn.observe %2 as "y" range [0.0, 127.5] : tensor<1x1x1x1xf32>
  return %3 : tensor<1x1x1x1xf32>
}

// -----

// The same of a range that mathematics fixes.
// CHECK-LABEL: func.func @moved_sigmoid_kept_float(
// CHECK: %[[MOVED:.+]] = qnn.reshape
// CHECK: "quant.qcast"(%[[MOVED]]) {{.*}} -> tensor<2x!quant.uniform<i8:f32, 3.906250e-03:-128>>
func.func @moved_sigmoid_kept_float(%x: tensor<1x2xf32>) -> tensor<2xf32> {
  %0 = qnn.sigmoid %x {qnn.precision = "float"} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %1 = qnn.reshape %0 {shape = array<i64: 2>, qnn.precision = "float"} : (tensor<1x2xf32>) -> tensor<2xf32>
  %2 = qnn.hard_swish %1 : (tensor<2xf32>) -> tensor<2xf32>
  %3 = qnn.observe %2 as "y" range [0.0, 127.5] : tensor<2xf32>
  return %3 : tensor<2xf32>
}
