// RUN: quant-opt %s -canonicalize | FileCheck %s
// RUN: quant-opt %s -canonicalize -canonicalize | FileCheck %s
// Folders and canonicalizations are exact in float and in quantized form; beside each stands what it must leave alone.

!q = !quant.uniform<i8:f32, 5.0e-01>
!r = !quant.uniform<i8:f32, 2.5e-01>

// CHECK-LABEL: @requantize_to_the_same_type_is_the_identity(
// CHECK-SAME:    %[[X:[a-z0-9]+]]:
// CHECK-NEXT:    return %[[X]]
func.func @requantize_to_the_same_type_is_the_identity(%x: tensor<4x!q>) -> tensor<4x!q> {
  %0 = qnn.requantize %x : tensor<4x!q> -> tensor<4x!q>
  return %0 : tensor<4x!q>
}

// Coarser and back loses values.
// CHECK-LABEL: @keeps_requantize_there_and_back
// CHECK-COUNT-2: qnn.requantize
func.func @keeps_requantize_there_and_back(%x: tensor<4x!r>) -> tensor<4x!r> {
  %0 = qnn.requantize %x : tensor<4x!r> -> tensor<4x!q>
  %1 = qnn.requantize %0 : tensor<4x!q> -> tensor<4x!r>
  return %1 : tensor<4x!r>
}

// CHECK-LABEL: @relu_is_idempotent
// CHECK:         %[[Y:.+]] = qnn.relu
// CHECK-NEXT:    return %[[Y]]
func.func @relu_is_idempotent(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = qnn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = qnn.relu %0 : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// CHECK-LABEL: @keeps_relu_that_changes_the_scale
// CHECK-COUNT-2: qnn.relu
func.func @keeps_relu_that_changes_the_scale(%x: tensor<4x!q>) -> tensor<4x!r> {
  %0 = qnn.relu %x : (tensor<4x!q>) -> tensor<4x!q>
  %1 = qnn.relu %0 : (tensor<4x!q>) -> tensor<4x!r>
  return %1 : tensor<4x!r>
}

// CHECK-LABEL: @clip_from_zero_to_infinity_is_relu
// CHECK:         qnn.relu
// CHECK-NOT:     qnn.clip
func.func @clip_from_zero_to_infinity_is_relu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = qnn.clip %x {min = 0.0 : f32, max = 0x7F800000 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: @keeps_clip_with_another_bound
// CHECK-COUNT-3: qnn.clip
func.func @keeps_clip_with_another_bound(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = qnn.clip %x {min = 0.0 : f32, max = 6.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = qnn.clip %0 {min = 1.0 : f32, max = 0x7F800000 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %2 = qnn.clip %1 {min = 0.0 : f32, max = 0xFF800000 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}

// CHECK-LABEL: @concat_of_one_is_the_identity(
// CHECK-SAME:    %[[X:[a-z0-9]+]]:
// CHECK-NEXT:    return %[[X]]
func.func @concat_of_one_is_the_identity(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = qnn.concat %x {axis = 0 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: @keeps_concat_that_requantizes
// CHECK:         qnn.concat
func.func @keeps_concat_that_requantizes(%x: tensor<4x!q>) -> tensor<4x!r> {
  %0 = qnn.concat %x {axis = 0 : i64} : (tensor<4x!q>) -> tensor<4x!r>
  return %0 : tensor<4x!r>
}

// CHECK-LABEL: @reshapes_merge(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x6xf32>
// CHECK-NEXT:    %[[Y:.+]] = qnn.reshape %[[X]] {shape = array<i64: 4, 3>}
// CHECK-NEXT:    return %[[Y]], %[[X]]
func.func @reshapes_merge(%x: tensor<2x6xf32>) -> (tensor<4x3xf32>, tensor<2x6xf32>) {
  %0 = qnn.reshape %x {shape = array<i64: 12>} : (tensor<2x6xf32>) -> tensor<12xf32>
  %1 = qnn.reshape %0 {shape = array<i64: 4, 3>} : (tensor<12xf32>) -> tensor<4x3xf32>
  %2 = qnn.reshape %0 {shape = array<i64: 2, 6>} : (tensor<12xf32>) -> tensor<2x6xf32>
  return %1, %2 : tensor<4x3xf32>, tensor<2x6xf32>
}

// CHECK-LABEL: @reshape_of_a_constant_folds
// CHECK-DAG:     qnn.constant dense<{{\[}}[1.000000e+00, 2.000000e+00]]> : tensor<1x2xf32>
// CHECK-DAG:     qnn.constant dense<{{\[}}[1, 2]]> : tensor<1x2xi8> as tensor<1x2x!quant.uniform<i8:f32, 5.000000e-01>>
// CHECK-NOT:     qnn.reshape
// CHECK:         return
func.func @reshape_of_a_constant_folds() -> (tensor<1x2xf32>, tensor<1x2x!q>) {
  %0 = qnn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = qnn.reshape %0 {shape = array<i64: 1, 2>} : (tensor<2xf32>) -> tensor<1x2xf32>
  %2 = qnn.constant dense<[1, 2]> : tensor<2xi8> as tensor<2x!q>
  %3 = qnn.reshape %2 {shape = array<i64: 1, 2>} : (tensor<2x!q>) -> tensor<1x2x!q>
  return %1, %3 : tensor<1x2xf32>, tensor<1x2x!q>
}

// CHECK-LABEL: @transposes_compose
// CHECK-NEXT:    %[[Y:.+]] = qnn.transpose %{{.*}} {permutation = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
// CHECK-NEXT:    return %[[Y]]
func.func @transposes_compose(%x: tensor<2x3x4xf32>) -> tensor<4x2x3xf32> {
  %0 = qnn.transpose %x {permutation = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %1 = qnn.transpose %0 {permutation = array<i64: 1, 2, 0>} : (tensor<3x4x2xf32>) -> tensor<4x2x3xf32>
  return %1 : tensor<4x2x3xf32>
}

// CHECK-LABEL: @inverse_transposes_cancel(
// CHECK-SAME:    %[[X:[a-z0-9]+]]:
// CHECK-NEXT:    return %[[X]]
func.func @inverse_transposes_cancel(%x: tensor<1x2x3x4x!q>) -> tensor<1x2x3x4x!q> {
  %0 = qnn.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x2x3x4x!q>) -> tensor<1x4x2x3x!q>
  %1 = qnn.transpose %0 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x4x2x3x!q>) -> tensor<1x2x3x4x!q>
  return %1 : tensor<1x2x3x4x!q>
}

// CHECK-LABEL: @transpose_of_unit_dimensions_is_a_reshape
// CHECK:         qnn.reshape %{{.*}} {shape = array<i64: 5, 1, 1, 7>}
// CHECK-NOT:     qnn.transpose
func.func @transpose_of_unit_dimensions_is_a_reshape(%x: tensor<1x5x7x1xf32>) -> tensor<5x1x1x7xf32> {
  %0 = qnn.transpose %x {permutation = array<i64: 1, 0, 3, 2>} : (tensor<1x5x7x1xf32>) -> tensor<5x1x1x7xf32>
  return %0 : tensor<5x1x1x7xf32>
}

// CHECK-LABEL: @whole_slice_is_the_identity(
// CHECK-SAME:    %[[X:[a-z0-9]+]]:
// CHECK-NEXT:    return %[[X]]
func.func @whole_slice_is_the_identity(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = qnn.slice %x {starts = array<i64: 0>, sizes = array<i64: 4>, steps = array<i64: 1>} : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: @keeps_the_slice_that_reverses
// CHECK:         qnn.slice
func.func @keeps_the_slice_that_reverses(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = qnn.slice %x {starts = array<i64: 3>, sizes = array<i64: 4>, steps = array<i64: -1>} : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
