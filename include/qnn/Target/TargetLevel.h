//===- TargetLevel.h - The instruction-set levels we compile for -*- C++
//-*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which levels exist, what does each need from the CPU and the OS, and how does
// it multiply? This table is the only place that knows; --march parses against
// it, schedules and the microkernel lowering read it, the emitter turns it into
// function attributes and run-time checks.
//
// All data is constant; all functions are thread-safe.
//
// Usage:
//   auto levels = parseLevels("avx512vnni,x86-64-v3", triple, emitError);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_TARGET_TARGETLEVEL_H
#define QNN_TARGET_TARGETLEVEL_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/TargetParser/Triple.h"

namespace mlir::qnn {

/// How four neighbouring 8-bit products are summed into an i32 lane.
enum class DotKind {
  WidenPairs,   ///< pmaddwd on 16-bit even and odd elements
  ProvedPairs,  ///< vpmaddubsw on steps proved not to saturate, else WidenPairs
  VNNI,         ///< vpdpbusd: u8 x s8 quads into i32
  NeonWidening, ///< smull + sadalp
  NeonDot,      ///< sdot: s8 x s8 quads into i32
  NeonMatrix,   ///< smmla on 2 rows x 2 columns of 8; sdot for single rows
};

/// One instruction-set level. Levels of one architecture are listed from the
/// baseline (always present in an object) to the best.
struct TargetLevel {
  llvm::StringRef name;        ///< spelling in --march, e.g. "avx512vnni"
  llvm::Triple::ArchType arch; ///< x86_64 or aarch64
  llvm::StringRef features;    ///< LLVM target features, e.g. "+avx2,+fma"
  unsigned vectorBits;         ///< width of a vector register
  unsigned vectorRegisters;    ///< number of architectural vector registers
  DotKind dot;                 ///< instruction family of 8-bit products
  /// Bits of getCpuFeatures() (TargetLevel.cpp) that a CPU must have.
  uint32_t required;
  /// AMX: 8-bit products also run in tiles of 16 rows x 64 bytes.
  bool hasTiles = false;
  /// LLVM's model of a processor that orders the instructions; empty: of all.
  llvm::StringRef tuneCpu = "";
  /// Multiplies pairs of bf16: vdpbf16ps, or bfmlalt and bfmlalb.
  bool hasBF16 = false;

  bool isBaseline() const { return required == 0; }
  /// Activations are stored as q + 128 (unsigned) where products are u8 x s8.
  bool storesUnsigned() const { return arch == llvm::Triple::x86_64; }
};

/// What a run-time check must find before a level is used. The emitter
/// generates the check: CPUID with XCR0 on x86-64, getauxval(AT_HWCAP) on
/// AArch64.
enum CpuFeature : uint32_t {
  CpuAVX2 = 1u << 0,       ///< AVX2 and FMA, YMM state enabled
  CpuAVXVNNI = 1u << 1,    ///< AVX-VNNI (with CpuAVX2)
  CpuAVX512VNNI = 1u << 2, ///< AVX512 F, BW, DQ, VL, VNNI, ZMM state enabled
  CpuDotProd = 1u << 3,    ///< AArch64 HWCAP_ASIMDDP
  CpuAMXInt8 = 1u << 4,    ///< AMX-INT8, tile state enabled and granted
  CpuI8MM = 1u << 5,       ///< AArch64 HWCAP2_I8MM
  CpuAVX512BF16 = 1u << 6, ///< AVX512-BF16 (with CpuAVX512VNNI)
  CpuBF16 = 1u << 7,       ///< AArch64 HWCAP2_BF16
};

/// All levels of an architecture, baseline first; empty for one we do not
/// support.
llvm::ArrayRef<TargetLevel> getLevels(llvm::Triple::ArchType arch);

/// The name of a level as part of a symbol: '-' becomes '_'.
std::string getLevelSymbol(const TargetLevel &level);

/// The function that runs a network on a level: run_<level symbol>.
std::string getRunFunctionName(const TargetLevel &level);

/// The table of its layers (abi::LayerInfo): run_<level symbol>_layers.
std::string getLayerTableName(const TargetLevel &level);

/// The level of any architecture with this name, or null.
const TargetLevel *findLevel(llvm::StringRef name);

/// CpuFeature bits of the machine this process runs on. Asks the kernel for the
/// use of tiles, as Linux wants once per process.
uint32_t getHostCpuFeatures();

/// The levels of `arch` that a CPU with `features` executes, baseline first.
llvm::SmallVector<const TargetLevel *>
getExecutableLevels(llvm::Triple::ArchType arch, uint32_t features);

/// Parses --march: "native" (the best level of the host) or a comma-separated
/// list of level names; the result is baseline first, without duplicates, and
/// always holds the baseline. Fails for an unknown name, a name of another
/// architecture, "native" when `triple` is not the host's architecture.
llvm::Expected<llvm::SmallVector<const TargetLevel *>>
parseLevels(llvm::StringRef march, const llvm::Triple &triple);

} // namespace mlir::qnn

#endif // QNN_TARGET_TARGETLEVEL_H
