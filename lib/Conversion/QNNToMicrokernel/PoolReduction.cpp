//===- PoolReduction.cpp - What pools make of windows ---------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PoolReduction.h"

using namespace mlir;
using namespace mlir::qnn;

/// The neutral element of a maximum of stored values.
static Value lowest(KernelBuilder &k, Type element, int64_t lanes) {
  Attribute value;
  if (element.isF32())
    value = k.b.getF32FloatAttr(-std::numeric_limits<float>::infinity());
  else
    value = k.b.getI8IntegerAttr(k.level.storesUnsigned() ? 0 : -128);
  return k.constant(value, element, lanes);
}

static Value maximum(KernelBuilder &k, Value best, Value v) {
  Type element = cast<VectorType>(v.getType()).getElementType();
  if (element.isF32()) {
    VectorMath math{k, KernelBuilder::widthOf(v)};
    return math.select(math.lessThan(best, v), v, best);
  }
  return k.maxBytes(v, best);
}

int64_t PoolReduction::width(KernelBuilder &k) const {
  return average ? average->width(k) : k.lanes(element);
}

Sums PoolReduction::init(KernelBuilder &k, int64_t lanes, int64_t terms) const {
  return average ? average->init(k, lanes, terms)
                 : Sums{lowest(k, element, lanes)};
}

Sums PoolReduction::add(KernelBuilder &k, const Sums &acc, Value loaded) const {
  return average ? average->add(k, acc, loaded)
                 : Sums{maximum(k, acc[0], loaded)};
}

Sums PoolReduction::merge(KernelBuilder &k, const Sums &x,
                          const Sums &y) const {
  return average ? average->merge(k, x, y) : Sums{maximum(k, x[0], y[0])};
}

Value PoolReduction::finish(KernelBuilder &k, const Sums &acc,
                            const WindowCounts &counts) const {
  if (isMaximum())
    return acc[0];
  return average->finish(k, acc, counts.counted, counts.added, counts.factor);
}
