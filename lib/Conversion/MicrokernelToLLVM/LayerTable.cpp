//===- LayerTable.cpp - Layers as constants and profile calls -------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each string is a constant of its own, each once; LLVM merges those of several
// levels.
//
//===----------------------------------------------------------------------===//

#include "LayerTable.h"

#include "qnn/Conversion/Passes.h"
#include "qnn/Target/ObjectABI.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::qnn;
using qnn::microkernel::LaunchOp;
using qnn::microkernel::LayerOp;

/// The constant with the name of a layer.
static std::string getNameSymbol(StringRef layer) {
  return (layer + "_name").str();
}

//===----------------------------------------------------------------------===//
// Profile calls
//===----------------------------------------------------------------------===//

/// profile_layer(context, name, begins): calls the hook when there is one.
static LLVM::LLVMFuncOp createProfileFunction(ModuleOp module) {
  auto b = ImplicitLocOpBuilder::atBlockEnd(module.getLoc(), module.getBody());
  Type ptr = LLVM::LLVMPointerType::get(b.getContext()), i32 = b.getI32Type();
  Type nothing = LLVM::LLVMVoidType::get(b.getContext());
  auto type = LLVM::LLVMFunctionType::get(nothing, {ptr, ptr, i32});
  auto function = b.create<LLVM::LLVMFuncOp>("profile_layer", type,
                                             LLVM::Linkage::Internal);
  Block *entry = function.addEntryBlock(b);
  Block *call = function.addBlock(), *exit = function.addBlock();
  Value context = entry->getArgument(0);
  auto load = [&](size_t offset) {
    Value at = b.create<LLVM::GEPOp>(ptr, b.getI8Type(), context,
                                     ArrayRef<LLVM::GEPArg>{int32_t(offset)});
    return b.create<LLVM::LoadOp>(ptr, at);
  };
  b.setInsertionPointToStart(entry);
  Value hook = load(offsetof(abi::Context, profile));
  Value absent = b.create<LLVM::ICmpOp>(LLVM::ICmpPredicate::eq, hook,
                                        b.create<LLVM::ZeroOp>(ptr));
  b.create<LLVM::CondBrOp>(absent, exit, call);
  b.setInsertionPointToStart(call);
  Value argument = load(offsetof(abi::Context, profileArgument));
  b.create<LLVM::CallOp>(type, ValueRange{hook, argument, entry->getArgument(1),
                                          entry->getArgument(2)});
  b.create<LLVM::BrOp>(ValueRange(), exit);
  b.setInsertionPointToStart(exit);
  b.create<LLVM::ReturnOp>(ValueRange());
  return function;
}

void qnn::addProfileCalls(ModuleOp module, ArrayRef<LaunchOp> launches) {
  LLVM::LLVMFuncOp function;
  auto call = [&](LaunchOp launch, bool begins) {
    if (!function)
      function = createProfileFunction(module);
    ImplicitLocOpBuilder b(launch.getLoc(), launch);
    if (!begins)
      b.setInsertionPointAfter(launch);
    Value name =
        b.create<LLVM::AddressOfOp>(LLVM::LLVMPointerType::get(b.getContext()),
                                    getNameSymbol(*launch.getLayer()));
    Value flag = b.create<LLVM::ConstantOp>(b.getI32Type(), begins ? 1 : 0);
    b.create<LLVM::CallOp>(function,
                           ValueRange{launch.getRunContext(), name, flag});
  };
  LaunchOp last; // of the layer that has begun
  for (LaunchOp launch : launches) {
    bool continues = last && last->getBlock() == launch->getBlock() &&
                     last.getLayerAttr() == launch.getLayerAttr();
    if (!continues) {
      if (last)
        call(last, /*begins=*/false);
      if (launch.getLayer())
        call(launch, /*begins=*/true);
    }
    last = launch.getLayer() ? launch : LaunchOp();
  }
  if (last)
    call(last, /*begins=*/false);
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

namespace {
/// Writes the constants of one module, from its start on.
class TableBuilder {
public:
  explicit TableBuilder(ModuleOp module)
      : b(ImplicitLocOpBuilder::atBlockBegin(module.getLoc(),
                                             module.getBody())),
        ptr(LLVM::LLVMPointerType::get(module.getContext())) {
    Type i32 = b.getI32Type(), i64 = b.getI64Type();
    entryType = LLVM::LLVMStructType::getLiteral(
        b.getContext(), {ptr, ptr, i32, i32, i64, i64, i64, i64, i64});
  }

  void write(ArrayRef<LayerOp> layers, const llvm::StringMap<int64_t> &units);

private:
  void writeString(StringRef symbol, StringRef text);
  Value createEntry(LayerOp layer, int64_t units);

  ImplicitLocOpBuilder b;
  Type ptr;
  LLVM::LLVMStructType entryType;
};
} // namespace

void TableBuilder::writeString(StringRef symbol, StringRef text) {
  std::string terminated = text.str() + '\0';
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), terminated.size());
  b.create<LLVM::GlobalOp>(type, /*isConstant=*/true, LLVM::Linkage::Internal,
                           symbol, b.getStringAttr(terminated))
      .setUnnamedAddr(LLVM::UnnamedAddr::Global);
}

/// The members of an abi::LayerInfo.
Value TableBuilder::createEntry(LayerOp layer, int64_t units) {
  auto address = [&](const Twine &symbol) -> Value {
    return b.create<LLVM::AddressOfOp>(ptr, symbol.str());
  };
  auto number = [&](Type type, int64_t value) -> Value {
    return b.create<LLVM::ConstantOp>(type, value);
  };
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  Value members[] = {address(getNameSymbol(layer.getSymName())),
                     address("kind_" + layer.getKind()),
                     number(i32, layer.getIsFloat() ? abi::Float32 : abi::Int8),
                     number(i32, units),
                     number(i64, layer.getMacs()),
                     number(i64, layer.getWeightBytes()),
                     number(i64, layer.getInputBytes()),
                     number(i64, layer.getOutputBytes()),
                     number(i64, layer.getPredictedNanoseconds())};
  Value entry = b.create<LLVM::UndefOp>(entryType);
  for (auto [i, member] : llvm::enumerate(members))
    entry = b.create<LLVM::InsertValueOp>(entry, member, i);
  return entry;
}

void TableBuilder::write(ArrayRef<LayerOp> layers,
                         const llvm::StringMap<int64_t> &units) {
  llvm::StringSet<> kinds; // written
  for (LayerOp layer : layers) {
    writeString(getNameSymbol(layer.getSymName()), layer.getNode());
    if (kinds.insert(layer.getKind()).second)
      writeString(("kind_" + layer.getKind()).str(), layer.getKind());
  }
  auto type = LLVM::LLVMArrayType::get(entryType, layers.size());
  auto table = b.create<LLVM::GlobalOp>(type, /*isConstant=*/true,
                                        LLVM::Linkage::Internal, kLayerTable,
                                        Attribute(), /*alignment=*/8);
  b.createBlock(&table.getInitializerRegion());
  Value value = b.create<LLVM::UndefOp>(type);
  int64_t position = 0;
  for (LayerOp layer : layers) {
    auto found = units.find(layer.getSymName());
    Value entry = createEntry(layer, found == units.end() ? 1 : found->second);
    value = b.create<LLVM::InsertValueOp>(value, entry, position++);
  }
  b.create<LLVM::ReturnOp>(value);
}

void qnn::lowerLayers(ModuleOp module, ArrayRef<LaunchOp> launches) {
  auto layers = llvm::to_vector(module.getOps<LayerOp>());
  if (layers.empty())
    return;
  llvm::StringMap<int64_t> units;
  for (LaunchOp launch : launches)
    if (launch.getLayer()) {
      int64_t &most = units[*launch.getLayer()];
      most = std::max(most, int64_t(launch.getUnits().value_or(1)));
    }
  TableBuilder(module).write(layers, units);
  for (LayerOp layer : layers)
    layer.erase();
}
