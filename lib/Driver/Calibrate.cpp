//===- Calibrate.cpp - What quant-calibrate does --------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Driver/Calibrate.h"

#include "qnn/Calibration/Calibration.h"
#include "qnn/Driver/LoadModel.h"
#include "qnn/InitAll.h"
#include "qnn/Pipelines/Pipelines.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace mlir::qnn;

static llvm::Error run(const CalibrateOptions &options, MLIRContext *context,
                       raw_ostream &log) {
  auto module = loadModel(options.model, options.inputShapes, context);
  if (!module)
    return module.takeError();
  if (isQuantized(*(**module).getOps<func::FuncOp>().begin()))
    return llvm::createStringError("'" + options.model +
                                   "' is quantized already: it takes no "
                                   "calibration");
  PassManager passes(context);
  buildGraphPipeline(passes);
  CalibrationPipelineOptions observing;
  observing.rules = options.precisionRules;
  buildCalibrationPipeline(passes, observing);
  if (failed(passes.run(**module)))
    return llvm::createStringError("cannot insert observers into the network");
  llvm::Expected<CalibrationCache> cache =
      calibrate(**module, options.data, log);
  if (!cache)
    return cache.takeError();
  return cache->save(options.output);
}

llvm::Error qnn::calibrateModel(const CalibrateOptions &options,
                                raw_ostream &log) {
  DialectRegistry registry;
  registerAllDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  DiagnosticLog diagnostics(&context, log);
  if (llvm::Error error = run(options, &context, log))
    return diagnostics.take(std::move(error));
  return llvm::Error::success();
}

/// Warns of sources in `added`, the cache `path`, whose samples are in `before`
/// under whatever name.
static void warnOfRepeats(ArrayRef<CalibrationSource> before,
                          ArrayRef<CalibrationSource> added, StringRef path,
                          raw_ostream &log) {
  for (const CalibrationSource &source : added) {
    const auto *same =
        llvm::find_if(before, [&](const CalibrationSource &other) {
          return other.data == source.data && other.samples == source.samples;
        });
    if (same != before.end())
      log << "warning: '" << path << "': the " << source.samples
          << " samples of '" << source.path
          << "' are in the caches before it, as '" << same->path
          << "': they count twice\n";
  }
}

llvm::Error qnn::mergeCaches(ArrayRef<std::string> inputs, StringRef output,
                             raw_ostream &log) {
  std::optional<CalibrationCache> sum;
  for (const std::string &path : inputs) {
    llvm::Expected<CalibrationCache> cache = CalibrationCache::load(path);
    if (!cache)
      return cache.takeError();
    if (!sum) {
      sum = std::move(*cache);
      continue;
    }
    std::vector<CalibrationSource> before = sum->sources;
    if (llvm::Error error = sum->merge(*cache))
      return llvm::createStringError("cannot merge '" + path + "' with '" +
                                     inputs.front() +
                                     "': " + llvm::toString(std::move(error)));
    warnOfRepeats(before, cache->sources, path, log);
  }
  return sum->save(output);
}
