//===- Assignment.cpp - The best precisions within a budget ---------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Accuracy/Assignment.h"

#include <Cbc_C_Interface.h>

using namespace mlir;
using namespace mlir::qnn;

/// Seconds after which the best solution found is taken, and the part by which
/// it may miss the best one: predictions are not that exact.
static constexpr double kMaxSeconds = 20, kGap = 1e-3;
/// What a byte costs where time decides (nanoseconds), and a nanosecond where
/// size does (bytes).
static constexpr double kByteCost = 1e-4, kNanosecondCost = 1e-4;

namespace {
/// A sum of columns with coefficients.
struct Terms {
  SmallVector<int> columns;
  SmallVector<double> coefficients;

  void add(int column, double coefficient) {
    columns.push_back(column);
    coefficients.push_back(coefficient);
  }
  void add(const Terms &terms, double factor) {
    for (auto [column, coefficient] :
         llvm::zip(terms.columns, terms.coefficients))
      add(column, factor * coefficient);
  }
};

/// One integer program.
class Program {
public:
  explicit Program(const PrecisionChoices &choices);
  ~Program() { Cbc_deleteModel(model); }
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;

  /// What is to be minimized; times of borders among it.
  void minimize(Objective objective);
  void minimizeNoise();
  void limitNoise(double maxNoise);
  void limitMacs(double maxWideMacs);
  void forbid(function_ref<bool(StringRef)> isForbidden);
  std::optional<PrecisionAssignment> solve();

private:
  int addColumn(double high, bool isInteger);
  /// sum of terms <= (or =) bound.
  void addRow(const Terms &terms, double bound, char sense = 'L');
  void addLayer(const LayerChoices &layer);
  void addTensor(const RoundedTensor &tensor);
  /// The column of a candidate.
  int getColumn(size_t layer, size_t candidate) const {
    return firstColumns[layer] + int(candidate);
  }
  /// What a wide precision of the layer adds up to 1 of.
  Terms getWide(size_t layer) const;
  /// Noise as terms and a constant.
  Terms getNoiseTerms() const;

  const PrecisionChoices &choices;
  Cbc_Model *model;
  int columns = 0, rows = 0;
  SmallVector<int> firstColumns; ///< of each layer
  SmallVector<int> fineColumns;  ///< r of each tensor; c follows
};
} // namespace

Program::Program(const PrecisionChoices &choices)
    : choices(choices), model(Cbc_newModel()) {
  Cbc_setLogLevel(model, 0);
  for (const LayerChoices &layer : choices.layers)
    addLayer(layer);
  for (const RoundedTensor &tensor : choices.tensors)
    addTensor(tensor);
}

int Program::addColumn(double high, bool isInteger) {
  std::string name = "c" + std::to_string(columns);
  Cbc_addCol(model, name.c_str(), 0, high, 0, isInteger, 0, nullptr, nullptr);
  return columns++;
}

void Program::addRow(const Terms &terms, double bound, char sense) {
  std::string name = "r" + std::to_string(rows++);
  Cbc_addRow(model, name.c_str(), terms.columns.size(), terms.columns.data(),
             terms.coefficients.data(), sense, bound);
}

void Program::addLayer(const LayerChoices &layer) {
  Terms one;
  firstColumns.push_back(columns);
  for (size_t i = 0; i < layer.candidates.size(); ++i)
    one.add(addColumn(1, true), 1);
  addRow(one, 1, 'E');
}

Terms Program::getWide(size_t layer) const {
  Terms wide;
  for (auto [i, candidate] : llvm::enumerate(choices.layers[layer].candidates))
    if (isWide(candidate.precision))
      wide.add(getColumn(layer, i), 1);
  return wide;
}

/// Adds r and c and what bounds them.
void Program::addTensor(const RoundedTensor &tensor) {
  int fine = addColumn(1, false), isFloat = addColumn(1, false);
  fineColumns.push_back(fine);
  const LayerChoices *producer =
      tensor.producer ? &choices.layers[*tensor.producer] : nullptr;
  auto bound = [&](int column, const Terms &by) {
    Terms terms;
    terms.add(column, 1);
    terms.add(by, -1);
    addRow(terms, 0);
  };
  bool isFree = !producer || producer->leavesAccumulator;
  if (tensor.readers.empty() || !isFree) {
    Terms made = isFree ? Terms() : getWide(*tensor.producer);
    bound(isFloat, made);
    if (tensor.readers.empty())
      bound(fine, made);
  }
  for (size_t reader : tensor.readers) {
    Terms wide = getWide(reader), sixteen, inFloat;
    for (auto [i, candidate] :
         llvm::enumerate(choices.layers[reader].candidates))
      if (isWide(candidate.precision))
        (candidate.precision == "int16" ? sixteen : inFloat)
            .add(getColumn(reader, i), 1);
    bound(fine, wide);
    bound(isFloat, inFloat);
    if (isFree)
      continue;
    Terms made = getWide(*tensor.producer);
    if (producer->hasWeights)
      made.add(sixteen, 1);
    bound(fine, made);
  }
}

void Program::minimize(Objective objective) {
  bool isTime = objective == Objective::Time;
  double byte = isTime ? kByteCost : 1, time = isTime ? 1 : kNanosecondCost;
  for (auto [l, layer] : llvm::enumerate(choices.layers))
    for (auto [i, candidate] : llvm::enumerate(layer.candidates))
      Cbc_setObjCoeff(model, getColumn(l, i),
                      time * candidate.nanoseconds +
                          byte * double(candidate.bytes));
  for (const PrecisionBorder &border : choices.borders) {
    int differs = addColumn(1, false);
    Cbc_setObjCoeff(model, differs, time * border.cost);
    for (double sign : {1.0, -1.0}) {
      Terms terms;
      terms.add(getWide(border.from), sign);
      terms.add(getWide(border.to), -sign);
      terms.add(differs, -1);
      addRow(terms, 0);
    }
  }
}

Terms Program::getNoiseTerms() const {
  Terms noise;
  for (auto [l, layer] : llvm::enumerate(choices.layers))
    for (auto [i, candidate] : llvm::enumerate(layer.candidates))
      noise.add(getColumn(l, i), candidate.noise);
  for (auto [tensor, fine] : llvm::zip(choices.tensors, fineColumns)) {
    noise.add(fine, -tensor.rounding);
    noise.add(fine + 1, -tensor.clipping);
  }
  return noise;
}

static double getRoundingNoise(const PrecisionChoices &choices) {
  double sum = 0;
  for (const RoundedTensor &tensor : choices.tensors)
    sum += tensor.rounding + tensor.clipping;
  return sum;
}

void Program::minimizeNoise() {
  double unit =
      std::max(getNoise(choices, getDefaultAssignment(choices)), 1e-30);
  Terms noise = getNoiseTerms();
  for (auto [column, coefficient] :
       llvm::zip(noise.columns, noise.coefficients))
    Cbc_setObjCoeff(model, column, coefficient / unit);
}

void Program::limitNoise(double maxNoise) {
  // In units of the budget: the solver's tolerance is absolute.
  double unit = maxNoise > 0 ? maxNoise : 1;
  Terms noise;
  noise.add(getNoiseTerms(), 1 / unit);
  addRow(noise, (maxNoise - getRoundingNoise(choices)) / unit);
}

void Program::limitMacs(double maxWideMacs) {
  Terms macs;
  for (auto [l, layer] : llvm::enumerate(choices.layers))
    macs.add(getWide(l), double(layer.macs) / 1e6);
  addRow(macs, maxWideMacs / 1e6);
}

/// Where a layer has another choice.
void Program::forbid(function_ref<bool(StringRef)> isForbidden) {
  Terms terms;
  for (auto [l, layer] : llvm::enumerate(choices.layers))
    for (auto [i, candidate] : llvm::enumerate(layer.candidates))
      if (isForbidden(candidate.precision) && layer.candidates.size() > 1)
        terms.add(getColumn(l, i), 1);
  addRow(terms, 0);
}

std::optional<PrecisionAssignment> Program::solve() {
  Cbc_setMaximumSeconds(model, kMaxSeconds);
  Cbc_setAllowableFractionGap(model, kGap);
  Cbc_solve(model);
  const double *solution = Cbc_getColSolution(model);
  if (Cbc_isProvenInfeasible(model) || !solution)
    return std::nullopt;
  PrecisionAssignment assignment;
  for (auto [l, layer] : llvm::enumerate(choices.layers)) {
    size_t chosen = 0;
    for (size_t i = 0; i < layer.candidates.size(); ++i)
      if (solution[getColumn(l, i)] > solution[getColumn(l, chosen)])
        chosen = i;
    assignment.push_back(layer.candidates[chosen].precision);
  }
  return assignment;
}

std::optional<PrecisionAssignment>
qnn::assignPrecisions(const PrecisionChoices &choices,
                      const AssignmentLimits &limits, Objective objective) {
  Program program(choices);
  program.minimize(objective);
  program.limitNoise(limits.maxNoise);
  program.limitMacs(limits.maxWideMacs);
  if (!limits.allowInt4)
    program.forbid([](StringRef precision) { return precision == "int4"; });
  if (!limits.allowWide)
    program.forbid(isWide);
  return program.solve();
}

double qnn::getLeastNoise(const PrecisionChoices &choices, double maxWideMacs) {
  Program program(choices);
  program.minimizeNoise();
  program.limitMacs(maxWideMacs);
  std::optional<PrecisionAssignment> assignment = program.solve();
  return getNoise(choices,
                  assignment ? *assignment : getDefaultAssignment(choices));
}
