//===- PrintModule.cpp - Modules with big weights as text -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Support/PrintModule.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace mlir::qnn;

using Resource = DialectResourceBlobManager::BlobEntry;

/// Bytes that become one string of hexadecimal digits at a time.
static constexpr size_t kPiece = 1 << 16;

/// The resources with data in the attributes of all ops, in order.
static llvm::SetVector<Resource *> collectResources(ModuleOp module) {
  llvm::SetVector<Resource *> resources;
  module.walk([&](Operation *op) {
    op->getAttrDictionary().walk([&](DenseResourceElementsAttr attribute) {
      Resource *resource = attribute.getRawHandle().getResource();
      if (resource->getBlob())
        resources.insert(resource);
    });
  });
  return resources;
}

static void printHex(ArrayRef<char> bytes, raw_ostream &os) {
  while (!bytes.empty()) {
    ArrayRef<char> piece = bytes.take_front(kPiece);
    os << llvm::toHex(StringRef(piece.data(), piece.size()));
    bytes = bytes.drop_front(piece.size());
  }
}

void qnn::printModule(ModuleOp module, raw_ostream &os) {
  // In local scope the printer leaves out the section of resources.
  module->print(os, OpPrintingFlags().enableDebugInfo().useLocalScope());
  os << '\n';
  llvm::SetVector<Resource *> resources = collectResources(module);
  if (resources.empty())
    return;
  os << "\n{-#\n  dialect_resources: {\n    builtin: {";
  StringRef separator = "\n";
  for (Resource *resource : resources) {
    // As the parser wants it: the alignment in four bytes, then the data.
    char alignment[4];
    llvm::support::endian::write32le(alignment,
                                     resource->getBlob()->getDataAlignment());
    os << separator << "      " << resource->getKey() << ": \"0x";
    printHex(alignment, os);
    printHex(resource->getBlob()->getData(), os);
    os << '"';
    separator = ",\n";
  }
  os << "\n    }\n  }\n#-}\n";
}
