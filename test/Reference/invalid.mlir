// Sums that leave 32 bits, biases that do not fit, and ops of other stages are errors, each in one line.
// RUN: not quant-run %s --entry=accumulator_overflow 2>&1 | FileCheck %s --check-prefix=ACC
// RUN: not quant-run %s --entry=bias_overflow 2>&1 | FileCheck %s --check-prefix=BIAS
// RUN: not quant-run %s --entry=sum_overflow 2>&1 | FileCheck %s --check-prefix=SUM
// RUN: not quant-run %s --entry=not_a_network_op 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not quant-run %s --entry=wide_result 2>&1 | FileCheck %s --check-prefix=WIDE
// RUN: not quant-run %s --entry=missing 2>&1 | FileCheck %s --check-prefix=ENTRY
// RUN: not quant-run %s 2>&1 | FileCheck %s --check-prefix=MANY

!x = !quant.uniform<i8:f32, 1.0>
!w = !quant.uniform<i8<-127:127>:f32, 1.0>
!b = !quant.uniform<i32:f32, 1.0>

// ACC: error: {{.*}}expected the accumulator to fit 32 bits, got 2147483648 in channel 0: split the sum or keep the layer float
func.func @accumulator_overflow() -> tensor<1x1x!b> {
  %x = qnn.constant dense<1> : tensor<1x1xi8> as tensor<1x1x!x>
  %w = qnn.constant dense<1> : tensor<1x1xi8> as tensor<1x1x!w>
  %b = qnn.constant dense<2147483647> : tensor<1xi32> as tensor<1x!b>
  %y = qnn.fully_connected %x, %w bias(%b) : (tensor<1x1x!x>, tensor<1x1x!w>, tensor<1x!b>) -> tensor<1x1x!b>
  return %y : tensor<1x1x!b>
}

// BIAS: error: {{.*}}expected values within 32 bits, got {{.*}} in channel 0: use a larger scale or keep the layer float
func.func @bias_overflow() -> tensor<1x!b> {
  %x = qnn.constant dense<3.0e9> : tensor<1xf32>
  %y = "quant.qcast"(%x) : (tensor<1xf32>) -> tensor<1x!b>
  return %y : tensor<1x!b>
}

// SUM: error: {{.*}}expected the sum to fit 32 bits, got -2147483649
func.func @sum_overflow() -> tensor<1x!b> {
  %x = qnn.constant dense<-2147483648> : tensor<1xi32> as tensor<1x!b>
  %b = qnn.constant dense<-1> : tensor<1xi32> as tensor<1x!b>
  %y = qnn.bias %x, %b : (tensor<1x!b>, tensor<1x!b>) -> tensor<1x!b>
  return %y : tensor<1x!b>
}

// OTHER: error: {{.*}}'arith.addf' op cannot be interpreted: expected ops of the stages up to Quantized
func.func @not_a_network_op() -> tensor<1xf32> {
  %x = arith.constant dense<1.0> : tensor<1xf32>
  %y = arith.addf %x, %x : tensor<1xf32>
  return %y : tensor<1xf32>
}

// WIDE: error: {{.*}}expected a result of 8- or 16-bit storage, got {{.*}}i32
func.func @wide_result() -> tensor<1x!b> {
  %x = qnn.constant dense<1> : tensor<1xi8> as tensor<1x!x>
  %y = qnn.add %x, %x : (tensor<1x!x>, tensor<1x!x>) -> tensor<1x!b>
  return %y : tensor<1x!b>
}

// ENTRY: error: {{.*}}invalid.mlir: expected a function 'missing'
// MANY: error: {{.*}}invalid.mlir: expected one function or one named 'main', got 5: choose with --entry=NAME
