func.func @main(%x: tensor<1x4x4x8xf32> {qnn.name = "x"}) -> (tensor<1x4x4x6xf32> {qnn.name = "y"}) {
  %w = qnn.constant dense<0.5> : tensor<4x1x1x8xf32>
  %v = qnn.constant dense<[[[[0.5, -0.25, 0.125, 0.75]]], [[[1.0, 0.25, -0.5, 0.5]]], [[[0.5, 0.5, 0.5, 0.5]]], [[[-1.0, 0.25, 0.25, 0.25]]], [[[0.5, 1.0, -1.0, 0.0]]], [[[1.0, 0.0, 0.0, 1.0]]]]> : tensor<6x1x1x4xf32>
  %0 = qnn.conv2d %x, %w {clamp_min = 0.0 : f32} : (tensor<1x4x4x8xf32>, tensor<4x1x1x8xf32>) -> tensor<1x4x4x4xf32> loc("both")
  %1 = qnn.conv2d %0, %v {clamp_min = 0.0 : f32} : (tensor<1x4x4x4xf32>, tensor<6x1x1x4xf32>) -> tensor<1x4x4x6xf32> loc("wide")
  %2 = qnn.conv2d %0, %v : (tensor<1x4x4x4xf32>, tensor<6x1x1x4xf32>) -> tensor<1x4x4x6xf32> loc("narrow")
  %3 = qnn.add %1, %2 : (tensor<1x4x4x6xf32>, tensor<1x4x4x6xf32>) -> tensor<1x4x4x6xf32> loc("sum")
  return %3 : tensor<1x4x4x6xf32>
}
