// RUN: quant-opt %s -qnn-assign-precision | FileCheck %s --check-prefix=DEFAULT
// RUN: quant-opt %s -qnn-assign-precision="rules=op:tanh=float,out*=float,op:softmax=int8,out2=int8" | FileCheck %s --check-prefix=RULES
// RUN: quant-opt %s -qnn-assign-precision=rules=op:tanh=float -qnn-assign-precision=rules=op:tanh=int8 | FileCheck %s --check-prefix=REPLACED
// RUN: quant-opt %s -qnn-assign-precision="rules=act=float emit-remarks" 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: quant-opt %s -qnn-assign-precision=rules=op:tanh=float > %t.once
// RUN: quant-opt %s -qnn-assign-precision=rules=op:tanh=float -qnn-assign-precision=rules=op:tanh=float > %t.twice
// RUN: diff %t.once %t.twice

// RUN: not quant-opt %s -qnn-assign-precision=rules=tanh 2>&1 | FileCheck %s --check-prefix=NO-EQUALS
// NO-EQUALS: error: precision rule 'tanh': expected PATTERN=float, bf16, int8, int4 or int16
// RUN: not quant-opt %s -qnn-assign-precision=rules=op:=float 2>&1 | FileCheck %s --check-prefix=EMPTY
// EMPTY: error: precision rule 'op:=float': expected PATTERN=float, bf16, int8, int4 or int16
// RUN: not quant-opt %s -qnn-assign-precision=rules=act=int3 2>&1 | FileCheck %s --check-prefix=PRECISION
// PRECISION: error: precision rule 'act=int3': expected precision float, bf16, int8, int4 or int16, got 'int3'
// RUN: not quant-opt %s -qnn-assign-precision=rules=act=int4 2>&1 | FileCheck %s --check-prefix=WEIGHTS
// WEIGHTS: error: precision rule 'act=int4' matches no layer
// RUN: not quant-opt %s -qnn-assign-precision="rules=a\\=int8" 2>&1 | FileCheck %s --check-prefix=GLOB
// GLOB: error: precision rule 'a\=int8': invalid glob pattern
// RUN: not quant-opt %s -qnn-assign-precision=rules=conv9=float 2>&1 | FileCheck %s --check-prefix=NOTHING
// NOTHING: error: precision rule 'conv9=float' matches no layer

// Without rules only kinds without profit stay float; the last matching rule wins; a rule for int8 replaces a mark.
// DEFAULT: qnn.tanh %{{[a-z0-9]+}} :
// DEFAULT-NEXT: qnn.sigmoid %{{[a-z0-9]+}} :
// DEFAULT-NEXT: qnn.sigmoid %{{[a-z0-9]+}} :
// DEFAULT-NEXT: qnn.div {{.*}} {qnn.precision = "float"}
// DEFAULT-NEXT: qnn.softmax {{.*}}qnn.precision = "float"
// RULES: qnn.tanh %{{[a-z0-9]+}} {qnn.precision = "float"}
// RULES-NEXT: qnn.sigmoid %{{[a-z0-9]+}} {qnn.precision = "float"}
// RULES-NEXT: qnn.sigmoid %{{[a-z0-9]+}} {qnn.precision = "int8"}
// RULES-NEXT: qnn.div {{.*}} {qnn.precision = "float"}
// RULES-NEXT: qnn.softmax %{{[a-z0-9]+}} {axis = 1 : i64, qnn.precision = "int8"} :
// REPLACED: qnn.tanh %{{[a-z0-9]+}} {qnn.precision = "int8"}
// REMARK: remark: {{.*}}keeps float by rule 'act=float'
// REMARK: remark: keeps float by default
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = qnn.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("act")
  %1 = qnn.sigmoid %0 : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("out1")
  %2 = qnn.sigmoid %1 : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("out2")
  %3 = qnn.div %x, %2 : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %4 = qnn.softmax %3 {axis = 1 : i64} : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %4 : tensor<1x4xf32>
}
