//===- Coverage.cpp - What is computed in int8, and why not all of it -----===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Steps.h"

#include "qnn/CostModel/CostModel.h"
#include "qnn/Dialect/QNN/IR/QNN.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"
#include "qnn/Support/Diagnostics.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::qnn;

/// Layers that a line names before it says "and N more".
static constexpr size_t kNamedLayers = 5;

double Coverage::getShare() const {
  int64_t all = int8Macs + floatMacs;
  return all == 0 ? 1 : double(int8Macs) / double(all);
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

/// True for an op that computes, in whatever precision; conversions and ops
/// that only move values follow their neighbours.
static bool isLayer(Operation *op) {
  if (!isa_and_nonnull<QNNDialect>(op->getDialect()) ||
      isa<ConstantOp, ObserveOp, RequantizeOp>(op))
    return false;
  auto moves = dyn_cast<CommutesWithQDQ>(op);
  return !moves || !moves.commutesWithQDQ();
}

static bool isInt8(Operation *op) {
  return isQuantizedTensor(op->getResult(0).getType());
}

/// Fills in why `op` is float, from the first remark that gives a reason: later
/// passes only find it float.
static void findReason(Operation *op, ArrayRef<Remark> remarks,
                       FloatLayer &layer) {
  std::string where = formatLocation(op->getLoc());
  const auto *found = llvm::find_if(remarks, [&](const Remark &remark) {
    return remark.layer == where && (remark.isRule() || remark.isFallback());
  });
  if (found == remarks.end()) {
    bool hasForm = isa<QuantizableOpInterface>(op);
    layer.reason = !hasForm         ? "no integer form"
                   : runsInInt8(op) ? "float in the model"
                                    : "no constant weights";
    if (!hasForm || !runsInInt8(op))
      layer.explanation = (kStaysFloatRemark + layer.reason).str();
    return;
  }
  layer.explanation = found->text;
  layer.byRule = found->isRule();
  StringRef text = found->text;
  if (text.consume_front(kStaysFloatRemark))
    layer.reason = text.str();
  else if (layer.byRule)
    layer.reason =
        "by rule " + text.drop_front(kFloatByRuleRemark.size()).str();
  else if (text.starts_with(kFloatForAccuracyRemark))
    layer.reason = "for accuracy";
  else
    layer.reason = found->pass == "qnn-assign-precision"
                       ? "by default"
                       : "predicted slower in int8";
}

Coverage qnn::measureCoverage(func::FuncOp func, ArrayRef<Remark> remarks) {
  Coverage coverage;
  func.walk([&](Operation *op) {
    if (!isLayer(op))
      return;
    ++coverage.layers;
    int64_t macs = countMacs(op);
    (isInt8(op) ? coverage.int8Macs : coverage.floatMacs) += macs;
    if (isInt8(op))
      return;
    FloatLayer layer;
    layer.name = getLayerName(op).str();
    layer.kind = op->getName().getStringRef().str();
    layer.macs = macs;
    findReason(op, remarks, layer);
    coverage.floatLayers.push_back(std::move(layer));
  });
  return coverage;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// "4.09 G"
static std::string formatCount(int64_t count) {
  double value = double(count);
  const char *unit = " ";
  for (const char *next : {" k", " M", " G", " T"}) {
    if (value < 1000)
      break;
    value /= 1000;
    unit = next;
  }
  return count < 1000 ? std::to_string(count) + " "
                      : llvm::formatv("{0:f2}{1} ", value, unit).str();
}

/// "'fc' (by default), 'x' (...) and 3 more"
template <typename Layers> static std::string listLayers(const Layers &layers) {
  std::string text;
  size_t index = 0, count = llvm::range_size(layers);
  for (const FloatLayer &layer : layers) {
    if (index == kNamedLayers)
      return text + " and " + std::to_string(count - index) + " more";
    text += (index++ ? ", " : "") +
            llvm::formatv("{0} ({1})", layer.name, layer.reason).str();
  }
  return text;
}

void qnn::printCoverage(const Coverage &coverage, bool explain,
                        raw_ostream &os) {
  for (const FloatLayer &layer : coverage.floatLayers)
    if (explain && !layer.byRule && !layer.explanation.empty())
      os << "remark: " << escapeControls(layer.name + ": " + layer.explanation)
         << '\n';
  os << "coverage: ";
  if (int64_t all = coverage.int8Macs + coverage.floatMacs)
    os << llvm::formatv("{0:f1} % of {1}multiply-accumulates in int8, ",
                        100 * coverage.getShare(), formatCount(all));
  if (coverage.floatLayers.empty())
    os << llvm::formatv("none of {0} layers float\n", coverage.layers);
  else
    os << llvm::formatv("{0} of {1} layers float: {2}\n",
                        coverage.floatLayers.size(), coverage.layers,
                        escapeControls(listLayers(coverage.floatLayers)));
}

llvm::Error qnn::checkFallbacks(const Coverage &coverage) {
  auto fallbacks = llvm::make_filter_range(
      coverage.floatLayers,
      [](const FloatLayer &layer) { return !layer.byRule; });
  if (fallbacks.empty())
    return llvm::Error::success();
  return llvm::createStringError(
      "--error-on=float-fallback: float without a rule that says so: " +
      listLayers(fallbacks) +
      ": accept a layer with --precision-rule=NAME=float, or quantize it with "
      "--precision-rule=NAME=int8 where it has an integer form");
}

//===----------------------------------------------------------------------===//
// Costs
//===----------------------------------------------------------------------===//

static std::string getMicroseconds(double nanoseconds) {
  return llvm::formatv("{0:f1} us", nanoseconds / 1000);
}

/// The op that reads or makes the integers of a conversion, to name it by.
static Operation *getNeighbour(Operation *conversion) {
  Operation *op = conversion->getOperand(0).getDefiningOp();
  if (isa<quant::QuantizeCastOp>(conversion))
    op = conversion->getResult(0).use_empty()
             ? nullptr
             : *conversion->getResult(0).user_begin();
  return op ? op : conversion;
}

/// "; result from -1 to 1 in steps of 0.0078", or nothing.
static std::string describeResult(Operation *op) {
  auto type = getUniformElementType(op->getResult(0).getType());
  // An accumulator has no range to speak of.
  if (!type || type.getStorageTypeIntegralWidth() > 16)
    return "";
  auto real = [&](int64_t q) {
    return double(q - type.getZeroPoint()) * type.getScale();
  };
  std::string text;
  llvm::raw_string_ostream(text)
      << llvm::format("; result from %.4g to %.4g in steps of %.3g",
                      real(type.getStorageTypeMin()),
                      real(type.getStorageTypeMax()), type.getScale());
  return text;
}

/// Why a conversion is there: who makes or reads its floats.
static std::string getFloatSide(Operation *conversion) {
  if (isa<quant::QuantizeCastOp>(conversion)) {
    Operation *producer = conversion->getOperand(0).getDefiningOp();
    return producer ? "'" + getLayerName(producer).str() + "' is float"
                    : "the input is float";
  }
  for (Operation *user : conversion->getResult(0).getUsers())
    if (!isa<func::ReturnOp>(user))
      return "'" + getLayerName(user).str() + "' is float";
  return "the output is float";
}

/// A remark on a conversion between float and integers, or between two scales.
static void explainConversion(Operation *op, const CostModel &model,
                              DiagnosticLog &log) {
  auto type = cast<ShapedType>(op->getOperand(0).getType());
  // Constants are converted at compile time.
  Operation *neighbour = getNeighbour(op);
  if (isa<ConstantOp>(neighbour) || !type.hasStaticShape())
    return;
  int64_t elements = type.getNumElements();
  if (isa<RequantizeOp>(op)) {
    log.add(
        {formatLocation(op->getLoc()), "",
         llvm::formatv("requantizes {0} elements because their reader wants "
                       "another scale: predicted to take {1}",
                       elements, getMicroseconds(model.predict(op, true)))});
    return;
  }
  log.add({formatLocation(neighbour->getLoc()), "",
           llvm::formatv("{0} {1} elements because {2}: predicted to take {3}",
                         isa<quant::QuantizeCastOp>(op) ? "quantizes"
                                                        : "dequantizes",
                         elements, getFloatSide(op),
                         getMicroseconds(model.convert(elements)))});
}

void qnn::explainChoices(func::FuncOp func, const TargetLevel &level,
                         DiagnosticLog &log) {
  CostModel model(level);
  func.walk([&](Operation *op) {
    if (isa<quant::QuantizeCastOp, quant::DequantizeCastOp, RequantizeOp>(op))
      return explainConversion(op, model, log);
    if (!isLayer(op) || !isa<QuantizableOpInterface>(op))
      return;
    bool int8 = isInt8(op);
    log.add({formatLocation(op->getLoc()), "",
             llvm::formatv("computes in {0} at {1}: predicted to take {2}, in "
                           "{3} {4}{5}",
                           int8 ? "int8" : "float", level.name,
                           getMicroseconds(model.predict(op, int8)),
                           int8 ? "float" : "int8",
                           getMicroseconds(model.predict(op, !int8)),
                           describeResult(op))});
  });
}
