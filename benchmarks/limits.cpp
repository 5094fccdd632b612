//===- limits.cpp - What this machine can do at most ----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Measures, on one core, the highest rate of multiply-accumulates of each
// instruction family that quant-compile emits, operands in registers, and the
// bandwidth of reading from L2, L3 and memory. Prints JSON; an instruction this
// machine lacks is "unsupported" with what it lacks.
//
//   clang++-19 -O2 benchmarks/limits.cpp -o limits && ./limits
//
//===----------------------------------------------------------------------===//

#include "../lib/Runner/PeakRates.h"

using namespace qnn_peak;

namespace {

/// Prints the members of a JSON object.
class JsonObject {
public:
  explicit JsonObject(const char *name) { printf(" \"%s\": {", name); }
  void rate(const char *name, const char *unit, double perSecond) {
    printf("%s\n  \"%s\": {\"%s\": %.2f}", separator(), name, unit,
           perSecond / 1e9);
  }
  void unsupported(const char *name, const char *lacks) {
    printf("%s\n  \"%s\": {\"unsupported\": \"%s\"}", separator(), name, lacks);
  }
  void close(bool last) { printf("\n }%s\n", last ? "" : ","); }

private:
  const char *separator() {
    const char *text = empty ? "" : ",";
    empty = false;
    return text;
  }
  bool empty = true;
};

void measureMultiplication() {
  JsonObject json("multiply");
  forEachInstruction([&](const Instruction &instruction) {
    if (instruction.isPresent)
      json.rate(instruction.name, "gmac_per_s", instruction.measure());
    else
      json.unsupported(instruction.name, instruction.needs);
  });
  json.close(/*last=*/false);
}

//===----------------------------------------------------------------------===//
// Reading memory
//===----------------------------------------------------------------------===//

/// Reads `bytes` (a multiple of 512) in vectors of 64 bytes; the compiler
/// splits them into what the target has.
using Line = uint64_t __attribute__((vector_size(64)));

#define READ_LOOP                                                              \
  const Line *from = static_cast<const Line *>(memory);                        \
  Line sums[8] = {};                                                           \
  for (size_t i = 0; i < bytes / sizeof(Line); i += 8)                         \
    _Pragma("unroll") for (int k = 0; k < 8; ++k) sums[k] |= from[i + k];      \
  for (int k = 1; k < 8; ++k)                                                  \
    sums[0] |= sums[k];                                                        \
  asm volatile("" ::"m"(sums[0]));

#if defined(__x86_64__)
TARGET("avx512f")
void readAvx512(const void *memory, size_t bytes){
    READ_LOOP} TARGET("avx2") void readAvx2(const void *memory, size_t bytes) {
  READ_LOOP
}
#endif
void readBaseline(const void *memory, size_t bytes) { READ_LOOP }

auto chooseRead() {
#if defined(__x86_64__)
  if (hasAvx512())
    return readAvx512;
  if (hasAvx2())
    return readAvx2;
#endif
  return readBaseline;
}

/// The size of this core's data or unified cache of `level` as the kernel tells
/// it (glibc's sysconf counts the caches of all sockets on some CPUs), or
/// `otherwise` where it does not.
size_t cacheSize(int level, size_t otherwise) {
  for (int index = 0; index < 8; ++index) {
    auto readText = [&](const char *what, char(&text)[32]) {
      char path[96];
      snprintf(path, sizeof(path),
               "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, what);
      FILE *file = fopen(path, "r");
      bool read = file && fgets(text, sizeof(text), file);
      if (file)
        fclose(file);
      return read;
    };
    char type[32], number[32], size[32];
    if (!readText("level", number) || !readText("type", type) ||
        !readText("size", size) || atoi(number) != level || type[0] == 'I')
      continue;
    return size_t(atol(size)) << (strchr(size, 'M') ? 20 : 10);
  }
  return otherwise;
}

void measureReading(JsonObject &json, const char *name, size_t bytes) {
  bytes &= ~size_t(511);
  void *memory = aligned_alloc(4096, (bytes + 4095) & ~size_t(4095));
  if (!memory)
    return json.unsupported(name, "needs more memory");
  memset(memory, 1, bytes);
  auto read = chooseRead();
  json.rate(name, "gb_per_s", measureRate(bytes, [=] { read(memory, bytes); }));
  free(memory);
}

size_t larger(size_t a, size_t b) { return a > b ? a : b; }

void measureMemory() {
  size_t l1 = cacheSize(1, 32 << 10);
  size_t l2 = cacheSize(2, 512 << 10);
  size_t l3 = cacheSize(3, 4 << 20);
  printf(" \"cache_bytes\": {\"l1\": %zu, \"l2\": %zu, \"l3\": %zu},\n", l1, l2,
         l3);
  JsonObject json("read");
  measureReading(json, "l1", l1 / 2);
  measureReading(json, "l2", l2 / 2);
  measureReading(json, "l3", larger(2 * l2, l3 / 3));
  // Where several guests share a large cache, this still has to miss it.
  measureReading(json, "dram", larger(4 * l3, 256 << 20));
  json.close(/*last=*/true);
}

} // namespace

int main() {
  printf("{\n");
  measureMultiplication();
  measureMemory();
  printf("}\n");
  return 0;
}
