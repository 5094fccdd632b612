//===- Profile.cpp - Where the time of a run goes -------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Profile.h"

#include "PeakRates.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>

using namespace mlir;
using namespace mlir::qnn;

using Clock = std::chrono::steady_clock;

/// The instructions that multiply at a level, as PeakRates.h names them.
static std::pair<StringRef, StringRef> getInstructions(StringRef level) {
  return llvm::StringSwitch<std::pair<StringRef, StringRef>>(level)
      .Case("x86-64-v3", {"pmaddubsw_256", "f32_fma_256"})
      .Case("avxvnni", {"vpdpbusd_256_vex", "f32_fma_256"})
      .Case("avx512vnni", {"vpdpbusd_512", "f32_fma_512"})
      .Case("avx512bf16", {"vpdpbusd_512", "f32_fma_512"})
      .Case("amx-int8", {"amx_tdpbusd", "f32_fma_512"})
      .Case("armv8-a", {"neon_smull", "f32_fmla_128"})
      .Case("dotprod", {"neon_sdot", "f32_fmla_128"})
      .Case("i8mm", {"neon_smmla", "f32_fmla_128"})
      .Case("bf16", {"neon_smmla", "f32_fmla_128"})
      .Default({"", ""});
}

/// Multiply-adds per nanosecond of one core; 0 where the machine lacks it.
static double measurePeak(StringRef name) {
  double peak = 0;
  qnn_peak::forEachInstruction([&](const qnn_peak::Instruction &instruction) {
    if (instruction.name == name && instruction.isPresent)
      peak = instruction.measure() / 1e9;
  });
  return peak;
}

llvm::Expected<Profile> Profile::measure(Network &network,
                                         ArrayRef<const void *> inputs,
                                         ArrayRef<void *> outputs,
                                         unsigned runs) {
  ArrayRef<LayerInfo> layers = network.layers();
  if (layers.empty())
    return llvm::createStringError(
        "--profile is for shared objects: expected a network with layers");
  std::vector<std::vector<double>> times(layers.size());
  for (unsigned i = 0; i < runs; ++i) {
    // A layer may begin more than once in a run.
    std::vector<double> run(layers.size());
    Clock::time_point begin;
    auto note = [&](size_t layer, bool begins) {
      Clock::time_point now = Clock::now();
      if (!begins)
        run[layer] +=
            std::chrono::duration<double, std::micro>(now - begin).count();
      begin = begins ? Clock::now() : now;
    };
    if (llvm::Error error = network.run(inputs, outputs, note))
      return std::move(error);
    for (auto [all, time] : llvm::zip(times, run))
      all.push_back(time);
  }
  Profile profile;
  profile.runs = runs;
  auto [int8, f32] = getInstructions(network.level());
  profile.peakInt8 = measurePeak(int8) * network.getNumThreads();
  profile.peakFloat = measurePeak(f32) * network.getNumThreads();
  for (auto [layer, all] : llvm::zip(layers, times)) {
    auto middle = all.begin() + all.size() / 2;
    std::nth_element(all.begin(), middle, all.end());
    profile.rows.push_back({layer, *middle});
  }
  return profile;
}

double Profile::sum() const {
  double sum = 0;
  for (const Row &row : rows)
    sum += row.microseconds;
  return sum;
}

double Profile::getShareOfLimit(const Row &row) const {
  double peak = row.layer.isFloat ? peakFloat : peakInt8;
  if (peak == 0 || row.microseconds == 0)
    return 0;
  return 100 * double(row.layer.macs) / (row.microseconds * 1e3 * peak);
}

/// A rate per nanosecond, or a dash where there is nothing to count.
static std::string formatRate(double count, double microseconds) {
  if (count == 0 || microseconds == 0)
    return "-";
  return llvm::formatv("{0:f1}", count / (microseconds * 1e3));
}

static uint64_t getBytes(const LayerInfo &layer) {
  return layer.weightBytes + layer.inputBytes + layer.outputBytes;
}

void Profile::print(llvm::raw_ostream &os) const {
  size_t width = 5;
  for (const Row &row : rows)
    width = std::max(width, row.layer.name.size());
  auto line = [&](StringRef name, StringRef kind, StringRef type,
                  StringRef units, StringRef time, StringRef share,
                  StringRef macs, StringRef limit, StringRef bytes,
                  StringRef predicted) {
    os << llvm::left_justify(name, width) << "  "
       << llvm::left_justify(kind, 16) << "  " << llvm::left_justify(type, 4);
    for (StringRef cell : {units, time, share, macs, limit, bytes, predicted})
      os << ' '
         << llvm::right_justify(cell, cell.data() == units.data() ? 5 : 10);
    os << '\n';
  };
  line("layer", "kind", "type", "units", "us", "share %", "GMAC/s", "limit %",
       "GB/s", "predicted");
  double total = sum(), macs = 0;
  for (const Row &row : rows) {
    const auto &[layer, time] = row;
    double limit = getShareOfLimit(row);
    macs += double(layer.macs);
    uint64_t predicted = layer.predictedNanoseconds;
    line(layer.name, layer.kind, layer.isFloat ? "f32" : "i8",
         std::to_string(layer.units), llvm::formatv("{0:f1}", time).str(),
         llvm::formatv("{0:f1}", total ? 100 * time / total : 0).str(),
         formatRate(double(layer.macs), time),
         limit ? llvm::formatv("{0:f1}", limit).str() : "-",
         formatRate(double(getBytes(layer)), time),
         predicted ? llvm::formatv("{0:f1}", double(predicted) / 1e3).str()
                   : "-");
  }
  line("sum", "", "", "", llvm::formatv("{0:f1}", total).str(), "100.0",
       formatRate(macs, total), "", "", "");
  if (peakInt8 > 0)
    os << llvm::formatv("limit: {0:f0} GMAC/s in int8, {1:f0} in f32, as this "
                        "machine multiplies with operands in registers\n",
                        peakInt8, peakFloat);
}

void Profile::printJson(llvm::json::OStream &json) const {
  json.attributeObject("profile", [&] {
    json.attribute("runs", int64_t(runs));
    json.attribute("sum_ms", sum() / 1e3);
    json.attribute("limit_int8_gmac_per_s", peakInt8);
    json.attribute("limit_f32_gmac_per_s", peakFloat);
    json.attributeArray("layers", [&] {
      for (const auto &row : rows)
        json.object([&, &layer = row.layer] {
          json.attribute("name", llvm::json::fixUTF8(layer.name));
          json.attribute("kind", layer.kind);
          json.attribute("type", layer.isFloat ? "f32" : "i8");
          json.attribute("units", int64_t(layer.units));
          json.attribute("median_us", row.microseconds);
          json.attribute("macs", int64_t(layer.macs));
          json.attribute("weight_bytes", int64_t(layer.weightBytes));
          json.attribute("input_bytes", int64_t(layer.inputBytes));
          json.attribute("output_bytes", int64_t(layer.outputBytes));
          if (double limit = getShareOfLimit(row))
            json.attribute("limit_percent", limit);
          if (layer.predictedNanoseconds)
            json.attribute("predicted_us",
                           double(layer.predictedNanoseconds) / 1e3);
        });
    });
  });
}
