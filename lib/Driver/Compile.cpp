//===- Compile.cpp - What quant-compile does ------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Driver/Compile.h"

#include "Compilation.h"

#include "qnn/Calibration/Calibration.h"
#include "qnn/Dialect/QNN/Transforms/Passes.h"
#include "qnn/Driver/LoadModel.h"
#include "qnn/InitAll.h"
#include "qnn/Pipelines/Pipelines.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::qnn;

static llvm::Error makeError(const Twine &message) {
  return llvm::createStringError(
      std::make_error_code(std::errc::invalid_argument), message);
}

/// Says before any work what int8 needs.
llvm::Error Compilation::checkCalibration() {
  if (!options.calibrationData.empty() || !options.recipe.empty())
    return llvm::Error::success();
  if (options.precision == Precision::Auto ||
      options.calibrator == kAutoCalibrator)
    return makeError("choosing by what samples show needs samples: give "
                     "--calibration-data=FILE.npz");
  if (options.calibrationCache.empty())
    return makeError("--precision=int8 needs sample inputs to find the ranges "
                     "of tensors: give --calibration-data=FILE.npz (or a "
                     "--calibration-cache), or compile with --precision=f32");
  if (!llvm::sys::fs::exists(options.calibrationCache))
    return makeError("calibration cache '" + options.calibrationCache +
                     "' does not exist: give --calibration-data to write it");
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Passes
//===----------------------------------------------------------------------===//

llvm::Error Compilation::runPasses(function_ref<void(PassManager &)> build,
                                   StringRef what) {
  PassManager passes(context);
  diagnostics.follow(passes);
  build(passes);
  if (failed(passes.run(*module)))
    return makeError("cannot " + what + " the network");
  return llvm::Error::success();
}

/// Fills `calibration` and returns the cache file to read, which is a
/// temporary one (its path also in `temporary`) unless the user named one.
llvm::Expected<std::string>
Compilation::calibrateInto(SmallVectorImpl<char> &temporary) {
  std::string path = options.calibrationCache;
  if (options.calibrationData.empty()) {
    llvm::Expected<CalibrationCache> loaded = CalibrationCache::load(path);
    if (!loaded)
      return loaded.takeError();
    calibration = std::move(*loaded);
    return path;
  }
  llvm::Expected<CalibrationCache> seen =
      calibrate(*module, options.calibrationData, log);
  if (!seen)
    return seen.takeError();
  calibration = std::move(*seen);
  if (path.empty()) {
    if (std::error_code code = llvm::sys::fs::createTemporaryFile(
            "calibration", "json", temporary))
      return makeError("cannot create a temporary file: " + code.message());
    path = StringRef(temporary.data(), temporary.size()).str();
  }
  if (llvm::Error error = calibration->save(path))
    return std::move(error);
  return path;
}

llvm::Error Compilation::insertObservers() {
  CalibrationPipelineOptions observing;
  observing.rules = options.precisionRules;
  observing.perTensorWeights = options.perTensorWeights;
  observing.emitRemarks = true;
  auto observe = [&](PassManager &passes) {
    buildCalibrationPipeline(passes, observing);
  };
  return runPasses(observe, "insert observers into");
}

/// Takes ranges from `cache` unless it is empty, and keeps float what is faster
/// so.
llvm::Error Compilation::prepare(StringRef cache) {
  QuantizePipelineOptions preparing;
  preparing.cache = cache.str();
  preparing.method = options.calibrator;
  preparing.percentile = options.percentile;
  preparing.symmetric = options.symmetricActivations;
  if (!options.force) {
    auto level = getBestLevel();
    if (!level)
      return level.takeError();
    preparing.level = (*level)->name.str();
  }
  auto build = [&](PassManager &passes) {
    buildRangesPipeline(passes, preparing);
  };
  return runPasses(build, "find ranges of");
}

/// Quantizes with the ranges and precisions the module has.
llvm::Error Compilation::finish() {
  if (!isInterim && !accuracy && !options.report.empty() &&
      !options.calibrationData.empty()) {
    auto level = getBestLevel();
    if (!level)
      return level.takeError();
    auto measured = measureAccuracy(*module, options, **level,
                                    calibration ? &*calibration : nullptr);
    if (!measured)
      return measured.takeError();
    accuracy = std::move(*measured);
  }
  if (!isInterim && !options.calibrationTable.empty())
    files.add(options.calibrationTable, writeScaleTable(getFunction()));
  QuantizePipelineOptions quantizing;
  quantizing.integerResults = options.quantizedIO;
  quantizing.emitRemarks = !isInterim;
  auto build = [&](PassManager &passes) {
    buildQuantizePipeline(passes, quantizing);
  };
  return runPasses(build, "quantize");
}

llvm::Expected<const TargetLevel *> Compilation::getBestLevel() {
  auto levels = parseLevels(options.march, triple);
  if (!levels)
    return levels.takeError();
  return levels->back();
}

llvm::Error Compilation::quantize() {
  if (!options.recipe.empty())
    return quantizeByRecipe();
  if (options.precision == Precision::Auto)
    return quantizeAutomatically();
  if (llvm::Error error = insertObservers())
    return error;
  SmallString<128> temporary;
  auto cleanup = llvm::make_scope_exit([&] {
    if (!temporary.empty())
      llvm::sys::fs::remove(temporary);
  });
  llvm::Expected<std::string> cache = calibrateInto(temporary);
  if (!cache)
    return cache.takeError();
  bool isAuto = options.calibrator == kAutoCalibrator;
  if (isAuto)
    if (llvm::Error error = chooseCalibrators(*module, options, *calibration))
      return error;
  if (llvm::Error error = prepare(isAuto ? "" : *cache))
    return error;
  return finish();
}

/// A better network was found: whoever stops the search has this one.
llvm::Error Compilation::saveImproved(ModuleOp improved, const Recipe &recipe) {
  if (!options.maxDrop && !options.minSqnr)
    return llvm::Error::success();
  OwningOpRef<ModuleOp> original = std::move(module);
  module = cast<ModuleOp>(improved->clone());
  isInterim = true;
  if (!options.saveRecipe.empty())
    files.add(options.saveRecipe, recipe.toText());
  llvm::Error error = finish();
  if (!error)
    error = emit();
  isInterim = false;
  files = OutputFiles();
  module = std::move(original);
  return error;
}

/// Calibrates `module` and finds its ranges and remedies. Takes the module.
llvm::Expected<PreparedNetwork> Compilation::prepareNetwork() {
  if (llvm::Error error = insertObservers())
    return std::move(error);
  llvm::Expected<CalibrationCache> seen =
      calibrate(*module, options.calibrationData, log);
  if (!seen)
    return seen.takeError();
  PreparedNetwork network = {std::move(module), std::move(*seen), {}};
  if (llvm::Error error = improvePrepared(network, options))
    return std::move(error);
  return network;
}

llvm::Error Compilation::equalize() {
  auto build = [](PassManager &passes) {
    passes.addNestedPass<func::FuncOp>(createEqualizeChannelsPass());
  };
  return runPasses(build, "equalize the channels of");
}

/// The network as it is or with equalized channels, whichever has less noise.
llvm::Expected<PreparedNetwork> Compilation::prepareBest() {
  std::string graph = getGraphHash(getFunction());
  OwningOpRef<ModuleOp> original = cast<ModuleOp>(module->clone());
  auto plain = prepareNetwork();
  if (!plain)
    return plain;
  module = std::move(original);
  if (llvm::Error error = equalize())
    return std::move(error);
  if (getGraphHash(getFunction()) == graph)
    return plain;
  auto equalized = prepareNetwork();
  if (!equalized || equalized->improvement.noise >= plain->improvement.noise)
    return equalized ? std::move(plain) : std::move(equalized);
  auto &remedies = equalized->improvement.remedies;
  remedies.insert(remedies.begin(), "equalize-channels");
  return equalized;
}

llvm::Error Compilation::quantizeAutomatically() {
  std::string graph = getGraphHash(getFunction());
  auto level = getBestLevel();
  if (!level)
    return level.takeError();
  auto network = prepareBest();
  if (!network)
    return network.takeError();
  // Remedies come before precisions, as where a recipe is applied: they are the
  // same there.
  module = std::move(network->module);
  if (llvm::Error error = prepare(""))
    return error;
  network->module = std::move(module);
  auto save = [&](ModuleOp improved, const Recipe &recipe) {
    return saveImproved(improved, recipe);
  };
  llvm::Expected<AutoResult> result =
      choosePrecisions(*network, graph, options, **level, save, log);
  if (!result)
    return result.takeError();
  accuracy = std::move(result->report);
  calibration = std::move(network->cache);
  module = std::move(network->module);
  if (!options.saveRecipe.empty())
    files.add(options.saveRecipe, result->recipe.toText());
  return finish();
}

llvm::Error Compilation::quantizeByRecipe() {
  llvm::Expected<Recipe> recipe = Recipe::load(options.recipe);
  if (!recipe)
    return recipe.takeError();
  if (std::string graph = getGraphHash(getFunction()); graph != recipe->graph)
    return makeError("recipe '" + options.recipe + "' is of another network " +
                     "(graph " + recipe->graph + ", expected " + graph +
                     "); save a new one with --save-recipe");
  if (recipe->hasRemedy("equalize-channels"))
    if (llvm::Error error = equalize())
      return error;
  if (llvm::Error error = insertObservers())
    return error;
  if (llvm::Error error = applyRecipe(*recipe, *module, options))
    return error;
  return finish();
}

/// The model says itself how it is computed: options that choose are refused.
llvm::Error Compilation::compileQuantized() {
  auto refuse = [&](const Twine &why) {
    return makeError("'" + options.input + "' is quantized already: " + why);
  };
  if (options.precision == Precision::Float32 ||
      options.precision == Precision::BF16)
    return refuse("it cannot be compiled as float, leave --precision out");
  if (options.precision == Precision::Auto)
    return refuse("--precision=auto, contracts and recipes are for the float "
                  "model");
  if (!options.calibrationData.empty() || !options.calibrationCache.empty() ||
      !options.calibrationTable.empty())
    return refuse("it takes no calibration");
  if (!options.recipe.empty() || !options.precisionRules.empty())
    return refuse("recipes and precision rules are for the float model");
  if (options.force)
    return refuse("--force is of no use");
  GraphPipelineOptions folding;
  folding.emitRemarks = true;
  auto build = [&](PassManager &passes) {
    buildQuantizedModelPipeline(passes, folding);
  };
  return runPasses(build, "fold");
}

llvm::Error Compilation::useBF16() {
  BF16PipelineOptions products;
  products.rules = options.precisionRules;
  products.emitRemarks = true;
  auto build = [&](PassManager &passes) {
    buildBF16Pipeline(passes, products);
  };
  return runPasses(build, "find products in bf16 in");
}

llvm::Error Compilation::run() {
  auto loaded = loadModel(options.input, options.inputShapes, context);
  if (!loaded)
    return loaded.takeError();
  module = std::move(*loaded);
  if (options.fixedPoint)
    setFixedPoint(getFunction());
  if (isQuantized(getFunction())) {
    if (llvm::Error error = compileQuantized())
      return error;
  } else {
    bool isBF16 = options.precision == Precision::BF16;
    bool int8 = !isBF16 && options.precision != Precision::Float32;
    if (int8)
      if (llvm::Error error = checkCalibration())
        return error;
    GraphPipelineOptions cleaning;
    cleaning.emitRemarks = true;
    auto build = [&](PassManager &passes) {
      buildGraphPipeline(passes, cleaning);
    };
    if (llvm::Error error = runPasses(build, "clean up"))
      return error;
    if (int8)
      if (llvm::Error error = quantize())
        return error;
    if (isBF16)
      if (llvm::Error error = useBF16())
        return error;
  }
  if (options.precision != Precision::Float32)
    if (llvm::Error error = explain())
      return error;
  if (llvm::Error error = checkFixedPoint(getFunction()))
    return error;
  return emit();
}

llvm::Error qnn::compileModel(const CompileOptions &options, raw_ostream &log) {
  DialectRegistry registry;
  registerAllDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  DiagnosticLog diagnostics(&context, log, options.remarks);
  Compilation compilation(options, &context, diagnostics, log);
  if (llvm::Error error = compilation.run())
    return diagnostics.take(std::move(error));
  return llvm::Error::success();
}
