// A tensor that becomes infinite is an error that names the layer and the sample.
// RUN: rm -rf %t && mkdir -p %t && cd %t
// RUN: %python -c "import numpy as np; x = np.ones((4, 2), 'f4'); x[2] = 1e30; np.savez('x.npz', x=x)"
// RUN: not quant-compile %s --calibration-data=x.npz -o bad.o 2>&1 | FileCheck %s
// CHECK: error: tensor 'square' holds NaN or infinity for sample 2 of 'x.npz': expected a network that is finite on its calibration data
// RUN: not ls bad.o
func.func @main(%x: tensor<1x2xf32> {qnn.name = "x"}) -> tensor<1x2xf32> {
  %0 = qnn.mul %x, %x : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32> loc("square")
  return %0 : tensor<1x2xf32>
}
