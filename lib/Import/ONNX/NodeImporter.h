//===- NodeImporter.h - What an op converter sees of its node ---*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does a converter read inputs and attributes, emit ops and report errors?
// One NodeImporter lives while one node is imported. Accessors that find the
// file at fault report it and return something harmless, so that converters
// read everything first and check `failed()` once. Only the first error of a
// model is emitted; unsupported forms are collected instead (`unsupported`).
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_NODEIMPORTER_H
#define QNN_LIB_IMPORT_ONNX_NODEIMPORTER_H

#include "HostTensor.h"

#include "qnn/Dialect/QNN/IR/QNN.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::qnn::import {

/// The value of an ONNX name: constant, computed, or both (a constant that an
/// op has used). Poisoned when an unsupported op computes it.
struct Entry {
  std::optional<HostTensor> constant;
  Value value;
  bool poisoned = false;
  /// Of a computed tensor of integers: its type (see Quantization.h).
  ElementType integers = onnx::TensorProto::UNDEFINED;
};

/// State of the import of one model.
struct GraphState {
  GraphState(MLIRContext *context) : builder(context) {}

  OpBuilder builder;
  std::string folder;
  /// At least kOldestKnownOpset: nodes of older files are rewritten.
  int64_t opset = 0;
  bool hasOldForms = false;
  /// What is left for folding.
  int64_t foldingWork = kFoldingWork;
  llvm::StringMap<Entry> entries;
  /// The names of the tensors of each sequence (see Sequences.h).
  llvm::StringMap<std::vector<std::string>> sequences;
  /// What nodes of the file define, also those that come later.
  llvm::StringSet<> definedNames;
  /// `Op 'node' (reason)`, in node order.
  std::vector<std::string> unsupported;
};

/// The error under construction, or nothing after the first of a node. Stands
/// for failure in a `return`.
class NodeError {
public:
  NodeError() = default;
  NodeError(InFlightDiagnostic diagnostic)
      : diagnostic(std::move(diagnostic)) {}
  template <typename T> NodeError &operator<<(T &&value) {
    if (diagnostic)
      *diagnostic << std::forward<T>(value);
    return *this;
  }
  operator LogicalResult() const { return failure(); }
  template <typename T> operator FailureOr<T>() const { return failure(); }

private:
  std::optional<InFlightDiagnostic> diagnostic;
};

class NodeImporter {
public:
  NodeImporter(GraphState &state, onnx::NodeProto &node);

  int64_t getOpset() const { return state.opset; }
  OpBuilder &getBuilder() { return state.builder; }
  Location getLoc() const { return loc; }
  StringRef getOpType() const { return node.op_type(); }

  //===--- Errors ---------------------------------------------------------===//

  /// Reports that the file is wrong.
  NodeError error();
  /// Notes that this form of the op is not supported.
  LogicalResult unsupported(const Twine &reason);
  bool failed() const { return hasError || hasUnsupported; }
  /// The file is wrong: stop. Otherwise only this node was refused.
  bool isFatal() const { return hasError; }

  //===--- Inputs ---------------------------------------------------------===//

  int getNumInputs() const { return node.input_size(); }
  int getNumOutputs() const { return node.output_size(); }
  bool hasInput(int i) const;
  bool hasOutput(int i) const;
  /// Whether input i is known at compile time.
  bool isConstant(int i) const;
  bool allConstant() const;
  /// Shape of input i; empty after an error.
  ArrayRef<int64_t> getShape(int i);
  /// Whether input i holds f32 values.
  bool isFloat(int i);
  /// The ONNX type of the elements of input i.
  ElementType getElementType(int i);
  /// Input i as an f32 tensor, or null after an error. Constants become ops.
  /// Ops that move values get integers (see Quantization.h) as real numbers,
  /// and setResult turns them back.
  Value getValue(int i);
  /// The same for tensors of bools, i32 and i64 too; integers are i32 tensors,
  /// and setResult wraps results of i32 to their type.
  Value getAny(int i);
  /// The type of input i where it is a computed tensor of integers, else
  /// UNDEFINED.
  ElementType getIntegerType(int i);
  /// Whether some input is a computed tensor of integers.
  bool hasIntegers();
  /// The computed integers of input i as they are (see Quantization.h); null
  /// after an error.
  Value getIntegers(int i);
  /// The real number that integer `value` is, where the op moves integers.
  float getMovedNumber(int64_t value) const;
  /// Whether input i is a constant, or the dequantization of one.
  bool isWeight(int i);
  /// Input i, which must be constant; `what` names it. Empty after an error.
  HostTensor getConstant(int i, StringRef what);
  /// A constant vector (or scalar) of integers.
  SmallVector<int64_t> getInts(int i, StringRef what);
  /// The integers of a constant of any shape.
  SmallVector<int64_t> getAnyInts(int i, StringRef what);
  /// A constant vector (or scalar) of f32 values.
  SmallVector<float> getFloats(int i, StringRef what);
  /// A constant of one f32 value.
  float getScalar(int i, StringRef what);

  /// The value of a constant whose f32 elements are one value, of any shape of
  /// one element; other constants are not supported.
  float getSplat(int i, StringRef what);

  //===--- Attributes -----------------------------------------------------===//

  bool hasAttr(StringRef name) const { return findAttr(name) != nullptr; }
  int64_t getInt(StringRef name, int64_t missing);
  /// An attribute that is 0 or 1.
  bool getFlag(StringRef name, bool missing);
  /// Must be finite.
  float getFloat(StringRef name, float missing);
  std::string getString(StringRef name, StringRef missing);
  SmallVector<int64_t> getInts(StringRef name, ArrayRef<int64_t> missing = {});
  SmallVector<float> getFloatList(StringRef name);
  SmallVector<std::string> getStrings(StringRef name);
  /// A tensor attribute; empty after an error.
  HostTensor getTensor(StringRef name);
  /// `axis` made non-negative; an error when it is not within `rank`.
  int64_t normalizeAxis(int64_t axis, int64_t rank);
  /// The same for a list, which becomes ascending and must be distinct.
  SmallVector<int64_t> normalizeAxes(ArrayRef<int64_t> axes, int64_t rank);

  /// Takes `work` (elements, multiply-accumulates) from what this import may
  /// spend on folding; false, and nothing taken, when less is left.
  bool spendFolding(int64_t work);
  /// The same for what has no other form; an error when less is left.
  LogicalResult requireFolding(int64_t work);
  /// Takes the elements of all inputs.
  LogicalResult requireFoldingOfInputs();

  //===--- Results --------------------------------------------------------===//

  LogicalResult setResult(Value value, int i = 0);
  LogicalResult setResult(HostTensor constant, int i = 0);
  /// The result is a tensor of integers (see Quantization.h).
  LogicalResult setIntegers(Value value, ElementType type, int i = 0);
  /// The name `i`-th output, of an input, is passed on.
  LogicalResult forward(int input, int output = 0);

  /// Creates an op with an f32 result of inferred shape; null after an error.
  /// Ops on constants are computed at once.
  template <typename OpTy, typename... Args> Value create(Args &&...args) {
    return createOf<OpTy>(state.builder.getF32Type(),
                          std::forward<Args>(args)...);
  }
  /// The same with elements of `element`.
  template <typename OpTy, typename... Args>
  Value createOf(Type element, Args &&...args) {
    if (failed())
      return {};
    auto op = createInferred<OpTy>(state.builder, loc, element,
                                   std::forward<Args>(args)...);
    if (mlir::failed(op)) {
      hasError = true; // createInferred has reported it
      return {};
    }
    return fold(*op);
  }
  /// The same with elements as `input`, the first operand, has.
  template <typename OpTy, typename... Args>
  Value createMoved(Value input, Args &&...args) {
    if (failed() || !input)
      return {};
    Type element = cast<RankedTensorType>(input.getType()).getElementType();
    return createOf<OpTy>(element, input, std::forward<Args>(args)...);
  }
  Value createConstant(const HostTensor &tensor);
  Value reshape(Value value, ArrayRef<int64_t> shape);
  Value transpose(Value value, ArrayRef<int64_t> permutation);

private:
  const onnx::AttributeProto *findAttr(StringRef name) const;
  /// The attribute, if present with the right type.
  const onnx::AttributeProto *typedAttr(StringRef name, int type);
  Entry *getEntry(int i);
  /// The result of `op`, computed when all its operands are constants.
  Value fold(Operation *op);
  /// Whether input i holds integers of a type that graphs do not have, or
  /// those are computed.
  bool isInteger(int i);
  /// The same where the op moves values.
  bool movesIntegers(int i);
  /// Sets `movedIntegers` and `movedType`.
  void decideMovedType();
  Value getMovedIntegers(int i);
  Value getWidenedIntegers(int i);

  GraphState &state;
  onnx::NodeProto &node;
  Location loc;
  bool hasError = false;
  bool hasUnsupported = false;
  /// What the node moves, where it moves integers.
  ElementType movedIntegers = onnx::TensorProto::UNDEFINED;
  quant::UniformQuantizedType movedType;
  /// The type of the integers of inputs that an op computes with as i32.
  ElementType widened = onnx::TensorProto::UNDEFINED;
};

inline ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

inline Type elementOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

/// The location of a node: its name, or the name of its first output.
Location getNodeLoc(MLIRContext *context, const onnx::NodeProto &node);

//===----------------------------------------------------------------------===//
// The registry
//===----------------------------------------------------------------------===//

using Converter = LogicalResult (*)(NodeImporter &);

/// One supported op. Exactly one of `fold` and `convert` runs for a node:
/// `fold` when it is there and all inputs are constant, else `convert`.
struct OpEntry {
  StringRef name;
  int minInputs;
  int maxInputs; // -1: any number
  Converter convert;
  Converter fold;
  StringRef forms; // for the table of supported ops
};

inline constexpr StringLiteral kMicrosoftDomain = "com.microsoft";

inline bool isOnnxDomain(StringRef domain) {
  return domain.empty() || domain == "ai.onnx";
}

/// Null when the op is not supported.
const OpEntry *findSupportedOp(StringRef domain, StringRef name);
/// What `op` does to computed integers where that is special, else null.
Converter findIntegerConverter(StringRef op);

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_NODEIMPORTER_H
