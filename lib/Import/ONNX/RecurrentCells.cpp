//===- RecurrentCells.cpp - LSTM, GRU and RNN -----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Recurrent.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

namespace {
/// Ht = f(Xt*Wi^T + Ht-1*Ri^T + Wbi + Rbi)
struct SimpleCell final : Recurrent {
  SimpleCell(NodeImporter &node) : Recurrent(node, 1, {"Tanh"}) {}

  void startDirection(int64_t d) override {
    Value bias =
        hasBias() ? e.add(rows(3, d, 0, 1), rows(3, d, 1, 1)) : Value();
    projected = project(d, bias);
    recurrence = rows(2, d, 0, 1);
  }

  State step(Value x, const State &state) override {
    return {activateGate(0, e.add(product(state[0], recurrence), x))};
  }

  Value recurrence;
};

/// zt = f(Xt*Wz^T + Ht-1*Rz^T + Wbz + Rbz), rt alike
/// ht = g(Xt*Wh^T + (rt . Ht-1)*Rh^T + Rbh + Wbh), or with linear_before_reset
/// ht = g(Xt*Wh^T + (rt . (Ht-1*Rh^T + Rbh)) + Wbh)
/// Ht = (1 - zt) . ht + zt . Ht-1
struct GRUCell final : Recurrent {
  GRUCell(NodeImporter &node)
      : Recurrent(node, 3, {"Sigmoid", "Tanh"}),
        resetsProduct(node.getFlag("linear_before_reset", false)) {}

  void startDirection(int64_t d) override {
    Value inputBias, stateBias;
    if (hasBias()) {
      inputBias = rows(3, d, 0, 3);
      stateBias = rows(3, d, 3, 3);
    }
    if (!resetsProduct) {
      inputBias = hasBias() ? e.add(inputBias, stateBias) : Value();
      stateBias = {};
    }
    projected = project(d, inputBias);
    gateWeight = rows(2, d, 0, 2);
    candidateWeight = rows(2, d, 2, 1);
    if (stateBias) {
      gateBias = rows(3, d, 3, 2);
      candidateBias = rows(3, d, 5, 1);
    }
  }

  State step(Value x, const State &state) override {
    Value h = state[0];
    Value opened = activateGate(
        0, e.add(product(h, gateWeight, gateBias), columns(x, 0, 2)));
    Value z = columns(opened, 0), r = columns(opened, 1);
    Value recurrence =
        resetsProduct ? e.mul(r, product(h, candidateWeight, candidateBias))
                      : product(e.mul(r, h), candidateWeight);
    Value candidate = activateGate(1, e.add(recurrence, columns(x, 2)));
    // (1 - z) . c + z . h = c + z . (h - c)
    return {e.add(candidate, e.mul(z, e.sub(h, candidate)))};
  }

  bool resetsProduct;
  Value gateWeight, candidateWeight, gateBias, candidateBias;
};

/// it = f(Xt*Wi^T + Ht-1*Ri^T + Pi . Ct-1 + Wbi + Rbi), ft alike
/// ct = g(Xt*Wc^T + Ht-1*Rc^T + Wbc + Rbc)
/// Ct = ft . Ct-1 + it . ct
/// ot = f(Xt*Wo^T + Ht-1*Ro^T + Po . Ct + Wbo + Rbo)
/// Ht = ot . h(Ct), h without the clip, as in ONNX Runtime
struct LSTMCell final : Recurrent {
  LSTMCell(NodeImporter &node)
      : Recurrent(node, 4, {"Sigmoid", "Tanh", "Tanh"}) {}

  void startDirection(int64_t d) override {
    Value bias =
        hasBias() ? e.add(rows(3, d, 0, 4), rows(3, d, 4, 4)) : Value();
    projected = project(d, bias);
    recurrence = rows(2, d, 0, 4);
    if (node.hasInput(7))
      for (int i = 0; i < 3; ++i)
        peepholes[i] = rows(7, d, i, 1);
  }

  State step(Value x, const State &state) override {
    Value h = state[0], c = state[1];
    Value sum = e.add(product(h, recurrence), x);
    Value i = activateGate(0, peep(columns(sum, 0), 0, c));
    Value f = activateGate(0, peep(columns(sum, 2), 2, c));
    Value candidate = activateGate(1, columns(sum, 3));
    Value cell = e.add(e.mul(f, c), e.mul(i, candidate));
    Value o = activateGate(0, peep(columns(sum, 1), 1, cell));
    return {e.mul(o, activate(2, cell)), cell};
  }

  Value peep(Value gate, int i, Value cell) {
    return peepholes[i] ? e.add(gate, e.mul(peepholes[i], cell)) : gate;
  }

  Value recurrence;
  Value peepholes[3];
};
} // namespace

LogicalResult import::convertRNN(NodeImporter &node) {
  return SimpleCell(node).run(/*states=*/1);
}

LogicalResult import::convertGRU(NodeImporter &node) {
  return GRUCell(node).run(/*states=*/1);
}

LogicalResult import::convertLSTM(NodeImporter &node) {
  if (node.getFlag("input_forget", false))
    return node.unsupported("input_forget");
  return LSTMCell(node).run(/*states=*/2);
}
