// Products in bf16 on AArch64: bfmlalt and bfmlalb are one fused multiply-add each (bfdot and bfmmla round otherwise).
// RUN: quant-opt %s -qnn-kernel-pipeline=level=bf16 | %mlir-translate --mlir-to-llvmir | %llc -O2 -mtriple=aarch64 -mattr=+bf16,+i8mm | FileCheck %s --check-prefix=BF16
// RUN: quant-opt %s -qnn-kernel-pipeline=level=i8mm | %mlir-translate --mlir-to-llvmir | %llc -O2 -mtriple=aarch64 -mattr=+i8mm | FileCheck %s --check-prefix=FMLA

// BF16-LABEL: conv2d_{{.*}}:
// BF16-COUNT-24: bfmlalt v{{[0-9]+}}.4s
// BF16-NOT:    fmla v
// BF16-NOT:    bfdot
// FMLA-LABEL: conv2d_{{.*}}:
// FMLA-NOT:    bfmlal
// FMLA-COUNT-24: fmla v{{[0-9]+}}.4s
func.func @main(%x: tensor<1x14x14x64xf32>) -> tensor<1x14x14x32xf32> {
  %w = qnn.constant dense<0.5> : tensor<32x1x1x64xbf16>
  %n = qnn.to_bf16 %x : tensor<1x14x14x64xf32> -> tensor<1x14x14x64xbf16>
  %0 = qnn.conv2d %n, %w : (tensor<1x14x14x64xbf16>, tensor<32x1x1x64xbf16>) -> tensor<1x14x14x32xf32>
  return %0 : tensor<1x14x14x32xf32>
}
