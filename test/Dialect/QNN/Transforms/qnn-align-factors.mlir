// RUN: quant-opt %s -qnn-align-factors=emit-remarks 2> %t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks
// RUN: quant-opt %s -qnn-align-factors > %t.once
// RUN: quant-opt %s -qnn-align-factors -qnn-align-factors | diff %t.once -

// The nearest f32: 1.0006103515625 - 2^-24 does not exist, the next one below is 2^-23 away.
// RUN: quant-opt %s -qnn-align-factors=choose-scales | FileCheck %s --check-prefix=CHOSEN
// CHOSEN: !quant.uniform<i8:f32:0, {1.000000e+00,1.0006102323532104}>

!x = !quant.uniform<i8:f32, 1.000244140625>
!y = !quant.uniform<i8:f32, 3.0>

// f32(1.000244140625 * 1.0006103515625) is rounded, and a third of it is not what one rounding gives; 1.0 needs no change. The
// scale moves by less than half of 2^-23, so that an export still says 1.0006103515625.
// REMARK: remark: changed 1 of 2 scales by less than 2^-20
// CHECK: !per_axis = !quant.uniform<i8:f32:0, {1.000000e+00,1.0006103366649757}>
// CHECK-LABEL: func.func @per_channel(
// CHECK: qnn.constant dense<{{.*}}[3], [4]]> : tensor<2x1xi8> as tensor<2x1x!per_axis>
func.func @per_channel(%x: tensor<1x1x!x>) -> tensor<1x2x!y> {
  %w = qnn.constant dense<[[3], [4]]> : tensor<2x1xi8> as tensor<2x1x!quant.uniform<i8:f32:0, {1.0, 1.0006103515625}>>
  %0 = qnn.fully_connected %x, %w : (tensor<1x1x!x>, tensor<2x1x!quant.uniform<i8:f32:0, {1.0, 1.0006103515625}>>) -> tensor<1x2x!y>
  return %0 : tensor<1x2x!y>
}

// Layers that share weights get scales of their own: the second one has other scales around it.
// REMARK-NEXT: qnn.fully_connected
// REMARK: remark: changed 1 of 1 scales by less than 2^-20
// REMARK-NOT: remark: changed
// CHECK-LABEL: func.func @shared(
// CHECK-DAG: %[[OLD:.+]] = qnn.constant dense<3> : tensor<1x1xi8> as tensor<1x1x!quant.uniform<i8:f32, 1.0006103515625>>
// CHECK-DAG: %[[NEW:.+]] = qnn.constant dense<3> : tensor<1x1xi8> as tensor<1x1x!quant.uniform<i8:f32, 1.0006103366649757>>
// CHECK: qnn.fully_connected %{{.*}}, %[[NEW]] :
// CHECK: qnn.fully_connected %{{.*}}, %[[OLD]] :
func.func @shared(%x: tensor<1x1x!x>) -> (tensor<1x1x!y>, tensor<1x1x!x>) {
  %w = qnn.constant dense<3> : tensor<1x1xi8> as tensor<1x1x!quant.uniform<i8:f32, 1.0006103515625>>
  %0 = qnn.fully_connected %x, %w : (tensor<1x1x!x>, tensor<1x1x!quant.uniform<i8:f32, 1.0006103515625>>) -> tensor<1x1x!y>
  %1 = qnn.fully_connected %x, %w : (tensor<1x1x!x>, tensor<1x1x!quant.uniform<i8:f32, 1.0006103515625>>) -> tensor<1x1x!x>
  return %0, %1 : tensor<1x1x!y>, tensor<1x1x!x>
}

// A residual is added in float there.
// CHECK-LABEL: func.func @residual(
// CHECK: as tensor<1x1x!quant.uniform<i8:f32, 1.0006103515625>>
func.func @residual(%x: tensor<1x1x!x>, %r: tensor<1x1x!y>) -> tensor<1x1x!y> {
  %w = qnn.constant dense<3> : tensor<1x1xi8> as tensor<1x1x!quant.uniform<i8:f32, 1.0006103515625>>
  %0 = qnn.fully_connected %x, %w residual(%r) : (tensor<1x1x!x>, tensor<1x1x!quant.uniform<i8:f32, 1.0006103515625>>, tensor<1x1x!y>) -> tensor<1x1x!y>
  return %0 : tensor<1x1x!y>
}

// TFLite's arithmetic has no such factor.
// CHECK-LABEL: func.func @fixed_point(
// CHECK: as tensor<1x1x!quant.uniform<i8:f32, 1.0006103515625>>
func.func @fixed_point(%x: tensor<1x1x!x>) -> tensor<1x1x!y> attributes {qnn.requantize = "fixed-point"} {
  %w = qnn.constant dense<3> : tensor<1x1xi8> as tensor<1x1x!quant.uniform<i8:f32, 1.0006103515625>>
  %0 = qnn.fully_connected %x, %w : (tensor<1x1x!x>, tensor<1x1x!quant.uniform<i8:f32, 1.0006103515625>>) -> tensor<1x1x!y>
  return %0 : tensor<1x1x!y>
}
