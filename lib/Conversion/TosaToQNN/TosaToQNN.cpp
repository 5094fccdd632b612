//===- TosaToQNN.cpp - tosa functions as qnn functions --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Input: a function of tosa ops on static shapes. Output: the same network as a
// float graph or, where tosa computes with integers, in the QDQ stage. Scales
// are found first (IntegerScales.h), then ops are converted in order. Cost:
// linear in the number of ops.
//
//===----------------------------------------------------------------------===//

#include "Converter.h"

#include "qnn/Conversion/Passes.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/Pass.h"
#include "llvm/ADT/StringExtras.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_CONVERTTOSATOQNNPASS
#include "qnn/Conversion/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "convert-tosa-to-qnn"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::fromtosa;

LogicalResult Converter::refuse(Operation *op, const Twine &reason) {
  unsupported.push_back((op->getName().getStringRef() + " '" +
                         cast<NameLoc>(getName(op)).getName().getValue() +
                         "' (" + reason + ")")
                            .str());
  return failure();
}

quant::UniformQuantizedType Converter::getType(Value value) const {
  Type element = getElementTypeOrSelf(value.getType());
  if (auto type = dyn_cast<quant::UniformQuantizedType>(element))
    return type;
  bool isUnsigned = element.isUnsignedInteger();
  unsigned bits = element.getIntOrFloatBitWidth();
  return quant::UniformQuantizedType::get(
      isUnsigned ? 0 : quant::QuantizationFlags::Signed,
      IntegerType::get(value.getContext(), bits),
      Float32Type::get(value.getContext()), scales.getScale(value),
      scales.getZeroPoint(value),
      quant::QuantizedType::getDefaultMinimumForInteger(!isUnsigned, bits),
      quant::QuantizedType::getDefaultMaximumForInteger(!isUnsigned, bits));
}

std::optional<SmallVector<int64_t>> Converter::getIntegers(Value value) const {
  ElementsAttr elements;
  if (auto constant = value.getDefiningOp<tosa::ConstOp>())
    elements = constant.getValue();
  else if (auto constant = value.getDefiningOp<arith::ConstantOp>())
    elements = dyn_cast<ElementsAttr>(constant.getValue());
  if (!elements)
    return std::nullopt;
  if (auto dense = dyn_cast<DenseIntElementsAttr>(elements)) {
    SmallVector<int64_t> integers;
    bool isUnsigned = dense.getElementType().isUnsignedInteger();
    for (const APInt &integer : dense.getValues<APInt>())
      integers.push_back(isUnsigned ? integer.getZExtValue()
                                    : integer.getSExtValue());
    return integers;
  }
  FailureOr<SmallVector<int32_t>> stored = qnn::getIntegerValues(elements);
  if (failed(stored))
    return std::nullopt;
  return SmallVector<int64_t>(stored->begin(), stored->end());
}

/// The location of `op`, with a name: its own, or its kind and a number.
Location Converter::getName(Operation *op) {
  if (auto name = op->getLoc()->findInstanceOf<NameLoc>())
    return name;
  StringRef kind = op->getName().stripDialect();
  std::string name = (kind + "_" + Twine(counts[kind]++)).str();
  auto named = NameLoc::get(builder.getStringAttr(name), op->getLoc());
  op->setLoc(named);
  return named;
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

/// The name of an argument or result that `attributes` carry, as different
/// front ends write it.
static StringAttr findName(DictionaryAttr attributes) {
  if (!attributes)
    return {};
  for (StringLiteral key :
       {kTensorNameAttr, StringLiteral("tf_saved_model.index_path"),
        StringLiteral("ml_program.identifier")}) {
    Attribute found = attributes.get(key);
    if (auto path = dyn_cast_or_null<ArrayAttr>(found); path && !path.empty())
      found = path[0];
    if (auto name = dyn_cast_or_null<StringAttr>(found))
      return name;
  }
  return {};
}

FailureOr<Type> Converter::getArgumentType(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape())
    return func.emitError("expected tensors of static shape, got ")
           << value.getType() << "; run --tosa-infer-shapes on static inputs";
  if (scales.isScaled(value) && isNarrowInteger(type))
    return Type(type.clone(getType(value)));
  if (isPlainTensor(type))
    return Type(type);
  return func.emitError("expected inputs and outputs of f32, bools or 8-, 32- "
                        "or 64-bit integers, got ")
         << value.getType();
}

LogicalResult Converter::createFunction() {
  SmallVector<Type> types;
  for (BlockArgument argument : func.getArguments()) {
    FailureOr<Type> type = getArgumentType(argument);
    if (failed(type))
      return failure();
    types.push_back(*type);
  }
  builder.setInsertionPoint(func);
  result = builder.create<func::FuncOp>(func.getLoc(), func.getName(),
                                        builder.getFunctionType(types, {}));
  Block *body = result.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  for (BlockArgument argument : func.getArguments()) {
    unsigned i = argument.getArgNumber();
    Value value = body->getArgument(i);
    if (StringAttr name = findName(func.getArgAttrDict(i))) {
      result.setArgAttr(i, kTensorNameAttr, name);
      value.setLoc(NameLoc::get(name));
    }
    if (isQuantizedTensor(value.getType()))
      value = builder.create<quant::DequantizeCastOp>(
          value.getLoc(),
          cast<RankedTensorType>(value.getType()).clone(builder.getF32Type()),
          value);
    values[argument] = value;
  }
  return success();
}

Value Converter::round(Location loc, Value real, Value tosaValue) {
  auto type = cast<RankedTensorType>(real.getType());
  Value integers = builder.create<quant::QuantizeCastOp>(
      loc, type.clone(getType(tosaValue)), real);
  return builder.create<quant::DequantizeCastOp>(loc, type, integers);
}

/// Runs the converter of the one of `Ops` that `op` is; none if it is none.
template <typename... Ops>
static std::optional<FailureOr<Value>> convertAs(Converter &converter,
                                                 Operation *op) {
  std::optional<FailureOr<Value>> result;
  auto tryOne = [&](auto typed) {
    if (typed)
      result = convert(converter, typed);
  };
  (tryOne(dyn_cast<Ops>(op)), ...);
  return result;
}

static std::optional<FailureOr<Value>> convertAny(Converter &converter,
                                                  Operation *op) {
  auto result =
      convertAs<tosa::Conv2DOp, tosa::DepthwiseConv2DOp,
                tosa::TransposeConv2DOp, tosa::FullyConnectedOp, tosa::MatMulOp,
                tosa::AvgPool2dOp, tosa::MaxPool2dOp>(converter, op);
  if (!result)
    result = convertAs<
        tosa::AddOp, tosa::SubOp, tosa::MulOp, tosa::IntDivOp, tosa::MaximumOp,
        tosa::MinimumOp, tosa::PowOp, tosa::LogicalAndOp, tosa::LogicalOrOp,
        tosa::LogicalXorOp, tosa::LogicalNotOp, tosa::BitwiseAndOp,
        tosa::BitwiseOrOp, tosa::BitwiseXorOp, tosa::EqualOp, tosa::GreaterOp,
        tosa::GreaterEqualOp, tosa::SelectOp, tosa::ClampOp, tosa::RescaleOp>(
        converter, op);
  if (!result)
    result =
        convertAs<tosa::SigmoidOp, tosa::TanhOp, tosa::ErfOp, tosa::ExpOp,
                  tosa::LogOp, tosa::AbsOp, tosa::CeilOp, tosa::FloorOp,
                  tosa::SinOp, tosa::CosOp, tosa::RsqrtOp, tosa::ReciprocalOp,
                  tosa::NegateOp, tosa::CastOp, tosa::TableOp>(converter, op);
  if (!result)
    result = convertAs<tosa::ReduceSumOp, tosa::ReduceProdOp, tosa::ReduceMaxOp,
                       tosa::ReduceMinOp, tosa::ReduceAllOp, tosa::ReduceAnyOp,
                       tosa::ArgMaxOp, tosa::GatherOp, tosa::ResizeOp>(
        converter, op);
  if (!result)
    result =
        convertAs<tosa::ConstOp, tosa::IdentityOp, tosa::ReshapeOp,
                  tosa::TransposeOp, tosa::PadOp, tosa::ConcatOp, tosa::SliceOp,
                  tosa::TileOp, tosa::ReverseOp>(converter, op);
  return result;
}

/// Ops whose results hold integers of their operands.
static bool keepsIntegers(Operation *op) {
  return isa<tosa::ConstOp, tosa::IdentityOp, tosa::ReshapeOp>(op) ||
         isa<tosa::TransposeOp, tosa::SliceOp, tosa::ReverseOp>(op) ||
         isa<tosa::MaxPool2dOp>(op);
}

void Converter::convertOp(Operation *op) {
  (void)getName(op);
  for (Value value : op->getResults()) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || !type.hasStaticShape())
      return (void)refuse(op, "expected a static shape; run "
                              "--tosa-infer-shapes on static inputs");
  }
  // What reads an op that failed has nothing to be made of.
  bool isOpen = llvm::any_of(op->getOperands(), [&](Value operand) {
    return !get(operand) && !operand.getDefiningOp<tosa::ConstOp>() &&
           !operand.getDefiningOp<arith::ConstantOp>();
  });
  if (isOpen)
    return;
  size_t known = unsupported.size();
  std::optional<FailureOr<Value>> converted = convertAny(*this, op);
  if (!converted)
    return (void)refuse(op, "no such op in qnn");
  if (failed(*converted)) {
    if (unsupported.size() == known)
      (void)refuse(op, "its shapes do not fit");
    return;
  }
  Value value = **converted, output = op->getResult(0);
  if (value && scales.isScaled(output) && isNarrowInteger(output.getType()) &&
      !keepsIntegers(op))
    value = round(op->getLoc(), value, output);
  values[output] = value;
}

/// `real` as a tensor of type `type`: as it is, or its integers.
Value Converter::getAs(Type type, Value real) {
  if (!isQuantizedTensor(type))
    return real;
  auto known = real.getDefiningOp<quant::DequantizeCastOp>();
  if (known && known.getArg().getType() == type)
    return known.getArg();
  return builder.create<quant::QuantizeCastOp>(real.getLoc(), type, real);
}

/// Constants became what each of their readers wanted; erases the others.
static void eraseUnused(func::FuncOp func) {
  SmallVector<Operation *> ops;
  for (Operation &op : func.getBody().front().without_terminator())
    ops.push_back(&op);
  for (Operation *op : llvm::reverse(ops))
    if (isOpTriviallyDead(op))
      op->erase();
}

LogicalResult Converter::createReturn(func::ReturnOp op) {
  SmallVector<Value> results;
  for (Value operand : op.getOperands()) {
    FailureOr<Type> type = getArgumentType(operand);
    if (failed(type))
      return failure();
    results.push_back(getAs(*type, get(operand)));
  }
  builder.create<func::ReturnOp>(op.getLoc(), results);
  result.setType(builder.getFunctionType(result.getArgumentTypes(),
                                         ValueRange(results).getTypes()));
  for (unsigned i = 0; i < results.size(); ++i)
    if (StringAttr name = findName(func.getResultAttrDict(i)))
      result.setResultAttr(i, kTensorNameAttr, name);
  return success();
}

LogicalResult Converter::run() {
  if (!func.getBody().hasOneBlock())
    return func.emitError("expected a function without control flow");
  // The solver reports what it finds op by op; each op counts once.
  scales.solve(func, [&](Operation *op, const Twine &reason) {
    if (op != func)
      (void)refuse(op, reason);
    else
      unsupported.push_back(reason.str());
  });
  if (failed(createFunction()))
    return failure();
  Block &body = func.getBody().front();
  for (Operation &op : body.without_terminator())
    if (!isa<arith::ConstantOp>(op))
      convertOp(&op);
  if (!unsupported.empty())
    return func.emitError() << unsupported.size()
                            << (unsupported.size() == 1 ? " unsupported op: "
                                                        : " unsupported ops: ")
                            << llvm::join(unsupported, "; ");
  if (failed(createReturn(cast<func::ReturnOp>(body.getTerminator()))))
    return failure();
  eraseUnused(result);
  func.erase();
  return success();
}

namespace {
struct ConvertTosaToQNNPass final
    : qnn::impl::ConvertTosaToQNNPassBase<ConvertTosaToQNNPass> {
  using Base::Base;

  void runOnOperation() override {
    for (auto func :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      bool hasTosa =
          func.walk([](tosa::TosaOp) { return WalkResult::interrupt(); })
              .wasInterrupted();
      if (hasTosa && failed(Converter(func).run()))
        return signalPassFailure();
    }
  }
};
} // namespace
