//===- Recurrent.cpp - Reads and unrolls recurrent layers -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Recurrent.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

/// More copies of a cell than this make an object nobody wants.
static constexpr int64_t kMaxSteps = 2048;

//===----------------------------------------------------------------------===//
// Reading the node
//===----------------------------------------------------------------------===//

LogicalResult Recurrent::readActivations() {
  SmallVector<std::string> names = node.getStrings("activations");
  SmallVector<float> alphas = node.getFloatList("activation_alpha");
  SmallVector<float> betas = node.getFloatList("activation_beta");
  if (names.empty())
    for (int64_t d = 0; d < directions; ++d)
      names.append(functions.begin(), functions.end());
  if (names.size() != functions.size() * directions)
    return node.error() << "expected " << functions.size() * directions
                        << " activations, got " << names.size();
  // Parameters are taken in order by the functions that have them.
  size_t alpha = 0, beta = 0;
  auto next = [](ArrayRef<float> list, size_t &i, float missing) {
    return i < list.size() ? list[i++] : missing;
  };
  for (const std::string &name : names) {
    Activation activation{name};
    if (name == "HardSigmoid") {
      activation.alpha = next(alphas, alpha, 0.2f);
      activation.beta = next(betas, beta, 0.5f);
    } else if (name == "LeakyRelu") {
      activation.alpha = next(alphas, alpha, 0.01f);
    } else if (name != "Sigmoid" && name != "Tanh" && name != "Relu") {
      return node.unsupported(
          "activation '" + name +
          "', only Sigmoid, Tanh, Relu, HardSigmoid and LeakyRelu are");
    }
    activations.push_back(activation);
  }
  return success();
}

LogicalResult Recurrent::checkShape(int i, StringRef what,
                                    ArrayRef<int64_t> expected) {
  if (!node.hasInput(i))
    return success();
  ArrayRef<int64_t> shape = node.getShape(i);
  if (node.failed() || shape == expected)
    return success(!node.failed());
  return node.error() << "expected " << what << " of shape "
                      << formatShape(expected) << ", got "
                      << formatShape(shape);
}

/// Every sequence has all steps.
LogicalResult Recurrent::checkLengths() {
  if (!node.hasInput(4))
    return success();
  for (int64_t length : node.getInts(4, "sequence_lens"))
    if (length != steps)
      return node.unsupported("sequences of " + Twine(length) + " of " +
                              Twine(steps) + " steps, only whole ones are");
  return success(!node.failed());
}

LogicalResult Recurrent::read(int states) {
  SmallVector<int64_t> shape(node.getShape(0));
  std::string way = node.getString("direction", "forward");
  batchFirst = node.getFlag("layout", false);
  hidden = node.getInt("hidden_size", 0);
  clip = node.getFloat("clip", 0.0f);
  if (node.failed())
    return failure();
  if (shape.size() != 3)
    return node.error() << "expected X of rank 3, got " << formatShape(shape);
  if (way != "forward" && way != "reverse" && way != "bidirectional")
    return node.error() << "expected attribute 'direction' to be forward, "
                           "reverse or bidirectional, got '"
                        << way << "'";
  if (hidden <= 0 || hidden > std::numeric_limits<int32_t>::max())
    return node.error() << "expected a positive hidden_size, got " << hidden;
  if (clip < 0.0f)
    return node.error() << "expected a positive clip, got "
                        << std::to_string(clip);
  reverse = way == "reverse";
  directions = way == "bidirectional" ? 2 : 1;
  if (batchFirst)
    std::swap(shape[0], shape[1]);
  steps = shape[0], batch = shape[1], inputs = shape[2];
  if (steps == 0 || batch == 0)
    return node.unsupported("sequences without steps");
  if (steps * directions > kMaxSteps)
    return node.unsupported(Twine(steps * directions) + " steps, at most " +
                            Twine(kMaxSteps) + " are");
  SmallVector<int64_t> state = {directions, batch, hidden};
  if (batchFirst)
    std::swap(state[0], state[1]);
  int64_t height = gates * hidden;
  if (failed(checkShape(1, "W", {directions, height, inputs})) ||
      failed(checkShape(2, "R", {directions, height, hidden})) ||
      failed(checkShape(3, "B", {directions, 2 * height})) ||
      failed(checkShape(5, "initial_h", state)) ||
      (states > 1 && (failed(checkShape(6, "initial_c", state)) ||
                      failed(checkShape(7, "P", {directions, 3 * hidden})))))
    return failure();
  x = node.getValue(0);
  if (batchFirst)
    x = node.transpose(x, {1, 0, 2});
  return success(succeeded(checkLengths()) && succeeded(readActivations()));
}

//===----------------------------------------------------------------------===//
// Parts of tensors
//===----------------------------------------------------------------------===//

Value Recurrent::box(Value x, ArrayRef<int64_t> starts,
                     ArrayRef<int64_t> sizes) {
  if (!x)
    return {};
  if (shapeOf(x) == sizes)
    return x;
  return node.create<SliceOp>(x, starts, sizes,
                              SmallVector<int64_t>(sizes.size(), 1));
}

Value Recurrent::concat(ArrayRef<Value> values, int64_t axis) {
  if (node.failed() || values.size() == 1)
    return node.failed() ? Value() : values.front();
  return node.create<ConcatOp>(ValueRange(values), axis);
}

Value Recurrent::rows(int i, int64_t d, int64_t first, int64_t count) {
  Value tensor = node.getValue(i);
  if (node.failed())
    return {};
  SmallVector<int64_t> sizes(shapeOf(tensor));
  SmallVector<int64_t> starts(sizes.size(), 0);
  starts[0] = d, starts[1] = first * hidden;
  sizes[0] = 1, sizes[1] = count * hidden;
  Value part = box(tensor, starts, sizes);
  return node.reshape(part, ArrayRef(sizes).drop_front());
}

Value Recurrent::columns(Value x, int64_t first, int64_t count) {
  return box(x, {0, first * hidden}, {batch, count * hidden});
}

Value Recurrent::product(Value x, Value weight, Value bias) {
  if (node.failed() || !x || !weight)
    return {};
  return node.create<FullyConnectedOp>(x, weight, bias, /*residual=*/Value(),
                                       /*clamp_min=*/FloatAttr(),
                                       /*clamp_max=*/FloatAttr());
}

Value Recurrent::project(int64_t d, Value bias) {
  return product(x, rows(1, d, 0, gates), bias);
}

Value Recurrent::activate(int i, Value x) {
  if (node.failed() || !x)
    return {};
  Builder &builder = node.getBuilder();
  auto attr = [&](float value) { return builder.getF32FloatAttr(value); };
  const Activation &f = activations[direction * functions.size() + i];
  if (f.name == "Sigmoid")
    return e.unary<SigmoidOp>(x);
  if (f.name == "Tanh")
    return e.unary<TanhOp>(x);
  if (f.name == "Relu")
    return e.unary<ReluOp>(x);
  if (f.name == "HardSigmoid")
    return node.create<HardSigmoidOp>(x, attr(f.alpha), attr(f.beta));
  return node.create<LeakyReluOp>(x, attr(f.alpha));
}

Value Recurrent::activateGate(int i, Value x) {
  if (node.failed() || !x)
    return {};
  Builder &builder = node.getBuilder();
  if (clip != 0.0f)
    x = node.create<ClipOp>(x, builder.getF32FloatAttr(-clip),
                            builder.getF32FloatAttr(clip));
  return activate(i, x);
}

//===----------------------------------------------------------------------===//
// Steps and results
//===----------------------------------------------------------------------===//

State Recurrent::initialState(int64_t d, int states) {
  State state;
  for (int i = 0; i < states; ++i) {
    if (!node.hasInput(5 + i)) {
      std::optional<int64_t> count = countElements({batch, hidden});
      if (!count || !node.spendFolding(*count)) {
        (void)node.unsupported("a state of " + formatShape({batch, hidden}));
        return state;
      }
      state.push_back(node.createConstant(
          HostTensor::fromFloats({batch, hidden}, std::vector<float>(*count))));
      continue;
    }
    Value given = node.getValue(5 + i);
    Value part = batchFirst ? box(given, {0, d, 0}, {batch, 1, hidden})
                            : box(given, {d, 0, 0}, {1, batch, hidden});
    state.push_back(node.reshape(part, {batch, hidden}));
  }
  return state;
}

State Recurrent::runDirection(int64_t d, int states,
                              SmallVectorImpl<Value> &all) {
  direction = d;
  startDirection(d);
  State state = initialState(d, states);
  all.resize(steps);
  bool backwards = reverse || d == 1;
  int64_t width = node.failed() ? 0 : shapeOf(projected).back();
  for (int64_t i = 0; i < steps && !node.failed(); ++i) {
    int64_t t = backwards ? steps - 1 - i : i;
    Value part = box(projected, {t, 0, 0}, {1, batch, width});
    state = step(node.reshape(part, {batch, width}), state);
    all[t] = state[0];
  }
  return state;
}

LogicalResult Recurrent::setResults(ArrayRef<State> last,
                                    ArrayRef<SmallVector<Value>> all) {
  if (node.hasOutput(0)) {
    SmallVector<Value> perStep;
    for (int64_t t = 0; t < steps; ++t) {
      SmallVector<Value> parts;
      for (const auto &hiddens : all)
        parts.push_back(node.reshape(hiddens[t], {1, 1, batch, hidden}));
      perStep.push_back(concat(parts, 1));
    }
    Value y = concat(perStep, 0);
    if (batchFirst)
      y = node.transpose(y, {2, 0, 1, 3});
    if (failed(node.setResult(y, 0)))
      return failure();
  }
  for (size_t i = 0; i < last.front().size(); ++i) {
    if (!node.hasOutput(1 + i))
      continue;
    SmallVector<int64_t> shape = {1, batch, hidden};
    if (batchFirst)
      std::swap(shape[0], shape[1]);
    SmallVector<Value> parts;
    for (const State &state : last)
      parts.push_back(node.reshape(state[i], shape));
    if (failed(node.setResult(concat(parts, batchFirst), 1 + i)))
      return failure();
  }
  return success();
}

LogicalResult Recurrent::run(int states) {
  if (failed(read(states)))
    return failure();
  SmallVector<State> last;
  SmallVector<SmallVector<Value>> all(directions);
  for (int64_t d = 0; d < directions; ++d)
    last.push_back(runDirection(d, states, all[d]));
  if (node.failed())
    return failure();
  return setResults(last, all);
}
