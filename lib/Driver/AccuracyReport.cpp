//===- AccuracyReport.cpp - Accuracy as JSON ------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AccuracyReport.h"

#include "qnn/Accuracy/Gains.h"
#include "qnn/Dialect/QNN/IR/Macs.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::qnn;

StringRef qnn::getChosenPrecision(Operation *op) {
  auto precision = op->getAttrOfType<StringAttr>(kPrecisionAttr);
  return precision ? precision.getValue() : "int8";
}

/// Decibels as JSON: null where there is no noise.
static llvm::json::Value toDecibels(double signal, double noise) {
  if (noise > 0 && signal > 0)
    return getDecibels(signal, noise);
  return nullptr;
}

/// What each other precision of a layer gains at the results, and costs.
static llvm::json::Value makePrecisions(const LayerAccuracy &layer,
                                        const LayerChoices &choices,
                                        const Gains &gains) {
  llvm::json::Array precisions;
  const PrecisionCandidate &now = choices.candidates.front();
  for (const PrecisionCandidate &other : choices.candidates)
    if (auto taken = gains.getNoiseTaken(layer, other.precision);
        taken && &other != &now)
      precisions.push_back(llvm::json::Object{
          {"precision", other.precision},
          {"gain_db", gains.getGain(*taken)},
          {"cost_us", (other.nanoseconds - now.nanoseconds) / 1e3},
          {"cost_bytes", other.bytes - now.bytes}});
  return precisions;
}

static llvm::json::Value makeRemedies(const LayerAccuracy &layer,
                                      const Gains &gains) {
  llvm::json::Array remedies;
  for (const RemedyGain &remedy : gains.getRemedies(layer)) {
    double gain = remedy.isApplied ? -gains.getGain(-remedy.noiseTaken)
                                   : gains.getGain(remedy.noiseTaken);
    remedies.push_back(llvm::json::Object{{"remedy", remedy.remedy},
                                          {"applied", remedy.isApplied},
                                          {"gain_db", gain}});
  }
  return remedies;
}

static llvm::json::Value makeLayer(const LayerAccuracy &layer,
                                   const PrecisionChoices &choices,
                                   const Gains &gains) {
  const auto found =
      llvm::find_if(choices.layers, [&](const LayerChoices &choice) {
        return choice.op == layer.op;
      });
  return llvm::json::Object{
      {"name", llvm::json::fixUTF8(layer.name)},
      {"kind", layer.op ? layer.op->getName().getStringRef() : "input"},
      {"precision", layer.op ? getChosenPrecision(layer.op) : "int8"},
      {"macs", layer.op ? countMacs(layer.op) : 0},
      {"elements", layer.elements},
      {"saturated", layer.saturated},
      {"signal", layer.signal},
      {"weight_noise", layer.weightNoise},
      {"clip_noise", layer.clipNoise},
      {"rounding_noise", layer.roundingNoise},
      {"inherited_noise", layer.inheritedNoise},
      {"local_sqnr_db", toDecibels(layer.signal, layer.localNoise)},
      {"cumulative_sqnr_db", toDecibels(layer.signal, layer.totalNoise)},
      {"output_noise", layer.outputNoise},
      {"precisions", found == choices.layers.end()
                         ? llvm::json::Array()
                         : makePrecisions(layer, *found, gains)},
      {"remedies", makeRemedies(layer, gains)}};
}

llvm::json::Value qnn::makeAccuracy(const NetworkAccuracy &accuracy,
                                    const PrecisionChoices &choices) {
  Gains gains(accuracy);
  llvm::json::Array layers;
  for (const LayerAccuracy &layer : accuracy.layers)
    layers.push_back(makeLayer(layer, choices, gains));
  return llvm::json::Object{
      {"samples", accuracy.samples},
      {"output_sqnr_db", toDecibels(1, accuracy.outputNoise)},
      {"layers", std::move(layers)}};
}

void qnn::addMeasured(llvm::json::Value &value, const NetworkAccuracy &accuracy,
                      const SearchResult &search) {
  llvm::json::Object &object = *value.getAsObject();
  object["analysed_samples"] = accuracy.samples;
  object["all_int8_sqnr_db"] = std::move(object["output_sqnr_db"]);
  object["samples"] = search.samples;
  double sqnr = search.getBest().sqnr;
  object["output_sqnr_db"] = std::isfinite(sqnr) ? llvm::json::Value(sqnr)
                                                 : llvm::json::Value(nullptr);
  for (auto [json, layer] :
       llvm::zip(*object.getArray("layers"), accuracy.layers))
    if (layer.op)
      (*json.getAsObject())["precision"] = getChosenPrecision(layer.op);
}

/// How many layers have which precision.
static llvm::json::Object countPrecisions(const SearchPoint &point) {
  llvm::json::Object counts;
  for (StringRef precision : kPrecisions)
    if (int64_t count = point.count(precision))
      counts[precision] = count;
  return counts;
}

llvm::json::Value qnn::makePareto(const SearchResult &search) {
  llvm::json::Array points;
  for (auto [i, point] : llvm::enumerate(search.points))
    points.push_back(llvm::json::Object{
        {"output_sqnr_db", std::isfinite(point.sqnr)
                               ? llvm::json::Value(point.sqnr)
                               : llvm::json::Value(nullptr)},
        {"accuracy", point.accuracy ? llvm::json::Value(*point.accuracy)
                                    : llvm::json::Value(nullptr)},
        {"agreement", point.agreement},
        {"predicted_us", point.nanoseconds / 1e3},
        {"bytes", point.weightBytes},
        {"float_layers", point.count("float")},
        {"precisions", countPrecisions(point)},
        {"keeps_goal", point.keepsGoal},
        {"front", search.isOnFront(point)},
        {"chosen", i == search.best}});
  return points;
}
