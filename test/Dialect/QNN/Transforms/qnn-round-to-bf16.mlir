// RUN: quant-opt %s -qnn-round-to-bf16=emit-remarks 2> %t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks
// RUN: quant-opt %s -qnn-round-to-bf16 > %t.once
// RUN: quant-opt %s -qnn-round-to-bf16 -qnn-round-to-bf16 | diff %t.once -

// Weights are rounded to the nearest, ties to even; numbers below 2^-56 become 0. Bias and residual stay.
// REMARK: remark: multiplies in bf16
// CHECK-LABEL: func.func @rounds_factors(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<1x4xf32>, %[[R:[a-z0-9]+]]: tensor<1x2xf32>
// CHECK-DAG:     %[[B:[a-z0-9]+]] = qnn.constant dense<1.001000e+00> : tensor<2xf32>
// CHECK-DAG:     %[[W:[a-z0-9]+]] = qnn.constant dense<{{\[}}[1.000000e+00, 1.015630e+00, 1.007810e+00, 0.000000e+00], [1.387780e-17, 5.000000e-01, 0x7F80, 0x7FC0]]> : tensor<2x4xbf16>
// CHECK-DAG:     %[[N:[a-z0-9]+]] = qnn.to_bf16 %[[X]] : tensor<1x4xf32> -> tensor<1x4xbf16>
// CHECK:         qnn.fully_connected %[[N]], %[[W]] bias(%[[B]]) residual(%[[R]]) {qnn.precision = "bf16"}
func.func @rounds_factors(%x: tensor<1x4xf32>, %r: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = qnn.constant dense<[[1.00390625, 1.01171875, 1.00390637, 1.3877e-17], [1.38777878e-17, 0.5, 0x7F800000, 0x7FC00000]]> : tensor<2x4xf32>
  %b = qnn.constant dense<1.001> : tensor<2xf32>
  %0 = qnn.fully_connected %x, %w bias(%b) residual(%r) {qnn.precision = "bf16"} : (tensor<1x4xf32>, tensor<2x4xf32>, tensor<2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// REMARK: remark: multiplies in bf16
// CHECK-LABEL: func.func @rounds_both_activations(
// CHECK-COUNT-2: qnn.to_bf16
// CHECK:         qnn.matmul {{.*}} : (tensor<2x3xbf16>, tensor<3x2xbf16>) -> tensor<2x2xf32>
func.func @rounds_both_activations(%x: tensor<2x3xf32>, %y: tensor<3x2xf32>) -> tensor<2x2xf32> {
  %0 = qnn.matmul %x, %y {qnn.precision = "bf16"} : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// REMARK: remark: stays float: bf16 is multiplied in pairs, and its groups have an odd number of channels
// CHECK-LABEL: func.func @keeps_depthwise_float(
// CHECK-NOT:     bf16
// CHECK:         qnn.conv2d {{.*}}qnn.precision = "float"
func.func @keeps_depthwise_float(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  %w = qnn.constant dense<0.5> : tensor<2x1x1x1xf32>
  %0 = qnn.conv2d %x, %w {groups = 2 : i64, qnn.precision = "bf16"} : (tensor<1x4x4x2xf32>, tensor<2x1x1x1xf32>) -> tensor<1x4x4x2xf32>
  return %0 : tensor<1x4x4x2xf32>
}

// REMARK: remark: stays float: its weights or bias are not constants
// CHECK-LABEL: func.func @keeps_computed_weights_float(
// CHECK-NOT:     bf16
func.func @keeps_computed_weights_float(%x: tensor<1x4xf32>, %w: tensor<2x4xf32>) -> tensor<1x2xf32> {
  %0 = qnn.fully_connected %x, %w {qnn.precision = "bf16"} : (tensor<1x4xf32>, tensor<2x4xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// CHECK-LABEL: func.func @leaves_what_is_not_marked(
// CHECK-NOT:     bf16
// CHECK:         return
func.func @leaves_what_is_not_marked(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<0.3> : tensor<1x2xf32>
  %0 = qnn.fully_connected %x, %w : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x1xf32>
  return %0 : tensor<1x1xf32>
}
