//===- Search.cpp - Mixed precisions that keep a contract -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Accuracy/Search.h"

#include "qnn/Accuracy/Assignment.h"
#include "qnn/Dialect/QNN/IR/Macs.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"
#include "qnn/Pipelines/Pipelines.h"

#include "mlir/Pass/PassManager.h"

#include <chrono>

using namespace mlir;
using namespace mlir::qnn;

/// Proposals to measure at most, the first one (everything int8) not counted.
static constexpr int kMaxProposals = 10;
/// Budgets this close give the same speed.
static constexpr double kCloseBudgets = 1.1;
/// Where a goal is out of reach: the budget over the least noise there can be
/// (half a decibel: the last of the noise costs most of the time), and the
/// decibels that float layers must gain to be worth their time.
static constexpr double kNearLeastNoise = 1.12;
static constexpr double kWorthwhileGain = 1.5;

namespace {
class Search {
public:
  Search(ModuleOp module, const NetworkAccuracy &accuracy,
         const CostModel &model, const SearchOptions &options,
         BetterFn onBetter);
  llvm::Expected<SearchResult> run();

private:
  llvm::Error openReference();
  void setPrecisions(ArrayRef<bool> isFloat);
  llvm::Expected<ComparisonStatistics> measure();
  llvm::Error tryChoice(ArrayRef<bool> isFloat);
  llvm::Error narrow();
  llvm::Error considerBest();
  std::optional<SmallVector<bool>> propose(double budget);
  int64_t getWeightBytes(ArrayRef<bool> isFloat) const;
  bool keepsGoal(const SearchPoint &point) const;
  bool isBetter(const SearchPoint &a, const SearchPoint &b) const;
  bool isOutOfTime() const;

  ModuleOp module;
  const SearchOptions &options;
  BetterFn onBetter;
  PrecisionCosts costs;
  SmallVector<LayerShare> shares;
  double maxFloatMacs = 0;
  std::unique_ptr<Network> reference;
  std::chrono::steady_clock::time_point start;
  SearchResult result;
};
} // namespace

Search::Search(ModuleOp module, const NetworkAccuracy &accuracy,
               const CostModel &model, const SearchOptions &options,
               BetterFn onBetter)
    : module(module), options(options), onBetter(onBetter),
      costs(getPrecisionCosts(*module.getOps<func::FuncOp>().begin(), model)),
      start(std::chrono::steady_clock::now()) {
  DenseMap<Operation *, const LayerAccuracy *> layers;
  for (const LayerAccuracy &layer : accuracy.layers)
    layers[layer.op] = &layer;
  int64_t total = 0, alreadyFloat = 0;
  module.walk([&](Operation *op) {
    total += countMacs(op);
    alreadyFloat += costs.layers.contains(op) ? 0 : countMacs(op);
  });
  for (auto &layer : costs.layers) {
    LayerShare &share = shares.emplace_back();
    share.macs = countMacs(layer.first);
    share.mustBeInt8 = isKeptInt8(layer.first);
    if (const LayerAccuracy *errors = layers.lookup(layer.first)) {
      share.resultNoise = errors->resultOutputNoise;
      share.weightNoise =
          std::max(0.0, errors->outputNoise - errors->resultOutputNoise);
    }
  }
  maxFloatMacs = std::max(0.0, (1 - options.minInt8Share) * double(total) -
                                   double(alreadyFloat));
}

bool Search::isOutOfTime() const {
  std::chrono::duration<double> spent =
      std::chrono::steady_clock::now() - start;
  return options.timeBudget > 0 && spent.count() > options.timeBudget;
}

int64_t Search::getWeightBytes(ArrayRef<bool> isFloat) const {
  int64_t bytes = 0;
  for (auto [layer, inFloat] : llvm::zip(costs.layers, isFloat))
    if (OpOperand *weight =
            cast<QuantizableOpInterface>(layer.first).getWeightOperand())
      bytes += cast<ShapedType>(weight->get().getType()).getNumElements() *
               (inFloat ? 4 : 1);
  return bytes;
}

void Search::setPrecisions(ArrayRef<bool> isFloat) {
  auto attribute = StringAttr::get(module.getContext(), "float");
  for (auto [layer, share, inFloat] :
       llvm::zip(costs.layers, shares, isFloat)) {
    if (inFloat)
      layer.first->setAttr(kPrecisionAttr, attribute);
    else if (!share.mustBeInt8)
      layer.first->removeDiscardableAttr(kPrecisionAttr);
  }
}

/// Compiles the float network, with which every choice is compared.
llvm::Error Search::openReference() {
  OwningOpRef<ModuleOp> clone = cast<ModuleOp>(module->clone());
  clone->walk([](ObserveOp op) {
    op.getResult().replaceAllUsesWith(op.getInput());
    op.erase();
  });
  auto jit = JITNetwork::create(*clone);
  if (!jit)
    return jit.takeError();
  reference = makeNetwork(std::move(*jit));
  return llvm::Error::success();
}

/// Quantizes and runs the network as its attributes say.
llvm::Expected<ComparisonStatistics> Search::measure() {
  OwningOpRef<ModuleOp> clone = cast<ModuleOp>(module->clone());
  PassManager passes(module.getContext());
  buildQuantizePipeline(passes, QuantizePipelineOptions());
  if (failed(passes.run(*clone)))
    return llvm::createStringError("cannot quantize the network");
  auto jit = JITNetwork::create(*clone);
  if (!jit)
    return jit.takeError();
  std::unique_ptr<Network> candidate = makeNetwork(std::move(*jit));
  return compareNetworks(*reference, *candidate, options.validation);
}

bool Search::keepsGoal(const SearchPoint &point) const {
  if (options.maxDrop && *point.drop > *options.maxDrop + 1e-9)
    return false;
  return !options.minSqnr || point.sqnr >= *options.minSqnr;
}

/// Among those that keep the goal the faster one, else the more accurate one,
/// by a worthwhile gain if there is no contract to come close to.
bool Search::isBetter(const SearchPoint &a, const SearchPoint &b) const {
  if (a.keepsGoal != b.keepsGoal)
    return a.keepsGoal;
  return a.keepsGoal
             ? a.nanoseconds < b.nanoseconds
             : a.sqnr >
                   b.sqnr + (options.minInt8Share > 0 ? kWorthwhileGain : 0);
}

llvm::Error Search::considerBest() {
  size_t last = result.points.size() - 1;
  if (last != 0 && !isBetter(result.points[last], result.getBest()))
    return llvm::Error::success();
  result.best = last;
  return onBetter(module, result);
}

/// Measures one choice and keeps it when it is the best one so far.
llvm::Error Search::tryChoice(ArrayRef<bool> isFloat) {
  setPrecisions(isFloat);
  auto statistics = measure();
  if (!statistics)
    return statistics.takeError();
  SearchPoint &point = result.points.emplace_back();
  point.isFloat.assign(isFloat.begin(), isFloat.end());
  point.sqnr = std::numeric_limits<double>::infinity();
  for (const ErrorSums &output : statistics->getOutputs())
    point.sqnr = std::min(point.sqnr, output.getSqnr());
  int64_t predictions = statistics->getNumPredictions();
  point.agreement =
      predictions ? double(statistics->getNumAgreeing()) / predictions : 1;
  if (statistics->hasLabels()) {
    const PairedCounts &top1 = statistics->getTop1();
    point.accuracy = 100.0 * top1.getCandidateRight() / top1.size();
    point.drop = 100.0 * top1.getDrop();
  }
  point.nanoseconds = getNanoseconds(costs, isFloat);
  point.weightBytes = getWeightBytes(isFloat);
  point.keepsGoal = keepsGoal(point);
  result.samples = statistics->getSamples().size();
  return considerBest();
}

/// The fastest choice with predicted noise within `budget`; where the limit of
/// multiply-accumulates forbids that, the one with the least noise.
std::optional<SmallVector<bool>> Search::propose(double budget) {
  double least = getLeastNoise(costs, shares, maxFloatMacs);
  return assignPrecisions(
      costs, shares, {std::max(budget, least * kNearLeastNoise), maxFloatMacs});
}

/// Narrows the budget between one that keeps the goal and one that does not.
llvm::Error Search::narrow() {
  double predicted = getNoise(costs, shares, result.points.front().isFloat);
  double low = 0, high = predicted, budget = predicted / 2;
  if (options.minSqnr) {
    // As far below as the first measurement says, if noises added up.
    double wanted = std::pow(10, -*options.minSqnr / 10);
    double measured = std::pow(10, -result.points.front().sqnr / 10);
    budget = predicted * std::min(wanted / measured, 0.9);
  }
  for (int i = 0; i < kMaxProposals; ++i) {
    result.ranOutOfTime = isOutOfTime();
    std::optional<SmallVector<bool>> choice = propose(budget);
    if (!choice || result.ranOutOfTime)
      return llvm::Error::success();
    auto isChoice = [&](const SearchPoint &p) { return p.isFloat == *choice; };
    bool isKnown = llvm::any_of(result.points, isChoice);
    if (!isKnown)
      if (llvm::Error error = tryChoice(*choice))
        return error;
    const SearchPoint &point = *llvm::find_if(result.points, isChoice);
    (point.keepsGoal ? low : high) = budget;
    if (low > 0 && high / low < kCloseBudgets)
      return llvm::Error::success();
    // Nothing is left that could be kept float.
    if (isKnown && !point.keepsGoal && low == 0 &&
        getNoise(costs, shares, *choice) > budget)
      return llvm::Error::success();
    budget = low > 0 ? std::sqrt(low * high) : high / 2;
  }
  return llvm::Error::success();
}

llvm::Expected<SearchResult> Search::run() {
  if (llvm::Error error = openReference())
    return std::move(error);
  SmallVector<bool> none(costs.layers.size(), false);
  if (llvm::Error error = tryChoice(none))
    return std::move(error);
  if (!result.getBest().keepsGoal)
    if (llvm::Error error = narrow())
      return std::move(error);
  // Float keeps every goal that int8 does not.
  if (!result.getBest().keepsGoal && options.minInt8Share == 0) {
    SmallVector<bool> all;
    for (const LayerShare &share : shares)
      all.push_back(!share.mustBeInt8);
    if (llvm::Error error = tryChoice(all))
      return std::move(error);
  }
  setPrecisions(result.getBest().isFloat);
  return std::move(result);
}

llvm::Expected<SearchResult>
qnn::searchPrecisions(ModuleOp module, const NetworkAccuracy &accuracy,
                      const CostModel &model, const SearchOptions &options,
                      BetterFn onBetter) {
  return Search(module, accuracy, model, options, onBetter).run();
}
