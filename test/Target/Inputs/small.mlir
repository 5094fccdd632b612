// A convolution with a residual and a fully connected layer: input "image", result "class".
func.func @main(%x: tensor<1x4x4x3xf32> {qnn.name = "image"}) -> (tensor<1x5xf32> {qnn.name = "class"}) {
  %w = qnn.constant dense<[[[[0.5, -0.25, 1.0]]], [[[-1.0, 0.75, 0.125]]], [[[0.25, 0.5, -0.5]]]]> : tensor<3x1x1x3xf32>
  %b = qnn.constant dense<[0.1, -0.2, 0.3]> : tensor<3xf32>
  %v = qnn.constant dense<0.03125> : tensor<5x48xf32>
  %0 = qnn.conv2d %x, %w bias(%b) residual(%x) {clamp_min = 0.0 : f32} : (tensor<1x4x4x3xf32>, tensor<3x1x1x3xf32>, tensor<3xf32>, tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32> loc("conv")
  %1 = qnn.reshape %0 {shape = array<i64: 1, 48>} : (tensor<1x4x4x3xf32>) -> tensor<1x48xf32> loc("flatten")
  %2 = qnn.fully_connected %1, %v : (tensor<1x48xf32>, tensor<5x48xf32>) -> tensor<1x5xf32> loc("dense")
  return %2 : tensor<1x5xf32>
}
