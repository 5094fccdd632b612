//===- Tensors.h - The tensors of one run -----------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All tensors of a StepwiseNetwork, and how far two of them lie apart.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_ACCURACY_TENSORS_H
#define QNN_LIB_ACCURACY_TENSORS_H

#include "qnn/Accuracy/QuantizedSimulation.h"
#include "qnn/Accuracy/Samples.h"

namespace mlir::qnn {

/// By number.
using Tensors = std::vector<std::vector<float>>;

Tensors allocateTensors(const StepwiseNetwork &network);

/// What `step` reads of `tensors`.
SmallVector<const float *> getOperands(const NetworkStep &step,
                                       const Tensors &tensors);

/// Runs the float network on one sample; keeps every tensor.
void runFloat(StepwiseNetwork &network, const Sample &sample, Tensors &real);

/// Runs the quantized network on one sample; keeps every tensor. Inputs stay as
/// they are: their readers round them.
void runQuantized(StepwiseNetwork &network, QuantizedSimulation &simulation,
                  const Sample &sample, Tensors &quantized);

/// The mean square; 0 of nothing.
double getPower(ArrayRef<float> values);
/// The mean square of the difference; 0 of nothing.
double getNoise(ArrayRef<float> values, ArrayRef<float> reference);
/// Noise over signal; the noise itself where the reference is zero.
double getRelativeNoise(ArrayRef<float> values, ArrayRef<float> reference);

} // namespace mlir::qnn

#endif // QNN_LIB_ACCURACY_TENSORS_H
