!q = !quant.uniform<i8:f32, 0.25>
!w = !quant.uniform<i4<-7:7>:f32:0, {0.5, 0.125, 0.25}>
!b = !quant.uniform<i32:f32:0, {0.125, 0.03125, 0.0625}>
!y = !quant.uniform<i8:f32, 0.5>
func.func @main(%x: tensor<1x5xf32> {qnn.name = "x"}) -> (tensor<1x3xf32> {qnn.name = "y"}) {
  %w = qnn.constant dense<[[1, -2, 3, -4, 5], [-6, 7, 0, -1, 2], [-3, 4, -5, 6, -7]]> : tensor<3x5xi4> as tensor<3x5x!w>
  %b = qnn.constant dense<[7, -8, 9]> : tensor<3xi32> as tensor<3x!b>
  %0 = "quant.qcast"(%x) : (tensor<1x5xf32>) -> tensor<1x5x!q>
  %1 = qnn.fully_connected %0, %w bias(%b) : (tensor<1x5x!q>, tensor<3x5x!w>, tensor<3x!b>) -> tensor<1x3x!y> loc("fc")
  %2 = "quant.dcast"(%1) : (tensor<1x3x!y>) -> tensor<1x3xf32>
  return %2 : tensor<1x3xf32>
}
