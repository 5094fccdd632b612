//===- Assignment.cpp - The fastest precisions within a budget ------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Accuracy/Assignment.h"

#include <Cbc_C_Interface.h>

using namespace mlir;
using namespace mlir::qnn;

/// Seconds after which the best solution found is taken.
static constexpr double kMaxSeconds = 20;

namespace {
/// One integer program.
class Program {
public:
  Program() : model(Cbc_newModel()) { Cbc_setLogLevel(model, 0); }
  ~Program() { Cbc_deleteModel(model); }
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;

  void addColumn(double high, double cost, bool isInteger) {
    std::string name = "c" + std::to_string(columns++);
    Cbc_addCol(model, name.c_str(), 0, high, cost, isInteger, 0, nullptr,
               nullptr);
  }

  /// sum coefficient * column <= bound.
  void addRow(ArrayRef<int> indices, ArrayRef<double> coefficients,
              double bound) {
    std::string name = "r" + std::to_string(rows++);
    Cbc_addRow(model, name.c_str(), indices.size(), indices.data(),
               coefficients.data(), 'L', bound);
  }

  /// The values of the columns; none where nothing satisfies the rows.
  std::optional<ArrayRef<double>> solve() {
    Cbc_setMaximumSeconds(model, kMaxSeconds);
    Cbc_solve(model);
    const double *solution = Cbc_getColSolution(model);
    if (Cbc_isProvenInfeasible(model) || !solution)
      return std::nullopt;
    return ArrayRef(solution, columns);
  }

private:
  Cbc_Model *model;
  size_t columns = 0, rows = 0;
};
} // namespace

/// Adds the columns x and r of every layer, in this order, and the rows that
/// bind r; with what x = 1 and r = 1 cost.
static void addLayers(Program &program, const PrecisionCosts &costs,
                      ArrayRef<LayerShare> shares,
                      llvm::function_ref<double(size_t)> costOfFloat,
                      llvm::function_ref<double(size_t)> costOfResult) {
  int count = shares.size();
  for (auto [i, share] : llvm::enumerate(shares))
    program.addColumn(share.mustBeInt8 ? 0 : 1, costOfFloat(i), true);
  for (int i = 0; i < count; ++i)
    program.addColumn(1, costOfResult(i), false);
  for (int i = 0; i < count; ++i)
    program.addRow({count + i, i}, {1, -1}, 0);
  for (const PrecisionBorder &border : costs.borders)
    program.addRow({count + int(border.from), int(border.to)}, {1, -1}, 0);
}

/// At most so many multiply-accumulates (in millions) in float.
static void limitMacs(Program &program, ArrayRef<LayerShare> shares,
                      double maxFloatMacs) {
  SmallVector<int> indices;
  SmallVector<double> coefficients;
  for (auto [i, share] : llvm::enumerate(shares)) {
    indices.push_back(i);
    coefficients.push_back(share.macs / 1e6);
  }
  program.addRow(indices, coefficients, maxFloatMacs / 1e6);
}

static double getTotalNoise(ArrayRef<LayerShare> shares) {
  double total = 0;
  for (const LayerShare &share : shares)
    total += share.weightNoise + share.resultNoise;
  return total;
}

static SmallVector<bool> takeLayers(ArrayRef<double> solution, size_t count) {
  SmallVector<bool> isFloat;
  for (double x : solution.take_front(count))
    isFloat.push_back(x > 0.5);
  return isFloat;
}

std::optional<SmallVector<bool>>
qnn::assignPrecisions(const PrecisionCosts &costs, ArrayRef<LayerShare> shares,
                      const AssignmentLimits &limits) {
  Program program;
  int count = shares.size();
  addLayers(
      program, costs, shares,
      [&](size_t i) {
        const LayerTimes &times = costs.layers.begin()[i].second;
        return times.f32 - times.int8;
      },
      [](size_t) { return 0.0; });
  for (const PrecisionBorder &border : costs.borders)
    program.addColumn(1, border.cost, false);
  // Noises in units of the budget: the solver's tolerance is absolute.
  double unit = limits.maxNoise > 0 ? limits.maxNoise : 1;
  SmallVector<int> indices;
  SmallVector<double> coefficients;
  for (auto [i, share] : llvm::enumerate(shares)) {
    indices.append({int(i), count + int(i)});
    coefficients.append({-share.weightNoise / unit, -share.resultNoise / unit});
  }
  program.addRow(indices, coefficients,
                 (limits.maxNoise - getTotalNoise(shares)) / unit);
  limitMacs(program, shares, limits.maxFloatMacs);
  for (auto [i, border] : llvm::enumerate(costs.borders)) {
    int differs = 2 * count + i, from = border.from, to = border.to;
    program.addRow({from, to, differs}, {1, -1, -1}, 0);
    program.addRow({from, to, differs}, {-1, 1, -1}, 0);
  }
  std::optional<ArrayRef<double>> solution = program.solve();
  if (!solution)
    return std::nullopt;
  return takeLayers(*solution, count);
}

double qnn::getLeastNoise(const PrecisionCosts &costs,
                          ArrayRef<LayerShare> shares, double maxFloatMacs) {
  Program program;
  double unit = std::max(getTotalNoise(shares), 1e-30);
  addLayers(
      program, costs, shares,
      [&](size_t i) { return -shares[i].weightNoise / unit; },
      [&](size_t i) { return -shares[i].resultNoise / unit; });
  limitMacs(program, shares, maxFloatMacs);
  std::optional<ArrayRef<double>> solution = program.solve();
  if (!solution)
    return getTotalNoise(shares);
  return getNoise(costs, shares, takeLayers(*solution, shares.size()));
}

double qnn::getNoise(const PrecisionCosts &costs, ArrayRef<LayerShare> shares,
                     ArrayRef<bool> isFloat) {
  SmallVector<bool> resultIsFloat(isFloat);
  for (const PrecisionBorder &border : costs.borders)
    if (!isFloat[border.to])
      resultIsFloat[border.from] = false;
  double sum = 0;
  for (auto [i, share] : llvm::enumerate(shares))
    sum += (isFloat[i] ? 0 : share.weightNoise) +
           (resultIsFloat[i] ? 0 : share.resultNoise);
  return sum;
}

double qnn::getNanoseconds(const PrecisionCosts &costs,
                           ArrayRef<bool> isFloat) {
  double sum = 0;
  for (auto [layer, inFloat] : llvm::zip(costs.layers, isFloat))
    sum += inFloat ? layer.second.f32 : layer.second.int8;
  for (const PrecisionBorder &border : costs.borders)
    sum += isFloat[border.from] != isFloat[border.to] ? border.cost : 0;
  return sum;
}
