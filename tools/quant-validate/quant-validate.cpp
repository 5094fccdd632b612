//===- quant-validate.cpp - Holds a network against its reference ---------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Support/CommandLine.h"
#include "qnn/Validate/Validate.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

namespace cl = llvm::cl;
using namespace mlir::qnn;

namespace {
struct CommandLine {
  cl::OptionCategory category{"quant-validate options"};
  cl::opt<std::string> reference{cl::Positional, cl::Required,
                                 cl::desc("REFERENCE CANDIDATE"),
                                 cl::cat(category)};
  cl::opt<std::string> candidate{cl::Positional, cl::Required, cl::desc(""),
                                 cl::cat(category)};
  cl::list<std::string> data{
      "data", cl::value_desc("FILE.npz|FILE.npy|DIR"), cl::cat(category),
      cl::desc("Samples along axis 0: .npz has an array per input")};
  cl::opt<std::string> labels{
      "labels", cl::value_desc("FILE.npy"), cl::cat(category),
      cl::desc("The true class of every sample (or pixel), int32 or int64")};
  cl::list<std::string> shapes{
      "input-shape", cl::value_desc("NAME:1x3x224x224"), cl::cat(category),
      cl::desc("Shape of an input whose dimensions an ONNX model leaves open")};
  // Strings: the messages of llvm::cl's numbers are not one `error:` line.
  cl::opt<std::string> topK{
      "top-k", cl::value_desc("K"), cl::init("5"), cl::cat(category),
      cl::desc("Also count labels among the K largest scores (default 5)")};
  cl::opt<std::string> maxDrop{
      "max-drop", cl::value_desc("POINTS"), cl::cat(category),
      cl::desc("Contract: top-1 loses at most so many percentage points")};
  cl::opt<std::string> minSqnr{
      "min-sqnr", cl::value_desc("DB"), cl::cat(category),
      cl::desc("Contract: every output has at least this "
               "signal-to-quantization-noise ratio")};
  cl::opt<std::string> minAgreement{
      "min-agreement", cl::value_desc("PERCENT"), cl::cat(category),
      cl::desc("Contract: at least so many predictions are the same")};
  cl::opt<std::string> worst{
      "worst", cl::value_desc("N"), cl::init("10"), cl::cat(category),
      cl::desc("List the N worst samples and flipped predictions (default "
               "10)")};
  cl::opt<bool> json{"json", cl::cat(category),
                     cl::desc("Print one JSON object as the last line")};
};
} // namespace

static llvm::Error parseNumber(const cl::opt<std::string> &option,
                               std::optional<double> &value) {
  double number;
  if (option.getNumOccurrences() == 0)
    return llvm::Error::success();
  if (!llvm::to_float(option.getValue(), number) || !std::isfinite(number))
    return llvm::createStringError("--" + option.ArgStr +
                                   ": expected a number, got '" +
                                   option.getValue() + "'");
  value = number;
  return llvm::Error::success();
}

static llvm::Expected<ValidateOptions> parseOptions(int argc, char **argv) {
  CommandLine line;
  cl::HideUnrelatedOptions(line.category);
  if (llvm::Error error = parseCommandLine(
          argc, argv,
          "Runs two networks, each MODEL.onnx, MODEL.tflite (as f32), "
          "MODEL.mlir or "
          "MODEL.so, on the same\nsamples and says how far the candidate is "
          "from the reference.\nExit code: 0 when the contract is kept, 2 when "
          "it is violated, 1 after an error.\n\n"
          "  quant-validate model.onnx model.so --data=samples.npz "
          "--labels=classes.npy --max-drop=0.5\n"))
    return std::move(error);
  ValidateOptions options;
  options.reference = line.reference;
  options.candidate = line.candidate;
  options.data = line.data;
  options.labels = line.labels;
  options.inputShapes = line.shapes;
  options.json = line.json;
  if (options.data.empty())
    return llvm::createStringError("expected samples: give --data=FILE.npz");
  auto topK = parseCount("top-k", line.topK, 1);
  if (!topK)
    return topK.takeError();
  auto worst = parseCount("worst", line.worst, 0);
  if (!worst)
    return worst.takeError();
  options.topK = *topK;
  options.worst = *worst;
  if (llvm::Error error = parseNumber(line.maxDrop, options.maxDrop))
    return std::move(error);
  if (llvm::Error error = parseNumber(line.minSqnr, options.minSqnr))
    return std::move(error);
  if (llvm::Error error = parseNumber(line.minAgreement, options.minAgreement))
    return std::move(error);
  return options;
}

static int fail(llvm::Error error) {
  llvm::errs() << "error: " << llvm::toString(std::move(error)) << '\n';
  return 1;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::Expected<ValidateOptions> options = parseOptions(argc, argv);
  if (!options)
    return fail(options.takeError());
  auto violations = validateNetworks(*options, llvm::outs());
  if (!violations)
    return fail(violations.takeError());
  return violations->empty() ? 0 : 2;
}
