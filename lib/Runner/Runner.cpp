//===- Runner.cpp - What quant-run does -----------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Runner/Runner.h"

#include "Profile.h"

#include "qnn/Runner/Network.h"
#include "qnn/Support/OutputFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <charconv>
#include <chrono>
#include <random>

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

namespace {
/// Row-major elements of a tensor at an address aligned to 64 bytes.
class Buffer {
public:
  static llvm::Expected<Buffer> allocate(const PortInfo &info) {
    Buffer buffer;
    buffer.memory = llvm::WritableMemoryBuffer::getNewUninitMemBuffer(
        info.getNumBytes(), "", llvm::Align(64));
    if (!buffer.memory)
      return llvm::createStringError("out of memory for '" + info.name + "'");
    return buffer;
  }
  char *data() const { return memory->getBufferStart(); }
  ArrayRef<char> bytes() const { return memory->getBuffer(); }

private:
  std::unique_ptr<llvm::WritableMemoryBuffer> memory;
};
} // namespace

static llvm::Expected<std::vector<Buffer>>
allocateAll(ArrayRef<PortInfo> infos) {
  std::vector<Buffer> buffers;
  for (const PortInfo &info : infos) {
    auto buffer = Buffer::allocate(info);
    if (!buffer)
      return buffer.takeError();
    buffers.push_back(std::move(*buffer));
  }
  return buffers;
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

/// The index of the input that `argument` ("NAME=FILE") names, and the file.
/// Names may contain '=': the longest input name that fits wins.
static llvm::Expected<std::pair<size_t, StringRef>>
findInput(const Network &network, StringRef argument) {
  std::optional<size_t> found;
  std::string known;
  for (auto [i, info] : llvm::enumerate(network.inputs())) {
    known += (known.empty() ? "'" : ", '") + info.name + "'";
    StringRef rest = argument;
    if (rest.consume_front(info.name) && rest.starts_with("=") &&
        (!found || network.inputs()[*found].name.size() < info.name.size()))
      found = i;
  }
  if (found)
    return std::make_pair(
        *found, argument.drop_front(network.inputs()[*found].name.size() + 1));
  if (!argument.contains('='))
    return llvm::createStringError("expected --input=NAME=FILE.npy, got '" +
                                   argument + "'");
  return llvm::createStringError("unknown input '" + argument.split('=').first +
                                 "': the network has " +
                                 (known.empty() ? "no inputs" : known));
}

/// The array of `info` in an .npy file, or by its name in an .npz archive.
static llvm::Expected<NpyArray> readArray(const PortInfo &info,
                                          StringRef file) {
  if (!file.ends_with(".npz"))
    return readNpy(file);
  auto archive = NpzReader::open(file);
  if (!archive)
    return archive.takeError();
  return (*archive)->read(info.name);
}

/// The array has the type and shape of the input.
static llvm::Error checkArray(const PortInfo &info, const NpyArray &array,
                              StringRef file) {
  std::string expected = describeArray(info.type, info.shape);
  std::string got = describeArray(array.getType(), array.getShape());
  if (array.getType() != info.type)
    return llvm::createStringError("input '" + info.name + "': expected " +
                                   expected + ", got " + got + " in " + file +
                                   ": convert with a.astype('" +
                                   getNpyTypeName(info.type) + "')");
  if (array.getShape() != ArrayRef(info.shape))
    return llvm::createStringError("input '" + info.name + "': expected " +
                                   expected + ", got " + got + " in " + file);
  return llvm::Error::success();
}

/// Reproducible pseudo-random elements: floats in [-1, 1), integers over the
/// range of their type, those of 64 bits, which are indices, 0 to 255.
static void fillRandom(NpyType type, MutableArrayRef<char> bytes) {
  std::mt19937 engine(0);
  if (type == NpyType::Bool || type == NpyType::Int64) {
    size_t size = getNpyTypeSize(type);
    for (size_t i = 0; i < bytes.size(); i += size) {
      int64_t value = type == NpyType::Bool ? engine() & 1 : engine() & 255;
      std::memcpy(bytes.data() + i, &value, size); // little-endian
    }
    return;
  }
  if (type != NpyType::Float32) {
    for (char &byte : bytes)
      byte = static_cast<char>(engine());
    return;
  }
  for (size_t i = 0; i < bytes.size(); i += sizeof(float)) {
    float value = static_cast<float>(engine() >> 8) * 0x1p-23f - 1.0f;
    std::memcpy(bytes.data() + i, &value, sizeof(value));
  }
}

/// One filled buffer per network input.
static llvm::Expected<std::vector<Buffer>>
loadInputs(const Network &network, const RunOptions &options) {
  auto buffers = allocateAll(network.inputs());
  if (!buffers)
    return buffers.takeError();
  bool random =
      (options.bench > 0 || options.profile > 0) && options.inputs.empty();
  std::vector<bool> given(buffers->size(), random);
  for (size_t i = 0; random && i < buffers->size(); ++i)
    fillRandom(network.inputs()[i].type,
               {(*buffers)[i].data(), (*buffers)[i].bytes().size()});
  for (StringRef argument : options.inputs) {
    auto input = findInput(network, argument);
    if (!input)
      return input.takeError();
    auto [index, file] = *input;
    const PortInfo &info = network.inputs()[index];
    if (given[index])
      return llvm::createStringError("input '" + info.name +
                                     "' is given twice");
    given[index] = true;
    auto array = readArray(info, file);
    if (!array)
      return array.takeError();
    if (llvm::Error error = checkArray(info, *array, file))
      return std::move(error);
    llvm::copy(array->getBytes(), (*buffers)[index].data());
  }
  for (auto [info, isGiven] : llvm::zip(network.inputs(), given))
    if (!isGiven)
      return llvm::createStringError("missing input '" + info.name + "' (" +
                                     describeArray(info.type, info.shape) +
                                     "): give it with --input=" + info.name +
                                     "=FILE.npy");
  return buffers;
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

/// The file name of every output; an error when two outputs share one.
static llvm::Expected<std::vector<std::string>>
getFileNames(ArrayRef<PortInfo> outputs) {
  std::vector<std::string> names;
  llvm::StringMap<std::string> owners;
  for (const PortInfo &info : outputs) {
    std::string name = info.name;
    for (char &c : name)
      if (!llvm::isAlnum(c) && c != '_' && c != '.' && c != '-')
        c = '_';
    name += ".npy";
    auto [owner, isNew] = owners.try_emplace(name, info.name);
    if (!isNew)
      return llvm::createStringError("outputs '" + owner->second + "' and '" +
                                     info.name + "' would both be written to " +
                                     name);
    names.push_back(name);
  }
  return names;
}

static llvm::Error writeOutputs(const Network &network,
                                ArrayRef<Buffer> buffers, StringRef directory) {
  auto names = getFileNames(network.outputs());
  if (!names)
    return names.takeError();
  if (std::error_code code = llvm::sys::fs::create_directories(directory))
    return llvm::createStringError(directory + ": " + code.message());
  OutputFiles files;
  for (auto [info, buffer, name] :
       llvm::zip(network.outputs(), buffers, *names)) {
    SmallString<128> path(directory);
    llvm::sys::path::append(path, name);
    files.add(path.str().str(),
              formatNpy(info.type, info.shape, buffer.bytes()));
  }
  return files.write();
}

template <typename T> static std::string formatElement(const char *from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value))
      return "nan";
    // The shortest text that reads back as the same number.
    char text[64];
    return std::string(text, std::to_chars(text, text + 64, value).ptr);
  }
  return std::to_string(value);
}

static std::string formatElement(NpyType type, const char *from) {
  switch (type) {
  case NpyType::Float32:
    return formatElement<float>(from);
  case NpyType::Int8:
    return formatElement<int8_t>(from);
  case NpyType::UInt8:
    return formatElement<uint8_t>(from);
  case NpyType::Int16:
    return formatElement<int16_t>(from);
  case NpyType::UInt16:
    return formatElement<uint16_t>(from);
  case NpyType::Bool:
    return *from ? "true" : "false";
  case NpyType::Int64:
    return formatElement<int64_t>(from);
  default:
    return formatElement<int32_t>(from);
  }
}

/// Prints the elements in row-major order: blanks between them, commas between
/// rows of the last dimension.
static void printElements(const PortInfo &info, const Buffer &buffer,
                          llvm::raw_ostream &os) {
  size_t size = getNpyTypeSize(info.type);
  size_t row = info.shape.empty() ? 1 : info.shape.back();
  size_t count = info.getNumBytes() / size;
  for (size_t i = 0; i < count; ++i)
    os << (i > 0 && i % row == 0 ? ", " : " ")
       << formatElement(info.type, buffer.data() + i * size);
}

static void printOutputs(const Network &network, ArrayRef<Buffer> buffers,
                         bool values, llvm::raw_ostream &os) {
  for (auto [info, buffer] : llvm::zip(network.outputs(), buffers)) {
    os << info.name << ": " << describeArray(info.type, info.shape);
    if (values) {
      os << " =";
      printElements(info, buffer, os);
    }
    os << '\n';
  }
}

//===----------------------------------------------------------------------===//
// Measuring and reporting
//===----------------------------------------------------------------------===//

/// Sorted wall-clock times of `runs` runs, in milliseconds.
static llvm::Expected<std::vector<double>>
measure(Network &network, ArrayRef<const void *> inputs,
        ArrayRef<void *> outputs, unsigned runs) {
  std::vector<double> times;
  for (unsigned i = 0; i < runs; ++i) {
    auto start = std::chrono::steady_clock::now();
    if (llvm::Error error = network.run(inputs, outputs))
      return std::move(error);
    std::chrono::duration<double, std::milli> time =
        std::chrono::steady_clock::now() - start;
    times.push_back(time.count());
  }
  llvm::sort(times);
  return times;
}

static double getMedian(ArrayRef<double> sorted) {
  size_t middle = sorted.size() / 2;
  return sorted.size() % 2 ? sorted[middle]
                           : (sorted[middle - 1] + sorted[middle]) / 2;
}

static void printJson(const Network &network, ArrayRef<double> times,
                      const Profile *profile, llvm::raw_ostream &os) {
  llvm::json::OStream json(os);
  json.object([&] {
    json.attributeArray("outputs", [&] {
      for (const PortInfo &info : network.outputs())
        json.object([&] {
          json.attribute("name", llvm::json::fixUTF8(info.name));
          json.attributeArray("shape", [&] {
            for (int64_t size : info.shape)
              json.value(size);
          });
          json.attribute("type", getNpyTypeName(info.type));
        });
    });
    if (profile)
      profile->printJson(json);
    if (!times.empty()) {
      json.attribute("median_ms", getMedian(times));
      json.attribute("min_ms", times.front());
      json.attribute("runs", static_cast<int64_t>(times.size()));
    }
    if (profile || !times.empty())
      json.attribute("threads", static_cast<int64_t>(network.getNumThreads()));
  });
  os << '\n';
}

/// Runs one network as `options` say.
static llvm::Error runNetwork(Network &network, const RunOptions &options,
                              llvm::raw_ostream &os) {
  // Refuse colliding names before the long part.
  if (!options.outputDir.empty())
    if (auto names = getFileNames(network.outputs()); !names)
      return names.takeError();
  auto inputs = loadInputs(network, options);
  if (!inputs)
    return inputs.takeError();
  auto outputs = allocateAll(network.outputs());
  if (!outputs)
    return outputs.takeError();
  SmallVector<const void *> from;
  SmallVector<void *> to;
  for (const Buffer &buffer : *inputs)
    from.push_back(buffer.data());
  for (const Buffer &buffer : *outputs)
    to.push_back(buffer.data());

  if (llvm::Error error = network.run(from, to))
    return error;
  auto times = measure(network, from, to, options.bench);
  if (!times)
    return times.takeError();
  std::optional<Profile> profile;
  if (options.profile) {
    auto measured = Profile::measure(network, from, to, options.profile);
    if (!measured)
      return measured.takeError();
    profile = std::move(*measured);
  }
  if (!options.outputDir.empty())
    if (llvm::Error error = writeOutputs(network, *outputs, options.outputDir))
      return error;
  printOutputs(network, *outputs, options.print, os);
  if (!times->empty())
    os << llvm::formatv("{0} runs, median {1:f5} ms, min {2:f5} ms, {3} "
                        "thread(s)\n",
                        times->size(), getMedian(*times), times->front(),
                        network.getNumThreads());
  if (profile)
    profile->print(os);
  if (options.json)
    printJson(network, *times, profile ? &*profile : nullptr, os);
  return llvm::Error::success();
}

/// Shared objects are told from .mlir files by their first bytes.
static llvm::Expected<std::vector<std::unique_ptr<Network>>>
openNetworks(const RunOptions &options) {
  llvm::file_magic magic;
  if (std::error_code code = llvm::identify_magic(options.file, magic))
    return llvm::createStringError("cannot read '" + options.file +
                                   "': " + code.message());
  bool isObject = magic.is_object();
  if (!isObject)
    return openInterpreted(options.file, options.entry,
                           options.print ? EntryChoice::All : EntryChoice::One);
  if (!options.entry.empty())
    return llvm::createStringError(
        "--entry is for .mlir files: a shared object has one "
        "network");
  auto network = openSharedObject(options.file, options.threads);
  if (!network)
    return network.takeError();
  std::vector<std::unique_ptr<Network>> networks;
  networks.push_back(std::move(*network));
  return networks;
}

llvm::Error qnn::runNetworks(const RunOptions &options, llvm::raw_ostream &os) {
  auto networks = openNetworks(options);
  if (!networks)
    return networks.takeError();
  for (auto &network : *networks)
    if (options.threads > network->getNumThreads())
      llvm::errs() << "note: the reference interpreter runs on one thread, "
                      "not on "
                   << options.threads << '\n';
  for (auto &network : *networks)
    if (llvm::Error error = runNetwork(*network, options, os))
      return error;
  return llvm::Error::success();
}
