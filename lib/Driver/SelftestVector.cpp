//===- SelftestVector.cpp - The golden vector of a network ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Float inputs that are quantized first get values over their whole range; the
// others get values in [-1, 1).
//
//===----------------------------------------------------------------------===//

#include "Steps.h"

#include "qnn/Reference/Interpreter.h"
#include "qnn/Target/JIT.h"

#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace mlir::qnn;

/// Above this many multiply-accumulates the interpreter takes longer than some
/// ten seconds.
static constexpr int64_t kMaxInterpretedMacs = int64_t(8) << 30;

/// The generator makes 24-bit integers: the step that spreads them over the
/// range of the input.
static float getStep(BlockArgument argument) {
  for (Operation *user : argument.getUsers())
    if (auto qcast = dyn_cast<quant::QuantizeCastOp>(user))
      if (auto type = getUniformElementType(qcast.getType()))
        return static_cast<float>(type.getScale() * 0x1p-15);
  return 0x1p-23f;
}

/// Whether its integers are exchanged as they are in a Tensor.
static bool isWord(const Tensor &tensor) {
  return tensor.getType().getElementType().isInteger(32);
}

static Tensor makeTensor(Type type, ArrayRef<char> bytes) {
  Tensor tensor(cast<RankedTensorType>(type));
  if (tensor.isFloat())
    std::memcpy(tensor.mutableFloats().data(), bytes.data(), bytes.size());
  else if (tensor.isLong())
    std::memcpy(tensor.mutableLongs().data(), bytes.data(), bytes.size());
  else if (isWord(tensor))
    std::memcpy(tensor.mutableIntegers().data(), bytes.data(), bytes.size());
  else
    std::copy_n(reinterpret_cast<const int8_t *>(bytes.data()), bytes.size(),
                tensor.mutableIntegers().begin());
  return tensor;
}

static std::vector<char> getBytes(const Tensor &tensor) {
  std::vector<char> bytes;
  tensor.visit([&](auto zero) {
    auto elements = tensor.get<decltype(zero)>();
    if (std::is_same_v<decltype(zero), int32_t> && !isWord(tensor))
      return bytes.assign(elements.begin(), elements.end());
    auto *from = reinterpret_cast<const char *>(elements.data());
    bytes.assign(from, from + elements.size() * sizeof(zero));
  });
  return bytes;
}

using Buffers = std::vector<std::vector<char>>;

static llvm::Expected<Buffers> runInterpreter(func::FuncOp func,
                                              const Buffers &inputs) {
  SmallVector<Tensor> tensors;
  for (auto [type, bytes] : llvm::zip(func.getArgumentTypes(), inputs))
    tensors.push_back(makeTensor(type, bytes));
  FailureOr<SmallVector<Tensor>> results = interpret(func, tensors);
  if (failed(results))
    return llvm::createStringError("the network cannot be interpreted");
  Buffers outputs;
  for (const Tensor &tensor : *results)
    outputs.push_back(getBytes(tensor));
  return outputs;
}

static llvm::Expected<Buffers> runCode(const GeneratedCode &code,
                                       const Buffers &inputs) {
  auto jit = JITNetwork::create(code);
  if (!jit)
    return jit.takeError();
  SmallVector<const void *> from;
  SmallVector<void *> to;
  Buffers outputs;
  for (const std::vector<char> &bytes : inputs)
    from.push_back(bytes.data());
  for (const TensorInfo &tensor : code.outputs)
    outputs.emplace_back(getByteSize(tensor));
  for (std::vector<char> &bytes : outputs)
    to.push_back(bytes.data());
  (*jit)->run(from, to);
  return outputs;
}

llvm::Expected<SelftestVector>
qnn::makeSelftestVector(func::FuncOp func, const GeneratedCode &code,
                        const llvm::Triple &triple) {
  SelftestVector vector;
  Buffers inputs;
  for (auto [i, tensor] : llvm::enumerate(code.inputs)) {
    vector.steps.push_back(getStep(func.getArgument(i)));
    inputs.push_back(makeSelftestInput(tensor, i, vector.steps.back()));
  }
  bool isHost =
      llvm::Triple(llvm::sys::getProcessTriple()).getArch() == triple.getArch();
  bool isLarge = countMacs(func) > kMaxInterpretedMacs;
  llvm::Expected<Buffers> outputs =
      isHost && isLarge ? runCode(code, inputs) : runInterpreter(func, inputs);
  if (!outputs)
    return outputs.takeError();
  SmallVector<ArrayRef<char>> bytes(outputs->begin(), outputs->end());
  vector.hash = hashSelftestOutputs(bytes);
  return vector;
}
