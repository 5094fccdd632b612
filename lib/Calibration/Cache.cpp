//===- Cache.cpp - The calibration cache file -----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Calibration/Cache.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;

static llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

llvm::json::Value TensorStatistics::toJSON() const {
  llvm::json::Array bins;
  bins.reserve(kBins);
  for (uint64_t count : counts)
    bins.push_back(static_cast<int64_t>(count));
  return llvm::json::Object{
      {"min", min},
      {"max", max},
      {"histogram", llvm::json::Object{{"log2_width", log2Width},
                                       {"counts", std::move(bins)}}}};
}

llvm::Expected<TensorStatistics>
TensorStatistics::fromJSON(const llvm::json::Value &value) {
  const llvm::json::Object *object = value.getAsObject();
  const llvm::json::Object *histogram =
      object ? object->getObject("histogram") : nullptr;
  if (!histogram)
    return makeError("expected an object with 'min', 'max' and 'histogram'");
  std::optional<double> low = object->getNumber("min"),
                        high = object->getNumber("max");
  if (!low || !high || !std::isfinite(static_cast<float>(*low)) ||
      !std::isfinite(static_cast<float>(*high)) || *low > *high)
    return makeError("expected finite 'min' <= 'max'");
  std::optional<int64_t> width = histogram->getInteger("log2_width");
  if (!width || *width < kMinLog2Width || *width > 128)
    return makeError("expected 'log2_width' in [-149, 128]");
  const llvm::json::Array *bins = histogram->getArray("counts");
  if (!bins || bins->size() != kBins)
    return makeError("expected 2048 'counts'");
  TensorStatistics result;
  result.min = static_cast<float>(*low);
  result.max = static_cast<float>(*high);
  result.log2Width = static_cast<int>(*width);
  for (int i = 0; i < kBins; ++i) {
    std::optional<int64_t> count = (*bins)[i].getAsInteger();
    if (!count || *count < 0)
      return makeError("expected non-negative integer 'counts'");
    result.counts[i] = *count;
    result.total += *count;
  }
  return result;
}

llvm::json::Value CalibrationCache::toJSON() const {
  llvm::json::Object entries;
  for (const auto &[name, statistics] : tensors)
    entries[name] = statistics.toJSON();
  return llvm::json::Object{{"version", kVersion},
                            {"graph", graph},
                            {"samples", samples},
                            {"tensors", std::move(entries)}};
}

llvm::Expected<CalibrationCache>
CalibrationCache::fromJSON(const llvm::json::Value &value) {
  const llvm::json::Object *object = value.getAsObject();
  if (!object)
    return makeError("expected a JSON object");
  std::optional<int64_t> version = object->getInteger("version");
  if (version != kVersion)
    return makeError(
        "expected 'version' 1; calibrate again with this compiler");
  std::optional<llvm::StringRef> graph = object->getString("graph");
  std::optional<int64_t> samples = object->getInteger("samples");
  const llvm::json::Object *entries = object->getObject("tensors");
  if (!graph || !samples || *samples < 0 || !entries)
    return makeError("expected 'graph', 'samples' and 'tensors'");
  CalibrationCache cache;
  cache.graph = graph->str();
  cache.samples = *samples;
  for (const auto &entry : *entries) {
    llvm::Expected<TensorStatistics> statistics =
        TensorStatistics::fromJSON(entry.second);
    if (!statistics)
      return makeError("tensor '" + entry.first.str() +
                       "': " + llvm::toString(statistics.takeError()));
    cache.tensors.emplace(entry.first.str(), std::move(*statistics));
  }
  return cache;
}

llvm::Error CalibrationCache::save(llvm::StringRef path) const {
  return llvm::writeToOutput(path, [&](llvm::raw_ostream &os) {
    os << toJSON() << '\n';
    return llvm::Error::success();
  });
}

llvm::Expected<CalibrationCache> CalibrationCache::load(llvm::StringRef path) {
  auto fail = [&](const llvm::Twine &message) {
    return makeError("calibration cache '" + path + "': " + message);
  };
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return fail(buffer.getError().message());
  llvm::Expected<llvm::json::Value> value =
      llvm::json::parse((*buffer)->getBuffer());
  if (!value)
    return fail(llvm::toString(value.takeError()));
  llvm::Expected<CalibrationCache> cache = fromJSON(*value);
  if (!cache)
    return fail(llvm::toString(cache.takeError()));
  return cache;
}
