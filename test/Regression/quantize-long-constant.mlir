// quant-opt -qnn-quantize read a constant's values after they were freed: the first ones came out as others.
// RUN: quant-opt %s -qnn-quantize | FileCheck %s

// CHECK-LABEL: @quantizes_every_value_of_a_constant(
// CHECK:         dense<[-128, -112, -96, -80, -64, -48, -32, -16, 0, 16, 32, 48, 64, 80, 96, 127]> : tensor<16xi8>
func.func @quantizes_every_value_of_a_constant(%x: tensor<16xf32>) -> tensor<16xf32> {
  %c = qnn.constant dense<[-8.0, -7.0, -6.0, -5.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.9375]> : tensor<16xf32>
  %0 = qnn.observe %x as "x" range [-8.0, 7.9375] : tensor<16xf32>
  %1 = qnn.add %0, %c : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %2 = qnn.observe %1 as "sum" range [-16.0, 15.875] : tensor<16xf32>
  return %2 : tensor<16xf32>
}
