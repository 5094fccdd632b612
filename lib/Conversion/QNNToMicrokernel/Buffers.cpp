//===- Buffers.cpp - Tensors in memory ------------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Buffers.h"

#include "NetworkLowering.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

std::string qnn::keyOf(const StoredParams &p) {
  return llvm::formatv("<{0},{1},{2},{3}>", llvm::bit_cast<uint32_t>(p.scale),
                       p.zeroPoint, p.min, p.max);
}

std::string qnn::keyOf(std::optional<float> value) {
  return value ? std::to_string(llvm::bit_cast<uint32_t>(*value)) : "-";
}

Buffer Buffer::contiguous(Value memory, ArrayRef<int64_t> shape) {
  Buffer buffer;
  buffer.memory = memory;
  buffer.shape = SmallVector<int64_t>(shape);
  buffer.strides = computeStrides(shape);
  return buffer;
}

bool Buffer::isContiguous() const { return strides == computeStrides(shape); }

std::string Buffer::signature() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << '[';
  llvm::interleaveComma(shape, os);
  os << "|";
  llvm::interleaveComma(strides, os);
  os << "|" << offset << ']';
  return text;
}

Value qnn::positionOf(KernelBuilder &k, const Pixel &pixel,
                      const PixelStrides &strides, int64_t offset) {
  Value image = k.mul(pixel.image, strides.image);
  Value index = k.add(image, k.mul(pixel.row, strides.row));
  return k.add(k.add(index, k.mul(pixel.column, strides.column)), offset);
}

Value qnn::positionOf(KernelBuilder &k, const Pixel &pixel,
                      const Buffer &buffer) {
  return positionOf(k, pixel, buffer.pixels(), buffer.offset);
}

void qnn::forPixels(KernelBuilder &k, const Buffer &buffer, double nanoseconds,
                    llvm::function_ref<void(const Pixel &)> body) {
  auto shape = ArrayRef(buffer.shape).take_front(3);
  SmallVector<SmallVector<int64_t>> strides = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
  size_t shared = k.split(nanoseconds, shape);
  k.nest(
      shape, strides, {0, 0, 0},
      [&](ArrayRef<Value> at) { body({at[0], at[1], at[2]}); }, shared);
}

//===----------------------------------------------------------------------===//
// The stored domain
//===----------------------------------------------------------------------===//

Type NetworkLowering::storageType(Type tensor) {
  if (isPlainTensor(tensor)) {
    Type element = cast<ShapedType>(tensor).getElementType();
    return element.isInteger(1) ? builder.getI8Type() : element;
  }
  if (isBF16Tensor(tensor)) // its bits
    return builder.getIntegerType(16);
  return builder.getIntegerType(isAccumulatorTensor(tensor) ? 32 : 8);
}

int32_t NetworkLowering::storageBias(Type tensor) {
  if (isAccumulatorTensor(tensor))
    return 0;
  bool isSigned = getQuantizedElementType(tensor).isSigned();
  return (level.storesUnsigned() ? 128 : 0) - (isSigned ? 0 : 128);
}

StoredParams NetworkLowering::storedParams(Type tensor, int64_t channel) {
  QuantParams params = getQuantParams(getQuantizedElementType(tensor), channel);
  int32_t bias = storageBias(tensor);
  params.zeroPoint += bias;
  params.min += bias;
  params.max += bias;
  return params;
}

//===----------------------------------------------------------------------===//
// Allocation
//===----------------------------------------------------------------------===//

Buffer NetworkLowering::allocate(RankedTensorType type, Border border) {
  Buffer buffer;
  buffer.shape = SmallVector<int64_t>(type.getShape());
  buffer.border = border;
  SmallVector<int64_t> outer = buffer.shape;
  if (!border.empty()) {
    outer[1] += border.top + border.bottom;
    outer[2] += border.left + border.right;
  }
  if (isBF16Tensor(type) && !outer.empty())
    outer.back() = llvm::alignTo(outer.back(), 2);
  buffer.strides = computeStrides(outer);
  if (!border.empty())
    buffer.offset =
        border.top * buffer.strides[1] + border.left * buffer.strides[2];
  int64_t elements = std::max<int64_t>(ShapedType::getNumElements(outer), 1);
  buffer.memory = builder.create<memref::AllocOp>(
      loc, MemRefType::get({elements}, storageType(type)));
  if (!border.empty())
    fillBorder(buffer, type);
  return buffer;
}

Buffer NetworkLowering::partOf(ConcatOp concat, const ConcatPlan::Part &part) {
  Value result = concat.getResult();
  if (!buffers.contains(result))
    setBuffer(result, allocateFor(result));
  Buffer buffer = getBuffer(result);
  int64_t axis = concat.getAxis(), stride = buffer.strides[axis];
  int64_t size = buffer.shape[axis], first = part.position * stride;
  buffer.shape =
      SmallVector<int64_t>(cast<ShapedType>(part.value.getType()).getShape());
  if (axis + 1 < int64_t(buffer.shape.size()))
    buffer.border = Border();
  auto type = cast<MemRefType>(buffer.memory.getType());
  if (buffer.isArgument || !type.getElementType().isInteger(8)) {
    buffer.offset += first;
    return buffer;
  }
  // Memory of its own: equal parts in different places share kernels.
  int64_t others = (size - buffer.shape[axis]) * stride;
  Value start = builder.create<arith::ConstantIndexOp>(loc, first);
  buffer.memory = builder.create<memref::ViewOp>(
      loc,
      MemRefType::get({type.getNumElements() - others}, type.getElementType()),
      buffer.memory, start, ValueRange());
  return buffer;
}

Buffer NetworkLowering::allocateFor(Value value) {
  if (auto home = concats.getHome(value)) {
    Buffer part = partOf(home->concat, {value, home->position});
    partMemory[value] = part.memory;
    return part;
  }
  auto type = cast<RankedTensorType>(value.getType());
  Border border = getRequiredBorder(value);
  if (border.empty() && isPlainTensor(type))
    for (OpOperand &use : value.getUses())
      if (isa<func::ReturnOp>(use.getOwner())) {
        // The kernel writes straight into the caller's memory.
        Buffer buffer = Buffer::contiguous(resultMemory(use.getOperandNumber()),
                                           type.getShape());
        buffer.isArgument = true;
        return buffer;
      }
  return allocate(type, border);
}

bool NetworkLowering::readsLast(OpOperand &operand, Operation *op) {
  Value memory = getBuffer(operand.get()).memory;
  // Views may be read later, arguments and constants belong to others.
  auto alloc = memory.getDefiningOp<memref::AllocOp>();
  if (!alloc || llvm::any_of(alloc->getUsers(), [](Operation *user) {
        return isa<memref::ViewOp>(user);
      }))
    return false;
  auto isLater = [&](OpOperand &use) {
    return &use != &operand && !use.getOwner()->isBeforeInBlock(op);
  };
  return llvm::none_of(buffers, [&](const auto &entry) {
    auto concat = entry.first.template getDefiningOp<ConcatOp>();
    return entry.second.memory == memory &&
           ((concat && concats.isPrefix(concat)) ||
            llvm::any_of(entry.first.getUses(), isLater));
  });
}

Buffer NetworkLowering::allocateOver(OpOperand &operand, Operation *op,
                                     Value result) {
  Buffer buffer = getBuffer(operand.get());
  Type type = result.getType(), oldType = operand.get().getType();
  Border border = getRequiredBorder(result);
  bool hasBorder =
      buffer.border.covers(border) && buffer.border.empty() == border.empty();
  // A border holds the zero of its tensor.
  if (!border.empty() && !isFloatTensor(type))
    hasBorder &=
        storedParams(type).zeroPoint == storedParams(oldType).zeroPoint;
  bool isReturned = llvm::any_of(result.getUsers(), [](Operation *user) {
    return isa<func::ReturnOp>(user);
  });
  if (isReturned || concats.getHome(result) || !hasBorder ||
      ArrayRef(buffer.shape) != cast<ShapedType>(type).getShape() ||
      storageType(type) != storageType(oldType) || !readsLast(operand, op))
    return allocateFor(result);
  return buffer;
}

Buffer NetworkLowering::allocateContiguous(Value value) {
  Buffer buffer = allocateFor(value);
  if (buffer.isContiguous())
    return buffer;
  return allocate(cast<RankedTensorType>(value.getType()), Border());
}

void NetworkLowering::fillBorder(const Buffer &buffer, RankedTensorType type) {
  Type element = storageType(type);
  bool isFloat = isa<FloatType>(element);
  int32_t zero = isQuantizedTensor(type) ? storedParams(type).zeroPoint : 0;
  Border border = buffer.border;
  auto emit = [&](KernelBuilder &k, ValueRange args) {
    Attribute value = isFloat ? Attribute(k.b.getF32FloatAttr(0.0f))
                              : k.b.getIntegerAttr(element, zero);
    auto fill = [&](Value start, int64_t count) {
      k.vectorLoop(count, k.lanes(element), [&](Value i, int64_t width) {
        k.store(k.constant(value, element, width), args[0], k.add(start, i));
      });
    };
    int64_t row = buffer.strides[1], pixel = buffer.strides[2];
    int64_t height = buffer.shape[1], width = buffer.shape[2];
    k.loop(0, buffer.shape[0], 1, [&](Value n) {
      Value image = k.mul(n, buffer.strides[0]);
      // Rows above with the left edge of the first row, the gaps between rows
      // (right edge and next left edge), rows below.
      fill(image, buffer.offset);
      Value inside = k.add(image, buffer.offset + width * pixel);
      k.loop(0, height - 1, 1, [&](Value h) {
        fill(k.add(inside, k.mul(h, row)),
             (border.left + border.right) * pixel);
      });
      fill(k.add(inside, (height - 1) * row),
           border.right * pixel + border.bottom * row);
    });
  };
  callKernel("fill_border", buffer.signature() + "," + Twine(zero),
             {buffer.memory}, emit);
}

Buffer NetworkLowering::getWithBorder(Value value, Border border) {
  Buffer buffer = getBuffer(value);
  if (buffer.border.covers(border))
    return buffer;
  Buffer copy = allocate(cast<RankedTensorType>(value.getType()), border);
  emitCopy(buffer, copy);
  return copy;
}

Buffer NetworkLowering::getContiguous(Value value) {
  Buffer buffer = getBuffer(value);
  if (buffer.isContiguous())
    return buffer;
  Buffer copy = allocate(cast<RankedTensorType>(value.getType()), Border());
  emitCopy(buffer, copy);
  return copy;
}
