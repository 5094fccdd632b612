//===- Search.cpp - Mixed precisions that keep a contract -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Accuracy/Search.h"

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
/// Where a goal is kept with room to spare: how much faster or smaller a
/// network must be, as a part, to be worth another trial.
static constexpr double kWorthwhileSaving = 0.005;

namespace {
class Search {
public:
  Search(ModuleOp module, const NetworkAccuracy &accuracy,
         const CostModel &model, const SearchOptions &options,
         BetterFn onBetter);
  llvm::Expected<SearchResult> run();

private:
  llvm::Error openReference();
  void setPrecisions(ArrayRef<StringRef> precisions);
  llvm::Expected<ComparisonStatistics> measure();
  llvm::Error measureChoice(ArrayRef<StringRef> precisions);
  llvm::Error tryChoice(ArrayRef<StringRef> precisions);
  llvm::Error narrow();
  llvm::Error exploreFront();
  llvm::Error considerBest();
  std::optional<PrecisionAssignment> propose(double budget) const;
  std::optional<PrecisionAssignment> propose(double budget,
                                             Objective objective) const;
  const SearchPoint *find(ArrayRef<StringRef> precisions) const;
  double getFirstBudget() const;
  double getCost(ArrayRef<StringRef> precisions) const;
  bool isWorthTrying(ArrayRef<StringRef> precisions) const;
  bool keepsGoal(const SearchPoint &point) const;
  bool isBetter(const SearchPoint &a, const SearchPoint &b) const;
  bool isOutOfTime() const;
  bool hasContract() const { return options.minInt8Share == 0; }

  ModuleOp module;
  const SearchOptions &options;
  BetterFn onBetter;
  PrecisionChoices choices;
  double maxWideMacs = 0;
  bool isExploring = false; ///< what lies beyond the best choice
  std::unique_ptr<Network> reference;
  std::chrono::steady_clock::time_point start;
  SearchResult result;
};
} // namespace

Search::Search(ModuleOp module, const NetworkAccuracy &accuracy,
               const CostModel &model, const SearchOptions &options,
               BetterFn onBetter)
    : module(module), options(options), onBetter(onBetter),
      choices(getPrecisionChoices(*module.getOps<func::FuncOp>().begin(),
                                  accuracy, model)),
      start(std::chrono::steady_clock::now()) {
  DenseSet<Operation *> withChoice;
  for (const LayerChoices &layer : choices.layers)
    withChoice.insert(layer.op);
  int64_t total = 0, alreadyFloat = 0;
  module.walk([&](Operation *op) {
    total += countMacs(op);
    alreadyFloat += withChoice.contains(op) ? 0 : countMacs(op);
  });
  maxWideMacs = std::max(0.0, (1 - options.minInt8Share) * double(total) -
                                  double(alreadyFloat));
}

bool Search::isOutOfTime() const {
  std::chrono::duration<double> spent =
      std::chrono::steady_clock::now() - start;
  return options.timeBudget > 0 && spent.count() > options.timeBudget;
}

void Search::setPrecisions(ArrayRef<StringRef> precisions) {
  for (auto [layer, precision] : llvm::zip(choices.layers, precisions)) {
    if (layer.candidates.size() == 1)
      continue;
    if (precision == "int8")
      layer.op->removeDiscardableAttr(kPrecisionAttr);
    else
      layer.op->setAttr(kPrecisionAttr,
                        StringAttr::get(module.getContext(), precision));
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

/// What is minimized: nanoseconds or bytes.
double Search::getCost(ArrayRef<StringRef> precisions) const {
  return options.objective == Objective::Time
             ? getNanoseconds(choices, precisions)
             : double(getWeightBytes(choices, precisions));
}

/// Among those that keep the goal the cheaper one, of equals the one that is
/// cheaper otherwise; else the more accurate one, by a worthwhile gain if there
/// is no contract to come close to.
bool Search::isBetter(const SearchPoint &a, const SearchPoint &b) const {
  if (a.keepsGoal != b.keepsGoal)
    return a.keepsGoal;
  if (!a.keepsGoal)
    return a.sqnr > b.sqnr + (hasContract() ? 0 : kWorthwhileGain);
  std::pair<double, double> costA(a.nanoseconds, a.weightBytes),
      costB(b.nanoseconds, b.weightBytes);
  if (options.objective == Objective::Size) {
    std::swap(costA.first, costA.second);
    std::swap(costB.first, costB.second);
  }
  return costA < costB;
}

bool SearchResult::isOnFront(const SearchPoint &point) const {
  return llvm::none_of(points, [&](const SearchPoint &other) {
    auto quality = [](const SearchPoint &p) {
      return p.accuracy ? std::pair(*p.accuracy, p.sqnr)
                        : std::pair(0.0, p.sqnr);
    };
    bool isAsGood = quality(other) >= quality(point) &&
                    other.nanoseconds <= point.nanoseconds &&
                    other.weightBytes <= point.weightBytes;
    bool isEqual = quality(other) == quality(point) &&
                   other.nanoseconds == point.nanoseconds &&
                   other.weightBytes == point.weightBytes;
    return isAsGood && !isEqual;
  });
}

llvm::Error Search::considerBest() {
  size_t last = result.points.size() - 1;
  if (last != 0 && !isBetter(result.points[last], result.getBest()))
    return llvm::Error::success();
  result.best = last;
  return onBetter(module, result);
}

/// Measures one choice.
llvm::Error Search::measureChoice(ArrayRef<StringRef> precisions) {
  setPrecisions(precisions);
  auto statistics = measure();
  if (!statistics)
    return statistics.takeError();
  SearchPoint &point = result.points.emplace_back();
  point.precisions.assign(precisions.begin(), precisions.end());
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
  point.nanoseconds = getNanoseconds(choices, precisions);
  point.weightBytes = getWeightBytes(choices, precisions);
  point.keepsGoal = keepsGoal(point);
  result.samples = statistics->getSamples().size();
  return llvm::Error::success();
}

/// Measures one choice and keeps it when it is the best one so far.
llvm::Error Search::tryChoice(ArrayRef<StringRef> precisions) {
  if (llvm::Error error = measureChoice(precisions))
    return error;
  return considerBest();
}

const SearchPoint *Search::find(ArrayRef<StringRef> precisions) const {
  for (const SearchPoint &point : result.points)
    if (ArrayRef(point.precisions) == precisions)
      return &point;
  return nullptr;
}

std::optional<PrecisionAssignment> Search::propose(double budget,
                                                   Objective objective) const {
  bool allowInt4 = hasContract() || objective == Objective::Size;
  // What int8 gains over float is known better than what it loses: where it
  // keeps the goal, only fewer bits may be faster.
  bool allowWide = objective == Objective::Size || isExploring ||
                   !result.points.front().keepsGoal;
  return assignPrecisions(choices, {budget, maxWideMacs, allowInt4, allowWide},
                          objective);
}

/// The best choice with predicted noise within `budget`; where the limit of
/// multiply-accumulates forbids that, the one with the least noise.
std::optional<PrecisionAssignment> Search::propose(double budget) const {
  double least = getLeastNoise(choices, maxWideMacs);
  return propose(std::max(budget, least * kNearLeastNoise), options.objective);
}

/// The budget to begin with: as far from the first choice as its measurement
/// says, if noises added up.
double Search::getFirstBudget() const {
  const SearchPoint &first = result.points.front();
  double predicted = getNoise(choices, first.precisions);
  if (!options.minSqnr)
    return first.keepsGoal ? 4 * predicted : predicted / 2;
  double wanted = std::pow(10, -*options.minSqnr / 10);
  double measured = std::pow(10, -first.sqnr / 10);
  double factor = wanted / measured;
  return predicted *
         (first.keepsGoal ? std::max(factor, 1.0) : std::min(factor, 0.9));
}

/// False for what costs as much as the best choice that keeps the goal.
bool Search::isWorthTrying(ArrayRef<StringRef> precisions) const {
  const SearchPoint &best = result.getBest();
  return !best.keepsGoal || getCost(precisions) < (1 - kWorthwhileSaving) *
                                                      getCost(best.precisions);
}

/// Narrows the budget between one that keeps the goal and one that does not.
llvm::Error Search::narrow() {
  double none = std::numeric_limits<double>::infinity();
  double predicted = getNoise(choices, result.points.front().precisions);
  bool keeps = result.getBest().keepsGoal;
  double low = keeps ? predicted : 0, high = keeps ? none : predicted;
  double budget = getFirstBudget();
  for (int i = 0; i < kMaxProposals; ++i) {
    result.ranOutOfTime = isOutOfTime();
    std::optional<PrecisionAssignment> choice = propose(budget);
    if (!choice || result.ranOutOfTime)
      return llvm::Error::success();
    bool isKnown = find(*choice);
    // No budget above this one gives less than this.
    if (!isKnown && high == none && !isWorthTrying(*choice))
      return llvm::Error::success();
    if (!isKnown)
      if (llvm::Error error = tryChoice(*choice))
        return error;
    const SearchPoint &point = *find(*choice);
    (point.keepsGoal ? low : high) = budget;
    if (low > 0 && high / low < kCloseBudgets)
      return llvm::Error::success();
    // Nothing is left that could be wider, or narrower.
    bool isLeast =
        !point.keepsGoal && low == 0 && getNoise(choices, *choice) > budget;
    if (isKnown && (isLeast || high == none))
      return llvm::Error::success();
    budget = low == 0       ? high / 2
             : high == none ? low * 4
                            : std::sqrt(low * high);
  }
  return llvm::Error::success();
}

/// Measures what more accuracy and fewer bytes cost.
llvm::Error Search::exploreFront() {
  isExploring = true;
  double now = getNoise(choices, result.getBest().precisions);
  auto attempt = [&](double budget, Objective objective) -> llvm::Error {
    std::optional<PrecisionAssignment> choice = propose(budget, objective);
    if (!choice || find(*choice) || isOutOfTime())
      return llvm::Error::success();
    return measureChoice(*choice);
  };
  for (double factor : {0.25, 0.0625})
    if (llvm::Error error = attempt(now * factor, options.objective))
      return error;
  for (double factor : {4.0, 16.0})
    if (llvm::Error error = attempt(now * factor, Objective::Size))
      return error;
  return llvm::Error::success();
}

llvm::Expected<SearchResult> Search::run() {
  if (llvm::Error error = openReference())
    return std::move(error);
  if (llvm::Error error = tryChoice(getDefaultAssignment(choices)))
    return std::move(error);
  if (hasContract() || !result.getBest().keepsGoal)
    if (llvm::Error error = narrow())
      return std::move(error);
  // Float keeps every goal that int8 does not.
  if (!result.getBest().keepsGoal && hasContract()) {
    PrecisionAssignment all;
    for (const LayerChoices &layer : choices.layers)
      all.push_back(layer.candidates.back().precision);
    if (llvm::Error error = tryChoice(all))
      return std::move(error);
  }
  if (options.exploreFront)
    if (llvm::Error error = exploreFront())
      return std::move(error);
  setPrecisions(result.getBest().precisions);
  return std::move(result);
}

llvm::Expected<SearchResult>
qnn::searchPrecisions(ModuleOp module, const NetworkAccuracy &accuracy,
                      const CostModel &model, const SearchOptions &options,
                      BetterFn onBetter) {
  return Search(module, accuracy, model, options, onBetter).run();
}
