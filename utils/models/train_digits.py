#!/usr/bin/python3
"""Train and export the two small models that the tests and the demo use, with their data.

  digits   8x8 grey digits, convolutions with batch norm and one residual addition. Batch norm is left unfolded in the
           ONNX file, so that the compiler has it to fold.
  course   3x32x32, two plain convolutions and one fully connected layer on 2304 features, on the same digits enlarged.

The data are scikit-learn's bundled handwritten digits: nothing is downloaded. 500 images (stratified, fixed seed) are
held out and take no part in training or calibration; the recipe has a fixed length and keeps the last weights.

Writes, for each model: NAME.onnx, NAME_heldout.npz (the model's input by name, and `label`), NAME_calibration.npz
(100 training images), and for both models.json, PyTorch's held-out accuracy.

  train_digits.py [OUTDIR]        # default: this directory
"""
import argparse
import json
import os
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read at import; the number of threads changes the order of sums

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn import functional as F

HELDOUT, CALIBRATION, BATCH = 500, 100, 32


class Digits(nn.Module):
    """conv-bn-relu, a residual block, max pool, conv-bn-relu, global average pool, fully connected."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        self.conv2, self.bn2 = nn.Conv2d(16, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        self.conv3, self.bn3 = nn.Conv2d(16, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        self.conv4, self.bn4 = nn.Conv2d(16, 48, 3, padding=1), nn.BatchNorm2d(48)
        self.fc = nn.Linear(48, 10)

    def forward(self, image):
        x = F.relu(self.bn1(self.conv1(image)))
        y = F.relu(self.bn2(self.conv2(x)))
        x = F.relu(x + self.bn3(self.conv3(y)))
        x = F.max_pool2d(x, 2)
        x = F.relu(self.bn4(self.conv4(x)))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Course(nn.Module):
    """conv-relu-pool twice without padding (32 -> 30 -> 15 -> 13 -> 6), fully connected 64*6*6 = 2304 -> 10."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.fc = nn.Linear(64 * 6 * 6, 10)

    def forward(self, image):
        x = F.max_pool2d(F.relu(self.conv1(image)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(x.flatten(1))


def enlarge(image):
    """[N,1,8,8] to [N,3,32,32]: bilinear, grey repeated."""
    x = F.interpolate(torch.from_numpy(image), size=32, mode="bilinear", align_corners=False)
    return x.repeat(1, 3, 1, 1).numpy()


def train(model, image, label, epochs):
    """Adam on a one-cycle schedule, each batch shifted by up to one eighth of the image."""
    optimizer = torch.optim.Adam(model.parameters(), weight_decay=1e-4)
    steps = -(-len(image) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, epochs=epochs, steps_per_epoch=steps)
    pixel = image.shape[-1] // 8
    model.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(image)).split(BATCH):
            dy, dx = (int(d) for d in torch.randint(-1, 2, (2,)) * pixel)
            shifted = F.pad(image[batch], (pixel + dx, pixel - dx, pixel + dy, pixel - dy))
            shifted = shifted[..., pixel:-pixel, pixel:-pixel]
            loss = F.cross_entropy(model(shifted), label[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


def export(model, image, path):
    """PRESERVE exports in the model's own mode, eval, and unlike EVAL leaves batch norm as it is."""
    torch.onnx.export(model, image, path, opset_version=13,
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
                      input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outdir", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    args.outdir.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # as above

    data = load_digits()
    image = (data.images[:, None] / 16).astype(np.float32)
    label = data.target.astype(np.int64)
    fit, held = train_test_split(np.arange(len(label)), test_size=HELDOUT, stratify=label, random_state=args.seed)

    report = {"seed": args.seed, "heldout_images": HELDOUT, "heldout_accuracy": {}}
    for name, make, images, epochs, save in [("digits", Digits, image, 60, np.savez),
                                             ("course", Course, enlarge(image), 20, np.savez_compressed)]:
        torch.manual_seed(args.seed)
        x, y = torch.from_numpy(images), torch.from_numpy(label)
        model = train(make(), x[fit], y[fit], epochs)
        with torch.no_grad():
            accuracy = (model(x[held]).argmax(1) == y[held]).float().mean().item()
        export(model, x[:1], str(args.outdir / f"{name}.onnx"))
        save(args.outdir / f"{name}_heldout.npz", image=images[held], label=label[held])
        save(args.outdir / f"{name}_calibration.npz", image=images[fit[:CALIBRATION]])
        report["heldout_accuracy"][name] = round(accuracy, 4)
        print(f"{name}: held-out accuracy {accuracy:.2%}")
    (args.outdir / "models.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
