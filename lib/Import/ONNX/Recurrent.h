//===- Recurrent.h - What recurrent layers have in common -------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does a recurrent layer become qnn ops? Shapes are static, so a sequence
// of T steps becomes T copies of the cell that share their weights. The
// products with the input do not depend on the state: one fully connected layer
// computes them for all steps. Names of gates and weights are those of the ONNX
// operator definitions; RecurrentCells.cpp has the formulas.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_RECURRENT_H
#define QNN_LIB_IMPORT_ONNX_RECURRENT_H

#include "Emitter.h"

namespace mlir::qnn::import {

/// An activation function of a cell with its parameters.
struct Activation {
  std::string name;
  float alpha = 0.0f;
  float beta = 0.0f;
};

/// Hidden state, and for LSTM the cell state: [batch, hidden] each.
using State = SmallVector<Value, 2>;

/// What the three kinds of cells have in common.
class Recurrent {
public:
  /// `gates` blocks of rows in W and R; `functions` are the default activation
  /// functions of one direction.
  Recurrent(NodeImporter &node, int64_t gates, ArrayRef<StringRef> functions)
      : node(node), e{node}, gates(gates), functions(functions) {}
  virtual ~Recurrent() = default;

  /// Imports the node, whose cell has `states` state tensors.
  LogicalResult run(int states);

protected:
  /// Prepares the weights of direction `d`.
  virtual void startDirection(int64_t d) = 0;
  /// The state after one step; `x` is this step of `project`.
  virtual State step(Value x, const State &state) = 0;

  /// X * W^T + bias for all steps: [steps, batch, gates * hidden].
  Value project(int64_t d, Value bias);
  /// Rows [first, first + count) * hidden of direction `d` of input `i`.
  Value rows(int i, int64_t d, int64_t first, int64_t count);
  /// Columns [first, first + count) * hidden of a [batch, ...] tensor.
  Value columns(Value x, int64_t first, int64_t count = 1);
  Value product(Value x, Value weight, Value bias = {});
  /// Activation function `i` of the direction under way.
  Value activate(int i, Value x);
  /// The same after the clip, for the gates.
  Value activateGate(int i, Value x);
  bool hasBias() { return node.hasInput(3); }

  NodeImporter &node;
  Emitter e;
  int64_t gates;
  int64_t hidden = 0;
  Value projected;

private:
  LogicalResult read(int states);
  LogicalResult readActivations();
  LogicalResult checkShape(int i, StringRef what, ArrayRef<int64_t> expected);
  LogicalResult checkLengths();
  State initialState(int64_t d, int states);
  /// Runs direction `d`: its last state, and its hidden state after each step.
  State runDirection(int64_t d, int states, SmallVectorImpl<Value> &all);
  LogicalResult setResults(ArrayRef<State> last,
                           ArrayRef<SmallVector<Value>> all);
  Value box(Value x, ArrayRef<int64_t> starts, ArrayRef<int64_t> sizes);
  Value concat(ArrayRef<Value> values, int64_t axis);

  SmallVector<StringRef> functions;
  SmallVector<Activation> activations; // of all directions
  int64_t direction = 0;
  int64_t steps = 0, batch = 0, inputs = 0, directions = 1;
  bool reverse = false, batchFirst = false;
  float clip = 0.0f;
  Value x;
};

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_RECURRENT_H
