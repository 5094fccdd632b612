//===- ObjectEmitter.cpp - LLVM's part of emitting an object --------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Target/ObjectEmitter.h"

#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

using namespace llvm;
using namespace mlir::qnn;

static void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeAArch64AsmParser();
  });
}

Error mlir::qnn::checkTarget(const Triple &triple) {
  if (getLevels(triple.getArch()).empty() || !triple.isOSBinFormatELF() ||
      triple.isX32() || triple.getEnvironment() == Triple::GNUILP32)
    return createStringError("target '" + triple.str() +
                             "' is not supported: expected an ELF target of "
                             "x86_64 or aarch64, such as aarch64-linux-gnu");
  return Error::success();
}

/// PIC code for the architecture's baseline; functions add features. Fused
/// operations are only those the code asks for.
static Expected<std::unique_ptr<TargetMachine>>
createMachine(const Triple &triple) {
  initializeTargets();
  std::string message;
  const Target *target = TargetRegistry::lookupTarget(triple.str(), message);
  if (!target)
    return createStringError("target '" + triple.str() + "': " + message);
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Strict;
  options.MCOptions.AsmVerbose = true;
  StringRef cpu = triple.getArch() == Triple::x86_64 ? "x86-64" : "generic";
  return std::unique_ptr<TargetMachine>(
      target->createTargetMachine(triple.str(), cpu, "", options, Reloc::PIC_,
                                  std::nullopt, CodeGenOptLevel::Default));
}

Error mlir::qnn::prepareModule(GeneratedCode &code, const Triple &triple) {
  Expected<std::unique_ptr<TargetMachine>> machine = createMachine(triple);
  if (!machine)
    return machine.takeError();
  Module &module = *code.module;
  module.setTargetTriple(triple.str());
  module.setDataLayout((*machine)->createDataLayout());
  if (module.getPICLevel() == PICLevel::NotPIC)
    module.setPICLevel(PICLevel::BigPIC);
  for (const TargetLevel *level : code.levels)
    if (!module.getFunction(getRunFunctionName(*level)))
      return createStringError("generated code lacks level " + level->name);
  return Error::success();
}

Error mlir::qnn::parseIntoModule(StringRef text, Module &module) {
  SMDiagnostic diagnostic;
  std::string message;
  raw_string_ostream stream(message);
  if (parseAssemblyInto(MemoryBufferRef(text, "entry points"), &module, nullptr,
                        diagnostic)) {
    diagnostic.print(nullptr, stream, /*ShowColors=*/false);
    return createStringError(message);
  }
  if (verifyModule(module, &stream))
    return createStringError(message);
  return Error::success();
}

Error mlir::qnn::optimizeModule(Module &module) {
  Expected<std::unique_ptr<TargetMachine>> machine =
      createMachine(Triple(module.getTargetTriple()));
  if (!machine)
    return machine.takeError();
  // The kernels are vectorized, unrolled and scheduled already.
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.LoopInterleaving = false;
  tuning.SLPVectorization = false;
  tuning.LoopUnrolling = false;
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager graph;
  ModuleAnalysisManager modules;
  PassBuilder builder(machine->get(), tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graph, modules);
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O2)
      .run(module, modules);
  return Error::success();
}

Expected<std::string> mlir::qnn::emitModule(Module &module, EmitKind kind) {
  std::string result;
  if (kind == EmitKind::LLVM) {
    raw_string_ostream stream(result);
    module.print(stream, nullptr);
    return result;
  }
  Expected<std::unique_ptr<TargetMachine>> machine =
      createMachine(Triple(module.getTargetTriple()));
  if (!machine)
    return machine.takeError();
  SmallString<0> bytes;
  raw_svector_ostream stream(bytes);
  legacy::PassManager passes;
  CodeGenFileType type = kind == EmitKind::Assembly
                             ? CodeGenFileType::AssemblyFile
                             : CodeGenFileType::ObjectFile;
  if ((*machine)->addPassesToEmitFile(passes, stream, nullptr, type))
    return createStringError("LLVM cannot emit this file type for target '" +
                             module.getTargetTriple() + "'");
  passes.run(module);
  return bytes.str().str();
}
