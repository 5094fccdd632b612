//===- Summary.cpp - A comparison as text and JSON ------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Summary.h"

#include "qnn/Support/Diagnostics.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;

/// p values below it count as a difference that chance does not explain.
static constexpr double kSignificant = 0.05;

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

static double getPercent(int64_t part, int64_t all) {
  return 100.0 * double(part) / double(all);
}

static std::string formatShort(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.4g", value);
  return text;
}

static std::string formatDecibels(double value) {
  if (std::isnan(value))
    return "none";
  return std::isinf(value) ? "exact" : llvm::formatv("{0:f2}", value).str();
}

/// "0.40 points lost", with a sign for what is won.
static std::string formatDrop(double drop) {
  // No "-0.00".
  return llvm::formatv("{0:f2}", 100 * drop + 0.0);
}

static bool isReallyWorse(const ComparisonStatistics &statistics) {
  return statistics.getTop1().getDrop() > 0 && statistics.getP() < kSignificant;
}

/// Whether top-k is not the same as top-1, nor always right.
static bool hasTopK(const ComparisonStatistics &statistics) {
  return statistics.getTopK() > 1 &&
         statistics.getTopK() < statistics.getNumClasses();
}

/// Indices of the samples with the least SQNR, at most `count`.
static SmallVector<size_t> findWorst(const ComparisonStatistics &statistics,
                                     size_t count) {
  ArrayRef<SampleResult> samples = statistics.getSamples();
  SmallVector<size_t> worst;
  for (size_t i = 0; i < samples.size(); ++i)
    if (samples[i].sums.noise > 0 || samples[i].sums.badReference > 0 ||
        samples[i].sums.badCandidate > 0)
      worst.push_back(i);
  auto getKey = [&](size_t i) {
    double sqnr = samples[i].sums.getSqnr();
    bool isBad = samples[i].sums.newlyBad > 0 || std::isnan(sqnr);
    return std::make_pair(!isBad, std::isnan(sqnr) ? 0 : sqnr);
  };
  llvm::sort(worst, [&](size_t a, size_t b) {
    return std::make_pair(getKey(a), a) < std::make_pair(getKey(b), b);
  });
  worst.truncate(std::min(worst.size(), count));
  return worst;
}

/// Indices of the samples with other predictions; those with the most first
/// where there are several in a sample.
static SmallVector<size_t> findFlipped(const ComparisonStatistics &statistics) {
  ArrayRef<SampleResult> samples = statistics.getSamples();
  SmallVector<size_t> flipped;
  for (size_t i = 0; statistics.hasScores() && i < samples.size(); ++i)
    if (samples[i].prediction.flipped > 0)
      flipped.push_back(i);
  auto getKey = [&](size_t i) {
    return std::make_pair(-samples[i].prediction.flipped, i);
  };
  llvm::sort(flipped,
             [&](size_t a, size_t b) { return getKey(a) < getKey(b); });
  return flipped;
}

//===----------------------------------------------------------------------===//
// The contract
//===----------------------------------------------------------------------===//

std::vector<std::string>
qnn::findViolations(const ValidateOptions &options,
                    const ComparisonStatistics &statistics,
                    ArrayRef<std::string> outputs) {
  std::vector<std::string> violations;
  for (auto [name, sums] : llvm::zip(outputs, statistics.getOutputs())) {
    if (sums.newlyBad > 0)
      violations.push_back(
          llvm::formatv("output '{0}' of the candidate holds {1} NaN or "
                        "infinite values where the reference is finite",
                        escapeControls(name), sums.newlyBad));
    // Also when there is no SQNR at all.
    if (options.minSqnr && !(sums.getSqnr() >= *options.minSqnr))
      violations.push_back(llvm::formatv(
          "output '{0}' has an SQNR of {1} dB, at least {2} are asked for",
          escapeControls(name), formatDecibels(sums.getSqnr()),
          formatShort(*options.minSqnr)));
  }
  if (options.minAgreement) {
    int64_t all = statistics.getNumPredictions();
    double percent = getPercent(statistics.getNumAgreeing(), all);
    if (percent < *options.minAgreement)
      violations.push_back(
          llvm::formatv("{0:f2} % of the predictions agree, at least {1} % are "
                        "asked for",
                        percent, formatShort(*options.minAgreement)));
  }
  if (options.maxDrop && statistics.getTop1().size() > 0) {
    double drop = 100 * statistics.getTop1().getDrop();
    // A drop of exactly the limit is a whole number of samples: no rounding.
    if (drop > *options.maxDrop + 1e-9)
      violations.push_back(
          llvm::formatv("top-1 loses {0:f2} points, at most {1} are allowed",
                        drop, formatShort(*options.maxDrop)));
  }
  return violations;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static void printOutputs(const Summary &summary, llvm::raw_ostream &os) {
  size_t width = 6;
  for (StringRef name : summary.outputs)
    width = std::max(width, escapeControls(name).size());
  auto line = [&](StringRef name, StringRef sqnr, StringRef cosine,
                  StringRef error, StringRef bad) {
    os << llvm::left_justify(name, width) << llvm::right_justify(sqnr, 10)
       << llvm::right_justify(cosine, 12) << llvm::right_justify(error, 14)
       << "  " << bad << '\n';
  };
  line("output", "SQNR dB", "cosine", "max error", "NaN or infinite");
  for (auto [name, sums] :
       llvm::zip(summary.outputs, summary.statistics.getOutputs())) {
    std::string bad = "none";
    if (sums.badReference || sums.badCandidate)
      bad = llvm::formatv("{0} in the reference, {1} in the candidate",
                          sums.badReference, sums.badCandidate);
    std::string cosine = std::isnan(sums.getCosine())
                             ? "none"
                             : llvm::formatv("{0:f6}", sums.getCosine()).str();
    line(escapeControls(name), formatDecibels(sums.getSqnr()), cosine,
         formatShort(sums.maxError), bad);
  }
}

static void printAccuracy(StringRef name, const PairedCounts &counts,
                          const Interval *lost, llvm::raw_ostream &os) {
  os << llvm::formatv("{0}reference {1:f2} %, candidate {2:f2} %: {3} points "
                      "lost",
                      llvm::left_justify(name, 10),
                      getPercent(counts.getReferenceRight(), counts.size()),
                      getPercent(counts.getCandidateRight(), counts.size()),
                      formatDrop(counts.getDrop()));
  if (lost)
    os << llvm::formatv(" (95 %: {0} to {1})", formatDrop(lost->low),
                        formatDrop(lost->high));
  os << '\n';
}

/// "Is it really worse?"
static void printVerdict(const ComparisonStatistics &statistics,
                         llvm::raw_ostream &os) {
  const PairedCounts &counts = statistics.getTop1();
  double p = statistics.getP();
  StringRef verdict = p >= kSignificant      ? "not shown"
                      : counts.getDrop() > 0 ? "yes"
                                             : "no, it is better";
  os << llvm::formatv("worse?    {0}: only the reference is right on {1}, only "
                      "the candidate on {2}; p = {3} ({4})\n",
                      verdict, counts.onlyReference, counts.onlyCandidate,
                      formatShort(p),
                      statistics.isPerPixel() ? "exact sign test of samples"
                                              : "exact McNemar test");
}

static void printPredictions(const ComparisonStatistics &statistics,
                             llvm::raw_ostream &os) {
  if (!statistics.hasScores())
    return;
  os << '\n';
  if (statistics.hasLabels() && statistics.getTop1().size() > 0) {
    Interval lost = statistics.getDropInterval();
    printAccuracy("top-1", statistics.getTop1(), &lost, os);
    if (hasTopK(statistics))
      printAccuracy("top-" + std::to_string(statistics.getTopK()),
                    statistics.getTopKCounts(), nullptr, os);
    printVerdict(statistics, os);
  }
  int64_t all = statistics.getNumPredictions();
  int64_t same = statistics.getNumAgreeing();
  os << llvm::formatv("agreement {0:f2} %: {1} of {2} predictions",
                      getPercent(same, all), same, all);
  // Pixels of a sample are no independent cases.
  if (!statistics.isPerPixel()) {
    Interval interval = getWilsonInterval(same, all);
    os << llvm::formatv(" (95 %: {0:f2} to {1:f2})", 100 * interval.low,
                        100 * interval.high);
  }
  os << '\n';
}

static std::string formatClass(int64_t index) {
  return index < 0 ? "-" : std::to_string(index);
}

static void printFlipped(const Summary &summary, llvm::raw_ostream &os) {
  SmallVector<size_t> flipped = findFlipped(summary.statistics);
  if (flipped.empty())
    return;
  size_t shown = std::min<size_t>(flipped.size(), summary.options.worst);
  os << llvm::formatv("\n{0} sample{1} with flipped predictions",
                      flipped.size(), flipped.size() == 1 ? "" : "s");
  if (shown < flipped.size())
    os << llvm::formatv(", {0} shown", shown);
  os << '\n';
  bool perPixel = summary.statistics.isPerPixel();
  os << (perPixel ? "    sample   flipped\n"
                  : "    sample   label  reference  candidate  margins\n");
  for (size_t i : ArrayRef(flipped).take_front(shown)) {
    const SamplePrediction &p = summary.statistics.getSamples()[i].prediction;
    if (perPixel)
      os << llvm::formatv("{0,10}{1,10} of {2}\n", i, p.flipped, p.predictions);
    else
      os << llvm::formatv(
          "{0,10}{1,8}{2,11}{3,11}  {4} and {5}\n", i, formatClass(p.label),
          formatClass(p.reference), formatClass(p.candidate),
          formatShort(p.referenceMargin), formatShort(p.candidateMargin));
  }
}

static void printWorst(const Summary &summary, llvm::raw_ostream &os) {
  SmallVector<size_t> worst =
      findWorst(summary.statistics, summary.options.worst);
  if (worst.empty())
    return;
  os << "\nworst samples\n    sample   SQNR dB     max error\n";
  for (size_t i : worst) {
    const ErrorSums &sums = summary.statistics.getSamples()[i].sums;
    os << llvm::formatv("{0,10}{1,10}{2,14}", i, formatDecibels(sums.getSqnr()),
                        formatShort(sums.maxError));
    if (sums.newlyBad)
      os << llvm::formatv("  {0} NaN or infinite", sums.newlyBad);
    os << '\n';
  }
}

void qnn::printSummary(const Summary &summary, llvm::raw_ostream &os) {
  os << "reference " << escapeControls(summary.options.reference)
     << "\ncandidate " << escapeControls(summary.options.candidate);
  if (!summary.level.empty())
    os << " (" << summary.level << ")";
  os << "\nsamples   " << summary.statistics.getSamples().size() << "\n\n";
  printOutputs(summary, os);
  printPredictions(summary.statistics, os);
  printWorst(summary, os);
  printFlipped(summary, os);
  os << '\n';
  for (const std::string &violation : summary.violations)
    os << "violated: " << violation << '\n';
  if (summary.violations.empty())
    os << "contract kept\n";
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

/// JSON has no infinity and no NaN.
static llvm::json::Value getNumber(double value) {
  return std::isfinite(value) ? llvm::json::Value(value)
                              : llvm::json::Value(nullptr);
}

static void writeCounts(llvm::json::OStream &json, const PairedCounts &counts) {
  json.attribute("reference_percent",
                 getPercent(counts.getReferenceRight(), counts.size()));
  json.attribute("candidate_percent",
                 getPercent(counts.getCandidateRight(), counts.size()));
  json.attribute("drop_points", 100 * counts.getDrop());
  json.attribute("both_right", counts.both);
  json.attribute("only_reference_right", counts.onlyReference);
  json.attribute("only_candidate_right", counts.onlyCandidate);
  json.attribute("neither_right", counts.neither);
}

static void writeInterval(llvm::json::OStream &json, StringRef key,
                          const Interval &interval) {
  json.attributeArray(key, [&] {
    json.value(100 * interval.low);
    json.value(100 * interval.high);
  });
}

static void writePredictions(llvm::json::OStream &json,
                             const ComparisonStatistics &statistics) {
  int64_t all = statistics.getNumPredictions();
  int64_t same = statistics.getNumAgreeing();
  json.attributeObject("agreement", [&] {
    json.attribute("predictions", all);
    json.attribute("equal", same);
    json.attribute("percent", getPercent(same, all));
    if (!statistics.isPerPixel())
      writeInterval(json, "interval_95", getWilsonInterval(same, all));
  });
  if (!statistics.hasLabels() || statistics.getTop1().size() == 0)
    return;
  json.attributeObject("top1", [&] {
    writeCounts(json, statistics.getTop1());
    writeInterval(json, "drop_interval_95", statistics.getDropInterval());
    json.attribute("p_value", statistics.getP());
    json.attribute("really_worse", isReallyWorse(statistics));
  });
  if (hasTopK(statistics))
    json.attributeObject("topk", [&] {
      json.attribute("k", statistics.getTopK());
      writeCounts(json, statistics.getTopKCounts());
    });
}

static void writeFlipped(llvm::json::OStream &json, const Summary &summary) {
  SmallVector<size_t> flipped = findFlipped(summary.statistics);
  json.attribute("flipped_samples", int64_t(flipped.size()));
  size_t shown = std::min<size_t>(flipped.size(), summary.options.worst);
  json.attributeArray("flipped", [&] {
    for (size_t i : ArrayRef(flipped).take_front(shown)) {
      const SamplePrediction &p = summary.statistics.getSamples()[i].prediction;
      json.object([&] {
        json.attribute("sample", int64_t(i));
        if (summary.statistics.isPerPixel()) {
          json.attribute("flipped_pixels", p.flipped);
          return;
        }
        if (p.label >= 0)
          json.attribute("label", p.label);
        json.attribute("reference", p.reference);
        json.attribute("candidate", p.candidate);
        json.attribute("reference_margin", getNumber(p.referenceMargin));
        json.attribute("candidate_margin", getNumber(p.candidateMargin));
      });
    }
  });
}

static void writeSums(llvm::json::OStream &json, const ErrorSums &sums) {
  json.attribute("sqnr_db", getNumber(sums.getSqnr()));
  json.attribute("cosine", getNumber(sums.getCosine()));
  json.attribute("max_error", sums.maxError);
  json.attribute("not_finite_reference", sums.badReference);
  json.attribute("not_finite_candidate", sums.badCandidate);
}

void qnn::printJson(const Summary &summary, llvm::raw_ostream &os) {
  llvm::json::OStream json(os);
  json.object([&] {
    json.attribute("reference", llvm::json::fixUTF8(summary.options.reference));
    json.attribute("candidate", llvm::json::fixUTF8(summary.options.candidate));
    json.attribute("samples", int64_t(summary.statistics.getSamples().size()));
    json.attributeArray("outputs", [&] {
      for (auto [name, sums] :
           llvm::zip(summary.outputs, summary.statistics.getOutputs()))
        json.object([&, &name = name, &sums = sums] {
          json.attribute("name", llvm::json::fixUTF8(name));
          writeSums(json, sums);
        });
    });
    if (summary.statistics.hasScores())
      writePredictions(json, summary.statistics);
    json.attributeArray("worst", [&] {
      for (size_t i : findWorst(summary.statistics, summary.options.worst))
        json.object([&] {
          json.attribute("sample", int64_t(i));
          writeSums(json, summary.statistics.getSamples()[i].sums);
        });
    });
    if (summary.statistics.hasScores())
      writeFlipped(json, summary);
    json.attribute("contract_kept", summary.violations.empty());
    json.attributeArray("violations", [&] {
      for (const std::string &violation : summary.violations)
        json.value(llvm::json::fixUTF8(violation));
    });
  });
  os << '\n';
}
