// One cheap layer on 64 KB per sample.
func.func @main(%x: tensor<1x16384xf32> {qnn.name = "x"}) -> tensor<1x16384xf32> {
  %0 = qnn.hard_swish %x : (tensor<1x16384xf32>) -> tensor<1x16384xf32> loc("swish")
  return %0 : tensor<1x16384xf32>
}
