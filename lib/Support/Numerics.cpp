//===- Numerics.cpp - Quantization parameters of a type -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Support/Numerics.h"

using namespace mlir;
using namespace mlir::qnn;

QuantParams qnn::getQuantParams(quant::QuantizedType type, int64_t channel) {
  QuantParams params;
  params.min = static_cast<int32_t>(type.getStorageTypeMin());
  params.max = static_cast<int32_t>(type.getStorageTypeMax());
  if (auto uniform = llvm::dyn_cast<quant::UniformQuantizedType>(type)) {
    params.scale = static_cast<float>(uniform.getScale());
    params.zeroPoint = static_cast<int32_t>(uniform.getZeroPoint());
    return params;
  }
  auto perAxis = llvm::cast<quant::UniformQuantizedPerAxisType>(type);
  params.scale = static_cast<float>(perAxis.getScales()[channel]);
  params.zeroPoint = static_cast<int32_t>(perAxis.getZeroPoints()[channel]);
  return params;
}
