//===- SampleReader.cpp - Calibration data, one sample at a time ----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Calibration/SampleReader.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;

static NpyType getArrayType(const TensorInfo &input) {
  switch (input.type) {
  case abi::Int32:
    return NpyType::Int32;
  case abi::Int64:
    return NpyType::Int64;
  case abi::Bool:
    return NpyType::Bool;
  case abi::Int8:
    return NpyType::Int8;
  case abi::UInt8:
    return NpyType::UInt8;
  default:
    return NpyType::Float32;
  }
}

int64_t qnn::getSampleWords(const TensorInfo &input) {
  return llvm::divideCeil(ShapedType::getNumElements(input.shape) *
                              getNpyTypeSize(getArrayType(input)),
                          sizeof(float));
}

namespace {
/// The array of one input in an open file.
struct Source {
  std::unique_ptr<NpyStream> stream;
  int64_t samples = 0;          ///< in the array
  int64_t samplesPerRun = 1;    ///< read for each run
  int64_t sampleSize = 0;       ///< bytes of one sample
  int64_t done = 0;             ///< samples read
  SmallVector<uint64_t> hashes; ///< of the samples of the last run

  int64_t getRuns() const {
    return (samples + samplesPerRun - 1) / samplesPerRun;
  }
};
} // namespace

struct SampleReader::OpenFile {
  std::string path;
  std::unique_ptr<NpzReader> archive;
  std::vector<Source> sources; ///< one per input; destroyed before `archive`
  int64_t runs = 0, done = 0;
  size_t origin = 0; ///< into SampleReader::sources
};

SampleReader::SampleReader() = default;
SampleReader::~SampleReader() = default;

static llvm::Error makeError(const Twine &message) {
  return llvm::createStringError(
      std::make_error_code(std::errc::invalid_argument), message);
}

//===----------------------------------------------------------------------===//
// Finding files
//===----------------------------------------------------------------------===//

static bool isSampleFile(StringRef path) {
  StringRef extension = llvm::sys::path::extension(path);
  return extension == ".npy" || extension == ".npz";
}

static llvm::Error addFiles(StringRef path, StringRef what,
                            std::vector<std::string> &files) {
  if (!llvm::sys::fs::exists(path))
    return makeError(Twine(what) + " '" + path + "' does not exist");
  if (!llvm::sys::fs::is_directory(path)) {
    if (!isSampleFile(path))
      return makeError(Twine(what) + " '" + path +
                       "': expected an .npz file, an .npy file or a directory");
    files.push_back(path.str());
    return llvm::Error::success();
  }
  std::vector<std::string> found;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator entry(path, code), end;
       !code && entry != end; entry.increment(code))
    if (isSampleFile(entry->path()))
      found.push_back(entry->path());
  if (code)
    return makeError(Twine(what) + " '" + path + "': " + code.message());
  if (found.empty())
    return makeError(Twine(what) + " '" + path +
                     "': expected .npz or .npy files in the directory");
  llvm::sort(found);
  llvm::append_range(files, found);
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Opening
//===----------------------------------------------------------------------===//

/// How the array of `stream` is read for `input`.
static llvm::Expected<Source> makeSource(std::unique_ptr<NpyStream> stream,
                                         const TensorInfo &input,
                                         StringRef path, StringRef what) {
  ArrayRef<int64_t> shape = stream->getShape(), wanted = input.shape;
  std::string got = describeArray(stream->getType(), shape);
  NpyType type = getArrayType(input);
  std::string typeName = getNpyTypeName(type).str();
  if (stream->getType() != type)
    return makeError(Twine(what) + " '" + path + "': expected " + typeName +
                     " for '" + input.name + "', got " + got +
                     ": convert with a.astype('" + typeName + "')");
  Source source;
  int64_t whole = ShapedType::getNumElements(wanted);
  if (shape.size() == wanted.size() + 1 && shape.drop_front() == wanted) {
    source.samples = shape[0];
    source.sampleSize = whole;
  } else if (!wanted.empty() && shape.size() == wanted.size() &&
             shape.drop_front() == wanted.drop_front()) {
    source.samples = shape[0];
    source.samplesPerRun = wanted[0];
    source.sampleSize = whole / wanted[0];
  } else if (!wanted.empty() && shape == wanted.drop_front()) {
    source.samples = 1;
    source.samplesPerRun = wanted[0];
    source.sampleSize = whole / wanted[0];
  } else {
    std::string rest =
        wanted.empty() ? "" : describeArray(type, wanted.drop_front());
    return makeError(Twine(what) + " '" + path +
                     "': expected samples of shape " +
                     (wanted.empty() ? typeName : rest) + " for input '" +
                     input.name + "' along axis 0, got " + got);
  }
  if (source.samples == 0)
    return makeError(Twine(what) + " '" + path + "': no samples for input '" +
                     input.name + "'");
  source.sampleSize *= getNpyTypeSize(type);
  source.stream = std::move(stream);
  return source;
}

llvm::Expected<std::unique_ptr<SampleReader::OpenFile>>
SampleReader::openFile(StringRef path) const {
  auto file = std::make_unique<OpenFile>();
  file->path = path.str();
  bool isArchive = path.ends_with(".npz");
  if (!isArchive && inputs.size() != 1)
    return makeError(Twine(what) + " '" + path + "': the network has " +
                     Twine(inputs.size()) +
                     " inputs: give an .npz file with one array per input");
  if (isArchive) {
    auto archive = NpzReader::open(path);
    if (!archive)
      return archive.takeError();
    file->archive = std::move(*archive);
  }
  for (const TensorInfo &input : inputs) {
    if (isArchive && !llvm::is_contained(file->archive->getNames(), input.name))
      return makeError(Twine(what) + " '" + path +
                       "': expected an array named like the input '" +
                       input.name + "', got " +
                       llvm::join(file->archive->getNames(), ", "));
    auto stream =
        isArchive ? file->archive->stream(input.name) : NpyStream::open(path);
    if (!stream)
      return stream.takeError();
    auto source = makeSource(std::move(*stream), input, path, what);
    if (!source)
      return source.takeError();
    if (file->sources.empty())
      file->runs = source->getRuns();
    if (file->runs != source->getRuns())
      return makeError(Twine(what) + " '" + path + "': input '" +
                       inputs.front().name + "' has samples for " +
                       Twine(file->runs) + " runs, input '" + input.name +
                       "' for " + Twine(source->getRuns()));
    file->sources.push_back(std::move(*source));
  }
  return file;
}

llvm::Expected<std::unique_ptr<SampleReader>>
SampleReader::open(ArrayRef<std::string> paths, ArrayRef<TensorInfo> inputs,
                   StringRef what) {
  std::unique_ptr<SampleReader> reader(new SampleReader);
  reader->inputs.assign(inputs.begin(), inputs.end());
  reader->what = what.str();
  if (inputs.empty())
    return makeError("the network has no inputs for " + what);
  for (const TensorInfo &input : inputs)
    if (ShapedType::getNumElements(input.shape) == 0)
      return makeError("input '" + input.name + "' has no elements");
  for (StringRef path : paths) {
    std::vector<std::string> found;
    if (llvm::Error error = addFiles(path, what, found))
      return std::move(error);
    for (std::string &file : found)
      reader->files.emplace_back(std::move(file), reader->sources.size());
    reader->sources.push_back({path.str(), 0, 0});
  }
  for (const auto &[path, origin] : reader->files) {
    auto file = reader->openFile(path);
    if (!file)
      return file.takeError();
    reader->runCount += (*file)->runs;
    const Source &source = (*file)->sources.front();
    reader->sampleCount += source.samples;
    bool wholeBatches = source.samplesPerRun == 1 && !inputs[0].shape.empty();
    reader->rowCount +=
        source.samples * (wholeBatches ? inputs[0].shape[0] : 1);
  }
  return reader;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

int64_t SampleReader::getLastRows() const {
  const Source &source = current->sources.front();
  ArrayRef<int64_t> shape = inputs.front().shape;
  if (source.samplesPerRun == 1)
    return shape.empty() ? 1 : shape.front();
  return (source.done - 1) % source.samplesPerRun + 1;
}

std::string SampleReader::describeLast() const {
  const Source &source = current->sources.front();
  int64_t last = source.done - 1;
  int64_t first = last / source.samplesPerRun * source.samplesPerRun;
  std::string text = first == last ? "sample " : "samples ";
  text += std::to_string(first);
  if (first != last)
    text += " to " + std::to_string(last);
  return text + " of '" + current->path + "'";
}

/// Whether all f32 numbers in `bytes` are finite.
static bool isFinite(ArrayRef<char> bytes) {
  for (size_t i = 0; i < bytes.size(); i += sizeof(float)) {
    float value;
    std::memcpy(&value, &bytes[i], sizeof(value));
    if (!std::isfinite(value))
      return false;
  }
  return true;
}

/// Reads the samples of one input for one run.
llvm::Error SampleReader::fill(size_t input, MutableArrayRef<float> words) {
  Source &source = current->sources[input];
  MutableArrayRef<char> buffer(reinterpret_cast<char *>(words.data()),
                               source.samplesPerRun * source.sampleSize);
  int64_t count = std::min(source.samplesPerRun, source.samples - source.done);
  source.hashes.clear();
  for (int64_t i = 0; i < count; ++i) {
    MutableArrayRef<char> sample =
        buffer.slice(i * source.sampleSize, source.sampleSize);
    if (llvm::Error error = source.stream->read(sample))
      return error;
    if (source.stream->getType() == NpyType::Float32 && !isFinite(sample))
      return makeError(Twine(what) + " '" + current->path + "': sample " +
                       Twine(source.done + i) + " of input '" +
                       inputs[input].name + "' holds NaN or infinity");
    source.hashes.push_back(llvm::xxh3_64bits(ArrayRef(
        reinterpret_cast<const uint8_t *>(sample.data()), sample.size())));
  }
  // A file with fewer samples than a batch: repeat them.
  if (source.done == 0)
    for (size_t i = count * source.sampleSize; i < buffer.size(); ++i)
      buffer[i] = buffer[i - count * source.sampleSize];
  source.done += count;
  return llvm::Error::success();
}

BatchInfo SampleReader::getLastBatch() const {
  const Source &first = current->sources.front();
  for (const Source &source : current->sources)
    if (source.samplesPerRun != first.samplesPerRun ||
        source.hashes.size() != first.hashes.size())
      return {};
  return {first.samplesPerRun, int64_t(first.hashes.size())};
}

/// Adds the samples of the last run to their source.
void SampleReader::countSamples() {
  CalibrationSource &origin = sources[current->origin];
  origin.samples += current->sources.front().hashes.size();
  // Values that are read together belong together: a sample's hash is of the
  // hashes of all inputs.
  int64_t samples = getLastBatch().filled;
  for (int64_t i = 0; i < samples; ++i) {
    SmallVector<uint64_t> hashes;
    for (const Source &source : current->sources)
      llvm::append_range(hashes, samples > 1
                                     ? ArrayRef(source.hashes).slice(i, 1)
                                     : ArrayRef(source.hashes));
    origin.data += llvm::xxh3_64bits(
        ArrayRef(reinterpret_cast<const uint8_t *>(hashes.data()),
                 hashes.size() * sizeof(uint64_t)));
  }
}

llvm::Expected<bool>
SampleReader::next(ArrayRef<MutableArrayRef<float>> buffers) {
  if (current && current->done == current->runs)
    current.reset();
  if (!current) {
    if (nextFile == files.size())
      return false;
    const auto &[path, origin] = files[nextFile++];
    auto file = openFile(path);
    if (!file)
      return file.takeError();
    current = std::move(*file);
    current->origin = origin;
  }
  for (size_t i = 0; i < inputs.size(); ++i)
    if (llvm::Error error = fill(i, buffers[i]))
      return std::move(error);
  ++current->done;
  countSamples();
  return true;
}
