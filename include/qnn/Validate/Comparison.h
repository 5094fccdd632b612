//===- Comparison.h - Two networks on the same samples ----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How far is a candidate from its reference, output by output and prediction
// by prediction? Whoever runs two networks hands every sample's outputs to
// one ComparisonStatistics and asks when all are in: quant-validate, and the
// searches of quant-compile.
//
// Predictions are the index of the largest score, the first one of equals, as
// NumPy's argmax; a sample with a NaN among its scores has none (-1), which is
// right for no label and agrees with nothing. Output shapes are those of one
// sample. Scores are an output [C] (one prediction per sample) or [C, H, W]
// (one per pixel), C >= 2.
//
// Memory is constant but for some bytes per sample. One thread at a time. The
// results depend on the order of the samples by rounding only.
//
// Usage:
//   ComparisonStatistics statistics(shapes, {/*scores=*/0, /*topK=*/5, true});
//   statistics.add(referenceOutputs, candidateOutputs, labels);
//   PairedCounts counts = statistics.getTop1();
//   double db = statistics.getOutputs()[0].getSqnr();
//
//===----------------------------------------------------------------------===//

#ifndef QNN_VALIDATE_COMPARISON_H
#define QNN_VALIDATE_COMPARISON_H

#include "qnn/Validate/Statistics.h"

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <vector>

namespace mlir::qnn {

/// Sums over pairs of values from which the distance of two signals follows.
/// Pairs with a NaN or infinity are counted apart and not summed.
struct ErrorSums {
  double signal = 0;    ///< of reference^2
  double noise = 0;     ///< of (candidate - reference)^2
  double candidate = 0; ///< of candidate^2
  double product = 0;   ///< of reference * candidate
  double maxError = 0;  ///< the largest |candidate - reference|
  int64_t elements = 0; ///< pairs that were summed
  /// Values that are NaN or infinite, of either side, and those of the
  /// candidate where the reference is finite.
  int64_t badReference = 0, badCandidate = 0, newlyBad = 0;

  /// Precondition: as many of both.
  void add(ArrayRef<float> reference, ArrayRef<float> candidate);
  void add(const ErrorSums &other);

  /// 10 log10(signal / noise): infinite without noise, NaN without elements.
  double getSqnr() const;
  /// The cosine of the angle between both signals; 1 where both are zero, NaN
  /// without elements.
  double getCosine() const;
};

/// What a sample's scores say.
struct SamplePrediction {
  /// Of the first pixel, and -1 without labels, for scores per pixel.
  int64_t label = -1, reference = -1, candidate = -1;
  /// Largest minus second largest score.
  float referenceMargin = 0, candidateMargin = 0;
  /// Predictions of the sample (its pixels; 1 without), those that differ,
  /// those with a label, and which of these are right.
  int64_t predictions = 1, flipped = 0, labelled = 0;
  int64_t referenceRight = 0, candidateRight = 0;
};

struct SampleResult {
  ErrorSums sums; ///< over all outputs
  SamplePrediction prediction;
};

struct ComparisonOptions {
  /// The output with the scores, if there is one; see findScores.
  std::optional<size_t> scores;
  /// A label is among the top k when fewer than k classes come before it.
  int64_t topK = 5;
  /// Whether add() gets labels.
  bool labelled = false;
};

class ComparisonStatistics {
public:
  /// `shapes`: of the outputs, without the axis of samples.
  ComparisonStatistics(ArrayRef<SmallVector<int64_t>> shapes,
                       const ComparisonOptions &options);

  /// Takes one sample: the outputs of both networks, and its label, or one per
  /// pixel. A label below 0 or not below the number of classes is no label (the
  /// "ignore" of label maps).
  void add(ArrayRef<ArrayRef<float>> reference,
           ArrayRef<ArrayRef<float>> candidate, ArrayRef<int64_t> labels = {});

  /// One per sample, in order.
  ArrayRef<SampleResult> getSamples() const { return samples; }
  /// One per output, over all samples.
  ArrayRef<ErrorSums> getOutputs() const { return outputs; }

  bool hasScores() const { return options.scores.has_value(); }
  bool hasLabels() const { return options.labelled; }
  /// True when there is a prediction per pixel.
  bool isPerPixel() const { return pixels > 1; }
  int64_t getNumClasses() const { return classes; }
  /// Predictions per sample; 0 without scores.
  int64_t getNumPixels() const { return pixels; }
  int64_t getTopK() const { return options.topK; }

  /// Predictions, and those in which both networks agree.
  int64_t getNumPredictions() const { return predictions; }
  int64_t getNumAgreeing() const { return agreeing; }
  /// Who is right on how many labelled predictions: the label is the
  /// prediction, or is among the top k.
  const PairedCounts &getTop1() const { return top1; }
  const PairedCounts &getTopKCounts() const { return topK; }

  /// Is the candidate worse by more than chance explains? McNemar's test on
  /// samples; pixels of a sample are no independent cases, so for scores per
  /// pixel the sign test on the samples that lose and win.
  double getP() const;
  /// The interval of the lost part of predictions: getPairedInterval on
  /// samples; for scores per pixel the interval of the samples' mean.
  Interval getDropInterval() const;

private:
  struct Pixel;
  Pixel rate(ArrayRef<float> scores, int64_t pixel, int64_t label) const;

  ComparisonOptions options;
  int64_t classes = 0, pixels = 0;
  std::vector<SampleResult> samples;
  std::vector<ErrorSums> outputs;
  int64_t predictions = 0, agreeing = 0;
  PairedCounts top1, topK;
};

/// The output whose values are taken as scores of classes: the only one of
/// shape [C] (or [C, 1, 1]), C >= 2; if there is no such output and `perPixel`,
/// the only one of shape [C, H, W].
std::optional<size_t> findScores(ArrayRef<SmallVector<int64_t>> shapes,
                                 bool perPixel);

} // namespace mlir::qnn

#endif // QNN_VALIDATE_COMPARISON_H
