//===- Coverage.cpp - What is computed in int8, and why not all of it -----===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NetworkLayers.h"
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
  int64_t all = getMacs();
  return all == 0 ? 1 : double(int8Macs) / double(all);
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

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
  for (const NetworkLayer &layer : getNetworkLayers(func)) {
    coverage.int8Macs += layer.int8Macs;
    bool isBF16 = layer.precision == "bf16";
    (isBF16 ? coverage.bf16Macs : coverage.floatMacs) += layer.floatMacs;
    if (!isComputing(layer.main))
      continue;
    ++coverage.layers;
    if (isBF16 || StringRef(layer.precision).starts_with("int"))
      continue;
    FloatLayer &inFloat = coverage.floatLayers.emplace_back();
    inFloat.name = layer.name.str();
    inFloat.kind = layer.main->getName().getStringRef().str();
    inFloat.macs = layer.floatMacs;
    findReason(layer.main, remarks, inFloat);
  }
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
  if (int64_t all = coverage.getMacs()) {
    os << llvm::formatv("{0:f1} % of {1}multiply-accumulates in int8, ",
                        100 * coverage.getShare(), formatCount(all));
    if (coverage.bf16Macs)
      os << llvm::formatv("{0:f1} % in bf16, ",
                          100.0 * coverage.bf16Macs / all);
  }
  if (coverage.floatLayers.empty())
    os << llvm::formatv("none of {0} layers float\n", coverage.layers);
  else
    os << llvm::formatv("{0} of {1} layers float: {2}\n",
                        coverage.floatLayers.size(), coverage.layers,
                        escapeControls(listLayers(coverage.floatLayers)));
}

void qnn::printBF16Coverage(const Coverage &coverage, raw_ostream &os) {
  std::vector<FloatLayer> products;
  for (const FloatLayer &layer : coverage.floatLayers)
    if (layer.macs > 0)
      products.push_back(layer);
  int64_t all = std::max<int64_t>(coverage.getMacs(), 1);
  os << llvm::formatv("coverage: {0:f1} % of {1}multiply-accumulates in bf16",
                      100.0 * coverage.bf16Macs / all,
                      formatCount(coverage.getMacs()));
  if (!products.empty())
    os << ", products in f32: " << escapeControls(listLayers(products));
  os << '\n';
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

/// Why `op`, at the float side of a conversion, wants float.
static std::string describePrecision(Operation *op) {
  return "'" + getLayerName(op).str() + "' " +
         (op->hasAttr(kWidePartAttr) ? "works with 16 bits" : "is float");
}

/// Why a conversion is there: who makes or reads its floats.
static std::string getFloatSide(Operation *conversion) {
  if (isa<quant::QuantizeCastOp>(conversion)) {
    Operation *producer = conversion->getOperand(0).getDefiningOp();
    return producer ? describePrecision(producer) : "the input is float";
  }
  for (Operation *user : conversion->getResult(0).getUsers())
    if (!isa<func::ReturnOp>(user))
      return describePrecision(user);
  return "the output is float";
}

/// True for what splits the activation of an int16 layer or joins its sums.
static bool isInsideWideLayer(Operation *conversion) {
  Operation *neighbour = getNeighbour(conversion);
  return llvm::any_of(conversion->getUsers(), [&](Operation *user) {
    return user->hasAttr(kWidePartAttr) &&
           (isa<quant::QuantizeCastOp>(conversion) ||
            getLayerName(user) == getLayerName(neighbour));
  });
}

/// A remark on a conversion between float and integers, or between two scales.
static void explainConversion(Operation *op, const CostModel &model,
                              DiagnosticLog &log) {
  auto type = cast<ShapedType>(op->getOperand(0).getType());
  // Constants are converted at compile time.
  Operation *neighbour = getNeighbour(op);
  if (isa<ConstantOp>(neighbour) || !type.hasStaticShape() ||
      isInsideWideLayer(op))
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

/// Nanoseconds of all ops of `layer` as it is, or with those in float that are
/// integers and those in int8 that are float.
static double predict(const NetworkLayer &layer, const CostModel &model,
                      bool isAsItIs) {
  if (layer.precision == "bf16")
    return model.predictAs(layer.main, isAsItIs ? "bf16" : "int8");
  if (layer.main->hasAttr(kWidePartAttr))
    return model.predictAs(layer.main, isAsItIs ? "int16" : "float");
  double sum = 0;
  for (Operation *op : layer.ops)
    if (isComputing(op) && isa<QuantizableOpInterface>(op))
      sum += model.predict(op, isQuantizedTensor(op->getResult(0).getType()) ==
                                   isAsItIs);
  return sum;
}

/// A remark on the time of `layer` in its precision and in another.
static void explainLayer(const NetworkLayer &layer, const TargetLevel &level,
                         const CostModel &model, DiagnosticLog &log) {
  Operation *op = layer.main;
  if (!isComputing(op) || !isa<QuantizableOpInterface>(op))
    return;
  bool isFloat = !StringRef(layer.precision).starts_with("int");
  log.add({formatLocation(op->getLoc()), "",
           llvm::formatv("computes in {0} at {1}: predicted to take {2}, in "
                         "{3} {4}{5}",
                         layer.precision, level.name,
                         getMicroseconds(predict(layer, model, true)),
                         isFloat ? "int8" : "float",
                         getMicroseconds(predict(layer, model, false)),
                         describeResult(op))});
}

void qnn::explainChoices(func::FuncOp func, const TargetLevel &level,
                         DiagnosticLog &log) {
  CostModel model(level);
  llvm::DenseMap<Operation *, size_t> indices; ///< by main op
  std::vector<NetworkLayer> layers = getNetworkLayers(func);
  for (auto [i, layer] : llvm::enumerate(layers))
    indices[layer.main] = i;
  func.walk([&](Operation *op) {
    if (isa<quant::QuantizeCastOp, quant::DequantizeCastOp, RequantizeOp>(op))
      return explainConversion(op, model, log);
    if (auto layer = indices.find(op); layer != indices.end())
      explainLayer(layers[layer->second], level, model, log);
  });
}
