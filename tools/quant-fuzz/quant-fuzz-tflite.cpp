//===- quant-fuzz-tflite.cpp - Fuzzes the TFLite importer -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A libFuzzer program: bytes to a verified module and through the passes of
// quant-import. Mutations are of the model's tables, of aligned words (options
// of ops are among them), or of bytes. utils/fuzz.sh builds and runs it.
//
//===----------------------------------------------------------------------===//

#include "FuzzImport.h"
#include "Numbers.h"

#include "qnn/Import/TFLite/Importer.h"

#include "llvm/ADT/StringRef.h"

#include <cstring>

#include "Schema_generated.h" // with the object API

using namespace mlir::qnn::fuzz;
using namespace mlir::qnn::tflite;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::MemoryBufferRef model(
      llvm::StringRef(reinterpret_cast<const char *>(data), size),
      "model.tflite");
  fuzzImport([&](mlir::MLIRContext &context) {
    return mlir::qnn::importTFLite(model, mlir::qnn::ImportOptions(), &context);
  });
  return 0;
}

//===----------------------------------------------------------------------===//
// Mutations
//===----------------------------------------------------------------------===//

namespace {
class ModelMutator {
public:
  ModelMutator(ModelT &model, Random &random) : model(model), random(random) {}

  /// Changes one thing.
  void mutate();

private:
  /// One of a list of tables; null when it has none.
  template <typename T> T *pick(std::vector<std::unique_ptr<T>> &list) {
    return list.empty() ? nullptr : list[random.below(list.size())].get();
  }
  /// One entry of a list of numbers changed, added or removed.
  template <typename T> void mutateList(std::vector<T> &list);
  /// Enum values there are, and some there are not.
  template <typename T> T anyOf(T last) {
    return T(random.below(size_t(last) + 2));
  }

  void mutateTensor(TensorT &tensor);
  void mutateOperator(OperatorT &op, SubGraphT &graph);
  void mutateData(BufferT &buffer);

  ModelT &model;
  Random &random;
};
} // namespace

template <typename T> void ModelMutator::mutateList(std::vector<T> &list) {
  if (list.empty() || random.oneIn(6))
    list.push_back(T(random.integer(0)));
  else if (random.oneIn(6))
    list.pop_back();
  else if (random.oneIn(6))
    std::swap(list[random.below(list.size())], list.back());
  else if (T &value = list[random.below(list.size())]; T(0.5) != 0)
    value = T(random.real(value));
  else
    value = T(random.integer(int64_t(value)));
}

void ModelMutator::mutateTensor(TensorT &tensor) {
  if (!tensor.quantization || random.oneIn(20))
    tensor.quantization = std::make_unique<QuantizationParametersT>();
  switch (random.below(7)) {
  case 0:
    tensor.type = anyOf(ElementType::INT4);
    break;
  case 1:
    tensor.buffer = random.below(model.buffers.size() + 2);
    break;
  case 2:
    mutateList(tensor.quantization->scale);
    break;
  case 3:
    mutateList(tensor.quantization->zero_point);
    break;
  case 4:
    tensor.quantization->quantized_dimension = random.integer(0);
    break;
  case 5:
    mutateList(tensor.shape_signature);
    break;
  default:
    mutateList(tensor.shape);
  }
}

void ModelMutator::mutateOperator(OperatorT &op, SubGraphT &graph) {
  auto anyTensor = [&] { return int(random.below(graph.tensors.size() + 2)); };
  auto &list = random.oneIn(4) ? op.outputs : op.inputs;
  switch (random.below(6)) {
  case 0:
    op.opcode_index = random.below(model.operator_codes.size() + 1);
    break;
  case 1:
    list.push_back(anyTensor() - 1);
    break;
  case 2:
    if (!list.empty())
      list.pop_back();
    break;
  case 3:
    if (OperatorT *other = pick(graph.operators))
      op.builtin_options = other->builtin_options;
    break;
  default:
    if (!list.empty())
      list[random.below(list.size())] = anyTensor() - 1;
  }
}

/// One word: 32-bit operands of ops, and weights.
void ModelMutator::mutateData(BufferT &buffer) {
  if (buffer.data.size() < 4 || random.oneIn(8)) {
    buffer.data.resize(random.below(65));
    return;
  }
  uint8_t *word = &buffer.data[random.below(buffer.data.size() / 4) * 4];
  int32_t value;
  std::memcpy(&value, word, sizeof(value));
  value = int32_t(random.integer(value));
  std::memcpy(word, &value, sizeof(value));
}

void ModelMutator::mutate() {
  SubGraphT *graph = pick(model.subgraphs);
  TensorT *tensor = graph ? pick(graph->tensors) : nullptr;
  OperatorT *op = graph ? pick(graph->operators) : nullptr;
  BufferT *buffer = pick(model.buffers);
  switch (random.below(8)) {
  case 0:
    if (OperatorCodeT *code = pick(model.operator_codes)) {
      code->builtin_code = anyOf(BuiltinOperator::RELU_0_TO_1);
      code->deprecated_builtin_code = 0;
    }
    break;
  case 1:
    if (buffer)
      mutateData(*buffer);
    break;
  case 2:
    if (op)
      graph->operators.push_back(std::make_unique<OperatorT>(*op));
    break;
  case 3:
    if (graph)
      mutateList(random.oneIn(2) ? graph->inputs : graph->outputs);
    break;
  case 4:
  case 5:
    if (op)
      mutateOperator(*op, *graph);
    break;
  default:
    if (tensor)
      mutateTensor(*tensor);
  }
}

static size_t mutateTables(uint8_t *data, size_t size, size_t maxSize,
                           Random &random) {
  ModelT model;
  GetModel(data)->UnPackTo(&model);
  // A union may have a type and no value, which cannot be packed.
  auto check = [](auto &member) {
    if (!member.value)
      member.Reset();
  };
  for (auto &graph : model.subgraphs) {
    for (auto &op : graph->operators)
      check(op->builtin_options);
    for (auto &tensor : graph->tensors)
      if (tensor->sparsity)
        for (auto &dimension : tensor->sparsity->dim_metadata) {
          check(dimension->array_segments);
          check(dimension->array_indices);
        }
  }
  for (size_t i = 0, count = 1 + random.below(3); i < count; ++i)
    ModelMutator(model, random).mutate();
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Model::Pack(builder, &model), ModelIdentifier());
  if (builder.GetSize() > maxSize)
    return 0;
  std::memcpy(data, builder.GetBufferPointer(), builder.GetSize());
  return builder.GetSize();
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  Random random(seed);
  flatbuffers::Verifier verifier(data, size);
  bool valid = size >= 8 && VerifyModelBuffer(verifier);
  size_t kind = random.below(8);
  if (valid && kind < 5)
    if (size_t written = mutateTables(data, size, maxSize, random))
      return written;
  if (size < 8 || kind == 7)
    return LLVMFuzzerMutate(data, size, maxSize);
  // A word of the file: a field of a table, a length or an offset.
  uint8_t *word = data + random.below(size / 4) * 4;
  int32_t value;
  std::memcpy(&value, word, sizeof(value));
  value = int32_t(random.integer(value));
  std::memcpy(word, &value, random.oneIn(2) ? 1 : sizeof(value));
  return size;
}
