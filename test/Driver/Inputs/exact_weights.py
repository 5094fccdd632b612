"""Writes net.mlir, two layers whose weights are multiples of 1/128 up to 127/128, and samples x.npz to a directory."""
import pathlib
import sys
import numpy as np

random = np.random.RandomState(1)


def weights(*shape):
    integers = random.randint(-127, 128, shape)
    integers.reshape(shape[0], -1)[:, 0] = 127
    return (integers / 128).tolist()


directory = pathlib.Path(sys.argv[1])
(directory / "net.mlir").write_text(f"""func.func @main(%x: tensor<1x4x4x8xf32> {{qnn.name = "x"}}) -> (tensor<1x5xf32> {{qnn.name = "y"}}) {{
  %w = qnn.constant dense<{weights(6, 3, 3, 8)}> : tensor<6x3x3x8xf32>
  %v = qnn.constant dense<{weights(5, 96)}> : tensor<5x96xf32>
  %0 = qnn.conv2d %x, %w {{clamp_min = 0.0 : f32, padding = array<i64: 1, 1, 1, 1>}} : (tensor<1x4x4x8xf32>, tensor<6x3x3x8xf32>) -> tensor<1x4x4x6xf32> loc("first")
  %1 = qnn.reshape %0 {{shape = array<i64: 1, 96>}} : (tensor<1x4x4x6xf32>) -> tensor<1x96xf32>
  %2 = qnn.fully_connected %1, %v : (tensor<1x96xf32>, tensor<5x96xf32>) -> tensor<1x5xf32> loc("second")
  return %2 : tensor<1x5xf32>
}}
""")
np.savez(directory / "x.npz", x=random.randn(32, 4, 4, 8).astype(np.float32))
