// RUN: quant-opt %s -split-input-file -verify-diagnostics

// brgemm_c1: two row dimensions
func.func @brgemm_c1(%a: memref<16xi8>, %b: memref<128xi8>, %c: memref<32xi32>, %i: index) {
  // expected-error@below {{expected two rows, a_row_strides and c_row_strides}}
  microkernel.brgemm a(%a[%i]) b(%b[%i]) column(%i) c(%c[%i]) 
      {rows = array<i64: 2>, columns = 16 : i64, a_row_strides = array<i64: 0, 8>, c_row_strides = array<i64: 0, 16>,
       reduction = array<i64: 2>, reduction_strides = array<i64: 4>, b_block_stride = 128 : i64}
      : memref<16xi8>, memref<128xi8>, memref<32xi32>
  return
}

// -----

// brgemm_c1: a stride for every reduction
func.func @brgemm_c1_again(%a: memref<16xi8>, %b: memref<128xi8>, %c: memref<32xi32>, %i: index) {
  // expected-error@below {{expected equally many reduction sizes and strides, at least one}}
  microkernel.brgemm a(%a[%i]) b(%b[%i]) column(%i) c(%c[%i]) 
      {rows = array<i64: 1, 2>, columns = 16 : i64, a_row_strides = array<i64: 0, 8>, c_row_strides = array<i64: 0, 16>,
       reduction = array<i64: 2, 3>, reduction_strides = array<i64: 4>, b_block_stride = 128 : i64}
      : memref<16xi8>, memref<128xi8>, memref<32xi32>
  return
}

// -----

// brgemm_c2: no mixed element types
func.func @brgemm_c2(%a: memref<16xi8>, %b: memref<128xf32>, %c: memref<32xf32>, %i: index) {
  // expected-error@below {{expected f32 or i16 operands with an f32 result, or i8 operands with an i8, i32 or f32 result, got 'i8', 'f32', 'f32'}}
  microkernel.brgemm a(%a[%i]) b(%b[%i]) column(%i) c(%c[%i]) 
      {rows = array<i64: 1, 2>, columns = 16 : i64, a_row_strides = array<i64: 0, 8>, c_row_strides = array<i64: 0, 16>,
       reduction = array<i64: 2>, reduction_strides = array<i64: 4>, b_block_stride = 128 : i64}
      : memref<16xi8>, memref<128xf32>, memref<32xf32>
  return
}

// -----

// brgemm_c2: weights of four bits are not float
func.func @brgemm_c2_narrow(%a: memref<16xf32>, %b: memref<128xf32>, %c: memref<32xf32>, %i: index) {
  // expected-error@below {{expected i8 operands of narrow weights, got 'f32'}}
  microkernel.brgemm a(%a[%i]) b(%b[%i]) column(%i) c(%c[%i])
      {rows = array<i64: 1, 2>, columns = 16 : i64, a_row_strides = array<i64: 0, 8>, c_row_strides = array<i64: 0, 16>,
       reduction = array<i64: 2>, reduction_strides = array<i64: 4>, b_block_stride = 128 : i64, narrow}
      : memref<16xf32>, memref<128xf32>, memref<32xf32>
  return
}

// -----

// brgemm_c3: a float result of integers is scaled
func.func @brgemm_c3_float(%a: memref<16xi8>, %b: memref<128xi8>, %c: memref<32xf32>, %i: index) {
  // expected-error@below {{expected scale for an f32 result of i8 operands}}
  microkernel.brgemm a(%a[%i]) b(%b[%i]) column(%i) c(%c[%i])
      {rows = array<i64: 1, 2>, columns = 16 : i64, a_row_strides = array<i64: 0, 8>, c_row_strides = array<i64: 0, 16>,
       reduction = array<i64: 2>, reduction_strides = array<i64: 4>, b_block_stride = 128 : i64}
      : memref<16xi8>, memref<128xi8>, memref<32xf32>
  return
}

// -----

// brgemm_c3: an 8-bit result is scaled
func.func @brgemm_c3(%a: memref<16xi8>, %b: memref<128xi8>, %c: memref<32xi8>, %i: index) {
  // expected-error@below {{expected scale and zero_point, and low with high, for an i8 result}}
  microkernel.brgemm a(%a[%i]) b(%b[%i]) column(%i) c(%c[%i]) 
      {rows = array<i64: 1, 2>, columns = 16 : i64, a_row_strides = array<i64: 0, 8>, c_row_strides = array<i64: 0, 16>,
       reduction = array<i64: 2>, reduction_strides = array<i64: 4>, b_block_stride = 128 : i64}
      : memref<16xi8>, memref<128xi8>, memref<32xi8>
  return
}

// -----

// brgemm_c4: a residual has the type of the result and strides
func.func @brgemm_c4(%a: memref<16xi8>, %b: memref<128xi8>, %c: memref<32xi32>, %i: index, %r: memref<32xi8>) {
  // expected-error@below {{expected a residual of the element type of c with two row strides}}
  microkernel.brgemm a(%a[%i]) b(%b[%i]) column(%i) c(%c[%i]) residual(%r[%i] : memref<32xi8>)
      {rows = array<i64: 1, 2>, columns = 16 : i64, a_row_strides = array<i64: 0, 8>, c_row_strides = array<i64: 0, 16>,
       reduction = array<i64: 2>, reduction_strides = array<i64: 4>, b_block_stride = 128 : i64}
      : memref<16xi8>, memref<128xi8>, memref<32xi32>
  return
}

// -----

// brgemm_c4: an 8-bit residual has a factor and a zero
func.func @brgemm_c4_again(%a: memref<16xi8>, %b: memref<128xi8>, %c: memref<32xi8>, %i: index, %s: memref<16xf32>, %r: memref<32xi8>, %f: f32, %z: i32) {
  // expected-error@below {{expected residual_factor and residual_zero for an i8 residual}}
  microkernel.brgemm a(%a[%i]) b(%b[%i]) scale(%s : memref<16xf32>) column(%i) c(%c[%i]) residual(%r[%i] : memref<32xi8>) low(%f) high(%f) zero_point(%z)
      {rows = array<i64: 1, 2>, columns = 16 : i64, a_row_strides = array<i64: 0, 8>, c_row_strides = array<i64: 0, 16>,
       residual_row_strides = array<i64: 0, 16>, reduction = array<i64: 2>, reduction_strides = array<i64: 4>, b_block_stride = 128 : i64}
      : memref<16xi8>, memref<128xi8>, memref<32xi8>
  return
}

// -----

// brgemm_c5: columns
func.func @brgemm_c5(%a: memref<16xi8>, %b: memref<128xi8>, %c: memref<32xi32>, %i: index) {
  // expected-error@below {{expected a positive number of columns}}
  microkernel.brgemm a(%a[%i]) b(%b[%i]) column(%i) c(%c[%i]) 
      {rows = array<i64: 1, 2>, columns = 0 : i64, a_row_strides = array<i64: 0, 8>, c_row_strides = array<i64: 0, 16>,
       reduction = array<i64: 2>, reduction_strides = array<i64: 4>, b_block_stride = 128 : i64}
      : memref<16xi8>, memref<128xi8>, memref<32xi32>
  return
}

// -----

// brgemm_c6: steps are of i8 products
func.func @brgemm_c6(%a: memref<16xi8>, %b: memref<128xi8>, %c: memref<32xi32>, %i: index, %s: memref<4xi32>) {
  // expected-error@below {{expected i16 steps with an offset for at most 16 columns of i8}}
  microkernel.brgemm a(%a[%i]) b(%b[%i]) column(%i) c(%c[%i]) steps(%s[%i] : memref<4xi32>)
      {rows = array<i64: 1, 2>, columns = 16 : i64, a_row_strides = array<i64: 0, 8>, c_row_strides = array<i64: 0, 16>,
       reduction = array<i64: 2>, reduction_strides = array<i64: 4>, b_block_stride = 128 : i64}
      : memref<16xi8>, memref<128xi8>, memref<32xi32>
  return
}

// -----

// brgemm_c6: steps of several loops are found by a table
func.func @brgemm_c6_again(%a: memref<16xi8>, %b: memref<128xi8>, %c: memref<32xi32>, %i: index, %s: memref<4xi16>) {
  // expected-error@below {{expected i32 step_offsets for steps of several reduction loops}}
  microkernel.brgemm a(%a[%i]) b(%b[%i]) column(%i) c(%c[%i]) steps(%s[%i] : memref<4xi16>)
      {rows = array<i64: 1, 2>, columns = 16 : i64, a_row_strides = array<i64: 0, 8>, c_row_strides = array<i64: 0, 16>,
       reduction = array<i64: 2, 1>, reduction_strides = array<i64: 4, 4>, b_block_stride = 128 : i64}
      : memref<16xi8>, memref<128xi8>, memref<32xi32>
  return
}

// -----

// launch_c1: the kernel exists
func.func @launch_c1(%a: memref<4xf32>, %context: !llvm.ptr) {
  // expected-error@below {{expected a kernel of the module, got @absent}}
  microkernel.launch @absent(%a) context(%context) : memref<4xf32>
  return
}

// -----

// launch_c1: units have a range
func.func private @k(memref<4xf32>)
func.func @launch_c1_b(%a: memref<4xf32>, %context: !llvm.ptr) {
  // expected-error@below {{expected arguments of the types of @k: 'memref<4xf32>', got 'memref<4xf32>', 'index', 'index'}}
  microkernel.launch @k(%a) units(2) context(%context) : memref<4xf32>
  return
}

// -----

// tile_configure_c1: 64 bytes
func.func @tile_configure_c1(%config: memref<32xi8>) {
  // expected-error@below {{expected 64 elements of i8, got 'memref<32xi8>'}}
  microkernel.tile_configure %config : memref<32xi8>
  return
}

// -----

// tile: sizes of a tile
func.func @tile_brgemm_c1(%a: memref<2048xi8>, %b: memref<2048xi8>, %bias: memref<32xi32>, %c: memref<1024xi32>, %i: index) {
  // expected-error@below {{expected one or two groups, rows and depth from 1 to 16}}
  microkernel.tile_brgemm a(%a[%i]) b(%b[%i]) bias(%bias) column(%i) c(%c[%i])
      {rows = 17 : i64, depth = 16 : i64, columns = 32 : i64, a_row_stride = 64 : i64, reduction = array<i64: 1>,
       reduction_strides = array<i64: 64>, b_block_stride = 1024 : i64}
      : memref<2048xi8>, memref<2048xi8>, memref<32xi32>, memref<1024xi32>
  return
}

// -----

// tile_brgemm_c1: groups of rows
func.func @tile_brgemm_c1_b(%a: memref<2048xi8>, %b: memref<2048xi8>, %bias: memref<32xi32>, %c: memref<1024xi32>, %i: index) {
  // expected-error@below {{expected one or two groups, rows and depth from 1 to 16}}
  microkernel.tile_brgemm a(%a[%i, %i, %i]) b(%b[%i]) bias(%bias) column(%i) c(%c[%i])
      {rows = 16 : i64, depth = 16 : i64, columns = 32 : i64, a_row_stride = 64 : i64, reduction = array<i64: 1>,
       reduction_strides = array<i64: 64>, b_block_stride = 1024 : i64}
      : memref<2048xi8>, memref<2048xi8>, memref<32xi32>, memref<1024xi32>
  return
}

// -----

// tile: two blocks
func.func @tile_brgemm_c2(%a: memref<2048xi8>, %b: memref<2048xi8>, %bias: memref<32xi32>, %c: memref<1024xi32>, %i: index) {
  // expected-error@below {{expected 1 to 32 columns, got 33}}
  microkernel.tile_brgemm a(%a[%i]) b(%b[%i]) bias(%bias) column(%i) c(%c[%i])
      {rows = 16 : i64, depth = 16 : i64, columns = 33 : i64, a_row_stride = 64 : i64, reduction = array<i64: 1>,
       reduction_strides = array<i64: 64>, b_block_stride = 1024 : i64}
      : memref<2048xi8>, memref<2048xi8>, memref<32xi32>, memref<1024xi32>
  return
}

// -----

// tile: sizes and strides
func.func @tile_brgemm_c3(%a: memref<2048xi8>, %b: memref<2048xi8>, %bias: memref<32xi32>, %c: memref<1024xi32>, %i: index) {
  // expected-error@below {{expected equally many reduction sizes and strides, at least one}}
  microkernel.tile_brgemm a(%a[%i]) b(%b[%i]) bias(%bias) column(%i) c(%c[%i])
      {rows = 16 : i64, depth = 16 : i64, columns = 32 : i64, a_row_stride = 64 : i64, reduction = array<i64: 1, 2>,
       reduction_strides = array<i64: 64>, b_block_stride = 1024 : i64}
      : memref<2048xi8>, memref<2048xi8>, memref<32xi32>, memref<1024xi32>
  return
}

// -----

// tile: element types
func.func @tile_brgemm_c4(%a: memref<2048xi8>, %b: memref<2048xi8>, %bias: memref<32xf32>, %c: memref<1024xi32>, %i: index) {
  // expected-error@below {{expected i8 operands, an i32 bias and an i32 result}}
  microkernel.tile_brgemm a(%a[%i]) b(%b[%i]) bias(%bias) column(%i) c(%c[%i])
      {rows = 16 : i64, depth = 16 : i64, columns = 32 : i64, a_row_stride = 64 : i64, reduction = array<i64: 1>,
       reduction_strides = array<i64: 64>, b_block_stride = 1024 : i64}
      : memref<2048xi8>, memref<2048xi8>, memref<32xf32>, memref<1024xi32>
  return
}

// -----

// finish_rows_c1: element types
func.func @finish_rows_c1(%acc: memref<1024xi32>, %scale: memref<32xi8>, %c: memref<1024xi8>, %i: index, %z: i32, %f: f32) {
  // expected-error@below {{expected i32 accumulators, an f32 or i32 scale, an i8 result and residual}}
  microkernel.finish_rows acc(%acc[%i]) count(%i) scale(%scale : memref<32xi8>) column(%i) c(%c[%i]) zero_point(%z)
      {columns = 32 : i64, c_row_stride = 32 : i64} : memref<1024xi32>, memref<1024xi8>
  return
}

// -----

// finish_rows_c2: both bounds
func.func @finish_rows_c2(%acc: memref<1024xi32>, %scale: memref<32xf32>, %c: memref<1024xi8>, %i: index, %z: i32, %f: f32) {
  // expected-error@below {{expected a residual with row stride, factor and zero, and low with high}}
  microkernel.finish_rows acc(%acc[%i]) count(%i) scale(%scale : memref<32xf32>) column(%i) c(%c[%i]) low(%f) zero_point(%z)
      {columns = 32 : i64, c_row_stride = 32 : i64} : memref<1024xi32>, memref<1024xi8>
  return
}

// -----

// finish_rows_c3: columns
func.func @finish_rows_c3(%acc: memref<1024xi32>, %scale: memref<32xf32>, %c: memref<1024xi8>, %i: index, %z: i32, %f: f32) {
  // expected-error@below {{expected a positive number of columns}}
  microkernel.finish_rows acc(%acc[%i]) count(%i) scale(%scale : memref<32xf32>) column(%i) c(%c[%i]) zero_point(%z)
      {columns = 0 : i64, c_row_stride = 32 : i64} : memref<1024xi32>, memref<1024xi8>
  return
}

// -----

// launch_c2: the layer exists
func.func private @k(memref<4xf32>)
func.func @launch_c2(%a: memref<4xf32>, %context: !llvm.ptr) {
  // expected-error@below {{expected a layer of the module, got @k}}
  microkernel.launch @k(%a) layer(@k) context(%context) : memref<4xf32>
  return
}
