//===- Gains.h - What another form of a layer would gain --------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What would be gained at the network's results if one layer had another
// precision, or one remedy more or less? Predicted from the error attribution
// alone, without a run.
//
// Noise at the results falls by the layer's transfer times what its own noise
// falls by. A layer that becomes float or int16 does not lose the noise of its
// result where others read it in 8 bits; what it reads is finer only if what
// makes it leaves more than 8 bits.
//
// Usage:
//   Gains gains(accuracy);
//   double decibels = gains.getGain(gains.getNoiseTaken(layer, "int16"));
//
//===----------------------------------------------------------------------===//

#ifndef QNN_ACCURACY_GAINS_H
#define QNN_ACCURACY_GAINS_H

#include "qnn/Accuracy/Attribution.h"

namespace mlir::qnn {

/// One remedy for one layer.
struct RemedyGain {
  std::string remedy; ///< "round-weights", "calibrator=mse", ...
  bool isApplied;     ///< then the gain is what would be lost without it
  double noiseTaken;  ///< at the network's results; negative: it harms
};

class Gains {
public:
  /// `accuracy` outlives this.
  explicit Gains(const NetworkAccuracy &accuracy);

  /// The noise at the network's results that `layer` alone takes away when it
  /// becomes `precision`, one of kPrecisions; negative: it adds some. None when
  /// it has no such form.
  std::optional<double> getNoiseTaken(const LayerAccuracy &layer,
                                      StringRef precision) const;
  /// The same of remedies.
  std::vector<RemedyGain> getRemedies(const LayerAccuracy &layer) const;

  /// Decibels gained when so much noise goes; negative: lost.
  double getGain(double noiseTaken) const;

  /// What is known of `tensor`, through observers; null: it is not rounded.
  const LayerAccuracy *find(Value tensor) const;

private:
  double getReadNoise(const LayerAccuracy &tensor, Operation *reader) const;
  double getReadNoiseTaken(const LayerAccuracy &layer,
                           StringRef precision) const;

  const NetworkAccuracy &accuracy;
  DenseMap<Value, const LayerAccuracy *> layers;
};

} // namespace mlir::qnn

#endif // QNN_ACCURACY_GAINS_H
