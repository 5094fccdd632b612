//===- LayerForms.h - A layer in its other forms ----------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What noise would a layer have with 4-bit weights, without a remedy, with
// another range? Each form is compiled once and runs beside the layer.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_ACCURACY_LAYERFORMS_H
#define QNN_LIB_ACCURACY_LAYERFORMS_H

#include "Tensors.h"

#include "qnn/Accuracy/Attribution.h"
#include "qnn/Dialect/QNN/IR/QNN.h"

namespace mlir::qnn {

class LayerForms {
public:
  /// Compiles the forms of `step` and names them in `layer`; the first one has
  /// weights of another precision.
  static llvm::Expected<LayerForms>
  create(StepwiseNetwork &network, QuantizedSimulation &simulation,
         const NetworkStep &step, LayerAccuracy &layer, Attribute rounding);

  /// Adds the noises of one sample to layer.weightForms. Leaves what the first
  /// form computes in `result`.
  void addSample(StepwiseNetwork &network, const NetworkStep &step,
                 const Tensors &real, LayerAccuracy &layer,
                 MutableArrayRef<float> result);

private:
  std::vector<std::unique_ptr<JITNetwork>> compiled;
};

/// Other grids for a tensor.
class RangeForms {
public:
  RangeForms() = default;
  /// Those of all calibrators, and its own where `grid` is another. Names them
  /// in `layer`.
  RangeForms(ObserveOp observe, const QuantParams &grid,
             const CalibrationCache &cache, LayerAccuracy &layer);

  /// Adds the noises of one sample to layer.rangeForms.
  void addSample(ArrayRef<float> values, LayerAccuracy &layer) const;

private:
  std::vector<QuantParams> grids;
};

} // namespace mlir::qnn

#endif // QNN_LIB_ACCURACY_LAYERFORMS_H
