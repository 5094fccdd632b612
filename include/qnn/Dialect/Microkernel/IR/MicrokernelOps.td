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

/// A flat buffer: rank 1, static size, i8, i16, i32, i64 or f32.
def Microkernel_Buffer : Type<
    CPred<"::mlir::qnn::microkernel::isFlatBuffer($_self)">,
    "flat memref of i8, i16, i32, i64 or f32", "::mlir::MemRefType">;

/// What generated code knows of its caller: abi::Context of ObjectABI.h.
def Microkernel_Context : Type<
    CPred<"::mlir::isa<::mlir::LLVM::LLVMPointerType>($_self)">,
    "pointer to the context of a run", "::mlir::LLVM::LLVMPointerType">,
    BuildableType<"::mlir::LLVM::LLVMPointerType::get($_builder.getContext())">;

def Microkernel_LayerOp : Op<Microkernel_Dialect, "layer",
    [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "what is known of a layer whose kernels are launched";
  let description = [{
    The `node` it came from (unique in a module), the `kind` of its work, whether it
    computes `float` results, its multiply-adds, the bytes of its constants, inputs
    and outputs, the predicted time (0: none) and, where there is a choice, how it
    is computed. Objects describe their layers
    with these numbers; profiles bracket each layer's launches.

    `convert-qnn-to-microkernel` creates it, `convert-microkernel-to-llvm` makes
    it an entry of the object's table.

    Example:
    ```mlir
    microkernel.layer @layer_0 {node = "/fc/Gemm", kind = "fully_connected",
        macs = 2048000 : i64, weight_bytes = 2048000 : i64,
        input_bytes = 2048 : i64, output_bytes = 1000 : i64}
    ```
  }];
  let arguments = (ins
      SymbolNameAttr:$sym_name, StrAttr:$node, StrAttr:$kind,
      UnitAttr:$is_float, I64Attr:$macs, I64Attr:$weight_bytes,
      I64Attr:$input_bytes, I64Attr:$output_bytes,
      DefaultValuedAttr<I64Attr, "0">:$predicted_nanoseconds,
      OptionalAttr<StrAttr>:$schedule);
  let assemblyFormat = "$sym_name attr-dict";
}

def Microkernel_LaunchOp : Op<Microkernel_Dialect, "launch",
    [DeclareOpInterfaceMethods<SymbolUserOpInterface>,
     MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "run a kernel, in independent units where it has several";
  let description = [{
    Without `units`: one call of `kernel` with `arguments`. With `units(n)`: calls
    with two additional arguments, the bounds `first` and `end` of a range of
    units, so that each unit of `0 .. n` is in one range; in any order and
    possibly at the same time. Whoever splits a kernel promises that
    its units write disjoint memory, use nothing that another unit writes (a
    vector may read it into lanes that are dropped), and keep no state between
    calls (such as a tile configuration).

    `convert-qnn-to-microkernel` creates it, one per kernel call;
    `convert-microkernel-to-llvm` lowers it to a call, or to a call of the
    `parallel_for` hook that `context` may hold.

    - launch_c1: `kernel` is a function of the module whose parameters are
      `arguments` and, with `units`, two indices.
    - launch_c2: `layer` is a `microkernel.layer` of the module.

    Example: a kernel whose work falls into four parts.
    ```mlir
    microkernel.launch @copy(%in, %out) units(4) layer(@layer_0) context(%context)
        : memref<4096xf32>, memref<4096xf32>
    ```
  }];
  let arguments = (ins
      FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$arguments,
      OptionalAttr<ConfinedAttr<I64Attr, [IntMinValue<2>]>>:$units,
      OptionalAttr<FlatSymbolRefAttr>:$layer,
      Microkernel_Context:$run_context);
  let assemblyFormat = [{
    $kernel `(` $arguments `)` (`units` `(` $units^ `)`)?
    (`layer` `(` $layer^ `)`)?
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
    one fused multiply-add, in the order of the steps; i16, the bits of bf16:
    `t` is 1, then 0, and the same.

    `steps`, at `steps_offset`, says in which order and how a level whose
    instruction saturates (`vpmaddubsw`) takes the steps: two counts P and S,
    then every step once. Of the first 2 P, neighbours i and i + 1 may be summed
    in 16 bits; the next S fit 16 bits alone; the rest must be widened first.
    Where the reduction has several loops, `step_offsets` has the offset in `a`
    of every step. Without `steps` nothing is proved. `symmetric` says that no
    weight is -128, so that two signed products fit 16 bits. With `narrow`
    weights have four bits: byte i of `b` holds 8 + weight 2 i in its low and 8 +
    weight 2 i + 1 in its high ones, and offsets in `b` count those bytes.

    Epilogue, in registers:
    - f32: `c = clamp(acc + residual)`, bounds `low` and `high` where present; of
      i8 operands `c = clamp(f32(acc) * scale[column + n] + residual)`;
    - i8: `u = f32(acc) * scale[column + n] (+ f32(residual - residual_zero) *
      residual_factor)`; `c = roundeven(clamp(u, low, high)) + zero_point`;
      without bounds, `|u| < 2^30` and `c` saturates to the range of a stored
      byte; where `scale` is i32 (multipliers, then as many shifts), `c` is `acc`
      times that factor in fixed point, clamped, without a residual;
    - i32 `c`: the accumulator itself.

    `convert-qnn-to-microkernel` creates it inside the loops of a schedule,
    `convert-microkernel-to-vector` lowers it for the level of the module.

    - brgemm_c1: `rows`, `a_row_strides` and `c_row_strides` have two entries,
      `reduction` and `reduction_strides` equally many, at least one.
    - brgemm_c2: element types are (f32, f32, f32), (i16, i16, f32) or (i8, i8, i8,
      i32 or f32); `narrow` weights are i8.
    - brgemm_c3: an i8 result has `scale` and `zero_point`, and `low` if and only
      if it has `high`; an f32 result of i8 operands has `scale`.
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
      I64Attr:$b_block_stride, UnitAttr:$symmetric, UnitAttr:$narrow);
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

def Microkernel_TileConfigureOp : Op<Microkernel_Dialect, "tile_configure",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Give tile registers their shapes";
  let description = [{
    Loads the 64 bytes of a tile configuration (palette 1; the layout that
    `LDTILECFG` takes). The thread's tiles have these shapes until
    `microkernel.tile_release`. Tiles 0 to 3 are sums, 4 and 5 activations, 6
    and 7 weights.

    - tile_configure_c1: `config` has 64 elements of i8.

    Example: `microkernel.tile_configure %config : memref<64xi8>`
  }];
  let arguments = (ins Microkernel_Buffer:$config);
  let assemblyFormat = "$config attr-dict `:` type($config)";
  let hasVerifier = 1;
}

def Microkernel_TileReleaseOp : Op<Microkernel_Dialect, "tile_release",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Give the tile registers back";
  let description = [{
    Returns tiles to their initial state: an idle thread then saves less.

    Example: `microkernel.tile_release`
  }];
  let assemblyFormat = "attr-dict";
}

def Microkernel_TileBrgemmOp : Op<Microkernel_Dialect, "tile_brgemm",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Batch-reduce matrix product in tile registers";
  let description = [{
    For each entry `g` of `a_offsets` (one or two groups of `rows` rows), row `r`
    of the group, and column `n` below `columns` (at most two blocks of 16):

    ```
    c[c_offset + (g*rows + r)*16*blocks + n] = bias[column + n]
        + sum_(k0, k1, ...) sum_t a[a_offsets[g] + r*a_row_stride
            + sum k_d*reduction_strides[d] + t] * b(tile, n, t)
    ```
    `t` runs over `4*depth` neighbouring elements, `tile` counts the iterations of
    the reduction loops in order; `b` is packed as for `microkernel.brgemm`, each
    tile being `depth` steps. `a` is unsigned, `b` signed, sums are exact in
    i32. Rows of tiles have 64 bytes: `a` is read up to 60 bytes behind the last
    used element, `b` and `bias` up to 60 bytes behind the last column. Needs
    tiles of `rows` x 64 bytes (sums), `rows` x `4*depth` (activations) and
    `depth` x 64 (weights), see `microkernel.tile_configure`.

    - tile_brgemm_c1: one or two groups; `rows` and `depth` from 1 to 16.
    - tile_brgemm_c2: `columns` from 1 to 32.
    - tile_brgemm_c3: `reduction` and `reduction_strides` equally many, at least one.
    - tile_brgemm_c4: `a` and `b` are i8, `bias` and `c` i32.

    Example: 32 pixels, 32 output channels, 64 input channels.
    ```mlir
    microkernel.tile_brgemm a(%a[%i, %j]) b(%b[%z]) bias(%bias) column(%z)
        c(%c[%z])
        {rows = 16 : i64, depth = 16 : i64, columns = 32 : i64,
         a_row_stride = 64 : i64, reduction = array<i64: 1>,
         reduction_strides = array<i64: 64>, b_block_stride = 1024 : i64}
        : memref<2048xi8>, memref<2048xi8>, memref<32xi32>, memref<1024xi32>
    ```
  }];
  let arguments = (ins
      Microkernel_Buffer:$a, Variadic<Index>:$a_offsets,
      Microkernel_Buffer:$b, Index:$b_offset, Microkernel_Buffer:$bias,
      Index:$column, Microkernel_Buffer:$c, Index:$c_offset,
      I64Attr:$rows, I64Attr:$depth, I64Attr:$columns, I64Attr:$a_row_stride,
      DenseI64ArrayAttr:$reduction, DenseI64ArrayAttr:$reduction_strides,
      I64Attr:$b_block_stride);
  let assemblyFormat = [{
    `a` `(` $a `[` $a_offsets `]` `)` `b` `(` $b `[` $b_offset `]` `)`
    `bias` `(` $bias `)` `column` `(` $column `)`
    `c` `(` $c `[` $c_offset `]` `)` attr-dict
    `:` type($a) `,` type($b) `,` type($bias) `,` type($c)
  }];
  let extraClassDeclaration = [{
    /// Blocks of 16 columns.
    int64_t getBlocks() { return (int64_t(getColumns()) + 15) / 16; }
  }];
  let hasVerifier = 1;
}

def Microkernel_FinishRowsOp : Op<Microkernel_Dialect, "finish_rows",
    [AttrSizedOperandSegments, MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "The i8 epilogue on rows of accumulators in memory";
  let description = [{
    For row `r` below `count` and column `n` below `columns`, with `acc` in rows
    of `columns` rounded up to 16:

    ```
    u = f32(acc[acc_offset + r*16*ceil(columns/16) + n]) * scale[column + n]
        (+ f32(residual[residual_offset + r*residual_row_stride + n]
               - residual_zero) * residual_factor)
    c[c_offset + r*c_row_stride + n] = roundeven(clamp(u, low, high)) + zero_point
    ```
    as in `microkernel.brgemm`.

    - finish_rows_c1: `acc` is i32, `c` and `residual` i8, `scale` f32 or i32.
    - finish_rows_c2: a residual has a row stride, `residual_factor` and
      `residual_zero`; `low` is there if and only if `high` is.
    - finish_rows_c3: `columns` is positive.

    Example:
    ```mlir
    microkernel.finish_rows acc(%acc[%z]) count(%n) scale(%scale : memref<32xf32>)
        column(%z) c(%c[%o]) zero_point(%zp)
        {columns = 32 : i64, c_row_stride = 32 : i64}
        : memref<1024xi32>, memref<1024xi8>
    ```
  }];
  let arguments = (ins
      Microkernel_Buffer:$acc, Index:$acc_offset, Index:$count,
      Microkernel_Buffer:$scale, Index:$column,
      Microkernel_Buffer:$c, Index:$c_offset,
      Optional<Microkernel_Buffer>:$residual, Optional<Index>:$residual_offset,
      Optional<F32>:$low, Optional<F32>:$high, I32:$zero_point,
      Optional<F32>:$residual_factor, Optional<I32>:$residual_zero,
      I64Attr:$columns, I64Attr:$c_row_stride,
      OptionalAttr<I64Attr>:$residual_row_stride);
  let assemblyFormat = [{
    `acc` `(` $acc `[` $acc_offset `]` `)` `count` `(` $count `)`
    `scale` `(` $scale `:` type($scale) `)` `column` `(` $column `)`
    `c` `(` $c `[` $c_offset `]` `)`
    (`residual` `(` $residual^ `[` $residual_offset `]` `:` type($residual) `)`)?
    (`low` `(` $low^ `)`)? (`high` `(` $high^ `)`)?
    `zero_point` `(` $zero_point `)`
    (`residual_factor` `(` $residual_factor^ `)`)?
    (`residual_zero` `(` $residual_zero^ `)`)?
    attr-dict `:` type($acc) `,` type($c)
  }];
  let hasVerifier = 1;
}

#endif // QNN_DIALECT_MICROKERNEL_IR_MICROKERNELOPS_TD
