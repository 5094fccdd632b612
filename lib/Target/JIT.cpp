//===- JIT.cpp - Run generated code in this process -----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The clone of the module goes through the same optimizer and emitter as an
// object file does and is then loaded, so what runs here is what ships.
//
//===----------------------------------------------------------------------===//

#include "qnn/Target/JIT.h"
#include "qnn/Target/ObjectABI.h"
#include "qnn/Target/ObjectEmitter.h"

#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/SHA256.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <cstdlib>
#include <mutex>
#include <sys/mman.h>

using namespace llvm;
using namespace mlir::qnn;

static constexpr StringLiteral kEntryName = "jit_run";

/// A function that takes the tensors as arrays and calls `run` with each.
static std::string writeEntry(const GeneratedCode &code, StringRef run) {
  // A context without hooks.
  std::string text = formatv("@{0}.context = internal constant [{1} x i8] "
                             "zeroinitializer, align 8\n",
                             kEntryName, sizeof(abi::Context));
  text += formatv("define void @{0}(ptr %arena, ptr %constants, "
                  "ptr %inputs, ptr %outputs, ptr %observe, "
                  "ptr %argument) nounwind {{\n",
                  kEntryName);
  std::string arguments = "ptr %arena, ptr %constants";
  auto loadAll = [&](StringRef which, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      text += formatv("  %{0}.{1}.at = getelementptr ptr, ptr %{0}, i64 {1}\n"
                      "  %{0}.{1} = load ptr, ptr %{0}.{1}.at\n",
                      which, i);
      arguments += formatv(", ptr %{0}.{1}", which, i);
    }
  };
  loadAll("inputs", code.inputs.size());
  loadAll("outputs", code.outputs.size());
  arguments += formatv(", ptr @{0}.context", kEntryName);
  if (!code.observed.empty())
    arguments += ", ptr %observe, ptr %argument";
  return text +
         formatv("  call void @{0}({1})\n  ret void\n}\n", run, arguments)
             .str();
}

/// The object of the entry and the one level that is to run.
static Expected<std::string> compile(const GeneratedCode &code,
                                     const TargetLevel &level) {
  GeneratedCode clone;
  clone.module = CloneModule(*code.module);
  clone.levels = {&level};
  Triple triple(sys::getProcessTriple());
  if (Error error = prepareModule(clone, triple))
    return std::move(error);
  std::string run = getRunFunctionName(level);
  for (Function &function : *clone.module)
    if (!function.isDeclaration())
      function.setLinkage(GlobalValue::InternalLinkage);
  if (Error error = parseIntoModule(writeEntry(code, run), *clone.module))
    return std::move(error);
  // Also drops the other levels, which nothing calls any more.
  if (Error error = optimizeModule(*clone.module))
    return std::move(error);
  return emitModule(*clone.module, EmitKind::Object);
}

JITNetwork::JITNetwork() : memory(nullptr, &std::free) {}
JITNetwork::~JITNetwork() = default;

static Expected<std::shared_ptr<orc::LLJIT>> load(std::string object) {
  Expected<std::shared_ptr<orc::LLJIT>> jit = orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  auto symbols = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      (*jit)->getDataLayout().getGlobalPrefix());
  if (!symbols)
    return symbols.takeError();
  (*jit)->getMainJITDylib().addGenerator(std::move(*symbols));
  if (Error error = (*jit)->addObjectFile(
          MemoryBuffer::getMemBufferCopy(object, "network.o")))
    return std::move(error);
  return jit;
}

/// The code of `level` of a network, compiled or shared with a network that is
/// alive and differs in its constants only.
static Expected<std::shared_ptr<orc::LLJIT>>
getCompiled(const GeneratedCode &code, const TargetLevel &level) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<orc::LLJIT>> known;
  SmallString<0> bitcode;
  raw_svector_ostream stream(bitcode);
  WriteBitcodeToFile(*code.module, stream);
  auto hash = SHA256::hash(arrayRefFromStringRef(bitcode.str()));
  std::string key(hash.begin(), hash.end());
  key += level.name;
  std::lock_guard<std::mutex> lock(mutex);
  if (std::shared_ptr<orc::LLJIT> jit = known[key].lock())
    return jit;
  Expected<std::string> object = compile(code, level);
  if (!object)
    return object.takeError();
  Expected<std::shared_ptr<orc::LLJIT>> jit = load(std::move(*object));
  if (jit)
    known[key] = *jit;
  return jit;
}

/// Memory in large pages where the system has them: a network reads all of its
/// weights in every run, 4 % faster so.
static char *allocateHugePages(uint64_t size) {
  constexpr uint64_t pageBytes = 2 << 20;
  static_assert(pageBytes % abi::kAlign == 0);
  size = alignTo(std::max<uint64_t>(size, 1), pageBytes);
  void *memory = std::aligned_alloc(pageBytes, size);
  if (!memory)
    report_bad_alloc_error("arena and constants of a network");
#ifdef MADV_HUGEPAGE
  (void)madvise(memory, size, MADV_HUGEPAGE); // Advice: ignoring it is fine.
#endif
  return static_cast<char *>(memory);
}

Expected<std::unique_ptr<JITNetwork>>
JITNetwork::create(const GeneratedCode &code) {
  const TargetLevel *best = nullptr;
  for (const TargetLevel *level : getExecutableLevels(
           Triple(sys::getProcessTriple()).getArch(), getHostCpuFeatures()))
    if (is_contained(code.levels, level))
      best = level;
  if (!best)
    return createStringError("this CPU executes no level of the network");
  std::unique_ptr<JITNetwork> network(new JITNetwork);
  auto jit = getCompiled(code, *best);
  if (!jit)
    return jit.takeError();
  network->jit = std::move(*jit);
  auto symbol = network->jit->lookup(kEntryName);
  if (!symbol)
    return symbol.takeError();
  network->entry = symbol->toPtr<EntryFn>();
  uint64_t arenaBytes = alignTo(code.arenaBytes, abi::kAlign);
  network->memory.reset(allocateHugePages(arenaBytes + code.constants.size()));
  network->arena = network->memory.get();
  network->constants = network->arena + arenaBytes;
  if (!code.constants.empty())
    std::memcpy(network->constants, code.constants.data(),
                code.constants.size());
  network->inputs = code.inputs;
  network->outputs = code.outputs;
  network->observed = code.observed;
  return network;
}

Expected<std::unique_ptr<JITNetwork>>
JITNetwork::create(mlir::ModuleOp network) {
  Triple triple(sys::getProcessTriple());
  mlir::SmallVector<const TargetLevel *> levels =
      getExecutableLevels(triple.getArch(), getHostCpuFeatures());
  if (levels.empty())
    return createStringError("running a network while compiling it needs a "
                             "machine of x86_64 or aarch64");
  LLVMContext context;
  mlir::FailureOr<GeneratedCode> code =
      generateCode(network, levels.back(), triple, context);
  if (failed(code))
    return createStringError("cannot generate code for the network");
  return create(*code);
}

/// What generated code calls for every observed tensor.
static void observeThunk(void *argument, int32_t index, const float *data,
                         int64_t rows, int64_t rowLength, int64_t rowStride) {
  auto &observe = *static_cast<JITNetwork::ObserveFn *>(argument);
  observe({index, data, rows, rowLength, rowStride});
}

void JITNetwork::run(ArrayRef<const void *> inputs, ArrayRef<void *> outputs,
                     ObserveFn observe) {
  assert(inputs.size() == this->inputs.size() &&
         outputs.size() == this->outputs.size() && "one pointer per tensor");
  assert((observed.empty() || observe) && "observed tensors need a callback");
  entry(arena, constants, inputs.data(), outputs.data(),
        reinterpret_cast<void *>(&observeThunk), &observe);
}
