"""peak_memory.py MODEL: compares a model with itself on 1 MB and on 64 MB of samples; "flat" when the peaks differ by less than 16 MB."""

import os
import subprocess
import sys

import numpy as np


def peak_kib(count):
    """The largest resident set of quant-validate on `count` samples of 64 KB, in KiB."""
    np.savez("x.npz", x=np.random.default_rng(0).standard_normal((count, 16384), dtype="f4"))
    child = subprocess.Popen(["quant-validate", sys.argv[1], sys.argv[1], "--data=x.npz"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"error: quant-validate failed on {count} samples")
    return usage.ru_maxrss


grown = -peak_kib(16) + peak_kib(1024)
os.remove("x.npz")
print("flat" if grown < 16 * 1024 else f"grew by {grown} KiB")
