// RUN: quant-opt %s -qnn-apply-ranges=cache=%S/Inputs/cache.json | FileCheck %s
// RUN: quant-opt %s -qnn-apply-ranges="cache=%S/Inputs/cache.json method=percentile percentile=50" | FileCheck %s --check-prefix=HALF
// RUN: quant-opt %s -qnn-apply-ranges="cache=%S/Inputs/cache.json method=percentile" | FileCheck %s
// A second run finds the same ranges: the graph hash does not count them, nor where the file came from, nor precisions.
// RUN: quant-opt %s -qnn-apply-ranges=cache=%S/Inputs/cache.json -qnn-apply-ranges=cache=%S/Inputs/cache.json | FileCheck %s
// RUN: sed 's/qnn.tanh %%0/qnn.tanh %%0 {qnn.precision = "float"}/; s/@main/@net/' %s | quant-opt -qnn-apply-ranges=cache=%S/Inputs/cache.json -o /dev/null

// CHECK: qnn.observe %{{.*}} as "x" range [-1.000000e+00, 3.000000e+00]
// Of -1, 0, 0.5, 3 one value is cut at each end; what remains ends with the bins, 2^-8 wide, of 0 and 0.5.
// HALF: qnn.observe %{{.*}} as "x" range [0.000000e+00, 0.50390625]
func.func @main(%x: tensor<1x4xf32> {qnn.name = "x"}) -> tensor<1x4xf32> {
  %0 = qnn.observe %x as "x" : tensor<1x4xf32>
  %1 = qnn.tanh %0 : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %1 : tensor<1x4xf32>
}

// RUN: not quant-opt %s -qnn-apply-ranges 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: qnn-apply-ranges: expected option cache=FILE
// RUN: not quant-opt %s -qnn-apply-ranges="cache=x method=median" 2>&1 | FileCheck %s --check-prefix=METHOD
// METHOD: error: qnn-apply-ranges: expected method minmax, average, percentile, entropy or mse, got 'median'
// RUN: not quant-opt %s -qnn-apply-ranges="cache=x percentile=0" 2>&1 | FileCheck %s --check-prefix=PERCENT
// PERCENT: error: qnn-apply-ranges: expected percentile in (0, 100], got 0
// RUN: not quant-opt %s -qnn-apply-ranges=cache=%t.missing 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: error: calibration cache '{{.*}}.missing': No such file

// RUN: sed 's/tanh/sigmoid/' %s | not quant-opt -qnn-apply-ranges=cache=%S/Inputs/cache.json 2>&1 | FileCheck %s --check-prefix=HASH
// HASH: error: calibration cache '{{.*}}cache.json' is of another network (graph {{[0-9a-f]+}}, expected {{[0-9a-f]+}}); calibrate again
// RUN: sed 's/as "x"/as "y"/' %s | not quant-opt -qnn-apply-ranges=cache=%S/Inputs/cache.json 2>&1 | FileCheck %s --check-prefix=LACKS
// LACKS: error: calibration cache '{{.*}}cache.json' has no tensor 'y'; calibrate again with the same precision rules
// RUN: sed '/observe/d; s/tanh %%0/tanh %%x/' %s | quant-opt -qnn-apply-ranges=cache=%S/Inputs/cache.json | FileCheck %s --check-prefix=FEWER
// A rule that keeps a layer in float observes fewer tensors: the cache serves both.
// FEWER-NOT: qnn.observe
// FEWER: qnn.tanh

// RUN: head -c 1000 %S/Inputs/cache.json > %t.json
// RUN: not quant-opt %s -qnn-apply-ranges=cache=%t.json 2>&1 | FileCheck %s --check-prefix=CUT
// CUT: error: calibration cache '{{.*}}.json': [{{.*}}]: Unexpected EOF
// RUN: sed 's/"version": 2/"version": 1/' %S/Inputs/cache.json > %t.json
// RUN: not quant-opt %s -qnn-apply-ranges=cache=%t.json 2>&1 | FileCheck %s --check-prefix=VERSION
// VERSION: error: calibration cache '{{.*}}.json': expected version 2, got 1; calibrate again with this compiler
// RUN: sed 's/"min": -1.0/"min": 7/' %S/Inputs/cache.json > %t.json
// RUN: not quant-opt %s -qnn-apply-ranges=cache=%t.json 2>&1 | FileCheck %s --check-prefix=ORDER
// ORDER: error: calibration cache '{{.*}}.json': tensor 'x': expected finite 'min' <= 'max'
// RUN: sed 's/"first_bin": -/"first_bin": -9/' %S/Inputs/cache.json > %t.json
// RUN: not quant-opt %s -qnn-apply-ranges=cache=%t.json 2>&1 | FileCheck %s --check-prefix=COUNTS
// COUNTS: error: calibration cache '{{.*}}.json': tensor 'x': expected 'first_bin' and 'counts' of bins in [-1024, 1024)
