//===- layers.cpp - Single convolutions, ours and oneDNN's ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Times u8 x s8 -> u8 convolutions with bias, ReLU and one output scale per
// channel: oneDNN's, each alone and warm, against ours in turns; then oneDNN's
// in the sequence of a network, each with memory of its own, against our whole
// network. benchmarks/layers.py writes the plan, builds and runs this.
//
//   layers PLAN        prints JSON
//
// Lines of a plan:
//   convolution OUR.so C H W FILTERS KH KW SH SW TOP LEFT BOTTOM RIGHT GROUPS
//   sequence INDEX...  convolutions by their order in the plan
//   network OUR.so     with inputs of any type; they are filled at random
//
// Of our single convolutions only the layer named `measured` counts, as the
// profile hook of the ABI tells it: inside a network nobody converts its input
// and output from and to the ABI's int8.
//
//===----------------------------------------------------------------------===//

#include "qnn/Target/ObjectABI.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <dnnl.hpp>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace abi = mlir::qnn::abi;
using dnnl::memory;

namespace {

constexpr int kRounds = 12;
/// The runs of a turn take about this long together.
constexpr double kMillisecondsPerTurn = 2;

[[noreturn]] void fail(const std::string &message) {
  std::fprintf(stderr, "error: %s\n", message.c_str());
  std::exit(1);
}

double now() {
  using namespace std::chrono;
  return duration<double, std::milli>(steady_clock::now().time_since_epoch())
      .count();
}

/// Random bytes below 64, so that no float made of them is a NaN.
void fillRandom(void *data, size_t bytes) {
  static std::mt19937 engine(0);
  auto *to = static_cast<uint8_t *>(data);
  for (size_t i = 0; i < bytes; ++i)
    to[i] = engine() & 63;
}

/// What can be measured: one run, in milliseconds.
struct Contender {
  virtual ~Contender() = default;
  virtual double run() = 0;
};

//===----------------------------------------------------------------------===//
// oneDNN
//===----------------------------------------------------------------------===//

struct Shape {
  memory::dim channels, height, width, filters, kernel[2], strides[2], pads[4],
      groups;

  memory::dim outputSize(int axis) const {
    memory::dim size = axis == 0 ? height : width;
    return (size + pads[axis] + pads[axis + 2] - kernel[axis]) / strides[axis] +
           1;
  }
};

dnnl::engine &getEngine() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

/// A convolution in the layouts that oneDNN likes best.
class OneDNN : public Contender {
public:
  explicit OneDNN(const Shape &shape)
      : description(describe(shape)), primitive(description),
        stream(getEngine()) {
    const int kArguments[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS,
                              DNNL_ARG_DST};
    const memory::desc kTypes[] = {
        description.src_desc(), description.weights_desc(),
        description.bias_desc(), description.dst_desc()};
    for (int i = 0; i < 4; ++i) {
      memory data(kTypes[i], getEngine());
      fillRandom(data.get_data_handle(), kTypes[i].get_size());
      arguments[kArguments[i]] = data;
    }
  }

  double run() override {
    double start = now();
    primitive.execute(stream, arguments);
    stream.wait();
    return now() - start;
  }

  std::string getImplementation() const { return description.impl_info_str(); }

private:
  using Convolution = dnnl::convolution_forward;

  static Convolution::primitive_desc describe(const Shape &s) {
    using type = memory::data_type;
    auto any = memory::format_tag::any;
    memory::dims weights{s.filters, s.channels / s.groups, s.kernel[0],
                         s.kernel[1]};
    if (s.groups > 1) {
      weights[0] /= s.groups;
      weights.insert(weights.begin(), s.groups);
    }
    Convolution::desc operation(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
        memory::desc({1, s.channels, s.height, s.width}, type::u8, any),
        memory::desc(weights, type::s8, any),
        memory::desc({s.filters}, type::s32, any),
        memory::desc({1, s.filters, s.outputSize(0), s.outputSize(1)}, type::u8,
                     any),
        {s.strides[0], s.strides[1]}, {s.pads[0], s.pads[1]},
        {s.pads[2], s.pads[3]});
    dnnl::post_ops relu;
    relu.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    dnnl::primitive_attr attributes;
    attributes.set_output_scales(/*mask: per channel=*/1 << 1,
                                 std::vector<float>(s.filters, 1e-3f));
    attributes.set_post_ops(relu);
    return {operation, attributes, getEngine()};
  }

  Convolution::primitive_desc description;
  Convolution primitive;
  dnnl::stream stream;
  std::unordered_map<int, memory> arguments;
};

/// All convolutions of a network one after the other.
class OneDNNSequence : public Contender {
public:
  void add(const Shape &shape) {
    layers.push_back(std::make_unique<OneDNN>(shape));
  }
  double run() override {
    double start = now();
    for (auto &layer : layers)
      layer->run();
    return now() - start;
  }

private:
  std::vector<std::unique_ptr<OneDNN>> layers;
};

//===----------------------------------------------------------------------===//
// Ours
//===----------------------------------------------------------------------===//

/// A shared object of quant-compile with the prefix `net`.
class Ours : public Contender {
public:
  explicit Ours(const std::string &path) {
    void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library)
      fail(dlerror());
    auto describe =
        reinterpret_cast<abi::DescribeFn>(dlsym(library, "net_describe"));
    entry = reinterpret_cast<abi::RunFn>(dlsym(library, "net_run"));
    if (!describe || !entry)
      fail(path + ": expected net_describe and net_run");
    info = describe();
    context.arena = allocate(info->arenaBytes);
    for (uint32_t i = 0; i < info->inputCount; ++i)
      inputs.push_back(allocate(info->inputs[i].bytes));
    for (uint32_t i = 0; i < info->outputCount; ++i)
      outputs.push_back(allocate(info->outputs[i].bytes));
    context.profile = countLayer;
    context.profileArgument = this;
    run(); // Does it tell layers?
    if (layerTime == 0)
      context.profile = nullptr;
  }

  double run() override {
    layerTime = 0;
    double start = now();
    if (entry(&context, inputs.data(), outputs.data()) != abi::Ok)
      fail(std::string(info->name) + "_run failed");
    double time = now() - start;
    return context.profile ? layerTime : time;
  }

  bool isProfiled() const { return context.profile; }
  const char *getLevel() const { return info->level; }

private:
  static void countLayer(void *argument, const char *layer, int32_t begins) {
    auto *self = static_cast<Ours *>(argument);
    if (std::strcmp(layer, "measured") == 0)
      self->layerTime += begins ? -now() : now();
  }

  void *allocate(size_t bytes) {
    void *data = std::aligned_alloc(abi::kAlign, (bytes + abi::kAlign) /
                                                     abi::kAlign * abi::kAlign);
    fillRandom(data, bytes);
    return data;
  }

  abi::RunFn entry;
  const abi::Info *info;
  abi::Context context = {};
  std::vector<const void *> inputs;
  std::vector<void *> outputs;
  double layerTime = 0;
};

//===----------------------------------------------------------------------===//
// Measuring
//===----------------------------------------------------------------------===//

struct Times {
  double median, min;
};

/// Runs of all contenders in turns; each turn warms up with one run.
std::vector<Times> measure(const std::vector<Contender *> &contenders) {
  std::vector<std::vector<double>> times(contenders.size());
  for (int round = 0; round < kRounds; ++round)
    for (size_t i = 0; i < contenders.size(); ++i) {
      double first = contenders[i]->run();
      int runs = std::clamp<int>(kMillisecondsPerTurn / first, 2, 200);
      for (int k = 0; k < runs; ++k)
        times[i].push_back(contenders[i]->run());
    }
  std::vector<Times> results;
  for (auto &values : times) {
    std::sort(values.begin(), values.end());
    results.push_back({values[values.size() / 2], values.front()});
  }
  return results;
}

void printTimes(const char *name, const Times &times, const char *end) {
  std::printf("\"%s\": {\"median\": %.5f, \"min\": %.5f}%s", name, times.median,
              times.min, end);
}

struct Plan {
  std::vector<Shape> shapes;
  std::vector<std::string> objects;
  std::vector<size_t> sequence;
  std::string network;
};

Plan readPlan(const char *path) {
  std::ifstream file(path);
  if (!file)
    fail(std::string("cannot read ") + path);
  Plan plan;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string kind, object;
    line >> kind;
    if (kind == "convolution") {
      Shape s;
      line >> object >> s.channels >> s.height >> s.width >> s.filters;
      for (auto *pair : {s.kernel, s.strides, s.pads, s.pads + 2})
        line >> pair[0] >> pair[1];
      line >> s.groups;
      plan.shapes.push_back(s);
      plan.objects.push_back(object);
    } else if (kind == "sequence") {
      for (size_t index; line >> index;)
        plan.sequence.push_back(index);
      line.clear();
    } else if (kind == "network") {
      line >> plan.network;
    }
    if (!line)
      fail("malformed line of the plan: " + text);
  }
  return plan;
}

void compareShapes(const Plan &plan) {
  std::printf(" \"shapes\": [");
  for (size_t i = 0; i < plan.shapes.size(); ++i) {
    OneDNN theirs(plan.shapes[i]);
    Ours ours(plan.objects[i]);
    std::vector<Times> times = measure({&theirs, &ours});
    std::printf("%s\n  {", i ? "," : "");
    printTimes("onednn", times[0], ", ");
    printTimes("ours", times[1], ", ");
    std::printf("\"layer_only\": %s, \"implementation\": \"%s\"}",
                ours.isProfiled() ? "true" : "false",
                theirs.getImplementation().c_str());
  }
  std::printf("\n ],\n");
}

void compareNetwork(const Plan &plan) {
  OneDNNSequence sequence;
  for (size_t index : plan.sequence)
    sequence.add(plan.shapes.at(index));
  Ours network(plan.network);
  std::vector<Times> times = measure({&sequence, &network});
  std::printf(" ");
  printTimes("sequence", times[0], ",\n ");
  printTimes("network", times[1], ",\n");
  std::printf(" \"level\": \"%s\",\n", network.getLevel());
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2)
    fail("expected one argument, the plan");
  try {
    Plan plan = readPlan(argv[1]);
    std::printf("{\n");
    compareShapes(plan);
    compareNetwork(plan);
    const dnnl_version_t *version = dnnl_version();
    std::printf(" \"onednn\": \"%d.%d.%d\"\n}\n", version->major,
                version->minor, version->patch);
  } catch (const dnnl::error &error) {
    fail(std::string("oneDNN: ") + error.what());
  }
  return 0;
}
