// Inputs and outputs are named by qnn.name; files take the name with unusual characters replaced.
// RUN: rm -rf %t && mkdir -p %t
// RUN: %python -c "import numpy as np; x = np.array([[-1, 2]], 'f4'); np.save('%t/x.npy', x); np.save('%t/f64.npy', x.astype('f8')); np.save('%t/flat.npy', x[0]); np.savez_compressed('%t/x.npz', **{'in=put': x})"
// RUN: quant-run %s --entry=main --input=in=put=%t/x.npy --output-dir=%t/out --bench=2 --json | FileCheck %s
// RUN: %python -c "import numpy as np; a = np.load('%t/out/out_put_0.npy'); print(a.dtype, a)" | FileCheck %s --check-prefix=FILE
// RUN: quant-run %s --entry=main --input=in=put=%t/x.npz --print | FileCheck %s --check-prefix=VALUES
// RUN: quant-run %s --entry=main --bench=1 --print > %t/1 && quant-run %s --entry=main --bench=1 --print > %t/2
// RUN: head -1 %t/1 > %t/first && head -1 %t/2 | diff - %t/first
// CHECK: out/put:0: 1x2xfloat32{{$}}
// CHECK-NEXT: 2 runs, median {{[0-9.]+}} ms, min {{[0-9.]+}} ms, 1 thread(s)
// CHECK-NEXT: {"outputs":[{"name":"out/put:0","shape":[1,2],"type":"float32"}],"median_ms":{{[^,]+}},"min_ms":{{[^,]+}},"runs":2,"threads":1}
// CHECK-NOT: {{.}}
// FILE: float32 {{\[\[}}0. 2.]]
// VALUES: out/put:0: 1x2xfloat32 = 0 2{{$}}
func.func @main(%x: tensor<1x2xf32> {qnn.name = "in=put"}) -> (tensor<1x2xf32> {qnn.name = "out/put:0"}) {
  %y = qnn.relu %x : (tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// RUN: not quant-run %s --entry=main 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: error: missing input 'in=put' (1x2xfloat32): give it with --input=in=put=FILE.npy{{$}}
// RUN: not quant-run %s --entry=main --input=x=%t/x.npy 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: unknown input 'x': the network has 'in=put'{{$}}
// RUN: not quant-run %s --entry=main --input=in=put=%t/x.npy --input=in=put=%t/x.npy 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: error: input 'in=put' is given twice{{$}}
// RUN: not quant-run %s --entry=main --input=in=put=%t/f64.npy 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: error: input 'in=put': expected 1x2xfloat32, got 1x2xfloat64 in {{.*}}f64.npy: convert with a.astype('float32'){{$}}
// RUN: not quant-run %s --entry=main --input=in=put=%t/flat.npy 2>&1 | FileCheck %s --check-prefix=SHAPE
// SHAPE: error: input 'in=put': expected 1x2xfloat32, got 2xfloat32 in {{.*}}flat.npy{{$}}
// RUN: not quant-run %t/none.mlir 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: cannot read '{{.*}}none.mlir': No such file or directory{{$}}

// Two names that become one file are refused before anything runs.
// RUN: not quant-run %s --entry=colliding --bench=1 --output-dir=%t/colliding 2>&1 | FileCheck %s --check-prefix=COLLIDE
// RUN: not ls %t/colliding
// COLLIDE: error: outputs 'a/b' and 'a:b' would both be written to a_b.npy{{$}}
func.func @colliding(%x: tensor<1xf32>) -> (tensor<1xf32> {qnn.name = "a/b"}, tensor<1xf32> {qnn.name = "a:b"}) {
  return %x, %x : tensor<1xf32>, tensor<1xf32>
}

// Quantized inputs and outputs are the stored integers.
// RUN: %python -c "import numpy as np; np.save('%t/q.npy', np.array([-128, 3], 'i1'))"
// RUN: quant-run %s --entry=quantized --input=arg0=%t/q.npy --output-dir=%t/out --print | FileCheck %s --check-prefix=INT8
// RUN: %python -c "import numpy as np; a = np.load('%t/out/result0.npy'); print(a.dtype, a)" | FileCheck %s --check-prefix=INT8-FILE
// INT8: result0: 2xint8 = 3 3{{$}}
// INT8-FILE: int8 [3 3]
func.func @quantized(%x: tensor<2x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<2x!quant.uniform<i8:f32, 0.5:3>> {
  %y = qnn.relu %x : (tensor<2x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<2x!quant.uniform<i8:f32, 0.5:3>>
  return %y : tensor<2x!quant.uniform<i8:f32, 0.5:3>>
}

// Wrong options and files end in one line.
// RUN: not quant-run %s --threads=0 2>&1 | FileCheck %s --check-prefix=THREADS
// THREADS: {{^}}error: --threads: expected a whole number of at least 1, got '0'{{$}}
// RUN: not quant-run %s --bench=often 2>&1 | FileCheck %s --check-prefix=BENCH
// BENCH: {{^}}error: --bench: expected a whole number of at least 0, got 'often'{{$}}
