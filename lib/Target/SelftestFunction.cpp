//===- SelftestFunction.cpp - The function that checks an object ----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// NAME_selftest fills the inputs with pseudorandom numbers, runs the network
// and compares a hash of the outputs with the one found at compile time.
//
//===----------------------------------------------------------------------===//

#include "EntryTemplates.h"
#include "EntryWriter.h"

#include "qnn/Target/ObjectABI.h"

#include "llvm/Support/Alignment.h"

using namespace llvm;
using namespace mlir::qnn;
namespace abi = mlir::qnn::abi;

void EntryWriter::writeFillFunctions() {
  auto fill = [&](StringRef suffix, StringRef type, StringRef parameters,
                  StringRef code) {
    line(kFillFunction.data(), suffix, type, parameters, code);
  };
  fill("f32", "float", ", float %step",
       "%top = ashr i32 %random, 8\n  %f = sitofp i32 %top to float\n"
       "  %value = fmul float %f, %step");
  fill("i1", "i8", "",
       "%top = lshr i32 %random, 31\n  %value = trunc i32 %top to i8");
  fill("i8", "i8", "",
       "%top = ashr i32 %random, 24\n  %value = trunc i32 %top to i8");
  fill("i32", "i32", "", "%value = ashr i32 %random, 24");
  fill("i64", "i64", "",
       "%top = ashr i32 %random, 24\n  %value = sext i32 %top to i64");
}

void EntryWriter::writeSelftestInputs(uint64_t &offset) {
  for (auto [i, tensor] : enumerate(code.inputs)) {
    line("  %inputs.{0} = getelementptr i8, ptr %arena, i64 {1}", i, offset);
    line("  %inputs.{0}.at = getelementptr ptr, ptr %inputs, i64 {0}", i);
    line("  store ptr %inputs.{0}, ptr %inputs.{0}.at", i);
    uint64_t bytes = getByteSize(tensor);
    uint32_t seed = getSelftestSeed(i);
    if (tensor.type == abi::Bool)
      line("  call void @_NAME.fill.i1(ptr %inputs.{0}, i64 {1}, i32 {2})", i,
           bytes, seed);
    else if (tensor.type != abi::Float32)
      line("  call void @_NAME.fill.i{3}(ptr %inputs.{0}, i64 {1}, i32 {2})", i,
           bytes / getElementSize(tensor.type), seed,
           8 * getElementSize(tensor.type));
    else
      line("  call void @_NAME.fill.f32(ptr %inputs.{0}, i64 {1}, i32 {2}, "
           "float 0x{3:X-16})",
           i, bytes / 4, seed,
           bit_cast<uint64_t>(double(options.selftest.steps[i])));
    offset = alignTo(offset + bytes, abi::kAlign);
  }
}

void EntryWriter::writeSelftestHash(uint64_t offset) {
  std::string hash = std::to_string(kHashStart);
  for (auto [i, tensor] : enumerate(code.outputs)) {
    line("  %outputs.{0} = getelementptr i8, ptr %arena, i64 {1}", i, offset);
    line("  %outputs.{0}.at = getelementptr ptr, ptr %outputs, i64 {0}", i);
    line("  store ptr %outputs.{0}, ptr %outputs.{0}.at", i);
    offset = alignTo(offset + getByteSize(tensor), abi::kAlign);
  }
  text +=
      "  call void @_NAME.dispatch(ptr %context, ptr %inputs, ptr %outputs)\n";
  for (auto [i, tensor] : enumerate(code.outputs)) {
    line("  %hash.{0} = call i64 @_NAME.hash(i64 {1}, ptr %outputs.{0}, i64 "
         "{2})",
         i, hash, getByteSize(tensor));
    hash = formatv("%hash.{0}", i);
  }
  line("  %differs = icmp ne i64 {0}, {1}", hash, options.selftest.hash);
}

void EntryWriter::writeSelftest() {
  text += kSelftestHelpers;
  writeFillFunctions();
  text += R"(
define i32 @NAME_selftest(ptr %context) nounwind {
entry:
)";
  line("  %inputs = alloca [{0} x ptr]\n  %outputs = alloca [{1} x ptr]",
       code.inputs.size(), code.outputs.size());
  text += R"(  %status = call i32 @_NAME.check(ptr %context)
  %failed = icmp ne i32 %status, 0
  br i1 %failed, label %bad, label %good
bad:
  ret i32 %status
good:
  %arena = load ptr, ptr %context
)";
  uint64_t offset = alignTo(code.arenaBytes, abi::kAlign);
  writeSelftestInputs(offset);
  writeSelftestHash(offset);
  line("  %result = select i1 %differs, i32 {0}, i32 0\n  ret i32 %result\n}",
       int(abi::SelftestDiffers));
}
