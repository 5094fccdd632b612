// RUN: quant-opt %s -split-input-file -verify-diagnostics

!q = !quant.uniform<i8:f32, 5.0e-01>
func.func @unary_c1(%x: tensor<4x!q>) {
  // expected-error@+1 {{expected operand and result both float or both quantized, got}}
  %0 = qnn.unary exp %x : (tensor<4x!q>) -> tensor<4xf32>
  return
}

// -----

func.func @binary_c1(%x: tensor<4xf32>, %y: tensor<3xf32>) {
  // expected-error@+1 {{expected shapes that broadcast, got [4] and [3]}}
  %0 = qnn.binary max %x, %y : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @binary_c2(%x: tensor<4xf32>, %y: tensor<4xf32>) {
  // expected-error@+1 {{expected one element type for which 'mod' is defined, got 'tensor<4xf32>', 'tensor<4xf32>' and 'tensor<4xf32>'}}
  %0 = qnn.binary mod %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @compare_c1(%x: tensor<2x4xi32>, %y: tensor<3x4xi32>) {
  // expected-error@+1 {{expected shapes that broadcast, got [2, 4] and [3, 4]}}
  %0 = qnn.compare less %x, %y : (tensor<2x4xi32>, tensor<3x4xi32>) -> tensor<2x4xi1>
  return
}

// -----

func.func @compare_c2(%x: tensor<4xi32>, %y: tensor<4xi64>) {
  // expected-error@+1 {{expected operands of one element type and a result of bools, got}}
  %0 = qnn.compare less %x, %y : (tensor<4xi32>, tensor<4xi64>) -> tensor<4xi1>
  return
}

// -----

func.func @select_c1(%c: tensor<2xi1>, %x: tensor<4xf32>) {
  // expected-error@+1 {{expected shapes that broadcast, got [2] and [4]}}
  %0 = qnn.select %c, %x, %x : (tensor<2xi1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @select_c2(%c: tensor<4xi32>, %x: tensor<4xf32>) {
  // expected-error@+1 {{expected a condition of bools and values of one element type, got}}
  %0 = qnn.select %c, %x, %x : (tensor<4xi32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @cast_c1(%x: tensor<4xi32>) {
  // expected-error@+1 {{requires the same shape for all operands and results}}
  %0 = qnn.cast %x : (tensor<4xi32>) -> tensor<3xf32>
  return
}

// -----

func.func @reduce_c1(%x: tensor<4x4xi32>) {
  // expected-error@+1 {{expected ascending axes within rank 2, got [1, 0]}}
  %0 = qnn.reduce sum %x {axes = array<i64: 1, 0>} : (tensor<4x4xi32>) -> tensor<1x1xi32>
  return
}

// -----

func.func @reduce_c2(%x: tensor<4x4xi1>) {
  // expected-error@+1 {{expected one element type other than i1, for which the function is defined, got}}
  %0 = qnn.reduce max %x {axes = array<i64: 0>} : (tensor<4x4xi1>) -> tensor<1x4xi1>
  return
}

// -----

func.func @top_k_c1(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected k from 0 to 4, got 5}}
  %0 = qnn.top_k %x {axis = 0 : i64, k = 5 : i64} : (tensor<4xf32>) -> tensor<5xi64>
  return
}

// -----

func.func @top_k_c2(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected numbers and a result of i64, got}}
  %0 = qnn.top_k %x {axis = 0 : i64, k = 2 : i64} : (tensor<4xf32>) -> tensor<2xi32>
  return
}

// -----

func.func @gather_c1(%x: tensor<0x4xf32>, %i: tensor<2xi64>) {
  // expected-error@+1 {{expected data with elements along axis 0}}
  %0 = qnn.gather %x, %i {axis = 0 : i64} : (tensor<0x4xf32>, tensor<2xi64>) -> tensor<2x4xf32>
  return
}

// -----

func.func @gather_c2(%x: tensor<3x4xf32>, %i: tensor<2xf32>) {
  // expected-error@+1 {{expected indices of i32 or i64 and a result like the data, got}}
  %0 = qnn.gather %x, %i {axis = 0 : i64} : (tensor<3x4xf32>, tensor<2xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @take_c1(%x: tensor<3xf32>) {
  // expected-error@+1 {{expected indices within size 3, got 3}}
  %0 = qnn.take %x {axis = 0 : i64, indices = array<i64: 0, 3>} : (tensor<3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @take_c2(%x: tensor<3xi32>) {
  // expected-error@+1 {{expected one element type, got}}
  %0 = qnn.take %x {axis = 0 : i64, indices = array<i64: 0>} : (tensor<3xi32>) -> tensor<1xi64>
  return
}

// -----

func.func @resample_c1(%x: tensor<3xf32>) {
  // expected-error@+1 {{expected as many indices as weights, a multiple of taps, got 3, 3 and 2}}
  %0 = qnn.resample %x {axis = 0 : i64, taps = 2 : i64, indices = array<i64: 0, 1, 2>, weights = array<f32: 1.0, 1.0, 1.0>} : (tensor<3xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @resample_c2(%x: tensor<3xf32>) {
  // expected-error@+1 {{expected 2 offsets or none, got 1}}
  %0 = qnn.resample %x {axis = 0 : i64, taps = 1 : i64, indices = array<i64: 0, 1>, weights = array<f32: 1.0, 1.0>, offsets = array<f32: 1.0>} : (tensor<3xf32>) -> tensor<2xf32>
  return
}

// -----

!q = !quant.uniform<i8:f32, 5.0e-01:3>
func.func @resample_c3(%x: tensor<3x!q>) {
  // expected-error@+1 {{expected f32, or integers with weights of 10 fractional bits, got}}
  %0 = qnn.resample %x {axis = 0 : i64, taps = 1 : i64, indices = array<i64: 0>, weights = array<f32: 0.1>} : (tensor<3x!q>) -> tensor<1x!q>
  return
}
