//===- Indices.cpp - Elements found by value, slices found by index -------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

#include "qnn/Dialect/QNN/IR/AxisView.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// Finds the k best elements of rows: each is the best of those that come after
/// the one before in the order of keys and indices.
struct TopK {
  TopK(TopKOp op, const Buffer &input, const Buffer &output)
      : input(input), output(output), view(input.shape, op.getAxis()),
        element(getKeyType(op)),
        isByte(isQuantizedTensor(op.getInput().getType())), count(op.getK()),
        largest(op.getLargest()), last(op.getLast()) {}

  const Buffer &input, &output;
  AxisView view;
  Type element; ///< of keys: i32 for 8-bit values
  bool isByte;
  int64_t count;
  bool largest, last;

  static Type getKeyType(TopKOp op) {
    Type type = cast<ShapedType>(op.getInput().getType()).getElementType();
    return isa<quant::QuantizedType>(type)
               ? IntegerType::get(op.getContext(), 32)
               : type;
  }
  void emit(KernelBuilder &k, ValueRange args) const;
  void emitRow(KernelBuilder &k, ValueRange args, Value from, Value to) const;
  SmallVector<Value> step(KernelBuilder &k, Value key, Value i, ValueRange best,
                          ValueRange previous) const;
  Value keyOf(KernelBuilder &k, Value x) const;
  Value isLess(KernelBuilder &k, Value a, Value b) const;
};
} // namespace

/// The best element has the largest key.
Value TopK::keyOf(KernelBuilder &k, Value x) const {
  if (isByte)
    x = k.level.storesUnsigned()
            ? k.b.create<arith::ExtUIOp>(element, x).getResult()
            : k.b.create<arith::ExtSIOp>(element, x).getResult();
  if (!element.isF32()) {
    Value ones = k.b.create<arith::ConstantOp>(k.b.getIntegerAttr(element, -1));
    return largest ? x : k.b.create<arith::XOrIOp>(x, ones);
  }
  Value key =
      largest ? x : k.b.create<arith::SubFOp>(k.f32(0.0f), x).getResult();
  Value isNumber = k.b.create<arith::CmpFOp>(arith::CmpFPredicate::ORD, x, x);
  Value worst = k.f32(-std::numeric_limits<float>::infinity());
  return k.b.create<arith::SelectOp>(isNumber, key, worst);
}

Value TopK::isLess(KernelBuilder &k, Value a, Value b) const {
  if (element.isF32())
    return k.b.create<arith::CmpFOp>(arith::CmpFPredicate::OLT, a, b);
  return k.b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, a, b);
}

/// The best key and its index, from those so far and element i.
SmallVector<Value> TopK::step(KernelBuilder &k, Value key, Value i,
                              ValueRange best, ValueRange previous) const {
  auto both = [&](Value a, Value b) -> Value {
    return k.b.create<arith::AndIOp>(a, b);
  };
  auto either = [&](Value a, Value b) -> Value {
    return k.b.create<arith::OrIOp>(a, b);
  };
  auto negated = [&](Value a) -> Value {
    return k.b.create<arith::XOrIOp>(
        a, k.b.create<arith::ConstantIntOp>(1, 1).getResult());
  };
  // Is it after the previous one?
  Value isLower = isLess(k, key, previous[0]);
  Value isTie = negated(either(isLower, isLess(k, previous[0], key)));
  Value isNext = k.b.create<arith::CmpIOp>(last ? arith::CmpIPredicate::slt
                                                : arith::CmpIPredicate::sgt,
                                           i, previous[1]);
  Value isLeft = either(isLower, both(isTie, isNext));
  // Is it better than the best?
  Value isFirst =
      k.b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, best[1], k.index(0));
  Value wins =
      last ? negated(isLess(k, key, best[0])) : isLess(k, best[0], key);
  Value takes = both(isLeft, either(isFirst, wins));
  return {k.b.create<arith::SelectOp>(takes, key, best[0]),
          k.b.create<arith::SelectOp>(takes, i, best[1])};
}

void TopK::emitRow(KernelBuilder &k, ValueRange args, Value from,
                   Value to) const {
  unsigned width = element.getIntOrFloatBitWidth();
  auto extreme = [&](bool most) -> Value {
    if (element.isF32()) {
      float infinity = std::numeric_limits<float>::infinity();
      return k.f32(most ? infinity : -infinity);
    }
    APInt value = most ? APInt::getSignedMaxValue(width)
                       : APInt::getSignedMinValue(width);
    return k.b.create<arith::ConstantOp>(k.b.getIntegerAttr(element, value));
  };
  auto find = [&](Value j, ValueRange previous) {
    auto visit = [&](Value i, ValueRange best) {
      Value x = k.loadScalar(args[0], k.add(from, k.mul(i, view.inner)));
      return step(k, keyOf(k, x), i, best, previous);
    };
    SmallVector<Value> found = k.loop(k.index(0), k.index(view.size),
                                      {extreme(false), k.index(-1)}, visit);
    Value index = k.b.create<arith::IndexCastOp>(k.b.getI64Type(), found[1]);
    k.store(k.splat(index, 1), args[1], k.add(to, k.mul(j, view.inner)));
    return found;
  };
  Value before = k.index(last ? view.size : -1);
  k.loop(k.index(0), k.index(count), {extreme(true), before}, find);
}

void TopK::emit(KernelBuilder &k, ValueRange args) const {
  int64_t most = std::max(view.outer, view.inner);
  bool sharesOuter = view.outer == most;
  k.split(double(view.outer) * view.inner * view.size * count, most);
  auto loop = [&](int64_t count, bool shares,
                  llvm::function_ref<void(Value)> body) {
    shares ? k.sharedLoop(count, body) : k.loop(0, count, 1, body);
  };
  loop(view.outer, sharesOuter, [&](Value o) {
    Value from = k.add(k.mul(o, view.size * view.inner), input.offset);
    Value to = k.add(k.mul(o, count * view.inner), output.offset);
    loop(view.inner, !sharesOuter,
         [&](Value i) { emitRow(k, args, k.add(from, i), k.add(to, i)); });
  });
}

LogicalResult NetworkLowering::lowerTopK(TopKOp op) {
  Buffer input = getContiguous(op.getInput());
  Buffer output = allocateContiguous(op.getResult());
  setBuffer(op.getResult(), output);
  if (output.elements() == 0)
    return success();
  TopK top(op, input, output);
  std::string key;
  llvm::raw_string_ostream(key)
      << op->getAttrDictionary() << input.signature() << output.signature();
  callKernel("top_k", key, {input.memory, output.memory},
             [&](KernelBuilder &k, ValueRange args) { top.emit(k, args); });
  return success();
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

/// A loaded index, within a dimension of `size`.
static Value getInside(KernelBuilder &k, Value loaded, int64_t size) {
  Value index = k.b.create<arith::IndexCastOp>(k.b.getIndexType(), loaded);
  Value zero = k.index(0);
  Value isNegative =
      k.b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, index, zero);
  index = k.b.create<arith::SelectOp>(isNegative, k.add(index, size), index);
  index = k.b.create<arith::MaxSIOp>(index, zero);
  return k.b.create<arith::MinSIOp>(index, k.index(size - 1));
}

LogicalResult NetworkLowering::lowerGather(GatherOp op) {
  Buffer data = getContiguous(op.getData());
  Buffer indices = getContiguous(op.getIndices());
  Buffer output = allocateContiguous(op.getResult());
  setBuffer(op.getResult(), output);
  if (output.elements() == 0)
    return success();
  AxisView view(data.shape, op.getAxis());
  int64_t count = indices.elements();
  auto emit = [&](KernelBuilder &k, ValueRange args) {
    Type element = storageType(op.getType());
    k.split(output.elements(), count);
    k.loop(0, view.outer, 1, [&](Value o) {
      k.sharedLoop(count, [&](Value j) {
        Value loaded = k.loadScalar(args[1], k.add(j, indices.offset));
        Value slice =
            k.add(k.mul(o, view.size), getInside(k, loaded, view.size));
        Value from = k.add(k.mul(slice, view.inner), data.offset);
        Value to =
            k.add(k.mul(k.add(k.mul(o, count), j), view.inner), output.offset);
        k.vectorLoop(view.inner, k.lanes(element), [&](Value i, int64_t n) {
          k.store(k.load(args[0], k.add(from, i), n), args[2], k.add(to, i));
        });
      });
    });
  };
  callKernel("gather",
             Twine(op.getAxis()) + data.signature() + indices.signature() +
                 output.signature(),
             {data.memory, indices.memory, output.memory}, emit);
  return success();
}
