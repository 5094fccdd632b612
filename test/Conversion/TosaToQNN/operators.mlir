// RUN: quant-opt %s -convert-tosa-to-qnn | FileCheck %s

// Every op by itself: what it becomes.

// CHECK-LABEL: func.func @exp(
// CHECK:      qnn.unary exp %arg0
func.func @exp(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.exp %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @log(
// CHECK:      qnn.unary log %arg0
func.func @log(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.log %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @abs(
// CHECK:      qnn.unary abs %arg0
func.func @abs(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.abs %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @ceil(
// CHECK:      qnn.unary ceil %arg0
func.func @ceil(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.ceil %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @floor(
// CHECK:      qnn.unary floor %arg0
func.func @floor(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.floor %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @sin(
// CHECK:      qnn.unary sin %arg0
func.func @sin(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.sin %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @cos(
// CHECK:      qnn.unary cos %arg0
func.func @cos(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.cos %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @reciprocal(
// CHECK:      qnn.unary reciprocal %arg0
func.func @reciprocal(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.reciprocal %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @negate(
// CHECK:      qnn.unary neg %arg0
func.func @negate(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.negate %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @sigmoid(
// CHECK:      qnn.sigmoid %arg0
func.func @sigmoid(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.sigmoid %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @tanh(
// CHECK:      qnn.tanh %arg0
func.func @tanh(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.tanh %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @erf(
// CHECK:      qnn.erf %arg0
func.func @erf(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.erf %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @rsqrt(
// CHECK:      %[[R:.*]] = qnn.sqrt %arg0
// CHECK:      qnn.div %{{.*}}, %[[R]]
func.func @rsqrt(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.rsqrt %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @add(
// CHECK:      qnn.add %arg0, %arg1
func.func @add(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.add %x, %y : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @sub(
// CHECK:      qnn.sub %arg0, %arg1
func.func @sub(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.sub %x, %y : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @maximum(
// CHECK:      qnn.binary max %arg0, %arg1
func.func @maximum(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.maximum %x, %y : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @minimum(
// CHECK:      qnn.binary min %arg0, %arg1
func.func @minimum(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.minimum %x, %y : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @pow(
// CHECK:      qnn.binary pow %arg0, %arg1
func.func @pow(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.pow %x, %y : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @mul(
// CHECK:      qnn.mul %arg0, %arg1
func.func @mul(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.mul %x, %y {shift = 0 : i8} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @add_of_integers(
// CHECK:      qnn.binary add %arg0, %arg1
func.func @add_of_integers(%x: tensor<2x3xi32>, %y: tensor<2x3xi32>) -> tensor<2x3xi32> {
  %0 = tosa.add %x, %y : (tensor<2x3xi32>, tensor<2x3xi32>) -> tensor<2x3xi32>
  return %0 : tensor<2x3xi32>
}

// CHECK-LABEL: func.func @int_div_of_integers(
// CHECK:      qnn.binary div %arg0, %arg1
func.func @int_div_of_integers(%x: tensor<2x3xi32>, %y: tensor<2x3xi32>) -> tensor<2x3xi32> {
  %0 = tosa.int_div %x, %y : (tensor<2x3xi32>, tensor<2x3xi32>) -> tensor<2x3xi32>
  return %0 : tensor<2x3xi32>
}

// CHECK-LABEL: func.func @bitwise_and_of_integers(
// CHECK:      qnn.binary and %arg0, %arg1
func.func @bitwise_and_of_integers(%x: tensor<2x3xi32>, %y: tensor<2x3xi32>) -> tensor<2x3xi32> {
  %0 = tosa.bitwise_and %x, %y : (tensor<2x3xi32>, tensor<2x3xi32>) -> tensor<2x3xi32>
  return %0 : tensor<2x3xi32>
}

// CHECK-LABEL: func.func @bitwise_or_of_integers(
// CHECK:      qnn.binary or %arg0, %arg1
func.func @bitwise_or_of_integers(%x: tensor<2x3xi32>, %y: tensor<2x3xi32>) -> tensor<2x3xi32> {
  %0 = tosa.bitwise_or %x, %y : (tensor<2x3xi32>, tensor<2x3xi32>) -> tensor<2x3xi32>
  return %0 : tensor<2x3xi32>
}

// CHECK-LABEL: func.func @bitwise_xor_of_integers(
// CHECK:      qnn.binary xor %arg0, %arg1
func.func @bitwise_xor_of_integers(%x: tensor<2x3xi32>, %y: tensor<2x3xi32>) -> tensor<2x3xi32> {
  %0 = tosa.bitwise_xor %x, %y : (tensor<2x3xi32>, tensor<2x3xi32>) -> tensor<2x3xi32>
  return %0 : tensor<2x3xi32>
}

// CHECK-LABEL: func.func @logical_and(
// CHECK:      qnn.binary and %arg0, %arg1
func.func @logical_and(%x: tensor<2x3xi1>, %y: tensor<2x3xi1>) -> tensor<2x3xi1> {
  %0 = tosa.logical_and %x, %y : (tensor<2x3xi1>, tensor<2x3xi1>) -> tensor<2x3xi1>
  return %0 : tensor<2x3xi1>
}

// CHECK-LABEL: func.func @logical_or(
// CHECK:      qnn.binary or %arg0, %arg1
func.func @logical_or(%x: tensor<2x3xi1>, %y: tensor<2x3xi1>) -> tensor<2x3xi1> {
  %0 = tosa.logical_or %x, %y : (tensor<2x3xi1>, tensor<2x3xi1>) -> tensor<2x3xi1>
  return %0 : tensor<2x3xi1>
}

// CHECK-LABEL: func.func @logical_xor(
// CHECK:      qnn.binary xor %arg0, %arg1
func.func @logical_xor(%x: tensor<2x3xi1>, %y: tensor<2x3xi1>) -> tensor<2x3xi1> {
  %0 = tosa.logical_xor %x, %y : (tensor<2x3xi1>, tensor<2x3xi1>) -> tensor<2x3xi1>
  return %0 : tensor<2x3xi1>
}

// CHECK-LABEL: func.func @logical_not(
// CHECK:      %[[T:.*]] = qnn.constant dense<true> : tensor<i1>
// CHECK:      qnn.binary xor %arg0, %[[T]]
func.func @logical_not(%x: tensor<2x3xi1>) -> tensor<2x3xi1> {
  %0 = tosa.logical_not %x : (tensor<2x3xi1>) -> tensor<2x3xi1>
  return %0 : tensor<2x3xi1>
}

// CHECK-LABEL: func.func @equal(
// CHECK:      qnn.compare equal %arg0, %arg1
func.func @equal(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> tensor<2x3xi1> {
  %0 = tosa.equal %x, %y : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
  return %0 : tensor<2x3xi1>
}

// CHECK-LABEL: func.func @greater(
// CHECK:      qnn.compare less %arg1, %arg0
func.func @greater(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> tensor<2x3xi1> {
  %0 = tosa.greater %x, %y : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
  return %0 : tensor<2x3xi1>
}

// CHECK-LABEL: func.func @greater_equal(
// CHECK:      qnn.compare less_or_equal %arg1, %arg0
func.func @greater_equal(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> tensor<2x3xi1> {
  %0 = tosa.greater_equal %x, %y : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
  return %0 : tensor<2x3xi1>
}

// CHECK-LABEL: func.func @select(
// CHECK:      qnn.select %arg0, %arg1, %arg2
func.func @select(%c: tensor<2x3xi1>, %x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.select %c, %x, %y : (tensor<2x3xi1>, tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @cast_rounds(
// CHECK:      %[[R:.*]] = qnn.unary round %arg0
// CHECK:      qnn.cast %[[R]]
func.func @cast_rounds(%x: tensor<2x3xf32>) -> tensor<2x3xi32> {
  %0 = tosa.cast %x : (tensor<2x3xf32>) -> tensor<2x3xi32>
  return %0 : tensor<2x3xi32>
}

// CHECK-LABEL: func.func @reduce_sum(
// CHECK:      qnn.reduce sum %arg0 {axes = array<i64: 1>}
func.func @reduce_sum(%x: tensor<2x3xf32>) -> tensor<2x1xf32> {
  %0 = tosa.reduce_sum %x {axis = 1 : i32} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return %0 : tensor<2x1xf32>
}

// CHECK-LABEL: func.func @reduce_max(
// CHECK:      qnn.reduce max %arg0 {axes = array<i64: 1>}
func.func @reduce_max(%x: tensor<2x3xf32>) -> tensor<2x1xf32> {
  %0 = tosa.reduce_max %x {axis = 1 : i32} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return %0 : tensor<2x1xf32>
}

// CHECK-LABEL: func.func @reduce_min(
// CHECK:      qnn.reduce min %arg0 {axes = array<i64: 1>}
func.func @reduce_min(%x: tensor<2x3xf32>) -> tensor<2x1xf32> {
  %0 = tosa.reduce_min %x {axis = 1 : i32} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return %0 : tensor<2x1xf32>
}

// CHECK-LABEL: func.func @reduce_prod(
// CHECK:      qnn.reduce prod %arg0 {axes = array<i64: 1>}
func.func @reduce_prod(%x: tensor<2x3xf32>) -> tensor<2x1xf32> {
  %0 = tosa.reduce_prod %x {axis = 1 : i32} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return %0 : tensor<2x1xf32>
}

// CHECK-LABEL: func.func @reduce_all(
// CHECK:      %[[N:.*]] = qnn.cast %arg0
// CHECK:      %[[R:.*]] = qnn.reduce min %[[N]]
// CHECK:      qnn.cast %[[R]]
func.func @reduce_all(%x: tensor<2x3xi1>) -> tensor<2x1xi1> {
  %0 = tosa.reduce_all %x {axis = 1 : i32} : (tensor<2x3xi1>) -> tensor<2x1xi1>
  return %0 : tensor<2x1xi1>
}

// CHECK-LABEL: func.func @reduce_any(
// CHECK:      %[[N:.*]] = qnn.cast %arg0
// CHECK:      %[[R:.*]] = qnn.reduce max %[[N]]
// CHECK:      qnn.cast %[[R]]
func.func @reduce_any(%x: tensor<2x3xi1>) -> tensor<2x1xi1> {
  %0 = tosa.reduce_any %x {axis = 1 : i32} : (tensor<2x3xi1>) -> tensor<2x1xi1>
  return %0 : tensor<2x1xi1>
}

// CHECK-LABEL: func.func @argmax(
// CHECK:      %[[K:.*]] = qnn.top_k %arg0 {axis = 1 : i64, k = 1 : i64}
// CHECK:      %[[F:.*]] = qnn.reshape %[[K]]
// CHECK:      qnn.cast %[[F]]
func.func @argmax(%x: tensor<2x3xf32>) -> tensor<2xi32> {
  %0 = tosa.argmax %x {axis = 1 : i32} : (tensor<2x3xf32>) -> tensor<2xi32>
  return %0 : tensor<2xi32>
}

// CHECK-LABEL: func.func @gather(
// CHECK:      %[[D:.*]] = qnn.reshape %arg0 {shape = array<i64: 10, 3>}
// CHECK:      %[[I:.*]] = qnn.binary add %arg1,
// CHECK:      qnn.gather %[[D]], %[[I]] {axis = 0 : i64}
func.func @gather(%x: tensor<2x5x3xf32>, %i: tensor<2x4xi32>) -> tensor<2x4x3xf32> {
  %0 = tosa.gather %x, %i : (tensor<2x5x3xf32>, tensor<2x4xi32>) -> tensor<2x4x3xf32>
  return %0 : tensor<2x4x3xf32>
}

// CHECK-LABEL: func.func @tile(
// CHECK:      qnn.take %arg0 {axis = 1 : i64, indices = array<i64: 0, 1, 2, 0, 1, 2>}
func.func @tile(%x: tensor<2x3xf32>) -> tensor<2x6xf32> {
  %0 = tosa.tile %x {multiples = array<i64: 1, 2>} : (tensor<2x3xf32>) -> tensor<2x6xf32>
  return %0 : tensor<2x6xf32>
}

// CHECK-LABEL: func.func @reverse(
// CHECK:      qnn.slice %arg0 {sizes = array<i64: 2, 3>, starts = array<i64: 0, 2>, steps = array<i64: 1, -1>}
func.func @reverse(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.reverse %x {axis = 1 : i32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @identity(
// CHECK-NEXT: return %arg0
func.func @identity(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tosa.identity %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @resize_nearest(
// CHECK:      %[[W:.*]] = qnn.take %arg0 {axis = 2 : i64, indices = array<i64: 0, 1>}
// CHECK:      qnn.take %[[W]] {axis = 1 : i64, indices = array<i64: 0, 0, 1, 1>}
func.func @resize_nearest(%x: tensor<1x2x2x1xf32>) -> tensor<1x4x2x1xf32> {
  %0 = tosa.resize %x {scale = array<i64: 4, 2, 2, 2>, offset = array<i64: -1, 0>, border = array<i64: 1, 0>, mode = "NEAREST_NEIGHBOR"} : (tensor<1x2x2x1xf32>) -> tensor<1x4x2x1xf32>
  return %0 : tensor<1x4x2x1xf32>
}

// CHECK-LABEL: func.func @resize_bilinear(
// CHECK:      qnn.resample %arg0 {axis = 2 : i64
// CHECK:      qnn.resample {{.*}} {axis = 1 : i64, indices = array<i64: 0, 0, 0, 1, 0, 1, 1, 1>, taps = 2 : i64, weights = array<f32: {{.*}}, 7.500000e-01, 2.500000e-01, 2.500000e-01, 7.500000e-01, {{.*}}>}
func.func @resize_bilinear(%x: tensor<1x2x2x1xf32>) -> tensor<1x4x2x1xf32> {
  %0 = tosa.resize %x {scale = array<i64: 4, 2, 2, 2>, offset = array<i64: -1, 0>, border = array<i64: 1, 0>, mode = "BILINEAR"} : (tensor<1x2x2x1xf32>) -> tensor<1x4x2x1xf32>
  return %0 : tensor<1x4x2x1xf32>
}

// CHECK-LABEL: func.func @table(
// CHECK:      %[[D:.*]] = qnn.constant {{.*}} : tensor<256xf32>
// CHECK:      %[[Y:.*]] = qnn.gather %[[D]], %
// CHECK:      "quant.qcast"(%[[Y]])
func.func @table(%x: tensor<4xi8>) -> tensor<4xi8> {
  %t = "tosa.const"() {value = dense<3> : tensor<256xi8>} : () -> tensor<256xi8>
  %0 = tosa.table %x, %t : (tensor<4xi8>, tensor<256xi8>) -> tensor<4xi8>
  return %0 : tensor<4xi8>
}

// CHECK-LABEL: func.func @transpose_conv2d(
// CHECK:      qnn.constant dense<{{\[\[\[\[}}4.000000e+00], [3.000000e+00]], {{\[\[}}2.000000e+00], [1.000000e+00{{\]\]\]\]}}>
// CHECK:      %[[S:.*]] = qnn.slice {{.*}} : (tensor<1x4x4x1xf32>) -> tensor<1x3x3x1xf32>
// CHECK:      qnn.conv2d %[[S]], {{.*}} {padding = array<i64: 1, 1, 1, 1>}
func.func @transpose_conv2d(%x: tensor<1x2x2x1xf32>) -> tensor<1x4x4x1xf32> {
  %w = "tosa.const"() {value = dense<[[[[1.0], [2.0]], [[3.0], [4.0]]]]> : tensor<1x2x2x1xf32>} : () -> tensor<1x2x2x1xf32>
  %b = "tosa.const"() {value = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %0 = tosa.transpose_conv2d %x, %w, %b {out_pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>, out_shape = array<i64: 1, 4, 4, 1>} : (tensor<1x2x2x1xf32>, tensor<1x2x2x1xf32>, tensor<1xf32>) -> tensor<1x4x4x1xf32>
  return %0 : tensor<1x4x4x1xf32>
}
