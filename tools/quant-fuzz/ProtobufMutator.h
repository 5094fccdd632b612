//===- ProtobufMutator.h - Random changes of protobuf messages --*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does a fuzzer change a message so that it still parses? Fields are set,
// cleared, doubled, swapped and copied by reflection. Strings are mostly taken
// from elsewhere in the message or from a dictionary, so that names keep
// referring to something.
//
// Usage:
//   ProtobufMutator mutator(seed, {"Conv", "Relu"});
//   mutator.mutate(model);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_TOOLS_QUANT_FUZZ_PROTOBUFMUTATOR_H
#define QNN_TOOLS_QUANT_FUZZ_PROTOBUFMUTATOR_H

#include "llvm/ADT/ArrayRef.h"

#include <google/protobuf/message.h>
#include <random>
#include <string>
#include <vector>

namespace mlir::qnn::fuzz {

class ProtobufMutator {
public:
  /// Equal seeds give equal changes. `words` must outlive the mutator.
  ProtobufMutator(unsigned seed, llvm::ArrayRef<std::string> words)
      : random(seed), words(words) {}

  /// Changes one thing somewhere in `root`.
  void mutate(google::protobuf::Message &root);
  /// Copies a part of `other` over a part of `root` of the same type.
  void crossOver(google::protobuf::Message &root,
                 const google::protobuf::Message &other);

  /// Uniform in [0, limit); limit > 0.
  size_t below(size_t limit) { return random() % limit; }
  bool oneIn(size_t n) { return below(n) == 0; }
  /// Mostly small, sometimes at the limits of a type.
  int64_t integer(int64_t old);
  double real(double old);

private:
  using Message = google::protobuf::Message;
  using Field = google::protobuf::FieldDescriptor;

  void mutateField(Message &message, const Field &field);
  void mutateRepeated(Message &message, const Field &field);
  /// Element `index` of a repeated field; -1 for a singular one.
  void mutateValue(Message &message, const Field &field, int index);
  void mutateMessage(Message &message, const Field &field, int index);
  void mutateString(Message &message, const Field &field, int index);
  /// Any message of the type of `like` in the tree being mutated.
  const Message *findAlike(const google::protobuf::Descriptor *type);

  std::mt19937 random;
  llvm::ArrayRef<std::string> words;
  /// All messages and strings of the tree being mutated.
  std::vector<Message *> messages;
  std::vector<std::string> strings;
};

} // namespace mlir::qnn::fuzz

#endif // QNN_TOOLS_QUANT_FUZZ_PROTOBUFMUTATOR_H
