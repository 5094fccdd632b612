//===- NodeAttributes.cpp - How a converter reads attributes --------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;
using onnx::AttributeProto;

const AttributeProto *NodeImporter::findAttr(StringRef name) const {
  for (const AttributeProto &attribute : node.attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

const AttributeProto *NodeImporter::typedAttr(StringRef name, int type) {
  const AttributeProto *attribute = findAttr(name);
  if (!attribute || attribute->type() == type)
    return attribute;
  auto spell = [](int t) {
    return StringRef(AttributeProto::AttributeType_Name(
                         AttributeProto::AttributeType(t)))
        .lower();
  };
  error() << "expected attribute '" << name << "' of type " << spell(type)
          << ", got " << spell(attribute->type());
  return nullptr;
}

int64_t NodeImporter::getInt(StringRef name, int64_t missing) {
  auto *attribute = typedAttr(name, AttributeProto::INT);
  return attribute ? attribute->i() : missing;
}

bool NodeImporter::getFlag(StringRef name, bool missing) {
  int64_t value = getInt(name, missing);
  if (value != 0 && value != 1)
    error() << "expected attribute '" << name << "' to be 0 or 1, got "
            << value;
  return value != 0;
}

float NodeImporter::getFloat(StringRef name, float missing) {
  auto *attribute = typedAttr(name, AttributeProto::FLOAT);
  if (!attribute)
    return missing;
  if (!std::isfinite(attribute->f()))
    error() << "expected a finite attribute '" << name << "', got "
            << std::to_string(attribute->f());
  return attribute->f();
}

std::string NodeImporter::getString(StringRef name, StringRef missing) {
  auto *attribute = typedAttr(name, AttributeProto::STRING);
  return attribute ? attribute->s() : missing.str();
}

SmallVector<int64_t> NodeImporter::getInts(StringRef name,
                                           ArrayRef<int64_t> missing) {
  auto *attribute = typedAttr(name, AttributeProto::INTS);
  if (!attribute)
    return SmallVector<int64_t>(missing);
  return SmallVector<int64_t>(attribute->ints().begin(),
                              attribute->ints().end());
}

SmallVector<float> NodeImporter::getFloatList(StringRef name) {
  auto *attribute = typedAttr(name, AttributeProto::FLOATS);
  if (!attribute)
    return {};
  return SmallVector<float>(attribute->floats().begin(),
                            attribute->floats().end());
}

SmallVector<std::string> NodeImporter::getStrings(StringRef name) {
  auto *attribute = typedAttr(name, AttributeProto::STRINGS);
  if (!attribute)
    return {};
  return SmallVector<std::string>(attribute->strings().begin(),
                                  attribute->strings().end());
}

HostTensor NodeImporter::getTensor(StringRef name) {
  auto *attribute = typedAttr(name, AttributeProto::TENSOR);
  if (!attribute)
    return {};
  auto *tensor = const_cast<AttributeProto *>(attribute)->mutable_t();
  llvm::Expected<HostTensor> result = readTensor(*tensor, state.folder);
  if (!result) {
    error() << "attribute '" << name
            << "': " << llvm::toString(result.takeError());
    return {};
  }
  state.foldingWork += kFoldingPerElement * result->getNumElements();
  return *result;
}

int64_t NodeImporter::normalizeAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    error() << "expected an axis within rank " << rank << ", got " << axis;
    return 0;
  }
  return axis < 0 ? axis + rank : axis;
}

SmallVector<int64_t> NodeImporter::normalizeAxes(ArrayRef<int64_t> axes,
                                                 int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes)
    result.push_back(normalizeAxis(axis, rank));
  llvm::sort(result);
  if (std::adjacent_find(result.begin(), result.end()) != result.end())
    error() << "expected distinct axes, got [" << axes << "]";
  return result;
}
