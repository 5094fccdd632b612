//===- Emit.cpp - From the Quantized stage to files -----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compilation.h"

#include "qnn/Export/ONNX/Exporter.h"

#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::qnn;

/// Says what int8 covers and what the choices cost; refuses fallbacks where the
/// user does.
llvm::Error Compilation::explain() {
  auto level = getBestLevel();
  if (!level)
    return level.takeError();
  explainChoices(getFunction(), **level, diagnostics);
  coverage = measureCoverage(getFunction(), diagnostics.getRemarks());
  if (options.precision == Precision::BF16) {
    printBF16Coverage(*coverage, log);
    return llvm::Error::success();
  }
  // With --remarks the reasons have been printed.
  printCoverage(*coverage, !options.remarks, log);
  return options.errorOnFallback ? checkFallbacks(*coverage)
                                 : llvm::Error::success();
}

ReportInput Compilation::getReportInput(const GeneratedCode *code,
                                        uint64_t bytes) const {
  return {options,
          calibration ? &*calibration : nullptr,
          code,
          bytes,
          coverage ? &*coverage : nullptr,
          diagnostics.getRemarks(),
          accuracy ? &*accuracy : nullptr};
}

llvm::Error Compilation::emit() {
  if (options.quantizedIO)
    if (llvm::Error error = exposeQuantizedIO(getFunction()))
      return error;
  if (options.kind == OutputKind::MLIR)
    return emitMLIR();
  return options.kind == OutputKind::ONNX ? emitONNX() : emitCode();
}

llvm::Error Compilation::emitMLIR() {
  std::string text;
  llvm::raw_string_ostream stream(text);
  // The locations are the names of layers.
  module->print(stream, OpPrintingFlags().enableDebugInfo());
  stream << '\n';
  if (!options.report.empty())
    files.add(options.report,
              writeReport(getFunction(), getReportInput(nullptr, text.size())));
  files.add(options.output, std::move(text));
  return files.write();
}

llvm::Error Compilation::emitONNX() {
  std::string dataFile = options.output + ".data";
  auto model = exportONNX(getFunction(), llvm::sys::path::filename(dataFile));
  if (!model)
    return model.takeError();
  if (!model->externalData.empty() && options.output == "-")
    return llvm::createStringError("--emit=onnx: expected -o FILE.onnx, as "
                                   "models above 2 GB have a second file");
  if (!options.report.empty())
    files.add(options.report,
              writeReport(getFunction(),
                          getReportInput(nullptr, model->bytes.size())));
  files.add(options.output, std::move(model->bytes));
  if (!model->externalData.empty())
    files.add(dataFile, std::move(model->externalData));
  return files.write();
}

/// The bytes of the output file. Empties code.module.
llvm::Expected<std::string> Compilation::emitFile(GeneratedCode &code) {
  if (llvm::Error error = optimizeModule(*code.module))
    return std::move(error);
  EmitKind kind = options.kind == OutputKind::LLVM       ? EmitKind::LLVM
                  : options.kind == OutputKind::Assembly ? EmitKind::Assembly
                                                         : EmitKind::Object;
  llvm::Expected<std::string> bytes = emitModule(*code.module, kind);
  if (!bytes || options.kind != OutputKind::Shared)
    return bytes;
  return linkShared(*bytes, llvm::sys::path::filename(options.output), triple);
}

/// Replaces levels that add nothing but bf16 by those they extend.
static void dropBF16(SmallVectorImpl<const TargetLevel *> &levels) {
  for (const TargetLevel *&level : levels)
    if (level->hasBF16 && !level->hasTiles)
      --level; // the table lists them behind it
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
}

/// Code reaches the constants of an object by 32-bit distances; the rest is for
/// the code and for what the linker puts between.
static constexpr int64_t kMaxConstantBytes =
    (int64_t(1) << 31) - (int64_t(1) << 26);

static llvm::Error checkConstantBytes(func::FuncOp func) {
  int64_t bytes = 0;
  func.walk([&](ConstantOp op) {
    auto type = cast<ShapedType>(op.getValue().getType());
    bytes += llvm::divideCeil(
        type.getNumElements() * type.getElementTypeBitWidth(), 8);
  });
  if (bytes <= kMaxConstantBytes)
    return llvm::Error::success();
  return llvm::createStringError(
      "expected constants of at most %lld bytes in one object, got %lld: "
      "quantize the network, int8 weights are a quarter of float ones, or "
      "split it",
      (long long)kMaxConstantBytes, (long long)bytes);
}

llvm::Error Compilation::emitCode() {
  if (llvm::Error error = checkConstantBytes(getFunction()))
    return error;
  auto levels = parseLevels(options.march, triple);
  if (!levels)
    return levels.takeError();
  if (!options.namesLevels && getFunction().getOps<ToBF16Op>().empty())
    dropBF16(*levels);
  llvm::LLVMContext llvmContext;
  FailureOr<GeneratedCode> code =
      generateCode(*module, *levels, triple, llvmContext);
  if (failed(code))
    return llvm::createStringError("cannot generate code for the network");
  if (options.printSchedule && !isInterim)
    printSchedules(code->schedules, llvm::outs());
  EntryOptions entry;
  entry.name = options.name;
  if (llvm::Error error = prepareModule(*code, triple))
    return error;
  auto selftest = makeSelftestVector(getFunction(), *code, triple);
  if (!selftest)
    return selftest.takeError();
  entry.selftest = *selftest;
  if (llvm::Error error = addEntryPoints(*code, entry))
    return error;
  llvm::Expected<std::string> bytes = emitFile(*code);
  if (!bytes)
    return bytes.takeError();
  if (!options.header.empty())
    files.add(options.header, writeHeader(*code, entry));
  if (!options.report.empty())
    files.add(
        options.report,
        writeReport(getFunction(), getReportInput(&*code, bytes->size())));
  files.add(options.output, std::move(*bytes),
            options.kind == OutputKind::Shared);
  return files.write();
}
