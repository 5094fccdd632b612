//===- Gram.cpp - Second moments of what a layer reads --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gram.h"

#include <Eigen/Core>

using namespace mlir;
using namespace mlir::qnn;

using Matrix =
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

Gram::Gram(Operation *op) : op(op) {
  auto quantizable = cast<QuantizableOpInterface>(op);
  ArrayRef<int64_t> weight = getShape(quantizable.getWeightOperand()->get());
  depth = ShapedType::getNumElements(weight.drop_front());
  ArrayRef<int64_t> result = getShape(op->getResult(0));
  positions = ShapedType::getNumElements(result.drop_back());
  if (auto conv = dyn_cast<Conv2DOp>(op))
    groups = conv.getGroups();
  matrices.assign(groups, std::vector<float>(depth * depth, 0));
}

void Gram::readPatch(ArrayRef<float> input, int64_t position, int64_t group,
                     float *patch) const {
  auto conv = dyn_cast<Conv2DOp>(op);
  if (!conv) {
    std::copy_n(input.data() + position * depth, depth, patch);
    return;
  }
  ArrayRef<int64_t> in = getShape(conv.getInput());
  ArrayRef<int64_t> out = getShape(conv.getResult());
  ArrayRef<int64_t> weight = getShape(conv.getWeight());
  int64_t x = position % out[2], y = position / out[2] % out[1],
          image = position / (out[2] * out[1]), channels = weight[3];
  for (int64_t i = 0; i < weight[1]; ++i)
    for (int64_t j = 0; j < weight[2]; ++j, patch += channels) {
      int64_t row = y * conv.getStrides()[0] + i * conv.getDilations()[0] -
                    conv.getPadding()[0];
      int64_t column = x * conv.getStrides()[1] + j * conv.getDilations()[1] -
                       conv.getPadding()[1];
      bool inside = row >= 0 && row < in[1] && column >= 0 && column < in[2];
      if (!inside) {
        std::fill_n(patch, channels, 0.0f);
        continue;
      }
      int64_t from =
          ((image * in[1] + row) * in[2] + column) * in[3] + group * channels;
      std::copy_n(input.data() + from, channels, patch);
    }
}

void Gram::add(ArrayRef<float> input, int64_t maxPatches) {
  int64_t count = std::min(positions, maxPatches);
  Matrix patches(count, depth);
  for (int64_t group = 0; group < groups; ++group) {
    for (int64_t i = 0; i < count; ++i)
      readPatch(input, i * positions / count, group, patches.row(i).data());
    Eigen::Map<Matrix> matrix(matrices[group].data(), depth, depth);
    matrix.selfadjointView<Eigen::Lower>().rankUpdate(patches.transpose());
  }
}

std::vector<float> Gram::get(int64_t group) const {
  std::vector<float> full = matrices[group];
  Eigen::Map<Matrix> matrix(full.data(), depth, depth);
  matrix.triangularView<Eigen::StrictlyUpper>() =
      matrix.transpose().triangularView<Eigen::StrictlyUpper>();
  float ridge = matrix.diagonal().mean() / 100;
  matrix.diagonal().array() += ridge > 0 ? ridge : 1.0f;
  return full;
}
