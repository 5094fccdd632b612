//===- GraphWriter.h - An ONNX graph in the making --------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which ONNX tensor holds a value, in which layout, and as integers or reals?
// Writers of ops (Writers.h) ask for operands as they need them and state what
// their result is; quantization, dequantization and transposes come from here.
//
// A layout is a permutation: dimension i of the ONNX tensor is dimension
// layout[i] of the value. Every value is stored in the layout it was computed
// in, its home, and in others once somebody asks for them.
//
// Usage:
//   Layout home = graph.getLayout(op.getInput());
//   onnx::NodeProto *node =
//       graph.add("Relu", getLayerName(op), {graph.getReal(op.getInput(),
//       home)});
//   graph.setResult(op, node, home);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_EXPORT_ONNX_GRAPHWRITER_H
#define QNN_LIB_EXPORT_ONNX_GRAPHWRITER_H

#include "qnn/Dialect/QNN/IR/QNN.h"
#include "qnn/Export/ONNX/Exporter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"

#include <onnx/onnx_pb.h>

namespace mlir::qnn::exporting {

using Layout = SmallVector<int64_t, 4>;
using Names = ArrayRef<std::string>;

/// Images as ONNX wants them: NCHW of NHWC, and OIHW of OHWI.
inline constexpr int64_t kChannelsFirst[] = {0, 3, 1, 2};

Layout getIdentity(int64_t rank);

/// The name of a model's input or output number `index`.
std::string getTensorName(DictionaryAttr attributes, StringRef kind,
                          unsigned index);

/// The TensorProto type of numbers as they are: f32, i1, i32 or i64.
int getPlainType(Type elementType);

void setInt(onnx::NodeProto *node, StringRef name, int64_t value);
void setInts(onnx::NodeProto *node, StringRef name, ArrayRef<int64_t> values);
void setFloat(onnx::NodeProto *node, StringRef name, float value);
void setString(onnx::NodeProto *node, StringRef name, StringRef value);

/// An ONNX tensor of some value.
struct Tensor {
  std::string name;
  Layout layout;
};

class GraphWriter {
public:
  GraphWriter(func::FuncOp func, StringRef dataFile, int64_t maxInlineBytes);

  /// The opset the model needs.
  int getOpset() const { return opset; }

  //===--------------------------------------------------------------------===//
  // Nodes
  //===--------------------------------------------------------------------===//

  /// Adds a node with one output.
  onnx::NodeProto *add(StringRef type, const Twine &name, Names inputs);
  /// Gives the result of `node` another name; nothing must use it yet.
  void renameResult(onnx::NodeProto *node, const Twine &name);
  /// Adds the operands of a Clip; null: no bound.
  void addBounds(onnx::NodeProto *node, FloatAttr low, FloatAttr high);
  /// Adds an initializer that holds exactly these numbers.
  std::string addFloats(const Twine &name, ArrayRef<int64_t> shape,
                        ArrayRef<float> values);
  std::string addInts(const Twine &name, ArrayRef<int64_t> values);
  std::string addFloat(const Twine &name, float value) {
    return addFloats(name, {}, value);
  }

  //===--------------------------------------------------------------------===//
  // Values
  //===--------------------------------------------------------------------===//

  /// The layout in which `value` needs no transpose; the identity for
  /// constants.
  Layout getLayout(Value value) const;
  /// The first layout among `values` that are no constants and have as many
  /// dimensions as `rank`; the identity when there is none, or when another
  /// value that is no constant has fewer dimensions.
  Layout getCommonLayout(ValueRange values, int64_t rank) const;

  /// The real numbers of `value`, a float tensor. `role` names constants.
  std::string getReal(Value value, ArrayRef<int64_t> layout,
                      const Twine &role = "constant");
  /// getReal of an operand that NumPy broadcasts to the rank of `layout`.
  std::string getBroadcast(Value value, ArrayRef<int64_t> layout,
                           const Twine &role = "constant");
  /// How `value` is stored: as integers when it is quantized and no
  /// accumulator, else as reals.
  std::string getStored(Value value, ArrayRef<int64_t> layout,
                        const Twine &role = "constant");

  /// States that `node`, the last one added, computes the real numbers of the
  /// result of `op`; rounds them where the result is quantized.
  void setResult(Operation *op, onnx::NodeProto *node,
                 ArrayRef<int64_t> layout);
  /// States that `tensor` has the real numbers of `result`; rounds them where
  /// that is quantized.
  void setReal(Value result, std::string tensor, ArrayRef<int64_t> layout);
  /// setResult after the residual and the clamp that `op` has.
  void finish(Operation *op, onnx::NodeProto *node, ArrayRef<int64_t> layout);
  /// States that `result` is `operand` in other words: dimension i of `result`
  /// is dimension permutation[i] of `operand`.
  void setTransposed(Value result, Value operand,
                     ArrayRef<int64_t> permutation);
  /// True when the file has the same integers, scale and zero point for both.
  bool areStoredAlike(Value a, Value b) const;
  /// Adds a model input.
  void addInput(BlockArgument argument, StringRef name);
  /// Adds the model output `name`.
  void addOutput(Value value, StringRef name);

  /// The finished model.
  ONNXModel takeModel();

private:
  std::string makeTensorName(const Twine &wanted);
  onnx::TensorProto *addInitializer(const Twine &name, int type,
                                    ArrayRef<int64_t> shape);
  void setData(onnx::TensorProto *tensor, std::string bytes);
  int getStorage(Value value) const;
  int32_t getShift(Value value) const;
  void setType(onnx::ValueInfoProto *info, Value value, StringRef name);
  void setQuantization(onnx::NodeProto *node, Value value,
                       ArrayRef<int64_t> layout);
  std::string addConstant(Value value, ArrayRef<int64_t> layout,
                          const Twine &name);
  /// Names of scale and zero point; `name` is what new ones are called after.
  const std::pair<std::string, std::string> &getParameters(Value value,
                                                           StringRef name);
  std::string transpose(const std::string &tensor, ArrayRef<int64_t> from,
                        ArrayRef<int64_t> to);
  std::string narrow(const std::string &real, Value value);
  std::string quantize(const std::string &real, Value value,
                       ArrayRef<int64_t> layout);
  std::string dequantize(const std::string &integers, Value value,
                         ArrayRef<int64_t> layout);

  onnx::ModelProto model;
  onnx::GraphProto *graph;
  std::string dataFile, data;
  int opset;
  bool isExternal; ///< large constants go to `data`
  bool isUnsigned; ///< activations are u8
  llvm::StringSet<> nodeNames, tensorNames;
  /// As of getStored; the home of a value comes first.
  DenseMap<Value, SmallVector<Tensor>> stored;
  /// As of getReal.
  DenseMap<Value, SmallVector<Tensor>> reals;
  DenseMap<Value, std::pair<std::string, std::string>> parameters;
  llvm::StringMap<std::string> outputs; ///< by what their tensors were called
};

} // namespace mlir::qnn::exporting

#endif // QNN_LIB_EXPORT_ONNX_GRAPHWRITER_H
