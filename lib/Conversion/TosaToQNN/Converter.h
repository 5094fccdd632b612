//===- Converter.h - tosa functions as qnn functions ------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does one tosa op become qnn ops? Each `convert` returns the real numbers
// of the op's result, a float tensor, whatever integers tosa has there; the
// Converter rounds them where the result is a tensor of 8 bits. So integer
// arithmetic between rescales becomes float arithmetic between
// quant.dcast and quant.qcast: the QDQ stage.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_TOSATOQNN_CONVERTER_H
#define QNN_LIB_CONVERSION_TOSATOQNN_CONVERTER_H

#include "IntegerScales.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/IR/QNN.h"

#include "mlir/IR/IRMapping.h"

namespace mlir::qnn::fromtosa {

class Converter {
public:
  explicit Converter(func::FuncOp func) : func(func), builder(func) {}

  /// Puts the qnn function in place of the tosa one. On failure one error was
  /// emitted that names every op without a qnn form.
  LogicalResult run();

  //===--------------------------------------------------------------------===//
  // For the converters of ops
  //===--------------------------------------------------------------------===//

  /// Gives the reason why `op` cannot be converted.
  LogicalResult refuse(Operation *op, const Twine &reason);

  /// The real numbers of a tosa value; of integers that are not scaled,
  /// themselves.
  Value get(Value value) const { return values.lookup(value); }
  /// What `value` quantizes to. Precondition: scaled, of at most 16 bits.
  quant::UniformQuantizedType getType(Value value) const;
  /// The integers of a constant; none when it is computed.
  std::optional<SmallVector<int64_t>> getIntegers(Value value) const;

  /// Creates a qnn op with a result of `elementType`, or of f32.
  template <typename OpTy, typename... Args>
  FailureOr<Value> createAs(Location loc, Type elementType, Args &&...args) {
    FailureOr<OpTy> op = createInferred<OpTy>(builder, loc, elementType,
                                              std::forward<Args>(args)...);
    if (failed(op))
      return failure();
    return Value(op->getResult());
  }
  template <typename OpTy, typename... Args>
  FailureOr<Value> create(Location loc, Args &&...args) {
    return createAs<OpTy>(loc, builder.getF32Type(),
                          std::forward<Args>(args)...);
  }
  /// Creates an op that moves the values of `value`.
  template <typename OpTy, typename... Args>
  FailureOr<Value> move(Location loc, Value value, Args &&...args) {
    return createAs<OpTy>(loc, getElementTypeOrSelf(value), value,
                          std::forward<Args>(args)...);
  }
  Value createScalar(Location loc, float value) {
    return createFloatConstant(builder, loc, {}, value);
  }

  /// `real` rounded to the integers of `tosaValue`, as reals again.
  Value round(Location loc, Value real, Value tosaValue);

  OpBuilder &getBuilder() { return builder; }
  const IntegerScales &getScales() const { return scales; }

private:
  FailureOr<Type> getArgumentType(Value value);
  LogicalResult createFunction();
  void convertOp(Operation *op);
  Value getAs(Type type, Value real);
  LogicalResult createReturn(func::ReturnOp op);
  Location getName(Operation *op);

  func::FuncOp func, result;
  OpBuilder builder;
  IntegerScales scales;
  DenseMap<Value, Value> values;
  llvm::StringMap<int> counts; ///< of ops without a name, by kind
  SmallVector<std::string> unsupported;
};

// Layers.cpp
FailureOr<Value> convert(Converter &converter, tosa::Conv2DOp op);
FailureOr<Value> convert(Converter &converter, tosa::DepthwiseConv2DOp op);
FailureOr<Value> convert(Converter &converter, tosa::TransposeConv2DOp op);
FailureOr<Value> convert(Converter &converter, tosa::FullyConnectedOp op);
FailureOr<Value> convert(Converter &converter, tosa::MatMulOp op);
FailureOr<Value> convert(Converter &converter, tosa::AvgPool2dOp op);
FailureOr<Value> convert(Converter &converter, tosa::MaxPool2dOp op);

// ElementWise.cpp
FailureOr<Value> convert(Converter &converter, tosa::AddOp op);
FailureOr<Value> convert(Converter &converter, tosa::SubOp op);
FailureOr<Value> convert(Converter &converter, tosa::MulOp op);
FailureOr<Value> convert(Converter &converter, tosa::IntDivOp op);
FailureOr<Value> convert(Converter &converter, tosa::MaximumOp op);
FailureOr<Value> convert(Converter &converter, tosa::MinimumOp op);
FailureOr<Value> convert(Converter &converter, tosa::PowOp op);
FailureOr<Value> convert(Converter &converter, tosa::LogicalAndOp op);
FailureOr<Value> convert(Converter &converter, tosa::LogicalOrOp op);
FailureOr<Value> convert(Converter &converter, tosa::LogicalXorOp op);
FailureOr<Value> convert(Converter &converter, tosa::LogicalNotOp op);
FailureOr<Value> convert(Converter &converter, tosa::BitwiseAndOp op);
FailureOr<Value> convert(Converter &converter, tosa::BitwiseOrOp op);
FailureOr<Value> convert(Converter &converter, tosa::BitwiseXorOp op);
FailureOr<Value> convert(Converter &converter, tosa::EqualOp op);
FailureOr<Value> convert(Converter &converter, tosa::GreaterOp op);
FailureOr<Value> convert(Converter &converter, tosa::GreaterEqualOp op);
FailureOr<Value> convert(Converter &converter, tosa::SelectOp op);
FailureOr<Value> convert(Converter &converter, tosa::ClampOp op);
FailureOr<Value> convert(Converter &converter, tosa::RescaleOp op);

// Functions.cpp
FailureOr<Value> convert(Converter &converter, tosa::SigmoidOp op);
FailureOr<Value> convert(Converter &converter, tosa::TanhOp op);
FailureOr<Value> convert(Converter &converter, tosa::ErfOp op);
FailureOr<Value> convert(Converter &converter, tosa::ExpOp op);
FailureOr<Value> convert(Converter &converter, tosa::LogOp op);
FailureOr<Value> convert(Converter &converter, tosa::AbsOp op);
FailureOr<Value> convert(Converter &converter, tosa::CeilOp op);
FailureOr<Value> convert(Converter &converter, tosa::FloorOp op);
FailureOr<Value> convert(Converter &converter, tosa::SinOp op);
FailureOr<Value> convert(Converter &converter, tosa::CosOp op);
FailureOr<Value> convert(Converter &converter, tosa::RsqrtOp op);
FailureOr<Value> convert(Converter &converter, tosa::ReciprocalOp op);
FailureOr<Value> convert(Converter &converter, tosa::NegateOp op);
FailureOr<Value> convert(Converter &converter, tosa::CastOp op);
FailureOr<Value> convert(Converter &converter, tosa::TableOp op);

// Indices.cpp
FailureOr<Value> convert(Converter &converter, tosa::ReduceSumOp op);
FailureOr<Value> convert(Converter &converter, tosa::ReduceProdOp op);
FailureOr<Value> convert(Converter &converter, tosa::ReduceMaxOp op);
FailureOr<Value> convert(Converter &converter, tosa::ReduceMinOp op);
FailureOr<Value> convert(Converter &converter, tosa::ReduceAllOp op);
FailureOr<Value> convert(Converter &converter, tosa::ReduceAnyOp op);
FailureOr<Value> convert(Converter &converter, tosa::ArgMaxOp op);
FailureOr<Value> convert(Converter &converter, tosa::GatherOp op);
FailureOr<Value> convert(Converter &converter, tosa::ResizeOp op);

// Movement.cpp
FailureOr<Value> convert(Converter &converter, tosa::ConstOp op);
FailureOr<Value> convert(Converter &converter, tosa::IdentityOp op);
FailureOr<Value> convert(Converter &converter, tosa::ReshapeOp op);
FailureOr<Value> convert(Converter &converter, tosa::TransposeOp op);
FailureOr<Value> convert(Converter &converter, tosa::PadOp op);
FailureOr<Value> convert(Converter &converter, tosa::ConcatOp op);
FailureOr<Value> convert(Converter &converter, tosa::SliceOp op);
FailureOr<Value> convert(Converter &converter, tosa::TileOp op);
FailureOr<Value> convert(Converter &converter, tosa::ReverseOp op);

} // namespace mlir::qnn::fromtosa

#endif // QNN_LIB_CONVERSION_TOSATOQNN_CONVERTER_H
