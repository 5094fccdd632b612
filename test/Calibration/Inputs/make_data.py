"""make_data.py DIR: the good and bad calibration data of data.test."""

import os
import sys

import numpy as np

os.chdir(sys.argv[1])
good = np.random.default_rng(0).standard_normal((8, 4, 4, 3)).astype("f4")
nan = good.copy()
nan[5, 0, 1, 2] = np.nan
np.savez("good.npz", label=np.arange(8), image=good)
np.savez_compressed("whole.npz", image=good[:, None])
np.save("good.npy", np.asfortranarray(good))
for i, sample in enumerate(good):
    np.save(f"dir/{i}.npy", sample)
np.savez("name.npz", other=good, third=good)
np.savez("shape.npz", image=good.transpose(0, 3, 1, 2))
np.save("type.npy", good.astype("f8"))
np.save("zero.npy", good[:0])
np.savez("nan.npz", image=nan)
open("data.txt", "w").close()
with open("truncated.npy", "wb") as file:
    np.save("full.npy", good)
    file.write(open("full.npy", "rb").read()[:-4])
with open("damaged.npz", "wb") as file:
    data = bytearray(open("good.npz", "rb").read())
    data[-600] ^= 255
    at = data.find(good.tobytes()[:64])
    data[at + 100] ^= 255
    file.write(data)
