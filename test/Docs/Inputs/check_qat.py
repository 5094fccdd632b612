"""The network of utils/models/qat_digits.py: its result beside the interpreter's and ONNX Runtime's.

  check_qat.py SOURCE_DIR FOLDER
"""
import os
import subprocess
import sys

import numpy as np

for name, builtin in dict(bool=bool, object=object, float=float, int=int, complex=complex).items():
    setattr(np, name, builtin)  # Debian's onnx 1.12 predates numpy 1.24, which dropped these names.
import onnx
from onnx import numpy_helper


def main(source, folder):
    model = onnx.load(f"{folder}/digits.onnx")
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    unit = float(constants[model.graph.node[-1].input[1]])
    image, label = np.load(f"{folder}/test_image.npy"), np.load(f"{folder}/test_labels.npy")[0]
    scores = np.load(f"{folder}/out/scores.npy")
    if scores.argmax() != label:
        sys.exit(f"expected digit {label}, got scores {scores}")
    subprocess.run(["quant-import", f"{folder}/digits.onnx", "-o", f"{folder}/digits.mlir"], check=True)
    subprocess.run(["quant-run", f"{folder}/digits.mlir", f"--input=image={folder}/test_image.npy",
                    f"--output-dir={folder}/interpreted"], check=True)
    others = {"the interpreter, in float between the casts": np.load(f"{folder}/interpreted/scores.npy")}
    if os.environ.get("ORT_LIB"):
        sys.path.insert(0, f"{source}/benchmarks")
        from onnxruntime import Session  # optimized, it refuses the scales of shape [1] that PyTorch writes
        others["ONNX Runtime"] = Session(f"{folder}/digits.onnx", 1, optimize=False).run([image])["scores"]
    for name, other in others.items():
        units = np.abs(np.rint((scores - other) / unit)).max()
        if units > 1:
            sys.exit(f"{name} differs by {units} units")
        print(f"{name}: within 1 unit, {np.mean(scores != other):.2f} of the scores differ")


main(*sys.argv[1:])
