//===- KernelBuilder.cpp - Emits loops and vector code --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Conversion/KernelBuilder.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::qnn;

Value KernelBuilder::index(int64_t value) {
  return b.create<arith::ConstantIndexOp>(value);
}
Value KernelBuilder::i32(int32_t value) {
  return b.create<arith::ConstantIntOp>(value, 32);
}
Value KernelBuilder::f32(float value) {
  return b.create<arith::ConstantFloatOp>(APFloat(value), b.getF32Type());
}
Value KernelBuilder::add(Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(x, y);
}
Value KernelBuilder::mul(Value x, int64_t y) {
  return y == 1 ? x : b.createOrFold<arith::MulIOp>(x, index(y));
}

void KernelBuilder::loop(int64_t low, int64_t high, int64_t step,
                         llvm::function_ref<void(Value)> body) {
  if (low >= high)
    return;
  if (low + step >= high)
    return body(index(low));
  auto loop = b.create<scf::ForOp>(index(low), index(high), index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

SmallVector<Value> KernelBuilder::loop(
    Value low, Value high, ValueRange inits,
    llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = b.create<scf::ForOp>(low, high, index(1), inits);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next =
      body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!next.empty()) // else the loop has its terminator already
    b.create<scf::YieldOp>(next);
  return loop.getResults();
}

void KernelBuilder::vectorLoop(int64_t count, int64_t width,
                               llvm::function_ref<void(Value, int64_t)> body,
                               bool mayRepeat) {
  int64_t full = count / width * width;
  loop(0, full, width, [&](Value i) { body(i, width); });
  if (full == count)
    return;
  if (full > 0 && mayRepeat)
    return body(index(count - width), width);
  if (mayRepeat)
    return vectorLoop(count, llvm::bit_floor(uint64_t(count)), body);
  for (int64_t done = full; done < count;) {
    int64_t part = llvm::bit_floor(uint64_t(count - done));
    body(index(done), part);
    done += part;
  }
}

void KernelBuilder::split(double nanoseconds, int64_t parts) {
  assert(numUnits == 1 && "expected one split per kernel");
  int64_t most = std::min(parts, kMaxUnits);
  if (!firstUnit || nanoseconds < 2 * unitNanoseconds || most < 2)
    return;
  numUnits =
      std::min(most, int64_t(std::min(nanoseconds / unitNanoseconds, 1e9)));
  // Even, for two threads. The largest share decides: no more units than keep
  // it as small.
  if (numUnits > 2 && 2 * numUnits <= parts)
    numUnits -= numUnits % 2;
  numUnits = llvm::divideCeil(parts, llvm::divideCeil(parts, numUnits));
}

size_t KernelBuilder::split(double nanoseconds, ArrayRef<int64_t> shape) {
  if (shape.empty())
    return 0;
  const int64_t *most =
      llvm::find_if(shape, [](int64_t size) { return size >= kMaxUnits; });
  if (most == shape.end())
    most = llvm::max_element(shape);
  split(nanoseconds, *most);
  return most - shape.begin();
}

std::pair<Value, Value> KernelBuilder::share(int64_t count) {
  if (numUnits == 1)
    return {index(0), index(count)};
  auto boundary = [&](Value i) -> Value {
    if (count % numUnits == 0)
      return mul(i, count / numUnits);
    return b.create<arith::DivUIOp>(mul(i, count), index(numUnits));
  };
  return {boundary(firstUnit), boundary(endUnit)};
}

void KernelBuilder::sharedLoop(int64_t count,
                               llvm::function_ref<void(Value)> body) {
  sharedTiles(count, 1, [&](Value i, int64_t) { body(i); });
}

void KernelBuilder::sharedTiles(int64_t size, int64_t tile,
                                llvm::function_ref<void(Value, int64_t)> body) {
  int64_t full = size / tile, rest = size % tile;
  auto emitRest = [&] { body(index(full * tile), rest); };
  if (numUnits == 1) {
    loop(0, full * tile, tile, [&](Value i) { body(i, tile); });
    if (rest)
      emitRest();
    return;
  }
  auto [low, high] = share(full + (rest ? 1 : 0));
  Value end = rest ? b.create<arith::MinUIOp>(high, index(full)) : high;
  auto tiles =
      b.create<scf::ForOp>(mul(low, tile), mul(end, tile), index(tile));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(tiles.getBody());
    body(tiles.getInductionVar(), tile);
  }
  if (!rest)
    return;
  Value isLast = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, endUnit,
                                         index(numUnits));
  auto last = b.create<scf::IfOp>(isLast, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(last.thenBlock());
  emitRest();
}

void KernelBuilder::sharedVectorLoop(
    int64_t count, int64_t width,
    llvm::function_ref<void(Value, int64_t)> body) {
  sharedTiles(count, width, [&](Value i, int64_t size) {
    if (size == width)
      return body(i, width);
    if (count > width)
      return body(index(count - width), width);
    vectorLoop(size, width, body);
  });
}

/// The loops of nest() from `dimension` on.
static void nestFrom(KernelBuilder &k, size_t dimension, size_t shared,
                     ArrayRef<int64_t> shape,
                     ArrayRef<SmallVector<int64_t>> strides,
                     ArrayRef<Value> positions,
                     llvm::function_ref<void(ArrayRef<Value>)> body) {
  if (dimension == shape.size())
    return body(positions);
  auto iterate = [&](Value i) {
    SmallVector<Value> moved;
    for (auto [position, along] : llvm::zip(positions, strides))
      moved.push_back(k.add(position, k.mul(i, along[dimension])));
    nestFrom(k, dimension + 1, shared, shape, strides, moved, body);
  };
  if (dimension == shared)
    k.sharedLoop(shape[dimension], iterate);
  else
    k.loop(0, shape[dimension], 1, iterate);
}

void KernelBuilder::nest(ArrayRef<int64_t> shape,
                         ArrayRef<SmallVector<int64_t>> strides,
                         ArrayRef<int64_t> offsets,
                         llvm::function_ref<void(ArrayRef<Value>)> body,
                         size_t shared) {
  SmallVector<Value> positions;
  for (int64_t offset : offsets)
    positions.push_back(index(offset));
  nestFrom(*this, 0, shared, shape, strides, positions, body);
}

Value KernelBuilder::load(Value buffer, Value index, int64_t width) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  return b.create<vector::LoadOp>(VectorType::get({width}, element), buffer,
                                  index);
}
Value KernelBuilder::loadScalar(Value buffer, Value index) {
  return b.create<memref::LoadOp>(buffer, index);
}
void KernelBuilder::store(Value vector, Value buffer, Value index) {
  b.create<vector::StoreOp>(vector, buffer, index);
}
Value KernelBuilder::splat(Value scalar, int64_t width) {
  return b.create<vector::BroadcastOp>(
      VectorType::get({width}, scalar.getType()), scalar);
}
Value KernelBuilder::constant(Attribute value, Type element, int64_t width) {
  auto type = VectorType::get({width}, element);
  return b.create<arith::ConstantOp>(DenseElementsAttr::get(type, value));
}
Value KernelBuilder::constant(float value, int64_t width) {
  return constant(b.getF32FloatAttr(value), b.getF32Type(), width);
}
Value KernelBuilder::constant(int32_t value, int64_t width) {
  return constant(b.getI32IntegerAttr(value), b.getI32Type(), width);
}
Value KernelBuilder::bytes(int32_t value, int64_t width) {
  return constant(b.getI8IntegerAttr(int8_t(value)), b.getI8Type(), width);
}

Value KernelBuilder::widen(Value bytes) {
  auto type = VectorType::get({widthOf(bytes)}, b.getI32Type());
  if (level.storesUnsigned())
    return b.create<arith::ExtUIOp>(type, bytes);
  return b.create<arith::ExtSIOp>(type, bytes);
}
Value KernelBuilder::narrow(Value lanes) {
  return b.create<arith::TruncIOp>(
      VectorType::get({widthOf(lanes)}, b.getI8Type()), lanes);
}
Value KernelBuilder::round(Value lanes) {
  int64_t width = widthOf(lanes);
  if (cast<VectorType>(lanes.getType()).getElementType().isInteger(32))
    return lanes;
  return intrinsic(
      ("llvm.lrint.v" + Twine(width) + "i32.v" + Twine(width) + "f32").str(),
      VectorType::get({width}, b.getI32Type()), {lanes});
}
Value KernelBuilder::intrinsic(StringRef name, Type result,
                               ValueRange operands) {
  return b
      .create<LLVM::CallIntrinsicOp>(TypeRange{result}, b.getStringAttr(name),
                                     operands)
      .getResult(0);
}
Value KernelBuilder::toFloat(Value lanes) {
  return b.create<arith::SIToFPOp>(
      VectorType::get({widthOf(lanes)}, b.getF32Type()), lanes);
}

Value KernelBuilder::centeredLanes(Value bytes, int32_t zeroPoint) {
  Value lanes = widen(bytes);
  return b.create<arith::SubIOp>(lanes, constant(zeroPoint, widthOf(bytes)));
}

Value KernelBuilder::maxBytes(Value x, Value y) {
  if (level.storesUnsigned())
    return b.create<arith::MaxUIOp>(x, y);
  return b.create<arith::MaxSIOp>(x, y);
}
Value KernelBuilder::minBytes(Value x, Value y) {
  if (level.storesUnsigned())
    return b.create<arith::MinUIOp>(x, y);
  return b.create<arith::MinSIOp>(x, y);
}

Value KernelBuilder::saturateBytes(Value t, const QuantParams &p) {
  Value low = f32(float(p.min - p.zeroPoint));
  Value high = f32(float(p.max - p.zeroPoint));
  return narrow(saturate(t, low, high, i32(p.zeroPoint)));
}

Value KernelBuilder::clampLanes(Value t, Value low, Value high) {
  int64_t width = widthOf(t);
  if (cast<VectorType>(t.getType()).getElementType().isInteger(32)) {
    auto toInteger = [&](Value bound) {
      return splat(b.createOrFold<arith::FPToSIOp>(b.getI32Type(), bound),
                   width);
    };
    t = b.create<arith::MaxSIOp>(t, toInteger(low));
    return b.create<arith::MinSIOp>(t, toInteger(high));
  }
  VectorMath math{*this, width};
  low = splat(low, width);
  high = splat(high, width);
  t = math.select(math.lessThan(low, t), t, low);
  return math.select(math.lessThan(t, high), t, high);
}

Value KernelBuilder::saturate(Value t, Value low, Value high, Value zeroPoint) {
  return b.create<arith::AddIOp>(round(clampLanes(t, low, high)),
                                 splat(zeroPoint, widthOf(t)));
}

Value KernelBuilder::finishFloat(Value acc, const Epilogue &epilogue) {
  int64_t width = widthOf(acc);
  VectorMath math{*this, width};
  if (epilogue.residual)
    acc = math.add(acc, epilogue.residual);
  if (epilogue.low) {
    Value low = splat(epilogue.low, width);
    acc = math.select(math.lessThan(low, acc), acc, low);
  }
  if (epilogue.high) {
    Value high = splat(epilogue.high, width);
    acc = math.select(math.lessThan(acc, high), acc, high);
  }
  return acc;
}

Value KernelBuilder::roundQuantized(Value acc, const Epilogue &epilogue) {
  int64_t width = widthOf(acc);
  VectorMath math{*this, width};
  Value t = epilogue.shift
                ? multiplyFixedPoint(acc, epilogue.scale, epilogue.shift)
                : math.mul(toFloat(acc), epilogue.scale);
  if (epilogue.residual) {
    Value residual = b.create<arith::SubIOp>(
        widen(epilogue.residual), splat(epilogue.residualZero, width));
    t = math.add(
        t, math.mul(toFloat(residual), splat(epilogue.residualFactor, width)));
  }
  if (epilogue.low)
    t = clampLanes(t, epilogue.low, epilogue.high);
  return round(t);
}

Value KernelBuilder::finishQuantized(Value acc, const Epilogue &epilogue) {
  int64_t width = widthOf(acc);
  Value lanes = b.create<arith::AddIOp>(roundQuantized(acc, epilogue),
                                        splat(epilogue.zeroPoint, width));
  if (!epilogue.low) {
    bool isUnsigned = level.storesUnsigned();
    lanes =
        b.create<arith::MaxSIOp>(lanes, constant(isUnsigned ? 0 : -128, width));
    lanes = b.create<arith::MinSIOp>(lanes,
                                     constant(isUnsigned ? 255 : 127, width));
  }
  return narrow(lanes);
}

Value VectorMath::exp2Integer(Value n) {
  auto integers = VectorType::get({width}, k.b.getI32Type());
  Value shifted = add(n, k.constant(kRoundMagic, width));
  Value bits = k.b.create<arith::BitcastOp>(integers, shifted);
  bits = k.b.create<arith::AddIOp>(
      bits, k.constant(int32_t(127 - kRoundMagicBits), width));
  bits = k.b.create<arith::ShLIOp>(bits, k.constant(int32_t(23), width));
  return k.b.create<arith::BitcastOp>(
      VectorType::get({width}, k.b.getF32Type()), bits);
}

Value VectorMath::exponentOf(Value x) {
  auto integers = VectorType::get({width}, k.b.getI32Type());
  Value bits = k.b.create<arith::BitcastOp>(integers, x);
  bits = k.b.create<arith::ShRUIOp>(bits, k.constant(int32_t(23), width));
  return k.toFloat(
      k.b.create<arith::SubIOp>(bits, k.constant(int32_t(126), width)));
}

Value VectorMath::mantissaOf(Value x) {
  auto integers = VectorType::get({width}, k.b.getI32Type());
  Value bits = k.b.create<arith::BitcastOp>(integers, x);
  bits = k.b.create<arith::AndIOp>(bits, k.constant(0x007fffff, width));
  bits = k.b.create<arith::OrIOp>(bits, k.constant(0x3f000000, width));
  return k.b.create<arith::BitcastOp>(
      VectorType::get({width}, k.b.getF32Type()), bits);
}
