//===- AssignPrecision.cpp - Choose a precision per layer -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Input: a float graph. Output: the same with `qnn.precision = "float"` on the
// layers that stay float. Cost: rules x layers string matches.
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/Transforms/Passes.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "llvm/Support/GlobPattern.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_ASSIGNPRECISIONPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-assign-precision"

using namespace mlir;
using namespace mlir::qnn;

namespace {
bool isProduct(Operation *op) {
  return isa<Conv2DOp, FullyConnectedOp, MatMulOp>(op);
}

/// One parsed `pattern=precision`.
struct Rule {
  std::string text;
  llvm::GlobPattern pattern;
  bool onKind;
  std::string precision;
  bool matched = false;

  bool matches(QuantizableOpInterface op) const {
    // Bits are a matter of layers with weights.
    bool isForWeights = precision == "int4" || precision == "int16";
    if (isForWeights && !op.getWeightOperand())
      return false;
    if (precision == "bf16" && !isProduct(op))
      return false;
    return pattern.match(onKind ? op->getName().stripDialect()
                                : getLayerName(op));
  }
};

/// Parses a rule; on failure an error has been reported at `loc`.
FailureOr<Rule> parseRule(Location loc, StringRef text) {
  auto fail = [&]() -> InFlightDiagnostic {
    return emitError(loc, "precision rule '") << text << "': ";
  };
  auto [left, precision] = text.rsplit('=');
  bool onKind = left.consume_front("op:");
  if (left.empty() || precision.empty())
    return fail() << "expected PATTERN=float, bf16, int8, int4 or int16";
  if (!llvm::is_contained(kPrecisions, precision))
    return fail()
           << "expected precision float, bf16, int8, int4 or int16, got '"
           << precision << "'";
  llvm::Expected<llvm::GlobPattern> pattern = llvm::GlobPattern::create(left);
  if (!pattern)
    return fail() << llvm::toString(pattern.takeError());
  return Rule{text.str(), std::move(*pattern), onKind, precision.str()};
}

/// Functions whose values no scale covers well, or that have no integer form:
/// square roots, erf, exponentials, powers, sums.
static bool spreadsValues(Operation *op) {
  if (isa<SqrtOp, ErfOp, ReduceOp, CastOp, SelectOp>(op))
    return true;
  if (auto binary = dyn_cast<BinaryOp>(op))
    return binary.getFunction() == BinaryFunction::Pow;
  auto unary = dyn_cast<UnaryOp>(op);
  return unary && unary.getFunction() >= UnaryFunction::Exp;
}

/// Layers whose integer form costs accuracy and saves no time: a division has
/// no integer instruction, softmax spreads its result over powers of e, and the
/// arithmetic around such functions (layer norm, GELU, attention masks) would
/// be nothing but conversions and roundings.
class FloatByDefault {
public:
  explicit FloatByDefault(func::FuncOp func) {
    SmallVector<Operation *> ops;
    func.walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      if (spreadsValues(op) ||
          (isa<AddOp, SubOp, MulOp, DivOp>(op) && readsMember(op)))
        members.insert(op);
    for (Operation *op : llvm::reverse(ops))
      if (isa<AddOp, SubOp, MulOp, DivOp, ReduceMeanOp>(op) &&
          !op->use_empty() &&
          llvm::all_of(op->getUsers(),
                       [&](Operation *user) { return members.contains(user); }))
        members.insert(op);
  }

  bool contains(Operation *op) const {
    return isa<SoftmaxOp, DivOp>(op) || members.contains(op);
  }

private:
  bool readsMember(Operation *op) const {
    return llvm::any_of(op->getOperands(), [&](Value operand) {
      return members.contains(operand.getDefiningOp());
    });
  }

  /// Functions that spread values, the arithmetic on their results, and what is
  /// computed for these alone.
  llvm::DenseSet<Operation *> members;
};

struct AssignPrecisionPass final
    : qnn::impl::AssignPrecisionPassBase<AssignPrecisionPass> {
  using Base::Base;

  void runOnOperation() override {
    if (!products.empty() && products != "bf16") {
      getOperation().emitError("expected products=bf16, got '")
          << products << "'";
      return signalPassFailure();
    }
    SmallVector<Rule> parsed;
    for (const std::string &text : rules) {
      FailureOr<Rule> rule = parseRule(getOperation().getLoc(), text);
      if (failed(rule))
        return signalPassFailure();
      parsed.push_back(std::move(*rule));
    }
    FloatByDefault floats(getOperation());
    getOperation().walk([&](QuantizableOpInterface op) {
      assign(op, parsed, floats.contains(op));
      if (perTensorWeights && op.getWeightOperand())
        op->setAttr(kPerTensorWeightsAttr, UnitAttr::get(&getContext()));
    });
    for (const Rule &rule : parsed)
      if (!rule.matched) {
        getOperation().emitError("precision rule '")
            << rule.text << "' matches no layer; expected a glob on a layer "
            << "name (a fused layer has the name of its first op) or op:KIND";
        return signalPassFailure();
      }
  }

  /// Applies the last matching rule, or the default, to one layer.
  void assign(QuantizableOpInterface op, MutableArrayRef<Rule> parsed,
              bool isFloatByDefault) {
    const Rule *last = nullptr;
    for (Rule &rule : parsed)
      if (rule.matches(op)) {
        rule.matched = true;
        last = &rule;
      }
    std::string precision = isFloatByDefault ? "float" : "";
    if (isProduct(op) && !products.empty())
      precision = products;
    if (last)
      precision = last->precision;
    if (precision.empty())
      return;
    op->setAttr(kPrecisionAttr, StringAttr::get(&getContext(), precision));
    if (emitRemarks && precision == "float")
      op->emitRemark(last ? (kFloatByRuleRemark + "'" + last->text + "'").str()
                          : (kKeepsFloatRemark +
                             "by default: its integer form costs accuracy "
                             "and saves no time")
                                .str());
  }
};
} // namespace
