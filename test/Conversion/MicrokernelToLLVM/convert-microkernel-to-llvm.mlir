// RUN: quant-opt %s -convert-microkernel-to-llvm -split-input-file -verify-diagnostics | FileCheck %s
// RUN: quant-opt %s -convert-microkernel-to-llvm -convert-microkernel-to-llvm -split-input-file -verify-diagnostics > %t.twice
// RUN: quant-opt %s -convert-microkernel-to-llvm -split-input-file -verify-diagnostics | diff - %t.twice

llvm.func @whole(%x: !llvm.ptr)
llvm.func @two(%x: !llvm.ptr, %n: i64, %m: i64)
llvm.func @three(%x: !llvm.ptr, %f: f32, %z: i32, %n: i64, %m: i64)

// Launches in units share slots, as many as the one with most arguments needs; a launch without units is a call.
// CHECK-LABEL: llvm.func @lowers_launches(
// CHECK-SAME:    %[[X:.+]]: !llvm.ptr, %[[F:.+]]: f32, %[[Z:.+]]: i32, %[[CONTEXT:.+]]: !llvm.ptr)
// CHECK:         %[[SLOTS:.+]] = llvm.alloca %{{.+}} x !llvm.array<3 x i64>
// CHECK:         llvm.call @whole(%[[X]])
// CHECK:         %[[BODY:.+]] = llvm.mlir.addressof @two_unit
// CHECK:         %[[COUNT:.+]] = llvm.mlir.constant(2 : i64)
// CHECK:         llvm.call @launch_units(%[[CONTEXT]], %[[COUNT]], %[[BODY]], %[[SLOTS]])
// CHECK:         %[[SLOT:.+]] = llvm.getelementptr %[[SLOTS]][8]
// CHECK:         llvm.store %[[F]], %[[SLOT]] : f32
// CHECK:         llvm.call @launch_units(%[[CONTEXT]], %{{.+}}, %{{.+}}, %[[SLOTS]])
llvm.func @lowers_launches(%x: !llvm.ptr, %f: f32, %z: i32, %context: !llvm.ptr) {
  microkernel.launch @whole(%x) context(%context) : !llvm.ptr
  microkernel.launch @two(%x) units(2) context(%context) : !llvm.ptr
  microkernel.launch @three(%x, %f, %z) units(3) context(%context) : !llvm.ptr, f32, i32
  llvm.return
}
// A unit loads what was stored; without a hook one call computes all units.
// CHECK:       llvm.func internal @two_unit(%[[AT:.+]]: !llvm.ptr, %[[I:.+]]: i64)
// CHECK:         %[[LOADED:.+]] = llvm.load
// CHECK:         %[[ALL:.+]] = llvm.icmp "slt" %[[I]]
// CHECK:         %[[FIRST:.+]] = llvm.select %[[ALL]], %{{.+}}, %[[I]]
// CHECK:         %[[TWO:.+]] = llvm.mlir.constant(2 : i64)
// CHECK:         %[[END:.+]] = llvm.select %[[ALL]], %[[TWO]]
// CHECK:         llvm.call @two(%[[LOADED]], %[[FIRST]], %[[END]])
// CHECK:       llvm.func internal @launch_units(
// CHECK:         llvm.cond_br %{{.+}}, ^[[ALONE:.+]], ^[[HOOK:.+]]
// CHECK:       ^[[HOOK]]:
// CHECK:         llvm.call %{{.+}}(
// CHECK-NEXT:    llvm.return
// CHECK:       ^[[ALONE]]:
// CHECK:         llvm.mlir.constant(-1 : i64)
// CHECK-NEXT:    llvm.call %{{.+}}(
// CHECK-NEXT:    llvm.return

// -----

// The launches of a layer lie between two calls, those without a layer outside; its entry says 3 units at most.
// CHECK-DAG:   llvm.mlir.global internal unnamed_addr constant @layer_0_name("conv#2\00")
// CHECK-DAG:   llvm.mlir.global internal unnamed_addr constant @layer_1_name("pool\00")
// CHECK-DAG:   llvm.mlir.global internal unnamed_addr constant @kind_conv2d("conv2d\00")
// CHECK:       llvm.mlir.global internal constant @layers()
// CHECK-SAME:    !llvm.array<2 x struct<(ptr, ptr, i32, i32, i64, i64, i64, i64, i64)>>
// CHECK:         llvm.mlir.addressof @layer_0_name
// CHECK-NEXT:    llvm.mlir.addressof @kind_conv2d
// CHECK-NEXT:    llvm.mlir.constant(1 : i32)
// CHECK-NEXT:    llvm.mlir.constant(3 : i32)
// CHECK-NEXT:    llvm.mlir.constant(4 : i64)
// CHECK-NEXT:    llvm.mlir.constant(5 : i64)
// CHECK-NEXT:    llvm.mlir.constant(6 : i64)
// CHECK-NEXT:    llvm.mlir.constant(7 : i64)
// CHECK-NEXT:    llvm.mlir.constant(8 : i64)
// CHECK-LABEL: llvm.func @brackets_layers(
// CHECK:         llvm.call @one()
// CHECK-NEXT:    %[[NAME:.+]] = llvm.mlir.addressof @layer_0_name
// CHECK-NEXT:    %[[BEGINS:.+]] = llvm.mlir.constant(1 : i32)
// CHECK-NEXT:    llvm.call @profile_layer(%arg0, %[[NAME]], %[[BEGINS]])
// CHECK-NEXT:    llvm.call @one()
// CHECK:         llvm.call @launch_units
// CHECK-NEXT:    llvm.mlir.addressof @layer_0_name
// CHECK-NEXT:    %[[ENDS:.+]] = llvm.mlir.constant(0 : i32)
// CHECK-NEXT:    llvm.call @profile_layer(%arg0, %{{.+}}, %[[ENDS]])
// CHECK-NEXT:    llvm.mlir.addressof @layer_1_name
// CHECK:         llvm.call @one()
// CHECK-NEXT:    llvm.mlir.addressof @layer_1_name
// CHECK:         llvm.return
microkernel.layer @layer_0 {node = "conv#2", kind = "conv2d", macs = 4 : i64, weight_bytes = 5 : i64, input_bytes = 6 : i64, output_bytes = 7 : i64, predicted_nanoseconds = 8 : i64}
microkernel.layer @layer_1 {node = "pool", kind = "conv2d", is_float, macs = 0 : i64, weight_bytes = 0 : i64, input_bytes = 1 : i64, output_bytes = 1 : i64}
llvm.func @one()
llvm.func @many(%n: i64, %m: i64)
llvm.func @brackets_layers(%context: !llvm.ptr) {
  microkernel.launch @one() context(%context)
  microkernel.launch @one() layer(@layer_0) context(%context)
  microkernel.launch @many() units(3) layer(@layer_0) context(%context)
  microkernel.launch @one() layer(@layer_1) context(%context)
  llvm.return
}

// -----

func.func private @k()
func.func @refuses_other_functions(%context: !llvm.ptr) {
  // expected-error@below {{expected to be in a function of the LLVM dialect: run convert-func-to-llvm first}}
  microkernel.launch @k() context(%context)
  return
}
