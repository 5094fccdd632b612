//===- quant-run.cpp - Runs a network on .npy inputs ----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Runner/Runner.h"
#include "qnn/Support/CommandLine.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

namespace cl = llvm::cl;
using llvm::StringRef;

namespace {
/// An option that takes a whole number of at least `least`. (An option that was
/// given without a value is an empty string.)
struct CountOption {
  StringRef name, text;
  unsigned least, *value;
};
} // namespace

static llvm::Error parseCounts(llvm::ArrayRef<CountOption> options) {
  for (const CountOption &option : options) {
    auto count = mlir::qnn::parseCount(option.name, option.text, option.least);
    if (!count)
      return count.takeError();
    *option.value = *count;
  }
  return llvm::Error::success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  // libLLVM registers an option of this name for its own use.
  if (cl::Option *other = cl::getRegisteredOptions().lookup("threads"))
    other->removeArgument();
  cl::OptionCategory category("quant-run options");
  cl::opt<std::string> file(cl::Positional, cl::Required,
                            cl::desc("OUT.so|FILE.mlir"), cl::cat(category));
  cl::list<std::string> inputs(
      "input",
      cl::desc("Array for one input, or an .npz archive that holds NAME"),
      cl::value_desc("NAME=FILE.npy"), cl::cat(category));
  cl::opt<std::string> outputDir("output-dir",
                                 cl::desc("Write every output to DIR/NAME.npy"),
                                 cl::value_desc("DIR"), cl::cat(category));
  cl::opt<std::string> entry(
      "entry", cl::desc("Function to run (default: the only one, or main)"),
      cl::value_desc("NAME"), cl::cat(category));
  cl::opt<std::string> bench(
      "bench", cl::init("0"), cl::value_desc("N"), cl::cat(category),
      cl::desc("Measure N runs; without --input on fixed random values"));
  cl::opt<std::string> profile(
      "profile", cl::init("0"), cl::value_desc("N"), cl::cat(category),
      cl::ValueOptional,
      cl::desc("Measure each layer in N runs (default 20); a shared object"));
  cl::opt<std::string> threads("threads", cl::init("1"), cl::value_desc("K"),
                               cl::desc("Threads to use (default 1)"),
                               cl::cat(category));
  cl::opt<bool> json("json", cl::cat(category),
                     cl::desc("Print one JSON object as the last line"));
  cl::opt<bool> print(
      "print", cl::cat(category),
      cl::desc("Print the output values of every function, or of --entry"));
  cl::HideUnrelatedOptions(category);
  auto fail = [](llvm::Error error) {
    llvm::errs() << "error: " << llvm::toString(std::move(error)) << '\n';
    return 1;
  };
  if (llvm::Error error = mlir::qnn::parseCommandLine(
          argc, argv,
          "Runs a network on NumPy arrays: a shared object of quant-compile, "
          "or an .mlir file\nof any stage up to Quantized in the reference "
          "interpreter.\n"))
    return fail(std::move(error));
  mlir::qnn::RunOptions options;
  options.file = file;
  options.entry = entry;
  options.inputs = inputs;
  options.outputDir = outputDir;
  options.print = print;
  options.json = json;
  if (llvm::Error error =
          parseCounts({{"bench", bench, 0, &options.bench},
                       {"profile", profile.empty() ? "20" : StringRef(profile),
                        0, &options.profile},
                       {"threads", threads, 1, &options.threads}}))
    return fail(std::move(error));
  if (llvm::Error error = mlir::qnn::runNetworks(options, llvm::outs()))
    return fail(std::move(error));
  return 0;
}
