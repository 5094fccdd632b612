//===- Interpreted.cpp - Networks run by the reference interpreter --------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Import/ReadMLIR.h"
#include "qnn/InitAll.h"
#include "qnn/Reference/Interpreter.h"
#include "qnn/Runner/Network.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qnn;

/// "file:line:col: " or "'layer': ", the innermost that is known.
static void printLocation(Location location, raw_ostream &os) {
  if (auto name = location->findInstanceOf<NameLoc>())
    os << "'" << name.getName().getValue() << "': ";
  else if (auto file = location->findInstanceOf<FileLineColLoc>())
    os << file.getFilename().getValue() << ":" << file.getLine() << ":"
       << file.getColumn() << ": ";
}

namespace {
/// Keeps the first error that MLIR reports, as one line.
class FirstError {
public:
  explicit FirstError(MLIRContext *context)
      : handler(context, [this](Diagnostic &diagnostic) {
          if (message.empty() &&
              diagnostic.getSeverity() == DiagnosticSeverity::Error) {
            llvm::raw_string_ostream os(message);
            printLocation(diagnostic.getLocation(), os);
            os << diagnostic;
            std::replace(message.begin(), message.end(), '\n', ' ');
          }
          return success();
        }) {}

  llvm::Error take(const Twine &otherwise) {
    return llvm::createStringError(message.empty() ? otherwise
                                                   : Twine(message));
  }

private:
  std::string message;
  ScopedDiagnosticHandler handler;
};

/// A context and the module parsed into it.
struct LoadedModule {
  explicit LoadedModule(const DialectRegistry &registry)
      : context(registry, MLIRContext::Threading::DISABLED) {}

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

class InterpretedNetwork final : public Network {
public:
  static llvm::Expected<std::unique_ptr<Network>>
  create(std::shared_ptr<LoadedModule> module, func::FuncOp func);

  ArrayRef<PortInfo> inputs() const override { return inputInfos; }
  ArrayRef<PortInfo> outputs() const override { return outputInfos; }
  llvm::Error run(ArrayRef<const void *> inputs, ArrayRef<void *> outputs,
                  ProfileFn profile) override;

private:
  std::shared_ptr<LoadedModule> module;
  func::FuncOp func;
  std::vector<PortInfo> inputInfos, outputInfos;
};
} // namespace

//===----------------------------------------------------------------------===//
// Signature
//===----------------------------------------------------------------------===//

/// The array type a tensor is exchanged as: float32, or the storage integers.
static std::optional<NpyType> getArrayType(Type type) {
  if (!Tensor::isSupportedType(type))
    return std::nullopt;
  Type element = cast<RankedTensorType>(type).getElementType();
  if (element.isF32())
    return NpyType::Float32;
  if (element.isInteger(64))
    return NpyType::Int64;
  if (element.isInteger(1))
    return NpyType::Bool;
  if (isa<FloatType>(element)) // bf16 is for the inside of networks
    return std::nullopt;
  bool isSigned = true;
  unsigned width;
  if (auto quantized = dyn_cast<quant::QuantizedType>(element)) {
    isSigned = quantized.isSigned();
    width = quantized.getStorageTypeIntegralWidth();
  } else {
    isSigned = !element.isUnsignedInteger();
    width = element.getIntOrFloatBitWidth();
  }
  if (width <= 8)
    return isSigned ? NpyType::Int8 : NpyType::UInt8;
  if (width <= 16)
    return isSigned ? NpyType::Int16 : NpyType::UInt16;
  return NpyType::Int32;
}

static llvm::Expected<PortInfo>
getInfo(func::FuncOp func, Type type, StringAttr name, const Twine &otherwise) {
  std::string text = name ? name.getValue().str() : otherwise.str();
  std::optional<NpyType> arrayType = getArrayType(type);
  // NumPy arrays have at most 32 dimensions.
  if (arrayType && cast<RankedTensorType>(type).getRank() <= 32)
    return PortInfo{
        text, *arrayType,
        SmallVector<int64_t>(cast<RankedTensorType>(type).getShape())};
  std::string message;
  llvm::raw_string_ostream(message)
      << "function '" << func.getSymName() << "': expected '" << text
      << "' to be a static tensor of f32 or quantized values with at most 32 "
         "dimensions and 2^31 elements, got "
      << type;
  return llvm::createStringError(message);
}

llvm::Expected<std::unique_ptr<Network>>
InterpretedNetwork::create(std::shared_ptr<LoadedModule> module,
                           func::FuncOp func) {
  auto network = std::make_unique<InterpretedNetwork>();
  network->func = func;
  for (auto [i, type] : llvm::enumerate(func.getArgumentTypes())) {
    auto info =
        getInfo(func, type, func.getArgAttrOfType<StringAttr>(i, "qnn.name"),
                "arg" + Twine(i));
    if (!info)
      return info.takeError();
    network->inputInfos.push_back(std::move(*info));
  }
  for (auto [i, type] : llvm::enumerate(func.getResultTypes())) {
    auto info =
        getInfo(func, type, func.getResultAttrOfType<StringAttr>(i, "qnn.name"),
                "result" + Twine(i));
    if (!info)
      return info.takeError();
    network->outputInfos.push_back(std::move(*info));
  }
  network->module = std::move(module);
  return std::unique_ptr<Network>(std::move(network));
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

template <typename T>
static void copyIntegersIn(const void *from, MutableArrayRef<int32_t> to) {
  std::copy_n(static_cast<const T *>(from), to.size(), to.begin());
}
template <typename T>
static void copyIntegersOut(ArrayRef<int32_t> from, void *to) {
  llvm::copy(from, static_cast<T *>(to));
}

/// Calls `fn(T())` with the C++ type of an integer array.
template <typename Fn> static void withInteger(NpyType type, Fn fn) {
  switch (type) {
  case NpyType::Int8:
    return fn(int8_t());
  case NpyType::UInt8:
  case NpyType::Bool:
    return fn(uint8_t());
  case NpyType::Int16:
    return fn(int16_t());
  case NpyType::UInt16:
    return fn(uint16_t());
  default:
    return fn(int32_t());
  }
}

static Tensor makeTensor(RankedTensorType type, NpyType arrayType,
                         const void *from) {
  Tensor tensor(type);
  if (tensor.isFloat())
    std::copy_n(static_cast<const float *>(from), tensor.size(),
                tensor.mutableFloats().begin());
  else if (tensor.isLong())
    std::copy_n(static_cast<const int64_t *>(from), tensor.size(),
                tensor.mutableLongs().begin());
  else
    withInteger(arrayType, [&](auto zero) {
      copyIntegersIn<decltype(zero)>(from, tensor.mutableIntegers());
    });
  return tensor;
}

static void copyOut(const Tensor &tensor, NpyType arrayType, void *to) {
  if (tensor.isFloat())
    llvm::copy(tensor.floats(), static_cast<float *>(to));
  else if (tensor.isLong())
    llvm::copy(tensor.longs(), static_cast<int64_t *>(to));
  else
    withInteger(arrayType, [&](auto zero) {
      copyIntegersOut<decltype(zero)>(tensor.integers(), to);
    });
}

llvm::Error InterpretedNetwork::run(ArrayRef<const void *> inputs,
                                    ArrayRef<void *> outputs,
                                    ProfileFn /*profile*/) {
  SmallVector<Tensor> tensors;
  for (auto [i, type] : llvm::enumerate(func.getArgumentTypes()))
    tensors.push_back(makeTensor(cast<RankedTensorType>(type),
                                 inputInfos[i].type, inputs[i]));
  FirstError error(&module->context);
  FailureOr<SmallVector<Tensor>> results = interpret(func, tensors);
  if (failed(results))
    return error.take("function '" + func.getSymName() +
                      "' cannot be interpreted");
  for (auto [i, tensor] : llvm::enumerate(*results))
    copyOut(tensor, outputInfos[i].type, outputs[i]);
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Opening
//===----------------------------------------------------------------------===//

/// The functions to run; an error when there is none or no telling which.
static llvm::Expected<SmallVector<func::FuncOp>>
chooseFunctions(ModuleOp module, StringRef path, StringRef entry,
                EntryChoice choice) {
  SmallVector<func::FuncOp> functions;
  for (auto func : module.getOps<func::FuncOp>())
    if (!func.isExternal() && (entry.empty() || func.getSymName() == entry))
      functions.push_back(func);
  if (functions.empty() && entry.empty())
    return llvm::createStringError(path + ": expected a function with a body");
  if (functions.empty())
    return llvm::createStringError(path + ": expected a function '" + entry +
                                   "'");
  if (choice == EntryChoice::All || functions.size() == 1)
    return functions;
  auto main = llvm::find_if(
      functions, [](func::FuncOp func) { return func.getSymName() == "main"; });
  if (main == functions.end())
    return llvm::createStringError(
        path + ": expected one function or one named 'main', got " +
        Twine(functions.size()) + ": choose with --entry=NAME");
  return SmallVector<func::FuncOp>{*main};
}

llvm::Expected<std::vector<std::unique_ptr<Network>>>
qnn::openInterpreted(StringRef path, StringRef entry, EntryChoice choice) {
  DialectRegistry registry;
  registerAllDialects(registry);
  auto loaded = std::make_shared<LoadedModule>(registry);
  FirstError error(&loaded->context);
  loaded->module = readMLIR(path, &loaded->context);
  if (!loaded->module)
    return error.take(path + ": cannot be read as MLIR");
  auto functions = chooseFunctions(*loaded->module, path, entry, choice);
  if (!functions)
    return functions.takeError();
  std::vector<std::unique_ptr<Network>> networks;
  for (func::FuncOp func : *functions) {
    auto network = InterpretedNetwork::create(loaded, func);
    if (!network)
      return network.takeError();
    networks.push_back(std::move(*network));
  }
  return networks;
}
