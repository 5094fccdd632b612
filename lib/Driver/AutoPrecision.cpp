//===- AutoPrecision.cpp - --precision=auto and recipes -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AutoPrecision.h"

#include "AccuracyReport.h"

#include "qnn/Accuracy/Gains.h"
#include "qnn/Accuracy/ImproveWeights.h"
#include "qnn/Accuracy/Search.h"
#include "qnn/Dialect/QNN/IR/Macs.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qnn;

/// Without a contract: decibels at the results below which layers are kept
/// float, and what part of the multiply-accumulates stays int8 all the same.
static constexpr double kWantedSqnr = 26;
static constexpr double kInt8Share = 0.9;

static func::FuncOp getFunction(ModuleOp module) {
  return *module.getOps<func::FuncOp>().begin();
}

static llvm::Expected<SampleSet>
readAnalysisSamples(func::FuncOp func, ArrayRef<std::string> data) {
  SmallVector<TensorInfo> inputs, outputs;
  if (failed(getTensorInfos(func, inputs, outputs)))
    return llvm::createStringError("the network cannot be quantized");
  return readSamples(data, inputs, getAnalysisSamples(countMacs(func)));
}

//===----------------------------------------------------------------------===//
// The recipe
//===----------------------------------------------------------------------===//

static std::string describeRange(const RangeChoice &choice) {
  if (choice.calibrator == Calibrator::MinMax)
    return "nothing is gained by clipping";
  return llvm::formatv("{0:f1} dB at its readers, {1:f1} dB with minmax",
                       getDecibels(1, choice.error),
                       getDecibels(1, choice.minmaxError));
}

/// Why a layer has the precision it has.
static std::string describeChoice(const LayerAccuracy &layer,
                                  StringRef precision, const Gains &gains) {
  double taken = gains.getNoiseTaken(layer, precision).value_or(0);
  if (precision == "int4")
    return llvm::formatv("alone costs {0:f2} dB at the results, and half of "
                         "the bytes of its weights",
                         -gains.getGain(taken));
  return llvm::formatv("in int8 it alone leaves {0:f1} dB at the results; "
                       "this alone gains {1:f2}",
                       getDecibels(1, layer.outputNoise), gains.getGain(taken));
}

/// Lists the layers of `func` that are not int8, each with its reason.
static void addLayers(func::FuncOp func, const NetworkAccuracy &accuracy,
                      Recipe &recipe) {
  Gains gains(accuracy);
  func.walk([&](QuantizableOpInterface op) {
    auto precision = op->getAttrOfType<StringAttr>(kPrecisionAttr);
    if (!precision || precision.getValue() == "int8")
      return;
    std::string reason = "by rule, default or predicted time";
    if (const LayerAccuracy *layer = gains.find(op->getResult(0)))
      reason = describeChoice(*layer, precision.getValue(), gains);
    // Several ops may be one layer.
    bool isListed = llvm::any_of(recipe.layers, [&](const LayerRule &rule) {
      return rule.layer == getLayerName(op) &&
             rule.precision == precision.getValue();
    });
    if (!isListed)
      recipe.layers.push_back(
          {getLayerName(op).str(), precision.getValue().str(), reason});
  });
}

static Recipe makeRecipe(func::FuncOp func, StringRef graph,
                         const Improvement &improvement,
                         const NetworkAccuracy &accuracy) {
  Recipe recipe;
  recipe.graph = graph.str();
  recipe.remedies = improvement.remedies;
  for (const RangeChoice &choice : improvement.ranges)
    recipe.tensors.push_back({choice.tensor, getName(choice.calibrator).str(),
                              choice.min, choice.max, describeRange(choice)});
  addLayers(func, accuracy, recipe);
  return recipe;
}

//===----------------------------------------------------------------------===//
// Choosing
//===----------------------------------------------------------------------===//

static SearchOptions makeSearchOptions(const CompileOptions &options) {
  SearchOptions search;
  search.maxDrop = options.maxDrop;
  search.minSqnr = options.minSqnr;
  if (!options.maxDrop && !options.minSqnr) {
    search.minSqnr = kWantedSqnr;
    search.minInt8Share = kInt8Share;
  }
  search.timeBudget = options.timeBudget;
  search.objective = options.minimizeSize ? Objective::Size : Objective::Time;
  search.exploreFront = !options.report.empty();
  search.validation.reference = options.input;
  search.validation.candidate = options.input;
  search.validation.data = options.validationData.empty()
                               ? options.calibrationData
                               : options.validationData;
  search.validation.labels = options.labels;
  search.validation.maxDrop = options.maxDrop;
  return search;
}

static std::string describePoint(const SearchPoint &point) {
  std::string text = std::isfinite(point.sqnr)
                         ? llvm::formatv("{0:f1} dB", point.sqnr).str()
                         : "exact";
  if (point.accuracy)
    text += llvm::formatv(", top-1 {0:f2} %, {1:f2} points lost",
                          *point.accuracy, *point.drop);
  else if (point.agreement < 1)
    text += llvm::formatv(", {0:f2} % of predictions unchanged",
                          100 * point.agreement);
  text +=
      llvm::formatv(", {0} layers float for accuracy", point.count("float"));
  for (StringRef precision : {"bf16", "int16", "int4"})
    if (int64_t count = point.count(precision))
      text += llvm::formatv(", {0} {1}", count, precision);
  return text +
         llvm::formatv(", predicted {0:f1} us", point.nanoseconds / 1e3).str();
}

/// Says so when the contract of the user is not kept.
static llvm::Error checkContract(const CompileOptions &options,
                                 const SearchResult &search) {
  const SearchPoint &best = search.getBest();
  if (best.keepsGoal || (!options.maxDrop && !options.minSqnr))
    return llvm::Error::success();
  std::string why = search.ranOutOfTime
                        ? "the --time-budget ended first: give more time"
                        : "the layers that could still be float are int8 by "
                          "--precision-rule: remove such rules";
  if (options.maxDrop)
    return llvm::createStringError(llvm::formatv(
        "--max-drop={0}: the best choice loses {1:f2} points; {2}",
        *options.maxDrop, *best.drop, why));
  return llvm::createStringError(
      llvm::formatv("--min-sqnr={0}: the best choice reaches {1:f1} dB; {2}",
                    *options.minSqnr, best.sqnr, why));
}

/// One remark per layer that the search gave another precision than int8.
static void emitRemarks(func::FuncOp func, const NetworkAccuracy &accuracy) {
  Gains gains(accuracy);
  for (const LayerAccuracy &layer : accuracy.layers) {
    StringRef precision = layer.op ? getChosenPrecision(layer.op) : "int8";
    if (precision == "int8")
      continue;
    std::string reason = describeChoice(layer, precision, gains);
    if (precision == "float")
      layer.op->emitRemark(kFloatForAccuracyRemark) << ": " << reason;
    else
      layer.op->emitRemark("gets ") << precision << ": " << reason;
  }
}

/// True when layers may get weights of 4 bits.
static bool mayBecomeInt4(func::FuncOp func, const CompileOptions &options) {
  bool isGiven = false;
  func.walk([&](Operation *op) { isGiven |= getWeightBits(op) == 4; });
  return isGiven || options.maxDrop || options.minSqnr ||
         !options.report.empty();
}

llvm::Error qnn::improvePrepared(PreparedNetwork &network,
                                 const CompileOptions &options) {
  auto samples = readAnalysisSamples(getFunction(*network.module),
                                     options.calibrationData);
  if (!samples)
    return samples.takeError();
  auto improvement =
      improveNetwork(*network.module, network.cache, *samples,
                     mayBecomeInt4(getFunction(*network.module), options));
  if (!improvement)
    return improvement.takeError();
  network.improvement = std::move(*improvement);
  return llvm::Error::success();
}

llvm::Expected<AutoResult>
qnn::choosePrecisions(PreparedNetwork &network, StringRef graph,
                      const CompileOptions &options, const TargetLevel &level,
                      ImprovedFn onImproved, raw_ostream &log) {
  func::FuncOp func = getFunction(*network.module);
  auto samples = readAnalysisSamples(func, options.calibrationData);
  if (!samples)
    return samples.takeError();
  auto accuracy = measureNetwork(*network.module, *samples, &network.cache);
  if (!accuracy)
    return accuracy.takeError();
  CostModel model(level);
  // Before the search: what it starts from.
  llvm::json::Value measured =
      makeAccuracy(*accuracy, getPrecisionChoices(func, *accuracy, model));
  auto onBetter = [&](ModuleOp best,
                      const SearchResult &search) -> llvm::Error {
    log << "measured on " << search.samples
        << " samples: " << describePoint(search.getBest()) << '\n';
    if (!search.getBest().keepsGoal)
      return llvm::Error::success();
    return onImproved(best,
                      makeRecipe(func, graph, network.improvement, *accuracy));
  };
  auto search = searchPrecisions(*network.module, *accuracy, model,
                                 makeSearchOptions(options), onBetter);
  if (!search)
    return search.takeError();
  if (llvm::Error error = checkContract(options, *search))
    return std::move(error);
  emitRemarks(func, *accuracy);
  AutoResult result;
  result.recipe = makeRecipe(func, graph, network.improvement, *accuracy);
  addMeasured(measured, *accuracy, *search);
  result.report["accuracy"] = std::move(measured);
  result.report["pareto"] = makePareto(*search);
  auto recipe = llvm::json::parse(result.recipe.toText());
  assert(recipe && "a recipe is JSON");
  result.report["recipe"] = std::move(*recipe);
  return result;
}

llvm::Expected<llvm::json::Object>
qnn::measureAccuracy(ModuleOp module, const CompileOptions &options,
                     const TargetLevel &level, const CalibrationCache *cache) {
  func::FuncOp func = getFunction(module);
  auto samples = readAnalysisSamples(func, options.calibrationData);
  if (!samples)
    return samples.takeError();
  auto accuracy = measureNetwork(module, *samples, cache);
  if (!accuracy)
    return accuracy.takeError();
  PrecisionChoices choices =
      getPrecisionChoices(func, *accuracy, CostModel(level));
  return llvm::json::Object{{"accuracy", makeAccuracy(*accuracy, choices)}};
}

namespace {
/// What trials on a network need.
struct Laboratory {
  SampleSet samples;
  std::unique_ptr<StepwiseNetwork> network;
};
} // namespace

static llvm::Expected<Laboratory>
openLaboratory(func::FuncOp func, const CompileOptions &options) {
  auto samples = readAnalysisSamples(func, options.calibrationData);
  if (!samples)
    return samples.takeError();
  auto network = StepwiseNetwork::create(func);
  if (!network)
    return network.takeError();
  return Laboratory{std::move(*samples), std::move(*network)};
}

llvm::Error qnn::chooseCalibrators(ModuleOp module,
                                   const CompileOptions &options,
                                   const CalibrationCache &cache) {
  func::FuncOp func = getFunction(module);
  auto laboratory = openLaboratory(func, options);
  if (!laboratory)
    return laboratory.takeError();
  setRanges(
      func,
      chooseRanges(*laboratory->network, func, cache, laboratory->samples),
      /*minmax=*/false);
  return llvm::Error::success();
}

/// Rounds weights and corrects biases as `recipe` says.
static llvm::Error improveByRecipe(const Recipe &recipe, func::FuncOp func,
                                   const CompileOptions &options) {
  bool hasInt4 = llvm::any_of(recipe.layers, [](const LayerRule &rule) {
    return rule.precision == "int4";
  });
  WeightRemedies remedies = {recipe.hasRemedy("round-weights"),
                             recipe.hasRemedy("correct-bias"), hasInt4};
  if (!remedies.roundWeights && !remedies.correctBias)
    return llvm::Error::success();
  if (options.calibrationData.empty())
    return llvm::createStringError(
        "recipe '" + options.recipe + "': its remedies round-weights and " +
        "correct-bias need --calibration-data; give it or remove them");
  auto laboratory = openLaboratory(func, options);
  if (!laboratory)
    return laboratory.takeError();
  auto simulation = QuantizedSimulation::create(*laboratory->network, func);
  if (!simulation)
    return simulation.takeError();
  return improveWeights(*laboratory->network, **simulation, laboratory->samples,
                        remedies);
}

llvm::Error qnn::applyRecipe(const Recipe &recipe, ModuleOp module,
                             const CompileOptions &options) {
  func::FuncOp func = getFunction(module);
  if (llvm::Error error = recipe.applyTensors(func))
    return error;
  if (llvm::Error error = improveByRecipe(recipe, func, options))
    return error;
  return recipe.applyLayers(func);
}
