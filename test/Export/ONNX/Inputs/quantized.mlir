!q = !quant.uniform<i8:f32, 0.25:-3>
func.func @main(%image: tensor<1x2x3x3xf32> {qnn.name = "image"}) -> (tensor<1x2x3x3xf32> {qnn.name = "sum"}) {
  %w = qnn.constant dense<[[[[1, -2]]], [[[3, 4]]]]> : tensor<2x1x1x2xi8> as tensor<2x1x1x2x!quant.uniform<i8<-127:127>:f32:0, {0.5, 0.125}>>
  %b = qnn.constant dense<[7, -8]> : tensor<2xi32> as tensor<2x!quant.uniform<i32:f32:0, {0.125, 0.03125}>>
  %0 = "quant.qcast"(%image) : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3x!q>
  %1 = qnn.transpose %0 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x3x3x!q>) -> tensor<1x3x3x2x!q>
  %2 = qnn.conv2d %1, %w bias(%b) residual(%1) {clamp_min = 0.0 : f32}
    : (tensor<1x3x3x2x!q>, tensor<2x1x1x2x!quant.uniform<i8<-127:127>:f32:0, {0.5, 0.125}>>,
       tensor<2x!quant.uniform<i32:f32:0, {0.125, 0.03125}>>, tensor<1x3x3x2x!q>) -> tensor<1x3x3x2x!quant.uniform<i8:f32, 0.5:5>> loc("conv")
  %3 = qnn.transpose %2 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x3x3x2x!quant.uniform<i8:f32, 0.5:5>>) -> tensor<1x2x3x3x!quant.uniform<i8:f32, 0.5:5>>
  %4 = "quant.dcast"(%3) : (tensor<1x2x3x3x!quant.uniform<i8:f32, 0.5:5>>) -> tensor<1x2x3x3xf32>
  return %4 : tensor<1x2x3x3xf32>
}
