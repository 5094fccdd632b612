//===- MicrokernelToLLVM.cpp - Lower launches to calls and hooks ----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Input: functions of the LLVM dialect whose launches still have memrefs, cast
// from descriptors. Output: calls. A launch in units stores its arguments in
// 8-byte slots on the stack, one set per function since launches never overlap,
// and calls @launch_units, which runs the hook of the context on
// @KERNEL_unit(slots, index), or calls that once for all units.
//
//===----------------------------------------------------------------------===//

#include "LayerTable.h"

#include "qnn/Conversion/Passes.h"
#include "qnn/Dialect/Microkernel/IR/Microkernel.h"
#include "qnn/Target/ObjectABI.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_CONVERTMICROKERNELTOLLVMPASS
#include "qnn/Conversion/Passes.h.inc"
} // namespace mlir::qnn

using namespace mlir;
using qnn::microkernel::LaunchOp;

static constexpr llvm::StringLiteral kLaunchUnits = "launch_units";
/// In place of the index of a unit: all of them.
static constexpr int64_t kAllUnits = -1;

namespace {
/// The lowering of the launches of one module.
class LaunchLowering {
public:
  explicit LaunchLowering(ModuleOp module)
      : module(module), converter(module.getContext()),
        b(module.getLoc(), module.getContext()),
        ptr(LLVM::LLVMPointerType::get(module.getContext())),
        i64(b.getI64Type()),
        nothing(LLVM::LLVMVoidType::get(module.getContext())) {}

  void lower(LaunchOp op);

private:
  SmallVector<Value> lowerArguments(LaunchOp op);
  Value getSlots(LaunchOp op, size_t count);
  LLVM::LLVMFuncOp createFunction(StringRef name, ArrayRef<Type> parameters);
  LLVM::LLVMFuncOp getUnitFunction(LaunchOp op, ArrayRef<Value> arguments);
  LLVM::LLVMFuncOp getLaunchFunction();

  Value number(int64_t value) { return b.create<LLVM::ConstantOp>(i64, value); }
  /// The address `bytes` behind `base`.
  Value offset(Value base, int64_t bytes) {
    return b.create<LLVM::GEPOp>(ptr, b.getI8Type(), base,
                                 ArrayRef<LLVM::GEPArg>{int32_t(bytes)});
  }

  ModuleOp module;
  LLVMTypeConverter converter;
  ImplicitLocOpBuilder b;
  Type ptr, i64, nothing;
  DenseMap<Operation *, LLVM::AllocaOp> slots; ///< of each function
  llvm::StringMap<LLVM::LLVMFuncOp> functions;
};
} // namespace

/// Bare pointers for memrefs, integers for indices: what kernels take.
SmallVector<Value> LaunchLowering::lowerArguments(LaunchOp op) {
  SmallVector<Value> lowered;
  for (Value argument : op.getArguments()) {
    Type type = converter.convertType(argument.getType());
    if (type != argument.getType())
      argument =
          b.create<UnrealizedConversionCastOp>(type, argument).getResult(0);
    if (isa<LLVM::LLVMStructType>(type))
      argument = MemRefDescriptor(argument).alignedPtr(b, b.getLoc());
    lowered.push_back(argument);
  }
  return lowered;
}

/// Stack memory of the function around `op` for `count` arguments.
Value LaunchLowering::getSlots(LaunchOp op, size_t count) {
  auto function = op->getParentOfType<LLVM::LLVMFuncOp>();
  LLVM::AllocaOp &memory = slots[function];
  auto type = LLVM::LLVMArrayType::get(i64, count);
  if (!memory) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&function.front());
    memory = b.create<LLVM::AllocaOp>(ptr, type, number(1));
  } else if (cast<LLVM::LLVMArrayType>(memory.getElemType()).getNumElements() <
             count) {
    memory.setElemType(type);
  }
  return memory;
}

/// A function without body; the builder stays where it is.
LLVM::LLVMFuncOp LaunchLowering::createFunction(StringRef name,
                                                ArrayRef<Type> parameters) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(module.getBody());
  auto type = LLVM::LLVMFunctionType::get(nothing, parameters);
  return b.create<LLVM::LLVMFuncOp>(name, type, LLVM::Linkage::Internal);
}

/// The function that loads `arguments` from slots and calls the kernel for a
/// unit, or for kAllUnits.
LLVM::LLVMFuncOp LaunchLowering::getUnitFunction(LaunchOp op,
                                                 ArrayRef<Value> arguments) {
  LLVM::LLVMFuncOp &function = functions[op.getKernel()];
  if (function)
    return function;
  function = createFunction((op.getKernel() + "_unit").str(), {ptr, i64});
  OpBuilder::InsertionGuard guard(b);
  Block *block = function.addEntryBlock(b);
  b.setInsertionPointToStart(block);
  SmallVector<Value> loaded;
  for (auto [i, argument] : llvm::enumerate(arguments))
    loaded.push_back(b.create<LLVM::LoadOp>(
        argument.getType(), offset(block->getArgument(0), 8 * i)));
  Value unit = block->getArgument(1), zero = number(0);
  Value isAll = b.create<LLVM::ICmpOp>(LLVM::ICmpPredicate::slt, unit, zero);
  Value next = b.create<LLVM::AddOp>(unit, number(1));
  loaded.push_back(b.create<LLVM::SelectOp>(isAll, zero, unit));
  loaded.push_back(
      b.create<LLVM::SelectOp>(isAll, number(int64_t(*op.getUnits())), next));
  b.create<LLVM::CallOp>(TypeRange(), op.getKernel(), loaded);
  b.create<LLVM::ReturnOp>(ValueRange());
  return function;
}

/// launch_units(context, count, body, slots): by the hook when there is one.
LLVM::LLVMFuncOp LaunchLowering::getLaunchFunction() {
  LLVM::LLVMFuncOp &function = functions[kLaunchUnits];
  if (function)
    return function;
  function = createFunction(kLaunchUnits, {ptr, i64, ptr, ptr});
  OpBuilder::InsertionGuard guard(b);
  Block *entry = function.addEntryBlock(b);
  ValueRange parameters = entry->getArguments();
  Block *withHook = function.addBlock(), *alone = function.addBlock();
  b.setInsertionPointToStart(entry);
  Value hook = b.create<LLVM::LoadOp>(
      ptr, offset(parameters[0], offsetof(qnn::abi::Context, parallelFor)));
  Value absent = b.create<LLVM::ICmpOp>(LLVM::ICmpPredicate::eq, hook,
                                        b.create<LLVM::ZeroOp>(ptr));
  b.create<LLVM::CondBrOp>(absent, alone, withHook);
  b.setInsertionPointToStart(withHook);
  Value argument = b.create<LLVM::LoadOp>(
      ptr,
      offset(parameters[0], offsetof(qnn::abi::Context, parallelForArgument)));
  auto hookType = LLVM::LLVMFunctionType::get(nothing, {ptr, i64, ptr, ptr});
  b.create<LLVM::CallOp>(hookType, ValueRange{hook, argument, parameters[1],
                                              parameters[2], parameters[3]});
  b.create<LLVM::ReturnOp>(ValueRange());
  b.setInsertionPointToStart(alone);
  auto bodyType = LLVM::LLVMFunctionType::get(nothing, {ptr, i64});
  b.create<LLVM::CallOp>(
      bodyType, ValueRange{parameters[2], parameters[3], number(kAllUnits)});
  b.create<LLVM::ReturnOp>(ValueRange());
  return function;
}

void LaunchLowering::lower(LaunchOp op) {
  b.setInsertionPoint(op);
  b.setLoc(op.getLoc());
  SmallVector<Value> arguments = lowerArguments(op);
  if (!op.getUnits()) {
    b.create<LLVM::CallOp>(TypeRange(), op.getKernel(), arguments);
    return op.erase();
  }
  Value memory = getSlots(op, arguments.size());
  for (auto [i, argument] : llvm::enumerate(arguments))
    b.create<LLVM::StoreOp>(argument, offset(memory, 8 * i));
  Value body = b.create<LLVM::AddressOfOp>(getUnitFunction(op, arguments));
  b.create<LLVM::CallOp>(getLaunchFunction(),
                         ValueRange{op.getRunContext(),
                                    number(int64_t(*op.getUnits())), body,
                                    memory});
  op.erase();
}

namespace {
struct ConvertMicrokernelToLLVMPass final
    : qnn::impl::ConvertMicrokernelToLLVMPassBase<
          ConvertMicrokernelToLLVMPass> {
  using Base::Base;

  void runOnOperation() override {
    LaunchLowering lowering(getOperation());
    SmallVector<LaunchOp> launches;
    getOperation().walk([&](LaunchOp op) {
      launches.push_back(op);
      if (!op->getParentOfType<LLVM::LLVMFuncOp>()) {
        op.emitOpError("expected to be in a function of the LLVM dialect: run "
                       "convert-func-to-llvm first");
        signalPassFailure();
      }
    });
    if (llvm::any_of(launches, [](LaunchOp op) {
          return !op->getParentOfType<LLVM::LLVMFuncOp>();
        }))
      return;
    qnn::addProfileCalls(getOperation(), launches);
    qnn::lowerLayers(getOperation(), launches);
    for (LaunchOp op : launches)
      lowering.lower(op);
  }
};
} // namespace
