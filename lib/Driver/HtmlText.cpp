//===- HtmlText.cpp - Text of the report page -----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HtmlText.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using json::Object;

std::string qnn::escape(StringRef text) {
  std::string result;
  raw_string_ostream stream(result);
  printHTMLEscaped(text, stream);
  return result;
}

std::string qnn::escapeForScript(StringRef json) {
  std::string result;
  for (char c : json)
    result += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return result;
}

std::string qnn::formatNumber(double value) {
  std::string text;
  raw_string_ostream(text) << format("%.4g", value);
  return text;
}

/// 1234567 as "1,234,567".
static std::string formatInteger(int64_t value) {
  std::string digits = std::to_string(value);
  for (int64_t i = int64_t(digits.size()) - 3; i > (value < 0 ? 1 : 0); i -= 3)
    digits.insert(i, ",");
  return digits;
}

std::string qnn::getText(const Object &object, StringRef key) {
  const json::Value *value = object.get(key);
  if (!value)
    return "";
  if (std::optional<StringRef> text = value->getAsString())
    return text->str();
  if (std::optional<int64_t> integer = value->getAsInteger())
    return formatInteger(*integer);
  if (std::optional<double> number = value->getAsNumber())
    return formatNumber(*number);
  if (std::optional<bool> flag = value->getAsBoolean())
    return *flag ? "yes" : "no";
  return "";
}

double qnn::getNumber(const Object &object, StringRef key) {
  return object.getNumber(key).value_or(0);
}
