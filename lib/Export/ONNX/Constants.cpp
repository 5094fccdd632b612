//===- Constants.cpp - Types, constants and the finished model ------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphWriter.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::exporting;

/// TensorProto types that Debian's onnx does not know yet.
static constexpr int kUInt4 = 21, kInt4 = 22;
/// Constants from this size on go to the file of external data, where there is
/// one; each begins on a page of its own, so that readers can map it.
static constexpr size_t kMinExternalBytes = 1024, kPageBytes = 4096;

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

static int getBits(Type elementType) {
  if (auto type = dyn_cast<quant::QuantizedType>(elementType))
    return type.getStorageTypeIntegralWidth();
  return elementType.getIntOrFloatBitWidth();
}

/// The lowest opset in which all that `func` needs exists.
static int findOpset(func::FuncOp func) {
  int opset = 13;
  auto look = [&](Type type) {
    auto element = getQuantizedElementType(type);
    int bits = element ? getBits(element) : 8;
    // 4 and 16 bits in QuantizeLinear and DequantizeLinear.
    if (bits <= 4 || bits == 16)
      opset = 21;
  };
  llvm::for_each(func.getArgumentTypes(), look);
  func.walk([&](Operation *op) {
    llvm::for_each(op->getResultTypes(), look);
    auto reshape = dyn_cast<ReshapeOp>(op); // allowzero
    if (isa<HardSwishOp>(op) ||
        (reshape && llvm::is_contained(reshape.getShape(), 0)))
      opset = std::max(opset, 14);
    // Bits of integers.
    auto binary = dyn_cast<BinaryOp>(op);
    if (binary && binary.getFunction() >= BinaryFunction::And &&
        !getElementTypeOrSelf(binary.getType()).isInteger(1))
      opset = std::max(opset, 18);
    if (auto pool = dyn_cast<AvgPool2DOp>(op))
      if (llvm::any_of(pool.getDilations(), [](int64_t d) { return d != 1; }))
        opset = std::max(opset, 19);
  });
  return opset;
}

/// The version of the file format that came with an opset.
static int getIRVersion(int opset) {
  return opset >= 21 ? 10 : opset >= 19 ? 9 : opset >= 15 ? 8 : 7;
}

/// True when some activation has a zero point: then all are u8, which runtimes
/// want; s8 is for symmetric networks.
static bool hasZeroPoints(func::FuncOp func) {
  auto isShifted = [](Type type) {
    auto element = getUniformElementType(type);
    return element && element.getZeroPoint() != 0;
  };
  return llvm::any_of(func.getArgumentTypes(), isShifted) ||
         func.walk([&](Operation *op) {
               return llvm::any_of(op->getResultTypes(), isShifted)
                          ? WalkResult::interrupt()
                          : WalkResult::advance();
             })
             .wasInterrupted();
}

static int64_t countConstantBytes(func::FuncOp func) {
  int64_t bits = 0;
  func.walk([&](ConstantOp op) {
    auto type = cast<RankedTensorType>(op.getType());
    bits += type.getNumElements() * getBits(type.getElementType());
  });
  return bits / 8;
}

GraphWriter::GraphWriter(func::FuncOp func, StringRef dataFile,
                         int64_t maxInlineBytes)
    : graph(model.mutable_graph()), dataFile(dataFile.str()),
      opset(findOpset(func)),
      isExternal(countConstantBytes(func) > maxInlineBytes),
      isUnsigned(hasZeroPoints(func)) {
  model.set_ir_version(getIRVersion(opset));
  model.set_producer_name("quant-compile");
  model.add_opset_import()->set_version(opset);
  graph->set_name(func.getName().str());
  // Names of inputs and outputs are taken before any other.
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    tensorNames.insert(getTensorName(func.getArgAttrDict(i), "arg", i));
  for (unsigned i = 0; i < func.getNumResults(); ++i)
    tensorNames.insert(getTensorName(func.getResultAttrDict(i), "result", i));
  tensorNames.insert(""); // means "no input"
}

std::string exporting::getTensorName(DictionaryAttr attributes, StringRef kind,
                                     unsigned index) {
  if (attributes)
    if (auto name = attributes.getAs<StringAttr>(kTensorNameAttr))
      return name.str();
  return (kind + Twine(index)).str();
}

ONNXModel GraphWriter::takeModel() {
  return {model.SerializeAsString(), std::move(data)};
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

static bool isWeight(OpOperand &use) {
  auto op = dyn_cast<QuantizableOpInterface>(use.getOwner());
  return op && op.getWeightOperand() == &use;
}

/// The TensorProto type of a quantized value that is stored as integers.
int GraphWriter::getStorage(Value value) const {
  quant::QuantizedType type = getQuantizedElementType(value.getType());
  unsigned bits = type.getStorageTypeIntegralWidth();
  if (bits > 16)
    return onnx::TensorProto::INT32;
  if (bits > 8)
    return type.isSigned() ? onnx::TensorProto::INT16
                           : onnx::TensorProto::UINT16;
  if (bits <= 4)
    return type.isSigned() ? kInt4 : kUInt4;
  // What the user of the network sees keeps its type.
  bool isInterface = isa<BlockArgument>(value) ||
                     llvm::any_of(value.getUsers(), [](Operation *user) {
                       return isa<func::ReturnOp>(user);
                     });
  bool keeps = isInterface || llvm::any_of(value.getUses(), isWeight);
  bool isShifted = type.isSigned() && isUnsigned && !keeps;
  return !type.isSigned() || isShifted ? onnx::TensorProto::UINT8
                                       : onnx::TensorProto::INT8;
}

bool GraphWriter::areStoredAlike(Value a, Value b) const {
  auto from = getUniformElementType(a.getType());
  auto to = getUniformElementType(b.getType());
  if (!from || !to || getStorage(a) != getStorage(b))
    return false;
  QuantParams x = getQuantParams(from), y = getQuantParams(to);
  int32_t shift = getShift(b) - getShift(a);
  return x.scale == y.scale && x.zeroPoint == y.zeroPoint + shift &&
         x.min >= y.min + shift && x.max <= y.max + shift;
}

/// What is added to the integers of `value` where they are stored.
int32_t GraphWriter::getShift(Value value) const {
  bool isSigned = getQuantizedElementType(value.getType()).isSigned();
  return isSigned && getStorage(value) == onnx::TensorProto::UINT8 ? 128 : 0;
}

int exporting::getPlainType(Type elementType) {
  if (elementType.isInteger(1))
    return onnx::TensorProto::BOOL;
  if (elementType.isInteger(32))
    return onnx::TensorProto::INT32;
  return elementType.isInteger(64) ? onnx::TensorProto::INT64
                                   : onnx::TensorProto::FLOAT;
}

void GraphWriter::setType(onnx::ValueInfoProto *info, Value value,
                          StringRef name) {
  info->set_name(name.str());
  auto *tensor = info->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(
      isQuantizedTensor(value.getType())
          ? getStorage(value)
          : getPlainType(getElementTypeOrSelf(value.getType())));
  auto *shape = tensor->mutable_shape();
  for (int64_t size : cast<RankedTensorType>(value.getType()).getShape())
    shape->add_dim()->set_dim_value(size);
}

//===----------------------------------------------------------------------===//
// Initializers
//===----------------------------------------------------------------------===//

onnx::TensorProto *GraphWriter::addInitializer(const Twine &name, int type,
                                               ArrayRef<int64_t> shape) {
  onnx::TensorProto *tensor = graph->add_initializer();
  tensor->set_name(makeTensorName(name));
  tensor->set_data_type(type);
  for (int64_t size : shape)
    tensor->add_dims(size);
  return tensor;
}

void GraphWriter::setData(onnx::TensorProto *tensor, std::string bytes) {
  if (!isExternal || bytes.size() < kMinExternalBytes) {
    tensor->set_raw_data(std::move(bytes));
    return;
  }
  data.resize(llvm::alignTo(data.size(), kPageBytes));
  tensor->set_data_location(onnx::TensorProto::EXTERNAL);
  auto addEntry = [&](StringRef key, std::string value) {
    auto *entry = tensor->add_external_data();
    entry->set_key(key.str());
    entry->set_value(std::move(value));
  };
  addEntry("location", dataFile);
  addEntry("offset", std::to_string(data.size()));
  addEntry("length", std::to_string(bytes.size()));
  data += bytes;
}

template <typename T> static std::string getBytes(ArrayRef<T> values) {
  return std::string(reinterpret_cast<const char *>(values.data()),
                     values.size() * sizeof(T));
}

std::string GraphWriter::addFloats(const Twine &name, ArrayRef<int64_t> shape,
                                   ArrayRef<float> values) {
  auto *tensor = addInitializer(name, onnx::TensorProto::FLOAT, shape);
  setData(tensor, getBytes(values));
  return tensor->name();
}

std::string GraphWriter::addInts(const Twine &name, ArrayRef<int64_t> values) {
  auto *tensor =
      addInitializer(name, onnx::TensorProto::INT64, int64_t(values.size()));
  setData(tensor, getBytes(values));
  return tensor->name();
}

/// The bytes of integers in a TensorProto type.
static std::string packIntegers(ArrayRef<int32_t> values, int type) {
  if (type == onnx::TensorProto::INT32)
    return getBytes(values);
  std::string bytes;
  if (type == kInt4 || type == kUInt4) {
    bytes.resize((values.size() + 1) / 2);
    for (auto [i, value] : llvm::enumerate(values))
      bytes[i / 2] |= char((value & 15) << (i % 2 * 4));
    return bytes;
  }
  bool isWide =
      type == onnx::TensorProto::INT16 || type == onnx::TensorProto::UINT16;
  for (int32_t value : values) {
    bytes.push_back(char(value));
    if (isWide)
      bytes.push_back(char(value >> 8));
  }
  return bytes;
}

/// `values` of shape `shape`, transposed to `layout`. Takes them.
template <typename T>
static SmallVector<T> permute(SmallVector<T> values, ArrayRef<int64_t> shape,
                              ArrayRef<int64_t> layout) {
  if (ArrayRef<int64_t>(getIdentity(layout.size())) == layout)
    return values;
  SmallVector<int64_t> strides(shape.size(), 1), sizes, steps;
  for (int64_t i = int64_t(shape.size()) - 1; i > 0; --i)
    strides[i - 1] = strides[i] * shape[i];
  for (int64_t dimension : layout) {
    sizes.push_back(shape[dimension]);
    steps.push_back(strides[dimension]);
  }
  SmallVector<T> moved(values.size());
  SmallVector<int64_t> index(sizes.size(), 0);
  int64_t source = 0;
  for (T &value : moved) {
    value = values[source];
    for (int64_t i = int64_t(sizes.size()) - 1; i >= 0; --i) {
      source += steps[i];
      if (++index[i] < sizes[i])
        break;
      source -= sizes[i] * steps[i];
      index[i] = 0;
    }
  }
  return moved;
}

/// The values of a constant of f32 or bf16.
static SmallVector<float> getFloats(Value value) {
  ElementsAttr attribute = value.getDefiningOp<ConstantOp>().getValue();
  if (attribute.getElementType().isF32())
    return *getFloatValues(attribute);
  SmallVector<float> widened;
  for (uint16_t bits : *getBF16Values(attribute))
    widened.push_back(llvm::bit_cast<float>(uint32_t(bits) << 16));
  return widened;
}

/// A constant, broadcast to the rank of `layout` by leading ones.
std::string GraphWriter::addConstant(Value value, ArrayRef<int64_t> layout,
                                     const Twine &name) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(layout.size() - type.getRank(), 1);
  llvm::append_range(shape, type.getShape());
  SmallVector<int64_t> moved;
  for (int64_t dimension : layout)
    moved.push_back(shape[dimension]);
  if (type.getElementType().isInteger(64)) {
    auto values = getLongValues(value.getDefiningOp<ConstantOp>().getValue());
    auto *tensor = addInitializer(name, onnx::TensorProto::INT64, moved);
    setData(tensor,
            getBytes<int64_t>(permute(std::move(*values), shape, layout)));
    return tensor->name();
  }
  if (isa<FloatType>(type.getElementType()))
    return addFloats(name, moved, permute(getFloats(value), shape, layout));
  bool isQuantized = isQuantizedTensor(type);
  int storage =
      isQuantized ? getStorage(value) : getPlainType(type.getElementType());
  auto *tensor = addInitializer(name, storage, moved);
  auto values = getIntegerValues(value);
  for (int32_t &integer : *values)
    integer += isQuantized ? getShift(value) : 0;
  setData(tensor,
          packIntegers(permute(std::move(*values), shape, layout), storage));
  return tensor->name();
}

const std::pair<std::string, std::string> &
GraphWriter::getParameters(Value value, StringRef name) {
  auto [known, isNew] = parameters.try_emplace(value);
  if (!isNew)
    return known->second;
  name.consume_back("/quantized") || name.consume_back("/dequantized");
  quant::QuantizedType type = getQuantizedElementType(value.getType());
  auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type);
  SmallVector<int64_t> shape;
  if (perAxis)
    shape.push_back(perAxis.getScales().size());
  SmallVector<float> scales;
  SmallVector<int32_t> zeroPoints;
  for (int64_t c = 0, e = perAxis ? shape[0] : 1; c < e; ++c) {
    QuantParams params = getQuantParams(type, c);
    scales.push_back(params.scale);
    zeroPoints.push_back(params.zeroPoint + getShift(value));
  }
  auto *zeroPoint =
      addInitializer(name + "/zero_point", getStorage(value), shape);
  setData(zeroPoint, packIntegers(zeroPoints, getStorage(value)));
  known->second = {addFloats(name + "/scale", shape, scales),
                   zeroPoint->name()};
  return known->second;
}
