//===- CostModel.cpp - How long does a layer take? ------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/CostModel/CostModel.h"

#include "qnn/Dialect/QNN/IR/QNN.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
struct LevelRates {
  llvm::StringRef level;
  Rates int8, f32;
  double conversions, bf16;
};
} // namespace

/// x86-64 levels up to avx512vnni: measured on one core of an AMD EPYC (Zen 5)
/// with chains of equal layers. amx-int8: its vector code as avx512vnni;
/// products in tiles are predicted by their schedule. AArch64: multiply-adds
/// per cycle of LLVM's model of Neoverse-V1 at 2.6 GHz (benchmarks/aarch64.py)
/// less a sixth for loops and epilogues; in armv8-a int8 is to float what it is
/// on Cortex-A72, since V1 has better. The rest as the x86 level of equal
/// width. bf16: ResNet-18 and -50 at avx512bf16 and, beside f32, ResNet-18 at
/// the levels without; bfmlalt and bfmlalb have the rate of fmla.
static const LevelRates kRates[] = {
    {"x86-64", {25, 8, 2, 3, 5}, {0.5, 0.5, 5, 0.5, 2}, 1, 0.5},
    {"x86-64-v3", {110, 47, 6.5, 4, 120}, {55, 40, 14, 1.8, 26}, 3, 46},
    {"avxvnni", {220, 95, 6.5, 4, 120}, {55, 40, 14, 1.8, 26}, 3, 46},
    {"avx512vnni", {500, 150, 17, 4, 150}, {118, 70, 18, 3.4, 54}, 6, 118},
    {"avx512bf16", {500, 150, 17, 4, 150}, {118, 70, 18, 3.4, 54}, 6, 230},
    {"amx-int8", {500, 150, 17, 4, 150}, {118, 70, 18, 3.4, 54}, 6, 230},
    {"armv8-a", {36, 12, 3, 2, 40}, {18, 12, 5, 0.9, 13}, 2, 16},
    {"dotprod", {140, 30, 3, 2, 40}, {35, 12, 5, 0.9, 13}, 2, 30},
    {"i8mm", {180, 30, 3, 2, 40}, {35, 12, 5, 0.9, 13}, 2, 30},
    {"bf16", {180, 30, 3, 2, 40}, {35, 12, 5, 0.9, 13}, 2, 35},
};

/// Bytes per nanosecond of weights that are read once, from the last cache or,
/// where they are few, from the second one.
static constexpr double kWeightBytes = 30, kNearWeightBytes = 100;
static constexpr double kNearBytes = 1 << 20;
/// Bytes per nanosecond of copies.
static constexpr double kCopyBytes = 30;
/// Part by which weights of 4 bits slow down what their bytes do not: 3 % of
/// ResNet-50, 5 % of a small network (docs/Rationale.md).
static constexpr double kUnpacking = 1.03;
/// Conversions that splitting an activation of 16 bits takes the time of: two
/// networks of utils/models/accuracy.
static constexpr double kSplit = 1.4;
/// Nanoseconds of calling a kernel.
static constexpr double kLaunch = 50;

CostModel::CostModel(const TargetLevel &level) {
  const LevelRates *found = llvm::find_if(kRates, [&](const LevelRates &rates) {
    return rates.level == level.name;
  });
  assert(found != std::end(kRates) && "expected rates of every level");
  int8 = found->int8;
  f32 = found->f32;
  conversions = found->conversions;
  bf16 = found->bf16;
}

double CostModel::convert(int64_t elements) const {
  return kLaunch + elements / conversions;
}

static double productAt(double macsPerNanosecond, double macs,
                        double weightBytes) {
  double bandwidth =
      weightBytes <= kNearBytes ? kNearWeightBytes : kWeightBytes;
  return kLaunch + std::max(macs / macsPerNanosecond, weightBytes / bandwidth);
}

double CostModel::roundToBF16(int64_t elements) const {
  return kLaunch + elements / f32.simple;
}

double CostModel::product(double macs, double weightBytes, bool isInt8) const {
  return productAt(rates(isInt8).macs, macs, weightBytes);
}

double CostModel::productBF16(double macs, double weightBytes) const {
  return productAt(bf16, macs, weightBytes);
}

double CostModel::depthwise(double macs, bool isInt8) const {
  return kLaunch + macs / rates(isInt8).depthwise;
}

static int64_t elementsOf(Value value) {
  return cast<ShapedType>(value.getType()).getNumElements();
}

/// Blocks have 16 columns: narrower layers take as long.
static double paddedChannels(int64_t channels) {
  return llvm::alignTo(channels, 16);
}

double CostModel::predictBF16(Operation *op) const {
  double rounding = roundToBF16(elementsOf(op->getOperand(0)));
  if (isa<MatMulOp>(op))
    rounding += roundToBF16(elementsOf(op->getOperand(1)));
  return rounding + kLaunch +
         (predict(op, /*isInt8=*/false) - kLaunch) * f32.macs / bf16;
}

double CostModel::predict(Operation *op, bool isInt8) const {
  return predict(op, isInt8, isInt8 ? 1 : 4);
}

double CostModel::predictAs(Operation *op, StringRef precision) const {
  if (precision == "bf16")
    return isa<Conv2DOp, FullyConnectedOp, MatMulOp>(op)
               ? predictBF16(op)
               : predict(op, /*isInt8=*/false);
  if (precision == "int4")
    return std::max(predict(op, true, 0.5), predict(op, true, 0) * kUnpacking);
  double int8 = predict(op, /*isInt8=*/true);
  if (precision == "int16")
    return 2 * int8 + kSplit * convert(elementsOf(op->getOperand(0))) +
           elementsOf(op->getResult(0)) / f32.simple;
  return precision == "int8" ? int8 : predict(op, /*isInt8=*/false);
}

double CostModel::predict(Operation *op, bool isInt8,
                          double weightBytes) const {
  double results = op->getNumResults() ? elementsOf(op->getResult(0)) : 0;
  double bytes = isInt8 ? 1 : 4;
  const Rates &rate = rates(isInt8);
  return llvm::TypeSwitch<Operation *, double>(op)
      .Case([&](Conv2DOp conv) {
        ArrayRef<int64_t> weight = conv.getWeight().getType().getShape();
        double perResult = double(weight[1]) * weight[2] * weight[3];
        int64_t groups = conv.getGroups(), channels = weight[0] / groups;
        if (groups > 1 && channels == 1 && weight[3] == 1)
          return depthwise(results * perResult, isInt8);
        double macs = results / channels * paddedChannels(channels) * perResult;
        return product(macs, elementsOf(conv.getWeight()) * weightBytes,
                       isInt8);
      })
      .Case([&](FullyConnectedOp layer) {
        ArrayRef<int64_t> weight = layer.getWeight().getType().getShape();
        double macs = results / std::max<int64_t>(weight[0], 1) *
                      paddedChannels(weight[0]) * weight[1];
        return product(macs, elementsOf(layer.getWeight()) * weightBytes,
                       isInt8);
      })
      .Case([&](MatMulOp product) {
        // One vector of results at a time, its operands widened.
        double depth =
            cast<ShapedType>(product.getLhs().getType()).getShape().back();
        return kLaunch + results * depth / rate.simple;
      })
      .Case<MaxPool2DOp, AvgPool2DOp>([&](auto pool) {
        ArrayRef<int64_t> window = pool.getKernel();
        return kLaunch + results * window[0] * window[1] / rate.pool;
      })
      .Case<GlobalAvgPoolOp, GlobalMaxPoolOp, ReduceMeanOp, ReduceOp, TopKOp>(
          [&](auto pool) {
            return kLaunch + elementsOf(pool->getOperand(0)) / rate.pool;
          })
      .Case<SigmoidOp, TanhOp, HardSigmoidOp, HardSwishOp, DivOp, SqrtOp, ErfOp,
            UnaryOp>([&](auto) { return kLaunch + results / rate.function; })
      .Case([&](SoftmaxOp) { return kLaunch + 3 * results / f32.function; })
      .Case<AddOp, SubOp, MulOp, ReluOp, ClipOp, LeakyReluOp, BiasOp,
            BatchNormOp>([&](auto) { return kLaunch + results / rate.simple; })
      .Case([&](ReshapeOp) { return 0.0; })
      .Default([&](Operation *) {
        return kLaunch + 2 * results * bytes / kCopyBytes;
      });
}
