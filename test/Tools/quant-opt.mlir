// An error about a function shows its first line, and the whole of it, which may hold megabytes of weights, only on request.
// RUN: not quant-opt %s -qnn-apply-ranges=cache=none.json 2>&1 | FileCheck %s --implicit-check-not=dense
// RUN: not quant-opt %s -qnn-apply-ranges=cache=none.json --mlir-print-op-on-diagnostic=true 2>&1 | FileCheck %s --check-prefix=WHOLE
// CHECK: error: calibration cache 'none.json'
// WHOLE: dense<1.000000e+00>
func.func @main(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = qnn.constant dense<1.0> : tensor<1x2xf32>
  %0 = qnn.observe %x as "x" : tensor<1x2xf32>
  %1 = qnn.add %0, %w : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  return %1 : tensor<1x2xf32>
}
