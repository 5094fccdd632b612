//===- ProtobufMutator.cpp - Random changes of protobuf messages ----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProtobufMutator.h"

#include <memory>

using namespace mlir::qnn::fuzz;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

//===----------------------------------------------------------------------===//
// The tree
//===----------------------------------------------------------------------===//

/// Appends `message`, all messages in it, and (if asked for) their strings.
static void collect(Message &message, std::vector<Message *> &messages,
                    std::vector<std::string> *strings) {
  messages.push_back(&message);
  const Reflection &access = *message.GetReflection();
  std::vector<const FieldDescriptor *> fields;
  access.ListFields(message, &fields);
  for (const FieldDescriptor *field : fields) {
    bool repeated = field->is_repeated();
    int count = repeated ? access.FieldSize(message, field) : 1;
    bool isName = field->type() == FieldDescriptor::TYPE_STRING;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
        collect(repeated ? *access.MutableRepeatedMessage(&message, field, i)
                         : *access.MutableMessage(&message, field),
                messages, strings);
      else if (isName && strings)
        strings->push_back(repeated
                               ? access.GetRepeatedString(message, field, i)
                               : access.GetString(message, field));
    }
  }
}

const Message *ProtobufMutator::findAlike(const Descriptor *type) {
  std::vector<Message *> alike;
  for (Message *message : messages)
    if (message->GetDescriptor() == type)
      alike.push_back(message);
  return alike.empty() ? nullptr : alike[random.below(alike.size())];
}

void ProtobufMutator::mutate(Message &root) {
  messages.clear();
  strings.clear();
  collect(root, messages, &strings);
  Message &message = *messages[random.below(messages.size())];
  std::vector<const FieldDescriptor *> fields;
  message.GetReflection()->ListFields(message, &fields);
  const Descriptor &type = *message.GetDescriptor();
  // Mostly what is there; sometimes any field of the type.
  if (fields.empty() || random.oneIn(4))
    mutateField(message, *type.field(random.below(type.field_count())));
  else
    mutateField(message, *fields[random.below(fields.size())]);
}

void ProtobufMutator::crossOver(Message &root, const Message &other) {
  messages.clear();
  std::unique_ptr<Message> source(other.New());
  source->CopyFrom(other);
  std::vector<Message *> parts;
  collect(*source, parts, nullptr);
  collect(root, messages, nullptr);
  const Message &part = *parts[random.below(parts.size())];
  // Over an equal part, or into a list of such parts.
  for (size_t tries = 0; tries < 8; ++tries) {
    Message &target = *messages[random.below(messages.size())];
    if (target.GetDescriptor() == part.GetDescriptor() && &target != &root)
      return target.CopyFrom(part);
    const Descriptor &type = *target.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i)
      if (type.field(i)->is_repeated() &&
          type.field(i)->message_type() == part.GetDescriptor())
        return target.GetReflection()
            ->AddMessage(&target, type.field(i))
            ->CopyFrom(part);
  }
}

//===----------------------------------------------------------------------===//
// Fields
//===----------------------------------------------------------------------===//

void ProtobufMutator::mutateField(Message &message, const Field &field) {
  if (field.is_repeated())
    return mutateRepeated(message, field);
  if (random.oneIn(5))
    return message.GetReflection()->ClearField(&message, &field);
  mutateValue(message, field, -1);
}

void ProtobufMutator::mutateRepeated(Message &message, const Field &field) {
  const Reflection &access = *message.GetReflection();
  int count = access.FieldSize(message, &field);
  switch (count == 0 ? 0 : random.below(6)) {
  case 0: // One more, at the end or somewhere else.
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const Message *alike = findAlike(field.message_type());
      std::unique_ptr<Message> copy(alike ? alike->New() : nullptr);
      if (alike)
        copy->CopyFrom(*alike);
      Message *added = access.AddMessage(&message, &field);
      if (copy)
        added->CopyFrom(*copy);
    } else {
      // Appending nothing in wire format would be shorter, were it typed.
      switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT64:
        access.AddInt64(&message, &field, 0);
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        access.AddInt32(&message, &field, 0);
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        access.AddUInt64(&message, &field, 0);
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        access.AddFloat(&message, &field, 0);
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        access.AddDouble(&message, &field, 0);
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        access.AddString(&message, &field, "");
        break;
      default:
        return;
      }
      mutateValue(message, field, count);
    }
    if (count > 0 && random.oneIn(2))
      access.SwapElements(&message, &field, count, random.below(count));
    return;
  case 1:
    access.SwapElements(&message, &field, random.below(count),
                        random.below(count));
    return;
  case 2:
    access.RemoveLast(&message, &field);
    return;
  case 3: // One less, from anywhere.
    access.SwapElements(&message, &field, random.below(count), count - 1);
    access.RemoveLast(&message, &field);
    return;
  default:
    mutateValue(message, field, random.below(count));
  }
}

void ProtobufMutator::mutateValue(Message &message, const Field &field,
                                  int index) {
  const Reflection &access = *message.GetReflection();
  // `new` is computed from the old value; index -1 is a singular field.
#define QNN_CHANGE(NAME, COMPUTE)                                              \
  {                                                                            \
    auto old = index < 0 ? access.Get##NAME(message, &field)                   \
                         : access.GetRepeated##NAME(message, &field, index);   \
    auto changed = COMPUTE;                                                    \
    if (index < 0)                                                             \
      access.Set##NAME(&message, &field, changed);                             \
    else                                                                       \
      access.SetRepeated##NAME(&message, &field, index, changed);              \
    return;                                                                    \
  }
  switch (field.cpp_type()) {
  case FieldDescriptor::CPPTYPE_INT32:
    QNN_CHANGE(Int32, int32_t(random.integer(old)))
  case FieldDescriptor::CPPTYPE_INT64:
    QNN_CHANGE(Int64, random.integer(old))
  case FieldDescriptor::CPPTYPE_UINT32:
    QNN_CHANGE(UInt32, uint32_t(random.integer(old)))
  case FieldDescriptor::CPPTYPE_UINT64:
    QNN_CHANGE(UInt64, uint64_t(random.integer(int64_t(old))))
  case FieldDescriptor::CPPTYPE_FLOAT:
    QNN_CHANGE(Float, float(random.real(old)))
  case FieldDescriptor::CPPTYPE_DOUBLE:
    QNN_CHANGE(Double, random.real(old))
  case FieldDescriptor::CPPTYPE_BOOL:
    QNN_CHANGE(Bool, !old)
  case FieldDescriptor::CPPTYPE_ENUM:
    QNN_CHANGE(Enum, (void(old), field.enum_type()->value(random.below(
                                     field.enum_type()->value_count()))))
  case FieldDescriptor::CPPTYPE_STRING:
    return mutateString(message, field, index);
  case FieldDescriptor::CPPTYPE_MESSAGE:
    return mutateMessage(message, field, index);
  }
#undef QNN_CHANGE
}

void ProtobufMutator::mutateMessage(Message &message, const Field &field,
                                    int index) {
  const Reflection &access = *message.GetReflection();
  const Message *alike = findAlike(field.message_type());
  std::unique_ptr<Message> copy(alike ? alike->New() : nullptr);
  if (alike)
    copy->CopyFrom(*alike);
  Message *target =
      index < 0 ? access.MutableMessage(&message, &field)
                : access.MutableRepeatedMessage(&message, &field, index);
  if (copy)
    target->CopyFrom(*copy);
}

void ProtobufMutator::mutateString(Message &message, const Field &field,
                                   int index) {
  const Reflection &access = *message.GetReflection();
  std::string value = index < 0
                          ? access.GetString(message, &field)
                          : access.GetRepeatedString(message, &field, index);
  bool isName = field.type() == FieldDescriptor::TYPE_STRING;
  if (isName && !strings.empty() && !random.oneIn(3)) {
    value = strings[random.below(strings.size())];
  } else if (isName && !words.empty() && !random.oneIn(4)) {
    value = words[random.below(words.size())];
  } else {
    size_t size = value.size();
    value.resize(size + 16);
    value.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t *>(value.data()),
                                  size, value.size()));
  }
  if (index < 0)
    access.SetString(&message, &field, value);
  else
    access.SetRepeatedString(&message, &field, index, value);
}
