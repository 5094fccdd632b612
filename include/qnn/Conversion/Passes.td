//===- Passes.td - Conversions between stages ---------------*- tablegen -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QNN_CONVERSION_PASSES_TD
#define QNN_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertTosaToQNNPass
    : Pass<"convert-tosa-to-qnn", "::mlir::ModuleOp"> {
  let summary = "Take networks from the tosa dialect";
  let description = [{
    Every function of `tosa` ops becomes one of `qnn` ops: a float graph, or,
    where it computes with integers, float ops between `quant.dcast` and
    `quant.qcast` (the QDQ stage), which `qnn-fold-qdq` turns into integer ops.
    tosa has NHWC images and OHWI weights as qnn; depthwise weights are
    transposed. Inputs and outputs of 8 bits stay integers, as `!quant.uniform`
    tensors. Names come from `qnn.name`, `tf_saved_model.index_path` or
    `ml_program.identifier` of arguments and results; ops without a NameLoc are
    called by kind and number (`conv2d_0`).

    Law: integers of tosa stand for `(q - z) * s`. A `rescale` by `multiplier *
    2^-shift` keeps that real number and divides the scale; i32 sums are exact in
    both forms. So arithmetic between rescales is arithmetic on reals, which
    qnn rounds once, at the next 8-bit tensor. Scales follow from
    `!quant.uniform` types where a tensor has one; else from the ratios that
    rescales state, with 1 where nothing is known. Per channel, weights take
    the multipliers: `s_w[c] = s_y * m[c] / s_x`. Results differ from tosa's
    fixed-point rounding by at most 1 unit of a rescale.

    Refuses: with one error that names all of them, ops without a qnn form
    (control flow, `custom`, transforms, ...), shapes and paddings that are not
    constant, weights with a zero point, scales and zero points that contradict
    each other. Functions without tosa ops are left alone.

    Before:
    ```mlir
    func.func @main(%x: tensor<1x4xi8>) -> tensor<1x2xi8> {
      %w = "tosa.const"() {value = dense<[[1, -2, 3, 4], [5, 6, -7, 8]]> : tensor<2x4xi8>} : () -> tensor<2x4xi8>
      %b = "tosa.const"() {value = dense<[100, -200]> : tensor<2xi32>} : () -> tensor<2xi32>
      %0 = tosa.fully_connected %x, %w, %b {quantization_info = #tosa.conv_quant<input_zp = -3, weight_zp = 0>} : (tensor<1x4xi8>, tensor<2x4xi8>, tensor<2xi32>) -> tensor<1x2xi32>
      %1 = tosa.rescale %0 {double_round = true, input_zp = 0 : i32, multiplier = array<i32: 1073741824, 1610612736>, output_zp = 5 : i32, per_channel = true, scale32 = true, shift = array<i8: 38, 38>} : (tensor<1x2xi32>) -> tensor<1x2xi8>
      return %1 : tensor<1x2xi8>
    }
    ```
    After:
    ```mlir
    !per_axis = !quant.uniform<i8:f32:0, {3.906250e-03,0.005859375}>
    !per_axis1 = !quant.uniform<i32:f32:0, {3.906250e-03,0.005859375}>
    func.func @main(%arg0: tensor<1x4x!quant.uniform<i8:f32, 1.000000e+00:-3>>) -> tensor<1x2x!quant.uniform<i8:f32, 1.000000e+00:5>> {
      %0 = "quant.dcast"(%arg0) : (tensor<1x4x!quant.uniform<i8:f32, 1.000000e+00:-3>>) -> tensor<1x4xf32>
      %1 = qnn.constant dense<[[1, -2, 3, 4], [5, 6, -7, 8]]> : tensor<2x4xi8> as tensor<2x4x!per_axis>
      %2 = "quant.dcast"(%1) : (tensor<2x4x!per_axis>) -> tensor<2x4xf32>
      %3 = qnn.constant dense<[100, -200]> : tensor<2xi32> as tensor<2x!per_axis1>
      %4 = "quant.dcast"(%3) : (tensor<2x!per_axis1>) -> tensor<2xf32>
      %5 = qnn.fully_connected %0, %2 bias(%4) : (tensor<1x4xf32>, tensor<2x4xf32>, tensor<2xf32>) -> tensor<1x2xf32>
      %6 = "quant.qcast"(%5) : (tensor<1x2xf32>) -> tensor<1x2x!quant.uniform<i8:f32, 1.000000e+00:5>>
      return %6 : tensor<1x2x!quant.uniform<i8:f32, 1.000000e+00:5>>
    }
    ```

    Example: test/Conversion/TosaToQNN/convert-tosa-to-qnn.mlir
  }];
  let dependentDialects = ["::mlir::func::FuncDialect",
                           "::mlir::quant::QuantizationDialect",
                           "::mlir::qnn::QNNDialect"];
}

def ConvertQNNToMicrokernelPass
    : Pass<"convert-qnn-to-microkernel", "::mlir::ModuleOp"> {
  let summary = "Lower a network to kernel calls on buffers";
  let description = [{
    The only function of the module, on float or quantized tensors, becomes
    `@run_<level>` on flat buffers: inputs, then outputs, then the context of the
    run, and a body of `memref.alloc` (intermediate tensors),
    `memref.get_global` (packed weights, biases, factors, tables) and
    `microkernel.launch` of private kernels, with units of at least 5 us where a
    kernel has enough work to share (the function's attribute
    `microkernel.unit_nanoseconds`, an f64, overrides the 5,000). Each op that
    launches kernels is described by a `microkernel.layer`. A kernel holds the
    loops of one op for one shape: `scf` and `vector` code, with
    `microkernel.brgemm` where products are summed. Equal shapes share a kernel;
    what differs between layers (bounds, zero points) is an argument.

    Tensors are row-major; an NHWC image that a convolution with padding reads
    lies inside a border holding its zero, so that no kernel tests for edges. The
    operands of a concat are computed into their parts of its result, if they
    have its type and whatever reads them reads strided views as well (not
    reshapes, fully connected layers and matrix products, nor convolutions that
    need a border which the result has not); others are copied or requantized. A
    concat that begins with the operands of an earlier one begins with its
    result. A slice with positive steps is a view under the same condition.

    Law: 8-bit values are stored as `q + 128` on levels that multiply unsigned by
    signed bytes; with `acc = sum (q - z) w + b = sum (q + 128) w + (b - (z +
    128) sum w)` the correction is part of the packed bias, exact modulo 2^32 and
    therefore exact, since the true accumulator is proved to fit 32 bits from
    `sum |w| * max |q - z| + |b|` (Jacob et al. 2017, section 2.3, for the
    factored zero points).

    Refuses: with an error at the op, weights that are not constants; accumulators that may leave 32
    bits; element types other than f32 and 8-bit (and i32 accumulators); ops of
    other stages.

    Before:
    ```mlir
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
      %0 = qnn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    ```
    After:
    ```mlir
    microkernel.layer @layer_0 {input_bytes = 16 : i64, is_float, kind = "relu", macs = 0 : i64, node = "qnn.relu", output_bytes = 16 : i64, predicted_nanoseconds = 51 : i64, weight_bytes = 0 : i64}
    func.func @run_x86_64(%arg0: memref<4xf32>, %arg1: memref<4xf32>, %arg2: !llvm.ptr) {
      microkernel.launch @unary_1_x86_64(%arg0, %arg1) layer(@layer_0) context(%arg2) : memref<4xf32>, memref<4xf32>
      return
    }
    func.func private @unary_1_x86_64(%arg0: memref<4xf32>, %arg1: memref<4xf32>) {
      %c0 = arith.constant 0 : index
      %c0_0 = arith.constant 0 : index
      %c0_1 = arith.constant 0 : index
      %0 = vector.load %arg0[%c0] : memref<4xf32>, vector<4xf32>
      %cst = arith.constant dense<0.000000e+00> : vector<4xf32>
      %1 = arith.cmpf olt, %cst, %0 : vector<4xf32>
      %2 = arith.select %1, %0, %cst : vector<4xi1>, vector<4xf32>
      vector.store %2, %arg1[%c0_0] : memref<4xf32>, vector<4xf32>
      return
    }
    ```

    Example: test/Conversion/QNNToMicrokernel/convert-qnn-to-microkernel.mlir
  }];
  let options = [Option<"level", "level", "std::string", "\"x86-64\"",
      "instruction-set level, one of the names --march takes">];
  let dependentDialects = [
    "::mlir::func::FuncDialect", "::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect",
    "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::qnn::microkernel::MicrokernelDialect"];
}

def ConvertMicrokernelToVectorPass
    : Pass<"convert-microkernel-to-vector", "::mlir::ModuleOp"> {
  let summary = "Lower register blocks to vectors and target instructions";
  let description = [{
    Each `microkernel.brgemm` becomes loops over its reduction that carry the
    accumulators as vectors, and its epilogue. The sum of four 8-bit products is
    `vpdpbusd` (avxvnni, avx512vnni), `sdot` (dotprod; i8mm for a single row, else
    `smmla` on two rows, two columns and two steps), or, where no instruction
    sums four exactly, `pmaddwd` on even and odd elements as 16-bit lanes (x86-64),
    or `smull` (+ `smlal` of a second step) + `sadalp` and one final addition of
    neighbours (armv8-a). The
    level x86-64-v3 takes the steps that `steps` lists as proved by `vpmaddubsw`,
    one by one or two by two, and `vpmaddwd` with ones; the others like x86-64.

    Law: all are exact: `vpdpbusd`, `sdot` and `smmla` do not saturate; a product of
    16-bit lanes and its neighbour are summed in 32 bits; `vpmaddubsw`, which
    saturates, gets only weights `p`, `q` with `(max(p, 0) + max(q, 0)) * m <=
    32767` and `(min(p, 0) + min(q, 0)) * m >= -32768` for the largest activation
    `m` (of two steps together where they are summed in 16 bits). Integer
    addition is associative, so every form gives the same accumulator.

    Refuses: nothing; every level lowers every valid op.

    Before (`-convert-microkernel-to-vector=level=avx512vnni`): two steps for one pixel and 16 channels
    ```mlir
    func.func @k(%a: memref<8xi8>, %b: memref<128xi8>, %c: memref<16xi32>) {
      %z = arith.constant 0 : index
      microkernel.brgemm a(%a[%z]) b(%b[%z]) column(%z) c(%c[%z])
          {rows = array<i64: 1, 1>, columns = 16 : i64,
           a_row_strides = array<i64: 0, 0>, c_row_strides = array<i64: 0, 0>,
           reduction = array<i64: 2>, reduction_strides = array<i64: 4>,
           b_block_stride = 128 : i64}
          : memref<8xi8>, memref<128xi8>, memref<16xi32>
      return
    }
    ```
    After:
    ```mlir
    func.func @k(%arg0: memref<8xi8>, %arg1: memref<128xi8>, %arg2: memref<16xi32>) {
      %c0 = arith.constant 0 : index
      %cst = arith.constant dense<0> : vector<16xi32>
      %c0_0 = arith.constant 0 : index
      %c2 = arith.constant 2 : index
      %c0_1 = arith.constant 0 : index
      %c0_2 = arith.constant 0 : index
      %c2_3 = arith.constant 2 : index
      %c1 = arith.constant 1 : index
      %0 = scf.for %arg3 = %c0_2 to %c2_3 step %c1 iter_args(%arg4 = %cst) -> (vector<16xi32>) {
        %c4 = arith.constant 4 : index
        %1 = arith.muli %arg3, %c4 : index
        %2 = arith.addi %1, %c0 : index
        %3 = arith.addi %arg3, %c0_1 : index
        %c64 = arith.constant 64 : index
        %4 = arith.muli %3, %c64 : index
        %5 = arith.addi %4, %c0 : index
        %6 = vector.load %arg1[%5] : memref<128xi8>, vector<64xi8>
        %7 = vector.bitcast %6 : vector<64xi8> to vector<16xi32>
        %8 = vector.load %arg0[%2] : memref<8xi8>, vector<4xi8>
        %9 = vector.bitcast %8 : vector<4xi8> to vector<1xi32>
        %10 = vector.extract %9[0] : i32 from vector<1xi32>
        %11 = vector.broadcast %10 : i32 to vector<16xi32>
        %12 = llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%arg4, %11, %7) : (vector<16xi32>, vector<16xi32>, vector<16xi32>) -> vector<16xi32>
        scf.yield %12 : vector<16xi32>
      }
      vector.store %0, %arg2[%c0] : memref<16xi32>, vector<16xi32>
      return
    }
    ```

    Example: test/Conversion/MicrokernelToVector/convert-microkernel-to-vector.mlir
  }];
  let options = [Option<"level", "level", "std::string", "\"x86-64\"",
      "instruction-set level, one of the names --march takes">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect"];
}

def ConvertMicrokernelToLLVMPass
    : Pass<"convert-microkernel-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Lower launches of kernels to calls and the caller's hooks";
  let description = [{
    Runs after `convert-func-to-llvm` (with bare pointers). A `microkernel.launch`
    without units becomes a call of its kernel. One with units stores its
    arguments on the stack and calls `@launch_units`, which hands the unit
    function of the kernel to the `parallel_for` hook of the context (see
    ObjectABI.h), or, where the hook is null, calls it once with the index -1, which
    stands for all units. The unit function loads the arguments and calls
    the kernel for that range of units.

    The layers of the module become the constant `@layers`, an array of
    `LayerInfo` with the strings it points to, and each run of launches of one
    layer is bracketed by calls of `@profile_layer`, which calls the `profile` hook
    where the context has one.

    Law: units are independent (`microkernel.launch`), so every order of the
    hook computes the same bytes; `parallel_for` returns after all of
    its calls, so the arguments outlive them and one set of slots per function
    suffices. The module keeps no state: a run is re-entrant when hook and
    arena are.

    Refuses: with an error, launches outside of functions of the LLVM dialect.

    Before:
    ```mlir
    llvm.func @scale_1(%x: !llvm.ptr, %factor: f32, %first: i64, %end: i64) {
      llvm.return
    }
    llvm.func @run(%x: !llvm.ptr, %factor: f32, %context: !llvm.ptr) {
      microkernel.launch @scale_1(%x, %factor) units(8) context(%context) : !llvm.ptr, f32
      llvm.return
    }
    ```
    After:
    ```mlir
    llvm.func @scale_1(%arg0: !llvm.ptr, %arg1: f32, %arg2: i64, %arg3: i64) {
      llvm.return
    }
    llvm.func @run(%arg0: !llvm.ptr, %arg1: f32, %arg2: !llvm.ptr) {
      %0 = llvm.mlir.constant(1 : i64) : i64
      %1 = llvm.alloca %0 x !llvm.array<2 x i64> : (i64) -> !llvm.ptr
      %2 = llvm.getelementptr %1[0] : (!llvm.ptr) -> !llvm.ptr, i8
      llvm.store %arg0, %2 : !llvm.ptr, !llvm.ptr
      %3 = llvm.getelementptr %1[8] : (!llvm.ptr) -> !llvm.ptr, i8
      llvm.store %arg1, %3 : f32, !llvm.ptr
      %4 = llvm.mlir.addressof @scale_1_unit : !llvm.ptr
      %5 = llvm.mlir.constant(8 : i64) : i64
      llvm.call @launch_units(%arg2, %5, %4, %1) : (!llvm.ptr, i64, !llvm.ptr, !llvm.ptr) -> ()
      llvm.return
    }
    llvm.func internal @scale_1_unit(%arg0: !llvm.ptr, %arg1: i64) {
      %0 = llvm.getelementptr %arg0[0] : (!llvm.ptr) -> !llvm.ptr, i8
      %1 = llvm.load %0 : !llvm.ptr -> !llvm.ptr
      %2 = llvm.getelementptr %arg0[8] : (!llvm.ptr) -> !llvm.ptr, i8
      %3 = llvm.load %2 : !llvm.ptr -> f32
      %4 = llvm.mlir.constant(0 : i64) : i64
      %5 = llvm.icmp "slt" %arg1, %4 : i64
      %6 = llvm.mlir.constant(1 : i64) : i64
      %7 = llvm.add %arg1, %6 : i64
      %8 = llvm.select %5, %4, %arg1 : i1, i64
      %9 = llvm.mlir.constant(8 : i64) : i64
      %10 = llvm.select %5, %9, %7 : i1, i64
      llvm.call @scale_1(%1, %3, %8, %10) : (!llvm.ptr, f32, i64, i64) -> ()
      llvm.return
    }
    llvm.func internal @launch_units(%arg0: !llvm.ptr, %arg1: i64, %arg2: !llvm.ptr, %arg3: !llvm.ptr) {
      %0 = llvm.getelementptr %arg0[8] : (!llvm.ptr) -> !llvm.ptr, i8
      %1 = llvm.load %0 : !llvm.ptr -> !llvm.ptr
      %2 = llvm.mlir.zero : !llvm.ptr
      %3 = llvm.icmp "eq" %1, %2 : !llvm.ptr
      llvm.cond_br %3, ^bb2, ^bb1
    ^bb1:  // pred: ^bb0
      %4 = llvm.getelementptr %arg0[16] : (!llvm.ptr) -> !llvm.ptr, i8
      %5 = llvm.load %4 : !llvm.ptr -> !llvm.ptr
      llvm.call %1(%5, %arg1, %arg2, %arg3) : !llvm.ptr, (!llvm.ptr, i64, !llvm.ptr, !llvm.ptr) -> ()
      llvm.return
    ^bb2:  // pred: ^bb0
      %6 = llvm.mlir.constant(-1 : i64) : i64
      llvm.call %arg2(%arg3, %6) : !llvm.ptr, (!llvm.ptr, i64) -> ()
      llvm.return
    }
    ```

    Example: test/Conversion/MicrokernelToLLVM/convert-microkernel-to-llvm.mlir
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // QNN_CONVERSION_PASSES_TD
