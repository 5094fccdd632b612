//===- Pipelines.cpp - Passes in order, stage by stage --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Pipelines/Pipelines.h"

#include "qnn/Dialect/QNN/Transforms/Passes.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::qnn;

static void addStageCheck(OpPassManager &pm, StringRef stage) {
  VerifyStagePassOptions options;
  options.stage = stage.str();
  pm.addPass(createVerifyStagePass(options));
}

/// Merges what rewriting left behind: equal constants and unused ops.
static void addCleanUp(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

// Legal: builtin, func, qnn on float tensors.
void qnn::buildGraphPipeline(OpPassManager &pm,
                             const GraphPipelineOptions &options) {
  FoldBatchNormPassOptions batchNorms;
  batchNorms.emitRemarks = options.emitRemarks;
  FuseEpiloguePassOptions epilogues;
  epilogues.emitRemarks = options.emitRemarks;
  addCleanUp(pm);
  // Before fusion: a batch norm after a clamp or a residual cannot fold.
  pm.addNestedPass<func::FuncOp>(createFoldBatchNormPass(batchNorms));
  // After batch norms became layers, through which transposes pass; before
  // fusion, which needs an op and its user in one layout.
  pm.addNestedPass<func::FuncOp>(createSinkTransposesPass());
  // Before observers: the tensors inside a fused op never exist, so they must
  // not be calibrated.
  pm.addNestedPass<func::FuncOp>(createFuseEpiloguePass(epilogues));
  addCleanUp(pm);
  addStageCheck(pm, "graph");
}

// Legal: as Graph without qnn.batch_norm, and qnn.observe.
void qnn::buildCalibrationPipeline(OpPassManager &pm,
                                   const CalibrationPipelineOptions &options) {
  AssignPrecisionPassOptions precision;
  SmallVector<std::string> rules(options.rules.begin(), options.rules.end());
  precision.rules = rules;
  precision.perTensorWeights = options.perTensorWeights;
  precision.emitRemarks = options.emitRemarks;
  InsertObserversPassOptions observers;
  observers.emitRemarks = options.emitRemarks;
  pm.addNestedPass<func::FuncOp>(createAssignPrecisionPass(precision));
  // After precisions are known: float layers need no ranges.
  pm.addNestedPass<func::FuncOp>(createInsertObserversPass(observers));
  addStageCheck(pm, "calibrated");
}

void qnn::buildRangesPipeline(OpPassManager &pm,
                              const QuantizePipelineOptions &options) {
  if (!options.cache.empty()) {
    ApplyRangesPassOptions ranges;
    ranges.cache = options.cache;
    ranges.method = options.method;
    ranges.percentile = options.percentile;
    ranges.symmetric = options.symmetric;
    pm.addNestedPass<func::FuncOp>(createApplyRangesPass(ranges));
  }
  // After calibration: one cache serves every level.
  if (!options.level.empty()) {
    KeepFasterFloatPassOptions faster;
    faster.level = options.level;
    faster.emitRemarks = true;
    pm.addNestedPass<func::FuncOp>(createKeepFasterFloatPass(faster));
  }
}

void qnn::buildBF16Pipeline(OpPassManager &pm,
                            const BF16PipelineOptions &options) {
  AssignPrecisionPassOptions precision;
  SmallVector<std::string> rules(options.rules.begin(), options.rules.end());
  precision.rules = rules;
  precision.products = "bf16";
  precision.emitRemarks = options.emitRemarks;
  RoundToBF16PassOptions rounding;
  rounding.emitRemarks = options.emitRemarks;
  pm.addNestedPass<func::FuncOp>(createAssignPrecisionPass(precision));
  pm.addNestedPass<func::FuncOp>(createRoundToBF16Pass(rounding));
  // Layers that read one tensor round it once.
  addCleanUp(pm);
  addStageCheck(pm, "graph");
}

// Legal in the QDQ stage: qnn on float tensors, quantized qnn.constant,
// quant.qcast and quant.dcast. In the Quantized stage: also qnn on quantized
// tensors, and no quant.qcast of a quant.dcast but of an accumulator.
void qnn::buildQuantizePipeline(OpPassManager &pm,
                                const QuantizePipelineOptions &options) {
  buildRangesPipeline(pm, options);
  QuantizePassOptions quantize;
  quantize.integerResults = options.integerResults;
  quantize.emitRemarks = options.emitRemarks;
  FoldQDQPassOptions fold;
  fold.emitRemarks = options.emitRemarks;
  FuseEpiloguePassOptions epilogues;
  epilogues.emitRemarks = options.emitRemarks;
  pm.addNestedPass<func::FuncOp>(createQuantizePass(quantize));
  addStageCheck(pm, "qdq");
  pm.addNestedPass<func::FuncOp>(createFoldQDQPass(fold));
  // Again, after folding: accumulators and clamps that met only now.
  pm.addNestedPass<func::FuncOp>(createFuseEpiloguePass(epilogues));
  // Last of what decides on scales, when layers read and end in theirs.
  AlignFactorsPassOptions factors;
  factors.chooseScales = true;
  pm.addNestedPass<func::FuncOp>(createAlignFactorsPass(factors));
  // After fusion, to which these layers are float ones.
  RoundToBF16PassOptions rounding;
  rounding.emitRemarks = options.emitRemarks;
  pm.addNestedPass<func::FuncOp>(createRoundToBF16Pass(rounding));
  addCleanUp(pm);
  addStageCheck(pm, "quantized");
}

// Legal: as in the Quantized stage, throughout.
void qnn::buildQuantizedModelPipeline(OpPassManager &pm,
                                      const GraphPipelineOptions &options) {
  PrepareQDQPassOptions prepare;
  prepare.emitRemarks = options.emitRemarks;
  FoldBatchNormPassOptions batchNorms;
  batchNorms.emitRemarks = options.emitRemarks;
  FuseEpiloguePassOptions epilogues;
  epilogues.emitRemarks = options.emitRemarks;
  FoldQDQPassOptions fold;
  fold.emitRemarks = options.emitRemarks;
  addCleanUp(pm);
  pm.addNestedPass<func::FuncOp>(createPrepareQDQPass(prepare));
  // Before folding, which needs an op and its casts in one layout.
  pm.addNestedPass<func::FuncOp>(createSinkTransposesPass());
  // Again, in one layout: what follows a layer channel by channel. Before batch
  // norms that remain become layers.
  pm.addNestedPass<func::FuncOp>(createPrepareQDQPass(prepare));
  pm.addNestedPass<func::FuncOp>(createFoldBatchNormPass(batchNorms));
  pm.addNestedPass<func::FuncOp>(createSinkTransposesPass());
  // Equal casts of one tensor are one cast again.
  addCleanUp(pm);
  pm.addNestedPass<func::FuncOp>(createFuseEpiloguePass(epilogues));
  pm.addNestedPass<func::FuncOp>(createFoldQDQPass(fold));
  // Again: accumulators and clamps that met only now.
  pm.addNestedPass<func::FuncOp>(createFuseEpiloguePass(epilogues));
  // Last: the inputs and results of layers have their scales.
  pm.addNestedPass<func::FuncOp>(createAlignFactorsPass());
  addCleanUp(pm);
  addStageCheck(pm, "quantized");
}

void qnn::registerPipelines() {
  PassPipelineRegistration<GraphPipelineOptions>(
      "qnn-graph-pipeline",
      "Imported float graph to Graph stage: batch norms folded, transposes "
      "sunk, epilogues fused",
      buildGraphPipeline);
  PassPipelineRegistration<BF16PipelineOptions>(
      "qnn-bf16-pipeline",
      "Graph stage to Graph stage: products multiply in bf16",
      buildBF16Pipeline);
  PassPipelineRegistration<CalibrationPipelineOptions>(
      "qnn-calibration-pipeline",
      "Graph stage to Calibrated stage: precisions assigned, observers "
      "inserted",
      buildCalibrationPipeline);
  PassPipelineRegistration<QuantizePipelineOptions>(
      "qnn-quantize-pipeline",
      "Calibrated stage to Quantized stage: ranges applied, weights quantized, "
      "quantize/dequantize pairs folded",
      buildQuantizePipeline);
  PassPipelineRegistration<GraphPipelineOptions>(
      "qnn-quantized-model-pipeline",
      "A network that somebody quantized (QDQ stage) to Quantized stage",
      buildQuantizedModelPipeline);
}
