//===- NetworkLowering.h - State of one lowering ----------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Turns the entry function of a network into calls of kernels on flat buffers.
// Files by topic add the kernels: Convolution, Elementwise, Pooling, Movement,
// Reduction. One NetworkLowering lives for one function and one level.
//
// A tensor is stored in row-major order, an NHWC image possibly inside a border
// of its quantized zero that a convolution with padding reads (and only such a
// convolution: the border is filled once, when the buffer is made). Stored
// bytes are q + storageBias, see StoredParams.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_NETWORKLOWERING_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_NETWORKLOWERING_H

#include "qnn/Conversion/KernelBuilder.h"

#include "qnn/Dialect/QNN/IR/QNN.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::qnn {

/// Positions added around the H and W of an NHWC image.
struct Border {
  int64_t top = 0, left = 0, bottom = 0, right = 0;
  bool empty() const { return top + left + bottom + right == 0; }
  bool covers(const Border &other) const {
    return top >= other.top && left >= other.left && bottom >= other.bottom &&
           right >= other.right;
  }
};

/// Quantization parameters in the stored domain: stored = q + bias, where the
/// bias makes bytes unsigned on levels that multiply u8 x s8 and signed on the
/// others.
using StoredParams = QuantParams;

/// A tensor in memory: a strided view of a flat buffer.
struct Buffer {
  Value memory;                 ///< rank-1 memref of i8, i32 or f32
  int64_t offset = 0;           ///< of the first element, in elements
  SmallVector<int64_t> shape;   ///< logical
  SmallVector<int64_t> strides; ///< in elements, of each dimension
  Border border;                ///< of NHWC buffers
  bool isArgument = false;      ///< memory of the caller

  int64_t elements() const { return ShapedType::getNumElements(shape); }
  bool isContiguous() const;
  std::string signature() const; ///< shape, strides, offset: for kernel keys
};

class NetworkLowering {
public:
  NetworkLowering(ModuleOp module, func::FuncOp entry,
                  const TargetLevel &level);

  /// Replaces the body of the entry function by kernel calls on memrefs.
  LogicalResult run();

private:
  //===--- buffers (NetworkLowering.cpp) ----------------------------------===//
  Type storageType(Type tensor);
  /// What is added to q to store it: 0, 128 or -128.
  int32_t storageBias(Type tensor);
  StoredParams storedParams(Type tensor, int64_t channel = 0);
  /// A new arena buffer for a tensor type, with a filled border.
  Buffer allocate(RankedTensorType type, Border border);
  /// The buffer that will hold `value`: with the border its users need.
  Buffer allocateFor(Value value);
  /// Fills the border of `buffer` with the zero of `type`.
  void fillBorder(const Buffer &buffer, RankedTensorType type);
  Buffer getBuffer(Value value) { return buffers.lookup(value); }
  /// The buffer of `value`, copied to one with `border` unless it has it.
  Buffer getWithBorder(Value value, Border border);
  Buffer getContiguous(Value value);
  Border requiredBorder(Value value);

  //===--- constants and kernels (NetworkLowering.cpp) --------------------===//
  /// A constant of raw bytes as a flat memref of `element`.
  Value constant(ArrayRef<char> bytes, Type element);
  template <typename T> Value constant(ArrayRef<T> values, Type element) {
    return constant(
        ArrayRef<char>(reinterpret_cast<const char *>(values.data()),
                       values.size() * sizeof(T)),
        element);
  }
  Value scalar(float value);
  Value scalar(int32_t value);
  /// Calls the kernel `name` with `arguments`; `body` emits it the first time
  /// `key` (with the argument types) is seen.
  void callKernel(StringRef name, const Twine &key, ArrayRef<Value> arguments,
                  llvm::function_ref<void(KernelBuilder &, ValueRange)> body);

  //===--- one method per op ----------------------------------------------===//
  LogicalResult lowerOp(Operation *op);
  LogicalResult lowerConstant(ConstantOp op);
  LogicalResult lowerObserve(ObserveOp op);
  LogicalResult lowerReturn(func::ReturnOp op);

  // Convolution.cpp
  LogicalResult lowerConv2D(Conv2DOp op);
  LogicalResult lowerFullyConnected(FullyConnectedOp op);
  // Elementwise.cpp
  using MapBody = llvm::function_ref<Value(KernelBuilder &, ArrayRef<Value>)>;
  /// out[i] = body(in_0[i], ...), inputs broadcast by stride 0.
  void emitMap(StringRef name, const Twine &key, ArrayRef<Buffer> inputs,
               const Buffer &output, MapBody body);
  void emitCopy(const Buffer &input, const Buffer &output);
  /// Adds 0 or +-128 to bytes, between the caller's and the stored domain.
  void emitRebias(const Buffer &input, const Buffer &output, int32_t bias);
  void emitRequantize(const Buffer &input, RankedTensorType from,
                      const Buffer &output, RankedTensorType to);
  /// out[i] = table[in[i]] on stored bytes; `table` is a constant of 256 bytes.
  void emitTableMap(const Buffer &input, Value table, const Buffer &output);
  void emitQuantize(const Buffer &input, const Buffer &output,
                    RankedTensorType to);
  void emitDequantize(const Buffer &input, RankedTensorType from,
                      const Buffer &output);
  LogicalResult lowerBinary(Operation *op);
  LogicalResult lowerUnary(Operation *op);
  LogicalResult lowerRequantize(RequantizeOp op);
  LogicalResult lowerBias(BiasOp op);
  LogicalResult lowerBatchNorm(BatchNormOp op);
  LogicalResult lowerQuantize(quant::QuantizeCastOp op);
  LogicalResult lowerDequantize(quant::DequantizeCastOp op);
  // Pooling.cpp
  /// How pools and means sum and divide, in float or in quantized form.
  struct Average {
    bool isFloat = true;
    std::optional<float> low, high; ///< real clamp bounds
    int32_t inputZero = 0;
    double inputScale = 1, outputScale = 1;
    StoredParams bounds = {};

    void read(NetworkLowering &net, Operation *op);
    /// f32(s / (s' * count)).
    float factor(int64_t count) const;
    std::string key() const;
    Value init(KernelBuilder &k, int64_t lanes) const;
    Value add(KernelBuilder &k, Value sum, Value loaded) const;
    /// The bounds, without a scale.
    KernelBuilder::Epilogue epilogue(KernelBuilder &k) const;
    /// The mean of `counted` positions (index), `added` of which were summed;
    /// the others are padding.
    Value finish(KernelBuilder &k, Value sum, Value counted, Value added,
                 Value factor) const;
  };
  LogicalResult lowerMaxPool(MaxPool2DOp op);
  LogicalResult lowerAvgPool(AvgPool2DOp op);
  LogicalResult lowerGlobalPool(Operation *op);
  // Movement.cpp
  LogicalResult lowerReshape(ReshapeOp op);
  LogicalResult lowerTranspose(TransposeOp op);
  LogicalResult lowerConcat(ConcatOp op);
  LogicalResult lowerPad(PadOp op);
  LogicalResult lowerSlice(SliceOp op);
  LogicalResult lowerResizeNearest(ResizeNearestOp op);
  // Reduction.cpp
  LogicalResult lowerMatMul(MatMulOp op);
  void emitSoftmax(const Buffer &input, const Buffer &output, int64_t axis);
  LogicalResult lowerSoftmax(SoftmaxOp op);
  LogicalResult lowerReduceMean(ReduceMeanOp op);

  ModuleOp module;
  func::FuncOp entry;
  const TargetLevel &level;
  OpBuilder builder; ///< at the end of the new entry block
  Location loc;      ///< of the op being lowered
  DenseMap<Value, Buffer> buffers;
  DenseMap<Value, ElementsAttr> constants; ///< weights not yet in memory
  llvm::StringMap<func::FuncOp> kernels;
  int64_t numConstants = 0, numObserved = 0;
  Value observe, observeArgument; ///< when the graph has observers

  friend class ConvolutionLowering;
};

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_NETWORKLOWERING_H
