//===- quant-fuzz-onnx.cpp - Fuzzes the ONNX importer ---------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A libFuzzer program: bytes to a verified module and through the passes of
// quant-import. Mutations are of the model's messages (three in four) or of
// bytes. utils/fuzz.sh builds and runs it.
//
//===----------------------------------------------------------------------===//

#include "FuzzImport.h"
#include "ProtobufMutator.h"

#include "qnn/Import/ONNX/Importer.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

#include "onnx/onnx_pb.h"

using namespace mlir::qnn::fuzz;
using onnx::TensorProto;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::MemoryBufferRef model(
      llvm::StringRef(reinterpret_cast<const char *>(data), size),
      "model.onnx");
  fuzzImport([&](mlir::MLIRContext &context) {
    return mlir::qnn::importONNX(model, mlir::qnn::ImportOptions(), &context);
  });
  return 0;
}

//===----------------------------------------------------------------------===//
// Mutations
//===----------------------------------------------------------------------===//

/// The names of the ops we import.
static std::vector<std::string> readOpNames() {
  std::string table;
  llvm::raw_string_ostream os(table);
  mlir::qnn::printSupportedOps(os);
  std::vector<std::string> names;
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(table).split(lines, '\n');
  for (llvm::StringRef line : lines)
    if (line.consume_front("| ") && line.contains(" |"))
      names.push_back(line.split(" |").first.str());
  return names;
}

static size_t byteWidth(int type) {
  switch (type) {
  case TensorProto::BOOL:
  case TensorProto::INT8:
  case TensorProto::UINT8:
    return 1;
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
    return 2;
  case TensorProto::DOUBLE:
  case TensorProto::INT64:
  case TensorProto::UINT64:
    return 8;
  default:
    return 4;
  }
}

/// Sets one element of raw data to a number that may mean something.
static void mutateElement(TensorProto &tensor, Random &random) {
  std::string &raw = *tensor.mutable_raw_data();
  size_t width = byteWidth(tensor.data_type());
  if (raw.size() < width)
    return;
  char *element = &raw[random.below(raw.size() / width) * width];
  if (tensor.data_type() == TensorProto::FLOAT) {
    float value;
    std::memcpy(&value, element, sizeof(value));
    value = float(random.real(value));
    std::memcpy(element, &value, sizeof(value));
    return;
  }
  int64_t value = 0; // the host is little-endian, as is the format
  std::memcpy(&value, element, width);
  value = random.integer(value);
  std::memcpy(element, &value, width);
}

/// Makes raw data as long as the shape says, where that is short.
static void fitData(TensorProto &tensor) {
  uint64_t count = 1;
  for (int64_t size : tensor.dims()) {
    if (size < 0 || size > 4096)
      return;
    count *= size;
    if (count > 4096)
      return;
  }
  if (tensor.has_raw_data())
    tensor.mutable_raw_data()->resize(count * byteWidth(tensor.data_type()));
}

static TensorProto *pickTensor(onnx::ModelProto &model, Random &random) {
  auto &tensors = *model.mutable_graph()->mutable_initializer();
  return tensors.empty() ? nullptr
                         : tensors.Mutable(random.below(tensors.size()));
}

static size_t serialize(const onnx::ModelProto &model, uint8_t *data,
                        size_t maxSize) {
  std::string bytes;
  if (!model.SerializePartialToString(&bytes) || bytes.size() > maxSize)
    return 0;
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  static const std::vector<std::string> kOpNames = readOpNames();
  Random random(seed);
  ProtobufMutator mutator(random, kOpNames);
  onnx::ModelProto model;
  if (random.oneIn(4) || !model.ParsePartialFromArray(data, size))
    return LLVMFuzzerMutate(data, size, maxSize);
  for (size_t i = 0, count = 1 + random.below(3); i < count; ++i) {
    TensorProto *tensor = random.oneIn(4) ? pickTensor(model, random) : nullptr;
    if (tensor)
      mutateElement(*tensor, random);
    else
      mutator.mutate(model);
  }
  if (model.has_graph() && !random.oneIn(4))
    for (TensorProto &tensor : *model.mutable_graph()->mutable_initializer())
      fitData(tensor);
  size_t written = serialize(model, data, maxSize);
  return written ? written : LLVMFuzzerMutate(data, size, maxSize);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1,
                                            const uint8_t *data2, size_t size2,
                                            uint8_t *out, size_t maxOutSize,
                                            unsigned seed) {
  Random random(seed);
  ProtobufMutator mutator(random, {});
  onnx::ModelProto model, other;
  if (!model.ParsePartialFromArray(data1, size1) ||
      !other.ParsePartialFromArray(data2, size2))
    return 0;
  mutator.crossOver(model, other);
  return serialize(model, out, maxOutSize);
}
