//===- Buffers.h - Tensors in memory ----------------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where does element [i, j, ...] of a tensor lie? A tensor is stored in
// row-major order, an NHWC image possibly inside a border of its quantized zero
// that a convolution with padding reads (and only such a convolution: the
// border is filled once, when the buffer is made). Stored bytes are
// q + storageBias, see StoredParams. Rows of an odd number of bf16 factors end
// with a zero.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_BUFFERS_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_BUFFERS_H

#include "qnn/Conversion/KernelBuilder.h"
#include "qnn/Dialect/QNN/IR/Formulas.h"

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

/// Texts that tell kernels apart whose code depends on these numbers.
std::string keyOf(const StoredParams &params);
std::string keyOf(std::optional<float> value);

/// Distances between neighbouring images, rows and columns, in elements.
struct PixelStrides {
  int64_t image, row, column;
};

/// A tensor in memory: a strided view of a flat buffer.
struct Buffer {
  Value memory;                 ///< rank-1 memref of i8, i16 (bf16), i32 or f32
  int64_t offset = 0;           ///< of the first element, in elements
  SmallVector<int64_t> shape;   ///< logical
  SmallVector<int64_t> strides; ///< in elements, of each dimension
  Border border;                ///< of NHWC buffers
  bool isArgument = false;      ///< memory of the caller

  /// The row-major view of `memory` from its start.
  static Buffer contiguous(Value memory, ArrayRef<int64_t> shape);

  int64_t elements() const { return ShapedType::getNumElements(shape); }
  bool isContiguous() const;
  std::string signature() const; ///< shape, strides, offset: for kernel keys
  /// Precondition: an NHWC image.
  PixelStrides pixels() const { return {strides[0], strides[1], strides[2]}; }
  /// The position of the first element of the first window, which may lie in
  /// the border. Precondition: an NHWC image.
  int64_t windowOrigin(const Window &h, const Window &w) const {
    return offset - h.before * strides[1] - w.before * strides[2];
  }
};

/// Run-time coordinates of a pixel.
struct Pixel {
  Value image, row, column;
};

/// offset + the strides times the coordinates.
Value positionOf(KernelBuilder &k, const Pixel &pixel,
                 const PixelStrides &strides, int64_t offset);
/// Where the channels of `pixel` begin in an NHWC buffer.
Value positionOf(KernelBuilder &k, const Pixel &pixel, const Buffer &buffer);
/// Loops over the pixels of an NHWC buffer, in units where all of them take
/// long enough.
void forPixels(KernelBuilder &k, const Buffer &buffer, double nanoseconds,
               llvm::function_ref<void(const Pixel &)> body);

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_BUFFERS_H
