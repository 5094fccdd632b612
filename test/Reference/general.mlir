// Functions, comparisons, reductions and indices on floats, integers and bools.
// RUN: quant-run %s --print | FileCheck %s

// CHECK: div: 6xint32 = 3 -3 -3 3 0 -2147483648{{$}}
// CHECK: rem: 6xint32 = 1 -1 1 -1 0 0{{$}}
// CHECK: mod: 6xint32 = 1 1 -1 -1 0 0{{$}}
// CHECK: less: 6xbool = false true false true false true{{$}}
func.func @integers() -> (tensor<6xi32> {qnn.name = "div"}, tensor<6xi32> {qnn.name = "rem"}, tensor<6xi32> {qnn.name = "mod"}, tensor<6xi1> {qnn.name = "less"}) {
  %a = qnn.constant dense<[7, -7, 7, -7, 5, -2147483648]> : tensor<6xi32>
  %b = qnn.constant dense<[2, 2, -2, -2, 0, -1]> : tensor<6xi32>
  %0 = qnn.binary div %a, %b : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  %1 = qnn.binary rem %a, %b : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  %2 = qnn.binary mod %a, %b : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi32>
  %3 = qnn.compare less %a, %b : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi1>
  return %0, %1, %2, %3 : tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi1>
}

// Towards zero, to the nearest end of the type, NaN to 0.
// CHECK: i32: 5xint32 = -1 2147483647 -2147483648 0 2{{$}}
// CHECK: i64: 5xint64 = -1 9223372036854775807 -9223372036854775808 0 2{{$}}
// CHECK: i1: 5xbool = true true true true true{{$}}
// CHECK: back: 5xfloat32 = -1 9.223372e+18 -9.223372e+18 0 2{{$}}
func.func @casts() -> (tensor<5xi32> {qnn.name = "i32"}, tensor<5xi64> {qnn.name = "i64"}, tensor<5xi1> {qnn.name = "i1"}, tensor<5xf32> {qnn.name = "back"}) {
  %x = qnn.constant dense<[-1.9, 1.0e+30, -1.0e+30, 0x7FC00000, 2.5]> : tensor<5xf32>
  %0 = qnn.cast %x : (tensor<5xf32>) -> tensor<5xi32>
  %1 = qnn.cast %x : (tensor<5xf32>) -> tensor<5xi64>
  %2 = qnn.cast %x : (tensor<5xf32>) -> tensor<5xi1>
  %3 = qnn.cast %1 : (tensor<5xi64>) -> tensor<5xf32>
  return %0, %1, %2, %3 : tensor<5xi32>, tensor<5xi64>, tensor<5xi1>, tensor<5xf32>
}

// Equal elements: the first index first, or the last. NaN is the worst.
// CHECK: first: 3xint64 = 1 3 0{{$}}
// CHECK: last: 3xint64 = 3 1 0{{$}}
// CHECK: smallest: 3xint64 = 2 0 1{{$}}
func.func @top_k() -> (tensor<3xi64> {qnn.name = "first"}, tensor<3xi64> {qnn.name = "last"}, tensor<3xi64> {qnn.name = "smallest"}) {
  %x = qnn.constant dense<[2.0, 5.0, -1.0, 5.0, 0x7FC00000]> : tensor<5xf32>
  %0 = qnn.top_k %x {axis = 0 : i64, k = 3 : i64} : (tensor<5xf32>) -> tensor<3xi64>
  %1 = qnn.top_k %x {axis = 0 : i64, k = 3 : i64, last = true} : (tensor<5xf32>) -> tensor<3xi64>
  %2 = qnn.top_k %x {axis = 0 : i64, k = 3 : i64, largest = false} : (tensor<5xf32>) -> tensor<3xi64>
  return %0, %1, %2 : tensor<3xi64>, tensor<3xi64>, tensor<3xi64>
}

// Indices below 0 count from the end; no index leaves the data.
// CHECK: gather: 4xfloat32 = 3 1 3 1{{$}}
// CHECK: take: 4xfloat32 = 2 1 2 3{{$}}
// CHECK: resample: 2xfloat32 = 11.5 2.5{{$}}
func.func @indices() -> (tensor<4xf32> {qnn.name = "gather"}, tensor<4xf32> {qnn.name = "take"}, tensor<2xf32> {qnn.name = "resample"}) {
  %x = qnn.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %i = qnn.constant dense<[-1, 0, 9, -9]> : tensor<4xi64>
  %0 = qnn.gather %x, %i {axis = 0 : i64} : (tensor<3xf32>, tensor<4xi64>) -> tensor<4xf32>
  %1 = qnn.take %x {axis = 0 : i64, indices = array<i64: 1, 0, 1, 2>} : (tensor<3xf32>) -> tensor<4xf32>
  %2 = qnn.resample %x {axis = 0 : i64, taps = 2 : i64, indices = array<i64: 0, 1, 1, 2>, weights = array<f32: 0.5, 0.5, 0.5, 0.5>, offsets = array<f32: 10.0, 0.0>} : (tensor<3xf32>) -> tensor<2xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<2xf32>
}

// CHECK: sum: 1x2xint64 = 4 6{{$}}
// CHECK: max: 2xint64 = 2 4{{$}}
func.func @reduce() -> (tensor<1x2xi64> {qnn.name = "sum"}, tensor<2xi64> {qnn.name = "max"}) {
  %x = qnn.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi64>
  %0 = qnn.reduce sum %x {axes = array<i64: 0>} : (tensor<2x2xi64>) -> tensor<1x2xi64>
  %1 = qnn.reduce max %x {axes = array<i64: 1>, keep_dims = false} : (tensor<2x2xi64>) -> tensor<2xi64>
  return %0, %1 : tensor<1x2xi64>, tensor<2xi64>
}
