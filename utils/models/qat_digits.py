#!/usr/bin/python3
"""Trains a small network on scikit-learn's digits with quantization in the loop, and exports it as ONNX with Q/DQ.

  qat_digits.py OUTPUT_DIR

Writes digits.onnx (opset 13: QuantizeLinear and DequantizeLinear where PyTorch had FakeQuantize modules), test_image.npy, test_images.npy
and test_labels.npy. Needs Debian's python3-torch and python3-sklearn; a few seconds on one core.
"""
import sys
import pathlib
import warnings

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.ao import quantization as q

warnings.filterwarnings("ignore")
torch.manual_seed(0)
torch.set_num_threads(1)


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant = q.QuantStub()
        self.conv1, self.bn1, self.relu1 = nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()
        self.conv2, self.bn2, self.relu2 = nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()
        self.add = nn.quantized.FloatFunctional()
        self.pool, self.linear = nn.MaxPool2d(2), nn.Linear(16 * 16, 10)

    def forward(self, x):
        x = self.relu1(self.bn1(self.conv1(self.quant(x))))
        x = self.add.add(self.relu2(self.bn2(self.conv2(x))), x)
        return self.linear(torch.flatten(self.pool(x), 1))


def quantized(model):
    """Fuses convolution, batch norm and ReLU, and inserts FakeQuantize: u8 activations, symmetric s8 weights per channel."""
    activations = q.FakeQuantize.with_args(observer=q.MovingAverageMinMaxObserver, quant_min=0, quant_max=255, dtype=torch.quint8)
    weights = q.FakeQuantize.with_args(observer=q.MovingAveragePerChannelMinMaxObserver, quant_min=-128, quant_max=127,
                                       dtype=torch.qint8, qscheme=torch.per_channel_symmetric)
    model.train()
    q.fuse_modules_qat(model, [["conv1", "bn1", "relu1"], ["conv2", "bn2", "relu2"]], inplace=True)
    model.qconfig = q.QConfig(activation=activations, weight=weights)
    return q.prepare_qat(model, inplace=True)


def train(model, images, labels, epochs):
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for epoch in range(epochs):
        if epoch == epochs - 2:  # the last epochs keep ranges and batch norms
            model.apply(q.disable_observer)
            model.apply(nn.intrinsic.qat.freeze_bn_stats)
        for batch in torch.randperm(len(images)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    digits = load_digits()
    images = torch.tensor(digits.images[:, None] / 16, dtype=torch.float32)
    labels = torch.tensor(digits.target)
    model = quantized(Digits())
    train(model, images[:1400], labels[:1400], epochs=6)
    model.eval()
    with torch.no_grad():
        accuracy = (model(images[1400:]).argmax(1) == labels[1400:]).float().mean()
    torch.onnx.export(model, images[:1], str(folder / "digits.onnx"), opset_version=13, input_names=["image"],
                      output_names=["scores"])
    np.save(folder / "test_image.npy", images[1400:1401].numpy())
    np.save(folder / "test_images.npy", images[1400:].numpy())
    np.save(folder / "test_labels.npy", labels[1400:].numpy())
    print(f"{100 * accuracy:.1f} % of 397 test images in PyTorch")


main()
