"""Writes net.mlir and x.npy to a directory, or (--check) prints what was proved of each layer and whether its results are exact.

Two channels of every layer have opposite weights over two steps of four; every activation is the largest byte.
"""
import json
import pathlib
import sys
import numpy as np

LAYERS = {
    "summed": [32] * 8,
    "alone": [64] * 8,
    "widened": [64, 65] * 4,
    "largest": [127] * 8,
    "mixed": [65, 64, 65, 64, 63, 65, 1, 127],
}
TYPES = """!x = !quant.uniform<i8:f32, 1.0:-128>
!y = !quant.uniform<i8:f32, 1.0>
!w = !quant.uniform<i8<-127:127>:f32, 1.0>
!b = !quant.uniform<i32:f32, 1.0>
"""


def layer(name, weights):
    rows, biases = [weights, [-w for w in weights]], [5 - 255 * sum(weights), -5 + 255 * sum(weights)]
    return f"""  %{name}_w = qnn.constant dense<{rows}> : tensor<2x8xi8> as tensor<2x8x!w>
  %{name}_b = qnn.constant dense<{biases}> : tensor<2xi32> as tensor<2x!b>
  %{name}_q = qnn.fully_connected %q, %{name}_w bias(%{name}_b) : (tensor<1x8x!x>, tensor<2x8x!w>, tensor<2x!b>) -> tensor<1x2x!y> loc("{name}")
  %{name} = "quant.dcast"(%{name}_q) : (tensor<1x2x!y>) -> tensor<1x2xf32>
"""


def write(directory):
    results = ", ".join(f'tensor<1x2xf32> {{qnn.name = "{name}"}}' for name in LAYERS)
    values, types = ", ".join("%" + name for name in LAYERS), ", ".join(["tensor<1x2xf32>"] * len(LAYERS))
    (directory / "net.mlir").write_text(
        TYPES + f'func.func @main(%x: tensor<1x8xf32> {{qnn.name = "x"}}) -> ({results}) {{\n'
        "  %q = \"quant.qcast\"(%x) : (tensor<1x8xf32>) -> tensor<1x8x!x>\n" +
        "".join(layer(*item) for item in LAYERS.items()) + f"  return {values} : {types}\n}}\n")
    np.save(directory / "x.npy", np.full((1, 8), 255, np.float32))


def check(directory):
    layers = {entry["name"]: entry for entry in json.loads((directory / "report.json").read_text())["layers"]}
    for name in LAYERS:
        counts = layers[name]["vpmaddubsw"]
        got, want = (np.load(directory / side / f"{name}.npy") for side in ("got", "want"))
        assert np.array_equal(got, want), f"{name}: expected {want}, got {got}"
        print(f"{name}: {counts['proved']} of {counts['pairs']} proved, {counts['summed']} two by two, {got[0].tolist()}")


if __name__ == "__main__":
    (check if "--check" in sys.argv else write)(pathlib.Path(sys.argv[1]))
