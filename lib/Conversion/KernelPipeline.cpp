//===- KernelPipeline.cpp - From a network to the LLVM dialect ------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Conversion/Passes.h"

#include "qnn/Dialect/Microkernel/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void qnn::buildKernelPipeline(
    OpPassManager &pm, const TargetLevel &level,
    llvm::function_ref<void(OpPassManager &)> atBuffers) {
  // Graph or Quantized stage: func, qnn, quant.
  pm.addPass(createConvertQNNToMicrokernelPass({level.name.str()}));
  // Kernel stage: func, arith, scf, vector, memref, microkernel. The plan needs
  // straight-line code in the entry function, which only calls kernels.
  pm.addPass(createPlanMemoryPass());
  // Buffers stage: the same, without memref.alloc.
  if (atBuffers)
    atBuffers(pm);
  pm.addPass(createConvertMicrokernelToVectorPass({level.name.str()}));
  // Index arithmetic repeats between rows and columns of a block.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  // LLVM stage. Vectors first: their loads and stores still need memrefs.
  pm.addPass(createConvertSCFToCFPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  // Bare pointers: every buffer has a static shape.
  ConvertFuncToLLVMPassOptions toLLVM;
  toLLVM.useBarePtrCallConv = true;
  pm.addPass(createConvertFuncToLLVMPass(toLLVM));
  // Launches last: what they call is an LLVM function by now.
  pm.addPass(createConvertMicrokernelToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

namespace {
struct KernelPipelineOptions : PassPipelineOptions<KernelPipelineOptions> {
  Option<std::string> level{
      *this, "level", llvm::cl::init("x86-64"),
      llvm::cl::desc("instruction-set level, one of the names --march takes")};
};
} // namespace

void qnn::registerKernelPipeline() {
  PassPipelineRegistration<KernelPipelineOptions>(
      "qnn-kernel-pipeline",
      "From the Quantized stage (or a float graph) to the LLVM dialect",
      [](OpPassManager &pm, const KernelPipelineOptions &options) {
        if (const TargetLevel *level = findLevel(options.level))
          buildKernelPipeline(pm, *level);
        else // The first pass reports the name.
          pm.addPass(createConvertQNNToMicrokernelPass({options.level}));
      });
}
