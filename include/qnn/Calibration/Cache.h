//===- Cache.h - Calibration statistics and their file ----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How is what calibration saw kept? The calibration run saves a
// CalibrationCache of the statistics of all observed tensors;
// `qnn-apply-ranges` loads it and asks for ranges.
//
// Plain values without global state.
//
// Usage:
//   cache.tensors["conv1"] = statistics;
//   if (llvm::Error e = cache.save(path)) ...
//
//===----------------------------------------------------------------------===//

#ifndef QNN_CALIBRATION_CACHE_H
#define QNN_CALIBRATION_CACHE_H

#include "qnn/Calibration/TensorStatistics.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <map>
#include <string>

namespace mlir::qnn {

/// A sum, modulo 2^64, of the hashes of samples: the same for any order. A
/// sample's hash is xxh3 of the hashes, in order, of the inputs' f32 values.
using DataHash = uint64_t;

/// One file or directory of samples, as the user named it.
struct CalibrationSource {
  std::string path;
  int64_t samples = 0;
  DataHash data = 0;
};

/// The contents of a calibration cache file.
struct CalibrationCache {
  static constexpr int kVersion = 2;

  /// getGraphHash of the calibrated function.
  std::string graph;
  /// The samples run, ordered by path; a path stands here as often as its
  /// samples were counted.
  std::vector<CalibrationSource> sources;
  /// Statistics by the name of the `qnn.observe`.
  std::map<std::string, TensorStatistics> tensors;

  /// Number of samples run, and their hash.
  int64_t getSamples() const;
  DataHash getDataHash() const;

  /// Adds sources, which stay ordered.
  void addSources(llvm::ArrayRef<CalibrationSource> more);

  /// Takes everything `other` has seen, exactly as if one run had seen both.
  /// An error, and no change, when the graphs or the tensors differ.
  llvm::Error merge(const CalibrationCache &other);

  /// The file: JSON, indented, with a line for each list of counts. It depends
  /// on nothing but the values. `numerics_version` says which arithmetic
  /// (docs/Numerics.md) computed them.
  ///   {"version":2, "numerics_version":1, "graph":"<hex>", "data":"<hex>",
  ///    "samples":N, "sources":[{"path":p,"samples":n,"data":"<hex>"}],
  ///    "tensors":{name:{
  ///      "min":f, "max":f,           least and largest value
  ///      "samples":n,                terms of the next two, TensorStatistics
  ///      "sum_of_mins":"<hex>p<e>", "sum_of_maxs":"<hex>p<e>",
  ///      "log2_width":e,             counts[i] is of the values in
  ///      "first_bin":b,              [(b + i) * 2^e, (b + i + 1) * 2^e)
  ///      "counts":[...]}}}
  std::string format() const;
  static llvm::Expected<CalibrationCache> parse(llvm::StringRef text);

  /// Writes the file whole or not at all.
  llvm::Error save(llvm::StringRef path) const;
  /// Reads a file; every error names the path.
  static llvm::Expected<CalibrationCache> load(llvm::StringRef path);
};

/// A hash, in hexadecimal, of what a float network computes: ops, attributes,
/// types and the contents of constants. Locations, the name of the function,
/// `qnn.observe` and discardable attributes (`qnn.precision`, ...) do not
/// count, so that a cache outlives another choice of precisions.
std::string getGraphHash(func::FuncOp func);

} // namespace mlir::qnn

#endif // QNN_CALIBRATION_CACHE_H
