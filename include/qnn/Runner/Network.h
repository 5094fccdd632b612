//===- Network.h - Something that can be run --------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What quant-run needs of a network, whether an .mlir file is interpreted or a
// shared object is called: its named, typed inputs and outputs and a way to run
// it once on raw row-major buffers.
//
// Not thread-safe: one run at a time.
//
// Usage:
//   auto net = openInterpreted("model.mlir", "", EntryChoice::One);
//   if (Error error = net->front()->run(inputs, outputs)) ...
//
//===----------------------------------------------------------------------===//

#ifndef QNN_RUNNER_NETWORK_H
#define QNN_RUNNER_NETWORK_H

#include "qnn/Support/Npy.h"
#include "qnn/Target/ObjectABI.h"

#include "llvm/ADT/STLFunctionalExtras.h"

#include <string>
#include <vector>

namespace mlir::qnn {

/// One input or output of a network.
struct PortInfo {
  std::string name;
  NpyType type;
  SmallVector<int64_t> shape;

  size_t getNumBytes() const;
};

/// The array type in which a compiled network takes or gives a tensor.
NpyType getArrayType(abi::ElementType type);

/// One layer of a compiled network: abi::LayerInfo.
struct LayerInfo {
  std::string name, kind;
  bool isFloat;
  unsigned units;
  uint64_t macs, weightBytes, inputBytes, outputBytes, predictedNanoseconds;
};

class Network {
public:
  virtual ~Network() = default;

  virtual ArrayRef<PortInfo> inputs() const = 0;
  virtual ArrayRef<PortInfo> outputs() const = 0;

  /// Threads that a run uses.
  virtual unsigned getNumThreads() const { return 1; }

  /// The layers whose times a run can tell; none when interpreted.
  virtual ArrayRef<LayerInfo> layers() const { return {}; }

  /// The instruction-set level it runs on; empty when interpreted.
  virtual StringRef level() const { return ""; }

  /// Called when a layer begins and when it ends.
  using ProfileFn = llvm::function_ref<void(size_t layer, bool begins)>;

  /// Runs once. Each buffer holds getNumBytes() bytes of the tensor of the same
  /// index and is aligned to 64 bytes. Networks without layers() ignore
  /// `profile`.
  virtual llvm::Error run(ArrayRef<const void *> inputs,
                          ArrayRef<void *> outputs,
                          ProfileFn profile = nullptr) = 0;
};

/// Which functions of a file to open.
enum class EntryChoice {
  /// The function named `entry`; without a name the only one, or `main`.
  One,
  /// Every function, in file order.
  All
};

/// Opens functions of an .mlir file (textual or bytecode) for the reference
/// interpreter; at least one. The networks share the parsed module.
llvm::Expected<std::vector<std::unique_ptr<Network>>>
openInterpreted(StringRef path, StringRef entry, EntryChoice choice);

/// Opens a network that quant-compile emitted as a shared object for this
/// machine, to run on `threads` threads. Runs its code in this process: do not
/// open files you do not trust.
llvm::Expected<std::unique_ptr<Network>> openSharedObject(StringRef path,
                                                          unsigned threads);

} // namespace mlir::qnn

#endif // QNN_RUNNER_NETWORK_H
