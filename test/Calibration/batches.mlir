// Samples are taken a batch at a time; a last, incomplete batch changes no range, and progress counts runs.
// RUN: rm -rf %t && mkdir -p %t && cd %t
// RUN: %python -c "import numpy as np; x = np.arange(14, dtype='f4').reshape(7, 2) - 3; np.savez('x.npz', x=x); np.save('two.npy', x[:2])"
// RUN: quant-compile %s --calibration-data=x.npz --calibration-cache=c.json -o n.o 2>&1 | FileCheck %s
// CHECK:      calibrating: 1/3
// CHECK-NEXT: calibrating: 2/3
// CHECK-NEXT: calibrating: 3/3
// CHECK-NEXT: coverage: none of 1 layers float
// CHECK-NOT:  {{.}}
// RUN: quant-compile %s --calibration-data=two.npy --calibration-cache=two.json -o n.o 2>/dev/null
// RUN: %python -c "import json; c = [json.load(open(f)) for f in ('c.json', 'two.json')]; print(*[(d['samples'], t['min'], t['max']) for d in c for t in [d['tensors']['x']]])" | FileCheck %s --check-prefix=CACHE
// CACHE: (7, -3{{(.0)?}}, 10{{(.0)?}}) (2, -3{{(.0)?}}, 0{{(.0)?}})
func.func @main(%x: tensor<3x2xf32> {qnn.name = "x"}) -> tensor<3x2xf32> {
  %0 = qnn.hard_swish %x : (tensor<3x2xf32>) -> tensor<3x2xf32> loc("swish")
  return %0 : tensor<3x2xf32>
}
