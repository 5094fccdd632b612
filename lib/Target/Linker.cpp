//===- Linker.cpp - From an object to a shared library --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Target/ObjectEmitter.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;
using namespace mlir::qnn;

namespace {
/// A linker to try: the program and the arguments before the common ones.
struct LinkCommand {
  std::string program;
  std::vector<std::string> arguments;
};
} // namespace

/// The C library's math functions, where the target's are installed: fmaf of
/// the x86-64 baseline comes from there.
static std::string findMathLibrary(const Triple &triple) {
  std::string arch = triple.getArchName().str();
  for (std::string directory :
       {"/lib/" + arch + "-linux-gnu", "/usr/" + arch + "-linux-gnu/lib",
        std::string("/lib64"), std::string("/usr/lib64")}) {
    bool generic = StringRef(directory).ends_with("64");
    bool host =
        Triple(sys::getDefaultTargetTriple()).getArch() == triple.getArch();
    std::string path = directory + "/libm.so.6";
    if (sys::fs::exists(path) && (!generic || host))
      return path;
  }
  return "";
}

/// ld.lld links for every target; the host's cc only for its own.
static std::optional<LinkCommand> findLinker(const Triple &triple) {
  for (const char *name : {"ld.lld-19", "ld.lld"}) {
    ErrorOr<std::string> path = sys::findProgramByName(name);
    if (!path)
      path = sys::findProgramByName(name, {"/usr/lib/llvm-19/bin"});
    if (path) {
      LinkCommand command{*path, {"--as-needed"}};
      if (std::string math = findMathLibrary(triple); !math.empty())
        command.arguments.push_back(math);
      return command;
    }
  }
  if (Triple(sys::getDefaultTargetTriple()).getArch() == triple.getArch())
    if (ErrorOr<std::string> path = sys::findProgramByName("cc"))
      return LinkCommand{*path, {"-nostartfiles", "-Wl,--as-needed", "-lm"}};
  return std::nullopt;
}

static Expected<std::string> readAll(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

/// Runs the linker in `directory`, which has object.o, to make library.so.
static Error runLinker(const LinkCommand &command, StringRef directory,
                       StringRef soname) {
  bool driver = sys::path::filename(command.program) == "cc";
  std::string object = (directory + "/object.o").str();
  std::string library = (directory + "/library.so").str();
  std::string log = (directory + "/log").str();
  std::string name = ((driver ? "-Wl,-soname," : "-soname=") + soname).str();
  SmallVector<StringRef> arguments = {command.program, "-shared", name, object};
  append_range(arguments, command.arguments);
  arguments.append({"-o", library});
  std::string message;
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(log),
                                          StringRef(log)};
  int code = sys::ExecuteAndWait(command.program, arguments, std::nullopt,
                                 redirects, 0, 0, &message);
  if (code == 0)
    return Error::success();
  Expected<std::string> text = readAll(log);
  if (text)
    message += StringRef(*text).split('\n').first;
  else
    consumeError(text.takeError());
  return createStringError("'" + command.program + "' failed: " + message);
}

Expected<std::string> mlir::qnn::linkShared(StringRef object, StringRef soname,
                                            const Triple &triple) {
  std::optional<LinkCommand> command = findLinker(triple);
  if (!command)
    return createStringError(
        "no linker found for a shared library: install lld-19, or emit an "
        "object (--emit=obj) and link it yourself");
  SmallString<128> directory;
  if (std::error_code code = sys::fs::createUniqueDirectory("quant", directory))
    return createStringError("cannot create a temporary directory: " +
                             code.message());
  auto cleanup =
      make_scope_exit([&] { sys::fs::remove_directories(directory); });
  std::error_code code;
  {
    raw_fd_ostream stream((directory + "/object.o").str(), code);
    if (!code) {
      stream << object;
      stream.flush();
      code = stream.error();
      stream.clear_error();
    }
  }
  if (code)
    return createStringError("cannot write to '" + directory +
                             "': " + code.message());
  if (Error error = runLinker(*command, directory, soname))
    return std::move(error);
  return readAll((directory + "/library.so").str());
}
