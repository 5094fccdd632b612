// RUN: quant-opt %s -qnn-fold-qdq=emit-remarks -split-input-file -verify-diagnostics | FileCheck %s
// RUN: quant-opt %s -qnn-fold-qdq -split-input-file > %t.once
// RUN: quant-opt %s -qnn-fold-qdq -qnn-fold-qdq -split-input-file > %t.twice
// RUN: diff %t.once %t.twice
// RUN: not quant-opt /dev/null -qnn-fold-qdq=force 2>&1 | FileCheck %s --check-prefix=OPTION
// OPTION: no such option force

!q = !quant.uniform<i8:f32, 5.0e-01:3>
// CHECK-LABEL: func.func @equal_types_cancel(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @equal_types_cancel(%x: tensor<4x!q>) -> tensor<4x!q> {
  %0 = "quant.dcast"(%x) : (tensor<4x!q>) -> tensor<4xf32>
  %1 = "quant.qcast"(%0) : (tensor<4xf32>) -> tensor<4x!q>
  return %1 : tensor<4x!q>
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
!r = !quant.uniform<i8:f32, 5.0e-01:4>
// CHECK-LABEL: func.func @other_types_requantize(
// CHECK-NEXT: qnn.requantize %{{.*}} : tensor<4x!quant.uniform<i8:f32, 5.000000e-01:3>> -> tensor<4x!quant.uniform<i8:f32, 5.000000e-01:4>>
// CHECK-NEXT: return
func.func @other_types_requantize(%x: tensor<4x!q>) -> tensor<4x!r> {
  %0 = "quant.dcast"(%x) : (tensor<4x!q>) -> tensor<4xf32>
  %1 = "quant.qcast"(%0) : (tensor<4xf32>) -> tensor<4x!r>
  return %1 : tensor<4x!r>
}

// -----

// Rounding a float tensor to a grid changes it.
!q = !quant.uniform<i8:f32, 5.0e-01:3>
// CHECK-LABEL: func.func @rounding_stays(
// CHECK: quant.qcast
// CHECK: quant.dcast
func.func @rounding_stays(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "quant.qcast"(%x) : (tensor<4xf32>) -> tensor<4x!q>
  %1 = "quant.dcast"(%0) : (tensor<4x!q>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// Weight and bias come along; the precision mark of the float op does not exist in the integer one.
!q = !quant.uniform<i8:f32, 5.0e-01>
!w = !quant.uniform<i8<-127:127>:f32:0, {2.5e-01, 5.0e-01}>
!b = !quant.uniform<i32:f32:0, {1.25e-01, 2.5e-01}>
// CHECK-LABEL: func.func @folds_weighted_op(
// CHECK-DAG: %[[W:.+]] = qnn.constant dense<1>
// CHECK-DAG: %[[B:.+]] = qnn.constant dense<8>
// CHECK: qnn.fully_connected %arg0, %[[W]] bias(%[[B]]) {clamp_min = 0.000000e+00 : f32}
// CHECK-NEXT: return
func.func @folds_weighted_op(%x: tensor<1x2x!q>) -> tensor<1x2x!q> {
  %w = qnn.constant dense<1> : tensor<2x2xi8> as tensor<2x2x!w>
  %b = qnn.constant dense<8> : tensor<2xi32> as tensor<2x!b>
  %0 = "quant.dcast"(%x) : (tensor<1x2x!q>) -> tensor<1x2xf32>
  %1 = "quant.dcast"(%w) : (tensor<2x2x!w>) -> tensor<2x2xf32>
  %2 = "quant.dcast"(%b) : (tensor<2x!b>) -> tensor<2xf32>
  // expected-remark@+1 {{folded into quantized fully_connected}}
  %3 = qnn.fully_connected %0, %1 bias(%2) {clamp_min = 0.0 : f32} : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %4 = "quant.qcast"(%3) : (tensor<1x2xf32>) -> tensor<1x2x!q>
  return %4 : tensor<1x2x!q>
}

// -----

// Padding with 1 does not commute with a zero point; it pads in the type of its result.
!q = !quant.uniform<i8:f32, 5.0e-01>
!r = !quant.uniform<i8:f32, 2.5e-01>
// CHECK-LABEL: func.func @padding_with_value_requantizes(
// CHECK: %[[R:.+]] = qnn.requantize
// CHECK: qnn.pad %[[R]]
func.func @padding_with_value_requantizes(%x: tensor<2x!q>) -> tensor<4x!r> {
  %0 = "quant.dcast"(%x) : (tensor<2x!q>) -> tensor<2xf32>
  // expected-remark@+1 {{folded into quantized pad}}
  %1 = qnn.pad %0 {low = array<i64: 1>, high = array<i64: 1>, value = 1.0 : f32} : (tensor<2xf32>) -> tensor<4xf32>
  %2 = "quant.qcast"(%1) : (tensor<4xf32>) -> tensor<4x!r>
  return %2 : tensor<4x!r>
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01>
// CHECK-LABEL: func.func @partial_forms_stay_float(
// CHECK: qnn.add %{{.*}} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
func.func @partial_forms_stay_float(%x: tensor<4x!q>, %y: tensor<4xf32>) -> tensor<4x!q> {
  %0 = "quant.dcast"(%x) : (tensor<4x!q>) -> tensor<4xf32>
  // expected-remark@+1 {{stays float: not every operand is dequantized}}
  %1 = qnn.add %0, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %2 = "quant.qcast"(%1) : (tensor<4xf32>) -> tensor<4x!q>
  return %2 : tensor<4x!q>
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01>
// CHECK-LABEL: func.func @float_use_stays_float(
// CHECK: qnn.tanh %{{.*}} : (tensor<4xf32>) -> tensor<4xf32>
func.func @float_use_stays_float(%x: tensor<4x!q>) -> (tensor<4x!q>, tensor<4xf32>) {
  %0 = "quant.dcast"(%x) : (tensor<4x!q>) -> tensor<4xf32>
  // expected-remark@+1 {{stays float: the result has a float use}}
  %1 = qnn.tanh %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = "quant.qcast"(%1) : (tensor<4xf32>) -> tensor<4x!q>
  return %2, %1 : tensor<4x!q>, tensor<4xf32>
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01>
!r = !quant.uniform<i8:f32, 2.5e-01>
// CHECK-LABEL: func.func @two_result_types_stay_float(
// CHECK: qnn.tanh %{{.*}} : (tensor<4xf32>) -> tensor<4xf32>
func.func @two_result_types_stay_float(%x: tensor<4x!q>) -> (tensor<4x!q>, tensor<4x!r>) {
  %0 = "quant.dcast"(%x) : (tensor<4x!q>) -> tensor<4xf32>
  // expected-remark@+1 {{stays float: the result is quantized to more than one type}}
  %1 = qnn.tanh %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = "quant.qcast"(%1) : (tensor<4xf32>) -> tensor<4x!q>
  %3 = "quant.qcast"(%1) : (tensor<4xf32>) -> tensor<4x!r>
  return %2, %3 : tensor<4x!q>, tensor<4x!r>
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01>
// CHECK-LABEL: func.func @marked_float_stays_float(
// CHECK: qnn.tanh %{{.*}} : (tensor<4xf32>) -> tensor<4xf32>
// CHECK: qnn.reshape %{{.*}} : (tensor<4xf32>) -> tensor<2x2xf32>
func.func @marked_float_stays_float(%x: tensor<4x!q>) -> (tensor<4x!q>, tensor<2x2xf32>) {
  %0 = "quant.dcast"(%x) : (tensor<4x!q>) -> tensor<4xf32>
  // expected-remark@+1 {{stays float: is kept float}}
  %1 = qnn.tanh %0 {qnn.precision = "float"} : (tensor<4xf32>) -> tensor<4xf32>
  %2 = "quant.qcast"(%1) : (tensor<4xf32>) -> tensor<4x!q>
  // expected-remark@+1 {{stays float: is kept float}}
  %3 = qnn.reshape %0 {shape = array<i64: 2, 2>, qnn.precision = "float"} : (tensor<4xf32>) -> tensor<2x2xf32>
  return %2, %3 : tensor<4x!q>, tensor<2x2xf32>
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01>
!w = !quant.uniform<i8<-127:127>:f32, 2.5e-01>
!b = !quant.uniform<i32:f32, 1.0>
// CHECK-LABEL: func.func @foreign_bias_scale_stays_float(
// CHECK: qnn.fully_connected {{.*}} -> tensor<1x2xf32>
func.func @foreign_bias_scale_stays_float(%x: tensor<1x2x!q>) -> tensor<1x2x!q> {
  %w = qnn.constant dense<1> : tensor<2x2xi8> as tensor<2x2x!w>
  %b = qnn.constant dense<8> : tensor<2xi32> as tensor<2x!b>
  %0 = "quant.dcast"(%x) : (tensor<1x2x!q>) -> tensor<1x2xf32>
  %1 = "quant.dcast"(%w) : (tensor<2x2x!w>) -> tensor<2x2xf32>
  %2 = "quant.dcast"(%b) : (tensor<2x!b>) -> tensor<2xf32>
  // expected-remark@+1 {{stays float: the scale of the bias is not input scale x weight scale}}
  %3 = qnn.fully_connected %0, %1 bias(%2) : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %4 = "quant.qcast"(%3) : (tensor<1x2xf32>) -> tensor<1x2x!q>
  return %4 : tensor<1x2x!q>
}

// -----

!w = !quant.uniform<i8<-127:127>:f32:0, {2.5e-01, 5.0e-01}>
// CHECK-LABEL: func.func @per_axis_activation_stays_float(
// CHECK: qnn.reshape {{.*}} -> tensor<1x4xf32>
func.func @per_axis_activation_stays_float(%x: tensor<2x2x!w>) -> tensor<1x4xf32> {
  %0 = "quant.dcast"(%x) : (tensor<2x2x!w>) -> tensor<2x2xf32>
  // expected-remark@+1 {{stays float: the result has a float use}}
  %1 = qnn.reshape %0 {shape = array<i64: 1, 4>} : (tensor<2x2xf32>) -> tensor<1x4xf32>
  return %1 : tensor<1x4xf32>
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01>
!w = !quant.uniform<i8<-127:127>:f32:0, {2.5e-01, 1.25e-01}>
// The sum itself is the result: (1 * 0.5) * (8 * 0.25) and (8 * 0.125).
// CHECK: ![[$SUM:.+]] = !quant.uniform<i32:f32:1, {1.250000e-01,6.250000e-02}>
// CHECK-LABEL: func.func @ends_in_accumulator(
// CHECK: %[[SUMS:.+]] = qnn.fully_connected {{.*}} -> tensor<1x2x![[$SUM]]>
// CHECK: %[[REAL:.+]] = "quant.dcast"(%[[SUMS]])
// CHECK: return %[[REAL]]
func.func @ends_in_accumulator(%x: tensor<1x1x!q>) -> tensor<1x2xf32> {
  %w = qnn.constant dense<8> : tensor<2x1xi8> as tensor<2x1x!w>
  %0 = "quant.dcast"(%x) : (tensor<1x1x!q>) -> tensor<1x1xf32>
  %1 = "quant.dcast"(%w) : (tensor<2x1x!w>) -> tensor<2x1xf32>
  // expected-remark@+1 {{folded into quantized fully_connected with a float result}}
  %2 = qnn.fully_connected %0, %1 : (tensor<1x1xf32>, tensor<2x1xf32>) -> tensor<1x2xf32>
  return %2 : tensor<1x2xf32>
}

// -----

// Where a clamped result is used in float, too, the clamp follows the sum in float, and so does a residual that is no integer.
!q = !quant.uniform<i8:f32, 5.0e-01>
!w = !quant.uniform<i8<-127:127>:f32, 2.5e-01>
// CHECK-LABEL: func.func @clamp_and_residual_follow_the_sum(
// CHECK: %[[S:.+]] = qnn.fully_connected %arg0, %{{.+}} : {{.*}} -> tensor<1x2x!per_axis>
// CHECK: %[[R:.+]] = "quant.dcast"(%[[S]])
// CHECK: %[[Y:.+]] = qnn.add %[[R]], %arg1 {clamp_max = 6.000000e+00 : f32, clamp_min = 0.000000e+00 : f32}
// CHECK: "quant.qcast"(%[[Y]])
// CHECK: return %{{.*}}, %[[Y]]
func.func @clamp_and_residual_follow_the_sum(%x: tensor<1x1x!q>, %r: tensor<1x2xf32>) -> (tensor<1x2x!q>, tensor<1x2xf32>) {
  %w = qnn.constant dense<1> : tensor<2x1xi8> as tensor<2x1x!w>
  %0 = "quant.dcast"(%x) : (tensor<1x1x!q>) -> tensor<1x1xf32>
  %1 = "quant.dcast"(%w) : (tensor<2x1x!w>) -> tensor<2x1xf32>
  // expected-remark@+2 {{folded into quantized fully_connected with a float result}}
  // expected-remark@+1 {{stays float: the result has a float use}}
  %2 = qnn.fully_connected %0, %1 residual(%r) {clamp_min = 0.0 : f32, clamp_max = 6.0 : f32} : (tensor<1x1xf32>, tensor<2x1xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  %3 = "quant.qcast"(%2) : (tensor<1x2xf32>) -> tensor<1x2x!q>
  return %3, %2 : tensor<1x2x!q>, tensor<1x2xf32>
}

// -----

// Maxima, order and gathers of one scale are those of the integers.
!q = !quant.uniform<i8:f32, 5.0e-01:3>
!r = !quant.uniform<i8:f32, 2.5e-01>
// CHECK-LABEL: func.func @compares_integers_of_one_scale(
// CHECK: %[[M:.+]] = qnn.binary max %arg0, %arg1 : (tensor<4x!{{.+}}>, tensor<4x!{{.+}}>)
// CHECK: qnn.top_k %[[M]]
// CHECK: qnn.reduce max %arg0
// CHECK: %[[G:.+]] = qnn.gather %arg0
// CHECK: qnn.binary max %{{.+}} : (tensor<4xf32>, tensor<4xf32>)
func.func @compares_integers_of_one_scale(%x: tensor<4x!q>, %y: tensor<4x!q>, %z: tensor<4x!r>, %i: tensor<2xi32>)
    -> (tensor<1xi64>, tensor<1x!q>, tensor<2xf32>, tensor<4xf32>) {
  %0 = "quant.dcast"(%x) : (tensor<4x!q>) -> tensor<4xf32>
  %1 = "quant.dcast"(%y) : (tensor<4x!q>) -> tensor<4xf32>
  %2 = "quant.dcast"(%z) : (tensor<4x!r>) -> tensor<4xf32>
  %3 = qnn.binary max %0, %1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %4 = qnn.top_k %3 {axis = 0 : i64, k = 1 : i64} : (tensor<4xf32>) -> tensor<1xi64>
  %5 = qnn.reduce max %0 {axes = array<i64: 0>} : (tensor<4xf32>) -> tensor<1xf32>
  %6 = "quant.qcast"(%5) : (tensor<1xf32>) -> tensor<1x!q>
  %7 = qnn.gather %0, %i {axis = 0 : i64} : (tensor<4xf32>, tensor<2xi32>) -> tensor<2xf32>
  // expected-remark@+1 {{stays float: has no integer form}}
  %8 = qnn.binary max %0, %2 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %4, %6, %7, %8 : tensor<1xi64>, tensor<1x!q>, tensor<2xf32>, tensor<4xf32>
}

// -----

// Interpolation has an integer form in fixed point only.
!q = !quant.uniform<i8:f32, 5.0e-01:3>
// CHECK-LABEL: func.func @interpolates_in_fixed_point(
// CHECK: %[[S:.+]] = qnn.resample %arg0 {{.*}} -> tensor<1x2xi32>
// CHECK: qnn.resample %[[S]] {{.*}}(tensor<1x2xi32>) -> tensor<1x1x!
func.func @interpolates_in_fixed_point(%x: tensor<2x2x!q>) -> tensor<1x1x!q> attributes {qnn.requantize = "fixed-point"} {
  %0 = "quant.dcast"(%x) : (tensor<2x2x!q>) -> tensor<2x2xf32>
  %1 = qnn.resample %0 {axis = 0 : i64, taps = 2 : i64, indices = array<i64: 0, 1>, weights = array<f32: 0.25, 0.75>} : (tensor<2x2xf32>) -> tensor<1x2xf32>
  %2 = qnn.resample %1 {axis = 1 : i64, taps = 2 : i64, indices = array<i64: 0, 1>, weights = array<f32: 0.5, 0.5>} : (tensor<1x2xf32>) -> tensor<1x1xf32>
  %3 = "quant.qcast"(%2) : (tensor<1x1xf32>) -> tensor<1x1x!q>
  return %3 : tensor<1x1x!q>
}
