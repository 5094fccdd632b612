// RUN: quant-opt %s -qnn-assign-precision=rules=*=int4 | FileCheck %s
// RUN: quant-opt %s -qnn-assign-precision=rules=*=int4 -qnn-keep-faster-float=level=x86-64 | FileCheck %s

// Fewer bits are a matter of weights, and stay where float is predicted to be faster.
// CHECK: qnn.tanh %{{[a-z0-9]+}} :
// CHECK: qnn.fully_connected {{.*}} {qnn.precision = "int4"}
func.func @main(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
  %w = qnn.constant dense<[[1.0, -0.5]]> : tensor<1x2xf32>
  %0 = qnn.tanh %x : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %1 = qnn.fully_connected %0, %w : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x1xf32>
  return %1 : tensor<1x1xf32>
}
