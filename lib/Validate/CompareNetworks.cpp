//===- CompareNetworks.cpp - Two networks on the same data ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Summary.h"

#include "qnn/Calibration/SampleReader.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// Which tensors correspond
//===----------------------------------------------------------------------===//

static std::string listNames(ArrayRef<PortInfo> ports) {
  return llvm::join(
      llvm::map_range(
          ports, [](const PortInfo &port) { return "'" + port.name + "'"; }),
      ", ");
}

/// Inputs may be of the integer types that models have.
static abi::ElementType getInputType(NpyType type) {
  return type == NpyType::Int64   ? abi::Int64
         : type == NpyType::Int32 ? abi::Int32
         : type == NpyType::Bool  ? abi::Bool
         : type == NpyType::Int8  ? abi::Int8
         : type == NpyType::UInt8 ? abi::UInt8
                                  : abi::Float32;
}

static llvm::Error checkFloat(ArrayRef<PortInfo> ports, StringRef path,
                              bool areInputs) {
  for (const PortInfo &port : ports)
    if (port.type != NpyType::Float32 &&
        !(areInputs && getInputType(port.type) != abi::Float32))
      return llvm::createStringError(
          "'" + path + "': expected float32 for '" + port.name + "', got " +
          getNpyTypeName(port.type) + ": compile it with --io=float");
  return llvm::Error::success();
}

/// For each of the reference's tensors the index of the candidate's: the one of
/// the same name, or the only one.
static llvm::Expected<SmallVector<size_t>>
matchPorts(ArrayRef<PortInfo> reference, ArrayRef<PortInfo> candidate,
           StringRef what, const ValidateOptions &options) {
  SmallVector<size_t> indices;
  for (const PortInfo &port : reference) {
    const auto *found = llvm::find_if(
        candidate, [&](const PortInfo &p) { return p.name == port.name; });
    if (reference.size() == 1 && candidate.size() == 1)
      found = candidate.begin();
    if (found == candidate.end() || reference.size() != candidate.size())
      return llvm::createStringError(
          "expected the same " + what + "s, got " + listNames(reference) +
          " in '" + options.reference + "' and " + listNames(candidate) +
          " in '" + options.candidate + "'");
    if (found->shape != port.shape)
      return llvm::createStringError(
          what + " '" + port.name + "': expected the same shape, got " +
          describeArray(port.type, port.shape) + " in '" + options.reference +
          "' and " + describeArray(found->type, found->shape) + " in '" +
          options.candidate + "'");
    if (found->type != port.type)
      return llvm::createStringError(
          "'" + options.candidate + "': expected " + getNpyTypeName(port.type) +
          " for '" + port.name + "', got " + getNpyTypeName(found->type) +
          ": compile it with --io=float");
    indices.push_back(found - candidate.begin());
  }
  return indices;
}

//===----------------------------------------------------------------------===//
// Labels
//===----------------------------------------------------------------------===//

namespace {
/// The labels of all samples; none without a file.
class Labels {
public:
  static llvm::Expected<Labels> open(const ValidateOptions &options,
                                     int64_t samples,
                                     const ComparisonStatistics &statistics,
                                     int64_t perSample);

  /// The labels of the next sample.
  ArrayRef<int64_t> next() {
    for (int64_t &label : buffer)
      label = read(position++);
    return buffer;
  }

private:
  int64_t read(int64_t index) const {
    return array.getType() == NpyType::Int32 ? array.getData<int32_t>()[index]
                                             : array.getData<int64_t>()[index];
  }

  NpyArray array;
  std::vector<int64_t> buffer;
  int64_t position = 0;
};
} // namespace

llvm::Expected<Labels> Labels::open(const ValidateOptions &options,
                                    int64_t samples,
                                    const ComparisonStatistics &statistics,
                                    int64_t perSample) {
  Labels labels;
  if (options.labels.empty())
    return labels;
  auto array = readNpy(options.labels);
  if (!array)
    return array.takeError();
  labels.array = std::move(*array);
  NpyType type = labels.array.getType();
  if (type != NpyType::Int32 && type != NpyType::Int64)
    return llvm::createStringError(
        "labels '" + options.labels + "': expected int32 or int64, got " +
        describeArray(type, labels.array.getShape()) +
        ": convert with a.astype('int64')");
  if (labels.array.getNumElements() != samples * perSample)
    return llvm::createStringError(
        "labels '" + options.labels + "': expected " +
        (perSample == 1 ? Twine("one") : Twine(perSample)) +
        " per sample, got " + describeArray(type, labels.array.getShape()) +
        " for " + Twine(samples) + " samples");
  // In label maps a value that is no class means "do not count".
  for (int64_t i = 0; perSample == 1 && i < samples; ++i)
    if (int64_t label = labels.read(i);
        label < 0 || label >= statistics.getNumClasses())
      return llvm::createStringError(
          "labels '" + options.labels + "': expected classes 0 to " +
          Twine(statistics.getNumClasses() - 1) + ", got " + Twine(label) +
          " for sample " + Twine(i));
  labels.buffer.resize(perSample);
  return labels;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

namespace {
/// Two networks, their common inputs and their outputs.
class Pair {
public:
  static llvm::Expected<Pair> connect(Network &reference, Network &candidate,
                                      const ValidateOptions &options);

  ArrayRef<PortInfo> inputs() const { return reference.inputs(); }
  ArrayRef<PortInfo> outputs() const { return reference.outputs(); }
  MutableArrayRef<MutableArrayRef<float>> inputBuffers() { return values; }

  /// Samples in a run: the common length of axis 0 of all inputs and outputs,
  /// else a run is one sample.
  int64_t getBatch() const { return batch; }
  /// The shapes of one sample's outputs.
  std::vector<SmallVector<int64_t>> getOutputShapes() const;

  llvm::Error run();
  /// Hands `rows` samples of the last run to `statistics`.
  void compare(int64_t rows, ComparisonStatistics &statistics,
               Labels &labels) const;

private:
  Pair(Network &reference, Network &candidate)
      : reference(reference), candidate(candidate) {}
  llvm::Error match(const ValidateOptions &options);
  llvm::Expected<MutableArrayRef<float>> allocate(const PortInfo &port);

  Network &reference, &candidate;
  std::vector<std::unique_ptr<llvm::WritableMemoryBuffer>> memory;
  /// Of inputs, and of outputs, in the order of the reference.
  SmallVector<MutableArrayRef<float>> values, results, others;
  /// The pointers of a run, each in the order of its network.
  SmallVector<const void *> from, otherFrom;
  SmallVector<void *> to, otherTo;
  bool isSplit = true; ///< outputs have an axis of samples
  int64_t batch = 1;
};
} // namespace

llvm::Expected<MutableArrayRef<float>> Pair::allocate(const PortInfo &port) {
  auto block = llvm::WritableMemoryBuffer::getNewUninitMemBuffer(
      port.getNumBytes(), "", llvm::Align(64));
  if (!block)
    return llvm::createStringError("out of memory for '" + port.name + "'");
  memory.push_back(std::move(block));
  return MutableArrayRef<float>(
      reinterpret_cast<float *>(memory.back()->getBufferStart()),
      port.getNumBytes() / sizeof(float));
}

/// Connects the tensors of both networks.
llvm::Error Pair::match(const ValidateOptions &options) {
  auto inputs =
      matchPorts(reference.inputs(), candidate.inputs(), "input", options);
  if (!inputs)
    return inputs.takeError();
  auto outputs =
      matchPorts(reference.outputs(), candidate.outputs(), "output", options);
  if (!outputs)
    return outputs.takeError();
  otherFrom.resize(inputs->size());
  otherTo.resize(outputs->size());
  for (auto [port, index] : llvm::zip(reference.inputs(), *inputs)) {
    auto block = allocate(port);
    if (!block)
      return block.takeError();
    values.push_back(*block);
    from.push_back(block->data());
    otherFrom[index] = block->data();
  }
  for (auto [port, index] : llvm::zip(reference.outputs(), *outputs)) {
    auto block = allocate(port), other = allocate(port);
    if (!block || !other)
      return llvm::joinErrors(block.takeError(), other.takeError());
    results.push_back(*block);
    others.push_back(*other);
    to.push_back(block->data());
    otherTo[index] = other->data();
  }
  return llvm::Error::success();
}

llvm::Expected<Pair> Pair::connect(Network &reference, Network &candidate,
                                   const ValidateOptions &options) {
  Pair pair(reference, candidate);
  for (auto [network, path] : {std::pair(&reference, &options.reference),
                               std::pair(&candidate, &options.candidate)}) {
    if (llvm::Error error = checkFloat(network->inputs(), *path, true))
      return std::move(error);
    if (llvm::Error error = checkFloat(network->outputs(), *path, false))
      return std::move(error);
  }
  if (llvm::Error error = pair.match(options))
    return std::move(error);
  std::optional<int64_t> common;
  for (ArrayRef<PortInfo> ports : {pair.inputs(), pair.outputs()})
    for (const PortInfo &port : ports) {
      int64_t length = port.shape.empty() ? -1 : port.shape.front();
      pair.isSplit &= length > 0 && common.value_or(length) == length;
      common = length;
    }
  if (pair.isSplit && common)
    pair.batch = *common;
  return pair;
}

std::vector<SmallVector<int64_t>> Pair::getOutputShapes() const {
  std::vector<SmallVector<int64_t>> shapes;
  for (const PortInfo &port : outputs())
    shapes.emplace_back(ArrayRef(port.shape).drop_front(isSplit ? 1 : 0));
  return shapes;
}

llvm::Error Pair::run() {
  if (llvm::Error error = reference.run(from, to))
    return error;
  return candidate.run(otherFrom, otherTo);
}

void Pair::compare(int64_t rows, ComparisonStatistics &statistics,
                   Labels &labels) const {
  SmallVector<ArrayRef<float>> of1, of2;
  for (int64_t row = 0; row < rows; ++row) {
    of1.clear();
    of2.clear();
    for (auto [first, second] : llvm::zip(results, others)) {
      size_t size = first.size() / batch;
      of1.push_back(ArrayRef<float>(first).slice(row * size, size));
      of2.push_back(ArrayRef<float>(second).slice(row * size, size));
    }
    statistics.add(of1, of2, labels.next());
  }
}

//===----------------------------------------------------------------------===//
// The comparison
//===----------------------------------------------------------------------===//

/// The options that make sense for these outputs.
static llvm::Expected<ComparisonOptions>
chooseScores(const ValidateOptions &options, ArrayRef<PortInfo> outputs,
             ArrayRef<SmallVector<int64_t>> shapes) {
  bool wanted = !options.labels.empty() || options.minAgreement;
  ComparisonOptions result;
  // Maps may be anything; who wants them as classes says so.
  result.scores = findScores(shapes, /*perPixel=*/wanted);
  result.topK = options.topK;
  result.labelled = !options.labels.empty();
  if (options.maxDrop && options.labels.empty())
    return llvm::createStringError(
        "--max-drop needs the true classes: give --labels=FILE.npy, or ask for "
        "--min-agreement or --min-sqnr");
  if (wanted && !result.scores)
    return llvm::createStringError(
        (options.labels.empty() ? "--min-agreement" : "--labels") +
        Twine(": expected one output of class scores, [N, C] or [N, C, H, W], "
              "got ") +
        llvm::join(llvm::map_range(outputs,
                                   [](const PortInfo &port) {
                                     return "'" + port.name + "': " +
                                            describeArray(port.type,
                                                          port.shape);
                                   }),
                   ", "));
  return result;
}

llvm::Expected<ComparisonStatistics>
qnn::compareNetworks(Network &reference, Network &candidate,
                     const ValidateOptions &options) {
  auto pair = Pair::connect(reference, candidate, options);
  if (!pair)
    return pair.takeError();
  SmallVector<TensorInfo> inputs;
  for (const PortInfo &port : pair->inputs())
    inputs.push_back({port.name, port.shape, {}, getInputType(port.type)});
  auto reader = SampleReader::open(options.data, inputs, "samples");
  if (!reader)
    return reader.takeError();
  auto shapes = pair->getOutputShapes();
  auto chosen = chooseScores(options, pair->outputs(), shapes);
  if (!chosen)
    return chosen.takeError();
  ComparisonStatistics statistics(shapes, *chosen);
  bool perRow = pair->getBatch() > 1;
  int64_t samples =
      perRow ? (*reader)->getRowCount() : (*reader)->getRunCount();
  auto labels = Labels::open(options, samples, statistics,
                             std::max<int64_t>(1, statistics.getNumPixels()));
  if (!labels)
    return labels.takeError();
  while (true) {
    llvm::Expected<bool> more = (*reader)->next(pair->inputBuffers());
    if (!more)
      return more.takeError();
    if (!*more)
      return statistics;
    if (llvm::Error error = pair->run())
      return llvm::createStringError((*reader)->describeLast() + ": " +
                                     llvm::toString(std::move(error)));
    pair->compare(perRow ? (*reader)->getLastRows() : 1, statistics, *labels);
  }
}
