//===- CompiledNetwork.cpp - The JIT as a network
//--------------------------===//
//----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Validate/Validate.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
class CompiledNetwork final : public Network {
public:
  explicit CompiledNetwork(std::unique_ptr<JITNetwork> jit)
      : jit(std::move(jit)), inputInfos(getInfos(this->jit->getInputs())),
        outputInfos(getInfos(this->jit->getOutputs())) {}

  ArrayRef<PortInfo> inputs() const override { return inputInfos; }
  ArrayRef<PortInfo> outputs() const override { return outputInfos; }
  llvm::Error run(ArrayRef<const void *> inputs, ArrayRef<void *> outputs,
                  ProfileFn) override {
    jit->run(inputs, outputs);
    return llvm::Error::success();
  }

private:
  static std::vector<PortInfo> getInfos(ArrayRef<TensorInfo> tensors) {
    std::vector<PortInfo> infos;
    for (const TensorInfo &tensor : tensors)
      infos.push_back({tensor.name, getArrayType(tensor.type), tensor.shape});
    return infos;
  }

  std::unique_ptr<JITNetwork> jit;
  std::vector<PortInfo> inputInfos, outputInfos;
};
} // namespace

std::unique_ptr<Network> qnn::makeNetwork(std::unique_ptr<JITNetwork> jit) {
  return std::make_unique<CompiledNetwork>(std::move(jit));
}
