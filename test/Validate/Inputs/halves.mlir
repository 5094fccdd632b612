// Two networks on x[:, 0:4] and x[:, 4:8], so that the samples are the scores of both.
//--- first.mlir
func.func @main(%x: tensor<1x8xf32> {qnn.name = "x"}) -> (tensor<1x4xf32> {qnn.name = "scores"}) {
  %0 = qnn.slice %x {starts = array<i64: 0, 0>, sizes = array<i64: 1, 4>, steps = array<i64: 1, 1>} : (tensor<1x8xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}
//--- second.mlir
func.func @main(%x: tensor<1x8xf32> {qnn.name = "x"}) -> (tensor<1x4xf32> {qnn.name = "scores"}) {
  %0 = qnn.slice %x {starts = array<i64: 0, 4>, sizes = array<i64: 1, 4>, steps = array<i64: 1, 1>} : (tensor<1x8xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}
//--- batch.mlir
func.func @main(%x: tensor<4x8xf32> {qnn.name = "x"}) -> (tensor<4x4xf32> {qnn.name = "scores"}) {
  %0 = qnn.slice %x {starts = array<i64: 0, 4>, sizes = array<i64: 4, 4>, steps = array<i64: 1, 1>} : (tensor<4x8xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
//--- batch-first.mlir
func.func @main(%x: tensor<4x8xf32> {qnn.name = "x"}) -> (tensor<4x4xf32> {qnn.name = "scores"}) {
  %0 = qnn.slice %x {starts = array<i64: 0, 0>, sizes = array<i64: 4, 4>, steps = array<i64: 1, 1>} : (tensor<4x8xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
//--- quotient.mlir
func.func @main(%x: tensor<1x8xf32> {qnn.name = "x"}) -> (tensor<1x4xf32> {qnn.name = "scores"}) {
  %0 = qnn.slice %x {starts = array<i64: 0, 0>, sizes = array<i64: 1, 4>, steps = array<i64: 1, 1>} : (tensor<1x8xf32>) -> tensor<1x4xf32>
  %1 = qnn.slice %x {starts = array<i64: 0, 4>, sizes = array<i64: 1, 4>, steps = array<i64: 1, 1>} : (tensor<1x8xf32>) -> tensor<1x4xf32>
  %2 = qnn.div %0, %1 : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  return %2 : tensor<1x4xf32>
}
//--- narrow.mlir
func.func @main(%x: tensor<1x8xf32> {qnn.name = "x"}) -> (tensor<1x3xf32> {qnn.name = "scores"}) {
  %0 = qnn.slice %x {starts = array<i64: 0, 0>, sizes = array<i64: 1, 3>, steps = array<i64: 1, 1>} : (tensor<1x8xf32>) -> tensor<1x3xf32>
  return %0 : tensor<1x3xf32>
}
//--- map-first.mlir
func.func @main(%x: tensor<1x8xf32> {qnn.name = "x"}) -> (tensor<1x2x1x2xf32> {qnn.name = "map"}) {
  %0 = qnn.slice %x {starts = array<i64: 0, 0>, sizes = array<i64: 1, 4>, steps = array<i64: 1, 1>} : (tensor<1x8xf32>) -> tensor<1x4xf32>
  %1 = qnn.reshape %0 {shape = array<i64: 1, 2, 1, 2>} : (tensor<1x4xf32>) -> tensor<1x2x1x2xf32>
  return %1 : tensor<1x2x1x2xf32>
}
//--- map-second.mlir
func.func @main(%x: tensor<1x8xf32> {qnn.name = "x"}) -> (tensor<1x2x1x2xf32> {qnn.name = "map"}) {
  %0 = qnn.slice %x {starts = array<i64: 0, 4>, sizes = array<i64: 1, 4>, steps = array<i64: 1, 1>} : (tensor<1x8xf32>) -> tensor<1x4xf32>
  %1 = qnn.reshape %0 {shape = array<i64: 1, 2, 1, 2>} : (tensor<1x4xf32>) -> tensor<1x2x1x2xf32>
  return %1 : tensor<1x2x1x2xf32>
}
//--- pair.mlir
func.func @main(%x: tensor<1x8xf32> {qnn.name = "x"}) -> (tensor<1x4xf32> {qnn.name = "scores"}, tensor<1x8xf32> {qnn.name = "copy"}) {
  %0 = qnn.slice %x {starts = array<i64: 0, 0>, sizes = array<i64: 1, 4>, steps = array<i64: 1, 1>} : (tensor<1x8xf32>) -> tensor<1x4xf32>
  %1 = qnn.relu %x : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %0, %1 : tensor<1x4xf32>, tensor<1x8xf32>
}
//--- swapped.mlir
func.func @main(%x: tensor<1x8xf32> {qnn.name = "x"}) -> (tensor<1x8xf32> {qnn.name = "copy"}, tensor<1x4xf32> {qnn.name = "scores"}) {
  %0 = qnn.slice %x {starts = array<i64: 0, 0>, sizes = array<i64: 1, 4>, steps = array<i64: 1, 1>} : (tensor<1x8xf32>) -> tensor<1x4xf32>
  %1 = qnn.relu %x : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %1, %0 : tensor<1x8xf32>, tensor<1x4xf32>
}
