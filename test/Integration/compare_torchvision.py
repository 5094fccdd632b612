#!/usr/bin/python3
"""Takes torchvision networks through the whole path and compares: the float object with PyTorch, the int8 object with the interpreter.

  compare_torchvision.py ROOT WORKDIR NAME[:SIZE]...      names of utils/models/export_torchvision.py, on images of SIZE x SIZE

Where there is ONNX Runtime (ORT_LIB, benchmarks/onnxruntime.py), the float object is compared with that instead.

Prints a line per network and exits with 1 when a float output is off by more than 1e-4 of the largest one, when a byte of an int8
result differs from the interpreter, or when the int8 result has lost the signal (below 10 dB; the detector, below 3 dB).
"""
import pathlib
import subprocess
import sys
import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "benchmarks"))
import onnxruntime

# With random weights noise grows from layer to layer, and a detector has no pooling before its end that averages it away: ONNX
# Runtime's int8 gets no further than 5 dB there.
LEAST_SQNR = {"detector": 3}


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stderr[-2000:]}")


def execute(network, feed, directory, *options):
    """All outputs, one after the other."""
    run("quant-run", network, f"--input=input={feed}", f"--output-dir={directory}", *options)
    return np.concatenate([np.load(file).ravel() for file in sorted(directory.glob("*.npy"))])


def predict(model, image, onnx):
    """What PyTorch computes, or ONNX Runtime where there is one."""
    if onnxruntime.find_library():
        outputs = onnxruntime.Session(str(onnx), threads=1).run([image.numpy()])
        return np.concatenate([outputs[name].ravel() for name in sorted(outputs)])
    with torch.no_grad():
        want = model(image)
    outputs = want if isinstance(want, tuple) else (want,)  # in the order of their names
    return np.concatenate([output.numpy().ravel() for output in outputs])


def check(name, work, export):
    """The verdict on one network: a line of text and whether all is well."""
    work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    name, _, side = name.partition(":")
    size = (int(side), int(side)) if side else export.image_size(name)
    model = export.randomize(export.build(name), size)
    images = export.pictures(5, size)
    onnx, feed, samples = work / "model.onnx", work / "input.npy", work / "samples.npy"
    export.export_onnx(model, images[:1], onnx)
    np.save(feed, images[:1].numpy())
    np.save(samples, images[1:].numpy())
    want = predict(model, images[:1], onnx)
    del model
    run("quant-compile", onnx, "--precision=f32", "-o", work / "f32.so")
    real = execute(work / "f32.so", feed, work / "f32")
    (work / "f32.so").unlink()
    cache = work / "cache.json"
    run("quant-compile", onnx, f"--calibration-data={samples}", f"--calibration-cache={cache}", "-o", work / "int8.so")
    run("quant-compile", onnx, f"--calibration-cache={cache}", "-o", work / "int8.mlir")
    onnx.unlink()
    integer = execute(work / "int8.so", feed, work / "int8")
    reference = execute(work / "int8.mlir", feed, work / "reference")
    error = np.abs(real - want).max() / np.abs(want).max()
    for threads in (2, 3, 7):
        if execute(work / "int8.so", feed, work / "threads", f"--threads={threads}").tobytes() != integer.tobytes():
            return f"{name}: {threads} threads compute other bytes than one", False
    differing = np.count_nonzero(integer.view(np.int32) != reference.view(np.int32))
    sqnr = 10 * np.log10((want ** 2).sum() / ((want - integer) ** 2).sum())
    line = (f"{name}: float error {error:.1e} of the largest output, int8 {differing} of {integer.size} outputs differ from the "
            f"interpreter, int8 SQNR {sqnr:.1f} dB")
    return line, error <= 1e-4 and differing == 0 and sqnr >= LEAST_SQNR.get(name, 10)


def main(root, work, *names):
    sys.path.insert(0, str(pathlib.Path(root) / "utils/models"))
    import export_torchvision
    good = True
    for name in names:
        line, passed = check(name, pathlib.Path(work) / name.replace(":", "-"), export_torchvision)
        print(line)
        good = good and passed
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
