// RUN: quant-opt %s -microkernel-plan-memory -split-input-file -verify-diagnostics | FileCheck %s

func.func private @k(memref<100xi8>, memref<100xi8>)

// Three buffers of 100 bytes of which two live at a time need two slots of 128 bytes, and 64 bytes of slack.
// CHECK-LABEL: func.func @reuses_dead_memory(
// CHECK-SAME:    %[[ARENA:[a-z0-9]+]]: memref<320xi8>
// CHECK-SAME:    microkernel.arena_bytes = 320 : i64, microkernel.live_bytes = 200 : i64
// CHECK:         %[[O0:.+]] = arith.constant 0 : index
// CHECK-NEXT:    %[[A:.+]] = memref.view %[[ARENA]][%[[O0]]]
// CHECK:         %[[O1:.+]] = arith.constant 128 : index
// CHECK-NEXT:    %[[B:.+]] = memref.view %[[ARENA]][%[[O1]]]
// CHECK:         %[[O2:.+]] = arith.constant 0 : index
// CHECK-NEXT:    %[[C:.+]] = memref.view %[[ARENA]][%[[O2]]]
// CHECK:         call @k(%[[A]], %[[B]])
// CHECK:         call @k(%[[B]], %[[C]])
func.func @reuses_dead_memory(%in: memref<100xi8>) {
  %a = memref.alloc() : memref<100xi8>
  %b = memref.alloc() : memref<100xi8>
  %c = memref.alloc() : memref<100xi8>
  call @k(%in, %a) : (memref<100xi8>, memref<100xi8>) -> ()
  call @k(%a, %b) : (memref<100xi8>, memref<100xi8>) -> ()
  call @k(%b, %c) : (memref<100xi8>, memref<100xi8>) -> ()
  return
}

// -----

// Small constants stand one behind the other, weights start on a cache line.
// CHECK-DAG: memref.global "private" constant @v : memref<3xi32> = dense<2> {microkernel.offset = 0 : i64}
// CHECK-DAG: memref.global "private" constant @u : memref<5xi8> = dense<3> {microkernel.offset = 12 : i64}
// CHECK-DAG: memref.global "private" constant @w : memref<1024xi8> = dense<1> {microkernel.offset = 64 : i64}
// CHECK:     func.func @places_constants(%{{.*}}: memref<64xi8>, %{{.*}}: memref<1152xi8>)
memref.global "private" constant @v : memref<3xi32> = dense<2>
memref.global "private" constant @u : memref<5xi8> = dense<3>
memref.global "private" constant @w : memref<1024xi8> = dense<1>
func.func @places_constants() {
  %0 = memref.get_global @w : memref<1024xi8>
  return
}

// -----

// By decreasing size %b and %c lie at 0, %a behind %b, and %d finds no room below %a: 256 bytes. What ended highest goes first the next
// time, and the plan needs no more than what lives at one time.
// CHECK-LABEL: func.func @tries_other_orders(
// CHECK-SAME:    microkernel.arena_bytes = 256 : i64, microkernel.live_bytes = 192 : i64
func.func private @small(memref<64xi8>, memref<64xi8>)
func.func private @both(memref<64xi8>, memref<128xi8>)
func.func private @large(memref<128xi8>)
func.func @tries_other_orders() {
  %a = memref.alloc() : memref<64xi8>
  %b = memref.alloc() : memref<128xi8>
  %c = memref.alloc() : memref<128xi8>
  %d = memref.alloc() : memref<64xi8>
  call @both(%d, %c) : (memref<64xi8>, memref<128xi8>) -> ()
  call @large(%c) : (memref<128xi8>) -> ()
  call @small(%d, %a) : (memref<64xi8>, memref<64xi8>) -> ()
  call @both(%a, %b) : (memref<64xi8>, memref<128xi8>) -> ()
  call @large(%b) : (memref<128xi8>) -> ()
  return
}

// -----

// A buffer lives as long as views of it, and views of those: %a and %b need a place each.
// CHECK-LABEL: func.func @views_keep_a_buffer_alive(
// CHECK-SAME:    microkernel.arena_bytes = 192 : i64, microkernel.live_bytes = 128 : i64
func.func private @small(memref<64xi8>, memref<64xi8>)
func.func private @half(memref<32xi8>)
func.func @views_keep_a_buffer_alive(%in: memref<64xi8>) {
  %c0 = arith.constant 0 : index
  %a = memref.alloc() : memref<64xi8>
  %b = memref.alloc() : memref<64xi8>
  %view = memref.view %a[%c0][] : memref<64xi8> to memref<48xi8>
  %part = memref.view %view[%c0][] : memref<48xi8> to memref<32xi8>
  call @small(%in, %b) : (memref<64xi8>, memref<64xi8>) -> ()
  call @half(%part) : (memref<32xi8>) -> ()
  return
}

// -----

// A buffer that a loop body uses is not live at one position: refused.
func.func @refuses_nested_uses(%n: index) {
  // expected-error@below {{expected uses in the block of the allocation only}}
  %a = memref.alloc() : memref<4xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %a[%i] : memref<4xf32>
  }
  return
}

// -----

func.func @one_entry() { return }
// expected-error@below {{expected one public function, got a second one}}
func.func @refuses_two_entries() { return }
