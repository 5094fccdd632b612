//===- Options.cpp - The command line of quant-compile --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Calibration/Calibrator.h"
#include "qnn/Driver/Compile.h"
#include "qnn/Support/CommandLine.h"
#include "qnn/Target/ObjectEmitter.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace mlir::qnn;
namespace cl = llvm::cl;

namespace {
/// The options as the user spells them.
struct CommandLine {
  cl::OptionCategory output{"Output"};
  cl::OptionCategory quantization{"Quantization"};
  cl::OptionCategory accuracy{"Accuracy (--precision=auto)"};
  cl::OptionCategory target{"Target"};

  cl::opt<std::string> model{cl::Positional,
                             cl::desc("MODEL.onnx|MODEL.tflite|MODEL.mlir"),
                             cl::cat(output)};
  cl::opt<std::string> out{"o", cl::desc("Where to write the result"),
                           cl::value_desc("OUT"), cl::cat(output)};
  cl::opt<std::string> emit{
      "emit", cl::value_desc("mlir|onnx|llvm|asm|obj|shared"), cl::cat(output),
      cl::desc("Kind of the result (default: by the extension of OUT: .mlir, "
               ".onnx, .ll, .s, .so, else an object)")};
  cl::opt<std::string> header{
      "header", cl::value_desc("FILE.h"), cl::cat(output),
      cl::desc("C header of the object (default: OUT with .h, for obj and "
               "shared)")};
  cl::opt<std::string> report{
      "report", cl::value_desc("FILE.html|FILE.json"), cl::cat(output),
      cl::desc("Write coverage, sizes, times, ranges and reasons of all layers "
               "as a page, or as JSON")};
  cl::opt<bool> remarks{
      "remarks", cl::cat(output),
      cl::desc("Print every decision about a layer with its reason (default: "
               "only why layers fall back to float)")};
  cl::list<std::string> errorOn{
      "error-on", cl::value_desc("float-fallback"), cl::CommaSeparated,
      cl::cat(output),
      cl::desc("Fail, and write nothing, when a layer is float that no rule of "
               "yours keeps float")};
  cl::opt<std::string> name{
      "name", cl::value_desc("IDENTIFIER"), cl::cat(output),
      cl::desc("Prefix of the exported names (default: the stem of OUT)")};
  cl::opt<std::string> io{
      "io", cl::value_desc("float|quantized"), cl::init("float"),
      cl::cat(output),
      cl::desc("Inputs and outputs as f32 (default), or as the integers the "
               "network computes with")};
  cl::opt<std::string> requantize{
      "requantize", cl::value_desc("factor|fixed-point"), cl::init("factor"),
      cl::cat(output),
      cl::desc(
          "Bring sums to 8 bits by an f32 factor (default), or in integers "
          "only, as the reference kernels of TFLite")};
  cl::list<std::string> shapes{
      "input-shape", cl::value_desc("NAME:1x3x224x224"), cl::cat(output),
      cl::desc("Shape of an input whose dimensions the model leaves open")};

  cl::opt<std::string> precision{
      "precision", cl::value_desc("int8|auto|bf16|f32"), cl::init("int8"),
      cl::cat(quantization),
      cl::desc("int8 (default; needs calibration data or a cache), auto (int8 "
               "with the ranges, remedies and float layers that the "
               "calibration data ask for), bf16 (f32 whose matrix products "
               "and convolutions multiply bf16) or f32")};
  cl::opt<bool> printSchedule{
      "print-schedule", cl::cat(target),
      cl::desc("Print how each level of --march computes each layer, and the "
               "predicted time")};
  cl::opt<bool> force{
      "force", cl::cat(quantization),
      cl::desc("Quantize layers also where int8 is predicted to be slower than "
               "float at the best level of --march")};
  cl::list<std::string> rules{
      "precision-rule", cl::value_desc("PATTERN=float|bf16|int8|int4|int16"),
      cl::cat(quantization),
      cl::desc("Precision of the layers whose name or op matches PATTERN (* "
               "and ? are wildcards); a later rule wins")};
  cl::list<std::string> data{
      "calibration-data", cl::value_desc("FILE.npz|FILE.npy|DIR"),
      cl::cat(quantization),
      cl::desc("Samples along axis 0: .npz has an array per input")};
  cl::opt<std::string> cache{
      "calibration-cache", cl::value_desc("FILE.json"), cl::cat(quantization),
      cl::desc("Written when there are calibration data, else read")};
  cl::opt<std::string> table{
      "calibration-table", cl::value_desc("FILE"), cl::cat(quantization),
      cl::desc("Write the scales of all tensors as TensorRT's calibration "
               "cache; names are those of --precision=f32 --emit=onnx")};
  cl::opt<std::string> calibrator{
      "calibrator", cl::value_desc("NAME"), cl::init("minmax"),
      cl::cat(quantization),
      cl::desc("How ranges follow from what was seen: minmax (default), "
               "average, percentile, entropy or mse")};
  // A string: the message of cl::opt<double> is not one `error:` line.
  cl::opt<std::string> percentile{
      "percentile", cl::value_desc("P"), cl::init("99.99"),
      cl::cat(quantization),
      cl::desc("Percent of the values that --calibrator=percentile keeps "
               "(default 99.99)")};

  cl::opt<std::string> activations{
      "activations", cl::value_desc("asymmetric|symmetric"),
      cl::init("asymmetric"), cl::cat(quantization),
      cl::desc("Ranges of activations as they are (default), or around 0, for "
               "targets that need zero points 0")};
  cl::opt<std::string> weights{
      "weights", cl::value_desc("per-channel|per-tensor"),
      cl::init("per-channel"), cl::cat(quantization),
      cl::desc("A scale for each output channel (default), or one per layer")};

  cl::opt<std::string> maxDrop{
      "max-drop", cl::value_desc("POINTS"), cl::cat(accuracy),
      cl::desc("Contract: points of top-1 accuracy that may be lost against "
               "float; needs --labels")};
  cl::opt<std::string> minSqnr{
      "min-sqnr", cl::value_desc("DB"), cl::cat(accuracy),
      cl::desc("Contract: decibels of signal over quantization noise that "
               "every output must have")};
  cl::opt<std::string> labels{
      "labels", cl::value_desc("FILE.npy"), cl::cat(accuracy),
      cl::desc("The class of each sample, int32 or int64")};
  cl::list<std::string> validation{
      "validation-data", cl::value_desc("FILE.npz|FILE.npy|DIR"),
      cl::cat(accuracy),
      cl::desc("Samples on which a choice is measured, and to which the labels "
               "belong (default: the calibration data)")};
  cl::opt<std::string> minimize{
      "minimize", cl::value_desc("time|size"), cl::init("time"),
      cl::cat(accuracy),
      cl::desc("Of the choices that keep the contract the fastest (default), "
               "or the one with the fewest bytes of weights")};
  cl::opt<std::string> timeBudget{
      "time-budget", cl::value_desc("SECONDS"), cl::cat(accuracy),
      cl::desc(
          "Try nothing new after that time; the best choice so far counts")};
  cl::opt<std::string> recipe{
      "recipe", cl::value_desc("FILE.json"), cl::cat(accuracy),
      cl::desc("Apply what --save-recipe wrote instead of searching")};
  cl::opt<std::string> saveRecipe{"save-recipe", cl::value_desc("FILE.json"),
                                  cl::cat(accuracy),
                                  cl::desc("Write what was decided, and why")};

  cl::opt<std::string> march{
      "march", cl::value_desc("native|LEVEL[,LEVEL...]"), cl::cat(target),
      cl::desc("Instruction-set levels in the object; the best one is chosen "
               "at run time (default: native, or all levels of a --target of "
               "another architecture)")};
  cl::opt<std::string> triple{
      "target", cl::value_desc("TRIPLE"), cl::cat(target),
      cl::desc("Compile for another machine, e.g. aarch64-linux-gnu")};
};
} // namespace

static llvm::Error makeError(const Twine &message) {
  return llvm::createStringError(
      std::make_error_code(std::errc::invalid_argument), message);
}

static llvm::Error badChoice(StringRef option, StringRef choices,
                             StringRef got) {
  return makeError("--" + option + ": expected " + choices + ", got '" + got +
                   "'");
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

static llvm::Expected<OutputKind> getKind(const CommandLine &line) {
  if (line.emit.getNumOccurrences() == 0)
    return llvm::StringSwitch<OutputKind>(
               llvm::sys::path::extension(line.out.getValue()))
        .Case(".mlir", OutputKind::MLIR)
        .Case(".onnx", OutputKind::ONNX)
        .Case(".ll", OutputKind::LLVM)
        .Case(".s", OutputKind::Assembly)
        .Case(".so", OutputKind::Shared)
        .Default(OutputKind::Object);
  auto kind = llvm::StringSwitch<std::optional<OutputKind>>(line.emit)
                  .Case("mlir", OutputKind::MLIR)
                  .Case("onnx", OutputKind::ONNX)
                  .Case("llvm", OutputKind::LLVM)
                  .Case("asm", OutputKind::Assembly)
                  .Case("obj", OutputKind::Object)
                  .Case("shared", OutputKind::Shared)
                  .Default(std::nullopt);
  if (!kind)
    return badChoice("emit", "mlir, onnx, llvm, asm, obj or shared", line.emit);
  return *kind;
}

static llvm::Error setOutput(CommandLine &line, CompileOptions &options) {
  if (line.model.empty() || line.out.empty())
    return makeError("expected a model and an output: quant-compile "
                     "MODEL.onnx -o model.o (see --help)");
  options.input = line.model;
  options.output = line.out;
  llvm::Expected<OutputKind> kind = getKind(line);
  if (!kind)
    return kind.takeError();
  options.kind = *kind;
  options.report = line.report;
  options.header = line.header;
  bool linkable = *kind == OutputKind::Object || *kind == OutputKind::Shared;
  bool isModel = *kind == OutputKind::MLIR || *kind == OutputKind::ONNX;
  if (isModel && !options.header.empty())
    return makeError("--header: expected --emit=obj, shared, asm or llvm; MLIR "
                     "and ONNX have no C interface");
  if (line.header.getNumOccurrences() == 0 && linkable && line.out != "-") {
    SmallString<128> header(line.out.getValue());
    llvm::sys::path::replace_extension(header, ".h");
    options.header = header.str();
  }
  if (options.header == options.output ||
      (!options.report.empty() &&
       (options.report == options.output || options.report == options.header)))
    return makeError("expected different files for -o, --header and --report");
  options.printSchedule = line.printSchedule;
  if (line.printSchedule && isModel)
    return makeError("--print-schedule: expected --emit=obj, shared, asm or "
                     "llvm; MLIR and ONNX have no schedules");
  if (line.printSchedule && line.out == "-")
    return makeError("--print-schedule: expected -o FILE; standard output is "
                     "for the schedules");
  options.name = line.name;
  if (line.name.getNumOccurrences() == 0) {
    StringRef stem = llvm::sys::path::stem(line.out.getValue());
    options.name = line.out == "-" ? "net" : getCIdentifier(stem);
  } else if (getCIdentifier(line.name) != line.name) {
    return badChoice("name",
                     "a C identifier such as " + getCIdentifier(line.name),
                     line.name);
  }
  options.inputShapes = line.shapes;
  return llvm::Error::success();
}

static llvm::Error setQuantization(CommandLine &line, CompileOptions &options) {
  auto precision = llvm::StringSwitch<std::optional<Precision>>(line.precision)
                       .Case("int8", Precision::Int8)
                       .Case("auto", Precision::Auto)
                       .Case("bf16", Precision::BF16)
                       .Case("f32", Precision::Float32)
                       .Default(std::nullopt);
  if (!precision)
    return badChoice("precision", "int8, auto, bf16 or f32", line.precision);
  if (line.io != "float" && line.io != "quantized")
    return badChoice("io", "float or quantized", line.io);
  if (line.requantize != "factor" && line.requantize != "fixed-point")
    return badChoice("requantize", "factor or fixed-point", line.requantize);
  if (!parseCalibrator(line.calibrator) && line.calibrator != kAutoCalibrator)
    return badChoice("calibrator", getCalibratorNames(", ", ", ") + " or auto",
                     line.calibrator);
  if (!llvm::to_float(line.percentile.getValue(), options.percentile) ||
      !(options.percentile > 0 && options.percentile <= 100))
    return badChoice("percentile", "a number in (0, 100]", line.percentile);
  if (line.percentile.getNumOccurrences() && line.calibrator != "percentile")
    return makeError("--percentile is of no use without "
                     "--calibrator=percentile");
  if (line.activations != "asymmetric" && line.activations != "symmetric")
    return badChoice("activations", "asymmetric or symmetric",
                     line.activations);
  if (line.weights != "per-channel" && line.weights != "per-tensor")
    return badChoice("weights", "per-channel or per-tensor", line.weights);
  options.symmetricActivations = line.activations == "symmetric";
  options.perTensorWeights = line.weights == "per-tensor";
  options.precision = *precision;
  options.quantizedIO = line.io == "quantized";
  options.fixedPoint = line.requantize == "fixed-point";
  options.calibrator = line.calibrator;
  options.precisionRules = line.rules;
  options.remarks = line.remarks;
  for (StringRef event : line.errorOn)
    if (event != "float-fallback")
      return badChoice("error-on", "float-fallback", event);
  options.errorOnFallback = line.errorOn.getNumOccurrences() > 0;
  options.force = line.force;
  options.calibrationData = line.data;
  options.calibrationCache = line.cache;
  options.calibrationTable = line.table;
  bool isBF16 = options.precision == Precision::BF16;
  if (options.precision != Precision::Float32 && !isBF16)
    return llvm::Error::success();
  auto checkUnused = [&](const cl::Option &option) -> llvm::Error {
    if (option.getNumOccurrences() == 0)
      return llvm::Error::success();
    return makeError("--" + option.ArgStr +
                     " is of no use with --precision=" + line.precision);
  };
  for (StringRef rule : line.rules)
    if (isBF16 && !rule.ends_with("=float") && !rule.ends_with("=bf16"))
      return badChoice("precision-rule",
                       "PATTERN=float or PATTERN=bf16 with --precision=bf16",
                       rule);
  if (!isBF16)
    if (llvm::Error error = checkUnused(line.rules))
      return error;
  if (llvm::Error error = checkUnused(line.errorOn))
    return error;
  if (llvm::Error error = checkUnused(line.force))
    return error;
  if (llvm::Error error = checkUnused(line.data))
    return error;
  if (llvm::Error error = checkUnused(line.cache))
    return error;
  if (llvm::Error error = checkUnused(line.table))
    return error;
  if (llvm::Error error = checkUnused(line.requantize))
    return error;
  if (options.quantizedIO)
    return makeError("--io=quantized needs --precision=int8: a float network "
                     "has no integers");
  return llvm::Error::success();
}

/// The value of a number option, none where it was not given.
static llvm::Error setNumber(const cl::opt<std::string> &option,
                             StringRef expected, bool (*isGood)(double),
                             std::optional<double> &value) {
  if (option.getNumOccurrences() == 0)
    return llvm::Error::success();
  double number;
  if (!llvm::to_float(option.getValue(), number) || !isGood(number))
    return badChoice(option.ArgStr, expected, option);
  value = number;
  return llvm::Error::success();
}

static llvm::Error setAccuracy(CommandLine &line, CompileOptions &options) {
  std::optional<double> budget;
  if (llvm::Error error = setNumber(
          line.maxDrop, "points from 0 to 100",
          [](double x) { return x >= 0 && x <= 100; }, options.maxDrop))
    return error;
  if (llvm::Error error = setNumber(
          line.minSqnr, "a number of decibels from -100 to 100",
          [](double x) { return x >= -100 && x <= 100; }, options.minSqnr))
    return error;
  if (llvm::Error error = setNumber(
          line.timeBudget, "a number of seconds above 0",
          [](double x) { return x > 0; }, budget))
    return error;
  options.timeBudget = budget.value_or(0);
  options.minimizeSize = line.minimize == "size";
  if (!options.minimizeSize && line.minimize != "time")
    return badChoice("minimize", "time or size", line.minimize);
  options.labels = line.labels;
  options.validationData = line.validation;
  options.recipe = line.recipe;
  options.saveRecipe = line.saveRecipe;
  bool hasContract = options.maxDrop || options.minSqnr;
  // A contract or a recipe asks for auto by itself.
  if (line.precision.getNumOccurrences() == 0 &&
      (hasContract || !options.recipe.empty()))
    options.precision = Precision::Auto;
  using Option = std::reference_wrapper<const cl::Option>;
  for (const cl::Option &option : std::initializer_list<Option>{
           line.maxDrop, line.minSqnr, line.labels, line.validation,
           line.timeBudget, line.recipe, line.saveRecipe})
    if (option.getNumOccurrences() && options.precision != Precision::Auto)
      return makeError("--" + option.ArgStr + " needs --precision=auto");
  if (!options.recipe.empty() &&
      (hasContract || !options.labels.empty() || !options.saveRecipe.empty() ||
       options.timeBudget > 0 || !options.validationData.empty()))
    return makeError("--recipe applies decisions: it takes no --max-drop, "
                     "--min-sqnr, --labels, --validation-data, --time-budget "
                     "or --save-recipe");
  if (options.minimizeSize && !hasContract)
    return makeError("--minimize=size needs to know what may be lost for it: "
                     "give --max-drop or --min-sqnr");
  for (const cl::Option &option :
       std::initializer_list<Option>{line.activations, line.weights})
    if (option.getNumOccurrences() && options.precision != Precision::Int8)
      return makeError("--" + option.ArgStr + " needs --precision=int8");
  if (options.symmetricActivations && options.calibrator == kAutoCalibrator)
    return makeError("--activations=symmetric needs a --calibrator other than "
                     "auto");
  if (options.maxDrop && options.labels.empty())
    return makeError("--max-drop needs the true classes: give "
                     "--labels=FILE.npy, or ask for --min-sqnr");
  if (options.precision == Precision::Auto &&
      (line.calibrator.getNumOccurrences() || line.cache.getNumOccurrences()))
    return makeError("--precision=auto chooses calibrators on the calibration "
                     "data itself: leave --calibrator and --calibration-cache "
                     "out");
  return llvm::Error::success();
}

static llvm::Error setTarget(const CommandLine &line, CompileOptions &options) {
  llvm::Triple host(llvm::sys::getDefaultTargetTriple());
  llvm::Triple triple = host;
  if (line.triple.getNumOccurrences() != 0)
    triple = llvm::Triple(llvm::Triple::normalize(line.triple));
  if (llvm::Error error = checkTarget(triple))
    return error;
  options.target = triple.str();
  options.march = line.march;
  options.namesLevels =
      line.march.getNumOccurrences() != 0 && line.march != "native";
  if (line.march.getNumOccurrences() == 0) {
    options.march = "native";
    if (triple.getArch() != host.getArch()) {
      SmallVector<StringRef> names;
      for (const TargetLevel &level : getLevels(triple.getArch()))
        names.push_back(level.name);
      options.march = llvm::join(names, ",");
    }
  }
  return parseLevels(options.march, triple).takeError();
}

llvm::Expected<CompileOptions> qnn::parseCompileOptions(int argc, char **argv) {
  CommandLine line;
  cl::HideUnrelatedOptions(
      {&line.output, &line.quantization, &line.accuracy, &line.target});
  if (llvm::Error error = parseCommandLine(
          argc, argv,
          "Compiles a neural network to an object file without "
          "dependencies.\n\n"
          "  quant-compile model.onnx --calibration-data=samples.npz -o "
          "model.o\n"
          "  quant-compile model.onnx --precision=f32 -o model.so\n"))
    return std::move(error);
  CompileOptions options;
  if (llvm::Error error = setOutput(line, options))
    return std::move(error);
  if (llvm::Error error = setQuantization(line, options))
    return std::move(error);
  if (llvm::Error error = setAccuracy(line, options))
    return std::move(error);
  if (llvm::Error error = setTarget(line, options))
    return std::move(error);
  return options;
}
