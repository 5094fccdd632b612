#!/usr/bin/python3
"""Writes a transformer encoder of two torch layers with GELU, one in each order of norms, as PyTorch exports it: OPSET.onnx for each
opset given, samples.npy to calibrate with, one.npy (the first sample) and PyTorch's result for it, expected.npy.

  export_encoder.py OPSET...
"""
import sys
import numpy as np
import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*[
            nn.TransformerEncoderLayer(64, 4, 192, dropout=0.0, activation="gelu", batch_first=True, norm_first=first)
            for first in (True, False)])
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        return self.head(self.layers(x).mean(1))


torch.manual_seed(0)
network = Encoder()  # in training mode: else PyTorch 1.13 exports a fused op of its own
for module in network.modules():
    if isinstance(module, nn.Dropout):
        module.eval()
samples = torch.randn(16, 32, 64)
for opset in sys.argv[1:]:
    torch.onnx.export(network, (samples[:1],), f"{opset}.onnx", opset_version=int(opset), input_names=["x"], output_names=["y"],
                      training=torch.onnx.TrainingMode.PRESERVE)
np.save("samples.npy", samples.numpy())
np.save("one.npy", samples[:1].numpy())
np.save("expected.npy", network(samples[:1]).detach().numpy())
