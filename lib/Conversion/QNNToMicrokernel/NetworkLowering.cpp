//===- NetworkLowering.cpp - Constants, kernel calls, the entry function --===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

#include "qnn/Conversion/Passes.h"
#include "qnn/Dialect/Microkernel/IR/Microkernel.h"
#include "qnn/Dialect/QNN/IR/Constants.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::qnn;

NetworkLowering::NetworkLowering(ModuleOp module, func::FuncOp entry,
                                 const TargetLevel &level)
    : module(module), entry(entry), level(level), builder(module.getContext()),
      loc(entry.getLoc()), concats(entry.front(), level) {}

//===----------------------------------------------------------------------===//
// Constants and kernels
//===----------------------------------------------------------------------===//

Value NetworkLowering::constantBytes(ArrayRef<char> bytes, Type element) {
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

template <typename T> static ArrayRef<char> bytesOf(ArrayRef<T> values) {
  return {reinterpret_cast<const char *>(values.data()),
          values.size() * sizeof(T)};
}
Value NetworkLowering::constant(ArrayRef<float> values) {
  return constantBytes(bytesOf(values), builder.getF32Type());
}
Value NetworkLowering::constant(ArrayRef<int8_t> values) {
  return constantBytes(bytesOf(values), builder.getI8Type());
}
Value NetworkLowering::constant(ArrayRef<int16_t> values) {
  return constantBytes(bytesOf(values), builder.getIntegerType(16));
}
Value NetworkLowering::constant(ArrayRef<int32_t> values) {
  return constantBytes(bytesOf(values), builder.getI32Type());
}
Value NetworkLowering::constant(ArrayRef<int64_t> values) {
  return constantBytes(bytesOf(values), builder.getI64Type());
}

Value NetworkLowering::pairs(ArrayRef<uint16_t> values) {
  return constantBytes(bytesOf(values), builder.getIntegerType(16));
}

Value NetworkLowering::constant(ArrayRef<FixedPointFactor> values) {
  SmallVector<int32_t> numbers;
  for (FixedPointFactor factor : values)
    numbers.push_back(factor.multiplier);
  for (FixedPointFactor factor : values)
    numbers.push_back(factor.shift);
  return constant(numbers);
}

FailureOr<Value> NetworkLowering::storedConstant(ElementsAttr value,
                                                 RankedTensorType type) {
  if (isFloatTensor(type)) {
    auto values = getFloatValues(value);
    if (failed(values))
      return failure();
    return constant(*values);
  }
  Type element = type.getElementType();
  if (element.isInteger(64)) {
    auto values = getLongValues(value);
    if (failed(values))
      return failure();
    return constant(*values);
  }
  auto values = getIntegerValues(value);
  if (failed(values))
    return failure();
  if (isAccumulatorTensor(type) || element.isInteger(32))
    return constant(*values);
  if (element.isInteger(1))
    return constant(SmallVector<int8_t>(values->begin(), values->end()));
  int32_t bias = storageBias(type);
  SmallVector<int8_t> stored;
  for (int32_t value : *values)
    stored.push_back(int8_t(value + bias));
  return constant(stored);
}

Value NetworkLowering::scalar(float value) {
  return builder.create<arith::ConstantOp>(loc, builder.getF32FloatAttr(value));
}
Value NetworkLowering::scalar(int32_t value) {
  return builder.create<arith::ConstantOp>(loc,
                                           builder.getI32IntegerAttr(value));
}

microkernel::LaunchOp NetworkLowering::callKernel(
    StringRef name, const Twine &key, ArrayRef<Value> arguments,
    llvm::function_ref<void(KernelBuilder &, ValueRange)> body) {
  SmallVector<Type> types(ValueRange(arguments).getTypes());
  types.append(2, builder.getIndexType()); // the units
  FunctionType type = builder.getFunctionType(types, {});
  std::string fullKey;
  llvm::raw_string_ostream(fullKey) << name << ' ' << key << ' ' << type;
  auto &[function, units] = kernels[fullKey];
  if (!function) {
    OpBuilder moduleBuilder = OpBuilder::atBlockEnd(module.getBody());
    function = moduleBuilder.create<func::FuncOp>(
        loc,
        (name + "_" + Twine(kernels.size()) + "_" + getLevelSymbol(level))
            .str(),
        type);
    function.setPrivate();
    Block *block = function.addEntryBlock();
    moduleBuilder.setInsertionPointToStart(block);
    ValueRange parameters = block->getArguments();
    KernelBuilder k(moduleBuilder, loc, level, parameters.drop_back().back(),
                    parameters.back());
    if (auto override = entry->getAttrOfType<FloatAttr>(kUnitNanosecondsAttr))
      k.unitNanoseconds = override.getValueAsDouble();
    body(k, parameters.drop_back(2));
    k.b.create<func::ReturnOp>();
    units = k.units();
    if (units == 1)
      function.eraseArguments(
          llvm::BitVector(types.size()).set(arguments.size(), types.size()));
  }
  return builder.create<microkernel::LaunchOp>(
      loc, function.getSymName(), arguments,
      units == 1 ? IntegerAttr() : builder.getI64IntegerAttr(units),
      FlatSymbolRefAttr::get(currentLayer().getSymNameAttr()), context);
}

//===----------------------------------------------------------------------===//
// The network
//===----------------------------------------------------------------------===//

LogicalResult NetworkLowering::run() {
  beginFunction();
  for (BlockArgument argument : entry.getArguments()) {
    beginLayer(argument);
    lowerArgument(argument);
  }
  for (Operation &op : entry.front()) {
    loc = op.getLoc();
    beginLayer(&op);
    if (failed(lowerOp(&op)))
      return failure();
  }
  builder.create<func::ReturnOp>(loc);
  entry.erase();
  return success();
}

void NetworkLowering::beginFunction() {
  SmallVector<Type> types;
  auto flat = [&](Type tensor) {
    int64_t elements = cast<RankedTensorType>(tensor).getNumElements();
    types.push_back(
        MemRefType::get({std::max<int64_t>(elements, 1)}, storageType(tensor)));
  };
  llvm::for_each(entry.getArgumentTypes(), flat);
  llvm::for_each(entry.getResultTypes(), flat);
  bool observes = !entry.getBody().getOps<ObserveOp>().empty();
  size_t contextIndex = types.size();
  types.append(observes ? 3 : 1,
               LLVM::LLVMPointerType::get(builder.getContext()));
  builder.setInsertionPoint(entry);
  auto lowered = builder.create<func::FuncOp>(
      loc, getRunFunctionName(level), builder.getFunctionType(types, {}));
  Block *block = lowered.addEntryBlock();
  builder.setInsertionPointToStart(block);
  context = block->getArgument(contextIndex);
  if (observes) {
    observe = block->getArgument(contextIndex + 1);
    observeArgument = block->getArgument(contextIndex + 2);
  }
}

void NetworkLowering::lowerArgument(BlockArgument argument) {
  auto type = cast<RankedTensorType>(argument.getType());
  Buffer buffer = Buffer::contiguous(
      builder.getBlock()->getArgument(argument.getArgNumber()),
      type.getShape());
  buffer.isArgument = true;
  if (isQuantizedTensor(type)) {
    // Into the stored domain, and into memory that may be read beyond.
    Buffer stored = allocate(type, getRequiredBorder(argument));
    emitRebias(buffer, stored, storageBias(type));
    buffer = stored;
  }
  setBuffer(argument, buffer);
}

Value NetworkLowering::resultMemory(unsigned index) {
  return builder.getBlock()->getArgument(entry.getNumArguments() + index);
}

LogicalResult NetworkLowering::lowerOp(Operation *op) {
  if (done.contains(op))
    return success();
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
                    HardSwishOp, TanhOp, SqrtOp, ErfOp, UnaryOp>(
                  [&](Operation *op) { return lowerUnary(op); })
              .Case([&](BinaryOp op) { return lowerBinaryFunction(op); })
              .Case([&](CompareOp op) { return lowerCompare(op); })
              .Case([&](SelectOp op) { return lowerSelect(op); })
              .Case([&](CastOp op) { return lowerCast(op); })
              .Case([&](ReduceOp op) { return lowerReduce(op); })
              .Case([&](TopKOp op) { return lowerTopK(op); })
              .Case([&](GatherOp op) { return lowerGather(op); })
              .Case([&](ResampleOp op) { return lowerResample(op); })
              .Case([&](TakeOp op) { return lowerTake(op); })
              .Case([&](RequantizeOp op) { return lowerRequantize(op); })
              .Case([&](ToBF16Op op) { return lowerToBF16(op); })
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
  FailureOr<Value> memory = storedConstant(op.getValue(), type);
  if (failed(memory))
    return op.emitOpError("expected a value with data");
  Buffer buffer = Buffer::contiguous(*memory, type.getShape());
  buffer.isArgument = true; // reading behind it is not allowed
  setBuffer(op.getResult(), buffer);
  return success();
}

LogicalResult NetworkLowering::lowerObserve(ObserveOp op) {
  Buffer buffer = getBuffer(op.getInput());
  setBuffer(op.getResult(), buffer);
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
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = cast<RankedTensorType>(operand.get().getType());
    if (isAccumulatorTensor(type) && !getUniformElementType(type))
      return op.emitError("expected float or 8-bit results, got ") << type;
    Buffer buffer = getBuffer(operand.get());
    Buffer output = Buffer::contiguous(resultMemory(operand.getOperandNumber()),
                                       type.getShape());
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
