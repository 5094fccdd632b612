// RUN: quant-opt %s -convert-microkernel-to-vector=level=avx512vnni | FileCheck %s --check-prefixes=CHECK,VNNI
// RUN: quant-opt %s -convert-microkernel-to-vector=level=x86-64-v3 | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: quant-opt %s -convert-microkernel-to-vector=level=dotprod | FileCheck %s --check-prefixes=CHECK,DOT
// RUN: quant-opt %s -convert-microkernel-to-vector=level=i8mm | FileCheck %s --check-prefixes=CHECK,MATRIX
// RUN: quant-opt %s -convert-microkernel-to-vector=level=armv8-a | FileCheck %s --check-prefixes=CHECK,NEON
// RUN: quant-opt %s -convert-microkernel-to-vector -convert-microkernel-to-vector > %t.twice
// RUN: quant-opt %s -convert-microkernel-to-vector | diff - %t.twice
// RUN: not quant-opt %s -convert-microkernel-to-vector=level=sse9 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: expected a level that --march takes, got 'sse9'

// Two pixels of 16 channels: as many accumulators per pixel as 16 (or, summing pairs, 32) lanes need. dotprod takes four steps at once,
// i8mm two steps of both pixels.
// CHECK-LABEL: func.func @two_pixels(
// CHECK-NOT:     microkernel.brgemm
// CHECK:         scf.for
// VNNI-COUNT-2:    llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// VNNI-NOT:        llvm.call_intrinsic
// AVX2-COUNT-8:    llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
// AVX2-NOT:        llvm.call_intrinsic
// DOT-COUNT-32:    llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"
// DOT-NOT:         llvm.call_intrinsic
// MATRIX-COUNT-8:  llvm.call_intrinsic "llvm.aarch64.neon.smmla.v4i32.v16i8"
// MATRIX-NOT:      llvm.call_intrinsic
// NEON-COUNT-16:   llvm.call_intrinsic "llvm.aarch64.neon.saddlp.v4i32.v8i16"
// NEON-NOT:        llvm.call_intrinsic
// VNNI-COUNT-2:  vector.store %{{.*}} : memref<32xi32>, vector<16xi32>
// AVX2-COUNT-4:  vector.store %{{.*}} : memref<32xi32>, vector<8xi32>
// DOT-COUNT-8:   vector.store %{{.*}} : memref<32xi32>, vector<4xi32>
// MATRIX-COUNT-8: vector.store %{{.*}} : memref<32xi32>, vector<4xi32>
// NEON-COUNT-8:  vector.store %{{.*}} : memref<32xi32>, vector<4xi32>
// CHECK-NOT:     vector.store
func.func @two_pixels(%a: memref<64xi8>, %b: memref<512xi8>, %c: memref<32xi32>, %i: index) {
  microkernel.brgemm a(%a[%i]) b(%b[%i]) column(%i) c(%c[%i])
      {rows = array<i64: 1, 2>, columns = 16 : i64, a_row_strides = array<i64: 0, 32>, c_row_strides = array<i64: 0, 16>,
       reduction = array<i64: 8>, reduction_strides = array<i64: 4>, b_block_stride = 512 : i64}
      : memref<64xi8>, memref<512xi8>, memref<32xi32>
  return
}

// Five columns are computed as 16 and stored as 5.
// CHECK-LABEL: func.func @stores_only_its_columns(
// VNNI:          vector.store %{{.*}} : memref<5xf32>, vector<5xf32>
// AVX2:          vector.store %{{.*}} : memref<5xf32>, vector<5xf32>
// DOT:           vector.store %{{.*}} : memref<5xf32>, vector<4xf32>
// DOT:           vector.store %{{.*}} : memref<5xf32>, vector<1xf32>
// MATRIX:        vector.store %{{.*}} : memref<5xf32>, vector<4xf32>
// NEON:          vector.store %{{.*}} : memref<5xf32>, vector<4xf32>
// MATRIX:        vector.store %{{.*}} : memref<5xf32>, vector<1xf32>
// NEON:          vector.store %{{.*}} : memref<5xf32>, vector<1xf32>
// CHECK-NOT:     vector.store
func.func @stores_only_its_columns(%a: memref<4xf32>, %b: memref<64xf32>, %c: memref<5xf32>, %i: index) {
  microkernel.brgemm a(%a[%i]) b(%b[%i]) column(%i) c(%c[%i])
      {rows = array<i64: 1, 1>, columns = 5 : i64, a_row_strides = array<i64: 0, 0>, c_row_strides = array<i64: 0, 0>,
       reduction = array<i64: 4>, reduction_strides = array<i64: 1>, b_block_stride = 64 : i64}
      : memref<4xf32>, memref<64xf32>, memref<5xf32>
  return
}

// Two rows of 16 bytes: packed a register at a time, stored a row at a time.
// CHECK-LABEL: func.func @packs_bytes(
// VNNI-COUNT-2:  llvm.call_intrinsic "llvm.lrint.v16i32.v16f32"
// VNNI-COUNT-2:  llvm.call_intrinsic "llvm.x86.avx512.packssdw.512"
// VNNI:          llvm.call_intrinsic "llvm.x86.avx512.packuswb.512"
// AVX2-COUNT-4:  llvm.call_intrinsic "llvm.lrint.v8i32.v8f32"
// AVX2:          llvm.call_intrinsic "llvm.x86.avx2.packuswb"
// DOT-COUNT-6:   llvm.call_intrinsic "llvm.aarch64.neon.sqxtn
// CHECK-COUNT-2: vector.store %{{.*}} : memref<32xi8>, vector<16xi8>
// CHECK-NOT:     vector.store
func.func @packs_bytes(%a: memref<16xi8>, %b: memref<128xi8>, %scale: memref<16xf32>, %c: memref<32xi8>, %i: index, %zp: i32) {
  microkernel.brgemm a(%a[%i]) b(%b[%i]) scale(%scale : memref<16xf32>) column(%i) c(%c[%i]) zero_point(%zp)
      {rows = array<i64: 1, 2>, columns = 16 : i64, a_row_strides = array<i64: 0, 8>, c_row_strides = array<i64: 0, 16>,
       reduction = array<i64: 2>, reduction_strides = array<i64: 4>, b_block_stride = 128 : i64}
      : memref<16xi8>, memref<128xi8>, memref<32xi8>
  return
}
