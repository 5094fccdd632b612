//===- NetworkLowering.cpp - Buffers, constants and kernel calls ----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

#include "qnn/Dialect/QNN/IR/Constants.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// Buffer
//===----------------------------------------------------------------------===//

static SmallVector<int64_t> contiguousStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t d = int64_t(shape.size()) - 2; d >= 0; --d)
    strides[d] = strides[d + 1] * shape[d + 1];
  return strides;
}

bool Buffer::isContiguous() const {
  return ArrayRef<int64_t>(strides) ==
         ArrayRef<int64_t>(contiguousStrides(shape));
}

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

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

NetworkLowering::NetworkLowering(ModuleOp module, func::FuncOp entry,
                                 const TargetLevel &level)
    : module(module), entry(entry), level(level), builder(module.getContext()),
      loc(entry.getLoc()) {}

Type NetworkLowering::storageType(Type tensor) {
  if (isFloatTensor(tensor))
    return builder.getF32Type();
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

Border NetworkLowering::requiredBorder(Value value) {
  Border border;
  for (OpOperand &use : value.getUses()) {
    Border wanted;
    if (auto conv = dyn_cast<Conv2DOp>(use.getOwner())) {
      if (&use == &conv.getInputMutable()) {
        ArrayRef<int64_t> padding = conv.getPadding();
        wanted = {padding[0], padding[1], padding[2], padding[3]};
      }
    } else if (auto observed = dyn_cast<ObserveOp>(use.getOwner())) {
      wanted = requiredBorder(observed.getResult());
    }
    border = {std::max(border.top, wanted.top),
              std::max(border.left, wanted.left),
              std::max(border.bottom, wanted.bottom),
              std::max(border.right, wanted.right)};
  }
  return border;
}

Buffer NetworkLowering::allocate(RankedTensorType type, Border border) {
  Buffer buffer;
  buffer.shape = SmallVector<int64_t>(type.getShape());
  buffer.border = border;
  SmallVector<int64_t> outer = buffer.shape;
  if (!border.empty()) {
    outer[1] += border.top + border.bottom;
    outer[2] += border.left + border.right;
  }
  buffer.strides = contiguousStrides(outer);
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

Buffer NetworkLowering::allocateFor(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Border border = requiredBorder(value);
  if (border.empty() && isFloatTensor(type))
    for (OpOperand &use : value.getUses())
      if (isa<func::ReturnOp>(use.getOwner())) {
        // The kernel writes straight into the caller's memory.
        Buffer buffer;
        buffer.shape = SmallVector<int64_t>(type.getShape());
        buffer.strides = contiguousStrides(buffer.shape);
        buffer.memory = builder.getBlock()->getArgument(
            entry.getNumArguments() + use.getOperandNumber());
        buffer.isArgument = true;
        return buffer;
      }
  return allocate(type, border);
}

void NetworkLowering::fillBorder(const Buffer &buffer, RankedTensorType type) {
  bool isFloat = isFloatTensor(type);
  int32_t zero = isFloat ? 0 : storedParams(type).zeroPoint;
  Type element = storageType(type);
  Border border = buffer.border;
  callKernel("fill_border", buffer.signature() + "," + Twine(zero),
             {buffer.memory}, [&](KernelBuilder &k, ValueRange args) {
               Attribute value = isFloat ? Attribute(k.b.getF32FloatAttr(0.0f))
                                         : k.b.getIntegerAttr(element, zero);
               int64_t width =
                   level.vectorBits / element.getIntOrFloatBitWidth();
               auto fill = [&](Value start, int64_t count) {
                 k.vectorLoop(count, width, [&](Value i, int64_t w) {
                   auto vector = VectorType::get({w}, element);
                   k.store(k.b.create<arith::ConstantOp>(
                               DenseElementsAttr::get(vector, value)),
                           args[0], k.add(start, i));
                 });
               };
               int64_t row = buffer.strides[1], pixel = buffer.strides[2];
               int64_t height = buffer.shape[1], width2 = buffer.shape[2];
               k.loop(0, buffer.shape[0], 1, [&](Value n) {
                 Value image = k.mul(n, buffer.strides[0]);
                 // Rows above with the left edge of the first row, the gaps
                 // between rows (right edge and next left edge), rows below.
                 fill(image, buffer.offset);
                 Value inside = k.add(image, buffer.offset + width2 * pixel);
                 k.loop(0, height - 1, 1, [&](Value h) {
                   fill(k.add(inside, k.mul(h, row)),
                        (border.left + border.right) * pixel);
                 });
                 fill(k.add(inside, (height - 1) * row),
                      border.right * pixel + border.bottom * row);
               });
             });
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

//===----------------------------------------------------------------------===//
// Constants and kernels
//===----------------------------------------------------------------------===//

Value NetworkLowering::constant(ArrayRef<char> bytes, Type element) {
  int64_t count = bytes.size() / (element.getIntOrFloatBitWidth() / 8);
  auto tensor = RankedTensorType::get({count}, element);
  auto memref = MemRefType::get({count}, element);
  std::string name = ("const_" + Twine(numConstants++)).str();
  ElementsAttr value;
  if (bytes.size() <= 256)
    value = DenseElementsAttr::getFromRawBuffer(tensor, bytes);
  else
    value = DenseResourceElementsAttr::get(
        tensor, name, HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, 64));
  OpBuilder moduleBuilder = OpBuilder::atBlockBegin(module.getBody());
  moduleBuilder.create<memref::GlobalOp>(
      loc, name, builder.getStringAttr("private"), memref, value,
      /*constant=*/true, /*alignment=*/IntegerAttr());
  return builder.create<memref::GetGlobalOp>(loc, memref, name);
}

Value NetworkLowering::scalar(float value) {
  return builder.create<arith::ConstantOp>(loc, builder.getF32FloatAttr(value));
}
Value NetworkLowering::scalar(int32_t value) {
  return builder.create<arith::ConstantOp>(loc,
                                           builder.getI32IntegerAttr(value));
}

void NetworkLowering::callKernel(
    StringRef name, const Twine &key, ArrayRef<Value> arguments,
    llvm::function_ref<void(KernelBuilder &, ValueRange)> body) {
  FunctionType type =
      builder.getFunctionType(ValueRange(arguments).getTypes(), {});
  std::string fullKey;
  llvm::raw_string_ostream(fullKey) << name << ' ' << key << ' ' << type;
  func::FuncOp &kernel = kernels[fullKey];
  if (!kernel) {
    OpBuilder moduleBuilder = OpBuilder::atBlockEnd(module.getBody());
    std::string suffix = level.name.str();
    std::replace(suffix.begin(), suffix.end(), '-', '_');
    kernel = moduleBuilder.create<func::FuncOp>(
        loc, (name + "_" + Twine(kernels.size()) + "_" + suffix).str(), type);
    kernel.setPrivate();
    Block *block = kernel.addEntryBlock();
    moduleBuilder.setInsertionPointToStart(block);
    KernelBuilder k(moduleBuilder, loc, level);
    body(k, block->getArguments());
    k.b.create<func::ReturnOp>();
  }
  builder.create<func::CallOp>(loc, kernel, arguments);
}

//===----------------------------------------------------------------------===//
// The network
//===----------------------------------------------------------------------===//

LogicalResult NetworkLowering::run() {
  SmallVector<Type> types;
  auto flat = [&](Type tensor) {
    int64_t elements = cast<RankedTensorType>(tensor).getNumElements();
    types.push_back(
        MemRefType::get({std::max<int64_t>(elements, 1)}, storageType(tensor)));
  };
  llvm::for_each(entry.getArgumentTypes(), flat);
  llvm::for_each(entry.getResultTypes(), flat);
  bool observes = !entry.getBody().getOps<ObserveOp>().empty();
  if (observes)
    types.append(2, LLVM::LLVMPointerType::get(builder.getContext()));
  builder.setInsertionPoint(entry);
  std::string name = "run_" + level.name.str();
  std::replace(name.begin(), name.end(), '-', '_');
  auto lowered = builder.create<func::FuncOp>(
      loc, name, builder.getFunctionType(types, {}));
  Block *block = lowered.addEntryBlock();
  builder.setInsertionPointToStart(block);
  if (observes) {
    observe = block->getArgument(types.size() - 2);
    observeArgument = block->getArgument(types.size() - 1);
  }
  for (BlockArgument argument : entry.getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    Buffer buffer;
    buffer.shape = SmallVector<int64_t>(type.getShape());
    buffer.strides = contiguousStrides(buffer.shape);
    buffer.memory = block->getArgument(argument.getArgNumber());
    buffer.isArgument = true;
    if (isQuantizedTensor(type)) {
      // Into the stored domain, and into memory that may be read beyond.
      Buffer stored = allocate(type, requiredBorder(argument));
      emitRebias(buffer, stored, storageBias(type));
      buffer = stored;
    }
    buffers[argument] = buffer;
  }
  for (Operation &op : entry.front()) {
    loc = op.getLoc();
    if (failed(lowerOp(&op)))
      return failure();
  }
  builder.create<func::ReturnOp>(loc);
  entry.erase();
  return success();
}

LogicalResult NetworkLowering::lowerOp(Operation *op) {
  if (failed(
          llvm::TypeSwitch<Operation *, LogicalResult>(op)
              .Case([&](ConstantOp op) { return lowerConstant(op); })
              .Case([&](ObserveOp op) { return lowerObserve(op); })
              .Case([&](func::ReturnOp op) { return lowerReturn(op); })
              .Case([&](Conv2DOp op) { return lowerConv2D(op); })
              .Case(
                  [&](FullyConnectedOp op) { return lowerFullyConnected(op); })
              .Case([&](MatMulOp op) { return lowerMatMul(op); })
              .Case([&](BiasOp op) { return lowerBias(op); })
              .Case([&](BatchNormOp op) { return lowerBatchNorm(op); })
              .Case<AddOp, SubOp, MulOp, DivOp>(
                  [&](Operation *op) { return lowerBinary(op); })
              .Case<ReluOp, ClipOp, LeakyReluOp, SigmoidOp, HardSigmoidOp,
                    HardSwishOp, TanhOp>(
                  [&](Operation *op) { return lowerUnary(op); })
              .Case([&](RequantizeOp op) { return lowerRequantize(op); })
              .Case([&](quant::QuantizeCastOp op) { return lowerQuantize(op); })
              .Case([&](quant::DequantizeCastOp op) {
                return lowerDequantize(op);
              })
              .Case([&](SoftmaxOp op) { return lowerSoftmax(op); })
              .Case([&](ReduceMeanOp op) { return lowerReduceMean(op); })
              .Case([&](MaxPool2DOp op) { return lowerMaxPool(op); })
              .Case([&](AvgPool2DOp op) { return lowerAvgPool(op); })
              .Case<GlobalAvgPoolOp, GlobalMaxPoolOp>(
                  [&](Operation *op) { return lowerGlobalPool(op); })
              .Case([&](ReshapeOp op) { return lowerReshape(op); })
              .Case([&](TransposeOp op) { return lowerTranspose(op); })
              .Case([&](ConcatOp op) { return lowerConcat(op); })
              .Case([&](PadOp op) { return lowerPad(op); })
              .Case([&](SliceOp op) { return lowerSlice(op); })
              .Case([&](ResizeNearestOp op) { return lowerResizeNearest(op); })
              .Default([](Operation *op) {
                return op->emitError("expected an op of the Graph or Quantized "
                                     "stage, got ")
                       << op->getName();
              })))
    return failure();
  return success();
}

LogicalResult NetworkLowering::lowerConstant(ConstantOp op) {
  constants[op.getResult()] = op.getValue();
  // In memory only where an op reads it as an activation.
  bool isOperand = llvm::any_of(op->getUses(), [](OpOperand &use) {
    auto quantizable = dyn_cast<QuantizableOpInterface>(use.getOwner());
    if (!quantizable)
      return !isa<BiasOp, BatchNormOp>(use.getOwner());
    return llvm::is_contained(quantizable.getActivationOperands(), &use);
  });
  if (!isOperand)
    return success();
  auto type = op.getType();
  if (isQuantizedTensor(type) && !getUniformElementType(type))
    return op.emitOpError("expected a per-tensor scale on a constant "
                          "activation");
  Buffer buffer;
  buffer.shape = SmallVector<int64_t>(type.getShape());
  buffer.strides = contiguousStrides(buffer.shape);
  buffer.isArgument = true; // reading behind it is not allowed
  if (isFloatTensor(type)) {
    auto values = getFloatValues(op.getValue());
    if (failed(values))
      return op.emitOpError("expected a value with data");
    buffer.memory = constant(ArrayRef<float>(*values), builder.getF32Type());
  } else {
    auto values = getIntegerValues(op.getValue());
    if (failed(values))
      return op.emitOpError("expected a value with data");
    if (isAccumulatorTensor(type)) {
      buffer.memory =
          constant(ArrayRef<int32_t>(*values), builder.getI32Type());
    } else {
      int32_t bias = storageBias(type);
      SmallVector<int8_t> stored;
      for (int32_t value : *values)
        stored.push_back(int8_t(value + bias));
      buffer.memory = constant(ArrayRef<int8_t>(stored), builder.getI8Type());
    }
  }
  buffers[op.getResult()] = buffer;
  return success();
}

LogicalResult NetworkLowering::lowerObserve(ObserveOp op) {
  Buffer buffer = getBuffer(op.getInput());
  buffers[op.getResult()] = buffer;
  // Rows of contiguous values, an equal stride apart within one image.
  int64_t images = 1, rows = 1, rowLength = buffer.elements(), rowStride = 0;
  if (!buffer.isContiguous()) {
    images = buffer.shape[0];
    rows = buffer.shape[1];
    rowLength = buffer.shape[2] * buffer.shape[3];
    rowStride = buffer.strides[1];
  }
  Type i64 = builder.getI64Type();
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(builder.getContext()),
      {pointer, builder.getI32Type(), pointer, i64, i64, i64});
  auto number = [&](int64_t value) -> Value {
    return builder.create<LLVM::ConstantOp>(loc, i64, value);
  };
  Value base = builder.create<memref::ExtractAlignedPointerAsIndexOp>(
      loc, buffer.memory);
  base = builder.create<arith::IndexCastOp>(loc, i64, base);
  for (int64_t n = 0; n < images; ++n) {
    int64_t start = buffer.offset + (images > 1 ? n * buffer.strides[0] : 0);
    Value address = builder.create<LLVM::AddOp>(
        loc, base, number(start * int64_t(sizeof(float))));
    Value data = builder.create<LLVM::IntToPtrOp>(loc, pointer, address);
    SmallVector<Value> operands = {observe,
                                   observeArgument,
                                   scalar(int32_t(numObserved)),
                                   data,
                                   number(rows),
                                   number(rowLength),
                                   number(rowStride)};
    builder.create<LLVM::CallOp>(loc, type, operands);
  }
  ++numObserved;
  return success();
}

LogicalResult NetworkLowering::lowerReturn(func::ReturnOp op) {
  Block *block = builder.getBlock();
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = cast<RankedTensorType>(operand.get().getType());
    if (isAccumulatorTensor(type) && !getUniformElementType(type))
      return op.emitError("expected float or 8-bit results, got ") << type;
    Buffer buffer = getBuffer(operand.get());
    Buffer output;
    output.shape = SmallVector<int64_t>(type.getShape());
    output.strides = contiguousStrides(output.shape);
    output.memory = block->getArgument(entry.getNumArguments() +
                                       operand.getOperandNumber());
    if (buffer.memory == output.memory)
      continue;
    if (!isQuantizedTensor(type) || isAccumulatorTensor(type)) {
      emitCopy(buffer, output);
      continue;
    }
    emitRebias(buffer, output, storageBias(type));
  }
  return success();
}
