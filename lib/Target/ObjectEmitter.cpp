//===- ObjectEmitter.cpp - LLVM's part of emitting an object --------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Target/ObjectEmitter.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Intrinsics.h"
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

std::string mlir::qnn::getRunFunctionName(const TargetLevel &level) {
  std::string name = ("run_" + level.name).str();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

/// All functions with a body that `root` reaches by direct calls.
static SetVector<Function *> getCallees(Function *root) {
  SetVector<Function *> reached;
  reached.insert(root);
  for (size_t i = 0; i < reached.size(); ++i)
    for (Instruction &instruction : instructions(*reached[i]))
      for (Value *operand : instruction.operands())
        if (auto *callee = dyn_cast<Function>(operand))
          if (!callee->isDeclaration())
            reached.insert(callee);
  return reached;
}

static void setFeatures(Function &function, const TargetLevel &level) {
  if (!function.hasFnAttribute("target-features") && !level.features.empty())
    function.addFnAttr("target-features", level.features);
  if (level.vectorBits >= 512) {
    // Without both, types of 512 bits are split in two.
    function.addFnAttr("min-legal-vector-width", "512");
    function.addFnAttr("prefer-vector-width", "512");
  }
  function.addFnAttr(Attribute::NoUnwind);
}

/// MLIR lowers vector.fma to llvm.fmuladd, which may round twice. Our float
/// products are fused on every target.
static void fuseMultiplyAdds(Module &module) {
  for (Function &function : make_early_inc_range(module)) {
    if (function.getIntrinsicID() != Intrinsic::fmuladd)
      continue;
    function.replaceAllUsesWith(Intrinsic::getDeclaration(
        &module, Intrinsic::fma, function.getReturnType()));
    function.eraseFromParent();
  }
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
  fuseMultiplyAdds(module);
  for (const TargetLevel *level : code.levels) {
    Function *run = module.getFunction(getRunFunctionName(*level));
    if (!run)
      return createStringError("generated code lacks level " + level->name);
    for (Function *function : getCallees(run))
      setFeatures(*function, *level);
  }
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
