//===- Report.cpp - What a compilation did, as JSON -----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HtmlReport.h"
#include "NetworkLayers.h"
#include "Steps.h"

#include "qnn/Dialect/QNN/IR/QNN.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"
#include "qnn/Runner/Network.h"
#include "qnn/Support/Diagnostics.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <numeric>

using namespace mlir;
using namespace mlir::qnn;

static void writeShape(llvm::json::OStream &json, ArrayRef<int64_t> shape) {
  json.attributeArray("shape", [&] {
    for (int64_t size : shape)
      json.value(size);
  });
}

/// The real values that a quantized type holds.
static void writeRange(llvm::json::OStream &json,
                       quant::UniformQuantizedType type) {
  auto real = [&](int64_t q) {
    return double(q - type.getZeroPoint()) * type.getScale();
  };
  json.attribute("scale", type.getScale());
  json.attribute("zero_point", type.getZeroPoint());
  json.attributeArray("range", [&] {
    json.value(real(type.getStorageTypeMin()));
    json.value(real(type.getStorageTypeMax()));
  });
}

static void writeTensors(llvm::json::OStream &json, StringRef key,
                         ArrayRef<mlir::qnn::TensorInfo> tensors) {
  json.attributeArray(key, [&] {
    for (const mlir::qnn::TensorInfo &tensor : tensors)
      json.object([&] {
        json.attribute("name", llvm::json::fixUTF8(tensor.name));
        json.attribute("type", getNpyTypeName(getArrayType(tensor.type)));
        writeShape(json, tensor.shape);
        if (tensor.quantized)
          writeRange(json, tensor.quantized);
      });
  });
}

static void writeProvedPairs(llvm::json::OStream &json,
                             const ProvedPairs &pairs) {
  json.attributeObject("vpmaddubsw", [&] {
    json.attribute("pairs", pairs.pairs);
    json.attribute("proved", pairs.proved);
    json.attribute("summed", pairs.summed);
  });
}

/// The sums over all layers.
static ProvedPairs addUp(const llvm::StringMap<ProvedPairs> &layers) {
  ProvedPairs total;
  for (const auto &layer : layers) {
    total.pairs += layer.second.pairs;
    total.proved += layer.second.proved;
    total.summed += layer.second.summed;
  }
  return total;
}

/// Bytes of the constants that a layer reads: weights and biases. Several ops
/// may read the same, as the two parts of a layer with 16-bit activations do.
static int64_t getConstantBytes(const NetworkLayer &layer) {
  llvm::SmallPtrSet<Operation *, 8> constants;
  int64_t bytes = 0;
  ArrayRef<Operation *> ops = layer.ops;
  if (layer.main->hasAttr(kWidePartAttr))
    ops = layer.main;
  for (Operation *op : ops)
    for (Value operand : op->getOperands()) {
      auto constant = operand.getDefiningOp<ConstantOp>();
      if (!constant || !constants.insert(constant).second)
        continue;
      auto type = cast<ShapedType>(constant.getType());
      quant::QuantizedType element = getQuantizedElementType(type);
      int64_t bits = element ? element.getStorageTypeIntegralWidth()
                             : type.getElementTypeBitWidth();
      bytes += (type.getNumElements() * bits + 7) / 8;
    }
  return bytes;
}

static void writeLayer(llvm::json::OStream &json, const NetworkLayer &layer,
                       const GeneratedCode *code) {
  Type type = layer.main->getResult(0).getType();
  json.object([&] {
    json.attribute("name", llvm::json::fixUTF8(layer.name));
    json.attribute("kind", layer.main->getName().getStringRef());
    json.attribute("precision", layer.precision);
    writeShape(json, cast<ShapedType>(type).getShape());
    if (int64_t macs = layer.int8Macs + layer.floatMacs)
      json.attribute("macs", macs);
    if (int64_t bytes = getConstantBytes(layer))
      json.attribute("weight_bytes", bytes);
    if (auto uniform = getUniformElementType(type))
      writeRange(json, uniform);
    if (!code)
      return;
    auto proved = code->provedPairs.find(layer.name);
    if (proved != code->provedPairs.end())
      writeProvedPairs(json, proved->second);
  });
}

static void writeSchedules(llvm::json::OStream &json,
                           ArrayRef<LayerSchedule> schedules) {
  json.attributeArray("schedules", [&] {
    for (const LayerSchedule &layer : schedules)
      json.object([&] {
        json.attribute("level", layer.level->name);
        json.attribute("layer", llvm::json::fixUTF8(layer.name));
        json.attribute("kind", layer.kind);
        if (!layer.schedule.empty())
          json.attribute("schedule", layer.schedule);
        json.attribute("predicted_us", layer.nanoseconds / 1e3);
      });
  });
}

void qnn::printSchedules(ArrayRef<LayerSchedule> schedules,
                         llvm::raw_ostream &os) {
  size_t name = 5, kind = 4;
  for (const LayerSchedule &layer : schedules) {
    name = std::max(name, layer.name.size());
    kind = std::max(kind, layer.kind.size());
  }
  auto line = [&](StringRef level, StringRef layer, StringRef what,
                  StringRef schedule, StringRef time) {
    os << llvm::left_justify(level, 10) << "  "
       << llvm::left_justify(escapeControls(layer), name) << "  "
       << llvm::left_justify(what, kind) << "  "
       << llvm::left_justify(schedule, 24) << "  "
       << llvm::right_justify(time, 12) << '\n';
  };
  line("level", "layer", "kind", "schedule", "predicted us");
  for (const LayerSchedule &layer : schedules)
    line(layer.level->name, layer.name, layer.kind,
         layer.schedule.empty() ? "-" : layer.schedule,
         llvm::formatv("{0:f1}", layer.nanoseconds / 1e3).str());
}

using TypesByTensor = llvm::StringMap<quant::UniformQuantizedType>;

/// The types of the 8-bit (or 16-bit) tensors by the names of their observers.
static TypesByTensor getTensorTypes(func::FuncOp func) {
  TypesByTensor types;
  auto add = [&](StringRef name, Type type) {
    auto uniform = getUniformElementType(type);
    if (uniform && uniform.getStorageTypeIntegralWidth() <= 16)
      types.try_emplace(name, uniform);
  };
  for (BlockArgument argument : func.getArguments()) {
    auto name = func.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                  kTensorNameAttr);
    for (Operation *user : argument.getUsers())
      if (name && isa<quant::QuantizeCastOp>(user))
        add(name, user->getResult(0).getType());
  }
  func.walk([&](Operation *op) {
    if (op->getNumResults() == 1 && !isa<ConstantOp>(op))
      add(getLayerName(op), op->getResult(0).getType());
  });
  return types;
}

/// At most kColumns columns from the least to the largest value. A value counts
/// as clipped when the middle of its bin lies outside of the range.
static void writeHistogram(llvm::json::OStream &json,
                           const TensorStatistics &statistics,
                           quant::UniformQuantizedType type) {
  constexpr int64_t kColumns = 64;
  const std::vector<uint64_t> &counts = statistics.getCounts();
  auto isFull = [](uint64_t count) { return count > 0; };
  int64_t first = llvm::find_if(counts, isFull) - counts.begin();
  int64_t last = counts.size() - 1;
  while (last > first && counts[last] == 0)
    --last;
  int64_t step = std::max<int64_t>(1, (last - first + kColumns) / kColumns);
  double width = std::ldexp(1.0, statistics.getLog2Width());
  auto getEdge = [&](int64_t bin) {
    return double(bin - int64_t(counts.size()) / 2) * width;
  };
  uint64_t clipped = 0;
  if (type) {
    writeRange(json, type);
    double zero = type.getZeroPoint(), scale = type.getScale();
    double low = (type.getStorageTypeMin() - zero) * scale;
    double high = (type.getStorageTypeMax() - zero) * scale;
    for (auto [bin, count] : llvm::enumerate(counts))
      if (double middle = getEdge(bin) + width / 2;
          middle < low || middle > high)
        clipped += count;
    json.attribute("clipped", int64_t(clipped));
  }
  json.attributeObject("histogram", [&] {
    json.attribute("low", getEdge(first));
    json.attribute("width", width * double(step));
    json.attributeArray("counts", [&] {
      for (int64_t begin = first; begin <= last; begin += step) {
        int64_t end = std::min<int64_t>(begin + step, counts.size());
        json.value(int64_t(std::accumulate(counts.begin() + begin,
                                           counts.begin() + end, uint64_t(0))));
      }
    });
  });
}

static void writeCalibration(llvm::json::OStream &json,
                             const CalibrationCache &cache,
                             const TypesByTensor &types) {
  json.attributeObject("calibration", [&] {
    json.attribute("samples", cache.getSamples());
    json.attributeObject("tensors", [&] {
      for (const auto &entry : cache.tensors)
        json.attributeObject(llvm::json::fixUTF8(entry.first), [&] {
          json.attribute("min", entry.second.getMin());
          json.attribute("max", entry.second.getMax());
          if (entry.second.size() > 0)
            writeHistogram(json, entry.second, types.lookup(entry.first));
        });
    });
  });
}

static void writeCoverage(llvm::json::OStream &json, const Coverage &coverage) {
  json.attributeObject("coverage", [&] {
    json.attribute("int8_macs", coverage.int8Macs);
    json.attribute("bf16_macs", coverage.bf16Macs);
    json.attribute("float_macs", coverage.floatMacs);
    json.attribute("share", coverage.getShare());
    json.attribute("layers", coverage.layers);
    json.attributeArray("float_layers", [&] {
      for (const FloatLayer &layer : coverage.floatLayers)
        json.object([&] {
          json.attribute("layer", llvm::json::fixUTF8(layer.name));
          json.attribute("kind", layer.kind);
          json.attribute("reason", llvm::json::fixUTF8(layer.reason));
          json.attribute("fallback", !layer.byRule);
        });
    });
  });
}

static void writeRemarks(llvm::json::OStream &json, ArrayRef<Remark> remarks) {
  json.attributeArray("remarks", [&] {
    for (const Remark &remark : remarks)
      json.object([&] {
        json.attribute("layer", llvm::json::fixUTF8(remark.layer));
        json.attribute("pass", remark.pass);
        json.attribute("text", llvm::json::fixUTF8(remark.text));
      });
  });
}

std::string qnn::writeReport(func::FuncOp func, const ReportInput &input) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream json(stream, 2);
  const CompileOptions &options = input.options;
  std::vector<NetworkLayer> layers = getNetworkLayers(func);
  int64_t macs = 0;
  for (const NetworkLayer &layer : layers)
    macs += layer.int8Macs + layer.floatMacs;
  json.object([&] {
    json.attribute("model", llvm::json::fixUTF8(options.input));
    json.attribute("output", llvm::json::fixUTF8(options.output));
    json.attribute("output_bytes", int64_t(input.outputBytes));
    json.attribute("precision", options.precision == Precision::Float32 ? "f32"
                                : options.precision == Precision::BF16
                                    ? "bf16"
                                    : "int8");
    json.attribute("macs", macs);
    if (input.coverage)
      writeCoverage(json, *input.coverage);
    if (const GeneratedCode *code = input.code) {
      json.attribute("target", options.target);
      json.attributeArray("levels", [&] {
        for (const TargetLevel *level : code->levels)
          json.value(level->name);
      });
      json.attribute("constant_bytes", int64_t(code->constants.size()));
      json.attribute("arena_bytes", code->arenaBytes);
      json.attribute("live_bytes", code->liveBytes);
      if (!code->provedPairs.empty())
        writeProvedPairs(json, addUp(code->provedPairs));
      writeTensors(json, "inputs", code->inputs);
      writeTensors(json, "outputs", code->outputs);
      writeSchedules(json, code->schedules);
    }
    json.attributeArray("layers", [&] {
      for (const NetworkLayer &layer : layers)
        writeLayer(json, layer, input.code);
    });
    if (input.calibration)
      writeCalibration(json, *input.calibration, getTensorTypes(func));
    for (StringRef key : {"accuracy", "pareto", "recipe"})
      if (input.measured && input.measured->get(key))
        json.attribute(key, *input.measured->get(key));
    writeRemarks(json, input.remarks);
  });
  text += '\n';
  return StringRef(options.report).ends_with(".html") ? writeHtmlReport(text)
                                                      : text;
}
