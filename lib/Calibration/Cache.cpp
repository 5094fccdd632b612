//===- Cache.cpp - The calibration cache file -----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Calibration/Cache.h"

#include "qnn/Target/ObjectABI.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <tuple>
#include <utility>

using namespace mlir;
using namespace mlir::qnn;

static llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

//===----------------------------------------------------------------------===//
// One tensor
//===----------------------------------------------------------------------===//

void TensorStatistics::writeJSON(llvm::json::OStream &json) const {
  int first = 0, last = kBins;
  while (first < last && counts[first] == 0)
    ++first;
  while (last > first && counts[last - 1] == 0)
    --last;
  json.object([&] {
    json.attribute("min", min);
    json.attribute("max", max);
    json.attribute("samples", int64_t(samples));
    json.attribute("sum_of_mins", sumOfMins.str());
    json.attribute("sum_of_maxs", sumOfMaxs.str());
    json.attribute("log2_width", log2Width);
    json.attribute("first_bin", first - kBins / 2);
    json.attributeBegin("counts");
    json.rawValue([&](llvm::raw_ostream &os) {
      os << '[';
      llvm::interleave(llvm::ArrayRef(counts).slice(first, last - first), os,
                       ",");
      os << ']';
    });
    json.attributeEnd();
  });
}

/// Reads the list of counts into `counts` from bin `first`; returns the sum.
static llvm::Expected<uint64_t> readCounts(const llvm::json::Array *list,
                                           std::optional<int64_t> first,
                                           std::vector<uint64_t> &counts) {
  constexpr int half = TensorStatistics::kBins / 2;
  if (!list || !first || *first < -half ||
      *first + int64_t(list->size()) > half)
    return makeError("expected 'first_bin' and 'counts' of bins in [-1024, "
                     "1024)");
  uint64_t total = 0;
  for (auto [i, value] : llvm::enumerate(*list)) {
    std::optional<int64_t> count = value.getAsInteger();
    if (!count || *count < 0)
      return makeError("expected non-negative integer 'counts'");
    counts[*first + half + i] = *count;
    total += *count;
  }
  return total;
}

llvm::Expected<TensorStatistics>
TensorStatistics::fromJSON(const llvm::json::Value &value) {
  const llvm::json::Object *object = value.getAsObject();
  if (!object)
    return makeError("expected an object");
  std::optional<double> low = object->getNumber("min"),
                        high = object->getNumber("max");
  if (!low || !high || !std::isfinite(static_cast<float>(*low)) ||
      !std::isfinite(static_cast<float>(*high)) || *low > *high)
    return makeError("expected finite 'min' <= 'max'");
  std::optional<int64_t> width = object->getInteger("log2_width");
  if (!width || *width < kMinLog2Width || *width > 128)
    return makeError("expected 'log2_width' in [-149, 128]");
  TensorStatistics result;
  auto readSum = [&](llvm::StringRef name) {
    return ExactSum::parse(object->getString(name).value_or(""));
  };
  std::optional<int64_t> samples = object->getInteger("samples");
  std::optional<ExactSum> mins = readSum("sum_of_mins"),
                          maxs = readSum("sum_of_maxs");
  if (!samples || *samples < 0 || !mins || !maxs)
    return makeError("expected 'samples', 'sum_of_mins' and 'sum_of_maxs'");
  llvm::Expected<uint64_t> total =
      readCounts(object->getArray("counts"), object->getInteger("first_bin"),
                 result.counts);
  if (!total)
    return total.takeError();
  if ((*total > 0) != (*samples > 0))
    return makeError("expected 'counts' of 'samples'");
  result.min = static_cast<float>(*low);
  result.max = static_cast<float>(*high);
  result.log2Width = static_cast<int>(*width);
  result.samples = *samples;
  result.sumOfMins = *mins;
  result.sumOfMaxs = *maxs;
  result.total = *total;
  return result;
}

//===----------------------------------------------------------------------===//
// All tensors
//===----------------------------------------------------------------------===//

int64_t CalibrationCache::getSamples() const {
  int64_t sum = 0;
  for (const CalibrationSource &source : sources)
    sum += source.samples;
  return sum;
}

DataHash CalibrationCache::getDataHash() const {
  DataHash sum = 0;
  for (const CalibrationSource &source : sources)
    sum += source.data;
  return sum;
}

void CalibrationCache::addSources(llvm::ArrayRef<CalibrationSource> more) {
  llvm::append_range(sources, more);
  llvm::sort(sources,
             [](const CalibrationSource &a, const CalibrationSource &b) {
               return std::tie(a.path, a.data, a.samples) <
                      std::tie(b.path, b.data, b.samples);
             });
}

llvm::Error CalibrationCache::merge(const CalibrationCache &other) {
  if (graph != other.graph)
    return makeError("expected caches of one network, got graph " + graph +
                     " and graph " + other.graph +
                     "; calibrate both with the same model");
  for (const auto *pair : {&std::as_const(tensors), &other.tensors})
    for (const auto &entry : *pair)
      if (!tensors.count(entry.first) || !other.tensors.count(entry.first))
        return makeError("expected caches of the same tensors, only one has '" +
                         entry.first +
                         "'; calibrate both with the same precision rules");
  for (const auto &[name, statistics] : other.tensors)
    tensors[name].merge(statistics);
  addSources(other.sources);
  return llvm::Error::success();
}

static std::string formatHash(DataHash hash) {
  return llvm::utohexstr(hash, /*LowerCase=*/true, /*Width=*/16);
}

std::string CalibrationCache::format() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream json(stream, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("version", kVersion);
    json.attribute("numerics_version", abi::kNumericsVersion);
    json.attribute("graph", graph);
    json.attribute("data", formatHash(getDataHash()));
    json.attribute("samples", getSamples());
    json.attributeArray("sources", [&] {
      for (const CalibrationSource &source : sources)
        json.object([&] {
          json.attribute("path", llvm::json::fixUTF8(source.path));
          json.attribute("samples", source.samples);
          json.attribute("data", formatHash(source.data));
        });
    });
    json.attributeObject("tensors", [&] {
      for (const auto &[name, statistics] : tensors) {
        json.attributeBegin(llvm::json::fixUTF8(name));
        statistics.writeJSON(json);
        json.attributeEnd();
      }
    });
  });
  return text + '\n';
}

static llvm::Expected<CalibrationSource>
readSource(const llvm::json::Value &value) {
  const llvm::json::Object *object = value.getAsObject();
  CalibrationSource source;
  if (object) {
    std::optional<llvm::StringRef> path = object->getString("path");
    std::optional<int64_t> samples = object->getInteger("samples");
    llvm::StringRef hash = object->getString("data").value_or("");
    if (path && samples && *samples >= 0 &&
        !hash.getAsInteger(16, source.data)) {
      source.path = path->str();
      source.samples = *samples;
      return source;
    }
  }
  return makeError("expected 'sources' with 'path', 'samples' and 'data'");
}

/// Says what to do about a cache of another version.
static llvm::Error checkVersion(const llvm::json::Object &object) {
  std::optional<int64_t> version = object.getInteger("version");
  if (version == CalibrationCache::kVersion)
    return llvm::Error::success();
  return makeError("expected version " +
                   llvm::Twine(CalibrationCache::kVersion) + ", got " +
                   (version ? llvm::Twine(*version) : llvm::Twine("none")) +
                   "; calibrate again with this compiler");
}

llvm::Expected<CalibrationCache> CalibrationCache::parse(llvm::StringRef text) {
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value)
    return value.takeError();
  const llvm::json::Object *object = value->getAsObject();
  if (!object)
    return makeError("expected a JSON object");
  if (llvm::Error error = checkVersion(*object))
    return std::move(error);
  std::optional<llvm::StringRef> graph = object->getString("graph");
  const llvm::json::Array *sources = object->getArray("sources");
  const llvm::json::Object *entries = object->getObject("tensors");
  if (!graph || !sources || !entries)
    return makeError("expected 'graph', 'sources' and 'tensors'");
  CalibrationCache cache;
  cache.graph = graph->str();
  for (const llvm::json::Value &entry : *sources) {
    llvm::Expected<CalibrationSource> source = readSource(entry);
    if (!source)
      return source.takeError();
    cache.sources.push_back(std::move(*source));
  }
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
    os << format();
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
  llvm::Expected<CalibrationCache> cache = parse((*buffer)->getBuffer());
  if (!cache)
    return fail(llvm::toString(cache.takeError()));
  return cache;
}
