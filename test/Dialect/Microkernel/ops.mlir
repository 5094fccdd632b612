// RUN: quant-opt %s --verify-roundtrip | FileCheck %s

// Every optional part prints and parses.
// CHECK-LABEL: func.func @quantized_with_residual(
// CHECK:         microkernel.brgemm a(%{{[a-z0-9]+}}[%{{[a-z0-9]+}}]) b(%{{[a-z0-9]+}}[%{{[a-z0-9]+}}]) bias(%{{[a-z0-9]+}} : memref<16xi32>)
// CHECK-SAME:      scale(%{{[a-z0-9]+}} : memref<16xf32>) column(%{{[a-z0-9]+}}) c(%{{[a-z0-9]+}}[%{{[a-z0-9]+}}])
// CHECK-SAME:      residual(%{{[a-z0-9]+}}[%{{[a-z0-9]+}}] : memref<32xi8>) low(%{{[a-z0-9]+}}) high(%{{[a-z0-9]+}}) zero_point(%{{[a-z0-9]+}})
// CHECK-SAME:      residual_factor(%{{[a-z0-9]+}}) residual_zero(%{{[a-z0-9]+}})
func.func @quantized_with_residual(%a: memref<16xi8>, %b: memref<128xi8>, %bias: memref<16xi32>, %scale: memref<16xf32>,
                                   %c: memref<32xi8>, %r: memref<32xi8>, %i: index, %f: f32, %z: i32) {
  microkernel.brgemm a(%a[%i]) b(%b[%i]) bias(%bias : memref<16xi32>) scale(%scale : memref<16xf32>) column(%i) c(%c[%i])
      residual(%r[%i] : memref<32xi8>) low(%f) high(%f) zero_point(%z) residual_factor(%f) residual_zero(%z)
      {rows = array<i64: 1, 2>, columns = 16 : i64, a_row_strides = array<i64: 0, 8>, c_row_strides = array<i64: 0, 16>,
       residual_row_strides = array<i64: 0, 16>, reduction = array<i64: 2>, reduction_strides = array<i64: 4>,
       b_block_stride = 128 : i64}
      : memref<16xi8>, memref<128xi8>, memref<32xi8>
  return
}

// CHECK-LABEL: func.func @float_without_options(
// CHECK:         microkernel.brgemm a(%{{[a-z0-9]+}}[%{{[a-z0-9]+}}]) b(%{{[a-z0-9]+}}[%{{[a-z0-9]+}}]) column(%{{[a-z0-9]+}}) c(%{{[a-z0-9]+}}[%{{[a-z0-9]+}}]) {
func.func @float_without_options(%a: memref<4xf32>, %b: memref<64xf32>, %c: memref<16xf32>, %i: index) {
  microkernel.brgemm a(%a[%i]) b(%b[%i]) column(%i) c(%c[%i])
      {rows = array<i64: 1, 1>, columns = 16 : i64, a_row_strides = array<i64: 0, 0>, c_row_strides = array<i64: 0, 0>,
       reduction = array<i64: 4>, reduction_strides = array<i64: 1>, b_block_stride = 64 : i64}
      : memref<4xf32>, memref<64xf32>, memref<16xf32>
  return
}

// CHECK:       microkernel.layer @layer_0 {input_bytes = 3 : i64, is_float, kind = "k", macs = 1 : i64, node = "n", output_bytes = 4 : i64, weight_bytes = 2 : i64}
// CHECK-LABEL: func.func @launches(
// CHECK:         microkernel.launch @launched(%{{[a-z0-9]+}}) context(%{{[a-z0-9]+}}) : memref<4xf32>
// CHECK-NEXT:    microkernel.launch @split(%{{[a-z0-9]+}}) units(2) layer(@layer_0) context(%{{[a-z0-9]+}}) : memref<4xf32>
microkernel.layer @layer_0 {node = "n", kind = "k", is_float, macs = 1 : i64, weight_bytes = 2 : i64, input_bytes = 3 : i64, output_bytes = 4 : i64}
func.func private @launched(memref<4xf32>)
func.func private @split(memref<4xf32>, index, index)
func.func @launches(%a: memref<4xf32>, %context: !llvm.ptr) {
  microkernel.launch @launched(%a) context(%context) : memref<4xf32>
  microkernel.launch @split(%a) units(2) layer(@layer_0) context(%context) : memref<4xf32>
  return
}

// CHECK-LABEL: func.func @tiles(
// CHECK:         microkernel.tile_configure %{{[a-z0-9]+}} : memref<64xi8>
// CHECK-NEXT:    microkernel.tile_brgemm a(%{{[a-z0-9]+}}[%{{[a-z0-9]+}}, %{{[a-z0-9]+}}]) b(%{{[a-z0-9]+}}[%{{[a-z0-9]+}}]) bias(%{{[a-z0-9]+}})
// CHECK:         microkernel.tile_release
// CHECK-NEXT:    microkernel.finish_rows acc(%{{[a-z0-9]+}}[%{{[a-z0-9]+}}]) count(%{{[a-z0-9]+}}) scale(%{{[a-z0-9]+}} : memref<32xf32>)
// CHECK-SAME:      residual(%{{[a-z0-9]+}}[%{{[a-z0-9]+}}] : memref<1024xi8>) low(%{{[a-z0-9]+}}) high(%{{[a-z0-9]+}}) zero_point(
func.func @tiles(%config: memref<64xi8>, %a: memref<2048xi8>, %b: memref<2048xi8>, %bias: memref<32xi32>, %acc: memref<1024xi32>,
                 %scale: memref<32xf32>, %c: memref<1024xi8>, %r: memref<1024xi8>, %i: index, %f: f32, %z: i32) {
  microkernel.tile_configure %config : memref<64xi8>
  microkernel.tile_brgemm a(%a[%i, %i]) b(%b[%i]) bias(%bias) column(%i) c(%acc[%i])
      {rows = 16 : i64, depth = 16 : i64, columns = 32 : i64, a_row_stride = 64 : i64, reduction = array<i64: 1>,
       reduction_strides = array<i64: 64>, b_block_stride = 1024 : i64}
      : memref<2048xi8>, memref<2048xi8>, memref<32xi32>, memref<1024xi32>
  microkernel.tile_release
  microkernel.finish_rows acc(%acc[%i]) count(%i) scale(%scale : memref<32xf32>) column(%i) c(%c[%i])
      residual(%r[%i] : memref<1024xi8>) low(%f) high(%f) zero_point(%z) residual_factor(%f) residual_zero(%z)
      {columns = 32 : i64, c_row_stride = 32 : i64, residual_row_stride = 32 : i64} : memref<1024xi32>, memref<1024xi8>
  return
}
