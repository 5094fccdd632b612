//===- Recipe.h - What was decided about a network --------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every decision of --precision=auto as a file that people read, edit, keep
// under version control and apply again:
//
//   {"version":1, "graph":"<hash>",
//    "remedies":["equalize-channels","round-weights","correct-bias"],
//    "tensors":[{"tensor":name,"calibrator":name,"min":f,"max":f,
//                "reason":text}],
//    "layers":[{"layer":name,"precision":"float","reason":text}]}
//
// `graph` is getGraphHash of the Graph stage. `calibrator` and `reason` are for
// the reader. Layers that are not listed are int8.
//
// Usage:
//   auto recipe = Recipe::load("recipe.json");
//   if (Error error = recipe->applyTensors(func)) ...
//   if (Error error = recipe->applyLayers(func)) ...
//
//===----------------------------------------------------------------------===//

#ifndef QNN_ACCURACY_RECIPE_H
#define QNN_ACCURACY_RECIPE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <string>
#include <vector>

namespace mlir::qnn {

struct TensorRule {
  std::string tensor; ///< the name of the qnn.observe
  std::string calibrator;
  float min, max;
  std::string reason;
};

struct LayerRule {
  std::string layer;
  std::string precision; ///< as qnn.precision
  std::string reason;
};

struct Recipe {
  static constexpr int kVersion = 1;

  std::string graph;
  std::vector<std::string> remedies;
  std::vector<TensorRule> tensors;
  std::vector<LayerRule> layers;

  bool hasRemedy(StringRef name) const {
    return llvm::is_contained(remedies, name);
  }

  void writeJSON(llvm::json::OStream &json) const;
  /// Reads a file; every error names the path.
  static llvm::Expected<Recipe> load(StringRef path);
  /// The file's text.
  std::string toText() const;

  /// Gives the layers of `func`, Calibrated stage, their precision. An unknown
  /// layer is an error.
  llvm::Error applyLayers(func::FuncOp func) const;
  /// Gives the observers of `func` their ranges. An unknown tensor, and an
  /// observer without range, is an error.
  llvm::Error applyTensors(func::FuncOp func) const;
};

} // namespace mlir::qnn

#endif // QNN_ACCURACY_RECIPE_H
