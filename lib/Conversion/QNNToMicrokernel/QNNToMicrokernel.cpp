//===- QNNToMicrokernel.cpp - Lower a network to kernel calls -------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The pass around NetworkLowering: a module with one function on tensors in, a
// module with one public function on buffers and its private kernels out.
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

#include "qnn/Conversion/Passes.h"
#include "qnn/Dialect/Microkernel/IR/Microkernel.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_CONVERTQNNTOMICROKERNELPASS
#include "qnn/Conversion/Passes.h.inc"
} // namespace mlir::qnn

using namespace mlir;

namespace {
struct ConvertQNNToMicrokernelPass final
    : qnn::impl::ConvertQNNToMicrokernelPassBase<ConvertQNNToMicrokernelPass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    const qnn::TargetLevel *target = qnn::findLevel(level);
    if (!target) {
      module.emitError("expected a level that --march takes, got '")
          << level << "'";
      return signalPassFailure();
    }
    auto functions = module.getOps<func::FuncOp>();
    if (std::distance(functions.begin(), functions.end()) != 1) {
      module.emitError("expected a module with one function, the network");
      return signalPassFailure();
    }
    qnn::NetworkLowering lowering(module, *functions.begin(), *target);
    if (failed(lowering.run()))
      signalPassFailure();
  }
};
} // namespace
