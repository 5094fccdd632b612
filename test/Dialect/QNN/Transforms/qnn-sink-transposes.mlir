// RUN: quant-opt %s -qnn-sink-transposes | FileCheck %s
// RUN: quant-opt %s -qnn-sink-transposes -o %t.once && quant-opt %t.once -qnn-sink-transposes | diff %t.once -

// The importer's transposes around two layers cancel, through an element-wise op.
// CHECK-LABEL: func.func @cancels_between_layers(
// CHECK-NOT:     qnn.transpose
// CHECK:         return
func.func @cancels_between_layers(%x: tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xf32> {
  %0 = qnn.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x8x8x3xf32>) -> tensor<1x3x8x8xf32>
  %1 = qnn.relu %0 : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32>
  %2 = qnn.transpose %1 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x3x8x8xf32>) -> tensor<1x8x8x3xf32>
  return %2 : tensor<1x8x8x3xf32>
}

// A residual addition: both operands are transposed alike.
// CHECK-LABEL: func.func @sinks_through_residual(
// CHECK:         %[[A:.*]] = qnn.conv2d
// CHECK:         %[[B:.*]] = qnn.conv2d
// CHECK-NEXT:    %[[S:.*]] = qnn.add %[[A]], %[[B]] {clamp_min = 0.000000e+00 : f32} : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>)
// CHECK-NEXT:    %[[T:.*]] = qnn.transpose %[[S]] {permutation = array<i64: 0, 3, 1, 2>}
// CHECK-NEXT:    return %[[T]]
func.func @sinks_through_residual(%x: tensor<1x4x4x2xf32>, %w: tensor<2x1x1x2xf32>) -> tensor<1x2x4x4xf32> {
  %a = qnn.conv2d %x, %w : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %0 = qnn.transpose %a {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x4x4xf32>
  %b = qnn.conv2d %a, %w : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = qnn.transpose %b {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x4x4xf32>
  %2 = qnn.add %0, %1 {clamp_min = 0.0 : f32} : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %2 : tensor<1x2x4x4xf32>
}

// A broadcast constant is transposed with the axis it stands for.
// CHECK-LABEL: func.func @transposes_broadcast_constant(
// CHECK-DAG:     %[[C:.*]] = qnn.constant dense<{{\[\[}}{{\[\[}}1.000000e+00, 2.000000e+00]]]]> : tensor<1x1x1x2xf32>
// CHECK:         %[[A:.*]] = qnn.conv2d
// CHECK-NEXT:    qnn.mul %[[A]], %[[C]] : (tensor<1x4x4x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x4x4x2xf32>
func.func @transposes_broadcast_constant(%x: tensor<1x4x4x2xf32>, %w: tensor<2x1x1x2xf32>) -> tensor<1x2x4x4xf32> {
  %c = qnn.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %a = qnn.conv2d %x, %w : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %0 = qnn.transpose %a {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x4x4xf32>
  %1 = qnn.mul %0, %c : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %1 : tensor<1x2x4x4xf32>
}

// Attributes that speak of dimensions are renamed.
// CHECK-LABEL: func.func @renames_dimensions(
// CHECK:         qnn.concat %{{.*}} {axis = 3 : i64} : {{.*}} -> tensor<1x4x4x4xf32>
// CHECK-NEXT:    qnn.pad %{{.*}} {high = array<i64: 0, 3, 4, 2>, low = array<i64: 0, 1, 0, 0>, value = 0.000000e+00 : f32}
// CHECK-NEXT:    qnn.slice %{{.*}} {sizes = array<i64: 1, 8, 2, 3>, starts = array<i64: 0, 0, 1, 2>, steps = array<i64: 1, 1, 3, 1>}
// CHECK-NEXT:    qnn.softmax %{{.*}} {axis = 3 : i64}
// CHECK-NEXT:    qnn.resize_nearest %{{.*}} {{.*}}scales = array<f64: 1.000000e+00, 2.000000e+00, 3.000000e+00, 1.000000e+00>, shape = array<i64: 1, 16, 6, 3>}
// CHECK-NEXT:    %[[M:.*]] = qnn.reduce_mean %{{.*}} {axes = array<i64: 1>, keep_dims = false} : {{.*}} -> tensor<1x6x3xf32>
// CHECK-NEXT:    qnn.transpose %[[M]] {permutation = array<i64: 0, 2, 1>}
func.func @renames_dimensions(%x: tensor<1x4x4x2xf32>, %w: tensor<2x1x1x2xf32>) -> tensor<1x3x6xf32> {
  %a = qnn.conv2d %x, %w : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %0 = qnn.transpose %a {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x4x4xf32>
  %1 = qnn.concat %0, %0 {axis = 1 : i64} : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x4x4x4xf32>
  %2 = qnn.pad %1 {low = array<i64: 0, 0, 1, 0>, high = array<i64: 0, 2, 3, 4>, value = 0.0 : f32} : (tensor<1x4x4x4xf32>) -> tensor<1x6x8x8xf32>
  %3 = qnn.slice %2 {starts = array<i64: 0, 2, 0, 1>, sizes = array<i64: 1, 3, 8, 2>, steps = array<i64: 1, 1, 1, 3>} : (tensor<1x6x8x8xf32>) -> tensor<1x3x8x2xf32>
  %4 = qnn.softmax %3 {axis = 1 : i64} : (tensor<1x3x8x2xf32>) -> tensor<1x3x8x2xf32>
  %5 = qnn.resize_nearest %4 {shape = array<i64: 1, 3, 16, 6>, scales = array<f64: 1.0, 1.0, 2.0, 3.0>, coordinate_mode = 0 : i32, nearest_mode = 2 : i32} : (tensor<1x3x8x2xf32>) -> tensor<1x3x16x6xf32>
  %6 = qnn.reduce_mean %5 {axes = array<i64: 2>, keep_dims = false} : (tensor<1x3x16x6xf32>) -> tensor<1x3x6xf32>
  return %6 : tensor<1x3x6xf32>
}

// Flattened into a fully connected layer, also behind an activation: the columns of the weight take the new order.
// CHECK-LABEL: func.func @permutes_weight_columns(
// CHECK-DAG:     %[[W:.*]] = qnn.constant dense<{{\[\[}}0.000000e+00, 2.000000e+00, 4.000000e+00, 1.000000e+00, 3.000000e+00, 5.000000e+00]]>
// CHECK:         %[[P:.*]] = qnn.max_pool2d
// CHECK-NEXT:    %[[T:.*]] = qnn.tanh %[[P]]
// CHECK-NEXT:    %[[F:.*]] = qnn.reshape %[[T]] {shape = array<i64: 1, 6>} : (tensor<1x2x1x3xf32>)
// CHECK-NEXT:    qnn.fully_connected %[[F]], %[[W]]
func.func @permutes_weight_columns(%x: tensor<1x4x1x3xf32>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<[[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]]> : tensor<1x6xf32>
  %a = qnn.max_pool2d %x {kernel = array<i64: 2, 1>, strides = array<i64: 2, 1>} : (tensor<1x4x1x3xf32>) -> tensor<1x2x1x3xf32>
  %0 = qnn.transpose %a {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x2x1x3xf32>) -> tensor<1x3x2x1xf32>
  %1 = qnn.reshape %0 {shape = array<i64: 1, 6>} : (tensor<1x3x2x1xf32>) -> tensor<1x6xf32>
  %2 = qnn.tanh %1 : (tensor<1x6xf32>) -> tensor<1x6xf32>
  %3 = qnn.fully_connected %2, %w : (tensor<1x6xf32>, tensor<1x6xf32>) -> tensor<1x1xf32>
  return %3 : tensor<1x1xf32>
}

// A channel shuffle keeps the one transpose it means.
// CHECK-LABEL: func.func @keeps_channel_shuffle(
// CHECK:         %[[A:.*]] = qnn.conv2d
// CHECK-NEXT:    %[[G:.*]] = qnn.reshape %[[A]] {shape = array<i64: 1, 4, 4, 2, 3>}
// CHECK-NEXT:    %[[T:.*]] = qnn.transpose %[[G]] {permutation = array<i64: 0, 1, 2, 4, 3>}
// CHECK-NEXT:    %[[R:.*]] = qnn.reshape %[[T]] {shape = array<i64: 1, 4, 4, 6>}
// CHECK-NEXT:    qnn.conv2d %[[R]]
func.func @keeps_channel_shuffle(%x: tensor<1x4x4x6xf32>, %w: tensor<6x1x1x6xf32>) -> tensor<1x4x4x6xf32> {
  %a = qnn.conv2d %x, %w : (tensor<1x4x4x6xf32>, tensor<6x1x1x6xf32>) -> tensor<1x4x4x6xf32>
  %0 = qnn.transpose %a {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x4x4x6xf32>) -> tensor<1x6x4x4xf32>
  %1 = qnn.reshape %0 {shape = array<i64: 1, 2, 3, 4, 4>} : (tensor<1x6x4x4xf32>) -> tensor<1x2x3x4x4xf32>
  %2 = qnn.transpose %1 {permutation = array<i64: 0, 2, 1, 3, 4>} : (tensor<1x2x3x4x4xf32>) -> tensor<1x3x2x4x4xf32>
  %3 = qnn.reshape %2 {shape = array<i64: 1, 6, 4, 4>} : (tensor<1x3x2x4x4xf32>) -> tensor<1x6x4x4xf32>
  %4 = qnn.transpose %3 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x6x4x4xf32>) -> tensor<1x4x4x6xf32>
  %5 = qnn.conv2d %4, %w : (tensor<1x4x4x6xf32>, tensor<6x1x1x6xf32>) -> tensor<1x4x4x6xf32>
  return %5 : tensor<1x4x4x6xf32>
}

// What stands before the first layer is hoisted over: to the inputs and constants.
// CHECK-LABEL: func.func @hoists_to_inputs(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<1x2x4x4xf32>, %[[Z:[a-z0-9]+]]: tensor<1x2x4x4xf32>
// CHECK-DAG:     %[[C:.*]] = qnn.constant dense<{{.*}}> : tensor<1x1x1x2xf32>
// CHECK-DAG:     %[[TX:.*]] = qnn.transpose %[[X]] {permutation = array<i64: 0, 2, 3, 1>}
// CHECK-DAG:     %[[TZ:.*]] = qnn.transpose %[[Z]] {permutation = array<i64: 0, 2, 3, 1>}
// CHECK-DAG:     %[[S:.*]] = qnn.sub %[[TX]], %[[C]]
// CHECK:         %[[J:.*]] = qnn.concat %[[S]], %[[TZ]] {axis = 3 : i64}
// CHECK-NEXT:    qnn.max_pool2d %[[J]]
func.func @hoists_to_inputs(%x: tensor<1x2x4x4xf32>, %z: tensor<1x2x4x4xf32>) -> tensor<1x2x2x4xf32> {
  %c = qnn.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %0 = qnn.sub %x, %c : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = qnn.concat %0, %z {axis = 1 : i64} : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x4x4x4xf32>
  %2 = qnn.transpose %1 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  %3 = qnn.max_pool2d %2 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x4x4x4xf32>) -> tensor<1x2x2x4xf32>
  return %3 : tensor<1x2x2x4xf32>
}

// Refused: another operand would need a transpose, and this one is not the importer's.
// CHECK-LABEL: func.func @keeps_lone_transpose(
// CHECK:         %[[T:.*]] = qnn.transpose %{{.*}} {permutation = array<i64: 1, 0>}
// CHECK-NEXT:    qnn.add %[[T]], %{{.*}}
func.func @keeps_lone_transpose(%x: tensor<2x3xf32>, %y: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %a = qnn.relu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %b = qnn.matmul %y, %x : (tensor<3x2xf32>, tensor<2x3xf32>) -> tensor<3x3xf32>
  %c = qnn.matmul %b, %y : (tensor<3x3xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %d = qnn.matmul %a, %b : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x3xf32>
  %t = qnn.transpose %d {permutation = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %r = qnn.add %t, %c : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  return %r : tensor<3x2xf32>
}

// Refused: the reshape mixes dimensions that the transpose separates.
// CHECK-LABEL: func.func @keeps_mixing_reshape(
// CHECK:         qnn.transpose
// CHECK-NEXT:    qnn.reshape
// CHECK-NEXT:    return
func.func @keeps_mixing_reshape(%x: tensor<2x4x4x3xf32>) -> tensor<2x48xf32> {
  %a = qnn.max_pool2d %x {kernel = array<i64: 1, 1>} : (tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
  %0 = qnn.transpose %a {permutation = array<i64: 0, 3, 1, 2>} : (tensor<2x4x4x3xf32>) -> tensor<2x3x4x4xf32>
  %1 = qnn.reshape %0 {shape = array<i64: 2, 48>} : (tensor<2x3x4x4xf32>) -> tensor<2x48xf32>
  return %1 : tensor<2x48xf32>
}
