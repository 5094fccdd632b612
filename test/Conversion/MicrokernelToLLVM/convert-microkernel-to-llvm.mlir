// RUN: quant-opt %s -convert-microkernel-to-llvm -split-input-file -verify-diagnostics | FileCheck %s
// RUN: quant-opt %s -convert-microkernel-to-llvm -convert-microkernel-to-llvm -split-input-file -verify-diagnostics > %t.twice
// RUN: quant-opt %s -convert-microkernel-to-llvm -split-input-file -verify-diagnostics | diff - %t.twice

llvm.func @whole(%x: !llvm.ptr)
llvm.func @two(%x: !llvm.ptr, %n: i64)
llvm.func @three(%x: !llvm.ptr, %f: f32, %z: i32, %n: i64)

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
// A unit loads what was stored; without a hook the units run one after the other.
// CHECK:       llvm.func internal @two_unit(%[[AT:.+]]: !llvm.ptr, %[[I:.+]]: i64)
// CHECK:         %[[LOADED:.+]] = llvm.load
// CHECK:         llvm.call @two(%[[LOADED]], %[[I]])
// CHECK:       llvm.func internal @launch_units(
// CHECK:         llvm.cond_br %{{.+}}, ^[[ALONE:.+]], ^[[HOOK:.+]]
// CHECK:       ^[[HOOK]]:
// CHECK:         llvm.call %{{.+}}(
// CHECK-NEXT:    llvm.return
// CHECK:       ^[[ALONE]]:
// CHECK:         llvm.cond_br

// -----

func.func private @k()
func.func @refuses_other_functions(%context: !llvm.ptr) {
  // expected-error@below {{expected to be in a function of the LLVM dialect: run convert-func-to-llvm first}}
  microkernel.launch @k() context(%context)
  return
}
