//===- Passes.td - Passes on buffers and microkernels -------*- tablegen -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_MICROKERNEL_TRANSFORMS_PASSES_TD
#define QNN_DIALECT_MICROKERNEL_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def PlanMemoryPass : Pass<"microkernel-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Give every buffer a fixed place in one arena";
  let description = [{
    Every `memref.alloc` of the entry function (the only public function)
    becomes a `memref.view` of the arena, every `memref.get_global` a
    `memref.view` of one constants buffer; both are new leading arguments. The
    entry function gets the attributes `microkernel.arena_bytes` and
    `microkernel.live_bytes` (the largest sum of bytes live at one op, a lower
    bound of any plan). Each `memref.global` gets its `microkernel.offset` and
    stays, so that its contents can be written out.

    Law: two buffers may overlap only if no op lies in both live ranges, where a
    buffer is live from its first to its last use in the entry block. Offsets
    of buffers (and of constants of 1 KiB or more) are multiples of 64 bytes. Each
    buffer in turn takes the lowest gap that fits (Pisarchyk and Lee 2020,
    "Efficient memory management for deep neural net inference"): in the order
    of decreasing size, and, until a plan needs no more than the live bytes, of
    other keys, and each time again with the buffer first that ended highest.
    The smallest plan is kept. Arena and constants end with 64 bytes that no
    buffer owns: kernels may read (never write) up to that far behind the last
    buffer.

    Refuses: buffers that are used in nested regions, and any number of public
    functions but one; both are errors, because a wrong plan corrupts memory.

    Before:
    ```mlir
    memref.global "private" constant @w : memref<4xi8> = dense<1>
    func.func private @k(memref<16xi8>, memref<16xi8>, memref<4xi8>)
    func.func @main(%in: memref<16xi8>, %out: memref<16xi8>) {
      %w = memref.get_global @w : memref<4xi8>
      %t = memref.alloc() : memref<16xi8>
      call @k(%in, %t, %w) : (memref<16xi8>, memref<16xi8>, memref<4xi8>) -> ()
      call @k(%t, %out, %w) : (memref<16xi8>, memref<16xi8>, memref<4xi8>) -> ()
      return
    }
    ```
    After:
    ```mlir
    memref.global "private" constant @w : memref<4xi8> = dense<1> {microkernel.offset = 0 : i64}
    func.func private @k(memref<16xi8>, memref<16xi8>, memref<4xi8>)
    func.func @main(%arena: memref<128xi8>, %constants: memref<68xi8>, %in: memref<16xi8>, %out: memref<16xi8>)
        attributes {microkernel.arena_bytes = 128 : i64, microkernel.live_bytes = 16 : i64} {
      %c0 = arith.constant 0 : index
      %w = memref.view %constants[%c0][] : memref<68xi8> to memref<4xi8>
      %c0_0 = arith.constant 0 : index
      %t = memref.view %arena[%c0_0][] : memref<128xi8> to memref<16xi8>
      call @k(%in, %t, %w) : (memref<16xi8>, memref<16xi8>, memref<4xi8>) -> ()
      call @k(%t, %out, %w) : (memref<16xi8>, memref<16xi8>, memref<4xi8>) -> ()
      return
    }
    ```

    Example: test/Dialect/Microkernel/Transforms/microkernel-plan-memory.mlir
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect",
                           "::mlir::arith::ArithDialect"];
}

#endif // QNN_DIALECT_MICROKERNEL_TRANSFORMS_PASSES_TD
