//===- OpImporter.h - What an op converter sees of its op -------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does a converter read inputs and options, emit ops and report errors?
// One OpImporter lives while one op is imported. Accessors that find the file
// at fault report it and return something harmless, so that converters read
// everything first and check `failed()` once. Only the first error of a model
// is emitted; unsupported forms are collected instead (`unsupported`).
//
// Values are tensors of f32, bools, i32 or i64. What the file quantizes is f32,
// rounded where it is set (`setResult`): f32 -> quant.qcast -> quant.dcast, the
// QDQ stage, or, with 16 bits, in f32. Ops on small constants are computed at
// once, so that shapes which a model computes are constant.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_TFLITE_OPIMPORTER_H
#define QNN_LIB_IMPORT_TFLITE_OPIMPORTER_H

#include "Model.h"

#include "qnn/Dialect/QNN/IR/QNN.h"

namespace mlir::qnn::tflite {

/// Integers known at compile time: shapes, axes, paddings.
struct IntTensor {
  SmallVector<int64_t> shape;
  std::vector<int64_t> values;
};

/// The value of a computed tensor; none so far, and for constants of the file.
/// Poisoned when an unsupported op computes it.
struct Entry {
  Value value;
  Value integers; ///< what `value` was dequantized from
  bool poisoned = false;
};

/// State of the import of one model.
struct GraphState {
  GraphState(MLIRContext *context) : builder(context) {}

  OpBuilder builder;
  ModelInfo model;
  std::vector<Entry> entries; ///< one for each tensor
  /// `OP 'tensor' (reason)`, in file order.
  std::vector<std::string> unsupported;
};

/// The error under construction, or nothing after the first. Stands for failure
/// in a `return`.
class OpError {
public:
  OpError() = default;
  OpError(InFlightDiagnostic diagnostic) : diagnostic(std::move(diagnostic)) {}
  template <typename T> OpError &operator<<(T &&value) {
    if (diagnostic)
      *diagnostic << std::forward<T>(value);
    return *this;
  }
  operator LogicalResult() const { return failure(); }

private:
  std::optional<InFlightDiagnostic> diagnostic;
};

class OpImporter {
public:
  OpImporter(GraphState &state, const OpInfo &op);

  OpBuilder &getBuilder() { return state.builder; }
  Location getLoc() const { return loc; }
  BuiltinOperator getCode() const { return op.code; }

  //===--- Errors ---------------------------------------------------------===//

  /// Reports that the file is wrong.
  OpError error();
  /// Notes that this form of the op is not supported.
  LogicalResult unsupported(const Twine &reason);
  bool failed() const { return hasError || hasUnsupported; }
  /// The file is wrong: stop. Otherwise only this op was refused.
  bool isFatal() const { return hasError; }
  void remark(const Twine &text) { emitRemark(loc) << text; }

  //===--- Inputs ---------------------------------------------------------===//

  int getNumInputs() const { return op.inputs.size(); }
  int getNumOutputs() const { return op.outputs.size(); }
  bool hasInput(int i) const { return i < getNumInputs() && op.inputs[i] >= 0; }
  /// Precondition: there is such an input (output).
  const TensorInfo &getInput(int i) const {
    return state.model.tensors[op.inputs[i]];
  }
  const TensorInfo &getOutput(int i = 0) const {
    return state.model.tensors[op.outputs[i]];
  }
  /// Whether input i is a constant of the file.
  bool isConstant(int i);
  /// Shape of input i; empty after an error.
  SmallVector<int64_t> getShape(int i);
  /// Input i as f32 tensor, or null after an error. Constants become ops:
  /// quantized ones integers and a quant.dcast, if the op is quantized.
  Value getValue(int i);
  /// The same for tensors of bools, i32 and i64 too.
  Value getAny(int i);
  /// Inputs 0 and 1, of one element type; nulls after an error.
  std::pair<Value, Value> getPair();
  /// Constant integers of any shape; `what` names them.
  IntTensor getIntTensor(int i, StringRef what);
  /// A constant vector (or scalar) of integers.
  SmallVector<int64_t> getInts(int i, StringRef what);
  /// One constant integer.
  int64_t getInt(int i, StringRef what);

  /// The stored integers of the constant input i, widened, without the 128 that
  /// UINT8 has more than INT8.
  std::vector<int32_t> getStored(int i);
  /// The real numbers of the constant input i.
  std::vector<float> getReals(int i);

  /// Whether the op computes with integers: its first input and its first
  /// result are quantized.
  bool isQuantized() const {
    return getOutput().isQuantizedActivation() && hasInput(0) &&
           getInput(0).isQuantizedActivation();
  }

  /// The options, which must be there.
  template <typename T> const T *getOptions() {
    const T *options = op.op->builtin_options_as<T>();
    if (!options)
      error() << "expected the options of the op";
    return failed() ? nullptr : options;
  }
  /// The options, or null.
  template <typename T> const T *findOptions() const {
    return op.op->builtin_options_as<T>();
  }
  /// `axis` made non-negative; an error when it is not within `rank`.
  int64_t normalizeAxis(int64_t axis, int64_t rank);
  /// The same for a list, which becomes ascending, without duplicates.
  SmallVector<int64_t> normalizeAxes(ArrayRef<int64_t> axes, int64_t rank);

  //===--- Results --------------------------------------------------------===//

  LogicalResult setResult(Value value, int i = 0);
  /// Output i is input `input`.
  LogicalResult forward(int input, int i = 0);

  /// Creates an op with an f32 result of inferred shape; null after an error.
  template <typename OpTy, typename... Args> Value create(Args &&...args) {
    return createOf<OpTy>(state.builder.getF32Type(),
                          std::forward<Args>(args)...);
  }
  /// The same with elements of `element`.
  template <typename OpTy, typename... Args>
  Value createOf(Type element, Args &&...args) {
    if (failed())
      return {};
    auto created = createInferred<OpTy>(state.builder, loc, element,
                                        std::forward<Args>(args)...);
    if (mlir::failed(created)) {
      hasError = true; // createInferred has reported it
      return {};
    }
    return checkSize(created->getResult()) ? fold(*created) : Value();
  }
  /// The same with elements as `input`, the first operand, has.
  template <typename OpTy, typename... Args>
  Value createMoved(Value input, Args &&...args) {
    if (failed() || !input)
      return {};
    Type element = cast<RankedTensorType>(input.getType()).getElementType();
    return createOf<OpTy>(element, input, std::forward<Args>(args)...);
  }
  Value createConstant(ArrayRef<int64_t> shape, ArrayRef<float> values);
  /// Bools, i32 or i64.
  Value createIntegers(ArrayRef<int64_t> shape, ArrayRef<int64_t> values,
                       Type element);
  /// Integers with type `element` and a quant.dcast.
  Value createQuantized(ArrayRef<int64_t> shape, ArrayRef<int32_t> values,
                        quant::QuantizedType element);
  /// Precondition: `values` is not empty.
  Value concat(ArrayRef<Value> values, int64_t axis);
  Value reshape(Value value, ArrayRef<int64_t> shape);
  Value transpose(Value value, ArrayRef<int64_t> permutation);

  /// A unary or binary op of this state, with the bounds of the fused
  /// activation where the op has such attributes.
  struct Clamp {
    FloatAttr low, high;
    bool isTanh = false;
  };
  Clamp getClamp(ActivationFunctionType activation);
  /// What of the activation is no clamp.
  Value activate(Value value, const Clamp &clamp);

private:
  Entry *getEntry(int i);
  /// f32 -> the nearest number that the INT16 tensor can hold.
  Value roundTo16Bits(Value value, const TensorInfo &info);
  /// The constant input i as an op.
  Value createInput(int i);
  /// The result of `op`, computed when its operands are small constants.
  Value fold(Operation *op);
  /// `value`, or null and an error when it has too many elements.
  Value checkSize(Value value);

  GraphState &state;
  const OpInfo &op;
  Location loc;
  bool hasError = false;
  bool hasUnsupported = false;
};

inline ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

inline Type elementOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

/// i1, i32 or i64; null for other types.
Type getIntegerType(MLIRContext *context, ElementType type);

/// The element type of an 8-bit activation: UINT8 has become INT8.
quant::UniformQuantizedType getActivationType(MLIRContext *context,
                                              const TensorInfo &info);

/// The same as the model's inputs and outputs have it.
quant::UniformQuantizedType getBoundaryType(quant::UniformQuantizedType inside,
                                            const TensorInfo &info);

//===----------------------------------------------------------------------===//
// The registry
//===----------------------------------------------------------------------===//

using Converter = LogicalResult (*)(OpImporter &);

/// One supported op.
struct OpEntry {
  BuiltinOperator code;
  int minInputs;
  int maxInputs; // -1: any number
  Converter convert;
  StringRef forms; // for the table of supported ops
};

/// What to say of an op that is not supported.
StringRef whyRefused(BuiltinOperator code);

/// Null when the op is not supported.
const OpEntry *findSupportedOp(BuiltinOperator code);

} // namespace mlir::qnn::tflite

#endif // QNN_LIB_IMPORT_TFLITE_OPIMPORTER_H
