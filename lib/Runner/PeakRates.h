//===- PeakRates.h - The highest rates of multiplication --------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Measures, on one core, the highest rate of multiply-accumulates of each
// instruction family that quant-compile emits, operands in registers. Shared by
// quant-run --profile and benchmarks/limits.cpp; needs nothing but C headers.
//
// Every figure is the best of kRepeats: noise only ever makes things slower.
// An empty asm that claims to change an operand keeps the compiler from
// computing a product once and reusing it; it costs no instruction.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_RUNNER_PEAKRATES_H
#define QNN_LIB_RUNNER_PEAKRATES_H

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

namespace qnn_peak {

constexpr int kRepeats = 15;
constexpr double kSecondsPerRepeat = 0.01;

inline double now() {
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

/// One family of instructions.
struct Instruction {
  const char *name;
  const char *needs; ///< said where it is absent
  bool isPresent;
  double macsPerCall; ///< of run
  void (*run)();

  /// Multiply-accumulates per second. Precondition: isPresent.
  double measure() const { return measureRate(macsPerCall, run); }
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
Instruction makeInstruction(const char *name, bool isPresent,
                            const char *needs) {
  return {name, needs, isPresent, Op::kMacs * Op::Accumulators * kSteps,
          Op::run};
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
inline uint64_t xcr0() {
  if (!(Cpuid(1, 0).ecx & bit_OSXSAVE))
    return 0;
  uint32_t low, high;
  asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

inline bool hasStates(uint64_t states) { return (xcr0() & states) == states; }
inline bool hasAvx2() {
  return hasStates(0x6) && (Cpuid(1, 0).ecx & bit_FMA) &&
         (Cpuid(7, 0).ebx & bit_AVX2);
}
inline bool hasAvxVnni() {
  return hasAvx2() && (Cpuid(7, 1).eax & bit_AVXVNNI);
}
inline bool hasAvx512() {
  return hasStates(0xe6) && (Cpuid(7, 0).ebx & bit_AVX512F);
}
inline bool hasAvx512Vnni() {
  return hasAvx512() && (Cpuid(7, 0).ebx & bit_AVX512VL) &&
         (Cpuid(7, 0).ecx & bit_AVX512VNNI);
}

/// AMX also needs the process to ask for the tile registers' memory.
inline bool hasAmx() {
  constexpr int kArchReqXcompPerm = 0x1023, kTileData = 18;
  constexpr unsigned kAmxInt8 = 1u << 25;
  if (!hasStates(0x60000) || !(Cpuid(7, 0).edx & kAmxInt8))
    return false;
  return syscall(SYS_arch_prctl, kArchReqXcompPerm, kTileData) == 0;
}

constexpr double kAmxMacs = 16 * 16 * 64;
constexpr int kAmxProducts = 4;

/// 2x2 tiles of sums from two tiles of A and two of B.
TARGET("amx-tile,amx-int8") inline void runAmx() {
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

/// Calls `visit` with every Instruction of this architecture.
template <typename Visit> void forEachInstruction(Visit visit) {
  visit(Instruction{"amx_tdpbusd", "needs AMX-INT8 and its permission",
                    hasAmx(), kAmxMacs * kAmxProducts * kSteps, runAmx});
  bool vnni = hasAvx512Vnni();
  visit(
      makeInstruction<Vpdpbusd512>("vpdpbusd_512", vnni, "needs AVX512-VNNI"));
  visit(makeInstruction<Vpdpbusd256Evex>("vpdpbusd_256_evex", vnni,
                                         "needs AVX512-VNNI and AVX512-VL"));
  visit(makeInstruction<Vpdpbusd256Vex>("vpdpbusd_256_vex", hasAvxVnni(),
                                        "needs AVX-VNNI"));
  visit(
      makeInstruction<Pmaddubsw256>("pmaddubsw_256", hasAvx2(), "needs AVX2"));
  visit(makeInstruction<Pmaddwd256>("pmaddwd_256", hasAvx2(), "needs AVX2"));
  visit(makeInstruction<Fma512>("f32_fma_512", hasAvx512(), "needs AVX512F"));
  visit(
      makeInstruction<Fma256>("f32_fma_256", hasAvx2(), "needs AVX2 and FMA"));
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

template <typename Visit> void forEachInstruction(Visit visit) {
  constexpr unsigned long kDotProd = 1ul << 20, kI8mm = 1ul << 13;
  visit(makeInstruction<Smmla>("neon_smmla", getauxval(AT_HWCAP2) & kI8mm,
                               "needs i8mm"));
  visit(makeInstruction<Sdot>("neon_sdot", getauxval(AT_HWCAP) & kDotProd,
                              "needs dotprod"));
  visit(makeInstruction<SmullSadalp>("neon_smull", true, ""));
  visit(makeInstruction<Fmla>("f32_fmla_128", true, ""));
}

#else
#error "expected x86-64 or AArch64"
#endif

} // namespace qnn_peak

#endif // QNN_LIB_RUNNER_PEAKRATES_H
