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
// (QuantizedSimulation); then, for every layer, the layer alone is quantized
// and what follows it runs again in float. The cost of a sample is that of some
// 4 + layers float inferences. Memory does not depend on the number of
// samples.
//
// Powers are mean squares over all elements and samples. Noises are powers of
// the difference to the float network.
//
// Usage:
//   auto accuracy = attributeErrors(network, simulation, samples);
//   for (const LayerAccuracy &layer : accuracy->layers) ...
//
//===----------------------------------------------------------------------===//

#ifndef QNN_ACCURACY_ATTRIBUTION_H
#define QNN_ACCURACY_ATTRIBUTION_H

#include "qnn/Accuracy/QuantizedSimulation.h"
#include "qnn/Accuracy/Samples.h"

namespace mlir::qnn {

struct LayerAccuracy {
  std::string name;         ///< of the layer, or of an input of the network
  Operation *op;            ///< null for an input
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

/// Runs all of `samples`.
NetworkAccuracy attributeErrors(StepwiseNetwork &network,
                                QuantizedSimulation &simulation,
                                const SampleSet &samples);

} // namespace mlir::qnn

#endif // QNN_ACCURACY_ATTRIBUTION_H
