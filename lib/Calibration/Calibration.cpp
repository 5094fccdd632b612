//===- Calibration.cpp - Observe a network on sample data -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Calibration/Calibration.h"

#include "qnn/Calibration/SampleReader.h"
#include "qnn/Dialect/QNN/IR/QNN.h"
#include "qnn/Target/JIT.h"

#include "llvm/ADT/SetVector.h"
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

//===----------------------------------------------------------------------===//
// Observation
//===----------------------------------------------------------------------===//

namespace {
/// Fills the statistics of the observed tensors run by run.
class Observer {
public:
  /// For the observers of `func`, in their order.
  explicit Observer(func::FuncOp func) {
    for (ObserveOp op : func.getOps<ObserveOp>())
      tensors.push_back({op.getType(), hasSamplesOnAxis0(op.getInput())});
  }

  void beginRun(BatchInfo batch);
  void take(const ObservedTensor &tensor);

  const TensorStatistics &getStatistics(int32_t index) const {
    return tensors[index].statistics;
  }

private:
  struct Tensor {
    Tensor(RankedTensorType type, bool batched)
        : type(type), batched(batched) {}

    RankedTensorType type;
    bool batched; ///< the samples of a batch lie along axis 0
    int64_t sampleSize = 0, filled = 0; ///< elements; samples to count
    int64_t position = 0;               ///< elements seen in this run
    TensorStatistics statistics;
  };

  static bool hasSamplesOnAxis0(Value value);

  std::vector<Tensor> tensors;
};
} // namespace

/// Axis 0 stays where it is everywhere but in a transpose that moves it. (Where
/// it has another length than the batch, beginRun does not take it for one.)
bool Observer::hasSamplesOnAxis0(Value value) {
  SetVector<Value> reached;
  reached.insert(value);
  for (size_t i = 0; i < reached.size(); ++i) {
    Operation *op = reached[i].getDefiningOp();
    if (!op)
      continue;
    auto transpose = dyn_cast<TransposeOp>(op);
    if (transpose && transpose.getPermutation().front() != 0)
      return false;
    reached.insert(op->operand_begin(), op->operand_end());
  }
  return true;
}

void Observer::beginRun(BatchInfo batch) {
  for (Tensor &tensor : tensors) {
    int64_t samples = 1, filled = 1;
    if (tensor.batched && tensor.type.getRank() > 0 &&
        tensor.type.getDimSize(0) == batch.size) {
      samples = batch.size;
      filled = batch.filled;
    }
    tensor.sampleSize = tensor.type.getNumElements() / samples;
    tensor.filled = filled;
    tensor.position = 0;
  }
}

/// Takes the values of one tensor or, where it has several images that are not
/// contiguous, of one of these; cuts them into samples.
void Observer::take(const ObservedTensor &seen) {
  Tensor &tensor = tensors[seen.index];
  for (int64_t row = 0; row < seen.rows; ++row) {
    const float *data = seen.data + row * seen.rowStride;
    for (int64_t left = seen.rowLength; left > 0;) {
      int64_t sample = tensor.position / tensor.sampleSize;
      int64_t end = (sample + 1) * tensor.sampleSize;
      int64_t size = std::min(left, end - tensor.position);
      tensor.position += size;
      if (sample < tensor.filled) {
        tensor.statistics.add(data, size, tensor.sampleSize);
        if (tensor.position == end)
          tensor.statistics.endSample();
      }
      data += size;
      left -= size;
    }
  }
}

/// Feeds every sample.
static llvm::Error runAll(JITNetwork &network, SampleReader &reader,
                          Observer &observer, Progress &progress) {
  std::vector<std::vector<float>> memory;
  SmallVector<MutableArrayRef<float>> inputs;
  SmallVector<const void *> from;
  SmallVector<void *> to;
  for (ArrayRef<TensorInfo> list : {network.getInputs(), network.getOutputs()})
    for (const TensorInfo &tensor : list)
      memory.emplace_back(getSampleWords(tensor));
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
    observer.beginRun(reader.getLastBatch());
    network.run(from, to, [&](const ObservedTensor &tensor) {
      observer.take(tensor);
      if (bad < 0 && observer.getStatistics(tensor.index).hasNonFinite())
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
  Observer observer(func);
  Progress line(progress, (*reader)->getRunCount());
  if (llvm::Error error = runAll(**jit, **reader, observer, line))
    return std::move(error);
  CalibrationCache cache;
  cache.graph = getGraphHash(func);
  cache.addSources((*reader)->getSources());
  for (auto [i, name] : llvm::enumerate((*jit)->getObserved()))
    cache.tensors[name].merge(observer.getStatistics(i));
  return cache;
}
