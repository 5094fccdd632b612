//===- Comparison.cpp - Two networks on the same samples ------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Validate/Comparison.h"

#include <cassert>
#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// Distance
//===----------------------------------------------------------------------===//

void ErrorSums::add(ArrayRef<float> reference, ArrayRef<float> candidate) {
  assert(reference.size() == candidate.size());
  for (auto [r, c] : llvm::zip(reference, candidate)) {
    bool isGood = std::isfinite(r), staysGood = std::isfinite(c);
    badReference += !isGood;
    badCandidate += !staysGood;
    newlyBad += isGood && !staysGood;
    if (!isGood || !staysGood)
      continue;
    double x = r, y = c, error = std::abs(y - x);
    signal += x * x;
    this->candidate += y * y;
    product += x * y;
    noise += error * error;
    maxError = std::max(maxError, error);
    ++elements;
  }
}

void ErrorSums::add(const ErrorSums &other) {
  signal += other.signal;
  noise += other.noise;
  candidate += other.candidate;
  product += other.product;
  maxError = std::max(maxError, other.maxError);
  elements += other.elements;
  badReference += other.badReference;
  badCandidate += other.badCandidate;
  newlyBad += other.newlyBad;
}

double ErrorSums::getSqnr() const {
  if (elements == 0)
    return std::numeric_limits<double>::quiet_NaN();
  if (noise == 0)
    return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal / noise);
}

double ErrorSums::getCosine() const {
  if (elements == 0)
    return std::numeric_limits<double>::quiet_NaN();
  if (signal == 0 || candidate == 0)
    return signal == candidate ? 1 : 0;
  return product / std::sqrt(signal) / std::sqrt(candidate);
}

//===----------------------------------------------------------------------===//
// Predictions
//===----------------------------------------------------------------------===//

/// What one network says about one pixel (or sample).
struct ComparisonStatistics::Pixel {
  int64_t prediction = -1;
  float margin = 0;
  bool right = false, amongTopK = false;
};

ComparisonStatistics::ComparisonStatistics(
    ArrayRef<SmallVector<int64_t>> shapes, const ComparisonOptions &options)
    : options(options), outputs(shapes.size()) {
  if (!options.scores)
    return;
  ArrayRef<int64_t> shape = shapes[*options.scores];
  classes = shape.front();
  pixels = 1;
  for (int64_t size : shape.drop_front())
    pixels *= size;
}

/// The scores of one pixel are `pixels` floats apart, as in [C, H, W].
ComparisonStatistics::Pixel ComparisonStatistics::rate(ArrayRef<float> scores,
                                                       int64_t pixel,
                                                       int64_t label) const {
  Pixel result;
  float best = 0, second = 0;
  auto at = [&](int64_t i) { return scores[i * pixels + pixel]; };
  for (int64_t i = 0; i < classes; ++i) {
    float score = at(i);
    if (std::isnan(score))
      return Pixel();
    if (i == 0 || score > best) {
      second = i == 0 ? -std::numeric_limits<float>::infinity() : best;
      best = score;
      result.prediction = i;
    } else if (score > second) {
      second = score;
    }
  }
  result.margin = best == second ? 0 : best - second;
  if (label < 0)
    return result;
  result.right = result.prediction == label;
  int64_t before = 0;
  for (int64_t i = 0; i < classes; ++i)
    before += at(i) > at(label) || (i < label && at(i) == at(label));
  result.amongTopK = before < options.topK;
  return result;
}

static void count(PairedCounts &counts, bool reference, bool candidate) {
  ++(reference ? (candidate ? counts.both : counts.onlyReference)
               : (candidate ? counts.onlyCandidate : counts.neither));
}

void ComparisonStatistics::add(ArrayRef<ArrayRef<float>> reference,
                               ArrayRef<ArrayRef<float>> candidate,
                               ArrayRef<int64_t> labels) {
  SampleResult sample;
  for (size_t i = 0; i < outputs.size(); ++i) {
    ErrorSums sums;
    sums.add(reference[i], candidate[i]);
    outputs[i].add(sums);
    sample.sums.add(sums);
  }
  assert((!hasScores() || !hasLabels() || int64_t(labels.size()) == pixels) &&
         "one label per prediction");
  SamplePrediction &all = sample.prediction;
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    int64_t label = options.labelled ? labels[pixel] : -1;
    if (label >= classes)
      label = -1;
    Pixel of1 = rate(reference[*options.scores], pixel, label);
    Pixel of2 = rate(candidate[*options.scores], pixel, label);
    if (pixel == 0) {
      all = {label, of1.prediction, of2.prediction, of1.margin, of2.margin};
      all.predictions = pixels;
    }
    bool agree = of1.prediction >= 0 && of1.prediction == of2.prediction;
    all.flipped += !agree;
    if (label < 0)
      continue;
    ++all.labelled;
    all.referenceRight += of1.right;
    all.candidateRight += of2.right;
    count(top1, of1.right, of2.right);
    count(topK, of1.amongTopK, of2.amongTopK);
  }
  if (hasScores()) {
    predictions += pixels;
    agreeing += pixels - all.flipped;
  }
  samples.push_back(std::move(sample));
}

double ComparisonStatistics::getP() const {
  if (!isPerPixel())
    return getMcNemarP(top1);
  int64_t loses = 0, wins = 0;
  for (const SampleResult &sample : samples) {
    loses +=
        sample.prediction.candidateRight < sample.prediction.referenceRight;
    wins += sample.prediction.candidateRight > sample.prediction.referenceRight;
  }
  return getSignTestP(loses, wins);
}

Interval ComparisonStatistics::getDropInterval() const {
  if (!isPerPixel())
    return getPairedInterval(top1);
  std::vector<double> drops;
  for (const SampleResult &sample : samples)
    if (int64_t labelled = sample.prediction.labelled)
      drops.push_back(double(sample.prediction.referenceRight -
                             sample.prediction.candidateRight) /
                      double(labelled));
  return getMeanInterval(drops);
}

std::optional<size_t> qnn::findScores(ArrayRef<SmallVector<int64_t>> shapes,
                                      bool perPixel) {
  auto isVector = [](ArrayRef<int64_t> shape) {
    return !shape.empty() && shape.front() >= 2 &&
           llvm::all_of(shape.drop_front(), [](int64_t n) { return n == 1; });
  };
  auto isMap = [](ArrayRef<int64_t> shape) {
    return shape.size() == 3 && shape.front() >= 2;
  };
  bool useMaps = perPixel && llvm::none_of(shapes, isVector);
  std::optional<size_t> found;
  for (auto [i, shape] : llvm::enumerate(shapes)) {
    if (!(useMaps ? isMap(shape) : isVector(shape)))
      continue;
    if (found)
      return std::nullopt;
    found = i;
  }
  return found;
}
