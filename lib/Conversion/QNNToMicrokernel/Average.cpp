//===- Average.cpp - Sums that are scaled and clamped ---------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Average.h"

using namespace mlir;
using namespace mlir::qnn;

Average::Average(NetworkLowering &net, Operation *op)
    : isFloat(isFloatTensor(op->getResult(0).getType())),
      clamp(cast<RequantFusableOpInterface>(op)) {
  if (isFloat)
    return;
  Type input = op->getOperand(0).getType(), output = op->getResult(0).getType();
  inputZero = net.storedParams(input).zeroPoint;
  inputScale = getTensorScale(input);
  outputScale = getTensorScale(output);
  bounds = clamp.narrow(net.storedParams(output));
  inputBias = net.storageBias(input);
  fixedPoint = net.isFixedPoint();
  isPool = isa<AvgPool2DOp>(op);
  if (auto product = dyn_cast<MatMulOp>(op))
    fixedFactor = getLayerFixedPoint(op, product.getLhs().getType(),
                                     product.getRhs().getType(), output)[0];
  else
    fixedFactor = getFixedPointFactor(inputScale / outputScale);
}

void Average::setCount(int64_t count) {
  if (fixedPoint && !isPool)
    fixedFactor = getMeanFactor(inputScale, outputScale, count);
}

float Average::factor(int64_t count) const {
  return getFactor(inputScale, outputScale * double(count));
}

std::string Average::key() const {
  return (Twine(isFloat) + "," + Twine(inputZero) + keyOf(bounds) +
          keyOf(clamp.low) + "," + keyOf(clamp.high) + ";" +
          Twine(fixedFactor.multiplier) + "," + Twine(fixedFactor.shift) + ";")
      .str();
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// Bytes whose sum i16 lanes hold for certain.
static constexpr int64_t kShortTerms = 256;

int64_t Average::width(KernelBuilder &k) const {
  // The sums of floats are chains: several registers of them at a time.
  return isFloat ? 4 * k.lanes() : k.lanes(k.b.getI8Type());
}

Value Average::zero(KernelBuilder &k, int64_t lanes) const {
  return isFloat ? k.constant(0.0f, lanes) : k.constant(int32_t(0), lanes);
}

Sums Average::init(KernelBuilder &k, int64_t lanes, int64_t terms) const {
  if (isFloat || lanes < 16)
    return {zero(k, lanes)};
  if (terms > kShortTerms)
    return Sums(4, zero(k, lanes / 4));
  return Sums(
      2, k.constant(k.b.getI16IntegerAttr(0), k.b.getI16Type(), lanes / 2));
}

/// The quarters of halves.
static Sums widenBoth(KernelBuilder &k, const Sums &halves) {
  Sums quarters = k.widenHalves(halves[0]);
  quarters.append(k.widenHalves(halves[1]));
  return quarters;
}

static Sums addEach(KernelBuilder &k, const Sums &x, const Sums &y) {
  Sums sums;
  for (auto [a, b] : llvm::zip_equal(x, y))
    sums.push_back(k.b.create<arith::AddIOp>(a, b));
  return sums;
}

Sums Average::add(KernelBuilder &k, const Sums &sums, Value loaded) const {
  if (isFloat)
    return {k.b.create<arith::AddFOp>(sums[0], loaded)};
  if (sums.size() == 1)
    return addEach(k, sums, {k.widen(loaded)});
  Sums halves = k.widenHalves(loaded);
  return addEach(k, sums, sums.size() == 2 ? halves : widenBoth(k, halves));
}

Sums Average::merge(KernelBuilder &k, const Sums &x, const Sums &y) const {
  return addEach(k, x, y);
}

/// acc + the elements at `at` along all of `sizes`, in order; as many of the
/// inner sizes as i16 lanes hold are summed in those.
static Sums addAll(const Average &average, KernelBuilder &k, Value memory,
                   Value at, int64_t lanes, ArrayRef<int64_t> sizes,
                   ArrayRef<int64_t> strides, const Sums &acc) {
  int64_t terms = ShapedType::getNumElements(sizes);
  if (acc.size() == 4 && terms <= kShortTerms) {
    Sums halves = addAll(average, k, memory, at, lanes, sizes, strides,
                         average.init(k, lanes, terms));
    return addEach(k, acc, widenBoth(k, halves));
  }
  if (sizes.empty())
    return average.add(k, acc, k.load(memory, at, lanes));
  auto step = [&](Value i, ValueRange carried) -> SmallVector<Value> {
    Value next = k.add(at, k.mul(i, strides[0]));
    return addAll(average, k, memory, next, lanes, sizes.drop_front(),
                  strides.drop_front(), Sums(carried));
  };
  return k.loop(k.index(0), k.index(sizes[0]), acc, step);
}

Sums Average::sumOver(KernelBuilder &k, Value memory, Value at, int64_t lanes,
                      ArrayRef<int64_t> sizes,
                      ArrayRef<int64_t> strides) const {
  return addAll(*this, k, memory, at, lanes, sizes, strides,
                init(k, lanes, ShapedType::getNumElements(sizes)));
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

KernelBuilder::Epilogue Average::epilogue(KernelBuilder &k) const {
  KernelBuilder::Epilogue epilogue;
  if (isFloat) {
    if (clamp.low)
      epilogue.low = k.f32(*clamp.low);
    if (clamp.high)
      epilogue.high = k.f32(*clamp.high);
    return epilogue;
  }
  epilogue.low = k.f32(float(bounds.min - bounds.zeroPoint));
  epilogue.high = k.f32(float(bounds.max - bounds.zeroPoint));
  epilogue.zeroPoint = k.i32(bounds.zeroPoint);
  return epilogue;
}

Value Average::finish(KernelBuilder &k, const Sums &sums, Value counted,
                      Value added, Value factor) const {
  int64_t lanes = KernelBuilder::widthOf(sums[0]);
  Type i32 = k.b.getI32Type();
  KernelBuilder::Epilogue parts = epilogue(k);
  if (isFloat) {
    Value divisor = k.b.create<arith::SIToFPOp>(
        k.b.getF32Type(), k.b.create<arith::IndexCastOp>(i32, counted));
    Value mean = k.b.create<arith::DivFOp>(sums[0], k.splat(divisor, lanes));
    return k.finishFloat(mean, parts);
  }
  Value zeros = k.b.create<arith::MulIOp>(
      k.b.create<arith::IndexCastOp>(i32, added), k.i32(inputZero));
  if (sums.size() > 1)
    return finishQuarters(k, sums, zeros, counted, factor);
  Value sum = k.b.create<arith::SubIOp>(sums[0], k.splat(zeros, lanes));
  if (fixedPoint)
    return k.narrow(k.saturate(fixedSteps(k, sum, counted), parts.low,
                               parts.high, parts.zeroPoint));
  parts.scale = k.splat(factor, lanes);
  return k.finishQuantized(sum, parts);
}

Value Average::fixedSteps(KernelBuilder &k, Value sum, Value counted) const {
  if (!isPool)
    return k.multiplyFixedPoint(sum, fixedFactor);
  // Back to sums of the integers themselves, of which TFLite takes the mean.
  int64_t lanes = KernelBuilder::widthOf(sum);
  int32_t zero = inputZero - inputBias;
  Value count = k.b.create<arith::IndexCastOp>(k.b.getI32Type(), counted);
  Value zeros = k.b.create<arith::MulIOp>(count, k.i32(zero));
  sum = k.b.create<arith::AddIOp>(sum, k.splat(zeros, lanes));
  Value mean = k.divideAway(sum, count);
  mean = k.b.create<arith::SubIOp>(mean, k.constant(zero, lanes));
  return k.multiplyFixedPoint(mean, fixedFactor);
}

/// The results of whole registers of bytes.
Value Average::finishQuarters(KernelBuilder &k, const Sums &sums, Value zeros,
                              Value counted, Value factor) const {
  Sums quarters = sums.size() == 2 ? widenBoth(k, sums) : sums;
  int64_t lanes = KernelBuilder::widthOf(quarters[0]);
  VectorMath math{k, lanes};
  SmallVector<Value> steps;
  for (Value sum : quarters) {
    sum = k.b.create<arith::SubIOp>(sum, k.splat(zeros, lanes));
    steps.push_back(fixedPoint
                        ? fixedSteps(k, sum, counted)
                        : math.mul(k.toFloat(sum), k.splat(factor, lanes)));
  }
  // A mean is as large as one of its terms.
  double largest = 511.0 * inputScale / outputScale;
  return k.saturateQuarters(steps, bounds, largest);
}
