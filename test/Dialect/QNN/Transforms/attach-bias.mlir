// RUN: quant-opt %s -qnn-prepare-qdq -split-input-file | FileCheck %s

// A sum with one constant per channel behind a layer is its bias, and gets its scale.
// CHECK-LABEL: func.func @attaches_biases(
// CHECK:         %[[B:.*]] = qnn.constant dense<[3, -4]> : tensor<2xi32> as tensor<2x!{{.*}}>
// CHECK:         %[[R:.*]] = "quant.dcast"(%[[B]])
// CHECK:         %[[Y:.*]] = qnn.fully_connected %{{.*}}, %{{.*}} bias(%[[R]]) {clamp_min = 0.000000e+00 : f32}
// CHECK-NEXT:    return %[[Y]]
func.func @attaches_biases(%q: tensor<3x4x!quant.uniform<i8:f32, 0.5>>) -> tensor<3x2xf32> {
  %x = "quant.dcast"(%q) : (tensor<3x4x!quant.uniform<i8:f32, 0.5>>) -> tensor<3x4xf32>
  %wq = qnn.constant dense<1> : tensor<2x4xi8> as tensor<2x4x!quant.uniform<i8:f32, 0.25>>
  %w = "quant.dcast"(%wq) : (tensor<2x4x!quant.uniform<i8:f32, 0.25>>) -> tensor<2x4xf32>
  %bq = qnn.constant dense<[3, -4]> : tensor<2xi32> as tensor<2x!quant.uniform<i32:f32, 0.125>>
  %b = "quant.dcast"(%bq) : (tensor<2x!quant.uniform<i32:f32, 0.125>>) -> tensor<2xf32>
  %0 = qnn.fully_connected %x, %w : (tensor<3x4xf32>, tensor<2x4xf32>) -> tensor<3x2xf32>
  %1 = qnn.add %0, %b {clamp_min = 0.0 : f32} : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %1 : tensor<3x2xf32>
}

// -----

// A sum that others read as well has no bias, and 8-bit constants are no biases.
// CHECK-LABEL: func.func @keeps_sums(
// CHECK:         qnn.fully_connected %{{.*}}, %{{[^ ]*}} : 
// CHECK:         qnn.add
// CHECK:         qnn.fully_connected %{{.*}}, %{{[^ ]*}} : 
// CHECK:         qnn.add
func.func @keeps_sums(%q: tensor<3x4x!quant.uniform<i8:f32, 0.5>>) -> (tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>) {
  %x = "quant.dcast"(%q) : (tensor<3x4x!quant.uniform<i8:f32, 0.5>>) -> tensor<3x4xf32>
  %wq = qnn.constant dense<1> : tensor<2x4xi8> as tensor<2x4x!quant.uniform<i8:f32, 0.25>>
  %w = "quant.dcast"(%wq) : (tensor<2x4x!quant.uniform<i8:f32, 0.25>>) -> tensor<2x4xf32>
  %vq = qnn.constant dense<2> : tensor<2x4xi8> as tensor<2x4x!quant.uniform<i8:f32, 0.25>>
  %v = "quant.dcast"(%vq) : (tensor<2x4x!quant.uniform<i8:f32, 0.25>>) -> tensor<2x4xf32>
  %b = qnn.constant dense<[3.0, -4.0]> : tensor<2xf32>
  %cq = qnn.constant dense<[3, -4]> : tensor<2xi8> as tensor<2x!quant.uniform<i8:f32, 0.125>>
  %c = "quant.dcast"(%cq) : (tensor<2x!quant.uniform<i8:f32, 0.125>>) -> tensor<2xf32>
  %0 = qnn.fully_connected %x, %w : (tensor<3x4xf32>, tensor<2x4xf32>) -> tensor<3x2xf32>
  %1 = qnn.add %0, %b : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %2 = qnn.fully_connected %x, %v : (tensor<3x4xf32>, tensor<2x4xf32>) -> tensor<3x2xf32>
  %3 = qnn.add %2, %c : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %0, %1, %3 : tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>
}
