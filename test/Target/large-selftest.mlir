// A network that the interpreter would run for a minute gets the expected result of its selftest from its own code.
// RUN: rm -rf %t && mkdir -p %t
// RUN: quant-compile %s --precision=f32 -o %t/net.o
// RUN: %cc -std=c99 -DMODEL=net -include %t/net.h %src/utils/run_object.c %t/net.o -lm -o %t/run
// RUN: %t/run --selftest && echo agrees | FileCheck %s
// CHECK: agrees
func.func @main(%x: tensor<8192x1024xf32>) -> tensor<8192x1040xf32> {
  %w = qnn.constant dense<0.5> : tensor<1040x1024xf32>
  %0 = qnn.fully_connected %x, %w : (tensor<8192x1024xf32>, tensor<1040x1024xf32>) -> tensor<8192x1040xf32>
  return %0 : tensor<8192x1040xf32>
}
