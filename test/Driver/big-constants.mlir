// RUN: not quant-compile %s --precision=f32 -o %t.o 2>&1 | FileCheck %s
// RUN: not test -e %t.o
// Constants that 32-bit distances do not reach are refused before any code is made.
// CHECK: error: expected constants of at most 2080374784 bytes in one object, got 2415919104: quantize the network, int8 weights are a quarter of float ones, or split it
func.func @main(%x: tensor<1x24576xf32>) -> tensor<1x24576xf32> {
  %w = qnn.constant dense<0.5> : tensor<24576x24576xf32>
  %y = qnn.fully_connected %x, %w : (tensor<1x24576xf32>, tensor<24576x24576xf32>) -> tensor<1x24576xf32>
  return %y : tensor<1x24576xf32>
}
