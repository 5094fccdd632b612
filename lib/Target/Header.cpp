//===- Header.cpp - The C header of an object -----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Spells the structs of ObjectABI.h in C with the model's prefix, plus what
// only this model has: named inputs and outputs, their shapes and scales.
//
//===----------------------------------------------------------------------===//

#include "qnn/Target/ObjectABI.h"
#include "qnn/Target/ObjectEmitter.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir::qnn;
namespace abi = mlir::qnn::abi;

//===----------------------------------------------------------------------===//
// Identifiers
//===----------------------------------------------------------------------===//

/// Keywords of C99 to C23 and C++98 to C++23, and the lower-case macros that
/// compilers and the standard headers define.
static bool isReservedWord(StringRef word) {
  static const StringSet<> words = [] {
    StringSet<> set;
    SmallVector<StringRef> list;
    StringRef(
        "alignas alignof and and_eq asm auto bitand bitor bool break case "
        "catch "
        "char char8_t char16_t char32_t class compl concept const consteval "
        "constexpr constinit const_cast continue co_await co_return co_yield "
        "decltype default delete do double dynamic_cast else enum explicit "
        "export extern false float for friend goto if inline int long mutable "
        "namespace new noexcept not not_eq nullptr operator or or_eq private "
        "protected public register reinterpret_cast requires restrict return "
        "short signed sizeof static static_assert static_cast struct switch "
        "template this thread_local throw true try typedef typeid typename "
        "typeof typeof_unqual union unsigned using virtual void volatile "
        "wchar_t while xor xor_eq NULL errno stdin stdout stderr assert linux "
        "unix complex imaginary I signbit isnan isinf")
        .split(list, ' ');
    for (StringRef entry : list)
      set.insert(entry);
    return set;
  }();
  return words.contains(word);
}

// C++ reserves every name with two underscores in a row; the caller appends "_"
// and more.
std::string mlir::qnn::getCIdentifier(StringRef name) {
  std::string result;
  for (char c : name) {
    if (isAlnum(c))
      result += c;
    else if (result.empty() || result.back() != '_')
      result += '_';
  }
  while (result.size() > 1 && result.back() == '_')
    result.pop_back();
  if (result.empty() || isDigit(result[0]) || result[0] == '_')
    result.insert(0, "t");
  if (isReservedWord(result))
    result += "_value";
  return result;
}

mlir::SmallVector<std::string>
mlir::qnn::getMemberNames(ArrayRef<mlir::qnn::TensorInfo> tensors) {
  SmallVector<std::string> result;
  StringSet<> taken;
  for (const mlir::qnn::TensorInfo &tensor : tensors) {
    std::string base = getCIdentifier(tensor.name), name = base;
    for (unsigned i = 2; !taken.insert(name).second; ++i)
      name = base + "_" + std::to_string(i);
    result.push_back(name);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Header
//===----------------------------------------------------------------------===//

/// Names of tensors come from a file: they must not end a comment.
static std::string quoteInComment(StringRef name) {
  std::string result;
  for (char c : name)
    result += isPrint(c) && c != '*' && c != '\\' && c != '?' ? c : '_';
  return "'" + result + "'";
}

static std::string getShapeText(ArrayRef<int64_t> shape, StringRef separator) {
  return join(map_range(shape, [](int64_t d) { return std::to_string(d); }),
              separator);
}

/// A C99 and C++98 literal of exactly this f32.
static std::string getFloatLiteral(double value) {
  std::string text = formatv("{0:E9}", value).str();
  return text + "f";
}

static StringRef getElementTypeName(const mlir::qnn::TensorInfo &tensor) {
  switch (tensor.type) {
  case abi::Float32:
    return "float";
  case abi::Int8:
    return "int8_t";
  case abi::Int32:
    return "int32_t";
  case abi::Int64:
    return "int64_t";
  case abi::Bool:
  case abi::UInt8:
    return "uint8_t";
  }
  llvm_unreachable("unknown element type");
}

/// Macros NAME_IN_x_SHAPE..., one group per tensor.
static std::string writeTensorMacros(StringRef prefix,
                                     ArrayRef<mlir::qnn::TensorInfo> tensors) {
  std::string text;
  for (auto [tensor, member] : zip(tensors, getMemberNames(tensors))) {
    std::string name = (prefix + member).str();
    int64_t elements = 1;
    for (int64_t d : tensor.shape)
      elements *= d;
    text +=
        formatv("/* {0}: {1}[{2}] */\n", quoteInComment(tensor.name),
                getElementTypeName(tensor), getShapeText(tensor.shape, ", "));
    text += formatv("#define {0}_RANK {1}\n", name, tensor.shape.size());
    // A scalar still needs an initializer that C accepts.
    text +=
        formatv("#define {0}_SHAPE {{{1}}\n", name,
                tensor.shape.empty() ? "1" : getShapeText(tensor.shape, ", "));
    text += formatv("#define {0}_ELEMENTS {1}\n", name, elements);
    if (auto type = tensor.quantized)
      text +=
          formatv("#define {0}_SCALE {1} /* real = (q - ZERO_POINT) * SCALE "
                  "*/\n#define {0}_ZERO_POINT ({2})\n",
                  name, getFloatLiteral(type.getScale()), type.getZeroPoint());
  }
  return text;
}

static std::string writeTensorStruct(StringRef typeName, StringRef qualifier,
                                     ArrayRef<mlir::qnn::TensorInfo> tensors) {
  std::string text = "typedef struct {\n";
  // C has no empty structs.
  if (tensors.empty())
    text += "  void *unused;\n";
  for (auto [tensor, member] : zip(tensors, getMemberNames(tensors))) {
    text += formatv("  {0}{1} *{2}; /* [{3}]", qualifier,
                    getElementTypeName(tensor), member,
                    getShapeText(tensor.shape, "]["));
    if (auto type = tensor.quantized)
      text += formatv(", scale {0}, zero point {1}",
                      getFloatLiteral(type.getScale()), type.getZeroPoint());
    text += " */\n";
  }
  return text + formatv("} {0};\n\n", typeName).str();
}

// NAME and UPPER are replaced; everything else is as it appears in the header.
static constexpr StringLiteral kTypes = R"(
enum {
  UPPER_OK = 0,
  UPPER_ERROR_NULL_ARGUMENT = 1, /* context, inputs or outputs is null */
  UPPER_ERROR_BAD_ARENA = 2,     /* arena is null or not aligned to UPPER_ALIGN */
  UPPER_ERROR_NULL_TENSOR = 3,   /* a pointer in inputs or outputs is null */
  UPPER_ERROR_SELFTEST = 4       /* the selftest computed other bytes */
};

/* NAME_tensor_info.type; a bool is a uint8_t, 0 or 1 */
enum {
  UPPER_FLOAT32 = 0,
  UPPER_INT8 = 1,
  UPPER_INT32 = 2,
  UPPER_INT64 = 3,
  UPPER_BOOL = 4,
  UPPER_UINT8 = 5
};

/* Calls body(body_argument, i) for all 0 <= i < count, in any order, possibly
   at the same time, and returns when all calls have. Must not throw. */
typedef void (*NAME_parallel_for_fn)(void *argument, int64_t count,
                                     void (*body)(void *body_argument, int64_t index),
                                     void *body_argument);

/* Called before (begins = 1) and after (begins = 0) each layer, on the thread of
   NAME_run; layer is the name in a NAME_layer_info. Must not throw. */
typedef void (*NAME_profile_fn)(void *argument, const char *layer, int32_t begins);

/* What one call of NAME_run may use. Calls at the same time need an arena each.
   Zero-initialize: the hooks are optional. */
typedef struct {
  void *arena; /* UPPER_ARENA_BYTES, aligned to UPPER_ALIGN; contents do not matter */
  NAME_parallel_for_fn parallel_for;
  void *parallel_for_argument;
  NAME_profile_fn profile;
  void *profile_argument;
} NAME_context;

typedef struct {
  const char *name; /* as in the model */
  const int64_t *shape;
  uint32_t rank;
  int32_t type;       /* such as UPPER_FLOAT32 */
  float scale;        /* of UPPER_INT8 and UPPER_UINT8: real = (q - zero_point) * scale; else 0 */
  int32_t zero_point;
  uint64_t bytes;
} NAME_tensor_info;

typedef struct {
  const char *name; /* of the node in the model; unique */
  const char *kind; /* such as "conv2d" */
  int32_t type;     /* UPPER_INT8 where its results are quantized, else UPPER_FLOAT32 */
  uint32_t units;   /* most parts that parallel_for gets at once */
  uint64_t macs;    /* multiply-adds */
  uint64_t weight_bytes;
  uint64_t input_bytes;
  uint64_t output_bytes;
  uint64_t predicted_nanoseconds; /* 0: no prediction */
} NAME_layer_info;

typedef struct {
  uint32_t abi_version;
  uint32_t numerics_version; /* equal versions compute equal bytes */
  uint64_t arena_bytes;
  uint64_t selftest_arena_bytes;
  uint64_t constant_bytes;
  uint32_t align;
  uint32_t num_inputs;
  uint32_t num_outputs;
  uint32_t num_levels;
  const NAME_tensor_info *inputs;
  const NAME_tensor_info *outputs;
  const char *const *levels; /* instruction-set levels in the object, baseline first */
  const char *level;         /* the one this CPU runs */
  const char *name;
  const char *build; /* hash of code and constants */
  const NAME_layer_info *layers; /* of this level, in the order they run */
  uint64_t num_layers;
} NAME_info;

)";

static constexpr StringLiteral kFunctions =
    R"(/* Runs the network. Tensors are dense, in the layout of the model, aligned for
   their element type, and overlap neither each other nor the arena. Returns
   UPPER_OK or an UPPER_ERROR code. Re-entrant. */
int NAME_run(const NAME_context *context, const NAME_inputs *inputs,
             const NAME_outputs *outputs);

/* Describes the object. The result is constant and valid forever. */
const NAME_info *NAME_describe(void);

/* Runs the network on built-in inputs and compares the bytes with those the
   compiler expects: UPPER_OK when they agree. The arena of this call must have
   UPPER_SELFTEST_ARENA_BYTES. */
int NAME_selftest(const NAME_context *context);
)";

static std::string replaceNames(StringRef text, StringRef name) {
  std::string result;
  std::string upper = name.upper();
  while (!text.empty()) {
    size_t at = std::min(text.find("NAME"), text.find("UPPER"));
    result += text.substr(0, at);
    text = text.substr(std::min(at, text.size()));
    if (text.consume_front("NAME"))
      result += name;
    else if (text.consume_front("UPPER"))
      result += upper;
  }
  return result;
}

std::string mlir::qnn::writeHeader(const GeneratedCode &code,
                                   const EntryOptions &options) {
  std::string upper = StringRef(options.name).upper();
  std::string levels =
      join(map_range(code.levels, [](const TargetLevel *l) { return l->name; }),
           ", ");
  std::string text = formatv(
      "/* {0}: a neural network compiled to an object file. Levels: {1}.\n"
      "   Written by quant-compile; C99 and C++. */\n"
      "#ifndef {2}_H\n#define {2}_H\n\n"
      "#include <stddef.h>\n#include <stdint.h>\n\n"
      "#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n"
      "#define {2}_ABI_VERSION {3}\n"
      "#define {2}_ARENA_BYTES {4}u\n"
      "#define {2}_SELFTEST_ARENA_BYTES {5}u\n"
      "#define {2}_ALIGN {6}u\n\n",
      options.name, levels, upper, abi::kAbiVersion, code.arenaBytes,
      getSelftestArenaBytes(code), abi::kAlign);
  text += writeTensorMacros(upper + "_IN_", code.inputs);
  text += writeTensorMacros(upper + "_OUT_", code.outputs);
  text += replaceNames(kTypes, options.name);
  text += writeTensorStruct(options.name + "_inputs", "const ", code.inputs);
  text += writeTensorStruct(options.name + "_outputs", "", code.outputs);
  text += replaceNames(kFunctions, options.name);
  text +=
      formatv("\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* {0}_H */\n", upper);
  return text;
}
