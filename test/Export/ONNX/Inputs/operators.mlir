// One layer of each kind and form that ONNX can say, each on the inputs.
func.func @main(%x: tensor<1x5x6x4xf32> {qnn.name = "x"}, %s: tensor<2x3x4xf32> {qnn.name = "s"})
    -> (tensor<1x5x6x3xf32> {qnn.name = "strided"}, tensor<1x4x4x6x1xf32> {qnn.name = "grouped"}, tensor<1x5x6x4xf32> {qnn.name = "residual"},
        tensor<1x120xf32> {qnn.name = "flat"}, tensor<1x5xf32> {qnn.name = "features"}, tensor<2x3x5xf32> {qnn.name = "rows"},
        tensor<2x3x3xf32> {qnn.name = "product"}, tensor<1x5x6x4xf32> {qnn.name = "sum"}, tensor<1x5x6x4xf32> {qnn.name = "scaled"},
        tensor<1x5x6x4xf32> {qnn.name = "quotient"}, tensor<1x5x6x4xf32> {qnn.name = "clipped"}, tensor<1x5x6x4xf32> {qnn.name = "swish"},
        tensor<1x4x5x6xf32> {qnn.name = "sigmoid"}, tensor<2x3x4xf32> {qnn.name = "softmax"}, tensor<1x5x6x4xf32> {qnn.name = "normal"},
        tensor<1x3x4x4xf32> {qnn.name = "pools"}, tensor<1x1x1x4xf32> {qnn.name = "global"}, tensor<1x4xf32> {qnn.name = "mean"},
        tensor<1x6x4x8xf32> {qnn.name = "moved"}, tensor<1x10x9x4xf32> {qnn.name = "resized"}, tensor<2x3x4xf32> {qnn.name = "float"},
        tensor<2x3x2xi64> {qnn.name = "largest"}) {
  %w = qnn.constant dense<"0x0000803E000000BF0000403F000080BE0000003F0000C03E000020BF0000A03E000080BE0000403F0000203E000000BF"> : tensor<3x1x1x4xf32>
  %b = qnn.constant dense<[0.5, -0.25, 0.125]> : tensor<3xf32>
  %depthwise = qnn.constant dense<[[[[0.5], [-0.25]], [[0.75], [0.125]]], [[[-0.5], [0.25]], [[0.5], [1.0]]], [[[0.1], [0.2]], [[0.3], [-0.4]]], [[[0.9], [0.1]], [[-0.3], [0.4]]]]> : tensor<4x2x2x1xf32>
  %square = qnn.constant dense<[[[[0.5, 0.1, -0.2, 0.3]]], [[[-0.5, 0.2, 0.6, 0.1]]], [[[0.25, -0.7, 0.2, 0.4]]], [[[0.15, 0.3, 0.3, -0.9]]]]> : tensor<4x1x1x4xf32>
  %fw = qnn.constant dense<[[0.5, 0.1, -0.2, 0.3], [-0.5, 0.2, 0.6, 0.1], [0.25, -0.7, 0.2, 0.4], [0.15, 0.3, 0.3, -0.9], [0.6, -0.2, 0.1, 0.5]]> : tensor<5x4xf32>
  %fb = qnn.constant dense<[0.1, -0.2, 0.3, 0.4, -0.5]> : tensor<5xf32>
  %per_channel = qnn.constant dense<[1.5, -0.5, 0.25, 2.0]> : tensor<4xf32>
  %positive = qnn.constant dense<[1.5, 0.5, 0.25, 2.0]> : tensor<4xf32>
  %per_pixel = qnn.constant dense<[[[[0.5], [-1.0], [2.0], [1.0], [0.75], [-0.5]]]]> : tensor<1x1x6x1xf32>

  %0 = qnn.conv2d %x, %w bias(%b) {clamp_max = 0.75 : f32, padding = array<i64: 0, 0, 0, 0>} : (tensor<1x5x6x4xf32>, tensor<3x1x1x4xf32>, tensor<3xf32>) -> tensor<1x5x6x3xf32> loc("strided_conv")
  %1 = qnn.conv2d %x, %depthwise {groups = 4 : i64, dilations = array<i64: 1, 2>} : (tensor<1x5x6x4xf32>, tensor<4x2x2x1xf32>) -> tensor<1x4x4x4xf32> loc("depthwise")
  %2 = qnn.pad %1 {low = array<i64: 0, 0, 0, 1>, high = array<i64: 0, 0, 0, 1>, value = 0.5 : f32} : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x6xf32> loc("pad")
  %3 = qnn.reshape %2 {shape = array<i64: 1, 4, 4, 6, 1>} : (tensor<1x4x4x6xf32>) -> tensor<1x4x4x6x1xf32> loc("unsqueeze")
  %4 = qnn.conv2d %x, %square residual(%x) {clamp_min = 0.0 : f32} : (tensor<1x5x6x4xf32>, tensor<4x1x1x4xf32>, tensor<1x5x6x4xf32>) -> tensor<1x5x6x4xf32> loc("shortcut")
  %5 = qnn.reshape %4 {shape = array<i64: 1, 120>} : (tensor<1x5x6x4xf32>) -> tensor<1x120xf32> loc("flatten")
  %6 = qnn.reduce_mean %4 {axes = array<i64: 1, 2>, keep_dims = false} : (tensor<1x5x6x4xf32>) -> tensor<1x4xf32> loc("mean_of_images")
  %7 = qnn.fully_connected %6, %fw bias(%fb) : (tensor<1x4xf32>, tensor<5x4xf32>, tensor<5xf32>) -> tensor<1x5xf32> loc("classes")
  %8 = qnn.fully_connected %s, %fw bias(%fb) {clamp_min = -0.25 : f32, clamp_max = 1.0 : f32} : (tensor<2x3x4xf32>, tensor<5x4xf32>, tensor<5xf32>) -> tensor<2x3x5xf32> loc("rows_layer")
  %9 = qnn.transpose %s {permutation = array<i64: 0, 2, 1>} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32> loc("transpose")
  %10 = qnn.matmul %s, %9 : (tensor<2x3x4xf32>, tensor<2x4x3xf32>) -> tensor<2x3x3xf32> loc("scores")
  %11 = qnn.add %x, %4 {clamp_min = 0.0 : f32} : (tensor<1x5x6x4xf32>, tensor<1x5x6x4xf32>) -> tensor<1x5x6x4xf32> loc("add")
  %12 = qnn.mul %4, %per_channel : (tensor<1x5x6x4xf32>, tensor<4xf32>) -> tensor<1x5x6x4xf32> loc("mul")
  %13 = qnn.sub %per_pixel, %12 : (tensor<1x1x6x1xf32>, tensor<1x5x6x4xf32>) -> tensor<1x5x6x4xf32> loc("sub")
  %14 = qnn.div %x, %positive : (tensor<1x5x6x4xf32>, tensor<4xf32>) -> tensor<1x5x6x4xf32> loc("div")
  %15 = qnn.clip %x {min = -0.5 : f32, max = 0.75 : f32} : (tensor<1x5x6x4xf32>) -> tensor<1x5x6x4xf32> loc("clip")
  %16 = qnn.leaky_relu %15 {alpha = 0.25 : f32} : (tensor<1x5x6x4xf32>) -> tensor<1x5x6x4xf32> loc("leaky")
  %17 = qnn.hard_swish %4 : (tensor<1x5x6x4xf32>) -> tensor<1x5x6x4xf32> loc("swish_op")
  %18 = qnn.hard_sigmoid %17 {alpha = 0.25 : f32, beta = 0.5 : f32} : (tensor<1x5x6x4xf32>) -> tensor<1x5x6x4xf32> loc("hard")
  %19 = qnn.sigmoid %4 : (tensor<1x5x6x4xf32>) -> tensor<1x5x6x4xf32> loc("sigmoid_op")
  %20 = qnn.tanh %19 : (tensor<1x5x6x4xf32>) -> tensor<1x5x6x4xf32> loc("tanh")
  %21 = qnn.transpose %20 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x5x6x4xf32>) -> tensor<1x4x5x6xf32> loc("to_planes")
  %22 = qnn.softmax %s {axis = 1 : i64} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32> loc("softmax_op")
  %23 = qnn.batch_norm %11, %per_channel, %positive, %per_channel, %positive {epsilon = 1.0e-05 : f32} : (tensor<1x5x6x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x5x6x4xf32> loc("norm")
  %24 = qnn.max_pool2d %4 {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, padding = array<i64: 1, 0, 0, 1>} : (tensor<1x5x6x4xf32>) -> tensor<1x5x6x4xf32> loc("max")
  %25 = qnn.avg_pool2d %24 {kernel = array<i64: 2, 3>, strides = array<i64: 2, 2>, padding = array<i64: 0, 1, 0, 1>, ceil_mode = true} : (tensor<1x5x6x4xf32>) -> tensor<1x3x4x4xf32> loc("average")
  %38 = qnn.avg_pool2d %25 {kernel = array<i64: 2, 2>, padding = array<i64: 0, 0, 1, 1>, count_include_pad = true} : (tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32> loc("average_with_padding")
  %26 = qnn.global_avg_pool %x : (tensor<1x5x6x4xf32>) -> tensor<1x1x1x4xf32> loc("global_average")
  %27 = qnn.global_max_pool %4 : (tensor<1x5x6x4xf32>) -> tensor<1x1x1x4xf32> loc("global_max")
  %28 = qnn.add %26, %27 : (tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>) -> tensor<1x1x1x4xf32> loc("global_sum")
  %29 = qnn.reduce_mean %x {axes = array<i64: 1>} : (tensor<1x5x6x4xf32>) -> tensor<1x1x6x4xf32> loc("column_means")
  %30 = qnn.reduce_mean %29 {axes = array<i64: 1, 2>, keep_dims = false} : (tensor<1x1x6x4xf32>) -> tensor<1x4xf32> loc("means")
  %31 = qnn.concat %x, %4 {axis = 3 : i64} : (tensor<1x5x6x4xf32>, tensor<1x5x6x4xf32>) -> tensor<1x5x6x8xf32> loc("concat")
  %32 = qnn.slice %31 {starts = array<i64: 0, 4, 0, 0>, sizes = array<i64: 1, 4, 6, 8>, steps = array<i64: 1, -1, 1, 1>} : (tensor<1x5x6x8xf32>) -> tensor<1x4x6x8xf32> loc("slice")
  %33 = qnn.transpose %32 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x4x6x8xf32>) -> tensor<1x6x4x8xf32> loc("swap")
  %34 = qnn.resize_nearest %4 {shape = array<i64: 1, 10, 9, 4>, scales = array<f64: 1.0, 2.0, 1.5, 1.0>, coordinate_mode = 0 : i32, nearest_mode = 2 : i32} : (tensor<1x5x6x4xf32>) -> tensor<1x10x9x4xf32> loc("resize")
  %35 = qnn.mul %s, %s : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32> loc("square")
  %36 = qnn.sqrt %35 : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32> loc("sqrt")
  %37 = qnn.erf %36 : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32> loc("erf")
  %39 = qnn.top_k %s {axis = 2 : i64, k = 2 : i64} : (tensor<2x3x4xf32>) -> tensor<2x3x2xi64> loc("top")
  return %0, %3, %4, %5, %7, %8, %10, %11, %13, %14, %16, %18, %21, %22, %23, %38, %28, %30, %33, %34, %37, %39
    : tensor<1x5x6x3xf32>, tensor<1x4x4x6x1xf32>, tensor<1x5x6x4xf32>, tensor<1x120xf32>, tensor<1x5xf32>, tensor<2x3x5xf32>, tensor<2x3x3xf32>,
      tensor<1x5x6x4xf32>, tensor<1x5x6x4xf32>, tensor<1x5x6x4xf32>, tensor<1x5x6x4xf32>, tensor<1x5x6x4xf32>, tensor<1x4x5x6xf32>,
      tensor<2x3x4xf32>, tensor<1x5x6x4xf32>, tensor<1x3x4x4xf32>, tensor<1x1x1x4xf32>, tensor<1x4xf32>, tensor<1x6x4x8xf32>, tensor<1x10x9x4xf32>, tensor<2x3x4xf32>, tensor<2x3x2xi64>
}
