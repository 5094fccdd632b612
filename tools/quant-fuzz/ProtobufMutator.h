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
//   ProtobufMutator mutator(random, {"Conv", "Relu"});
//   mutator.mutate(model);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_TOOLS_QUANT_FUZZ_PROTOBUFMUTATOR_H
#define QNN_TOOLS_QUANT_FUZZ_PROTOBUFMUTATOR_H

#include "Numbers.h"

#include "llvm/ADT/ArrayRef.h"

#include <google/protobuf/message.h>
#include <string>
#include <vector>

namespace mlir::qnn::fuzz {

class ProtobufMutator {
public:
  /// `words` and `random` must outlive the mutator.
  ProtobufMutator(Random &random, llvm::ArrayRef<std::string> words)
      : random(random), words(words) {}

  /// Changes one thing somewhere in `root`.
  void mutate(google::protobuf::Message &root);
  /// Copies a part of `other` over a part of `root` of the same type.
  void crossOver(google::protobuf::Message &root,
                 const google::protobuf::Message &other);

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

  Random &random;
  llvm::ArrayRef<std::string> words;
  /// All messages and strings of the tree being mutated.
  std::vector<Message *> messages;
  std::vector<std::string> strings;
};

} // namespace mlir::qnn::fuzz

#endif // QNN_TOOLS_QUANT_FUZZ_PROTOBUFMUTATOR_H
