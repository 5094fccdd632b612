//===- ObjectEmitter.h - From generated code to files -----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does the LLVM module of generateCode become an object that a C program
// links? Called by quant-compile after code generation, in this order:
// prepareModule, addEntryPoints, optimizeModule, emitModule, then linkShared
// and writeHeader where asked for. ObjectABI.h says what the result looks like.
//
// The functions work on the GeneratedCode they are given and keep nothing; they
// are thread-safe for distinct LLVM contexts. Sizes are in bytes.
//
// Usage:
//   EntryOptions options{"net", selftest};
//   prepareModule(code, triple);
//   addEntryPoints(code, options);
//   optimizeModule(*code.module);
//   auto object = emitModule(*code.module, EmitKind::Object);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_TARGET_OBJECTEMITTER_H
#define QNN_TARGET_OBJECTEMITTER_H

#include "qnn/Target/CodeGen.h"

#include "llvm/Support/Error.h"

namespace mlir::qnn {

/// What quant-compile writes after code generation.
enum class EmitKind { LLVM, Assembly, Object, Shared };

/// The golden vector inside an object. Inputs come from fillSelftestInput, the
/// expected outputs are known by their hash.
struct SelftestVector {
  /// Per input: the real value of one step of the generator, for f32 inputs.
  SmallVector<float> steps;
  /// hashSelftestOutputs of the right outputs.
  uint64_t hash = 0;
};

struct EntryOptions {
  std::string name; ///< prefix of all exported names, a C identifier
  SelftestVector selftest;
};

/// Checks that objects can be emitted for `triple`: an ELF target with 64-bit
/// pointers and an architecture that has levels.
llvm::Error checkTarget(const llvm::Triple &triple);

/// Declares the target of a module of generateCode (triple, data layout, PIC),
/// makes llvm.fmuladd the fused llvm.fma, and gives each level's functions its
/// target features unless they have some.
/// Fails when the module lacks a level's function. Idempotent.
llvm::Error prepareModule(GeneratedCode &code, const llvm::Triple &triple);

/// Completes a prepared module with NAME_run, NAME_describe, NAME_selftest, the
/// choice of the level and the constants; everything else becomes internal.
llvm::Error addEntryPoints(GeneratedCode &code, const EntryOptions &options);

/// Runs LLVM's O2 pipeline without vectorizers on a prepared module. Floating
/// point stays strict.
llvm::Error optimizeModule(llvm::Module &module);

/// The bytes of a text IR, assembly or object file of a prepared module.
/// EmitKind::Shared gives the object to link.
llvm::Expected<std::string> emitModule(llvm::Module &module, EmitKind kind);

/// Links an object into a shared library with ld.lld (or, for the host's
/// architecture, cc) and returns its bytes. `soname` is its DT_SONAME.
llvm::Expected<std::string> linkShared(llvm::StringRef object,
                                       llvm::StringRef soname,
                                       const llvm::Triple &triple);

/// The C header of an object.
std::string writeHeader(const GeneratedCode &code, const EntryOptions &options);

/// `name` as a C identifier: runs of other characters become one '_', none at
/// the end; a leading digit or '_' gets the prefix "t", a keyword of C or C++
/// the suffix "_value".
std::string getCIdentifier(llvm::StringRef name);

/// getCIdentifier for each tensor, made unique by "_2", "_3"...
SmallVector<std::string> getMemberNames(ArrayRef<TensorInfo> tensors);

/// Bytes of an element.
uint64_t getElementSize(abi::ElementType type);
/// Bytes of a tensor's elements.
uint64_t getByteSize(const TensorInfo &tensor);

/// Parses `text` (LLVM assembly) into `module`, where it may refer to what is
/// already there.
llvm::Error parseIntoModule(llvm::StringRef text, llvm::Module &module);

/// Arena bytes NAME_selftest needs: the arena, then inputs and outputs, each
/// at a multiple of 64.
uint64_t getSelftestArenaBytes(const GeneratedCode &code);

/// The bytes of selftest input `index`: for each element the next x of a 32-bit
/// xorshift generator; f32 elements are float(x >> 8) * step (arithmetic
/// shift), i8, i32 and i64 elements x >> 24, bools x >> 31.
std::vector<char> makeSelftestInput(const TensorInfo &tensor, unsigned index,
                                    float step);

/// FNV-1a (64 bits) over the bytes of all outputs, in order.
uint64_t hashSelftestOutputs(ArrayRef<ArrayRef<char>> outputs);

} // namespace mlir::qnn

#endif // QNN_TARGET_OBJECTEMITTER_H
