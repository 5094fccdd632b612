//===- EntryPoints.cpp - The exported functions of an object --------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes the entry points as LLVM assembly, which reads like what it becomes,
// and parses it into the module next to the functions of the levels. The text
// has names "_NAME.x" for what is internal and "NAME_x" for what is exported.
//
// The chosen level is one i32, 0 until the first use, then index + 1. Threads
// that race compute and store the same value, so a monotonic store suffices.
//
//===----------------------------------------------------------------------===//

#include "EntryTemplates.h"
#include "EntryWriter.h"

#include "qnn/Target/ObjectABI.h"
#include "qnn/Target/ObjectEmitter.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/SHA256.h"

using namespace llvm;
using namespace mlir::qnn;
namespace abi = mlir::qnn::abi;

void EntryWriter::writeLevelChoice() {
  if (code.levels.size() == 1) {
    text += "define internal i32 @_NAME.chosen() nounwind {\n  ret i32 1\n}\n";
    return;
  }
  bool x86 = code.levels.front()->arch == Triple::x86_64;
  text += x86 ? kX86Features : kAArch64Features;
  if (x86)
    text +=
        any_of(code.levels, [](const TargetLevel *l) { return l->hasTiles; })
            ? kX86Tiles
            : kX86NoTiles;
  text += R"(
@_NAME.level = internal global i32 0, align 4

define internal i32 @_NAME.chosen() nounwind {
  %known = load atomic i32, ptr @_NAME.level monotonic, align 4
  %first = icmp eq i32 %known, 0
  br i1 %first, label %choose, label %done
done:
  ret i32 %known
choose:
  %features = call i32 @_NAME.features()
)";
  std::string best = "1";
  for (size_t i = 1; i < code.levels.size(); ++i) {
    line("  %m{0} = and i32 %features, {1}", i, code.levels[i]->required);
    line("  %has{0} = icmp eq i32 %m{0}, {1}", i, code.levels[i]->required);
    line("  %level{0} = select i1 %has{0}, i32 {1}, i32 {2}", i, i + 1, best);
    best = formatv("%level{0}", i);
  }
  line("  store atomic i32 {0}, ptr @_NAME.level monotonic, align 4", best);
  line("  ret i32 {0}\n}", best);
}

void EntryWriter::writeString(const Twine &symbol, StringRef value) {
  std::string escaped;
  raw_string_ostream stream(escaped);
  // The placeholder of the prefix must not appear in data.
  for (StringRef rest = value; !rest.empty();) {
    auto [before, after] = rest.split("NAME");
    printEscapedString(before, stream);
    if (before.size() != rest.size())
      stream << "\\4EAME";
    rest = after;
  }
  line("@_NAME.{0} = internal constant [{1} x i8] c\"{2}\\00\"", symbol.str(),
       value.size() + 1, escaped);
}

void EntryWriter::writeTensorInfos(StringRef which,
                                   ArrayRef<mlir::qnn::TensorInfo> list) {
  std::string entries;
  for (auto [i, tensor] : enumerate(list)) {
    writeString(which + "." + Twine(i) + ".name", tensor.name);
    std::string shape =
        join(map_range(tensor.shape,
                       [](int64_t d) { return "i64 " + std::to_string(d); }),
             ", ");
    line("@_NAME.{0}.{1}.shape = internal constant [{2} x i64] [{3}]", which, i,
         tensor.shape.size(), shape);
    // A float constant of LLVM assembly is written as its binary64 bits.
    double scale = tensor.quantized ? tensor.quantized.getScale() : 0.0;
    entries += formatv(
        "{0}%NAME.tensor {{ ptr @_NAME.{1}.{2}.name, ptr @_NAME.{1}.{2}.shape, "
        "i32 {3}, i32 {4}, float 0x{5:X-16}, i32 {6}, i64 {7} }",
        i ? ", " : "", which, i, tensor.shape.size(), int32_t(tensor.type),
        bit_cast<uint64_t>(double(float(scale))),
        tensor.quantized ? tensor.quantized.getZeroPoint() : 0,
        getByteSize(tensor));
  }
  line("@_NAME.{0} = internal constant [{1} x %NAME.tensor] [{2}]", which,
       list.size(), entries);
}

// One constant abi::Info per level: nothing but the level is ever written.
void EntryWriter::writeInfos() {
  text += "%NAME.tensor = type { ptr, ptr, i32, i32, float, i32, i64 }\n"
          "%NAME.info = type { i32, i32, i64, i64, i64, i32, i32, i32, i32, "
          "ptr, ptr, ptr, ptr, ptr, ptr, ptr, i64 }\n";
  writeTensorInfos("inputs", code.inputs);
  writeTensorInfos("outputs", code.outputs);
  writeString("name", options.name);
  writeString("build", build);
  std::string levels, infos;
  size_t count = code.levels.size();
  for (auto [i, level] : enumerate(code.levels)) {
    writeString("level." + Twine(i) + ".name", level->name);
    std::string layers = getLayerTableName(*level);
    const GlobalVariable *table =
        code.module->getGlobalVariable(layers, /*AllowInternal=*/true);
    size_t layerCount =
        table ? table->getValueType()->getArrayNumElements() : 0;
    levels += formatv("{0}ptr @_NAME.level.{1}.name", i ? ", " : "", i);
    infos += formatv(
        "{0}%NAME.info {{ i32 {1}, i32 {2}, i64 {3}, i64 {4}, i64 {5}, i32 "
        "{6}, "
        "i32 {7}, i32 {8}, i32 {9}, ptr @_NAME.inputs, ptr @_NAME.outputs, "
        "ptr @_NAME.levels, ptr @_NAME.level.{10}.name, ptr @_NAME.name, "
        "ptr @_NAME.build, ptr {11}, i64 {12} }",
        i ? ", " : "", abi::kAbiVersion, abi::kNumericsVersion, code.arenaBytes,
        getSelftestArenaBytes(code), code.constants.size(), abi::kAlign,
        code.inputs.size(), code.outputs.size(), count, i,
        table ? "@" + layers : "null", layerCount);
  }
  line("@_NAME.levels = internal constant [{0} x ptr] [{1}]", count, levels);
  line("@_NAME.infos = internal constant [{0} x %NAME.info] [{1}]", count,
       infos);
  line(R"(
define ptr @NAME_describe() nounwind {{
  %chosen = call i32 @_NAME.chosen()
  %index = sub i32 %chosen, 1
  %info = getelementptr inbounds [{0} x %NAME.info], ptr @_NAME.infos, i32 0, i32 %index
  ret ptr %info
})",
       count);
}

// The run of checked arguments: loads the tensors' pointers and switches.
void EntryWriter::writeDispatch() {
  text += "define internal void @_NAME.dispatch(ptr %context, ptr %inputs, "
          "ptr %outputs) nounwind {\n";
  text += "  %arena = load ptr, ptr %context\n";
  std::string arguments = "ptr %arena, ptr @_NAME.constants";
  auto loadAll = [&](StringRef which, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      line("  %{0}.{1}.at = getelementptr ptr, ptr %{0}, i64 {1}", which, i);
      line("  %{0}.{1} = load ptr, ptr %{0}.{1}.at", which, i);
      arguments += formatv(", ptr %{0}.{1}", which, i);
    }
  };
  loadAll("inputs", code.inputs.size());
  loadAll("outputs", code.outputs.size());
  arguments += ", ptr %context";
  text += "  %chosen = call i32 @_NAME.chosen()\n"
          "  switch i32 %chosen, label %level.1 [\n";
  for (size_t i = 1; i < code.levels.size(); ++i)
    line("    i32 {0}, label %level.{0}", i + 1);
  text += "  ]\n";
  for (auto [i, level] : enumerate(code.levels)) {
    line("level.{0}:", i + 1);
    line("  call void @{0}({1})", getRunFunctionName(*level), arguments);
    text += "  ret void\n";
  }
  text += "}\n";
}

void EntryWriter::writeTensorChecks(StringRef which, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    line("  %{0}.{1}.at = getelementptr ptr, ptr %{0}, i64 {1}", which, i);
    line("  %{0}.{1} = load ptr, ptr %{0}.{1}.at", which, i);
    line("  %{0}.{1}.null = icmp eq ptr %{0}.{1}, null", which, i);
    line("  br i1 %{0}.{1}.null, label %null.tensor, label %{0}.{1}.good",
         which, i);
    line("{0}.{1}.good:", which, i);
  }
}

void EntryWriter::writeRun() {
  line(kCheckArena.data(), abi::kAlign - 1, int(abi::BadArena),
       int(abi::NullArgument));
  text += R"(
define i32 @NAME_run(ptr %context, ptr %inputs, ptr %outputs) nounwind {
  %null.inputs = icmp eq ptr %inputs, null
  %null.outputs = icmp eq ptr %outputs, null
  %null = or i1 %null.inputs, %null.outputs
  br i1 %null, label %null.argument, label %check
check:
  %status = call i32 @_NAME.check(ptr %context)
  %failed = icmp ne i32 %status, 0
  br i1 %failed, label %bad, label %tensors
tensors:
)";
  writeTensorChecks("inputs", code.inputs.size());
  writeTensorChecks("outputs", code.outputs.size());
  line(R"(  call void @_NAME.dispatch(ptr %context, ptr %inputs, ptr %outputs)
  ret i32 0
bad:
  ret i32 %status
null.argument:
  ret i32 {0}
null.tensor:
  ret i32 {1}
})",
       int(abi::NullArgument), int(abi::NullTensor));
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

uint64_t mlir::qnn::getElementSize(abi::ElementType type) {
  switch (type) {
  case abi::Int8:
  case abi::UInt8:
  case abi::Bool:
    return 1;
  case abi::Float32:
  case abi::Int32:
    return 4;
  case abi::Int64:
    return 8;
  }
  llvm_unreachable("unknown element type");
}

uint64_t mlir::qnn::getByteSize(const mlir::qnn::TensorInfo &tensor) {
  uint64_t bytes = getElementSize(tensor.type);
  for (int64_t dimension : tensor.shape)
    bytes *= dimension;
  return bytes;
}

uint64_t mlir::qnn::getSelftestArenaBytes(const GeneratedCode &code) {
  uint64_t bytes = alignTo(code.arenaBytes, abi::kAlign);
  for (const mlir::qnn::TensorInfo &tensor :
       concat<const mlir::qnn::TensorInfo>(code.inputs, code.outputs))
    bytes = alignTo(bytes + getByteSize(tensor), abi::kAlign);
  return bytes;
}

/// The identity of what the object computes: its code before optimization and
/// its constants.
static std::string hashContents(const GeneratedCode &code) {
  SmallString<0> bitcode;
  raw_svector_ostream stream(bitcode);
  WriteBitcodeToFile(*code.module, stream);
  SHA256 hash;
  hash.update(bitcode.str());
  hash.update(ArrayRef<uint8_t>(code.constants));
  return toHex(hash.final(), /*LowerCase=*/true).substr(0, 32);
}

/// `[N x i8]` in one piece: printing an array element by element would take
/// minutes.
static void addConstants(GeneratedCode &code, StringRef name) {
  StringRef bytes(reinterpret_cast<const char *>(code.constants.data()),
                  code.constants.size());
  Type *byte = Type::getInt8Ty(code.module->getContext());
  Constant *data = bytes.empty()
                       ? ConstantAggregateZero::get(ArrayType::get(byte, 1))
                       : ConstantDataArray::getRaw(bytes, bytes.size(), byte);
  auto *global = new GlobalVariable(
      *code.module, data->getType(), /*isConstant=*/true,
      GlobalValue::InternalLinkage, data, "_" + name + ".constants");
  global->setAlignment(Align(abi::kAlign));
}

Error mlir::qnn::addEntryPoints(GeneratedCode &code,
                                const EntryOptions &options) {
  EntryWriter writer(code, options, hashContents(code));
  for (Function &function : *code.module)
    if (!function.isDeclaration())
      function.setLinkage(GlobalValue::InternalLinkage);
  addConstants(code, options.name);
  return parseIntoModule(writer.write(), *code.module);
}
