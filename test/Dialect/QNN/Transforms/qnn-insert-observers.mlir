// RUN: quant-opt %s -qnn-insert-observers -split-input-file | FileCheck %s
// RUN: quant-opt %s -qnn-insert-observers -split-input-file > %t.once
// RUN: quant-opt %s -qnn-insert-observers -qnn-insert-observers -split-input-file > %t.twice
// RUN: diff %t.once %t.twice
// RUN: quant-opt %s -qnn-insert-observers=emit-remarks -split-input-file 2>&1 | FileCheck %s --check-prefix=REMARK
// REMARK: remark: observes 'image'
// RUN: not quant-opt /dev/null -qnn-insert-observers=all 2>&1 | FileCheck %s --check-prefix=OPTION
// OPTION: no such option all

// The argument behind the reshape, operands and results that carry scales; not the constants, the sigmoid, the pool.
// CHECK-LABEL: func.func @observes_what_carries_a_scale(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor
// CHECK: %[[IN:.+]] = qnn.observe %[[X]] as "image"
// CHECK: qnn.reshape %[[IN]]
// CHECK: %[[CONV:.+]] = qnn.conv2d
// CHECK-NEXT: %[[SEEN:.+]] = qnn.observe %[[CONV]] as "conv" : tensor<1x2x2x1xf32>
// CHECK-NEXT: qnn.max_pool2d %[[SEEN]]
// CHECK-NEXT: %[[GATE:.+]] = qnn.sigmoid
// CHECK-NEXT: %[[MUL:.+]] = qnn.mul %{{.*}}, %[[GATE]]
// CHECK-NEXT: %[[LAST:.+]] = qnn.observe %[[MUL]] as "conv#1"
// CHECK-NEXT: return %[[LAST]]
func.func @observes_what_carries_a_scale(%x: tensor<1x1x2x2xf32> {qnn.name = "image"}) -> tensor<1x1x1x1xf32> {
  %w = qnn.constant dense<1.0> : tensor<1x1x1x1xf32>
  %0 = qnn.reshape %x {shape = array<i64: 1, 2, 2, 1>} : (tensor<1x1x2x2xf32>) -> tensor<1x2x2x1xf32>
  %1 = qnn.conv2d %0, %w : (tensor<1x2x2x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x2x1xf32> loc("conv")
  %2 = qnn.max_pool2d %1 {kernel = array<i64: 2, 2>} : (tensor<1x2x2x1xf32>) -> tensor<1x1x1x1xf32>
  %3 = qnn.sigmoid %2 : (tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  %4 = qnn.mul %2, %3 : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> loc("conv")
  return %4 : tensor<1x1x1x1xf32>
}

// -----

// The border of a float layer: what the int8 layer reads is observed, what only float layers read is not.
// CHECK-LABEL: func.func @leaves_float_layers_alone(
// CHECK-NEXT: %[[A:.+]] = qnn.hard_swish %{{.*}} {qnn.precision = "float"}
// CHECK-NEXT: %[[B:.+]] = qnn.hard_swish %[[A]] {qnn.precision = "float"}
// CHECK-NEXT: %[[SEEN:.+]] = qnn.observe %[[B]] as "qnn.hard_swish"
// CHECK-NEXT: qnn.tanh %[[SEEN]]
// CHECK-NEXT: return
func.func @leaves_float_layers_alone(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = qnn.hard_swish %x {qnn.precision = "float"} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = qnn.hard_swish %0 {qnn.precision = "float"} : (tensor<4xf32>) -> tensor<4xf32>
  %2 = qnn.tanh %1 : (tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}

// -----

// Moving values alone is no reason to quantize them.
// CHECK-LABEL: func.func @ignores_moving_ops(
// CHECK-NOT: qnn.observe
func.func @ignores_moving_ops(%x: tensor<4xf32>) -> tensor<2x2xf32> {
  %0 = qnn.reshape %x {shape = array<i64: 2, 2>} : (tensor<4xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

// CHECK-LABEL: func.func @ignores_computed_weights(
// CHECK-NOT: qnn.observe
func.func @ignores_computed_weights(%x: tensor<1x2xf32>, %w: tensor<2x2xf32>) -> tensor<1x2xf32> {
  %0 = qnn.fully_connected %x, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}
