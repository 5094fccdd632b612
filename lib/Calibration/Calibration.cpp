//===- Calibration.cpp - Observe a network on sample data -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Calibration/Calibration.h"

#include "qnn/Calibration/SampleReader.h"
#include "qnn/Target/JIT.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// The progress line.
class Progress {
public:
  Progress(llvm::raw_ostream &os, int64_t total)
      : os(os), total(total), rewrites(os.is_displayed()) {}

  void show(int64_t done) {
    // On a terminal a line per percent, else one per tenth.
    int64_t steps = rewrites ? 100 : 10;
    int64_t step = done * steps / total;
    if (step == last)
      return;
    last = step;
    os << (rewrites ? "\r" : "") << "calibrating: " << done << "/" << total
       << (rewrites && done < total ? "" : "\n");
    os.flush();
    open = rewrites && done < total;
  }
  /// Leaves the terminal at the start of a line, also after an error.
  ~Progress() {
    if (open)
      os << '\n';
  }

private:
  llvm::raw_ostream &os;
  int64_t total, last = -1;
  bool rewrites, open = false;
};
} // namespace

static void addTensor(TensorStatistics &statistics,
                      const ObservedTensor &tensor) {
  if (tensor.rowLength == tensor.rowStride)
    return statistics.add(tensor.data, tensor.rows * tensor.rowLength);
  for (int64_t row = 0; row < tensor.rows; ++row)
    statistics.add(tensor.data + row * tensor.rowStride, tensor.rowLength);
}

/// Feeds every sample; `statistics` has one entry per observed tensor.
static llvm::Error runAll(JITNetwork &network, SampleReader &reader,
                          MutableArrayRef<TensorStatistics> statistics,
                          Progress &progress) {
  std::vector<std::vector<float>> memory;
  SmallVector<MutableArrayRef<float>> inputs;
  SmallVector<const void *> from;
  SmallVector<void *> to;
  for (ArrayRef<TensorInfo> list : {network.getInputs(), network.getOutputs()})
    for (const TensorInfo &tensor : list)
      memory.emplace_back(ShapedType::getNumElements(tensor.shape));
  for (auto [i, block] : llvm::enumerate(memory)) {
    if (i >= network.getInputs().size()) {
      to.push_back(block.data());
      continue;
    }
    inputs.push_back(block);
    from.push_back(block.data());
  }
  int64_t done = 0;
  while (true) {
    llvm::Expected<bool> more = reader.next(inputs);
    if (!more)
      return more.takeError();
    if (!*more)
      return llvm::Error::success();
    int32_t bad = -1;
    network.run(from, to, [&](const ObservedTensor &tensor) {
      addTensor(statistics[tensor.index], tensor);
      if (bad < 0 && statistics[tensor.index].hasNonFinite())
        bad = tensor.index;
    });
    if (bad >= 0)
      return llvm::createStringError(
          "tensor '" + network.getObserved()[bad] +
          "' holds NaN or infinity for " + reader.describeLast() +
          ": expected a network that is finite on its calibration data");
    progress.show(++done);
  }
}

llvm::Expected<CalibrationCache> qnn::calibrate(ModuleOp network,
                                                ArrayRef<std::string> data,
                                                llvm::raw_ostream &progress) {
  auto func = *network.getOps<func::FuncOp>().begin();
  SmallVector<TensorInfo> inputs, outputs;
  if (failed(getTensorInfos(func, inputs, outputs)))
    return llvm::createStringError("the network cannot be calibrated");
  // The data is checked before the longer part.
  auto reader = SampleReader::open(data, inputs);
  if (!reader)
    return reader.takeError();
  auto jit = JITNetwork::create(network);
  if (!jit)
    return jit.takeError();
  std::vector<TensorStatistics> statistics((*jit)->getObserved().size());
  Progress line(progress, (*reader)->getRunCount());
  if (llvm::Error error = runAll(**jit, **reader, statistics, line))
    return std::move(error);
  CalibrationCache cache;
  cache.graph = getGraphHash(func);
  cache.samples = (*reader)->getSampleCount();
  for (auto [name, entry] : llvm::zip((*jit)->getObserved(), statistics))
    cache.tensors[name].merge(entry);
  return cache;
}
