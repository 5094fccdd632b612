//===- KeepFasterFloat.cpp - Float where int8 would be slower -------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Choosing int8 or float for every layer, so that the sum of their times and of
// the conversions between them is least, is a minimum cut: the source is int8,
// the sink float, and an edge is cut when its ends differ (Greig, Porteous and
// Seheult 1989; Ford and Fulkerson for the cut).
//
// Cost: layers times edges times augmentations; networks have a few hundred.
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/Transforms/Passes.h"
#include "qnn/Dialect/QNN/Transforms/PrecisionCosts.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "llvm/Support/Format.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_KEEPFASTERFLOATPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-keep-faster-float"

using namespace mlir;
using namespace mlir::qnn;

/// Nanoseconds a layer must win to stay float: below that the model and the
/// clock know nothing.
static constexpr double kLeastGain = 2000;

/// More nanoseconds than any network takes.
static constexpr double kNever = 1e18;

namespace {
/// A minimum cut between node 0, the source, and node 1, the sink.
class MinimumCut {
public:
  explicit MinimumCut(size_t nodes) : edges(nodes) {}

  /// Capacities of both directions.
  void addEdge(size_t from, size_t to, double forward, double backward) {
    edges[from].push_back({to, edges[to].size(), forward});
    edges[to].push_back({from, edges[from].size() - 1, backward});
  }

  /// For each node: whether it is on the side of the source.
  SmallVector<bool> run() {
    while (augment())
      ;
    SmallVector<bool> reached;
    for (const std::optional<Step> &step : search())
      reached.push_back(step.has_value());
    return reached;
  }

private:
  struct Edge {
    size_t to, reverse; ///< reverse: index in the list of `to`
    double capacity;    ///< what is left of it
  };
  struct Step {
    size_t from, edge;
  };

  /// The step that first reached each node along edges with capacity left.
  SmallVector<std::optional<Step>> search() const {
    SmallVector<std::optional<Step>> steps(edges.size());
    SmallVector<size_t> queue = {0};
    steps[0] = Step{0, 0};
    for (size_t next = 0; next < queue.size(); ++next)
      for (auto [i, edge] : llvm::enumerate(edges[queue[next]]))
        if (edge.capacity > kNothing && !steps[edge.to]) {
          steps[edge.to] = Step{queue[next], i};
          queue.push_back(edge.to);
        }
    return steps;
  }

  /// Sends flow along one shortest path; false when there is none.
  bool augment() {
    SmallVector<std::optional<Step>> steps = search();
    if (!steps[1])
      return false;
    double flow = std::numeric_limits<double>::infinity();
    for (size_t node = 1; node != 0; node = steps[node]->from)
      flow =
          std::min(flow, edges[steps[node]->from][steps[node]->edge].capacity);
    for (size_t node = 1; node != 0; node = steps[node]->from) {
      Edge &edge = edges[steps[node]->from][steps[node]->edge];
      edge.capacity -= flow;
      edges[edge.to][edge.reverse].capacity += flow;
    }
    return true;
  }

  static constexpr double kNothing = 1e-3; ///< nanoseconds
  SmallVector<SmallVector<Edge>> edges;    ///< of each node
};

struct KeepFasterFloatPass final
    : qnn::impl::KeepFasterFloatPassBase<KeepFasterFloatPass> {
  using Base::Base;

  void runOnOperation() override {
    const TargetLevel *target = findLevel(level);
    if (!target) {
      getOperation().emitError("expected a level that --march takes, got '")
          << level << "'";
      return signalPassFailure();
    }
    PrecisionCosts costs =
        getPrecisionCosts(getOperation(), CostModel(*target));
    MinimumCut cut(costs.layers.size() + 2);
    for (const PrecisionBorder &border : costs.borders)
      cut.addEdge(border.from + 2, border.to + 2, border.cost, border.cost);
    for (auto [i, layer] : llvm::enumerate(costs.layers)) {
      double f32 = isKeptInt8(layer.first) ? kNever : layer.second.f32;
      cut.addEdge(0, i + 2, f32 + kLeastGain, 0);
      cut.addEdge(i + 2, 1, layer.second.int8, 0);
    }
    SmallVector<bool> isInt8 = cut.run();
    for (auto [i, layer] : llvm::enumerate(costs.layers))
      if (!isInt8[i + 2])
        keepFloat(layer.first, layer.second);
  }

  void keepFloat(Operation *op, const LayerTimes &times) {
    op->setAttr(kPrecisionAttr, StringAttr::get(&getContext(), "float"));
    if (!emitRemarks)
      return;
    std::string text;
    llvm::raw_string_ostream(text)
        << kKeepsFloatRemark
        << llvm::format("at %s: int8 and its conversions are "
                        "predicted to take %.1f us, float %.1f us",
                        level.c_str(), times.int8 / 1000, times.f32 / 1000);
    op->emitRemark(text);
  }
};
} // namespace
