#!/usr/bin/python3
"""Export torchvision's architectures with random weights, as full-size inputs for the compiler.

No pretrained weights are needed: what matters here are graphs, shapes and magnitudes. Weights follow each
architecture's own initialization; biases and batch norm's scale and shift are drawn at random, and its running
statistics are those of a few random batches, so that activations neither explode nor vanish. Export is in eval mode,
where torch folds batch norm into the convolutions. Input `input` 1x3x224x224, output `output`, opset 13.

  export_torchvision.py OUTDIR [NAME...]      # default: resnet18 resnet50 mobilenet_v2 squeezenet1_1 vgg11
"""
import argparse
from pathlib import Path

import torch
import torchvision
from torch import nn
from torch.nn import functional as F

NAMES = ["resnet18", "resnet50", "mobilenet_v2", "squeezenet1_1", "vgg11"]


def pictures(n):
    """Random inputs with structure at several scales: pure noise would average out before the last layer."""
    return sum(F.interpolate(torch.randn(n, 3, s, s), size=224, mode="bilinear", align_corners=False)
               for s in (4, 14, 56, 224)) / 2


@torch.no_grad()
def randomize(model):
    has_statistics = False
    for m in model.modules():
        if isinstance(m, nn.BatchNorm2d):
            nn.init.uniform_(m.weight, 0.5, 1.5)
            nn.init.normal_(m.bias, 0, 0.2)
            m.momentum = None  # average over all batches
            has_statistics = True
        elif isinstance(m, (nn.Conv2d, nn.Linear)) and m.bias is not None:
            nn.init.normal_(m.bias, 0, 0.05)
    if has_statistics:
        model.train()
        for _ in range(3):
            model(pictures(8))
    return model.eval()


def export_onnx(model, image, path):
    torch.onnx.export(model, image, str(path), opset_version=13, input_names=["input"], output_names=["output"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outdir", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", default=NAMES)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    args.outdir.mkdir(parents=True, exist_ok=True)

    for name in args.names:
        torch.manual_seed(args.seed)
        model = randomize(torchvision.models.get_model(name, weights=None))
        image = pictures(1)
        path = args.outdir / f"{name}.onnx"
        export_onnx(model, image, path)
        with torch.no_grad():
            output = model(image)
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, output mean {output.mean():.3f} std {output.std():.3f}")


if __name__ == "__main__":
    main()
