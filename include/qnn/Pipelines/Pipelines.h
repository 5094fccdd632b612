//===- Pipelines.h - Passes in order, stage by stage ------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In which order do the passes run, and why? Each build<Stage>Pipeline takes a
// module from one stage to the next and verifies the stage it reaches. The
// driver calls them; quant-opt offers them as `--qnn-graph-pipeline`,
// `--qnn-calibration-pipeline`, `--qnn-quantize-pipeline` and
// `--qnn-quantized-model-pipeline`.
//
// Stateless and thread-safe. A module holds one function per network.
//
// Usage:
//   PassManager pm(context);
//   buildGraphPipeline(pm);
//   buildCalibrationPipeline(pm, calibration);   // then the calibration run
//   QuantizePipelineOptions options;
//   options.cache = "model.json";
//   buildQuantizePipeline(pm, options);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_PIPELINES_PIPELINES_H
#define QNN_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir::qnn {

/// Options of the Graph stage.
struct GraphPipelineOptions : PassPipelineOptions<GraphPipelineOptions> {
  Option<bool> emitRemarks{
      *this, "emit-remarks",
      llvm::cl::desc(
          "Report what is fused and folded, and what not, as remarks"),
      llvm::cl::init(false)};
};

/// Options of the Calibrated stage.
struct CalibrationPipelineOptions
    : PassPipelineOptions<CalibrationPipelineOptions> {
  ListOption<std::string> rules{
      *this, "rules",
      llvm::cl::desc("Comma-separated PATTERN=float or PATTERN=int8, as of "
                     "qnn-assign-precision")};
  Option<bool> perTensorWeights{
      *this, "per-tensor-weights",
      llvm::cl::desc("One scale for the weights of all channels of a layer"),
      llvm::cl::init(false)};
  Option<bool> emitRemarks{
      *this, "emit-remarks",
      llvm::cl::desc(
          "Report what is kept float and what is observed as remarks"),
      llvm::cl::init(false)};
};

/// Options of the QDQ and Quantized stages.
struct QuantizePipelineOptions : PassPipelineOptions<QuantizePipelineOptions> {
  Option<std::string> cache{
      *this, "cache",
      llvm::cl::desc("The JSON file of the calibration run (default: every "
                     "qnn.observe has its range)")};
  Option<std::string> method{
      *this, "method",
      llvm::cl::desc("How a range is found: minmax or percentile"),
      llvm::cl::init("minmax")};
  Option<double> percentile{
      *this, "percentile",
      llvm::cl::desc("Per cent of the values a percentile range keeps"),
      llvm::cl::init(99.99)};
  Option<bool> symmetric{
      *this, "symmetric",
      llvm::cl::desc("Ranges of the cache are widened to have zero point 0"),
      llvm::cl::init(false)};
  Option<bool> integerResults{
      *this, "integer-results",
      llvm::cl::desc("Round the network's results to 8 bits, as qnn-quantize"),
      llvm::cl::init(false)};
  Option<std::string> level{
      *this, "level",
      llvm::cl::desc("Keep layers float where int8 would be slower at this "
                     "level, as qnn-keep-faster-float; default: nowhere")};
  Option<bool> emitRemarks{
      *this, "emit-remarks",
      llvm::cl::desc(
          "Report what is quantized, folded and fused, and what not, "
          "as remarks"),
      llvm::cl::init(false)};
};

/// Imported float graph to Graph stage: what the f32 compiler generates code
/// from, and calibration starts with.
void buildGraphPipeline(OpPassManager &pm,
                        const GraphPipelineOptions &options = {});

/// Graph stage to Calibrated stage without ranges: what the calibration run
/// executes.
void buildCalibrationPipeline(OpPassManager &pm,
                              const CalibrationPipelineOptions &options);

/// The first part of buildQuantizePipeline: ranges from the cache, precisions
/// from the level. Still Calibrated stage.
void buildRangesPipeline(OpPassManager &pm,
                         const QuantizePipelineOptions &options);

/// Options of a float network that multiplies in bf16.
struct BF16PipelineOptions : PassPipelineOptions<BF16PipelineOptions> {
  ListOption<std::string> rules{
      *this, "rules",
      llvm::cl::desc("Comma-separated PATTERN=float or PATTERN=bf16, as of "
                     "qnn-assign-precision")};
  Option<bool> emitRemarks{
      *this, "emit-remarks",
      llvm::cl::desc("Report what multiplies in bf16, and what not"),
      llvm::cl::init(false)};
};

/// Graph stage to Graph stage whose products are in bf16 unless a rule says
/// otherwise.
void buildBF16Pipeline(OpPassManager &pm, const BF16PipelineOptions &options);

/// Calibrated stage and the cache of its calibration run to Quantized stage.
void buildQuantizePipeline(OpPassManager &pm,
                           const QuantizePipelineOptions &options);

/// A network that somebody quantized, at the QDQ stage or beyond, to Quantized
/// stage. Needs no calibration: the types of its casts are its ranges.
void buildQuantizedModelPipeline(OpPassManager &pm,
                                 const GraphPipelineOptions &options = {});

/// Registers the pipelines with quant-opt.
void registerPipelines();

} // namespace mlir::qnn

#endif // QNN_PIPELINES_PIPELINES_H
