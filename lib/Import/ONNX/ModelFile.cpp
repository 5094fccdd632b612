//===- ModelFile.cpp - Bytes to ModelProto --------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModelFile.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FileSystem.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>

using namespace mlir;
using namespace mlir::qnn;

/// Parses all of `stream`; `loc` is the file.
static LogicalResult
parseModel(google::protobuf::io::ZeroCopyInputStream *bytes, Location loc,
           onnx::ModelProto &model) {
  // Protobuf must not write to standard error itself.
  google::protobuf::SetLogHandler(nullptr);
  google::protobuf::io::CodedInputStream stream(bytes);
  stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
    return emitError(loc)
           << "expected an ONNX model, got a damaged or other file";
  if (!model.has_graph())
    return emitError(loc) << "expected an ONNX model, got a file without graph";
  return success();
}

static LogicalResult checkSize(uint64_t size, Location loc) {
  if (size >= uint64_t(std::numeric_limits<int>::max()))
    return emitError(loc) << "expected a model file below 2 GiB, save it with "
                             "external data";
  return success();
}

LogicalResult import::readModel(StringRef path, Location loc,
                                onnx::ModelProto &model) {
  llvm::sys::fs::file_status status;
  std::error_code code = llvm::sys::fs::status(path, status);
  if (!code && llvm::sys::fs::is_directory(status))
    code = std::make_error_code(std::errc::is_a_directory);
  int fd = -1;
  if (!code)
    code = llvm::sys::fs::openFileForRead(path, fd);
  if (code)
    return emitError(loc) << "cannot read the model: " << code.message();
  google::protobuf::io::FileInputStream file(fd);
  file.SetCloseOnDelete(true);
  if (failed(checkSize(status.getSize(), loc)))
    return failure();
  return parseModel(&file, loc, model);
}

LogicalResult import::readModel(llvm::MemoryBufferRef bytes, Location loc,
                                onnx::ModelProto &model) {
  if (failed(checkSize(bytes.getBufferSize(), loc)))
    return failure();
  google::protobuf::io::ArrayInputStream stream(bytes.getBufferStart(),
                                                bytes.getBufferSize());
  return parseModel(&stream, loc, model);
}
