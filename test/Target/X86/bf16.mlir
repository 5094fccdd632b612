// Products in bf16: one instruction for two products where there is one, else two fused multiply-adds.
// RUN: quant-opt %s -qnn-kernel-pipeline=level=avx512bf16 | %mlir-translate --mlir-to-llvmir | %llc -O2 -mtriple=x86_64 -mattr=+avx512f,+avx512vl,+avx512bw,+avx512dq,+avx512vnni,+avx512bf16 | FileCheck %s --check-prefix=BF16
// RUN: quant-opt %s -qnn-kernel-pipeline=level=amx-int8 | %mlir-translate --mlir-to-llvmir | %llc -O2 -mtriple=x86_64 -mattr=+avx512f,+avx512vl,+avx512bw,+avx512dq,+avx512vnni,+avx512bf16 | FileCheck %s --check-prefix=BF16
// RUN: quant-opt %s -qnn-kernel-pipeline=level=x86-64-v3 | %mlir-translate --mlir-to-llvmir | %llc -O2 -mtriple=x86_64 -mattr=+avx2,+fma | FileCheck %s --check-prefix=AVX2

// BF16-LABEL:    to_bf16_{{.*}}:
// BF16:            vcvtneps2bf16 {{.*}}%zmm
// 28 accumulators, two weights and a broadcast fit 32 registers.
// BF16-LABEL:    conv2d_{{.*}}:
// BF16:            v{{p?}}broadcast
// BF16-COUNT-28:   vdpbf16ps {{.*}}%zmm
// BF16-NOT:        vdpbf16ps
// BF16:            j{{[a-z]+}}
// AVX2-LABEL:    conv2d_{{.*}}:
// AVX2-NOT:        bf16
// AVX2-COUNT-2:    vfmadd{{.*}}%ymm
func.func @main(%x: tensor<1x14x14x64xf32>) -> tensor<1x14x14x32xf32> {
  %w = qnn.constant dense<0.5> : tensor<32x1x1x64xbf16>
  %n = qnn.to_bf16 %x : tensor<1x14x14x64xf32> -> tensor<1x14x14x64xbf16>
  %0 = qnn.conv2d %n, %w : (tensor<1x14x14x64xbf16>, tensor<32x1x1x64xbf16>) -> tensor<1x14x14x32xf32>
  return %0 : tensor<1x14x14x32xf32>
}
