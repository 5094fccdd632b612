"""The classic promises of quantization, held by what quant-compile makes.

Usage: check_promises.py DIRECTORY     quant-compile must be on PATH; networks and objects are made in DIRECTORY
"""

import json
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "utils"))
import demo_object

CHANNELS, SIZE = 8, 64


def build(work, name, node, weights, data):
    """Compiles a network of one node for samples of shape [N,C,SIZE,1]; the object, and the scale of its input."""
    shape = [1, *data.shape[1:]]
    graph = helper.make_graph([node], name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), str(work / f"{name}.onnx"))
    np.savez(work / f"{name}.npz", x=data)
    subprocess.run(["quant-compile", work / f"{name}.onnx", f"--calibration-data={work / name}.npz", "--force", f"--name={name}",
                    f"--report={work / name}.json", "-o", work / f"{name}.so"], check=True, stderr=subprocess.DEVNULL)
    seen = json.loads((work / f"{name}.json").read_text())["calibration"]["tensors"]["x"]
    return demo_object.Network(work / f"{name}.so", name), (max(seen["max"], 0) - min(seen["min"], 0)) / 255


def ratio_db(signal, noise, axis=None):
    return 10 * np.log10(np.square(signal).mean(axis) / np.square(noise).mean(axis))


def check_round_trip(work):
    """Values inside the calibrated range come back within half a step, those outside at its ends."""
    data = np.random.default_rng(0).uniform(0, 3, (16, CHANNELS, SIZE, SIZE)).astype(np.float32)
    network, step = build(work, "round_trip", helper.make_node("Relu", ["x"], ["y"]), [], data)
    worst = max(np.abs(network.run(sample) - sample).max() for sample in data)
    assert 0.45 * step < worst <= 0.5 * step * (1 + 1e-5), f"expected at most half a step of {step}, got {worst}"
    outside = np.abs(network.run(10 * data[0] - 5) - np.clip(10 * data[0] - 5, 0, data.max())).max()
    assert outside <= 0.5 * step * (1 + 1e-4), f"expected saturation at the ends of the range, got an error of {outside}"
    print(f"round trip: at most half a step, {worst / step:.3f}")


def check_channels(work):
    """Weights of one scale for each channel keep every channel; one scale for all would lose the small ones."""
    random = np.random.default_rng(1)
    data = random.standard_normal((16, CHANNELS, SIZE, SIZE)).astype(np.float32)
    weights = (random.standard_normal((CHANNELS, CHANNELS)) * 4.0 ** -np.arange(CHANNELS)[:, None]).astype(np.float32)
    constant = numpy_helper.from_array(weights[:, :, None, None], "w")
    network, step = build(work, "channels", helper.make_node("Conv", ["x", "w"], ["y"]), [constant], data)
    ours = np.concatenate([network.run(sample) for sample in data])
    want = np.einsum("oc,nchw->nohw", weights, data)
    scale = np.abs(weights).max() / 127
    plain = np.einsum("oc,nchw->nohw", scale * np.rint(weights / scale), step * np.rint(data / step))
    kept, lost = (ratio_db(want, got - want, (0, 2, 3)) for got in (ours, plain))
    assert kept.min() > 30, f"expected every channel to be kept, got {kept} dB"
    assert lost[0] > 30 and lost[-1] < 3, f"expected one scale to keep the largest channel only, got {lost} dB"
    print(f"channels: the smallest has {kept[-1]:.0f} dB, with one scale for all weights {lost[-1]:.0f} dB")


if __name__ == "__main__":
    check_round_trip(pathlib.Path(sys.argv[1]))
    check_channels(pathlib.Path(sys.argv[1]))
