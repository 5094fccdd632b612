//===- InitAll.cpp - Registers every dialect and pass ---------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/InitAll.h"

#include "qnn/Conversion/Passes.h"
#include "qnn/Dialect/Microkernel/IR/Microkernel.h"
#include "qnn/Dialect/Microkernel/Transforms/Passes.h"
#include "qnn/Dialect/QNN/IR/QNN.h"
#include "qnn/Dialect/QNN/Transforms/Passes.h"
#include "qnn/Pipelines/Pipelines.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Dialect/Tosa/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void qnn::registerAllDialects(DialectRegistry &registry) {
  registry.insert<
      QNNDialect, microkernel::MicrokernelDialect, quant::QuantizationDialect,
      func::FuncDialect, arith::ArithDialect, math::MathDialect,
      scf::SCFDialect, cf::ControlFlowDialect, memref::MemRefDialect,
      vector::VectorDialect, tosa::TosaDialect, LLVM::LLVMDialect>();
}

void qnn::registerAllPasses() {
  registerCanonicalizerPass();
  registerCSEPass();
  registerSymbolDCEPass();
  tosa::registerTosaInferShapesPass();
  registerQNNTransformsPasses();
  registerQNNMicrokernelPasses();
  registerQNNConversionPasses();
  registerKernelPipeline();
  registerPipelines();
}
