// The inner loop of a quantized convolution at every x86-64 level. 64 input channels, 14 pixels, 32 output channels.
// RUN: quant-opt %s -qnn-kernel-pipeline=level=avx512vnni | %mlir-translate --mlir-to-llvmir | %llc -O2 -mtriple=x86_64 -mattr=+avx512f,+avx512vl,+avx512bw,+avx512dq,+avx512vnni | FileCheck %s --check-prefix=VNNI512
// RUN: quant-opt %s -qnn-kernel-pipeline=level=avx512vnni | %mlir-translate --mlir-to-llvmir | %llc -O2 -mtriple=x86_64 -mattr=+avx512f,+avx512vl,+avx512bw,+avx512dq,+avx512vnni | sed -n '/Inner Loop Header/,/^[[:space:]]j/p' | FileCheck %s --check-prefix=INNER --implicit-check-not=Spill --implicit-check-not=Reload
// RUN: quant-opt %s -qnn-kernel-pipeline=level=avxvnni | %mlir-translate --mlir-to-llvmir | %llc -O2 -mtriple=x86_64 -mattr=+avx2,+fma,+avxvnni | FileCheck %s --check-prefix=VNNI256
// RUN: quant-opt %s -qnn-kernel-pipeline=level=x86-64-v3 | %mlir-translate --mlir-to-llvmir | %llc -O2 -mtriple=x86_64 -mattr=+avx2,+fma | FileCheck %s --check-prefix=AVX2
// RUN: quant-opt %s -qnn-kernel-pipeline=level=x86-64 | %mlir-translate --mlir-to-llvmir | %llc -O2 -mtriple=x86_64 | FileCheck %s --check-prefix=SSE2
// RUN: quant-opt %s -qnn-kernel-pipeline=level=amx-int8 | %mlir-translate --mlir-to-llvmir | %llc -O2 -mtriple=x86_64 -mattr=+avx512f,+avx512vl,+avx512bw,+avx512dq,+avx512vnni,+amx-tile,+amx-int8 | FileCheck %s --check-prefix=AMX

// 28 accumulators, two weights and a broadcast fit 32 registers: no spill in an inner loop.
// INNER-COUNT-28:  vpdpbusd {{.*}}%zmm
// VNNI512-LABEL: conv2d_{{.*}}:
// VNNI512:         vpbroadcastd
// VNNI512-COUNT-28: vpdpbusd {{.*}}%zmm
// VNNI512-NOT:     vpdpbusd
// VNNI512:         j{{[a-z]+}}
// VNNI256-LABEL: conv2d_{{.*}}:
// VNNI256-COUNT-12: {vex} vpdpbusd {{.*}}%ymm
// AVX2-LABEL:    conv2d_{{.*}}:
// Ones are proved: 4 pixels x 16 channels, two steps at a time, one by one, and the exact form. Nothing spills.
// AVX2-COUNT-16:   vpmaddubsw {{.*}}%ymm
// AVX2:            j{{[bl]}}
// AVX2-COUNT-8:    vpmaddubsw {{.*}}%ymm
// AVX2:            j{{[bl]}}
// AVX2-NOT:        vpmaddubsw
// AVX2-COUNT-16:   vpmaddwd {{.*}}%ymm
// SSE2-LABEL:    conv2d_{{.*}}:
// SSE2:            pmaddwd
// The bias fills four tiles of sums, each is multiplied once (64 channels are one tile deep), stored and finished.
// AMX-LABEL:     conv2d_{{.*}}:
// AMX:             ldtilecfg
// AMX-COUNT-4:     tileloadd {{.*}}%tmm
// AMX-COUNT-2:     tileloadd {{.*}}%tmm{{[67]}}
// AMX:             tileloadd {{.*}}%tmm4
// AMX:             tdpbusd %tmm6, %tmm4, %tmm0
// AMX:             tdpbusd %tmm7, %tmm4, %tmm1
// AMX:             tileloadd {{.*}}%tmm5
// AMX:             tdpbusd %tmm6, %tmm5, %tmm2
// AMX:             tdpbusd %tmm7, %tmm5, %tmm3
// AMX-COUNT-4:     tilestored %tmm
// AMX:             vpackssdw {{.*}}%zmm
// AMX:             vpackuswb {{.*}}%zmm
// AMX:             tilerelease
!x = !quant.uniform<i8:f32, 0.5:1>
!w = !quant.uniform<i8:f32, 0.25>
func.func @main(%x: tensor<1x14x14x64x!x>) -> tensor<1x14x14x32x!x> {
  %w = qnn.constant dense<1> : tensor<32x1x1x64xi8> as tensor<32x1x1x64x!w>
  %0 = qnn.conv2d %x, %w : (tensor<1x14x14x64x!x>, tensor<32x1x1x64x!w>) -> tensor<1x14x14x32x!x>
  return %0 : tensor<1x14x14x32x!x>
}
