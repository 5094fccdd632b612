//===- AutoPrecision.cpp - --precision=auto and recipes -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AutoPrecision.h"

#include "qnn/Accuracy/ImproveWeights.h"
#include "qnn/Accuracy/Search.h"
#include "qnn/Dialect/QNN/IR/Macs.h"
#include "qnn/Dialect/QNN/Transforms/PrecisionCosts.h"
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

/// Lists the layers of `func` that are float, each with its reason.
static void addLayers(func::FuncOp func, const NetworkAccuracy &accuracy,
                      Recipe &recipe) {
  llvm::DenseMap<Operation *, const LayerAccuracy *> layers;
  for (const LayerAccuracy &layer : accuracy.layers)
    layers[layer.op] = &layer;
  func.walk([&](QuantizableOpInterface op) {
    if (!isKeptFloat(op))
      return;
    std::string reason = "float by rule, default or predicted time";
    if (const LayerAccuracy *layer = layers.lookup(op))
      reason = llvm::formatv("in int8 it alone leaves {0:f1} dB at the results",
                             getDecibels(1, layer->outputNoise));
    recipe.layers.push_back({getLayerName(op).str(), "float", reason});
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
// The report
//===----------------------------------------------------------------------===//

/// Decibels as JSON: null where there is no noise.
static llvm::json::Value toDecibels(double signal, double noise) {
  if (noise > 0 && signal > 0)
    return getDecibels(signal, noise);
  return nullptr;
}

/// What would be gained at the results, and lost in time, by float.
static llvm::json::Value makeRemedies(const LayerAccuracy &layer,
                                      const NetworkAccuracy &accuracy,
                                      const PrecisionCosts &costs) {
  llvm::json::Array remedies;
  auto times = costs.layers.find(layer.op);
  if (times == costs.layers.end() || accuracy.outputNoise <= 0)
    return remedies;
  double left = std::max(accuracy.outputNoise - layer.outputNoise,
                         accuracy.outputNoise * 1e-3);
  remedies.push_back(llvm::json::Object{
      {"remedy", "float"},
      {"gain_db", getDecibels(accuracy.outputNoise, left)},
      {"cost_us", (times->second.f32 - times->second.int8) / 1e3}});
  return remedies;
}

static llvm::json::Value makeLayer(const LayerAccuracy &layer,
                                   const NetworkAccuracy &accuracy,
                                   const PrecisionCosts &costs) {
  return llvm::json::Object{
      {"name", llvm::json::fixUTF8(layer.name)},
      {"kind", layer.op ? layer.op->getName().getStringRef() : "input"},
      {"precision", layer.op && isKeptFloat(layer.op) ? "float" : "int8"},
      {"macs", layer.op ? countMacs(layer.op) : 0},
      {"elements", layer.elements},
      {"saturated", layer.saturated},
      {"signal", layer.signal},
      {"weight_noise", layer.weightNoise},
      {"clip_noise", layer.clipNoise},
      {"rounding_noise", layer.roundingNoise},
      {"inherited_noise", layer.inheritedNoise},
      {"local_sqnr_db", toDecibels(layer.signal, layer.localNoise)},
      {"cumulative_sqnr_db", toDecibels(layer.signal, layer.totalNoise)},
      {"output_noise", layer.outputNoise},
      {"remedies", makeRemedies(layer, accuracy, costs)}};
}

static llvm::json::Value makeAccuracy(const NetworkAccuracy &accuracy,
                                      const PrecisionCosts &costs) {
  llvm::json::Array layers;
  for (const LayerAccuracy &layer : accuracy.layers)
    layers.push_back(makeLayer(layer, accuracy, costs));
  return llvm::json::Object{
      {"samples", accuracy.samples},
      {"output_sqnr_db", toDecibels(1, accuracy.outputNoise)},
      {"layers", std::move(layers)}};
}

/// The same where a search has measured what it chose: what the layers would do
/// in int8, and what the network does as it is.
static llvm::json::Value makeMeasured(const NetworkAccuracy &accuracy,
                                      const PrecisionCosts &costs,
                                      const SearchResult &search) {
  llvm::json::Value value = makeAccuracy(accuracy, costs);
  llvm::json::Object &object = *value.getAsObject();
  object["analysed_samples"] = accuracy.samples;
  object["all_int8_sqnr_db"] = std::move(object["output_sqnr_db"]);
  object["samples"] = search.samples;
  double sqnr = search.getBest().sqnr;
  object["output_sqnr_db"] = std::isfinite(sqnr) ? llvm::json::Value(sqnr)
                                                 : llvm::json::Value(nullptr);
  return value;
}

static llvm::json::Value makePareto(const SearchResult &search) {
  llvm::json::Array points;
  for (auto [i, point] : llvm::enumerate(search.points))
    points.push_back(llvm::json::Object{
        {"output_sqnr_db", std::isfinite(point.sqnr)
                               ? llvm::json::Value(point.sqnr)
                               : llvm::json::Value(nullptr)},
        {"accuracy", point.accuracy ? llvm::json::Value(*point.accuracy)
                                    : llvm::json::Value(nullptr)},
        {"agreement", point.agreement},
        {"predicted_us", point.nanoseconds / 1e3},
        {"bytes", point.weightBytes},
        {"float_layers", int64_t(llvm::count(point.isFloat, true))},
        {"keeps_goal", point.keepsGoal},
        {"chosen", i == search.best}});
  return points;
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
  return text + llvm::formatv(", {0} layers float for accuracy, predicted "
                              "{1:f1} us",
                              llvm::count(point.isFloat, true),
                              point.nanoseconds / 1e3)
                    .str();
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

/// One remark per layer that accuracy keeps float.
static void emitRemarks(func::FuncOp func, const NetworkAccuracy &accuracy) {
  for (const LayerAccuracy &layer : accuracy.layers)
    if (layer.op && isKeptFloat(layer.op))
      layer.op->emitRemark(kFloatForAccuracyRemark)
          << llvm::formatv(": in int8 it alone leaves {0:f1} dB at the results",
                           getDecibels(1, layer.outputNoise))
                 .str();
}

llvm::Error qnn::improvePrepared(PreparedNetwork &network,
                                 const CompileOptions &options) {
  auto samples = readAnalysisSamples(getFunction(*network.module),
                                     options.calibrationData);
  if (!samples)
    return samples.takeError();
  auto improvement = improveNetwork(*network.module, network.cache, *samples);
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
  auto accuracy = measureNetwork(*network.module, *samples);
  if (!accuracy)
    return accuracy.takeError();
  CostModel model(level);
  PrecisionCosts costs = getPrecisionCosts(func, model);
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
  result.report["accuracy"] = makeMeasured(*accuracy, costs, *search);
  result.report["pareto"] = makePareto(*search);
  auto recipe = llvm::json::parse(result.recipe.toText());
  assert(recipe && "a recipe is JSON");
  result.report["recipe"] = std::move(*recipe);
  return result;
}

llvm::Expected<llvm::json::Object>
qnn::measureAccuracy(ModuleOp module, const CompileOptions &options,
                     const TargetLevel &level) {
  func::FuncOp func = getFunction(module);
  auto samples = readAnalysisSamples(func, options.calibrationData);
  if (!samples)
    return samples.takeError();
  auto accuracy = measureNetwork(module, *samples);
  if (!accuracy)
    return accuracy.takeError();
  PrecisionCosts costs = getPrecisionCosts(func, CostModel(level));
  return llvm::json::Object{{"accuracy", makeAccuracy(*accuracy, costs)}};
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
  WeightRemedies remedies = {recipe.hasRemedy("round-weights"),
                             recipe.hasRemedy("correct-bias")};
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
