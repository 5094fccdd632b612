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
// Every figure is the best of kRepeats: noise only ever makes things slower.
// An empty asm that claims to change an operand keeps the compiler from
// computing a product once and reusing it; it costs no instruction.
//
//===----------------------------------------------------------------------===//

// Only C headers: Debian's cross compilers come without C++ ones.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#include <sys/auxv.h>
#endif

#define INLINE __attribute__((always_inline)) inline
#define TARGET(features) __attribute__((target(features)))

namespace {

constexpr int kRepeats = 15;
constexpr double kSecondsPerRepeat = 0.01;

double now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

/// The best rate of `work`, which does `unitsPerCall` per call, per second.
template <typename Work> double measureRate(double unitsPerCall, Work work) {
  work(); // Warm up: page faults, clock rate, upper halves of registers.
  double best = 0;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    double start = now(), elapsed = 0, calls = 0;
    do {
      work();
      ++calls;
      elapsed = now() - start;
    } while (elapsed < kSecondsPerRepeat);
    double rate = calls * unitsPerCall / elapsed;
    best = rate > best ? rate : best;
  }
  return best;
}

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

/// Steps per call of a kernel.
constexpr int kSteps = 20000;

//===----------------------------------------------------------------------===//
// Multiplying: one loop, any instruction
//===----------------------------------------------------------------------===//

/// `Op::Accumulators` independent chains hide the latency; each step extends
/// every chain by one Op. Must inline into a function with the Op's target.
#define MULTIPLY_LOOP(Op)                                                      \
  typename Op::Vector sums[Op::Accumulators];                                  \
  auto a = Op::value(1), b = Op::value(2);                                     \
  for (auto &sum : sums)                                                       \
    sum = Op::zero();                                                          \
  for (int i = 0; i < kSteps; ++i)                                             \
    _Pragma("unroll") for (auto &sum : sums) {                                 \
      Op::hide(a);                                                             \
      sum = Op::step(sum, a, b);                                               \
    }                                                                          \
  for (auto &sum : sums)                                                       \
    Op::hide(sum);

template <typename Op>
void measure(JsonObject &json, const char *name, bool present,
             const char *needs) {
  if (!present)
    return json.unsupported(name, needs);
  json.rate(name, "gmac_per_s",
            measureRate(Op::kMacs * Op::Accumulators * kSteps, Op::run));
}

#if defined(__x86_64__)

/// Integer vectors of 512 and 256 bits. kMacs counts per step.
#define X86_OP(Name, Features, VectorType, Count, Macs, Splat, Zero,           \
               Constraint, ...)                                                \
  struct Name {                                                                \
    using Vector = VectorType;                                                 \
    static constexpr int Accumulators = Count;                                 \
    static constexpr double kMacs = Macs;                                      \
    TARGET(Features) static INLINE Vector value(int i) { return Splat(i); }    \
    TARGET(Features) static INLINE Vector zero() { return Zero(); }            \
    TARGET(Features) static INLINE void hide(Vector &v) {                      \
      asm volatile("" : Constraint(v));                                        \
    }                                                                          \
    TARGET(Features)                                                           \
    static INLINE Vector step(Vector sum, Vector a, Vector b) {                \
      return __VA_ARGS__;                                                      \
    }                                                                          \
    TARGET(Features) static void run() { MULTIPLY_LOOP(Name) }                 \
  };

X86_OP(Vpdpbusd512, "avx512f,avx512vnni", __m512i, 24, 64, _mm512_set1_epi8,
       _mm512_setzero_si512, "+v", _mm512_dpbusd_epi32(sum, a, b))
X86_OP(Vpdpbusd256Evex, "avx512f,avx512vl,avx512vnni", __m256i, 24, 32,
       _mm256_set1_epi8, _mm256_setzero_si256, "+v",
       _mm256_dpbusd_epi32(sum, a, b))
X86_OP(Vpdpbusd256Vex, "avx2,avxvnni", __m256i, 12, 32, _mm256_set1_epi8,
       _mm256_setzero_si256, "+x", _mm256_dpbusd_avx_epi32(sum, a, b))
X86_OP(Pmaddwd256, "avx2", __m256i, 12, 16, _mm256_set1_epi16,
       _mm256_setzero_si256, "+x",
       _mm256_add_epi32(sum, _mm256_madd_epi16(a, b)))
/// Pairs summed in 16 bits, which weights must be proved not to saturate.
X86_OP(Pmaddubsw256, "avx2", __m256i, 12, 32, _mm256_set1_epi8,
       _mm256_setzero_si256, "+x",
       _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), b)))
X86_OP(Fma512, "avx512f", __m512, 24, 16, _mm512_set1_ps, _mm512_setzero_ps,
       "+v", _mm512_fmadd_ps(a, b, sum))
X86_OP(Fma256, "avx2,fma", __m256, 12, 8, _mm256_set1_ps, _mm256_setzero_ps,
       "+x", _mm256_fmadd_ps(a, b, sum))

/// CPUID leaf and sub-leaf as registers eax, ebx, ecx, edx.
struct Cpuid {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  Cpuid(unsigned leaf, unsigned subleaf) {
    __get_cpuid_count(leaf, subleaf, &eax, &ebx, &ecx, &edx);
  }
};

/// The register states the operating system saves.
uint64_t xcr0() {
  if (!(Cpuid(1, 0).ecx & bit_OSXSAVE))
    return 0;
  uint32_t low, high;
  asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

bool hasStates(uint64_t states) { return (xcr0() & states) == states; }
bool hasAvx2() {
  return hasStates(0x6) && (Cpuid(1, 0).ecx & bit_FMA) &&
         (Cpuid(7, 0).ebx & bit_AVX2);
}
bool hasAvxVnni() { return hasAvx2() && (Cpuid(7, 1).eax & bit_AVXVNNI); }
bool hasAvx512() { return hasStates(0xe6) && (Cpuid(7, 0).ebx & bit_AVX512F); }
bool hasAvx512Vnni() {
  return hasAvx512() && (Cpuid(7, 0).ebx & bit_AVX512VL) &&
         (Cpuid(7, 0).ecx & bit_AVX512VNNI);
}

/// AMX also needs the process to ask for the tile registers' memory.
bool hasAmx() {
  constexpr int kArchReqXcompPerm = 0x1023, kTileData = 18;
  constexpr unsigned kAmxInt8 = 1u << 25;
  if (!hasStates(0x60000) || !(Cpuid(7, 0).edx & kAmxInt8))
    return false;
  return syscall(SYS_arch_prctl, kArchReqXcompPerm, kTileData) == 0;
}

constexpr double kAmxMacs = 16 * 16 * 64;
constexpr int kAmxProducts = 4;

/// 2x2 tiles of sums from two tiles of A and two of B.
TARGET("amx-tile,amx-int8") void runAmx() {
  alignas(64) struct {
    uint8_t palette = 1, startRow = 0, reserved[14] = {};
    uint16_t columnBytes[16] = {};
    uint8_t rows[16] = {};
  } config;
  for (int tile = 0; tile < 8; ++tile) {
    config.columnBytes[tile] = 64;
    config.rows[tile] = 16;
  }
  alignas(64) static int8_t data[1024];
  _tile_loadconfig(&config);
  _tile_loadd(4, data, 64);
  _tile_loadd(5, data, 64);
  _tile_loadd(6, data, 64);
  _tile_loadd(7, data, 64);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int i = 0; i < kSteps; ++i) {
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
  }
  _tile_release();
}

void measureMultiplication() {
  JsonObject json("multiply");
  if (hasAmx())
    json.rate("amx_tdpbusd", "gmac_per_s",
              measureRate(kAmxMacs * kAmxProducts * kSteps, runAmx));
  else
    json.unsupported("amx_tdpbusd", "needs AMX-INT8 and its permission");
  bool vnni = hasAvx512Vnni();
  measure<Vpdpbusd512>(json, "vpdpbusd_512", vnni, "needs AVX512-VNNI");
  measure<Vpdpbusd256Evex>(json, "vpdpbusd_256_evex", vnni,
                           "needs AVX512-VNNI and AVX512-VL");
  measure<Vpdpbusd256Vex>(json, "vpdpbusd_256_vex", hasAvxVnni(),
                          "needs AVX-VNNI");
  measure<Pmaddubsw256>(json, "pmaddubsw_256", hasAvx2(), "needs AVX2");
  measure<Pmaddwd256>(json, "pmaddwd_256", hasAvx2(), "needs AVX2");
  measure<Fma512>(json, "f32_fma_512", hasAvx512(), "needs AVX512F");
  measure<Fma256>(json, "f32_fma_256", hasAvx2(), "needs AVX2 and FMA");
  json.close(/*last=*/false);
}

//===----------------------------------------------------------------------===//
// AArch64
//===----------------------------------------------------------------------===//

#elif defined(__aarch64__)

#define ARM_OP(Name, Features, VectorType, InputType, Macs, Splat, InputSplat, \
               ...)                                                            \
  struct Name {                                                                \
    using Vector = VectorType;                                                 \
    static constexpr int Accumulators = 16;                                    \
    static constexpr double kMacs = Macs;                                      \
    TARGET(Features) static INLINE InputType value(int i) {                    \
      return InputSplat(i);                                                    \
    }                                                                          \
    TARGET(Features) static INLINE Vector zero() { return Splat(0); }          \
    template <typename T> TARGET(Features) static INLINE void hide(T &v) {     \
      asm volatile("" : "+w"(v));                                              \
    }                                                                          \
    TARGET(Features)                                                           \
    static INLINE Vector step(Vector sum, InputType a, InputType b) {          \
      return __VA_ARGS__;                                                      \
    }                                                                          \
    TARGET(Features) static void run() { MULTIPLY_LOOP(Name) }                 \
  };

ARM_OP(Smmla, "i8mm", int32x4_t, int8x16_t, 32, vdupq_n_s32, vdupq_n_s8,
       vmmlaq_s32(sum, a, b))
ARM_OP(Sdot, "dotprod", int32x4_t, int8x16_t, 16, vdupq_n_s32, vdupq_n_s8,
       vdotq_s32(sum, a, b))
ARM_OP(SmullSadalp, "neon", int32x4_t, int8x8_t, 8, vdupq_n_s32, vdup_n_s8,
       vpadalq_s16(sum, vmull_s8(a, b)))
ARM_OP(Fmla, "neon", float32x4_t, float32x4_t, 4, vdupq_n_f32, vdupq_n_f32,
       vfmaq_f32(sum, a, b))

void measureMultiplication() {
  constexpr unsigned long kDotProd = 1ul << 20, kI8mm = 1ul << 13;
  JsonObject json("multiply");
  measure<Smmla>(json, "neon_smmla", getauxval(AT_HWCAP2) & kI8mm,
                 "needs i8mm");
  measure<Sdot>(json, "neon_sdot", getauxval(AT_HWCAP) & kDotProd,
                "needs dotprod");
  measure<SmullSadalp>(json, "neon_smull", true, "");
  measure<Fmla>(json, "f32_fmla_128", true, "");
  json.close(/*last=*/false);
}

#else
#error "expected x86-64 or AArch64"
#endif

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
