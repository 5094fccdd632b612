//===- MicrokernelOps.td - Register-blocked kernels ---------*- tablegen -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_MICROKERNEL_IR_MICROKERNELOPS_TD
#define QNN_DIALECT_MICROKERNEL_IR_MICROKERNELOPS_TD

include "qnn/Dialect/Microkernel/IR/MicrokernelDialect.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

/// A flat buffer: rank 1, static size, i8, i16, i32 or f32.
def Microkernel_Buffer : Type<
    CPred<"::mlir::qnn::microkernel::isFlatBuffer($_self)">,
    "flat memref of i8, i16, i32 or f32", "::mlir::MemRefType">;

/// What generated code knows of its caller: abi::Context of ObjectABI.h.
def Microkernel_Context : Type<
    CPred<"::mlir::isa<::mlir::LLVM::LLVMPointerType>($_self)">,
    "pointer to the context of a run", "::mlir::LLVM::LLVMPointerType">,
    BuildableType<"::mlir::LLVM::LLVMPointerType::get($_builder.getContext())">;

def Microkernel_LaunchOp : Op<Microkernel_Dialect, "launch",
    [DeclareOpInterfaceMethods<SymbolUserOpInterface>,
     MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "run a kernel, in independent units where it has several";
  let description = [{
    Without `units`: one call of `kernel` with `arguments`. With `units(n)`: one
    call for each `0 <= i < n`, with `i` as an additional last argument, in any
    order and possibly at the same time. Whoever splits a kernel promises that
    its units write disjoint memory, read nothing that another unit writes,
    and keep no state between calls (such as a tile configuration).

    `convert-qnn-to-microkernel` creates it, one per kernel call;
    `convert-microkernel-to-llvm` lowers it to a call, or to a call of the
    `parallel_for` hook that `context` may hold.

    - launch_c1: `kernel` is a function of the module whose parameters are
      `arguments` and, with `units`, an index.

    Example: a kernel whose work falls into four parts.
    ```mlir
    microkernel.launch @copy(%in, %out) units(4) context(%context)
        : memref<4096xf32>, memref<4096xf32>
    ```
  }];
  let arguments = (ins
      FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$arguments,
      OptionalAttr<ConfinedAttr<I64Attr, [IntMinValue<2>]>>:$units,
      Microkernel_Context:$run_context);
  let assemblyFormat = [{
    $kernel `(` $arguments `)` (`units` `(` $units^ `)`)?
    `context` `(` $run_context `)` attr-dict (`:` type($arguments)^)?
  }];
}

def Microkernel_BrgemmOp : Op<Microkernel_Dialect, "brgemm",
    [AttrSizedOperandSegments, MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "batch-reduce matrix product with fused epilogue";
  let description = [{
    For row `r = (i, j)` of the `rows[0] x rows[1]` block and column `n` below
    `columns`:

    ```
    acc = bias[column + n] + sum_(k0, k1, ...) sum_t
            a[a_offset + i*a_row_strides[0] + j*a_row_strides[1]
              + sum k_d*reduction_strides[d] + t] * b(step, n, t)
    ```
    `step` counts the iterations of the reduction loops in order. `b` is packed
    as `[n/16][step][n%16][t]`, consecutive blocks of 16 columns
    `b_block_stride` elements apart, starting at `b_offset`; a last block of
    fewer columns has only those. Vectors may read up to 60 bytes behind the
    last column of `b`, `bias` and `scale`. i8: `t` runs over 4
    neighbouring elements and sums are exact in i32 (`a` is unsigned where the
    level stores activations unsigned); f32: `t` is only 0 and each product is
    one fused multiply-add, in the order of the steps.

    `steps`, at `steps_offset`, says in which order and how a level whose
    instruction saturates (`vpmaddubsw`) takes the steps: two counts P and S,
    then every step once. Of the first 2 P, neighbours i and i + 1 may be summed
    in 16 bits; the next S fit 16 bits alone; the rest must be widened first.
    Where the reduction has several loops, `step_offsets` has the offset in `a`
    of every step. Without `steps` nothing is proved.

    Epilogue, in registers:
    - f32: `c = clamp(acc + residual)`, bounds `low` and `high` where present;
    - i8: `u = f32(acc) * scale[column + n] (+ f32(residual - residual_zero) *
      residual_factor)`; `c = roundeven(clamp(u, low, high)) + zero_point`;
      without bounds, `|u| < 2^30` and `c` saturates to the range of a stored
      byte;
    - i32 `c`: the accumulator itself.

    `convert-qnn-to-microkernel` creates it inside the loops of a schedule,
    `convert-microkernel-to-vector` lowers it for the level of the module.

    - brgemm_c1: `rows`, `a_row_strides` and `c_row_strides` have two entries,
      `reduction` and `reduction_strides` equally many, at least one.
    - brgemm_c2: element types are (f32, f32, f32) or (i8, i8, i8 or i32).
    - brgemm_c3: an i8 result has `scale` and `zero_point`, and `low` if and only
      if it has `high`.
    - brgemm_c4: a residual has the element type of `c`, two row strides, and,
      when i8, `residual_factor` and `residual_zero`.
    - brgemm_c5: `columns` is positive.
    - brgemm_c6: `steps` is i16, with `steps_offset`; `step_offsets` is i32 and
      present where `reduction` has several entries; `columns` is then at most 16.

    Example: 2 neighbouring pixels, 16 output channels, 8 input channels.
    ```mlir
    microkernel.brgemm a(%a[%i]) b(%b[%z]) bias(%bias : memref<16xi32>)
        scale(%scale : memref<16xf32>) column(%z) c(%c[%o])
        low(%low) high(%high) zero_point(%zp)
        {rows = array<i64: 1, 2>, columns = 16 : i64,
         a_row_strides = array<i64: 0, 8>, c_row_strides = array<i64: 0, 16>,
         reduction = array<i64: 2>, reduction_strides = array<i64: 4>,
         b_block_stride = 128 : i64}
        : memref<16xi8>, memref<128xi8>, memref<32xi8>
    ```
  }];
  let arguments = (ins
      Microkernel_Buffer:$a, Index:$a_offset,
      Microkernel_Buffer:$b, Index:$b_offset,
      Optional<Microkernel_Buffer>:$bias, Optional<Microkernel_Buffer>:$scale,
      Index:$column, Microkernel_Buffer:$c, Index:$c_offset,
      Optional<Microkernel_Buffer>:$residual, Optional<Index>:$residual_offset,
      Optional<F32>:$low, Optional<F32>:$high, Optional<I32>:$zero_point,
      Optional<F32>:$residual_factor, Optional<I32>:$residual_zero,
      Optional<Microkernel_Buffer>:$steps, Optional<Index>:$steps_offset,
      Optional<Microkernel_Buffer>:$step_offsets,
      DenseI64ArrayAttr:$rows, I64Attr:$columns,
      DenseI64ArrayAttr:$a_row_strides, DenseI64ArrayAttr:$c_row_strides,
      OptionalAttr<DenseI64ArrayAttr>:$residual_row_strides,
      DenseI64ArrayAttr:$reduction, DenseI64ArrayAttr:$reduction_strides,
      I64Attr:$b_block_stride);
  let assemblyFormat = [{
    `a` `(` $a `[` $a_offset `]` `)` `b` `(` $b `[` $b_offset `]` `)`
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`scale` `(` $scale^ `:` type($scale) `)`)?
    `column` `(` $column `)` `c` `(` $c `[` $c_offset `]` `)`
    (`residual` `(` $residual^ `[` $residual_offset `]` `:` type($residual) `)`)?
    (`low` `(` $low^ `)`)? (`high` `(` $high^ `)`)?
    (`zero_point` `(` $zero_point^ `)`)?
    (`residual_factor` `(` $residual_factor^ `)`)?
    (`residual_zero` `(` $residual_zero^ `)`)?
    (`steps` `(` $steps^ `[` $steps_offset `]` `:` type($steps) `)`)?
    (`step_offsets` `(` $step_offsets^ `:` type($step_offsets) `)`)?
    attr-dict `:` type($a) `,` type($b) `,` type($c)
  }];
  let hasVerifier = 1;
}

#endif // QNN_DIALECT_MICROKERNEL_IR_MICROKERNELOPS_TD
