//===- ApplyRanges.cpp - Write calibrated ranges on observers -------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Input: a float graph with qnn.observe and the cache its calibration wrote.
// Output: the same with a range on every qnn.observe. Cost: one hash of all
// weights.
//
//===----------------------------------------------------------------------===//

#include "qnn/Calibration/Cache.h"
#include "qnn/Dialect/QNN/Transforms/Passes.h"

#include "llvm/ADT/StringSet.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_APPLYRANGESPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-apply-ranges"

using namespace mlir;
using namespace mlir::qnn;

namespace {
struct ApplyRangesPass final : qnn::impl::ApplyRangesPassBase<ApplyRangesPass> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(checkOptions()))
      return signalPassFailure();
    llvm::Expected<CalibrationCache> loaded = CalibrationCache::load(cache);
    if (!loaded) {
      getOperation().emitError(llvm::toString(loaded.takeError()));
      return signalPassFailure();
    }
    if (failed(checkCache(*loaded)))
      return signalPassFailure();
    Builder builder(&getContext());
    getOperation().walk([&](ObserveOp op) {
      const TensorStatistics &seen = loaded->tensors.at(op.getName().str());
      std::pair<float, float> range =
          seen.getRange(*parseCalibrator(method), percentile);
      if (symmetric) {
        float reach = std::max(std::fabs(range.first), std::fabs(range.second));
        range = {-reach, reach};
      }
      op.setMinAttr(builder.getF32FloatAttr(range.first));
      op.setMaxAttr(builder.getF32FloatAttr(range.second));
    });
  }

  LogicalResult checkOptions() {
    if (cache.empty())
      return getOperation().emitError(
          "qnn-apply-ranges: expected option cache=FILE");
    if (!parseCalibrator(method))
      return getOperation().emitError("qnn-apply-ranges: expected method ")
             << getCalibratorNames() << ", got '" << method << "'";
    if (!(percentile > 0 && percentile <= 100))
      return getOperation().emitError(
                 "qnn-apply-ranges: expected percentile in (0, 100], got ")
             << percentile.getValue();
    return success();
  }

  /// The cache is of this graph and has every observed tensor. More are
  /// welcome: precision rules decide which tensors are observed.
  LogicalResult checkCache(const CalibrationCache &loaded) {
    auto fail = [&]() {
      return getOperation().emitError("calibration cache '")
             << cache.getValue() << "' ";
    };
    if (std::string hash = getGraphHash(getOperation()); loaded.graph != hash)
      return fail() << "is of another network (graph " << loaded.graph
                    << ", expected " << hash << "); calibrate again";
    llvm::StringSet<> names;
    WalkResult result = getOperation().walk([&](ObserveOp op) {
      if (!names.insert(op.getName()).second) {
        op.emitError("tensor name '") << op.getName() << "' is observed twice";
        return WalkResult::interrupt();
      }
      if (loaded.tensors.count(op.getName().str()))
        return WalkResult::advance();
      fail() << "has no tensor '" << op.getName()
             << "'; calibrate again with the same precision rules, and keep "
                "layer names between runs of quant-opt with "
                "--mlir-print-debuginfo";
      return WalkResult::interrupt();
    });
    return success(!result.wasInterrupted());
  }
};
} // namespace
