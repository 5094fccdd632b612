//===- CodeGen.cpp - From a network graph to an LLVM module ---------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every level lowers a clone of the network on its own; the LLVM modules are
// then linked into one. Constants are written into one blob: those with equal
// contents (the packed weights of all levels of an architecture) once.
//
//===----------------------------------------------------------------------===//

#include "qnn/Target/CodeGen.h"

#include "qnn/Conversion/Passes.h"
#include "qnn/Dialect/Microkernel/IR/Microkernel.h"
#include "qnn/Dialect/Microkernel/Transforms/Passes.h"
#include "qnn/Dialect/QNN/IR/QNN.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {

/// The contents of all constants, each distinct one once.
class ConstantBlob {
public:
  explicit ConstantBlob(std::vector<uint8_t> &bytes) : bytes(bytes) {}

  /// The offset of `data` in the blob.
  int64_t add(ArrayRef<char> data) {
    std::array<uint8_t, 32> hash = llvm::SHA256::hash(ArrayRef<uint8_t>(
        reinterpret_cast<const uint8_t *>(data.data()), data.size()));
    std::string key(hash.begin(), hash.end());
    auto [entry, isNew] = offsets.try_emplace(key, 0);
    if (isNew) {
      bytes.resize(
          llvm::alignTo(bytes.size(), getConstantAlignment(data.size())));
      entry->second = bytes.size();
      bytes.insert(bytes.end(), data.begin(), data.end());
    }
    return entry->second;
  }

private:
  std::vector<uint8_t> &bytes;
  llvm::StringMap<int64_t> offsets;
};

/// Raw contents of the initial value of a global.
FailureOr<ArrayRef<char>> getContents(memref::GlobalOp global,
                                      SmallVector<char> &splat) {
  auto value = cast<ElementsAttr>(*global.getInitialValue());
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      return blob->getData();
    return global.emitError("expected a constant with data");
  }
  auto dense = cast<DenseElementsAttr>(value);
  if (!dense.isSplat())
    return dense.getRawData();
  for (int64_t i = 0; i < dense.getNumElements(); ++i)
    llvm::append_range(splat, dense.getRawData());
  return ArrayRef<char>(splat);
}

/// What the launches of a lowered network say about proved pairs.
void readProvedPairs(ModuleOp module, llvm::StringMap<ProvedPairs> &layers) {
  module.walk([&](microkernel::LaunchOp launch) {
    auto counts =
        launch->getAttrOfType<DenseI64ArrayAttr>(microkernel::kProvedPairsAttr);
    if (counts)
      layers[getLayerName(launch)] = {counts[0], counts[1], counts[2]};
  });
}

/// How a lowered network computes its layers.
void readSchedules(ModuleOp module, const TargetLevel &level,
                   std::vector<LayerSchedule> &schedules) {
  for (auto layer : module.getOps<microkernel::LayerOp>())
    schedules.push_back({&level, layer.getNode().str(), layer.getKind().str(),
                         layer.getSchedule().value_or("").str(),
                         double(layer.getPredictedNanoseconds())});
}

/// Moves the contents of all globals into the blob and their views to it. Runs
/// after microkernel-plan-memory and before the conversion to LLVM, where
/// launches and layers still say what is known of them.
struct CollectConstantsPass final
    : PassWrapper<CollectConstantsPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CollectConstantsPass)
  CollectConstantsPass(ConstantBlob &blob, const TargetLevel &level,
                       GeneratedCode &code)
      : blob(blob), level(level), code(code) {}

  void runOnOperation() override {
    readProvedPairs(getOperation(), code.provedPairs);
    readSchedules(getOperation(), level, code.schedules);
    DenseMap<int64_t, int64_t> moved; // planned offset -> offset in the blob
    auto globals = llvm::to_vector(getOperation().getOps<memref::GlobalOp>());
    // What starts on a cache line first: no gaps between the rest.
    auto isAligned = [](memref::GlobalOp global) {
      MemRefType type = global.getType();
      return getConstantAlignment(type.getNumElements() *
                                  type.getElementTypeBitWidth() / 8) ==
             kBufferAlignment;
    };
    llvm::sort(globals, [&](memref::GlobalOp a, memref::GlobalOp b) {
      return std::make_pair(!isAligned(a), a.getSymName()) <
             std::make_pair(!isAligned(b), b.getSymName());
    });
    for (memref::GlobalOp global : globals) {
      SmallVector<char> splat;
      FailureOr<ArrayRef<char>> contents = getContents(global, splat);
      if (failed(contents))
        return signalPassFailure();
      moved[cast<IntegerAttr>(global->getAttr(kOffsetAttr)).getInt()] =
          blob.add(*contents);
      // The resource was made by this lowering: its memory is not needed twice.
      if (auto resource =
              dyn_cast<DenseResourceElementsAttr>(*global.getInitialValue()))
        *resource.getRawHandle().getBlob() = AsmResourceBlob();
      global.erase();
    }
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isPrivate())
        continue;
      Value constants = function.getArgument(1);
      function.walk([&](memref::ViewOp view) {
        if (view.getSource() != constants)
          return;
        OpBuilder builder(view);
        APInt offset;
        matchPattern(view.getByteShift(), m_ConstantInt(&offset));
        view.getByteShiftMutable().assign(
            builder.create<arith::ConstantIndexOp>(
                view.getLoc(), moved.lookup(offset.getSExtValue())));
      });
    }
  }

  ConstantBlob &blob;
  const TargetLevel &level;
  GeneratedCode &code;
};

/// Sets what LLVM must know of the level on every function of its module.
void setLevelAttributes(llvm::Module &module, const TargetLevel &level) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.setLinkage(llvm::GlobalValue::InternalLinkage);
    function.setDoesNotThrow();
    // Kernels keep their names in profiles; their calls cost nothing.
    function.addFnAttr(llvm::Attribute::NoInline);
    if (!level.features.empty())
      function.addFnAttr("target-features", level.features);
    // In the order for all processors, the accumulators of smmla spill.
    if (!level.tuneCpu.empty())
      function.addFnAttr("tune-cpu", level.tuneCpu);
    if (level.vectorBits == 512) {
      function.addFnAttr("prefer-vector-width", "512");
      function.addFnAttr("min-legal-vector-width", "512");
    }
  }
}

} // namespace

static abi::ElementType getElementType(Type tensor) {
  Type element = cast<RankedTensorType>(tensor).getElementType();
  if (auto quantized = getUniformElementType(tensor))
    return quantized.isSigned() ? abi::Int8 : abi::UInt8;
  return element.isF32()         ? abi::Float32
         : element.isInteger(64) ? abi::Int64
         : element.isInteger(32) ? abi::Int32
                                 : abi::Bool;
}

LogicalResult qnn::getTensorInfos(func::FuncOp entry,
                                  SmallVector<TensorInfo> &inputs,
                                  SmallVector<TensorInfo> &outputs) {
  auto info = [&](Type type, StringAttr name,
                  const Twine &fallback) -> FailureOr<TensorInfo> {
    bool isInteger = isIntegerTensor(type);
    if (!isInteger && (!isActivationTensor(type) || isAccumulatorTensor(type)))
      return entry.emitError("expected float or 8-bit inputs and outputs, got ")
             << type;
    return TensorInfo{
        name ? name.str() : fallback.str(),
        SmallVector<int64_t>(cast<RankedTensorType>(type).getShape()),
        getUniformElementType(type), getElementType(type)};
  };
  for (auto [i, type] : llvm::enumerate(entry.getArgumentTypes())) {
    auto input = info(type, entry.getArgAttrOfType<StringAttr>(i, "qnn.name"),
                      "arg" + Twine(i));
    if (failed(input))
      return failure();
    inputs.push_back(*input);
  }
  for (auto [i, type] : llvm::enumerate(entry.getResultTypes())) {
    auto output =
        info(type, entry.getResultAttrOfType<StringAttr>(i, "qnn.name"),
             "result" + Twine(i));
    if (failed(output))
      return failure();
    outputs.push_back(*output);
  }
  return success();
}

/// Lowers a clone of the network for one level and translates it.
static std::unique_ptr<llvm::Module>
lowerForLevel(ModuleOp network, const TargetLevel &level, ConstantBlob &blob,
              llvm::LLVMContext &context, GeneratedCode &code) {
  OwningOpRef<ModuleOp> module = network.clone();
  PassManager pm(network.getContext());
  buildKernelPipeline(pm, level, [&](OpPassManager &at) {
    at.addPass(std::make_unique<CollectConstantsPass>(blob, level, code));
  });
  if (failed(pm.run(*module)))
    return nullptr;
  module->walk([&](Operation *op) {
    auto bytes = op->getAttrOfType<IntegerAttr>(kArenaBytesAttr);
    if (!bytes || bytes.getInt() <= code.arenaBytes)
      return;
    code.arenaBytes = bytes.getInt();
    code.liveBytes = op->getAttrOfType<IntegerAttr>(kLiveBytesAttr).getInt();
  });
  registerBuiltinDialectTranslation(*network.getContext());
  registerLLVMDialectTranslation(*network.getContext());
  std::unique_ptr<llvm::Module> translated =
      translateModuleToLLVMIR(*module, context);
  if (!translated)
    network.emitError("expected a module that translates to LLVM IR");
  else
    setLevelAttributes(*translated, level);
  return translated;
}

FailureOr<GeneratedCode> qnn::generateCode(ModuleOp network,
                                           ArrayRef<const TargetLevel *> levels,
                                           const llvm::Triple &triple,
                                           llvm::LLVMContext &context) {
  auto functions = network.getOps<func::FuncOp>();
  if (std::distance(functions.begin(), functions.end()) != 1)
    return network.emitError("expected a module with one function, the "
                             "network");
  func::FuncOp entry = *functions.begin();
  GeneratedCode code;
  code.levels.assign(levels.begin(), levels.end());
  if (failed(getTensorInfos(entry, code.inputs, code.outputs)))
    return failure();
  for (auto observer : entry.getBody().getOps<ObserveOp>())
    code.observed.push_back(observer.getName().str());
  ConstantBlob blob(code.constants);
  code.module = std::make_unique<llvm::Module>("network", context);
  code.module->setTargetTriple(triple.str());
  llvm::Linker linker(*code.module);
  for (const TargetLevel *level : levels) {
    std::unique_ptr<llvm::Module> part =
        lowerForLevel(network, *level, blob, context, code);
    if (!part)
      return failure();
    part->setTargetTriple(triple.str());
    // What nothing refers to yet would be dropped: keep the entry and the table
    // of layers visible until they are linked.
    std::string name = getRunFunctionName(*level);
    std::string layers = getLayerTableName(*level);
    if (llvm::GlobalValue *table = part->getNamedValue(kLayerTable))
      table->setName(layers);
    auto setLinkage = [&](llvm::Module &module,
                          llvm::GlobalValue::LinkageTypes linkage) {
      for (StringRef kept : {StringRef(name), StringRef(layers)})
        if (llvm::GlobalValue *value = module.getNamedValue(kept))
          value->setLinkage(linkage);
    };
    setLinkage(*part, llvm::GlobalValue::ExternalLinkage);
    if (linker.linkInModule(std::move(part)))
      return network.emitError("expected modules of levels that link");
    setLinkage(*code.module, llvm::GlobalValue::InternalLinkage);
  }
  // Kernels may read (not use) up to 64 bytes behind the last constant.
  code.constants.resize(code.constants.size() + kBufferAlignment);
  return code;
}
