// The inner loop of a quantized convolution at every AArch64 level.
// RUN: quant-opt %s -qnn-kernel-pipeline=level=dotprod | %mlir-translate --mlir-to-llvmir | %llc -O2 -mtriple=aarch64 -mattr=+dotprod | FileCheck %s --check-prefix=DOT
// RUN: quant-opt %s -qnn-kernel-pipeline=level=i8mm | %mlir-translate --mlir-to-llvmir | %llc -O2 -mtriple=aarch64 -mcpu=neoverse-v1 | FileCheck %s --check-prefix=MATRIX
// RUN: quant-opt %s -qnn-kernel-pipeline=level=armv8-a | %mlir-translate --mlir-to-llvmir | %llc -O2 -mtriple=aarch64 | FileCheck %s --check-prefix=NEON

// DOT-LABEL: conv2d_{{.*}}:
// Four steps of a row are one load; its quarters are elements of the instruction.
// DOT-COUNT-24: sdot v{{[0-9]+}}.4s, v{{[0-9]+}}.16b, v{{[0-9]+}}.4b[0]
// DOT-COUNT-24: sdot v{{[0-9]+}}.4s, v{{[0-9]+}}.16b, v{{[0-9]+}}.4b[1]
// MATRIX-LABEL: conv2d_{{.*}}:
// MATRIX:         zip1 v{{[0-9]+}}.4s
// MATRIX-COUNT-24: smmla v{{[0-9]+}}.4s
// MATRIX:         b.{{[a-z]+}}
// NEON-LABEL: conv2d_{{.*}}:
// Two products are summed in 16 bits.
// NEON:         smull{{2?}} v{{[0-9]+}}.8h
// NEON:         smlal{{2?}} v{{[0-9]+}}.8h
// NEON:         sadalp v{{[0-9]+}}.4s, v{{[0-9]+}}.8h
!x = !quant.uniform<i8:f32, 0.5:1>
!w = !quant.uniform<i8:f32, 0.25>
func.func @main(%x: tensor<1x14x14x64x!x>) -> tensor<1x14x14x32x!x> {
  %w = qnn.constant dense<1> : tensor<32x1x1x64xi8> as tensor<32x1x1x64x!w>
  %0 = qnn.conv2d %x, %w : (tensor<1x14x14x64x!x>, tensor<32x1x1x64x!w>) -> tensor<1x14x14x32x!x>
  return %0 : tensor<1x14x14x32x!x>
}
