//===- OutputFile.cpp - Files written whole or not at all -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Support/OutputFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <csignal>

using namespace llvm;
using namespace mlir::qnn;

void OutputFiles::add(std::string path, std::string contents, bool executable) {
  files.push_back({std::move(path), std::move(contents), executable});
}

static Error cannotWrite(StringRef path, const Twine &reason) {
  return createStringError("cannot write '" + path + "': " + reason);
}

/// Writes into the existing, non-regular `path` (a pipe, /dev/null) or to
/// standard output: nothing there can be replaced by a rename.
static Error writeThrough(StringRef path, StringRef contents) {
  std::error_code code;
  raw_fd_ostream stream(path, code);
  if (!code) {
    stream << contents;
    stream.flush();
    code = stream.error();
    stream.clear_error();
  }
  return code ? cannotWrite(path, code.message()) : Error::success();
}

static Expected<sys::fs::TempFile>
writeNeighbour(StringRef path, StringRef contents, bool executable) {
  unsigned mode = sys::fs::all_read | sys::fs::all_write;
  if (executable)
    mode |= sys::fs::all_exe;
  Expected<sys::fs::TempFile> file =
      sys::fs::TempFile::create(path + ".tmp-%%%%%%", mode);
  if (!file)
    return cannotWrite(path, toString(file.takeError()));
  raw_fd_ostream stream(file->FD, /*shouldClose=*/false);
  stream << contents;
  stream.flush();
  if (std::error_code code = stream.error()) {
    stream.clear_error();
    consumeError(file->discard());
    return cannotWrite(path, code.message());
  }
  return file;
}

Error OutputFiles::write() {
#ifdef SIGXFSZ
  // Reaching a limit on file sizes is an error like a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
#endif
  std::vector<std::pair<sys::fs::TempFile, StringRef>> complete;
  auto discardAll = [&](Error error) {
    for (auto &[file, path] : complete)
      consumeError(file.discard());
    return error;
  };
  std::vector<const File *> direct;
  for (const File &file : files) {
    bool replaceable =
        !sys::fs::exists(file.path) || sys::fs::is_regular_file(file.path);
    if (sys::fs::is_directory(file.path))
      return discardAll(cannotWrite(file.path, "it is a directory"));
    if (file.path == "-" || !replaceable) {
      direct.push_back(&file);
      continue;
    }
    Expected<sys::fs::TempFile> neighbour =
        writeNeighbour(file.path, file.contents, file.executable);
    if (!neighbour)
      return discardAll(neighbour.takeError());
    complete.emplace_back(std::move(*neighbour), file.path);
  }
  for (const File *file : direct)
    if (Error error = writeThrough(file->path, file->contents))
      return discardAll(std::move(error));
  for (auto &[file, path] : complete)
    if (Error error = file.keep(path))
      return discardAll(cannotWrite(path, toString(std::move(error))));
  return Error::success();
}
