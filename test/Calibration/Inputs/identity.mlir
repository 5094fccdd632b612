func.func @main(%x: tensor<1x4096xf32> {qnn.name = "x"}) -> tensor<1x4096xf32> {
  %0 = qnn.hard_swish %x : (tensor<1x4096xf32>) -> tensor<1x4096xf32> loc("swish")
  return %0 : tensor<1x4096xf32>
}
