//===- ImproveWeights.h - Rounding and biases from data ---------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two remedies that change nothing in float, layer by layer in order of
// execution, each on what the quantized layers before it hand over:
//
//   - round-weights: the nearest integer is not the best one for the layer's
//     result. With x the patches the layer reads and e = w - s q the rounding
//     error of an output channel, the error at the result is e^T H e,
//     H = sum x x^T. Starting from the nearest integers, one weight after the
//     other moves to its other neighbour wherever that lowers the error, until
//     none does (the objective of AdaRound, Nagel et al. 2020, section 3.2,
//     minimized by coordinate descent).
//   - correct-bias: quantization shifts the mean of a channel; the mean over
//     samples and pixels of float minus quantized result, before any clamp, is
//     added to its bias (Nagel et al. 2019, section 4.2, empirical form).
//
// The results are the attributes qnn.rounded_weights, qnn.rounded_int4_weights
// and qnn.bias_correction, which qnn-quantize reads.
//
// Usage:
//   if (Error e = improveWeights(network, simulation, samples)) ...
//
//===----------------------------------------------------------------------===//

#ifndef QNN_ACCURACY_IMPROVEWEIGHTS_H
#define QNN_ACCURACY_IMPROVEWEIGHTS_H

#include "qnn/Accuracy/QuantizedSimulation.h"
#include "qnn/Accuracy/Samples.h"

namespace mlir::qnn {

struct WeightRemedies {
  bool roundWeights = true;
  bool correctBias = true;
  /// Also what roundWeights makes of weights of 4 bits, should they become so.
  bool forInt4 = false;
};

/// Sets the attributes of every quantized layer with constant weights and
/// updates `simulation`. Weights of more than kMaxPatch elements per output
/// channel keep the nearest integers (H would take more than 21 MB), and so do
/// those for which the samples have fewer patches than a channel has weights;
/// biases of channels with fewer than 64 values in all samples stay.
llvm::Error improveWeights(StepwiseNetwork &network,
                           QuantizedSimulation &simulation,
                           const SampleSet &samples,
                           const WeightRemedies &remedies = {});

/// The longest weight vector of a channel that is rounded by its data.
inline constexpr int64_t kMaxPatch = 2304;

/// Rounds the weights [C][K] of a layer: `nearest` are the nearest integers,
/// `scales` one per channel, `gram` the K x K matrix H, row-major. Returns the
/// chosen integers, none of which exceeds +-`largest`.
SmallVector<int8_t> roundByGram(ArrayRef<float> weights,
                                ArrayRef<int8_t> nearest,
                                ArrayRef<double> scales, ArrayRef<float> gram,
                                int largest);

} // namespace mlir::qnn

#endif // QNN_ACCURACY_IMPROVEWEIGHTS_H
