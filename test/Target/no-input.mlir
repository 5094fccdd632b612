// A network without inputs still has a struct of inputs that C accepts.
// RUN: rm -rf %t && mkdir -p %t
// RUN: quant-compile %s --precision=f32 -o %t/net.o
// RUN: %cc -std=c99 -Wall -Wextra -Werror -pedantic -DMODEL=net -include %t/net.h %src/utils/run_object.c %t/net.o -lm -o %t/run
// RUN: %t/run --selftest
// RUN: %t/run --describe | FileCheck %s
// CHECK-NOT: input
// CHECK: output 'result0' float[3]
func.func @main() -> tensor<3xf32> {
  %0 = qnn.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  return %0 : tensor<3xf32>
}
