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

float qnn::getScaleOfWidth(double width, int steps) {
  return static_cast<float>(
      std::min(std::max(width / steps, kMinScale), kMaxScale));
}

QuantParams qnn::getActivationParams(double low, double high) {
  low = std::min(low, 0.0);
  high = std::max(high, 0.0);
  QuantParams params{getScaleOfWidth(high - low, 255), 0, -128, 127};
  if (high > low) {
    double zero = std::nearbyint(-128.0 - low / params.scale);
    params.zeroPoint =
        static_cast<int32_t>(std::min(std::max(zero, -128.0), 127.0));
  }
  return params;
}

QuantParams qnn::getWeightParams(double magnitude, int bits) {
  int max = (1 << (bits - 1)) - 1;
  return {getScaleOfWidth(magnitude, max), 0, -max, max};
}
