//===- NetworkLowering.h - State of one lowering ----------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Turns the entry function of a network into calls of kernels on flat buffers.
// One NetworkLowering lives for one function and one level. The kernels of each
// op are in the file its method names below; they use the services of the first
// part: where a tensor lies (Buffers.h), constants, calls, and maps over
// tensors.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_NETWORKLOWERING_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_NETWORKLOWERING_H

#include "ConcatPlan.h"

#include "qnn/Dialect/Microkernel/IR/Microkernel.h"
#include "qnn/Dialect/QNN/IR/QNN.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::qnn {

class WeightedLayer;

class NetworkLowering {
public:
  NetworkLowering(ModuleOp module, func::FuncOp entry,
                  const TargetLevel &level);

  /// Replaces the body of the entry function by kernel calls on memrefs.
  LogicalResult run();

  const TargetLevel &getLevel() const { return level; }
  /// Whether the network requantizes in integers only.
  bool isFixedPoint() { return usesFixedPoint(entry); }

  //===--- the stored domain (Buffers.cpp) --------------------------------===//
  Type storageType(Type tensor);
  /// What is added to q to store it: 0, 128 or -128.
  int32_t storageBias(Type tensor);
  StoredParams storedParams(Type tensor, int64_t channel = 0);

  //===--- buffers (Buffers.cpp) ------------------------------------------===//
  /// A new arena buffer for a tensor type, with a filled border.
  Buffer allocate(RankedTensorType type, Border border);
  /// The buffer that will hold `value`: with the border its users need, or in
  /// the result of a concat.
  Buffer allocateFor(Value value);
  /// The same for a result of whose elements each is computed once, by the
  /// kernel of `op`, after the element of `operand` at its position was read:
  /// in the memory of `operand` if nothing else reads that any more.
  Buffer allocateOver(OpOperand &operand, Operation *op, Value result);
  /// The same as allocateFor without a border.
  Buffer allocateContiguous(Value value);
  Buffer getBuffer(Value value) { return buffers.lookup(value); }
  /// Says where `value` is from now on.
  void setBuffer(Value value, const Buffer &buffer) { buffers[value] = buffer; }
  /// Says that the kernel of another op does the work of `op`.
  void setDone(Operation *op) { done.insert(op); }
  /// The buffer of `value`, copied to one with `border` unless it has it.
  Buffer getWithBorder(Value value, Border border);
  Buffer getContiguous(Value value);

  //===--- constants and kernels (NetworkLowering.cpp) --------------------===//
  /// The contents of a constant, or null for other values.
  ElementsAttr getConstant(Value value) { return constants.lookup(value); }
  /// Numbers as a flat constant memref.
  Value constant(ArrayRef<float> values);
  Value constant(ArrayRef<int8_t> values);
  Value constant(ArrayRef<int16_t> values);
  Value constant(ArrayRef<int32_t> values);
  Value constant(ArrayRef<int64_t> values);
  /// The same of bf16 numbers, given by their bits.
  Value pairs(ArrayRef<uint16_t> values);
  /// Multipliers, then shifts.
  Value constant(ArrayRef<FixedPointFactor> values);
  /// The contents of a constant tensor of type `type` in its stored form; fails
  /// when the data are missing.
  FailureOr<Value> storedConstant(ElementsAttr value, RankedTensorType type);
  Value scalar(float value);
  Value scalar(int32_t value);
  /// Launches the kernel `name` with `arguments`; `body` emits it the first
  /// time `key` (with the argument types) is seen, and may split it into units.
  microkernel::LaunchOp
  callKernel(StringRef name, const Twine &key, ArrayRef<Value> arguments,
             llvm::function_ref<void(KernelBuilder &, ValueRange)> body);

  /// Says of the layer being lowered how it is computed and, where the schedule
  /// knows better than the op, how long that takes.
  void setSchedule(StringRef schedule,
                   std::optional<double> nanoseconds = std::nullopt);

  //===--- maps (Maps.cpp) ------------------------------------------------===//
  using MapBody = llvm::function_ref<Value(KernelBuilder &, ArrayRef<Value>)>;
  /// out[i] = body(in_0[i], ...), inputs broadcast by stride 0.
  void emitMap(StringRef name, const Twine &key, ArrayRef<Buffer> inputs,
               const Buffer &output, MapBody body);
  /// The same with a body that computes numbers of steps of `params`, of
  /// magnitude `largest` or less, which are saturated to stored bytes.
  void emitStepsMap(StringRef name, const Twine &key, ArrayRef<Buffer> inputs,
                    const Buffer &output, const StoredParams &params,
                    double largest, MapBody body);
  void emitCopy(const Buffer &input, const Buffer &output);
  /// Adds 0 or +-128 to bytes, between the caller's and the stored domain.
  void emitRebias(const Buffer &input, const Buffer &output, int32_t bias);
  /// out[i] = table[in[i]] on stored bytes; `table` has 256 entries.
  void emitTableMap(const Buffer &input, ArrayRef<int8_t> table,
                    const Buffer &output);

  //===--- conversions (Quantization.cpp) ---------------------------------===//
  void emitRequantize(const Buffer &input, RankedTensorType from,
                      const Buffer &output, RankedTensorType to);
  void emitQuantize(const Buffer &input, const Buffer &output,
                    RankedTensorType to);
  /// Quantizes the result of `rest`, x - dequantize(q).
  void emitQuantizeRest(SubOp rest, const Buffer &output, RankedTensorType to);
  void emitDequantize(const Buffer &input, RankedTensorType from,
                      const Buffer &output);

private:
  void emitRequantizeFixed(const Buffer &input, RankedTensorType from,
                           const Buffer &output, RankedTensorType to);
  void fillBorder(const Buffer &buffer, RankedTensorType type);
  /// True when nothing else reads the memory of `operand` from `op` on.
  bool readsLast(OpOperand &operand, Operation *op);
  /// The place of `part` in the result of `concat`.
  Buffer partOf(ConcatOp concat, const ConcatPlan::Part &part);
  Value constantBytes(ArrayRef<char> bytes, Type element);
  /// The memory of the caller for result `index`.
  Value resultMemory(unsigned index);
  /// Begins the function on buffers that replaces the entry function.
  void beginFunction();
  void lowerArgument(BlockArgument argument);

  //===--- layers (Layers.cpp) --------------------------------------------===//
  /// Kernels launched from now on belong to `op`, or move an input.
  void beginLayer(Operation *op);
  void beginLayer(BlockArgument input);
  /// The layer of the next launch, created with its first.
  microkernel::LayerOp currentLayer();

  //===--- one method per op ----------------------------------------------===//
  LogicalResult lowerOp(Operation *op);
  LogicalResult lowerConstant(ConstantOp op);
  LogicalResult lowerObserve(ObserveOp op);
  LogicalResult lowerReturn(func::ReturnOp op);

  // MatrixProduct.cpp, Depthwise.cpp
  LogicalResult lowerConv2D(Conv2DOp op);
  LogicalResult lowerDepthwise(WeightedLayer &layer, Conv2DOp op,
                               const Buffer &input, const Buffer &output);
  LogicalResult lowerFullyConnected(FullyConnectedOp op);
  // MatMul.cpp
  LogicalResult lowerMatMul(MatMulOp op);
  /// The rows of `value`, the right operand of a product in bf16, joined to
  /// rows of pairs.
  Buffer getRowPairs(Value value);
  // Elementwise.cpp
  LogicalResult lowerBinary(Operation *op);
  LogicalResult lowerUnary(Operation *op);
  LogicalResult lowerBias(BiasOp op);
  LogicalResult lowerBatchNorm(BatchNormOp op);
  // Functions.cpp
  LogicalResult lowerBinaryFunction(BinaryOp op);
  LogicalResult lowerCompare(CompareOp op);
  LogicalResult lowerSelect(SelectOp op);
  LogicalResult lowerCast(CastOp op);
  // Reductions.cpp, Indices.cpp
  LogicalResult lowerReduce(ReduceOp op);
  LogicalResult lowerResample(ResampleOp op);
  LogicalResult lowerTopK(TopKOp op);
  LogicalResult lowerGather(GatherOp op);
  // Quantization.cpp
  LogicalResult lowerRequantize(RequantizeOp op);
  LogicalResult lowerQuantize(quant::QuantizeCastOp op);
  LogicalResult lowerToBF16(ToBF16Op op);
  LogicalResult lowerDequantize(quant::DequantizeCastOp op);
  // Pooling.cpp
  LogicalResult lowerMaxPool(MaxPool2DOp op);
  LogicalResult lowerAvgPool(AvgPool2DOp op);
  LogicalResult lowerGlobalPool(Operation *op);
  // Movement.cpp
  LogicalResult lowerReshape(ReshapeOp op);
  LogicalResult lowerTranspose(TransposeOp op);
  LogicalResult lowerConcat(ConcatOp op);
  LogicalResult lowerPad(PadOp op);
  LogicalResult lowerSlice(SliceOp op);
  LogicalResult lowerTake(TakeOp op);
  LogicalResult lowerResizeNearest(ResizeNearestOp op);
  /// Element i of the result along dimension d is element tables[d][i] of the
  /// input; an empty table stands for all in order.
  LogicalResult emitTableMove(StringRef name, Value input, Value result,
                              ArrayRef<SmallVector<int64_t>> tables);
  // Softmax.cpp, ReduceMean.cpp
  LogicalResult lowerSoftmax(SoftmaxOp op);
  LogicalResult lowerSoftmaxFixed(SoftmaxOp op);
  LogicalResult lowerReduceMean(ReduceMeanOp op);

  ModuleOp module;
  func::FuncOp entry;
  const TargetLevel &level;
  OpBuilder builder; ///< at the end of the new entry block
  Location loc;      ///< of the op being lowered
  ConcatPlan concats;
  DenseMap<Value, Buffer> buffers;
  DenseSet<Operation *> done;        ///< see setDone
  DenseMap<Value, Value> partMemory; ///< of values with a home in a concat
  DenseMap<Value, ElementsAttr> constants; ///< weights not yet in memory
  struct Kernel {
    func::FuncOp function;
    int64_t units = 1;
  };
  llvm::StringMap<Kernel> kernels; ///< by key
  Value context;                   ///< of the run
  /// The layer being lowered: see microkernel.layer.
  struct Layer {
    StringRef name, kind;
    bool isFloat = false;
    double nanoseconds = 0; ///< predicted
    int64_t macs = 0, weightBytes = 0, inputBytes = 0, outputBytes = 0;
    microkernel::LayerOp op; ///< null before the first launch
  };
  Layer layer;
  llvm::StringSet<> layerNames;
  int64_t numConstants = 0, numObserved = 0;
  Value observe, observeArgument; ///< when the graph has observers
};

/// The quantization that gives `value`, when nothing but a
/// transpose reads that: one kernel does both.
quant::QuantizeCastOp getQuantizeBeforeTranspose(Value value);

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_NETWORKLOWERING_H
