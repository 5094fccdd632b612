//===- TargetLevel.cpp - The table of instruction-set levels --------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Target/TargetLevel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

using namespace llvm;
using namespace mlir::qnn;

#define QNN_AVX512VNNI_FEATURES                                                \
  "+avx2,+fma,+bmi,+bmi2,+f16c,+lzcnt,+movbe,+avx512f,+avx512bw,+avx512dq,"    \
  "+avx512vl,+avx512cd,+avx512vnni,-prefer-256-bit"

static const TargetLevel kX86Levels[] = {
    {"x86-64", Triple::x86_64, "", 128, 16, DotKind::WidenPairs, 0},
    {"x86-64-v3", Triple::x86_64, "+avx2,+fma,+bmi,+bmi2,+f16c,+lzcnt,+movbe",
     256, 16, DotKind::ProvedPairs, CpuAVX2},
    {"avxvnni", Triple::x86_64,
     "+avx2,+fma,+bmi,+bmi2,+f16c,+lzcnt,+movbe,+avxvnni", 256, 16,
     DotKind::VNNI, CpuAVX2 | CpuAVXVNNI},
    {"avx512vnni", Triple::x86_64, QNN_AVX512VNNI_FEATURES, 512, 32,
     DotKind::VNNI, CpuAVX2 | CpuAVX512VNNI},
    {"avx512bf16", Triple::x86_64, QNN_AVX512VNNI_FEATURES ",+avx512bf16", 512,
     32, DotKind::VNNI, CpuAVX2 | CpuAVX512VNNI | CpuAVX512BF16,
     /*hasTiles=*/false, "", /*hasBF16=*/true},
    {"amx-int8", Triple::x86_64,
     QNN_AVX512VNNI_FEATURES ",+avx512bf16,+amx-tile,+amx-int8", 512, 32,
     DotKind::VNNI, CpuAVX2 | CpuAVX512VNNI | CpuAVX512BF16 | CpuAMXInt8,
     /*hasTiles=*/true, "", /*hasBF16=*/true},
};

static const TargetLevel kAArch64Levels[] = {
    {"armv8-a", Triple::aarch64, "+neon", 128, 32, DotKind::NeonWidening, 0},
    {"dotprod", Triple::aarch64, "+neon,+dotprod", 128, 32, DotKind::NeonDot,
     CpuDotProd},
    {"i8mm", Triple::aarch64, "+neon,+dotprod,+i8mm", 128, 32,
     DotKind::NeonMatrix, CpuDotProd | CpuI8MM, /*hasTiles=*/false,
     "neoverse-v1"},
    {"bf16", Triple::aarch64, "+neon,+dotprod,+i8mm,+bf16", 128, 32,
     DotKind::NeonMatrix, CpuDotProd | CpuI8MM | CpuBF16, /*hasTiles=*/false,
     "neoverse-v1", /*hasBF16=*/true},
};

ArrayRef<TargetLevel> mlir::qnn::getLevels(Triple::ArchType arch) {
  if (arch == Triple::x86_64)
    return kX86Levels;
  if (arch == Triple::aarch64)
    return kAArch64Levels;
  return {};
}

std::string mlir::qnn::getLevelSymbol(const TargetLevel &level) {
  std::string name = level.name.str();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string mlir::qnn::getRunFunctionName(const TargetLevel &level) {
  return "run_" + getLevelSymbol(level);
}

std::string mlir::qnn::getLayerTableName(const TargetLevel &level) {
  return getRunFunctionName(level) + "_layers";
}

const TargetLevel *mlir::qnn::findLevel(StringRef name) {
  for (ArrayRef<TargetLevel> levels : {ArrayRef<TargetLevel>(kX86Levels),
                                       ArrayRef<TargetLevel>(kAArch64Levels)})
    for (const TargetLevel &level : levels)
      if (level.name == name)
        return &level;
  return nullptr;
}

/// Asks Linux for tile state (Documentation/arch/x86/xstate.rst); false where
/// it does not exist or is refused.
static bool requestTiles() {
#if defined(__linux__) && defined(__x86_64__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

uint32_t mlir::qnn::getHostCpuFeatures() {
  // LLVM's table includes the operating system's part (XCR0).
  StringMap<bool> host = sys::getHostCPUFeatures();
  auto all = [&](ArrayRef<StringRef> names) {
    return all_of(names, [&](StringRef name) { return host.lookup(name); });
  };
  uint32_t features = 0;
  if (all({"avx2", "fma", "bmi", "bmi2", "f16c", "lzcnt", "movbe"}))
    features |= CpuAVX2;
  if (all({"avxvnni"}))
    features |= CpuAVXVNNI;
  if (all({"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd",
           "avx512vnni"}))
    features |= CpuAVX512VNNI;
  if (all({"avx512bf16"}))
    features |= CpuAVX512BF16;
  if (all({"amx-tile", "amx-int8"}) && requestTiles())
    features |= CpuAMXInt8;
  if (all({"dotprod"}))
    features |= CpuDotProd;
  if (all({"i8mm"}))
    features |= CpuI8MM;
  if (all({"bf16"}))
    features |= CpuBF16;
  return features;
}

SmallVector<const TargetLevel *>
mlir::qnn::getExecutableLevels(Triple::ArchType arch, uint32_t features) {
  SmallVector<const TargetLevel *> result;
  for (const TargetLevel &level : getLevels(arch))
    if ((level.required & ~features) == 0)
      result.push_back(&level);
  return result;
}

Expected<SmallVector<const TargetLevel *>>
mlir::qnn::parseLevels(StringRef march, const Triple &triple) {
  ArrayRef<TargetLevel> levels = getLevels(triple.getArch());
  if (levels.empty())
    return createStringError("target '" + triple.str() +
                             "' is not supported: use x86_64 or aarch64");
  SmallVector<bool> chosen(levels.size());
  chosen[0] = true; // An object runs on every CPU of its architecture.
  SmallVector<StringRef> names;
  march.split(names, ',');
  for (StringRef name : names) {
    if (name == "native") {
      if (Triple(sys::getDefaultTargetTriple()).getArch() != triple.getArch())
        return createStringError("--march=native needs a target of the host's "
                                 "architecture, got '" +
                                 triple.str() + "': name a level instead");
      const TargetLevel *best =
          getExecutableLevels(triple.getArch(), getHostCpuFeatures()).back();
      chosen[best - levels.data()] = true;
      continue;
    }
    const TargetLevel *found =
        find_if(levels, [&](const TargetLevel &l) { return l.name == name; });
    if (found == levels.end())
      return createStringError(
          "unknown level '" + name + "' in --march for " +
          triple.getArchName() + ": expected native or one of " +
          join(map_range(levels, [](const TargetLevel &l) { return l.name; }),
               ", "));
    chosen[found - levels.data()] = true;
  }
  SmallVector<const TargetLevel *> result;
  for (size_t i = 0; i < levels.size(); ++i)
    if (chosen[i] && levels[i].hasTiles && !triple.isOSLinux())
      return createStringError("level '" + levels[i].name +
                               "' needs a Linux target, whose kernel grants "
                               "tiles, got '" +
                               triple.str() + "'");
    else if (chosen[i])
      result.push_back(&levels[i]);
  return result;
}
