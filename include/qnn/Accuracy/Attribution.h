//===- Attribution.h - Which layer loses the accuracy -----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For every layer of a calibrated network: how much error do its weights, the
// clipping and the rounding of its result add, how much did it inherit, and how
// much of the network's error is its doing?
//
// One pass over the samples. Each sample runs once in float and once quantized
// (QuantizedSimulation); then, for every layer, its result alone is rounded,
// and its weights alone have another precision, and what follows it runs again
// in float. The cost of a sample is that of some 10 + layers float inferences.
// Memory does not depend on the number of samples.
//
// On the same samples each layer also runs, alone, in its other forms: with
// weights of other precisions, rounded otherwise, without corrected biases; and
// its result is rounded with the range of every calibrator. What a form does to
// the network's results is predicted from what it does to the layer's, by the
// part of such noise that arrives there (Gains.h): errors of weights are alike
// in all places and arrive otherwise than those of rounding.
//
// Powers are mean squares over all elements and samples. Noises are powers of
// the difference to the float network.
//
// Usage:
//   auto accuracy = attributeErrors(network, simulation, samples, forms);
//   for (const LayerAccuracy &layer : accuracy->layers) ...
//
//===----------------------------------------------------------------------===//

#ifndef QNN_ACCURACY_ATTRIBUTION_H
#define QNN_ACCURACY_ATTRIBUTION_H

#include "qnn/Accuracy/QuantizedSimulation.h"
#include "qnn/Accuracy/Samples.h"
#include "qnn/Calibration/Cache.h"

namespace mlir::qnn {

/// Another form of a layer and the noise that it has alone.
struct LayerForm {
  std::string name;
  double noise = 0;
};

struct LayerAccuracy {
  std::string name;         ///< of the layer, or of an input of the network
  Operation *op;            ///< null for an input
  Value tensor;             ///< the result or the argument
  int64_t elements = 0;     ///< of the result
  int64_t saturated = 0;    ///< float results outside the range, in all samples
  double signal = 0;        ///< of the float result
  double weightNoise = 0;   ///< float inputs, integer weights, float result
  double clipNoise = 0;     ///< of the float result brought into the range
  double roundingNoise = 0; ///< of that, rounded to the grid
  double localNoise = 0;    ///< all three together: float inputs, int8 layer
  double inheritedNoise = 0; ///< quantized inputs, float layer
  double totalNoise = 0;     ///< in the quantized network
  /// Noise over signal at the network's results, averaged over them, when only
  /// this layer is quantized, and when only its result is rounded.
  double outputNoise = 0, resultOutputNoise = 0;
  /// The same of each unit of weightNoise.
  double weightTransfer = 0;
  /// Of the float layer when the tensor it multiplies is rounded.
  double inputNoise = 0;
  /// The part of weightNoise that is the mean error of each channel.
  double meanNoise = 0;
  /// Instead of weightNoise: "float", "int8", "int4", "bf16" (other
  /// precisions), "round-weights" and "correct-bias" (with or without,
  /// whichever it is not now).
  std::vector<LayerForm> weightForms;
  /// Instead of clipNoise + roundingNoise: calibrators, and "own-scale" for a
  /// tensor that shares one with a concat.
  std::vector<LayerForm> rangeForms;

  /// The same of each unit of clipNoise and roundingNoise.
  double getRoundingTransfer() const {
    double noise = clipNoise + roundingNoise;
    return noise > 0 ? resultOutputNoise / noise : 0;
  }
  const LayerForm *findWeightForm(StringRef name) const {
    auto found = llvm::find_if(
        weightForms, [&](const LayerForm &form) { return form.name == name; });
    return found == weightForms.end() ? nullptr : &*found;
  }
};

struct NetworkAccuracy {
  int64_t samples = 0;
  /// Noise over signal at the network's results, averaged over them, when all
  /// of it is quantized.
  double outputNoise = 0;
  /// The inputs and layers that are quantized, in order of execution.
  std::vector<LayerAccuracy> layers;
};

/// 10 log10(signal / noise); infinite without noise.
double getDecibels(double signal, double noise);

/// Attributes that a layer could have and has not: the integers its weights
/// would become by qnn.rounded_weights.
using ProposedRoundings = DenseMap<Operation *, Attribute>;

/// Runs all of `samples`. `cache`: where calibrators take their ranges from;
/// null: no other ranges.
llvm::Expected<NetworkAccuracy>
attributeErrors(StepwiseNetwork &network, QuantizedSimulation &simulation,
                const SampleSet &samples, const ProposedRoundings &roundings,
                const CalibrationCache *cache);

} // namespace mlir::qnn

#endif // QNN_ACCURACY_ATTRIBUTION_H
