//===- Walk.h - The index space of a matrix product -------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A convolution or a fully connected layer is a matrix product whose rows are
// output pixels, whose columns are output channels and whose reduction walks
// "runs" of contiguous input elements: KW*C for a dense convolution without
// horizontal dilation (a row of the window is contiguous in NHWC), C per tap
// otherwise, K for a fully connected layer.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_WALK_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_WALK_H

#include "Buffers.h"

#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::qnn {

/// The walk over one matrix product; strides and offsets in elements.
struct Walk {
  int64_t images, height, width; ///< output pixels
  int64_t groups, channels;      ///< channels of one group
  int64_t aOrigin;               ///< of output pixel (0, 0, 0)
  PixelStrides a;                ///< input, from pixel to pixel
  int64_t aGroup;                ///< input, from group to group
  SmallVector<int64_t> reduction, reductionStrides; ///< innermost: a run
  int64_t stepElements = 1; ///< of a run, see splitRuns()

  int64_t pixels() const { return images * height * width; }
  int64_t steps() const {
    int64_t product = 1;
    for (int64_t size : reduction)
      product *= size;
    return product;
  }
  /// The length of a run, replaced by its number of steps.
  int64_t splitRuns(int64_t elements) {
    int64_t run = reduction.back();
    stepElements = elements;
    reduction.back() = llvm::divideCeil(run, stepElements);
    reductionStrides.back() = stepElements;
    return run;
  }
  /// What the code of a kernel depends on.
  std::string key() const {
    std::string text;
    llvm::raw_string_ostream os(text);
    llvm::interleaveComma(ArrayRef<int64_t>{aOrigin, images, height, width,
                                            groups, channels, a.image, a.row,
                                            a.column, aGroup},
                          os);
    os << ';';
    llvm::interleaveComma(reduction, os);
    os << ';';
    llvm::interleaveComma(reductionStrides, os);
    return text;
  }
};

/// Strides of a result or residual; fully connected results are one row.
inline PixelStrides viewPixels(const Buffer &buffer, bool isImage) {
  return isImage ? buffer.pixels() : PixelStrides{0, 0, buffer.shape.back()};
}

/// Joins rows (and images) that continue evenly in every one of `operands`, the
/// input among them, to one long row.
inline void mergeRows(Walk &walk, ArrayRef<PixelStrides> operands) {
  auto continues = [&](int64_t size, int64_t inner,
                       int64_t PixelStrides::*outer) {
    return size == 1 || llvm::all_of(operands, [&](const PixelStrides &s) {
             return s.*outer == s.column * inner;
           });
  };
  if (!continues(walk.height, walk.width, &PixelStrides::row))
    return;
  walk.width *= walk.height;
  walk.height = 1;
  if (!continues(walk.images, walk.width, &PixelStrides::image))
    return;
  walk.width *= walk.images;
  walk.images = 1;
}

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_WALK_H
