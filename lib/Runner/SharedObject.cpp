//===- SharedObject.cpp - Networks run from a shared object ---------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The prefix of a network's names is the model's, so it is looked up in the
// file: the dynamic symbol NAME_describe that has a NAME_run next to it.
//
//===----------------------------------------------------------------------===//

#include "Threads.h"

#include "qnn/Runner/Network.h"
#include "qnn/Target/ObjectABI.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <dlfcn.h>

using namespace mlir;
using namespace mlir::qnn;

namespace {
class SharedObjectNetwork final : public Network {
public:
  explicit SharedObjectNetwork(unsigned threads) : threads(threads) {}
  static llvm::Expected<std::unique_ptr<Network>> open(StringRef path,
                                                       unsigned threads);
  ~SharedObjectNetwork() override {
    if (library)
      dlclose(library);
  }

  ArrayRef<PortInfo> inputs() const override { return inputInfos; }
  ArrayRef<PortInfo> outputs() const override { return outputInfos; }
  unsigned getNumThreads() const override { return threads.count(); }
  llvm::Error run(ArrayRef<const void *> inputs, ArrayRef<void *> outputs,
                  ProfileFn profile) override;
  ArrayRef<LayerInfo> layers() const override { return layerInfos; }
  StringRef level() const override { return levelName; }

private:
  llvm::Error load(StringRef path, const std::string &prefix);

  Threads threads;
  void *library = nullptr;
  abi::RunFn entry = nullptr;
  std::unique_ptr<llvm::WritableMemoryBuffer> arena;
  std::vector<PortInfo> inputInfos, outputInfos;
  std::string levelName;
  std::vector<LayerInfo> layerInfos;
  llvm::DenseMap<const char *, size_t> layerIndices; ///< by name
};
} // namespace

/// The model's prefix in a shared object of this machine's architecture.
static llvm::Expected<std::string> findPrefix(StringRef path) {
  auto binary = llvm::object::ObjectFile::createObjectFile(path);
  if (!binary)
    return llvm::createStringError(
        path +
        ": expected a shared object (.so) or an .mlir "
        "file: " +
        llvm::toString(binary.takeError()));
  auto *file = dyn_cast<llvm::object::ELFObjectFileBase>(binary->getBinary());
  if (!file || file->getEType() != llvm::ELF::ET_DYN)
    return llvm::createStringError(
        path + ": expected a shared object, got another kind of "
               "object file: compile with --emit=shared");
  llvm::Triple host(llvm::sys::getProcessTriple());
  if (file->getArch() != host.getArch())
    return llvm::createStringError(
        path + ": expected a shared object for " + host.getArchName() +
        ", got one for " + llvm::Triple::getArchTypeName(file->getArch()));
  llvm::StringSet<> names;
  for (llvm::object::ELFSymbolRef symbol : file->getDynamicSymbolIterators()) {
    llvm::Expected<StringRef> name = symbol.getName();
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    if (name && flags && !(*flags & llvm::object::SymbolRef::SF_Undefined))
      names.insert(*name);
    llvm::consumeError(name.takeError());
    llvm::consumeError(flags.takeError());
  }
  std::vector<std::string> prefixes;
  for (const auto &entry : names) {
    StringRef name = entry.getKey();
    if (name.consume_back("_describe") && names.contains((name + "_run").str()))
      prefixes.push_back(name.str());
  }
  if (prefixes.size() == 1)
    return prefixes.front();
  if (prefixes.empty())
    return llvm::createStringError(
        path + ": expected a network compiled by quant-compile, "
               "got a shared object without NAME_describe");
  llvm::sort(prefixes);
  return llvm::createStringError(path + ": expected one network, got " +
                                 llvm::join(prefixes, ", "));
}

static std::vector<PortInfo> getInfos(const abi::TensorInfo *tensors,
                                      uint32_t count) {
  std::vector<PortInfo> infos;
  for (const abi::TensorInfo &tensor : ArrayRef(tensors, count))
    infos.push_back(
        {tensor.name, getArrayType(abi::ElementType(tensor.type)),
         SmallVector<int64_t>(ArrayRef(tensor.shape, tensor.rank))});
  return infos;
}

static std::vector<LayerInfo> getLayers(ArrayRef<abi::LayerInfo> layers) {
  std::vector<LayerInfo> infos;
  for (const abi::LayerInfo &layer : layers)
    infos.push_back({layer.name, layer.kind, layer.type == abi::Float32,
                     layer.units, layer.macs, layer.weightBytes,
                     layer.inputBytes, layer.outputBytes,
                     layer.predictedNanoseconds});
  return infos;
}

llvm::Error SharedObjectNetwork::load(StringRef path,
                                      const std::string &prefix) {
  // A name without '/' would be searched in the system's directories.
  SmallString<128> absolute(path);
  llvm::sys::fs::make_absolute(absolute);
  library = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return llvm::createStringError(path + ": cannot be loaded: " + dlerror());
  auto describe = reinterpret_cast<abi::DescribeFn>(
      dlsym(library, (prefix + "_describe").c_str()));
  entry =
      reinterpret_cast<abi::RunFn>(dlsym(library, (prefix + "_run").c_str()));
  if (!describe || !entry)
    return llvm::createStringError(path + ": expected functions " + prefix +
                                   "_describe and " + prefix + "_run");
  const abi::Info *info = describe();
  if (info->abiVersion != abi::kAbiVersion)
    return llvm::createStringError(
        path + ": expected ABI version " + Twine(abi::kAbiVersion) + ", got " +
        Twine(info->abiVersion) +
        ": compile the model again with this quant-compile");
  levelName = info->level;
  inputInfos = getInfos(info->inputs, info->inputCount);
  outputInfos = getInfos(info->outputs, info->outputCount);
  ArrayRef<abi::LayerInfo> layers(info->layers, info->layerCount);
  layerInfos = getLayers(layers);
  for (auto [i, layer] : llvm::enumerate(layers))
    layerIndices[layer.name] = i;
  arena = llvm::WritableMemoryBuffer::getNewUninitMemBuffer(
      info->arenaBytes, "", llvm::Align(abi::kAlign));
  if (!arena)
    return llvm::createStringError(path + ": out of memory for an arena of " +
                                   Twine(info->arenaBytes) + " bytes");
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Network>>
SharedObjectNetwork::open(StringRef path, unsigned threads) {
  auto prefix = findPrefix(path);
  if (!prefix)
    return prefix.takeError();
  auto network = std::make_unique<SharedObjectNetwork>(threads);
  if (llvm::Error error = network->load(path, *prefix))
    return std::move(error);
  return std::unique_ptr<Network>(std::move(network));
}

llvm::Error SharedObjectNetwork::run(ArrayRef<const void *> inputs,
                                     ArrayRef<void *> outputs,
                                     ProfileFn profile) {
  abi::Context context = {};
  auto note = [&](const char *layer, bool begins) {
    profile(layerIndices.lookup(layer), begins);
  };
  if (profile) {
    context.profileArgument = &note;
    context.profile = [](void *argument, const char *layer, int32_t begins) {
      (*static_cast<decltype(note) *>(argument))(layer, begins);
    };
  }
  context.arena = arena->getBufferStart();
  threads.setHook(context);
  if (int status = entry(&context, inputs.data(), outputs.data()))
    return llvm::createStringError("the network failed with status " +
                                   Twine(status));
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Network>>
qnn::openSharedObject(StringRef path, unsigned threads) {
  return SharedObjectNetwork::open(path, threads);
}
