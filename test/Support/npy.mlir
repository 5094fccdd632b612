// RUN: rm -rf %t && mkdir -p %t
// RUN: %python %S/Inputs/damage_arrays.py %s %t | FileCheck %s
// CHECK: row-major: y: 2x3xfloat32 = 0 1 2, 3 4 5
// CHECK: fortran: y: 2x3xfloat32 = 0 1 2, 3 4 5
// CHECK: big-endian: error: FILE: expected little-endian elements, got '>f4': convert with a.astype('float32')
// CHECK: complex: error: FILE: unsupported element type '<c8': expected bool, int, uint or float of at most 64 bits
// CHECK: objects: error: FILE: unsupported element type '|O'
// CHECK: structured: error: FILE: expected an array of numbers, got a structured array
// CHECK: version 2: y: 2x3xfloat32 = 0 1 2, 3 4 5
// CHECK: version 3: y: 2x3xfloat32 = 0 1 2, 3 4 5
// CHECK: version 9: error: FILE: expected .npy format version 1, 2 or 3, got 9
// CHECK: huge: error: FILE: absurd shape: 99999999999999x99999999999999xfloat32
// CHECK: negative: error: FILE: expected a shape of non-negative sizes
// CHECK: larger: error: FILE: expected 32 bytes of elements for 2x4xfloat32, got 24
// CHECK: no order: error: FILE: expected header keys descr, fortran_order and shape
// CHECK: control characters: error: FILE: unsupported element type '\\n\0A\07'
// CHECK: stored: y: 2x3xfloat32 = 0 1 2, 3 4 5
// CHECK: deflated: y: 2x3xfloat32 = 0 1 2, 3 4 5
func.func @main(%x: tensor<2x3xf32> {qnn.name = "x"}) -> (tensor<2x3xf32> {qnn.name = "y"}) {
  %y = qnn.relu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
