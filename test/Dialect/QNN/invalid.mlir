// RUN: quant-opt %s -split-input-file -verify-diagnostics
// One defect per chunk, named after the constraint of QNNOps.td it violates.

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @constant_c1_a() {
  // expected-error@+1 {{expected a value of shape and storage type of}}
  %0 = qnn.constant dense<[1, 2]> : tensor<2xi16> as tensor<2x!q>
  return
}

// -----

func.func @constant_c1_b() {
  // expected-error@+1 {{expected a value of shape and storage type of}}
  %0 = qnn.constant dense<1.0> : tensor<3xf32> as tensor<2xf32>
  return
}

// -----

func.func @observe_c1_a(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected both min and max or neither}}
  %0 = qnn.observe %x as "x" {min = 0.0 : f32} : tensor<4xf32>
  return
}

// -----

func.func @observe_c1_b(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected a finite range with min <= max, got [2.0}}
  %0 = qnn.observe %x as "x" range [2.0, 1.0] : tensor<4xf32>
  return
}

// -----

func.func @observe_c1_c(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected a finite range with min <= max, got [0.0}}
  %0 = qnn.observe %x as "x" {min = 0.0 : f32, max = 0x7F800000 : f32} : tensor<4xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @requantize_c1(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected quantized operand and result}}
  %0 = qnn.requantize %x : tensor<4xf32> -> tensor<4x!q>
  return
}

// -----

func.func @conv2d_c1(%x: tensor<8x8x3xf32>, %y: tensor<2x3x3x3xf32>) {
  // expected-error@+1 {{expected input and weight of rank 4, got 3 and 4}}
  %0 = qnn.conv2d %x, %y : (tensor<8x8x3xf32>, tensor<2x3x3x3xf32>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv2d_c2_a(%x: tensor<1x8x8x3xf32>, %y: tensor<2x3x3x3xf32>) {
  // expected-error@+1 {{expected strides to be two positive numbers}}
  %0 = qnn.conv2d %x, %y {strides = array<i64: 1>} : (tensor<1x8x8x3xf32>, tensor<2x3x3x3xf32>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv2d_c2_b(%x: tensor<1x8x8x3xf32>, %y: tensor<2x3x3x3xf32>) {
  // expected-error@+1 {{expected dilations to be two positive numbers}}
  %0 = qnn.conv2d %x, %y {dilations = array<i64: 1, 0>} : (tensor<1x8x8x3xf32>, tensor<2x3x3x3xf32>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv2d_c3(%x: tensor<1x8x8x3xf32>, %y: tensor<2x3x3x3xf32>) {
  // expected-error@+1 {{expected padding to be four non-negative numbers}}
  %0 = qnn.conv2d %x, %y {padding = array<i64: 1, 1, 1, -1>} : (tensor<1x8x8x3xf32>, tensor<2x3x3x3xf32>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv2d_c4_a(%x: tensor<1x8x8x3xf32>, %y: tensor<2x3x3x3xf32>) {
  // expected-error@+1 {{expected groups to divide input channels 3 and output channels 2, got 2}}
  %0 = qnn.conv2d %x, %y {groups = 2 : i64} : (tensor<1x8x8x3xf32>, tensor<2x3x3x3xf32>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv2d_c4_b(%x: tensor<1x8x8x3xf32>, %y: tensor<2x3x3x4xf32>) {
  // expected-error@+1 {{expected weight input channels 3, got 4}}
  %0 = qnn.conv2d %x, %y : (tensor<1x8x8x3xf32>, tensor<2x3x3x4xf32>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv2d_c5(%x: tensor<1x8x8x3xf32>, %y: tensor<2x3x3x3xf32>, %z: tensor<3xf32>) {
  // expected-error@+1 {{expected bias of shape [2], got [3]}}
  %0 = qnn.conv2d %x, %y bias(%z) : (tensor<1x8x8x3xf32>, tensor<2x3x3x3xf32>, tensor<3xf32>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv2d_c6(%x: tensor<1x8x8x3xf32>, %y: tensor<2x3x3x3xf32>) {
  // expected-error@+1 {{expected the dilated kernel to fit the padded input, got kernel 3 with dilation 4 on size 8}}
  %0 = qnn.conv2d %x, %y {dilations = array<i64: 4, 1>} : (tensor<1x8x8x3xf32>, tensor<2x3x3x3xf32>) -> tensor<1x1x6x2xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @conv2d_c7_a(%x: tensor<1x8x8x3x!q>, %y: tensor<2x3x3x3xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.conv2d %x, %y : (tensor<1x8x8x3x!q>, tensor<2x3x3x3xf32>) -> tensor<1x6x6x2x!q>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
!w = !quant.uniform<i16:f32, 5.0e-01>
func.func @conv2d_c7_d(%x: tensor<1x8x8x3x!q>, %y: tensor<2x3x3x3x!w>) {
  // expected-error@+1 {{expected a weight of at most 8 bits, got '!quant.uniform<i16:f32, 5.000000e-01>'}}
  %0 = qnn.conv2d %x, %y : (tensor<1x8x8x3x!q>, tensor<2x3x3x3x!w>) -> tensor<1x6x6x2x!q>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @conv2d_c7_b(%x: tensor<1x8x8x3x!q>, %y: tensor<2x3x3x3x!q>) {
  // expected-error@+1 {{expected a symmetric weight, per tensor or per axis 0}}
  %0 = qnn.conv2d %x, %y : (tensor<1x8x8x3x!q>, tensor<2x3x3x3x!q>) -> tensor<1x6x6x2x!q>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
!w = !quant.uniform<i8<-127:127>:f32:0, {5.0e-01, 2.5e-01}>
func.func @conv2d_c7_c(%x: tensor<1x8x8x3x!q>, %y: tensor<3x3x3x3x!w>) {
  // expected-error@+1 {{expected 3 weight scales, got 2}}
  %0 = qnn.conv2d %x, %y : (tensor<1x8x8x3x!q>, tensor<3x3x3x3x!w>) -> tensor<1x6x6x3x!q>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
!w = !quant.uniform<i8<-127:127>:f32:0, {5.0e-01, 2.5e-01}>
func.func @conv2d_c8_a(%x: tensor<1x8x8x3x!q>, %y: tensor<2x3x3x3x!w>, %z: tensor<2x!q>) {
  // expected-error@+1 {{expected an i32 bias with zero point 0}}
  %0 = qnn.conv2d %x, %y bias(%z) : (tensor<1x8x8x3x!q>, tensor<2x3x3x3x!w>, tensor<2x!q>) -> tensor<1x6x6x2x!q>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
!w = !quant.uniform<i8<-127:127>:f32:0, {5.0e-01, 2.5e-01}>
!z = !quant.uniform<i32:f32, 2.5e-01>
func.func @conv2d_c8_b(%x: tensor<1x8x8x3x!q>, %y: tensor<2x3x3x3x!w>, %z: tensor<2x!z>) {
  // expected-error@+1 {{expected a bias of scale input x weight = 1.250000e-01 in channel 1, got 2.500000e-01}}
  %0 = qnn.conv2d %x, %y bias(%z) : (tensor<1x8x8x3x!q>, tensor<2x3x3x3x!w>, tensor<2x!z>) -> tensor<1x6x6x2x!q>
  return
}

// -----

!a = !quant.uniform<i32:f32:0, {2.5e-01, 1.25e-01}>
func.func @conv2d_c8_c(%x: tensor<1x8x8x3xf32>, %y: tensor<2x3x3x3xf32>, %z: tensor<2x!a>) {
  // expected-error@+1 {{expected a float bias}}
  %0 = qnn.conv2d %x, %y bias(%z) : (tensor<1x8x8x3xf32>, tensor<2x3x3x3xf32>, tensor<2x!a>) -> tensor<1x6x6x2xf32>
  return
}

// -----

func.func @conv2d_c9_a(%x: tensor<1x8x8x3xf32>, %y: tensor<2x3x3x3xf32>, %z: tensor<1x6x6x1xf32>) {
  // expected-error@+1 {{expected a residual like the result}}
  %0 = qnn.conv2d %x, %y residual(%z) : (tensor<1x8x8x3xf32>, tensor<2x3x3x3xf32>, tensor<1x6x6x1xf32>) -> tensor<1x6x6x2xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
!w = !quant.uniform<i8<-127:127>:f32:0, {5.0e-01, 2.5e-01}>
!a = !quant.uniform<i32:f32:0, {2.5e-01, 1.25e-01}>
func.func @conv2d_c9_b(%x: tensor<1x8x8x3x!q>, %y: tensor<2x3x3x3x!w>) {
  // expected-error@+1 {{expected no residual and no clamp on an accumulator result}}
  %0 = qnn.conv2d %x, %y {clamp_min = 0.0 : f32} : (tensor<1x8x8x3x!q>, tensor<2x3x3x3x!w>) -> tensor<1x6x6x2x!a>
  return
}

// -----

func.func @conv2d_c7_bf16(%x: tensor<1x4x4x2xbf16>, %w: tensor<2x1x1x2xf32>) {
  // expected-error@+1 {{expected two bf16 factors of an f32 result or none, got 'tensor<1x4x4x2xbf16>', 'tensor<2x1x1x2xf32>' and 'tensor<1x4x4x2xf32>'}}
  %0 = qnn.conv2d %x, %w : (tensor<1x4x4x2xbf16>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  return
}

// -----

func.func @conv2d_c10(%x: tensor<1x4x4x6xbf16>, %w: tensor<2x1x1x3xbf16>) {
  // expected-error@+1 {{expected an even number of bf16 channels per group, got 3}}
  %0 = qnn.conv2d %x, %w {groups = 2 : i64} : (tensor<1x4x4x6xbf16>, tensor<2x1x1x3xbf16>) -> tensor<1x4x4x2xf32>
  return
}

// -----

func.func @fully_connected_c1(%x: tensor<1x4xf32>, %y: tensor<2x3xf32>) {
  // expected-error@+1 {{expected weight of shape [outputs, last input dimension], got input [1, 4] and weight [2, 3]}}
  %0 = qnn.fully_connected %x, %y : (tensor<1x4xf32>, tensor<2x3xf32>) -> tensor<1x2xf32>
  return
}

// -----

func.func @fully_connected_c2(%x: tensor<1x4xf32>, %y: tensor<2x4xf32>, %z: tensor<1xf32>) {
  // expected-error@+1 {{expected bias of shape [2], got [1]}}
  %0 = qnn.fully_connected %x, %y bias(%z) : (tensor<1x4xf32>, tensor<2x4xf32>, tensor<1xf32>) -> tensor<1x2xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @fully_connected_c3(%x: tensor<1x4x!q>, %y: tensor<2x4xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.fully_connected %x, %y : (tensor<1x4x!q>, tensor<2x4xf32>) -> tensor<1x2x!q>
  return
}

// -----

func.func @matmul_c1(%x: tensor<2x3xf32>, %y: tensor<4x3xf32>) {
  // expected-error@+1 {{expected rank >= 2 and equal inner dimensions, got [2, 3] and [4, 3]}}
  %0 = qnn.matmul %x, %y : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @matmul_c2(%x: tensor<2x2x3xf32>, %y: tensor<3x3x4xf32>) {
  // expected-error@+1 {{expected leading dimensions to broadcast}}
  %0 = qnn.matmul %x, %y : (tensor<2x2x3xf32>, tensor<3x3x4xf32>) -> tensor<2x2x4xf32>
  return
}

// -----

func.func @matmul_c3_bf16(%x: tensor<2x3xbf16>, %y: tensor<3x2xf32>) {
  // expected-error@+1 {{expected two bf16 factors of an f32 result or none}}
  %0 = qnn.matmul %x, %y : (tensor<2x3xbf16>, tensor<3x2xf32>) -> tensor<2x2xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @matmul_c3(%x: tensor<2x3x!q>, %y: tensor<3x4xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.matmul %x, %y : (tensor<2x3x!q>, tensor<3x4xf32>) -> tensor<2x4x!q>
  return
}

// -----

func.func @bias_c1(%x: tensor<1x4xf32>, %y: tensor<3xf32>) {
  // expected-error@+1 {{expected bias of shape [last input dimension], got [3] for input [1, 4]}}
  %0 = qnn.bias %x, %y : (tensor<1x4xf32>, tensor<3xf32>) -> tensor<1x4xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
!a = !quant.uniform<i32:f32:0, {2.5e-01, 1.25e-01}>
func.func @bias_c2(%x: tensor<1x2x!q>, %y: tensor<2x!a>) {
  // expected-error@+1 {{expected float or i32 accumulator operands}}
  %0 = qnn.bias %x, %y : (tensor<1x2x!q>, tensor<2x!a>) -> tensor<1x2x!q>
  return
}

// -----

func.func @add_c1(%x: tensor<2x3xf32>, %y: tensor<2xf32>) {
  // expected-error@+1 {{expected shapes that broadcast, got [2, 3] and [2]}}
  %0 = qnn.add %x, %y : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @add_c2(%x: tensor<2x3x!q>, %y: tensor<3xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.add %x, %y : (tensor<2x3x!q>, tensor<3xf32>) -> tensor<2x3x!q>
  return
}

// -----

func.func @sub_c1(%x: tensor<2x3xf32>, %y: tensor<2xf32>) {
  // expected-error@+1 {{expected shapes that broadcast, got [2, 3] and [2]}}
  %0 = qnn.sub %x, %y : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @sub_c2(%x: tensor<2x3x!q>, %y: tensor<3xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.sub %x, %y : (tensor<2x3x!q>, tensor<3xf32>) -> tensor<2x3x!q>
  return
}

// -----

func.func @mul_c1(%x: tensor<2x3xf32>, %y: tensor<2xf32>) {
  // expected-error@+1 {{expected shapes that broadcast, got [2, 3] and [2]}}
  %0 = qnn.mul %x, %y : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @mul_c2(%x: tensor<2x3x!q>, %y: tensor<3xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.mul %x, %y : (tensor<2x3x!q>, tensor<3xf32>) -> tensor<2x3x!q>
  return
}

// -----

func.func @div_c1(%x: tensor<2x3xf32>, %y: tensor<2xf32>) {
  // expected-error@+1 {{expected shapes that broadcast, got [2, 3] and [2]}}
  %0 = qnn.div %x, %y : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @div_c2(%x: tensor<2x3x!q>, %y: tensor<3xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.div %x, %y : (tensor<2x3x!q>, tensor<3xf32>) -> tensor<2x3x!q>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @relu_c1(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.relu %x : (tensor<4xf32>) -> tensor<4x!q>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @clip_c1(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.clip %x {max = 6.0 : f32, min = 0.0 : f32} : (tensor<4xf32>) -> tensor<4x!q>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @leaky_relu_c1(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.leaky_relu %x {alpha = 0.1 : f32} : (tensor<4xf32>) -> tensor<4x!q>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @sigmoid_c1(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.sigmoid %x : (tensor<4xf32>) -> tensor<4x!q>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @hard_sigmoid_c1(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.hard_sigmoid %x {alpha = 0.2 : f32, beta = 0.5 : f32} : (tensor<4xf32>) -> tensor<4x!q>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @hard_swish_c1(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.hard_swish %x : (tensor<4xf32>) -> tensor<4x!q>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @tanh_c1(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.tanh %x : (tensor<4xf32>) -> tensor<4x!q>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @softmax_c1(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.softmax %x {axis = 0 : i64} : (tensor<4xf32>) -> tensor<4x!q>
  return
}

// -----

func.func @softmax_c2_a(%x: tensor<1x4xf32>) {
  // expected-error@+1 {{expected axis within rank 2, got 2}}
  %0 = qnn.softmax %x {axis = 2 : i64} : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @softmax_c2_b(%x: tensor<1x4xf32>) {
  // expected-error@+1 {{expected axis within rank 2, got -1}}
  %0 = qnn.softmax %x {axis = -1 : i64} : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @batch_norm_c1(%x: tensor<1x4xf32>, %y: tensor<3xf32>) {
  // expected-error@+1 {{expected parameters of shape [last input dimension], got [3] for input [1, 4]}}
  %0 = qnn.batch_norm %x, %y, %y, %y, %y {epsilon = 1.0e-05 : f32} : (tensor<1x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @max_pool2d_c1_a(%x: tensor<8x8x3xf32>) {
  // expected-error@+1 {{expected input of rank 4, got 3}}
  %0 = qnn.max_pool2d %x {kernel = array<i64: 2, 2>} : (tensor<8x8x3xf32>) -> tensor<7x7x3xf32>
  return
}

// -----

func.func @max_pool2d_c1_b(%x: tensor<1x8x8x3xf32>) {
  // expected-error@+1 {{expected kernel to be two positive numbers}}
  %0 = qnn.max_pool2d %x {kernel = array<i64: 2>} : (tensor<1x8x8x3xf32>) -> tensor<1x7x7x3xf32>
  return
}

// -----

func.func @max_pool2d_c2_a(%x: tensor<1x8x8x3xf32>) {
  // expected-error@+1 {{expected strides to be two positive numbers}}
  %0 = qnn.max_pool2d %x {kernel = array<i64: 2, 2>, strides = array<i64: 0, 1>} : (tensor<1x8x8x3xf32>) -> tensor<1x7x7x3xf32>
  return
}

// -----

func.func @max_pool2d_c2_b(%x: tensor<1x8x8x3xf32>) {
  // expected-error@+1 {{expected padding less than the dilated kernel, got 2}}
  %0 = qnn.max_pool2d %x {kernel = array<i64: 2, 2>, padding = array<i64: 2, 0, 0, 0>} : (tensor<1x8x8x3xf32>) -> tensor<1x9x7x3xf32>
  return
}

// -----

func.func @avg_pool2d_c1_a(%x: tensor<8x8x3xf32>) {
  // expected-error@+1 {{expected input of rank 4, got 3}}
  %0 = qnn.avg_pool2d %x {kernel = array<i64: 2, 2>} : (tensor<8x8x3xf32>) -> tensor<7x7x3xf32>
  return
}

// -----

func.func @avg_pool2d_c1_b(%x: tensor<1x8x8x3xf32>) {
  // expected-error@+1 {{expected kernel to be two positive numbers}}
  %0 = qnn.avg_pool2d %x {kernel = array<i64: 2>} : (tensor<1x8x8x3xf32>) -> tensor<1x7x7x3xf32>
  return
}

// -----

func.func @avg_pool2d_c2_a(%x: tensor<1x8x8x3xf32>) {
  // expected-error@+1 {{expected strides to be two positive numbers}}
  %0 = qnn.avg_pool2d %x {kernel = array<i64: 2, 2>, strides = array<i64: 0, 1>} : (tensor<1x8x8x3xf32>) -> tensor<1x7x7x3xf32>
  return
}

// -----

func.func @avg_pool2d_c2_b(%x: tensor<1x8x8x3xf32>) {
  // expected-error@+1 {{expected padding less than the dilated kernel, got 2}}
  %0 = qnn.avg_pool2d %x {kernel = array<i64: 2, 2>, padding = array<i64: 2, 0, 0, 0>} : (tensor<1x8x8x3xf32>) -> tensor<1x9x7x3xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
!r = !quant.uniform<i8:f32, 2.5e-01>
func.func @max_pool2d_c3(%x: tensor<1x8x8x3x!q>) {
  // expected-error@+1 {{expected operand and result of the same element type}}
  %0 = qnn.max_pool2d %x {kernel = array<i64: 2, 2>} : (tensor<1x8x8x3x!q>) -> tensor<1x7x7x3x!r>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @avg_pool2d_c3(%x: tensor<1x8x8x3x!q>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.avg_pool2d %x {kernel = array<i64: 2, 2>} : (tensor<1x8x8x3x!q>) -> tensor<1x7x7x3xf32>
  return
}

// -----

func.func @avg_pool2d_c4(%x: tensor<1x2x2x1xf32>) {
  // expected-error@+1 {{expected every window to hold a position of the input}}
  %0 = qnn.avg_pool2d %x {dilations = array<i64: 5, 5>, kernel = array<i64: 2, 2>, padding = array<i64: 5, 5, 5, 5>} : (tensor<1x2x2x1xf32>) -> tensor<1x7x7x1xf32>
  return
}

// -----

func.func @global_avg_pool_c1(%x: tensor<1x0x4x2xf32>) {
  // expected-error@+1 {{expected input of rank 4 with non-empty height and width, got [1, 0, 4, 2]}}
  %0 = qnn.global_avg_pool %x : (tensor<1x0x4x2xf32>) -> tensor<1x1x1x2xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @global_avg_pool_c2(%x: tensor<1x4x4x2xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.global_avg_pool %x : (tensor<1x4x4x2xf32>) -> tensor<1x1x1x2x!q>
  return
}

// -----

func.func @global_max_pool_c1(%x: tensor<1x0x4x2xf32>) {
  // expected-error@+1 {{expected input of rank 4 with non-empty height and width, got [1, 0, 4, 2]}}
  %0 = qnn.global_max_pool %x : (tensor<1x0x4x2xf32>) -> tensor<1x1x1x2xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @global_max_pool_c2(%x: tensor<1x4x4x2xf32>) {
  // expected-error@+1 {{expected operand and result of the same element type}}
  %0 = qnn.global_max_pool %x : (tensor<1x4x4x2xf32>) -> tensor<1x1x1x2x!q>
  return
}

// -----

func.func @reduce_mean_c1(%x: tensor<1x4x4xf32>) {
  // expected-error@+1 {{expected ascending axes within rank 3, got [2, 1]}}
  %0 = qnn.reduce_mean %x {axes = array<i64: 2, 1>} : (tensor<1x4x4xf32>) -> tensor<1x1x1xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @reduce_mean_c2(%x: tensor<1x4xf32>) {
  // expected-error@+1 {{expected operands and result all float or all quantized}}
  %0 = qnn.reduce_mean %x {axes = array<i64: 1>} : (tensor<1x4xf32>) -> tensor<1x1x!q>
  return
}

// -----

func.func @concat_c1(%x: tensor<1x4xf32>) {
  // expected-error@+1 {{expected axis within rank 2, got 2}}
  %0 = qnn.concat %x {axis = 2 : i64} : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @concat_c2(%x: tensor<1x4xf32>, %y: tensor<2x4xf32>) {
  // expected-error@+1 {{expected inputs that agree but along axis 1, got [1, 4] and [2, 4]}}
  %0 = qnn.concat %x, %y {axis = 1 : i64} : (tensor<1x4xf32>, tensor<2x4xf32>) -> tensor<1x8xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @concat_c3(%x: tensor<1x4xf32>, %y: tensor<1x4x!q>) {
  // expected-error@+1 {{expected inputs and result all quantized or of one element type}}
  %0 = qnn.concat %x, %y {axis = 1 : i64} : (tensor<1x4xf32>, tensor<1x4x!q>) -> tensor<1x8xf32>
  return
}

// -----

func.func @reshape_c1_a(%x: tensor<1x4xf32>) {
  // expected-error@+1 {{expected a shape of 4 elements, got [5]}}
  %0 = qnn.reshape %x {shape = array<i64: 5>} : (tensor<1x4xf32>) -> tensor<5xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
!r = !quant.uniform<i8:f32, 2.5e-01>
func.func @reshape_c1_b(%x: tensor<1x4x!q>) {
  // expected-error@+1 {{expected operand and result of the same element type}}
  %0 = qnn.reshape %x {shape = array<i64: 4>} : (tensor<1x4x!q>) -> tensor<4x!r>
  return
}

// -----

func.func @transpose_c1(%x: tensor<1x4xf32>) {
  // expected-error@+1 {{expected a permutation of 2 dimensions, got [0, 0]}}
  %0 = qnn.transpose %x {permutation = array<i64: 0, 0>} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
!r = !quant.uniform<i8:f32, 2.5e-01>
func.func @transpose_c2(%x: tensor<1x4x!q>) {
  // expected-error@+1 {{expected operand and result of the same element type}}
  %0 = qnn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<1x4x!q>) -> tensor<4x1x!r>
  return
}

// -----

func.func @pad_c1(%x: tensor<1x4xf32>) {
  // expected-error@+1 {{expected one non-negative low and high padding per dimension, got [0] and [0, 2]}}
  %0 = qnn.pad %x {high = array<i64: 0, 2>, low = array<i64: 0>, value = 0.0 : f32} : (tensor<1x4xf32>) -> tensor<1x6xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
!r = !quant.uniform<i8:f32, 2.5e-01>
func.func @pad_c2(%x: tensor<1x4x!q>) {
  // expected-error@+1 {{expected operand and result of the same element type}}
  %0 = qnn.pad %x {high = array<i64: 0, 2>, low = array<i64: 0, 0>, value = 0.0 : f32} : (tensor<1x4x!q>) -> tensor<1x6x!r>
  return
}

// -----

func.func @slice_c1(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected one start, non-negative size and non-zero step per dimension}}
  %0 = qnn.slice %x {sizes = array<i64: 2>, starts = array<i64: 0>, steps = array<i64: 0>} : (tensor<4xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @slice_c2(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected indices inside dimension 0 of size 4}}
  %0 = qnn.slice %x {sizes = array<i64: 3>, starts = array<i64: 0>, steps = array<i64: 2>} : (tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
!r = !quant.uniform<i8:f32, 2.5e-01>
func.func @slice_c3(%x: tensor<4x!q>) {
  // expected-error@+1 {{expected operand and result of the same element type}}
  %0 = qnn.slice %x {sizes = array<i64: 2>, starts = array<i64: 0>, steps = array<i64: 1>} : (tensor<4x!q>) -> tensor<2x!r>
  return
}

// -----

func.func @resize_nearest_c1(%x: tensor<2x2xf32>) {
  // expected-error@+1 {{expected one positive scale and size per dimension}}
  %0 = qnn.resize_nearest %x {coordinate_mode = 0 : i32, nearest_mode = 2 : i32, scales = array<f64: 2.0>, shape = array<i64: 4, 4>} : (tensor<2x2xf32>) -> tensor<4x4xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
!r = !quant.uniform<i8:f32, 2.5e-01>
func.func @resize_nearest_c2(%x: tensor<2x2x!q>) {
  // expected-error@+1 {{expected operand and result of the same element type}}
  %0 = qnn.resize_nearest %x {coordinate_mode = 0 : i32, nearest_mode = 2 : i32, scales = array<f64: 2.0, 2.0>, shape = array<i64: 4, 4>} : (tensor<2x2x!q>) -> tensor<4x4x!r>
  return
}

// -----

func.func @relu_keeps_the_shape(%x: tensor<4xf32>) {
  // expected-error@+1 {{requires the same shape for all operands and results}}
  %0 = qnn.relu %x : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @add_result_shape(%x: tensor<2x3xf32>, %y: tensor<3xf32>) {
  // expected-error@+1 {{expected result of shape [2, 3], got [2, 4]}}
  %0 = qnn.add %x, %y : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @static_shapes_only(%x: tensor<?xf32>) {
  // expected-error@+1 {{must be statically shaped tensor of f32 or per-tensor !quant.uniform values}}
  %0 = qnn.relu %x : (tensor<?xf32>) -> tensor<?xf32>
  return
}
