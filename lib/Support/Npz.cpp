//===- Npz.cpp - Archives of NumPy arrays ---------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An .npz file is a zip archive of .npy files. libzip reads stored and deflated
// members and the zip64 fields NumPy writes, and checks their CRC.
//
//===----------------------------------------------------------------------===//

#include "qnn/Support/Npy.h"

#include "Printable.h"

#include <zip.h>

using namespace mlir;
using namespace mlir::qnn;

struct NpzReader::Archive {
  ~Archive() { zip_discard(zip); }
  zip_t *zip;
};

NpzReader::NpzReader() = default;
NpzReader::~NpzReader() = default;

llvm::Expected<std::unique_ptr<NpzReader>> NpzReader::open(StringRef path) {
  int code = 0;
  zip_t *zip = zip_open(path.str().c_str(), ZIP_RDONLY, &code);
  if (!zip) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    return llvm::createStringError(path +
                                   ": expected an .npz archive: " + reason);
  }
  std::unique_ptr<NpzReader> reader(new NpzReader());
  reader->archive.reset(new Archive{zip});
  reader->path = path.str();
  zip_int64_t count = zip_get_num_entries(zip, 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char *member = zip_get_name(zip, i, ZIP_FL_ENC_RAW);
    StringRef name = member ? member : "";
    if (name.consume_back(".npy"))
      reader->names.push_back(name.str());
  }
  if (reader->names.empty())
    return llvm::createStringError(
        path + ": expected an .npz archive of .npy arrays, got "
               "none");
  return reader;
}

/// The decompressed bytes of a member.
static llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
readMember(zip_t *zip, const std::string &member) {
  zip_stat_t stat;
  zip_int64_t index = zip_name_locate(zip, member.c_str(), ZIP_FL_ENC_RAW);
  if (index < 0 || zip_stat_index(zip, index, 0, &stat) != 0 ||
      !(stat.valid & ZIP_STAT_SIZE))
    return llvm::createStringError(zip_strerror(zip));
  auto buffer = llvm::WritableMemoryBuffer::getNewUninitMemBuffer(
      stat.size, "", llvm::Align(64));
  if (!buffer)
    return llvm::createStringError("out of memory for " + Twine(stat.size) +
                                   " bytes");
  zip_file_t *file = zip_fopen_index(zip, index, 0);
  if (!file)
    return llvm::createStringError(zip_strerror(zip));
  zip_uint64_t done = 0;
  zip_int64_t got = 1;
  while (done < stat.size && got > 0) {
    got = zip_fread(file, buffer->getBufferStart() + done, stat.size - done);
    done += std::max<zip_int64_t>(got, 0);
  }
  // The CRC is checked when the end of the data is read.
  char past;
  if (done == stat.size && got >= 0)
    got = zip_fread(file, &past, 1);
  std::string reason = zip_file_strerror(file);
  zip_fclose(file);
  if (done != stat.size || got != 0)
    return llvm::createStringError("damaged archive: " +
                                   (got < 0 ? reason : "wrong size"));
  return std::move(buffer);
}

llvm::Expected<NpyArray> NpzReader::read(StringRef name) {
  if (!llvm::is_contained(names, name))
    return llvm::createStringError(path + ": expected an array '" + name +
                                   "', got '" +
                                   printable(llvm::join(names, "', '")) + "'");
  auto bytes = readMember(archive->zip, (name + ".npy").str());
  if (!bytes)
    return llvm::createStringError(path + ": array '" + name +
                                   "': " + llvm::toString(bytes.takeError()));
  auto array = parseNpy(std::move(*bytes));
  if (!array)
    return llvm::createStringError(path + ": array '" + name +
                                   "': " + llvm::toString(array.takeError()));
  return array;
}

llvm::Expected<std::unique_ptr<NpyStream>> NpzReader::stream(StringRef name) {
  std::string member = (name + ".npy").str();
  zip_file_t *file = zip_fopen(archive->zip, member.c_str(), ZIP_FL_ENC_RAW);
  if (!file)
    return llvm::createStringError(path + ": array '" + name +
                                   "': " + zip_strerror(archive->zip));
  std::shared_ptr<zip_file_t> owner(file, zip_fclose);
  auto read = [owner](char *to, size_t size) {
    size_t done = 0;
    while (done < size) {
      zip_int64_t got = zip_fread(owner.get(), to + done, size - done);
      if (got < 0)
        return int64_t(-1);
      if (got == 0)
        break;
      done += got;
    }
    return int64_t(done);
  };
  return NpyStream::create((path + ": array '" + name + "'").str(), read);
}
