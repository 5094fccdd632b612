#!/usr/bin/python3
"""What a model above protobuf's 2 GB costs: time and memory to import it, to write it as ONNX again, and to compile it to int8.

  large_model.py [GIGABYTES] [WORKDIR]        # default: 2.4 GB of weights, a temporary folder

The model is a row of fully connected layers whose weights are external data, mostly holes of a sparse file. Private memory is
what the process itself holds (RssAnon), resident memory has the pages of the mapped file too. Where there is ONNX Runtime, it
runs the model that --emit=onnx wrote, whose weights are external data as well, and its results are compared with those of the
int8 object. Wants quant-import, quant-compile and quant-run on PATH, and twice GIGABYTES of disk and memory.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

for name, builtin in dict(bool=bool, object=object, float=float, int=int, complex=complex).items():
    setattr(np, name, builtin)  # Debian's onnx 1.12 predates numpy 1.24, which dropped these names.

import onnx
from onnx import TensorProto, helper

import onnxruntime

WIDTH = 8192
LAYER_BYTES = 4 * WIDTH * WIDTH


def write_model(folder, layers):
    """Layers of WIDTH x WIDTH, of which the first 64 outputs have weights that are not 0."""
    random = np.random.RandomState(0)
    nodes, initializers = [], []
    with open(folder / "weights.bin", "wb") as data:
        for i in range(layers):
            data.seek(i * LAYER_BYTES)
            data.write(np.float32(random.randn(64, WIDTH) / np.sqrt(WIDTH)).tobytes())
            tensor = TensorProto(name=f"w{i}", data_type=TensorProto.FLOAT, dims=[WIDTH, WIDTH], data_location=TensorProto.EXTERNAL)
            for key, value in (("location", "weights.bin"), ("offset", i * LAYER_BYTES), ("length", LAYER_BYTES)):
                tensor.external_data.add(key=key, value=str(value))
            initializers.append(tensor)
            nodes.append(helper.make_node("Gemm", [f"h{i}", f"w{i}"], [f"h{i + 1}"], name=f"layer{i}", transB=1))
        data.truncate(layers * LAYER_BYTES)
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, WIDTH]) for name in ("h0", f"h{layers}"))
    model = helper.make_model(helper.make_graph(nodes, "large", [x], [y], initializers), opset_imports=[helper.make_opsetid("", 13)])
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    np.save(folder / "x.npy", np.float32(random.randn(1, WIDTH)))


def measure(what, *command):
    """Runs a command and prints its time and its peaks of memory."""
    begin, peaks = time.time(), {"RssAnon": 0, "VmHWM": 0}
    process = subprocess.Popen([str(c) for c in command], stderr=subprocess.PIPE, text=True)
    while process.poll() is None:
        try:
            for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
                key, _, value = line.partition(":")
                if key in peaks:
                    peaks[key] = max(peaks[key], int(value.split()[0]) // 1024)
        except OSError:
            pass  # it has just ended
        time.sleep(0.01)
    if process.returncode:
        sys.exit(f"{what}: {process.stderr.read()}")
    print(f"{what}: {time.time() - begin:.1f} s, {peaks['RssAnon']} MB private, {peaks['VmHWM']} MB resident", flush=True)


def main(gigabytes=2.4, folder=None):
    layers = round(float(gigabytes) * 1e9 / LAYER_BYTES)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        work = pathlib.Path(work)
        write_model(work, layers)
        print(f"{layers} layers, {layers * LAYER_BYTES / 1e9:.2f} GB of weights")
        model, feed = work / "model.onnx", work / "x.npy"
        measure("import", "quant-import", model, "-o", "/dev/null")
        (work / "float").mkdir()
        measure("float ONNX", "quant-compile", model, "--precision=f32", "-o", work / "float/model.onnx")
        sizes = {file.name: f"{file.stat().st_size / 1e9:.2f} GB" for file in sorted((work / "float").iterdir())}
        print(f"  {sizes}")
        measure("int8 object", "quant-compile", model, f"--calibration-data={feed}", "-o", work / "int8.so")
        subprocess.run(["quant-run", work / "int8.so", f"--input=h0={feed}", f"--output-dir={work}"], check=True, stdout=subprocess.DEVNULL)
        got = np.load(work / f"h{layers}.npy")
        if onnxruntime.find_library():
            os.chdir(work / "float")  # where ONNX Runtime looks for the weights of a model that it gets as bytes
            want = onnxruntime.Session("model.onnx").run([np.load(feed)])[f"h{layers}"]
            noise = 10 * np.log10((want ** 2).sum() / ((want - got) ** 2).sum())
            print(f"  ONNX Runtime on the float ONNX file, the int8 object against it: {noise:.1f} dB")


if __name__ == "__main__":
    main(*sys.argv[1:])
