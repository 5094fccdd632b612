//===- GraphHash.cpp - A hash of what a network computes ------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The graph is written as text with numbered values, in which a constant stands
// as the hash of its bytes, and the text is hashed.
//
//===----------------------------------------------------------------------===//

#include "qnn/Calibration/Cache.h"
#include "qnn/Dialect/QNN/IR/Constants.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace mlir::qnn;

template <typename T> static uint64_t hashValues(ArrayRef<T> values) {
  return llvm::xxh3_64bits(
      ArrayRef(reinterpret_cast<const uint8_t *>(values.data()),
               values.size() * sizeof(T)));
}

static void write(Attribute attr, raw_ostream &os) {
  if (auto elements = dyn_cast<ElementsAttr>(attr)) {
    if (auto floats = getFloatValues(elements); succeeded(floats)) {
      os << llvm::utohexstr(hashValues<float>(*floats));
      return;
    }
    if (auto integers = getIntegerValues(elements); succeeded(integers)) {
      os << llvm::utohexstr(hashValues<int32_t>(*integers));
      return;
    }
  }
  attr.print(os);
}

std::string qnn::getGraphHash(func::FuncOp func) {
  std::string text;
  llvm::raw_string_ostream os(text);
  DenseMap<Value, unsigned> numbers;
  unsigned next = 0; // observers share the number of their operand
  for (BlockArgument argument : func.getArguments()) {
    numbers[argument] = next++;
    os << argument.getType() << ';';
  }
  for (Operation &op : func.getOps()) {
    if (isa<ObserveOp>(op)) {
      numbers[op.getResult(0)] = numbers.lookup(op.getOperand(0));
      continue;
    }
    os << op.getName() << '(';
    for (Value operand : op.getOperands())
      os << numbers.lookup(operand) << ',';
    os << ')';
    for (NamedAttribute attr : op.getAttrDictionary()) {
      if (attr.getName().getValue().starts_with("qnn."))
        continue;
      os << attr.getName().getValue() << '=';
      write(attr.getValue(), os);
      os << ',';
    }
    for (Value result : op.getResults()) {
      numbers[result] = next++;
      os << ':' << result.getType();
    }
    os << ';';
  }
  return llvm::utohexstr(llvm::xxh3_64bits(text), /*LowerCase=*/true,
                         /*Width=*/16);
}
