"""Writes net.mlir, two layers with the largest products that two channels can have, and x.raw to a directory."""
import pathlib
import sys
import numpy as np

WEIGHTS = {"symmetric": 127, "full": 128}


def layer(name, magnitude):
    rows = [[-magnitude] * 32, [127] * 32]
    biases = [5 + 128 * sum(row) for row in rows]
    return f"""  %{name}_w = qnn.constant dense<{rows}> : tensor<2x32xi8> as tensor<2x32x!w>
  %{name}_b = qnn.constant dense<{biases}> : tensor<2xi32> as tensor<2x!b>
  %{name}_q = qnn.fully_connected %q, %{name}_w bias(%{name}_b) : (tensor<1x32x!x>, tensor<2x32x!w>, tensor<2x!b>) -> tensor<1x2x!x>
  %{name} = "quant.dcast"(%{name}_q) : (tensor<1x2x!x>) -> tensor<1x2xf32>
"""


directory = pathlib.Path(sys.argv[1])
(directory / "net.mlir").write_text(f"""!x = !quant.uniform<i8:f32, 1.0>
!w = !quant.uniform<i8:f32, 1.0>
!b = !quant.uniform<i32:f32, 1.0>
func.func @main(%x: tensor<1x32xf32> {{qnn.name = "x"}}) -> (tensor<1x2xf32> {{qnn.name = "y"}}, tensor<1x2xf32> {{qnn.name = "z"}}) {{
  %q = "quant.qcast"(%x) : (tensor<1x32xf32>) -> tensor<1x32x!x>
{"".join(layer(*item) for item in WEIGHTS.items())}  return %symmetric, %full : tensor<1x2xf32>, tensor<1x2xf32>
}}
""")
np.full((1, 32), -128, np.float32).tofile(directory / "x.raw")
