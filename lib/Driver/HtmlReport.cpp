//===- HtmlReport.cpp - The report as one page ----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Everything on the page comes from the JSON report, so both always agree.
// Names in it come from models of others: all text is escaped, and the page
// forbids itself to load anything.
//
//===----------------------------------------------------------------------===//

#include "HtmlReport.h"

#include "HtmlText.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::qnn;
using json::Array;
using json::Object;

//===----------------------------------------------------------------------===//
// The page
//===----------------------------------------------------------------------===//

namespace {
/// A column of a table: its title, and the field it shows.
struct Column {
  StringRef title, key;
  bool isNumber = true;
};

class Page {
public:
  Page(const Object &report, raw_ostream &os) : report(report), os(os) {}

  void writeBody();

private:
  void beginSection(StringRef title) { os << "<h2>" << title << "</h2>\n"; }
  void writeNote(StringRef text) {
    os << "<p class=\"note\">" << text << "</p>\n";
  }
  void writeTile(StringRef label, const std::string &value) {
    if (!value.empty())
      os << "<div><dt>" << label << "</dt><dd>" << escape(value)
         << "</dd></div>\n";
  }
  void writeChart(StringRef id) {
    os << "<div class=\"chart\" id=\"" << id << "\"></div>\n";
  }
  void writeTable(ArrayRef<Column> columns, ArrayRef<const Object *> rows);
  void writeTiles();
  void writeCoverage();
  void writeLayers();
  void writeAccuracy();
  void writeForms(const Object &accuracy);
  void writeActivations();
  void writePareto();
  void writeRecipe();
  void writeRemarks();

  /// The level whose times are shown; empty without code.
  StringRef getLastLevel() const {
    const Array *levels = report.getArray("levels");
    return levels && !levels->empty()
               ? levels->back().getAsString().value_or("")
               : StringRef();
  }

  /// The objects of an array; none when there is no such array.
  static SmallVector<const Object *> getRows(const Array *array) {
    SmallVector<const Object *> rows;
    if (!array)
      return rows;
    for (const json::Value &value : *array)
      if (const Object *object = value.getAsObject())
        rows.push_back(object);
    return rows;
  }

  const Object &report;
  raw_ostream &os;
};
} // namespace

void Page::writeTable(ArrayRef<Column> columns, ArrayRef<const Object *> rows) {
  os << "<div class=\"scroll\"><table>\n<tr>";
  for (const Column &column : columns)
    os << "<th" << (column.isNumber ? " class=\"number\"" : "") << ">"
       << column.title << "</th>";
  os << "</tr>\n";
  for (const Object *row : rows) {
    os << "<tr>";
    for (const Column &column : columns) {
      std::string text = getText(*row, column.key);
      bool isFloat = column.key == "precision" && text == "float";
      os << "<td"
         << (column.isNumber ? " class=\"number\""
             : isFloat       ? " class=\"float\""
                             : "")
         << ">" << escape(text) << "</td>";
    }
    os << "</tr>\n";
  }
  os << "</table></div>\n";
}

void Page::writeTiles() {
  os << "<dl class=\"tiles\">\n";
  writeTile("precision", getText(report, "precision"));
  writeTile("target", getText(report, "target"));
  writeTile("multiply-accumulates", getText(report, "macs"));
  if (const Object *coverage = report.getObject("coverage"))
    writeTile("of them in int8",
              formatv("{0:f1} %", 100 * getNumber(*coverage, "share")));
  writeTile("output, bytes", getText(report, "output_bytes"));
  writeTile("constants, bytes", getText(report, "constant_bytes"));
  writeTile("working memory, bytes", getText(report, "arena_bytes"));
  StringRef level = getLastLevel();
  double time = 0;
  for (const Object *layer : getRows(report.getArray("schedules")))
    if (layer->getString("level") == level)
      time += getNumber(*layer, "predicted_us");
  if (time > 0)
    writeTile("predicted on one core",
              formatNumber(time) + " us (" + level.str() + ")");
  if (const Object *accuracy = report.getObject("accuracy"))
    writeTile("SQNR of the outputs",
              getText(*accuracy, "output_sqnr_db") + " dB");
  os << "</dl>\n";
}

void Page::writeCoverage() {
  const Object *coverage = report.getObject("coverage");
  if (!coverage)
    return;
  beginSection("Coverage");
  SmallVector<const Object *> rows =
      getRows(coverage->getArray("float_layers"));
  os << "<p>" << formatv("{0:f1}", 100 * getNumber(*coverage, "share"))
     << " % of the multiply-accumulates are in int8; " << rows.size() << " of "
     << getText(*coverage, "layers") << " layers are float.</p>\n";
  if (!rows.empty())
    writeTable({{"layer", "layer", false},
                {"operation", "kind", false},
                {"reason", "reason", false}},
               rows);
}

void Page::writeLayers() {
  beginSection("Layers");
  writeNote("Blue: int8; orange: float.");
  if (report.getArray("schedules"))
    writeChart("chart-time");
  else
    writeNote("MLIR has no schedules yet: compile to an object for predicted "
              "times.");
  writeChart("chart-size");
  // One row per layer: the times of its kernels stand elsewhere.
  StringMap<double> times;
  for (const Object *kernel : getRows(report.getArray("schedules")))
    if (getText(*kernel, "level") == getLastLevel())
      times[getText(*kernel, "layer")] += getNumber(*kernel, "predicted_us");
  std::vector<Object> copies;
  for (const Object *layer : getRows(report.getArray("layers"))) {
    copies.push_back(*layer);
    auto time = times.find(getText(*layer, "name"));
    if (time != times.end())
      copies.back()["predicted_us"] = time->second;
  }
  SmallVector<const Object *> rows;
  for (const Object &copy : copies)
    rows.push_back(&copy);
  writeTable({{"layer", "name", false},
              {"operation", "kind", false},
              {"precision", "precision", false},
              {"multiply-accumulates", "macs"},
              {"weights, bytes", "weight_bytes"},
              {"predicted us", "predicted_us"}},
             rows);
}

void Page::writeAccuracy() {
  beginSection("Accuracy");
  const Object *accuracy = report.getObject("accuracy");
  if (!accuracy) {
    writeNote("Not measured. <code>--precision=auto</code> with calibration "
              "data measures where each layer's error comes from; "
              "<code>quant-validate</code> compares the outputs with float.");
    return;
  }
  os << "<p>SQNR of the outputs on " << getText(*accuracy, "samples")
     << " samples: " << getText(*accuracy, "output_sqnr_db") << " dB.</p>\n";
  writeNote(
      "Local: the error a layer adds. Cumulative: with what it inherits.");
  writeChart("chart-sqnr");
  writeNote("Where the noise of each layer's result comes from.");
  writeChart("chart-noise");
  writeTable({{"layer", "name", false},
              {"precision", "precision", false},
              {"local dB", "local_sqnr_db"},
              {"cumulative dB", "cumulative_sqnr_db"},
              {"signal", "signal"},
              {"weights", "weight_noise"},
              {"clipping", "clip_noise"},
              {"rounding", "rounding_noise"},
              {"inherited", "inherited_noise"},
              {"saturated", "saturated"},
              {"share of the output's noise", "output_noise"}},
             getRows(accuracy->getArray("layers")));
  writeForms(*accuracy);
}

/// What layers could be instead, one row for each.
void Page::writeForms(const Object &accuracy) {
  writeNote("Decibels that one layer alone would gain at the outputs, and what "
            "that would cost, predicted. Of remedies that are applied: what "
            "they gain now.");
  std::vector<Object> forms;
  for (const Object *layer : getRows(accuracy.getArray("layers")))
    for (StringRef kind : {"precisions", "remedies"})
      for (const Object *form : getRows(layer->getArray(kind))) {
        forms.push_back(*form);
        forms.back()["name"] = getText(*layer, "name");
        forms.back()["form"] =
            getText(*form, kind == "precisions" ? "precision" : "remedy");
      }
  SmallVector<const Object *> rows;
  for (const Object &form : forms)
    rows.push_back(&form);
  writeTable({{"layer", "name", false},
              {"precision or remedy", "form", false},
              {"applied", "applied", false},
              {"gain in dB", "gain_db"},
              {"us", "cost_us"},
              {"bytes", "cost_bytes"}},
             rows);
}

void Page::writeActivations() {
  const Object *calibration = report.getObject("calibration");
  const Object *tensors =
      calibration ? calibration->getObject("tensors") : nullptr;
  if (!tensors || tensors->empty())
    return;
  beginSection("Activations");
  os << "<p>Values on " << getText(*calibration, "samples")
     << " calibration samples, and the range that 8 bits represent.</p>\n"
     << "<p class=\"chooser\"><label>Histogram of <select id=\"tensor\">\n";
  SmallVector<StringRef> names;
  for (const auto &entry : *tensors)
    names.push_back(entry.first);
  llvm::sort(names);
  for (StringRef name : names)
    os << "<option value=\"" << escape(name) << "\">" << escape(name)
       << "</option>\n";
  os << "</select></label></p>\n";
  writeChart("chart-histogram");
  std::vector<Object> copies;
  for (StringRef name : names) {
    const Object &tensor = *tensors->getObject(name);
    copies.push_back(tensor);
    copies.back()["name"] = name;
    if (const Array *range = tensor.getArray("range")) {
      copies.back()["low"] = (*range)[0];
      copies.back()["high"] = (*range)[1];
    }
  }
  SmallVector<const Object *> rows;
  for (const Object &copy : copies)
    rows.push_back(&copy);
  writeTable({{"tensor", "name", false},
              {"least value", "min"},
              {"largest value", "max"},
              {"range from", "low"},
              {"to", "high"},
              {"clipped values", "clipped"}},
             rows);
}

void Page::writePareto() {
  beginSection("Accuracy against time");
  const Array *points = report.getArray("pareto");
  if (!points) {
    writeNote("No search was made. <code>--precision=auto</code> looks for "
              "assignments of precisions that no other one beats.");
    return;
  }
  writeChart("chart-pareto");
  std::vector<Object> copies;
  for (const Object *point : getRows(points)) {
    copies.push_back(*point);
    std::string layers;
    if (const Object *counts = point->getObject("precisions"))
      for (const auto &[precision, count] : *counts)
        layers += (layers.empty() ? "" : ", ") + getText(*counts, precision) +
                  " " + StringRef(precision).str();
    copies.back()["layers"] = layers;
  }
  SmallVector<const Object *> rows;
  for (const Object &copy : copies)
    rows.push_back(&copy);
  writeTable({{"SQNR dB", "output_sqnr_db"},
              {"accuracy", "accuracy"},
              {"equal predictions", "agreement"},
              {"predicted us", "predicted_us"},
              {"bytes", "bytes"},
              {"layers", "layers", false},
              {"on the front", "front", false},
              {"chosen", "chosen", false}},
             rows);
}

void Page::writeRecipe() {
  beginSection("Recipe");
  const json::Value *recipe = report.get("recipe");
  if (!recipe) {
    writeNote("None: the precisions are the default ones and those of "
              "<code>--precision-rule</code>. <code>--precision=auto</code> "
              "writes one that <code>--recipe</code> applies again.");
    return;
  }
  os << "<pre>" << escape(formatv("{0:2}", *recipe).str()) << "</pre>\n";
}

void Page::writeRemarks() {
  beginSection("Decisions");
  SmallVector<const Object *> rows = getRows(report.getArray("remarks"));
  os << "<details><summary>" << rows.size() << " remarks</summary>\n";
  writeTable({{"layer", "layer", false},
              {"pass", "pass", false},
              {"what and why", "text", false}},
             rows);
  os << "</details>\n";
}

void Page::writeBody() {
  std::string model = getText(report, "model");
  os << "<h1>" << escape(sys::path::filename(model)) << "</h1>\n<p>"
     << escape(model) << ", compiled to " << escape(getText(report, "output"))
     << "</p>\n";
  writeTiles();
  writeCoverage();
  writeLayers();
  writeAccuracy();
  writeActivations();
  writePareto();
  writeRecipe();
  writeRemarks();
}

std::string mlir::qnn::writeHtmlReport(StringRef json) {
  json::Value report = cantFail(json::parse(json));
  std::string text;
  raw_string_ostream os(text);
  const Object &object = *report.getAsObject();
  os << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
     << "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\">\n"
     << "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
        "'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
     << "<title>" << escape(getText(object, "model")) << "</title>\n<style>\n"
     << getPageStyle() << "</style>\n</head>\n<body>\n";
  Page(object, os).writeBody();
  os << "<script type=\"application/json\" id=\"report\">\n"
     << escapeForScript(json) << "</script>\n<script>" << getChartLibrary()
     << "</script>\n<script>\n"
     << getPageScript() << "</script>\n</body>\n</html>\n";
  return text;
}
