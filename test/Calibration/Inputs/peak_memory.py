"""peak_memory.py MODEL: calibrates with 1 MB and 64 MB of samples; "flat" when the peaks differ by less than 16 MB."""

import os
import subprocess
import sys

import numpy as np


def peak_kib(data):
    """The largest resident set of quant-compile, in KiB."""
    child = subprocess.Popen(
        ["quant-compile", sys.argv[1], "--calibration-data=" + data, "-o", "net.o"], stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"error: quant-compile failed on {data}")
    return usage.ru_maxrss


samples = np.random.default_rng(0).standard_normal((1024, 16384)).astype("f4")
np.savez("small.npz", x=samples[:16])
few = peak_kib("small.npz")
for name, file, save in (
    ("stored", "stored.npz", lambda path: np.savez(path, x=samples)),
    ("deflated", "deflated.npz", lambda path: np.savez_compressed(path, x=np.round(samples))),
    ("npy", "samples.npy", lambda path: np.save(path, samples)),
):
    save(file)
    grown = peak_kib(file) - few
    print(f"{name}: flat" if grown < 16 * 1024 else f"{name}: grew by {grown} KiB")
    os.remove(file)
