//===- Tensor.cpp - Values of the reference interpreter -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Reference/Tensor.h"

#include "qnn/Dialect/QNN/IR/Constants.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MemAlloc.h"

using namespace mlir;
using namespace mlir::qnn;

/// The largest tensor the interpreter holds: 8 GiB.
static constexpr int64_t kMaxElements = int64_t(1) << 31;

namespace {
/// How the elements of a tensor type are stored.
struct Storage {
  unsigned width;
  bool isSigned;
};
} // namespace

static std::optional<Storage> getIntegerStorage(Type elementType) {
  if (auto quantized = dyn_cast<quant::QuantizedType>(elementType))
    return Storage{quantized.getStorageTypeIntegralWidth(),
                   quantized.isSigned()};
  if (auto integer = dyn_cast<IntegerType>(elementType)) // a bool is 0 or 1
    return Storage{integer.getWidth(),
                   !integer.isUnsigned() && integer.getWidth() > 1};
  return std::nullopt;
}

bool Tensor::isSupportedType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape())
    return false;
  int64_t count = 1;
  for (int64_t size : tensor.getShape()) {
    if (size != 0 && count > kMaxElements / size)
      return false;
    count *= size;
  }
  Type element = tensor.getElementType();
  if (element.isF32() || element.isBF16() || element.isSignlessInteger(64))
    return true;
  std::optional<Storage> storage = getIntegerStorage(tensor.getElementType());
  // 32 unsigned bits do not fit int32_t.
  return storage && storage->width + (storage->isSigned ? 0 : 1) <= 32;
}

Tensor::Tensor(RankedTensorType type)
    : type(type), count(type.getNumElements()),
      elements(llvm::safe_calloc(std::max<int64_t>(count, 1),
                                 isLong() ? sizeof(int64_t) : sizeof(float)),
               std::free) {
  assert(isSupportedType(type));
}

bool Tensor::isFloat() const {
  return isa<FloatType>(const_cast<RankedTensorType &>(type).getElementType());
}

bool Tensor::isLong() const {
  return const_cast<RankedTensorType &>(type).getElementType().isInteger(64);
}

Tensor Tensor::reshaped(RankedTensorType newType) const {
  assert(newType.getNumElements() == count);
  Tensor result = *this;
  result.type = newType;
  return result;
}

template <typename From, typename To>
static void widen(ArrayRef<char> bytes, bool splat, MutableArrayRef<To> to) {
  for (size_t i = 0; i < to.size(); ++i) {
    From v;
    std::memcpy(&v, bytes.data() + (splat ? 0 : i * sizeof(From)),
                sizeof(From));
    to[i] = v;
  }
}

/// Copies raw attribute bytes; of integers narrower than a byte the low bits
/// count.
static void copyIntegers(ArrayRef<char> bytes, bool splat, Storage storage,
                         MutableArrayRef<int32_t> to) {
  if (storage.width == 32)
    return widen<int32_t>(bytes, splat, to);
  if (storage.width == 16)
    return storage.isSigned ? widen<int16_t>(bytes, splat, to)
                            : widen<uint16_t>(bytes, splat, to);
  storage.isSigned ? widen<int8_t>(bytes, splat, to)
                   : widen<uint8_t>(bytes, splat, to);
  if (storage.width == 8)
    return;
  unsigned unused = 32 - storage.width;
  for (int32_t &value : to)
    value = storage.isSigned ? int32_t(uint32_t(value) << unused) >> unused
                             : int32_t(uint32_t(value) << unused >> unused);
}

/// Of `width` bits: 32, or 16 for bf16.
static void copyFloats(ArrayRef<char> bytes, bool splat, unsigned width,
                       MutableArrayRef<float> to) {
  if (width == 16) {
    for (size_t i = 0; i < to.size(); ++i) {
      uint16_t bits;
      std::memcpy(&bits, &bytes[splat ? 0 : i * sizeof(bits)], sizeof(bits));
      to[i] = fromBF16(bits);
    }
    return;
  }
  for (size_t i = 0; i < to.size(); ++i)
    std::memcpy(&to[i], bytes.data() + (splat ? 0 : i * sizeof(float)),
                sizeof(float));
}

FailureOr<Tensor>
Tensor::fromElementsAttr(ElementsAttr value, RankedTensorType type,
                         llvm::function_ref<InFlightDiagnostic()> emitError) {
  if (!isSupportedType(type))
    return emitError() << "expected a tensor of f32, bf16 or of at most 32-bit "
                          "integers and at most 2^31 elements, got "
                       << type;
  Type element = type.getElementType();
  std::optional<Storage> storage = getIntegerStorage(element);
  unsigned width = storage ? storage->width : element.getIntOrFloatBitWidth();
  auto stored = cast<ShapedType>(value.getType());
  if (stored.getNumElements() != type.getNumElements() ||
      isa<FloatType>(stored.getElementType()) != isa<FloatType>(element) ||
      stored.getElementTypeBitWidth() != width)
    return emitError() << "expected a value of the storage type of " << type
                       << ", got " << stored;

  Tensor result(type);
  if (result.size() == 0)
    return result;
  ArrayRef<char> bytes;
  bool splat = false;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    uint64_t expected = uint64_t(result.size()) * llvm::divideCeil(width, 8);
    if (!blob || blob->getData().size() != expected)
      return emitError() << "expected " << expected << " bytes in resource '"
                         << resource.getRawHandle().getKey() << "', got "
                         << (blob ? blob->getData().size() : 0);
    bytes = blob->getData();
  } else if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    bytes = dense.getRawData();
    splat = dense.isSplat();
    if (width % 8 != 0) {
      for (auto [to, from] :
           llvm::zip(result.mutableIntegers(), dense.getValues<APInt>()))
        to = storage->isSigned ? from.getSExtValue() : from.getZExtValue();
      return result;
    }
  } else {
    return emitError() << "expected a dense or dense_resource value";
  }
  if (storage && width % 8 != 0 && (width == 1 || width > 8))
    return emitError() << "expected a dense value for " << width
                       << "-bit storage, got a resource";
  if (result.isLong())
    widen<int64_t>(bytes, splat, result.mutableLongs());
  else if (storage)
    copyIntegers(bytes, splat, *storage, result.mutableIntegers());
  else
    copyFloats(bytes, splat, width, result.mutableFloats());
  return result;
}

template <typename To>
static ElementsAttr narrow(ShapedType type, ArrayRef<int32_t> from) {
  SmallVector<To> values(from.begin(), from.end());
  return DenseElementsAttr::getFromRawBuffer(
      type, ArrayRef(reinterpret_cast<const char *>(values.data()),
                     values.size() * sizeof(To)));
}

ElementsAttr Tensor::toElementsAttr() const {
  if (getType().getElementType().isBF16()) {
    SmallVector<uint16_t> bits;
    for (float value : floats())
      bits.push_back(toBF16(value));
    return getBF16Elements(type.getContext(), getShape(), bits);
  }
  if (isFloat())
    return DenseElementsAttr::get(type, floats());
  if (isLong())
    return DenseElementsAttr::get(type, longs());
  Type element = getType().getElementType();
  unsigned width = getIntegerStorage(element)->width;
  if (isa<quant::QuantizedType>(element))
    element = IntegerType::get(element.getContext(), width);
  auto stored = RankedTensorType::get(getShape(), element);
  switch (width) {
  case 8:
    return narrow<int8_t>(stored, integers());
  case 16:
    return narrow<int16_t>(stored, integers());
  case 32:
    return narrow<int32_t>(stored, integers());
  default: {
    SmallVector<APInt> values;
    for (int32_t v : integers())
      values.emplace_back(width, uint64_t(int64_t(v)), /*isSigned=*/true);
    return DenseElementsAttr::get(stored, values);
  }
  }
}

QuantParams qnn::getTensorParams(Type type) {
  return getQuantParams(getUniformElementType(type));
}
