#!/usr/bin/python3
"""Accuracy and speed of the MLPerf Tiny networks: their float files quantized by us, beside the int8 files as published.

  mlperf_tiny.py FOLDER [--samples=N]     FOLDER holds {ad,ic,kws,vww}_{float,int8}.tflite

SQNR is that of the outputs, against the float network in f32, over samples that no calibration has seen. The data sets are not here;
inputs are drawn to resemble them, inside the range that the int8 file has for its input: for ic and vww crops of the two
photographs of scikit-learn, for kws sequences of cepstra, each a first-order process whose deviation falls with its index, for ad
log-mel spectra that are smooth along frequency and nearly constant over the five frames.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "utils"))
from tflite_reference import Model


def crops(rng, count, size):
    """Pixels 0 to 255 of squares of photographs, averaged down."""
    from sklearn.datasets import load_sample_images
    pictures = load_sample_images().images
    result = []
    for _ in range(count):
        picture = pictures[rng.integers(len(pictures))]
        factor = int(rng.integers(1, min(picture.shape[:2]) // size + 1))
        y, x = (int(rng.integers(n - factor * size + 1)) for n in picture.shape[:2])
        square = picture[y:y + factor * size, x:x + factor * size].reshape(size, factor, size, factor, 3).mean((1, 3))
        square = square[:, ::-1] if rng.integers(2) else square
        result.append(np.clip(np.rint(square * rng.uniform(0.6, 1.2)), 0, 255))
    return np.array(result, np.float32)


def smooth(rng, shape, axis, memory):
    """A first-order process of deviation 1 along an axis."""
    noise = np.moveaxis(rng.standard_normal(shape), axis, 0)
    for i in range(1, len(noise)):
        noise[i] = memory * noise[i - 1] + np.sqrt(1 - memory ** 2) * noise[i]
    return np.moveaxis(noise, 0, axis)


def cepstra(rng, count):
    deviation = 12 / (1 + np.arange(10))
    deviation[0] = 25
    mean = np.zeros(10)
    mean[0] = -40
    return (mean + deviation * smooth(rng, (count, 49, 10), 1, 0.85)).reshape(count, 49, 10, 1)


def spectra(rng, count):
    base = -30 + 12 * smooth(rng, (count, 1, 128), 2, 0.95) + 3 * smooth(rng, (count, 5, 128), 1, 0.5)
    return base.reshape(count, 640)


DATA = {"ad": spectra, "ic": lambda rng, n: crops(rng, n, 32), "kws": cepstra, "vww": lambda rng, n: crops(rng, n, 96) / 255}


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def outputs(model, name, data, folder, *flags):
    """All samples as one batch."""
    np.save(folder + "/x.npy", data)
    run("quant-compile", model, "--emit=shared", "-o", folder + "/n.so", f"--input-shape={name}:" + "x".join(map(str, data.shape)), *flags)
    run("quant-run", folder + "/n.so", f"--input={name}={folder}/x.npy", f"--output-dir={folder}/out")
    (file,) = os.listdir(folder + "/out")
    result = np.load(f"{folder}/out/{file}")
    os.remove(f"{folder}/out/{file}")
    return result.astype(np.float64)


def milliseconds(model, folder, *flags):
    run("quant-compile", model, "--emit=shared", "-o", folder + "/n.so", *flags)
    return json.loads(run("quant-run", folder + "/n.so", "--bench=300", "--json").splitlines()[-1])["min_ms"]


def sqnr(exact, got):
    return 10 * np.log10((exact ** 2).sum() / ((exact - got) ** 2).sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models")
    parser.add_argument("--samples", type=int, default=256)
    parser.add_argument("--flag", action="append", default=[], help="of quant-compile, for our int8")
    args = parser.parse_args()
    print("| network | published int8, dB | fixed point, dB | ours, dB | ours fixed point, dB | published int8, ms | fixed point, ms | ours, ms | f32, ms |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for network, draw in DATA.items():
        files = {kind: f"{args.models}/{network}_{kind}.tflite" for kind in ("float", "int8")}
        models = {kind: Model(path) for kind, path in files.items()}
        (float_in,), (int_in,), (int_out,) = models["float"].inputs, models["int8"].inputs, models["int8"].outputs
        (scale, zero), (out_scale, out_zero) = models["int8"].params(int_in), models["int8"].params(int_out)
        rng = np.random.default_rng(0)
        low, high = (-128 - zero) * scale, (127 - zero) * scale
        calibration, test = (np.clip(draw(rng, args.samples), low, high).astype(np.float32) for _ in range(2))
        float_name, int_name = models["float"].name(float_in), models["int8"].name(int_in)
        quantized = np.clip(np.rint(test / scale) + zero, -128, 127).astype(np.int8)
        with tempfile.TemporaryDirectory() as folder:
            np.save(folder + "/calibration.npy", calibration)
            # Once for each shape: a cache belongs to a graph.
            batch = f"--input-shape={float_name}:" + "x".join(map(str, test.shape))
            for ranges, *flags in (("one", ), ("all", batch)):
                run("quant-calibrate", files["float"], f"--calibration-data={folder}/calibration.npy", "-o", f"{folder}/{ranges}.json", *flags)
            one, ours = ([f"--calibration-cache={folder}/{ranges}.json", *args.flag] for ranges in ("one", "all"))
            fixed = "--requantize=fixed-point"
            exact = outputs(files["float"], float_name, test, folder, "--precision=f32")
            row = []
            for flags in ([], [fixed]):
                shipped = (outputs(files["int8"], int_name, quantized, folder, *flags) - out_zero) * out_scale
                row.append(f"{sqnr(exact, shipped):.1f}")
            row.append(f"{sqnr(exact, outputs(files['float'], float_name, test, folder, *ours)):.1f}")
            try:
                row.append(f"{sqnr(exact, outputs(files['float'], float_name, test, folder, *ours, fixed)):.1f}")
            except SystemExit:
                row.append("float ops")
            for path, flags in ((files["int8"], []), (files["int8"], [fixed]), (files["float"], one), (files["float"], ["--precision=f32"])):
                row.append(f"{milliseconds(path, folder, *flags):.4f}")
        print("|", " | ".join([network, *row]), "|", flush=True)


main()
