// RUN: split-file %s %t
// RUN: quant-opt %t/graph.mlir -qnn-verify-stage=stage=graph -qnn-verify-stage=stage=graph > %t.once
// RUN: quant-opt %t/graph.mlir | diff - %t.once
// RUN: quant-opt %t/calibrated.mlir -qnn-verify-stage=stage=calibrated -o /dev/null
// RUN: quant-opt %t/qdq.mlir -qnn-verify-stage=stage=qdq -o /dev/null
// RUN: quant-opt %t/quantized.mlir -qnn-verify-stage=stage=quantized -o /dev/null

// RUN: not quant-opt %t/graph.mlir -qnn-verify-stage=stage=calibrated 2>&1 | FileCheck %s --check-prefix=BATCH-NORM
// BATCH-NORM: error: 'qnn.batch_norm' in stage calibrated: the stage does not allow batch norms (run qnn-fold-batch-norm)
// RUN: not quant-opt %t/calibrated.mlir -qnn-verify-stage=stage=graph 2>&1 | FileCheck %s --check-prefix=OBSERVE
// OBSERVE: error: 'qnn.observe' in stage graph: the stage does not allow observers (run qnn-quantize)
// RUN: not quant-opt %t/qdq.mlir -qnn-verify-stage=stage=graph 2>&1 | FileCheck %s --check-prefix=DIALECT
// DIALECT: error: 'quant.qcast' in stage graph: the stage does not allow its dialect
// RUN: not quant-opt %t/qdq.mlir -qnn-verify-stage=stage=quantized 2>&1 | FileCheck %s --check-prefix=PAIR
// PAIR: error: 'quant.qcast' in stage quantized: the stage does not allow a quantize after a dequantize (run qnn-fold-qdq)
// RUN: not quant-opt %t/quantized.mlir -qnn-verify-stage=stage=qdq 2>&1 | FileCheck %s --check-prefix=QUANTIZED
// QUANTIZED: error: 'qnn.relu' in stage qdq: the stage does not allow quantized tensors in it

// RUN: not quant-opt %t/graph.mlir -qnn-verify-stage=stage=final 2>&1 | FileCheck %s --check-prefix=STAGE
// STAGE: error: qnn-verify-stage: expected stage graph, calibrated, qdq or quantized, got 'final'

//--- graph.mlir
func.func @main(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %p = qnn.constant dense<1.0> : tensor<2xf32>
  %0 = qnn.batch_norm %x, %p, %p, %p, %p {epsilon = 0.0 : f32} : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

//--- calibrated.mlir
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = qnn.observe %x as "x" : tensor<2xf32>
  return %0 : tensor<2xf32>
}

//--- qdq.mlir
!q = !quant.uniform<i8:f32, 5.0e-01>
func.func @main() -> tensor<2x!q> {
  %0 = qnn.constant dense<1> : tensor<2xi8> as tensor<2x!q>
  %1 = "quant.dcast"(%0) : (tensor<2x!q>) -> tensor<2xf32>
  %2 = "quant.qcast"(%1) : (tensor<2xf32>) -> tensor<2x!q>
  return %2 : tensor<2x!q>
}

//--- quantized.mlir
!q = !quant.uniform<i8:f32, 5.0e-01>
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = "quant.qcast"(%x) : (tensor<2xf32>) -> tensor<2x!q>
  %1 = qnn.relu %0 : (tensor<2x!q>) -> tensor<2x!q>
  %2 = "quant.dcast"(%1) : (tensor<2x!q>) -> tensor<2xf32>
  return %2 : tensor<2xf32>
}
