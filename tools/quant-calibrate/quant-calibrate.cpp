//===- quant-calibrate.cpp - Finds what values tensors take ---------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Driver/Calibrate.h"
#include "qnn/Support/CommandLine.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

namespace cl = llvm::cl;
using namespace mlir::qnn;

namespace {
struct CommandLine {
  cl::OptionCategory category{"quant-calibrate options"};
  cl::list<std::string> inputs{
      cl::Positional, cl::cat(category),
      cl::desc("MODEL.onnx|MODEL.tflite|MODEL.mlir | merge "
               "A.json B.json...")};
  cl::opt<std::string> out{"o", cl::desc("Where to write the cache"),
                           cl::value_desc("FILE.json"), cl::cat(category)};
  cl::list<std::string> data{
      "calibration-data", cl::value_desc("FILE.npz|FILE.npy|DIR"),
      cl::cat(category),
      cl::desc("Samples along axis 0: .npz has an array per input")};
  cl::list<std::string> shapes{
      "input-shape", cl::value_desc("NAME:1x3x224x224"), cl::cat(category),
      cl::desc("Shape of an input whose dimensions the model leaves open")};
  cl::list<std::string> rules{
      "precision-rule", cl::value_desc("PATTERN=float|int8"), cl::cat(category),
      cl::desc("As of quant-compile: tensors of float layers alone are left "
               "out")};
};
} // namespace

static llvm::Error run(int argc, char **argv) {
  CommandLine line;
  cl::HideUnrelatedOptions(line.category);
  if (llvm::Error error = parseCommandLine(
          argc, argv,
          "Runs a network on samples and writes what values its tensors took, "
          "for\nquant-compile --calibration-cache; or makes one such cache of "
          "several.\n\n"
          "  quant-calibrate model.onnx --calibration-data=samples.npz -o "
          "ranges.json\n"
          "  quant-calibrate merge monday.json tuesday.json -o both.json\n"))
    return error;
  std::vector<std::string> inputs = line.inputs;
  bool merge = !inputs.empty() && inputs.front() == "merge";
  if (line.out.empty() || (merge ? inputs.size() < 3 : inputs.size() != 1))
    return llvm::createStringError(
        "expected a model and an output, or caches to merge: quant-calibrate "
        "MODEL.onnx --calibration-data=FILE.npz -o FILE.json (see --help)");
  if (merge) {
    if (!line.data.empty() || !line.shapes.empty() || !line.rules.empty())
      return llvm::createStringError("merge takes nothing but caches and -o");
    return mergeCaches(llvm::ArrayRef(inputs).drop_front(), line.out,
                       llvm::errs());
  }
  if (line.data.empty())
    return llvm::createStringError(
        "expected samples: give --calibration-data=FILE.npz");
  return calibrateModel(
      {inputs.front(), line.data, line.out, line.shapes, line.rules},
      llvm::errs());
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::Error error = run(argc, argv);
  if (!error)
    return 0;
  llvm::errs() << "error: " << llvm::toString(std::move(error)) << '\n';
  return 1;
}
