//===- Recipe.cpp - What was decided about a network ----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Accuracy/Recipe.h"

#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;

static constexpr StringLiteral kRemedies[] = {"equalize-channels",
                                              "round-weights", "correct-bias"};

void Recipe::writeJSON(llvm::json::OStream &json) const {
  auto text = [](StringRef s) { return llvm::json::fixUTF8(s); };
  json.object([&] {
    json.attribute("version", kVersion);
    json.attribute("graph", graph);
    json.attributeArray("remedies", [&] {
      for (const std::string &remedy : remedies)
        json.value(remedy);
    });
    json.attributeArray("tensors", [&] {
      for (const TensorRule &rule : tensors)
        json.object([&] {
          json.attribute("tensor", text(rule.tensor));
          json.attribute("calibrator", rule.calibrator);
          json.attribute("min", rule.min);
          json.attribute("max", rule.max);
          json.attribute("reason", text(rule.reason));
        });
    });
    json.attributeArray("layers", [&] {
      for (const LayerRule &rule : layers)
        json.object([&] {
          json.attribute("layer", text(rule.layer));
          json.attribute("precision", rule.precision);
          json.attribute("reason", text(rule.reason));
        });
    });
  });
}

std::string Recipe::toText() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream json(stream, 1);
  writeJSON(json);
  return text + "\n";
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

template <typename... Args>
static llvm::Error fail(const char *format, Args... args) {
  return llvm::createStringError(std::errc::invalid_argument, format, args...);
}

static std::string getString(const llvm::json::Object &object, StringRef key) {
  return object.getString(key).value_or("").str();
}

static llvm::Error readTensors(const llvm::json::Array &array,
                               std::vector<TensorRule> &rules) {
  for (const llvm::json::Value &value : array) {
    const llvm::json::Object *object = value.getAsObject();
    auto tensor = object ? object->getString("tensor") : std::nullopt;
    auto min = object ? object->getNumber("min") : std::nullopt;
    auto max = object ? object->getNumber("max") : std::nullopt;
    if (!tensor || !min || !max)
      return fail("expected 'tensor', 'min' and 'max' in each of 'tensors'");
    TensorRule rule = {tensor->str(), getString(*object, "calibrator"),
                       static_cast<float>(*min), static_cast<float>(*max),
                       getString(*object, "reason")};
    if (!std::isfinite(rule.min) || !std::isfinite(rule.max) ||
        rule.min > rule.max)
      return fail("expected finite 'min' <= 'max' for tensor '%s'",
                  rule.tensor.c_str());
    rules.push_back(std::move(rule));
  }
  return llvm::Error::success();
}

static llvm::Error readLayers(const llvm::json::Array &array,
                              std::vector<LayerRule> &rules) {
  for (const llvm::json::Value &value : array) {
    const llvm::json::Object *object = value.getAsObject();
    auto layer = object ? object->getString("layer") : std::nullopt;
    auto precision = object ? object->getString("precision") : std::nullopt;
    if (!layer || !precision)
      return fail("expected 'layer' and 'precision' in each of 'layers'");
    if (!llvm::is_contained(kPrecisions, *precision))
      return fail("layer '%s': expected a precision of --precision-rule, got "
                  "'%s'",
                  layer->str().c_str(), precision->str().c_str());
    rules.push_back(
        {layer->str(), precision->str(), getString(*object, "reason")});
  }
  return llvm::Error::success();
}

static llvm::Expected<Recipe> fromJSON(const llvm::json::Value &value) {
  const llvm::json::Object *object = value.getAsObject();
  if (!object || object->getInteger("version") != Recipe::kVersion)
    return fail("expected an object with 'version' %d", Recipe::kVersion);
  auto graph = object->getString("graph");
  const llvm::json::Array *remedies = object->getArray("remedies"),
                          *tensors = object->getArray("tensors"),
                          *layers = object->getArray("layers");
  if (!graph || !remedies || !tensors || !layers)
    return fail("expected 'graph', 'remedies', 'tensors' and 'layers'");
  Recipe recipe;
  recipe.graph = graph->str();
  for (const llvm::json::Value &remedy : *remedies) {
    StringRef name = remedy.getAsString().value_or("");
    if (!llvm::is_contained(kRemedies, name))
      return fail("expected remedies %s, got '%s'",
                  llvm::join(ArrayRef(kRemedies), ", ").c_str(),
                  name.str().c_str());
    recipe.remedies.push_back(name.str());
  }
  if (llvm::Error error = readTensors(*tensors, recipe.tensors))
    return std::move(error);
  if (llvm::Error error = readLayers(*layers, recipe.layers))
    return std::move(error);
  return recipe;
}

llvm::Expected<Recipe> Recipe::load(StringRef path) {
  auto named = [&](llvm::Error error) {
    return fail("recipe '%s': %s", path.str().c_str(),
                llvm::toString(std::move(error)).c_str());
  };
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return named(llvm::errorCodeToError(buffer.getError()));
  llvm::Expected<llvm::json::Value> value =
      llvm::json::parse((*buffer)->getBuffer());
  if (!value)
    return named(value.takeError());
  llvm::Expected<Recipe> recipe = fromJSON(*value);
  if (!recipe)
    return named(recipe.takeError());
  return recipe;
}

//===----------------------------------------------------------------------===//
// Applying
//===----------------------------------------------------------------------===//

llvm::Error Recipe::applyLayers(func::FuncOp func) const {
  Builder builder(func.getContext());
  for (const LayerRule &rule : layers) {
    bool found = false;
    func.walk([&](QuantizableOpInterface op) {
      if (getLayerName(op) != rule.layer)
        return;
      found = true;
      op->setAttr(kPrecisionAttr, builder.getStringAttr(rule.precision));
      if (rule.precision == "float")
        op->emitRemark(kFloatByRuleRemark) << "'recipe'";
    });
    if (!found)
      return fail("recipe: the network has no layer '%s'; remove it from "
                  "'layers'",
                  rule.layer.c_str());
  }
  return llvm::Error::success();
}

llvm::Error Recipe::applyTensors(func::FuncOp func) const {
  Builder builder(func.getContext());
  llvm::StringMap<const TensorRule *> rules;
  for (const TensorRule &rule : tensors)
    rules[rule.tensor] = &rule;
  std::string missing;
  func.walk([&](ObserveOp op) {
    auto rule = rules.find(op.getName());
    if (rule == rules.end()) {
      missing = op.getName().str();
      return;
    }
    op.setMinAttr(builder.getF32FloatAttr(rule->second->min));
    op.setMaxAttr(builder.getF32FloatAttr(rule->second->max));
  });
  if (!missing.empty())
    return fail("recipe: tensor '%s' has no range; add it to 'tensors'",
                missing.c_str());
  return llvm::Error::success();
}
