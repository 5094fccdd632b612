"""Writes two-layer bidirectional recurrent networks of PyTorch with random weights: KIND.onnx and KIND.npy, its results for one.npy;
and samples.npy for calibration.

  export_recurrent.py KIND...      RNN, GRU or LSTM
"""
import sys
import warnings
import numpy as np
import torch

BATCH, STEPS, INPUTS, HIDDEN, CLASSES = 2, 9, 12, 24, 10


class Network(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.layers = getattr(torch.nn, kind)(INPUTS, HIDDEN, num_layers=2, bidirectional=True, batch_first=True)
        self.classify = torch.nn.Linear(2 * HIDDEN, CLASSES)

    def forward(self, x):
        return self.classify(self.layers(x)[0][:, -1])


def main(kinds):
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    one = torch.randn(BATCH, STEPS, INPUTS)
    np.save("one.npy", one.numpy())
    np.save("samples.npy", torch.randn(20 * BATCH, STEPS, INPUTS).numpy())
    for kind in kinds:
        network = Network(kind).eval()
        with torch.no_grad():
            np.save(f"{kind}.npy", network(one).numpy())
        torch.onnx.export(network, one, f"{kind}.onnx", input_names=["x"], output_names=["y"], opset_version=13)


if __name__ == "__main__":
    main(sys.argv[1:])
