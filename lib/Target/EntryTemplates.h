//===- EntryTemplates.h - Constant parts of the entry points ----*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The LLVM assembly that is the same in every object but for the prefix, for
// which NAME stands. Read by EntryPoints.cpp only; Selftest.cpp computes in C++
// what the selftest's functions compute here.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_TARGET_ENTRYTEMPLATES_H
#define QNN_LIB_TARGET_ENTRYTEMPLATES_H

#include "qnn/Target/TargetLevel.h"

namespace mlir::qnn {

//===----------------------------------------------------------------------===//
// What the CPU and the operating system offer
//===----------------------------------------------------------------------===//

// CPUID leaves 1, 7.0, 7.1 and 0x80000001, and XCR0 when OSXSAVE says that
// xgetbv exists. The bits are those of getHostCpuFeatures().
inline constexpr llvm::StringLiteral kX86Features = R"(
define internal { i32, i32, i32, i32 } @_NAME.cpuid(i32 %leaf, i32 %sub) nounwind {
  %r = call { i32, i32, i32, i32 } asm sideeffect "cpuid", "={ax},={bx},={cx},={dx},{ax},{cx},~{dirflag},~{fpsr},~{flags}"(i32 %leaf, i32 %sub)
  ret { i32, i32, i32, i32 } %r
}

define internal i32 @_NAME.features() nounwind {
  %leaf0 = call { i32, i32, i32, i32 } @_NAME.cpuid(i32 0, i32 0)
  %max = extractvalue { i32, i32, i32, i32 } %leaf0, 0
  %leaf1 = call { i32, i32, i32, i32 } @_NAME.cpuid(i32 1, i32 0)
  %c1 = extractvalue { i32, i32, i32, i32 } %leaf1, 2
  ; FMA 12, MOVBE 22, OSXSAVE 27, AVX 28, F16C 29
  %m1 = and i32 %c1, 943722496
  %has1 = icmp eq i32 %m1, 943722496
  %has7 = icmp uge i32 %max, 7
  %modern = and i1 %has1, %has7
  br i1 %modern, label %check, label %none
check:
  %xcr = call { i32, i32 } asm sideeffect "xgetbv", "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}"(i32 0)
  %xcr0 = extractvalue { i32, i32 } %xcr, 0
  ; XMM and YMM state; with opmask and ZMM state
  %ymm.m = and i32 %xcr0, 6
  %ymm = icmp eq i32 %ymm.m, 6
  %zmm.m = and i32 %xcr0, 230
  %zmm = icmp eq i32 %zmm.m, 230
  %leaf7 = call { i32, i32, i32, i32 } @_NAME.cpuid(i32 7, i32 0)
  %a7 = extractvalue { i32, i32, i32, i32 } %leaf7, 0
  %b7 = extractvalue { i32, i32, i32, i32 } %leaf7, 1
  %c7 = extractvalue { i32, i32, i32, i32 } %leaf7, 2
  %d7 = extractvalue { i32, i32, i32, i32 } %leaf7, 3
  %extended = call { i32, i32, i32, i32 } @_NAME.cpuid(i32 -2147483648, i32 0)
  %maxe = extractvalue { i32, i32, i32, i32 } %extended, 0
  %hase = icmp uge i32 %maxe, -2147483647
  %leafe = call { i32, i32, i32, i32 } @_NAME.cpuid(i32 -2147483647, i32 0)
  %ce = extractvalue { i32, i32, i32, i32 } %leafe, 2
  ; BMI1 3, AVX2 5, BMI2 8; LZCNT 5
  %m7 = and i32 %b7, 296
  %avx2.7 = icmp eq i32 %m7, 296
  %me = and i32 %ce, 32
  %lzcnt.e = icmp ne i32 %me, 0
  %lzcnt = and i1 %hase, %lzcnt.e
  %avx2.a = and i1 %avx2.7, %lzcnt
  %avx2 = and i1 %avx2.a, %ymm
  %sub1 = icmp uge i32 %a7, 1
  %leaf71 = call { i32, i32, i32, i32 } @_NAME.cpuid(i32 7, i32 1)
  %a71 = extractvalue { i32, i32, i32, i32 } %leaf71, 0
  ; AVX-VNNI 4
  %m71 = and i32 %a71, 16
  %vnni.71 = icmp ne i32 %m71, 0
  %vnni.a = and i1 %vnni.71, %sub1
  %avxvnni = and i1 %vnni.a, %ymm
  ; AVX512-BF16 5
  %mbf = and i32 %a71, 32
  %bf16.71 = icmp ne i32 %mbf, 0
  %bf16.a = and i1 %bf16.71, %sub1
  ; AVX512 F 16, DQ 17, CD 28, BW 30, VL 31; VNNI 11
  %m512 = and i32 %b7, -805109760
  %avx512 = icmp eq i32 %m512, -805109760
  %mv = and i32 %c7, 2048
  %v512 = icmp ne i32 %mv, 0
  %avx512.a = and i1 %avx512, %v512
  %avx512vnni = and i1 %avx512.a, %zmm
  %avx512bf16 = and i1 %bf16.a, %avx512vnni
  %bit0 = select i1 %avx2, i32 1, i32 0
  %bit1 = select i1 %avxvnni, i32 2, i32 0
  %bit2 = select i1 %avx512vnni, i32 4, i32 0
  %bit4 = call i32 @_NAME.tiles(i32 %d7, i32 %xcr0)
  %bit6 = select i1 %avx512bf16, i32 64, i32 0
  %bits01 = or i32 %bit0, %bit1
  %bits24 = or i32 %bit2, %bit4
  %bits014 = or i32 %bits01, %bits24
  %bits = or i32 %bits014, %bit6
  ret i32 %bits
none:
  ret i32 0
}
)";
static_assert(CpuAVX2 == 1 && CpuAVXVNNI == 2 && CpuAVX512VNNI == 4 &&
              CpuAVX512BF16 == 64);

// The CpuAMXInt8 bit from EDX of leaf 7 and XCR0, in objects with such a level:
// AMX-TILE 24, AMX-INT8 25; XTILECFG 17, XTILEDATA 18; and the kernel's grant,
// arch_prctl(ARCH_REQ_XCOMP_PERM, XTILEDATA), which Linux wants once per
// process.
inline constexpr llvm::StringLiteral kX86Tiles = R"(
define internal i32 @_NAME.tiles(i32 %d7, i32 %xcr0) noinline nounwind {
  %cpu.m = and i32 %d7, 50331648
  %cpu = icmp eq i32 %cpu.m, 50331648
  %os.m = and i32 %xcr0, 393216
  %os = icmp eq i32 %os.m, 393216
  %may = and i1 %cpu, %os
  br i1 %may, label %ask, label %no
ask:
  %refused = call i64 asm sideeffect "syscall", "={ax},{ax},{di},{si},~{rcx},~{r11},~{memory},~{dirflag},~{fpsr},~{flags}"(i64 158, i64 4131, i64 18)
  %granted = icmp eq i64 %refused, 0
  %bit = select i1 %granted, i32 16, i32 0
  ret i32 %bit
no:
  ret i32 0
}
)";
inline constexpr llvm::StringLiteral kX86NoTiles = R"(
define internal i32 @_NAME.tiles(i32 %d7, i32 %xcr0) nounwind {
  ret i32 0
}
)";
static_assert(CpuAMXInt8 == 16);

// HWCAP_ASIMDDP is bit 20 of AT_HWCAP (16), HWCAP2_I8MM bit 13 and HWCAP2_BF16
// bit 14 of AT_HWCAP2 (26).
inline constexpr llvm::StringLiteral kAArch64Features = R"(
declare i64 @getauxval(i64)

define internal i32 @_NAME.features() nounwind {
  %hwcap = call i64 @getauxval(i64 16)
  %m = and i64 %hwcap, 1048576
  %dotprod = icmp ne i64 %m, 0
  %bit3 = select i1 %dotprod, i32 8, i32 0
  %hwcap2 = call i64 @getauxval(i64 26)
  %m2 = and i64 %hwcap2, 8192
  %i8mm = icmp ne i64 %m2, 0
  %bit5 = select i1 %i8mm, i32 32, i32 0
  %m3 = and i64 %hwcap2, 16384
  %bf16 = icmp ne i64 %m3, 0
  %bit7 = select i1 %bf16, i32 128, i32 0
  %bits35 = or i32 %bit3, %bit5
  %bits = or i32 %bits35, %bit7
  ret i32 %bits
}
)";
static_assert(CpuDotProd == 8 && CpuI8MM == 32 && CpuBF16 == 128);

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

// {0}: alignment - 1, {1}: BadArena, {2}: NullArgument.
inline constexpr llvm::StringLiteral kCheckArena = R"(
define internal i32 @_NAME.check(ptr %context) nounwind {{
  %null = icmp eq ptr %context, null
  br i1 %null, label %null.argument, label %load
load:
  %arena = load ptr, ptr %context
  %address = ptrtoint ptr %arena to i64
  %low = and i64 %address, {0}
  %none = icmp eq ptr %arena, null
  %odd = icmp ne i64 %low, 0
  %bad = or i1 %none, %odd
  %status = select i1 %bad, i32 {1}, i32 0
  ret i32 %status
null.argument:
  ret i32 {2}
})";

//===----------------------------------------------------------------------===//
// Selftest
//===----------------------------------------------------------------------===//

// {0}: suffix, {1}: element type, {2}: further parameters, {3}: what makes
// %value of the random i32 %random.
inline constexpr llvm::StringLiteral kFillFunction = R"(
define internal void @_NAME.fill.{0}(ptr %to, i64 %count, i32 %seed{2}) nounwind {{
entry:
  %empty = icmp eq i64 %count, 0
  br i1 %empty, label %done, label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i.next, %loop ]
  %x = phi i32 [ %seed, %entry ], [ %random, %loop ]
  %random = call i32 @_NAME.next(i32 %x)
  {3}
  %at = getelementptr {1}, ptr %to, i64 %i
  store {1} %value, ptr %at
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, %count
  br i1 %more, label %loop, label %done
done:
  ret void
})";

inline constexpr llvm::StringLiteral kSelftestHelpers = R"(
define internal i32 @_NAME.next(i32 %x) nounwind {
  %a = shl i32 %x, 13
  %x1 = xor i32 %x, %a
  %b = lshr i32 %x1, 17
  %x2 = xor i32 %x1, %b
  %c = shl i32 %x2, 5
  %x3 = xor i32 %x2, %c
  ret i32 %x3
}

define internal i64 @_NAME.hash(i64 %start, ptr %from, i64 %count) nounwind {
entry:
  %empty = icmp eq i64 %count, 0
  br i1 %empty, label %done, label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i.next, %loop ]
  %h = phi i64 [ %start, %entry ], [ %h.next, %loop ]
  %at = getelementptr i8, ptr %from, i64 %i
  %byte = load i8, ptr %at
  %wide = zext i8 %byte to i64
  %mixed = xor i64 %h, %wide
  %h.next = mul i64 %mixed, 1099511628211
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, %count
  br i1 %more, label %loop, label %done
done:
  %result = phi i64 [ %start, %entry ], [ %h.next, %loop ]
  ret i64 %result
}
)";
inline constexpr uint64_t kHashStart = 0xcbf29ce484222325u;
inline constexpr uint64_t kHashPrime = 1099511628211u;

inline uint32_t getSelftestSeed(unsigned index) {
  return 0x9E3779B9u * (index + 1);
}

} // namespace mlir::qnn

#endif // QNN_LIB_TARGET_ENTRYTEMPLATES_H
