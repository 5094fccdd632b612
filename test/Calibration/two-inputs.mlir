// A network with several inputs takes an archive with one array per input, with as many samples each.
// RUN: rm -rf %t && mkdir -p %t && cd %t
// RUN: %python -c "import numpy as np; x = np.ones((4, 4), 'f4'); np.savez('ab.npz', a=x, b=x); np.savez('short.npz', a=x, b=x[:3]); np.save('a.npy', x)"
// RUN: quant-compile %s --calibration-data=ab.npz -o good.mlir 2>/dev/null
// RUN: FileCheck %s --input-file=good.mlir
// CHECK: qnn.add {{.*}}!quant.uniform
// RUN: not quant-compile %s --calibration-data=short.npz -o bad.o 2>&1 | FileCheck %s --check-prefix=SHORT
// SHORT: error: calibration data 'short.npz': input 'a' has samples for 4 runs, input 'b' for 3{{$}}
// RUN: not quant-compile %s --calibration-data=a.npy -o bad.o 2>&1 | FileCheck %s --check-prefix=NPY
// NPY: error: calibration data 'a.npy': the network has 2 inputs: give an .npz file with one array per input{{$}}
func.func @main(%a: tensor<1x4xf32> {qnn.name = "a"}, %b: tensor<1x4xf32> {qnn.name = "b"}) -> tensor<1x4xf32> {
  %0 = qnn.add %a, %b : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}
