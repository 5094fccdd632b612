"""Feeds damaged .npy and .npz files to quant-run: each must end in one error line (or be read), never in a crash.

usage: damage_arrays.py MODEL.mlir DIRECTORY     the model has one input "x" of type 2x3xfloat32
"""

import os
import random
import struct
import subprocess
import sys

import numpy as np

model, directory = sys.argv[1:]
os.chdir(directory)
x = np.arange(6, dtype="f4").reshape(2, 3)
good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"


def run(path):
    done = subprocess.run(["quant-run", model, "--input=x=" + path, "--print"], capture_output=True)
    lines = done.stderr.decode(errors="replace").splitlines()
    clean = done.returncode == 0 or (done.returncode == 1 and len(lines) == 1 and lines[0].startswith("error: "))
    if not clean:
        sys.exit(f"{os.path.abspath(path)}: exit {done.returncode}: {lines}")
    return lines[0].replace(path, "FILE") if lines else done.stdout.decode().strip()


def header(text, version=1):
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    with open("h.npy", "wb") as file:
        file.write(b"\x93NUMPY" + bytes([version, 0]) + length + text.encode("latin1") + x.tobytes())
    return run("h.npy")


def show(what, array):
    np.save("a.npy", array)
    print(f"{what}: {run('a.npy')}")


show("row-major", x)
show("fortran", np.asfortranarray(x))
show("big-endian", x.astype(">f4"))
show("complex", x.astype("c8"))
show("objects", np.array([None, 1]))
show("structured", np.zeros(3, dtype=[("a", "f4"), ("b", "i4")]))
print("version 2:", header(good, 2))
print("version 3:", header(good, 3))
print("version 9:", header(good, 9))
print("huge:", header(good.replace("2, 3", "99999999999999, 99999999999999")))
print("negative:", header(good.replace("2, 3", "-2, 3")))
print("larger:", header(good.replace("2, 3", "2, 4")))
print("no order:", header(good.replace("'fortran_order': False, ", "")))
print("control characters:", header(good.replace("<f4", "\\n\n\x07")))
for text in ("", "{", "{'descr'", "{'descr': '<f4", good[:-1], good.replace("False", "Maybe"), good.replace("(", "[")):
    assert header(text).startswith("error: FILE: "), text

np.save("a.npy", x)
np.savez("s.npz", x=x, other=np.zeros(1000))
np.savez_compressed("c.npz", x=np.asfortranarray(x))
print("stored:", run("s.npz"))
print("deflated:", run("c.npz"))
random.seed(0)
for path in ("a.npy", "s.npz", "c.npz"):
    data = open(path, "rb").read()
    for trial in range(40):
        damaged = bytearray(data[: random.randrange(len(data))] if trial % 3 == 0 else data)
        for _ in range(min(3, len(damaged))):
            damaged[random.randrange(-min(len(damaged), 300), min(len(damaged), 300))] = random.randrange(256)
        with open("damaged" + path[-4:], "wb") as file:
            file.write(damaged)
        run("damaged" + path[-4:])
