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
}

float Average::factor(int64_t count) const {
  return getFactor(inputScale, outputScale * double(count));
}

std::string Average::key() const {
  return (Twine(isFloat) + "," + Twine(inputZero) + keyOf(bounds) +
          keyOf(clamp.low) + "," + keyOf(clamp.high) + ";")
      .str();
}

Value Average::init(KernelBuilder &k, int64_t lanes) const {
  return isFloat ? k.constant(0.0f, lanes) : k.constant(int32_t(0), lanes);
}

Value Average::add(KernelBuilder &k, Value sum, Value loaded) const {
  if (isFloat)
    return k.b.create<arith::AddFOp>(sum, loaded);
  return k.b.create<arith::AddIOp>(sum, k.widen(loaded));
}

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

Value Average::finish(KernelBuilder &k, Value sum, Value counted, Value added,
                      Value factor) const {
  int64_t lanes = KernelBuilder::widthOf(sum);
  Type i32 = k.b.getI32Type();
  KernelBuilder::Epilogue parts = epilogue(k);
  if (isFloat) {
    Value divisor = k.b.create<arith::SIToFPOp>(
        k.b.getF32Type(), k.b.create<arith::IndexCastOp>(i32, counted));
    Value mean = k.b.create<arith::DivFOp>(sum, k.splat(divisor, lanes));
    return k.finishFloat(mean, parts);
  }
  Value zeros = k.b.create<arith::MulIOp>(
      k.b.create<arith::IndexCastOp>(i32, added), k.i32(inputZero));
  sum = k.b.create<arith::SubIOp>(sum, k.splat(zeros, lanes));
  parts.scale = k.splat(factor, lanes);
  return k.finishQuantized(sum, parts);
}
