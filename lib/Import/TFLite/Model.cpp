//===- Model.cpp - A verified TFLite file ---------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Model.h"

#include "qnn/Import/TFLite/Importer.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

bool qnn::isTFLite(StringRef bytes) {
  return bytes.size() >= 8 && ModelBufferHasIdentifier(bytes.data());
}

std::optional<int64_t> tflite::countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape) {
    if (size < 0 || (size > 0 && count > kMaxElements / size))
      return std::nullopt;
    count *= std::max<int64_t>(size, 1);
  }
  return llvm::is_contained(shape, 0) ? 0 : count;
}

std::string tflite::formatShape(ArrayRef<int64_t> shape) {
  return shape.empty()
             ? "scalar"
             : llvm::join(llvm::map_range(shape,
                                          [](int64_t size) {
                                            return std::to_string(size);
                                          }),
                          "x");
}

std::string tflite::formatType(ElementType type) {
  const char *name = EnumNameElementType(type);
  return *name ? name : "type " + std::to_string(int(type));
}

std::string OpInfo::getName() const {
  if (code == BuiltinOperator::CUSTOM)
    return "CUSTOM:" + customName;
  const char *name = EnumNameBuiltinOperator(code);
  return *name ? name : "operator " + std::to_string(int(code));
}

/// Bits of one element; 0 for types without constants that we read.
static int64_t getBits(ElementType type) {
  switch (type) {
  case ElementType::INT4:
    return 4;
  case ElementType::INT8:
  case ElementType::UINT8:
  case ElementType::BOOL:
    return 8;
  case ElementType::INT16:
  case ElementType::FLOAT16:
    return 16;
  case ElementType::FLOAT32:
  case ElementType::INT32:
    return 32;
  case ElementType::INT64:
    return 64;
  default:
    return 0;
  }
}

namespace {
class ModelReader {
public:
  ModelReader(StringRef bytes, Location loc) : bytes(bytes), loc(loc) {}

  FailureOr<ModelInfo> run();

private:
  LogicalResult readTensor(const Tensor &tensor);
  LogicalResult readShape(const Tensor &tensor, TensorInfo &info);
  LogicalResult readData(const Tensor &tensor, TensorInfo &info);
  LogicalResult readQuantization(const QuantizationParameters &quantization,
                                 TensorInfo &info);
  LogicalResult readOp(const Operator &op);
  bool forwardDense(const OpInfo &op);
  /// Appends tensor indices of `list` to `indices`; -1 only where `optional`.
  LogicalResult readIndices(const flatbuffers::Vector<int32_t> *list,
                            bool optional, StringRef what,
                            SmallVectorImpl<int> &indices);
  InFlightDiagnostic tensorError(const TensorInfo &info) {
    return emitError(loc) << "tensor '" << info.name << "': ";
  }

  StringRef bytes;
  Location loc;
  const Model *model = nullptr;
  ModelInfo result;
};
} // namespace

LogicalResult ModelReader::readShape(const Tensor &tensor, TensorInfo &info) {
  if (tensor.shape())
    info.shape.assign(tensor.shape()->begin(), tensor.shape()->end());
  info.isOpen.assign(info.shape.size(), false);
  if (auto *signature = tensor.shape_signature();
      signature && signature->size() == info.shape.size())
    for (size_t d = 0; d < info.shape.size(); ++d)
      info.isOpen[d] = signature->Get(d) == -1;
  for (size_t d = 0; d < info.shape.size(); ++d)
    if (info.shape[d] == -1)
      info.isOpen[d] = true;
  SmallVector<int64_t> known(info.shape);
  std::replace(known.begin(), known.end(), int64_t(-1), int64_t(1));
  if (!countElements(known))
    return tensorError(info) << "expected sizes of at most 2^40 elements, got "
                             << formatShape(info.shape);
  return success();
}

LogicalResult ModelReader::readData(const Tensor &tensor, TensorInfo &info) {
  if (tensor.buffer() == 0)
    return success();
  if (!model->buffers() || tensor.buffer() >= model->buffers()->size())
    return tensorError(info)
           << "expected one of "
           << (model->buffers() ? model->buffers()->size() : 0)
           << " buffers, got " << tensor.buffer();
  const Buffer *buffer = model->buffers()->Get(tensor.buffer());
  if (buffer->data())
    info.data = ArrayRef(buffer->data()->data(), buffer->data()->size());
  if (buffer->offset() > 1) { // 0 and 1: not outside the FlatBuffer
    if (buffer->offset() > bytes.size() ||
        buffer->size() > bytes.size() - buffer->offset())
      return tensorError(info) << "expected its data inside the file";
    info.data = ArrayRef(bytes.bytes_begin() + buffer->offset(),
                         size_t(buffer->size()));
  }
  info.isConstant = !info.data.empty();
  if (!info.isConstant)
    return success();
  int64_t bits = getBits(info.type);
  std::optional<int64_t> count = countElements(info.shape);
  if (bits == 0)
    return success(); // An op that reads it reports the type.
  if (tensor.sparsity()) {
    if (bits < 8)
      return tensorError(info) << "expected a sparse constant of whole bytes, "
                                  "got "
                               << formatType(info.type);
    info.dense = std::make_shared<std::vector<uint8_t>>();
    StringRef wrong = densify(*tensor.sparsity(), info.shape, bits / 8,
                              info.data, *info.dense);
    if (!wrong.empty())
      return tensorError(info)
             << "expected a sparse constant of " << wrong << ", got another";
    info.data = *info.dense;
  }
  if (!count || (*count * bits + 7) / 8 != int64_t(info.data.size()))
    return tensorError(info)
           << "expected the data of " << formatShape(info.shape) << " "
           << formatType(info.type) << ", got " << info.data.size() << " bytes";
  return success();
}

LogicalResult
ModelReader::readQuantization(const QuantizationParameters &quantization,
                              TensorInfo &info) {
  if (!quantization.scale() || quantization.scale()->size() == 0)
    return success();
  if (quantization.unread4() != 0)
    return tensorError(info) << "custom quantization is not supported";
  if (info.type == ElementType::FLOAT32) // left behind by a converter
    return success();
  size_t count = quantization.scale()->size();
  info.scales.assign(quantization.scale()->begin(),
                     quantization.scale()->end());
  info.zeroPoints.assign(count, 0);
  info.axis = quantization.quantized_dimension();
  if (auto *zeroPoints = quantization.zero_point();
      zeroPoints && zeroPoints->size() == count)
    info.zeroPoints.assign(zeroPoints->begin(), zeroPoints->end());
  else if (zeroPoints && zeroPoints->size() == 1)
    info.zeroPoints.assign(count, zeroPoints->Get(0));
  else if (zeroPoints && zeroPoints->size() != 0)
    return tensorError(info) << "expected " << count << " zero points, got "
                             << zeroPoints->size();
  for (float scale : info.scales)
    if (!(scale > 0.0f) || !std::isfinite(scale))
      return tensorError(info)
             << "expected positive scales, got " << std::to_string(scale);
  int64_t half = info.type == ElementType::INT16 ? 1 << 15 : 128;
  int64_t low = info.type == ElementType::UINT8 ? 0 : -half;
  for (int64_t zeroPoint : info.zeroPoints)
    if (zeroPoint < low || zeroPoint >= low + 2 * half)
      return tensorError(info)
             << "expected a zero point within " << formatType(info.type)
             << ", got " << zeroPoint;
  if (count > 1 && (info.axis < 0 || info.axis >= int64_t(info.shape.size()) ||
                    info.shape[info.axis] != int64_t(count)))
    return tensorError(info) << "expected one scale per index along dimension "
                             << info.axis << " of " << formatShape(info.shape)
                             << ", got " << count << " scales";
  return success();
}

LogicalResult ModelReader::readTensor(const Tensor &tensor) {
  TensorInfo info;
  if (tensor.name())
    info.name = tensor.name()->str();
  if (info.name.empty())
    info.name = "tensor" + std::to_string(result.tensors.size());
  info.type = tensor.type();
  if (failed(readShape(tensor, info)) || failed(readData(tensor, info)))
    return failure();
  if (tensor.quantization() &&
      failed(readQuantization(*tensor.quantization(), info)))
    return failure();
  // Plain bytes, of which a model casts: real numbers with scale 1.
  if (!info.isConstant && !info.isQuantized() &&
      (info.type == ElementType::INT8 || info.type == ElementType::UINT8 ||
       info.type == ElementType::INT16)) {
    info.scales = {1.0f};
    info.zeroPoints = {0};
    info.isPlain = true;
  }
  result.tensors.push_back(std::move(info));
  return success();
}

LogicalResult ModelReader::readIndices(const flatbuffers::Vector<int32_t> *list,
                                       bool optional, StringRef what,
                                       SmallVectorImpl<int> &indices) {
  if (!list)
    return success();
  for (int32_t index : *list) {
    if (index < (optional ? -1 : 0) || index >= int64_t(result.tensors.size()))
      return emitError(loc)
             << what << ": expected one of " << result.tensors.size()
             << " tensors, got " << index;
    indices.push_back(index);
  }
  return success();
}

/// The result of a DENSIFY is the constant, whose zeros are filled in already.
bool ModelReader::forwardDense(const OpInfo &op) {
  if (op.code != BuiltinOperator::DENSIFY || op.inputs.size() != 1 ||
      op.outputs.size() != 1 || op.inputs[0] < 0)
    return false;
  const TensorInfo &from = result.tensors[op.inputs[0]];
  TensorInfo &to = result.tensors[op.outputs[0]];
  if (!from.isConstant || from.type != to.type || to.isConstant)
    return false;
  std::string name = to.name;
  to = from;
  to.name = name;
  return true;
}

LogicalResult ModelReader::readOp(const Operator &op) {
  auto *codes = model->operator_codes();
  if (!codes || op.opcode_index() >= codes->size())
    return emitError(loc) << "expected one of " << (codes ? codes->size() : 0)
                          << " operator codes, got " << op.opcode_index();
  const OperatorCode *code = codes->Get(op.opcode_index());
  OpInfo info;
  info.op = &op;
  // Older files have the first field only, newer ones a placeholder there.
  info.code = std::max(BuiltinOperator(code->deprecated_builtin_code()),
                       code->builtin_code());
  if (code->custom_code())
    info.customName = code->custom_code()->str();
  std::string name = info.getName();
  if (failed(readIndices(op.inputs(), /*optional=*/true, name + " input",
                         info.inputs)) ||
      failed(readIndices(op.outputs(), /*optional=*/false, name + " output",
                         info.outputs)))
    return failure();
  if (!forwardDense(info))
    result.ops.push_back(std::move(info));
  return success();
}

FailureOr<ModelInfo> ModelReader::run() {
  auto data = reinterpret_cast<const uint8_t *>(bytes.data());
  // The verifier takes a FlatBuffer only; data may follow it in the file.
  flatbuffers::Verifier verifier(
      data, std::min(bytes.size(), size_t(FLATBUFFERS_MAX_BUFFER_SIZE - 1)));
  if (!isTFLite(bytes) || !VerifyModelBuffer(verifier))
    return emitError(loc)
           << "expected a TFLite model, got a damaged or other file";
  model = GetModel(data);
  if (model->version() != 3)
    return emitError(loc) << "expected a TFLite model of version 3, got "
                          << model->version()
                          << ": convert it with a newer TensorFlow";
  if (!model->subgraphs() || model->subgraphs()->size() == 0)
    return emitError(loc) << "expected a TFLite model with a graph";
  const SubGraph *graph = model->subgraphs()->Get(0);
  if (graph->tensors())
    for (const Tensor *tensor : *graph->tensors())
      if (failed(readTensor(*tensor)))
        return failure();
  if (failed(
          readIndices(graph->inputs(), false, "model inputs", result.inputs)) ||
      failed(readIndices(graph->outputs(), false, "model outputs",
                         result.outputs)))
    return failure();
  if (graph->operators())
    for (const Operator *op : *graph->operators())
      if (failed(readOp(*op)))
        return failure();
  return std::move(result);
}

FailureOr<ModelInfo> tflite::readModel(StringRef bytes, Location loc) {
  return ModelReader(bytes, loc).run();
}
