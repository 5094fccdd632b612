//===- MapLoops.h - Loops over the elements of tensors ----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How do loops over the elements of a result walk its operands? Dimensions that
// every operand walks evenly are one. Three forms: vectors along the last
// dimension; where inputs are contiguous along another one (between NCHW and
// NHWC, a channel shuffle), vectors along that and transposed in registers; one
// element after the other.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_MAPLOOPS_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_MAPLOOPS_H

#include "Buffers.h"

namespace mlir::qnn {

class MapLoops {
public:
  MapLoops(ArrayRef<Buffer> inputs, const Buffer &output);

  /// Loads `width` elements of every input from `first` elements on; one that
  /// broadcasts repeats its element.
  using Load =
      llvm::function_ref<SmallVector<Value>(int64_t first, int64_t width)>;
  /// `width` elements of the output.
  using Body = llvm::function_ref<Value(const Load &load, int64_t width)>;

  /// out = body(in) in a kernel with the memory of the operands as `args`;
  /// `width` elements fill the registers that `body` works on.
  void emit(KernelBuilder &k, ValueRange args, int64_t width, Body body) const;

private:
  void append(int64_t size, ArrayRef<int64_t> operandStrides);
  bool vectorizes() const;
  std::optional<size_t> transposedDimension(int64_t width) const;
  double nanoseconds(int64_t width) const;
  SmallVector<Value> moved(KernelBuilder &k, ArrayRef<Value> at, Value steps,
                           size_t dimension) const;
  SmallVector<Value> load(KernelBuilder &k, ValueRange args, ArrayRef<Value> at,
                          size_t dimension, int64_t width) const;

  size_t inner() const { return sizes.size() - 1; }

  SmallVector<int64_t> sizes;                ///< of each dimension
  SmallVector<SmallVector<int64_t>> strides; ///< [operand][dimension]
  SmallVector<int64_t> offsets;              ///< of each operand

  friend class TransposedMap;
};

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_MAPLOOPS_H
