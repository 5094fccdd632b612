#!/usr/bin/python3
"""Export torchvision's architectures with random weights, as full-size inputs for the compiler.

No pretrained weights are needed: what matters here are graphs, shapes and magnitudes. Weights follow each
architecture's own initialization; biases and batch norm's scale and shift are drawn at random, and its running
statistics are those of a few random batches, so that activations neither explode nor vanish. Export is in eval mode,
where torch folds batch norm into the convolutions. Opset 13; input `input` 1x3x224x224 (inception_v3: 299x299), output `output`.

  export_torchvision.py OUTDIR [NAME...]      # default: resnet18 resnet50 mobilenet_v2 squeezenet1_1 vgg11

NAME is any classifier or segmentation network of torchvision, or `detector`: a MobileNetV2 with single-shot heads for 320x240 images, which has the
outputs `boxes` and `scores`.
"""
import argparse
from pathlib import Path

import torch
import torchvision
from torch import nn
from torch.nn import functional as F

NAMES = ["resnet18", "resnet50", "mobilenet_v2", "squeezenet1_1", "vgg11"]


DETECTOR = "detector"
# Height and width of the images where they are not 224.
SIZES = {"inception_v3": (299, 299), DETECTOR: (240, 320)}
# What keeps the auxiliary classifiers of training out of the graph.
ARGUMENTS = {name: {"aux_logits": False, "init_weights": True} for name in ("googlenet", "inception_v3")}


def pictures(n, size=(224, 224)):
    """Random inputs with structure at several scales: pure noise would average out before the last layer."""
    return sum(F.interpolate(torch.randn(n, 3, s, s), size=size, mode="bilinear", align_corners=False)
               for s in (4, 14, 56, 224)) / 2


class Detector(nn.Module):
    """SSD on MobileNetV2: on six maps from 15x20 down to 1x1, a depthwise and a 1x1 convolution predict boxes and scores."""

    ANCHORS, CLASSES = 6, 21

    def __init__(self):
        super().__init__()
        features = torchvision.models.mobilenet_v2(weights=None).features
        self.stages = nn.ModuleList([features[:14], features[14:]])
        widths = [96, 1280]
        for width in (512, 256, 256, 128):
            narrow, wide = self.conv(widths[-1], width // 2, 1), self.conv(width // 2, width, 3, stride=2)
            self.stages.append(nn.Sequential(narrow, nn.ReLU6(), wide, nn.ReLU6()))
            widths.append(width)
        self.boxes = nn.ModuleList([self.head(width, 4) for width in widths])
        self.scores = nn.ModuleList([self.head(width, self.CLASSES) for width in widths])

    @staticmethod
    def conv(inputs, outputs, kernel, stride=1, groups=1):
        """Without batch norm: on maps of a few pixels its statistics would be those of noise."""
        layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        return layer

    @classmethod
    def head(cls, width, values):
        return nn.Sequential(cls.conv(width, width, 3, groups=width), nn.ReLU6(), cls.conv(width, cls.ANCHORS * values, 1))

    @staticmethod
    def rows(maps, values):
        """One row of values per anchor, those of all maps one after the other."""
        return torch.cat([m.permute(0, 2, 3, 1).reshape(m.shape[0], -1, values) for m in maps], 1)

    def forward(self, x):
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        boxes = self.rows([head(m) for head, m in zip(self.boxes, maps)], 4)
        return boxes, self.rows([head(m) for head, m in zip(self.scores, maps)], self.CLASSES).softmax(-1)


class Segmentation(nn.Module):
    """The logits of a segmentation network, which come in a dict."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x)["out"]


def build(name):
    """The network with the initialization of its architecture."""
    if name == DETECTOR:
        return Detector()
    if hasattr(torchvision.models.segmentation, name):
        return Segmentation(torchvision.models.get_model(name, weights=None, weights_backbone=None))
    return torchvision.models.get_model(name, weights=None, **ARGUMENTS.get(name, {}))


def image_size(name):
    return SIZES.get(name, (224, 224))


@torch.no_grad()
def randomize(model, size=(224, 224)):
    """Draws what the initialization leaves at zero or one, and gives batch norms the statistics of a few batches."""
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
            model(pictures(8, size))
    return model.eval()


def export_onnx(model, image, path):
    outputs = ["boxes", "scores"] if isinstance(model, Detector) else ["output"]
    torch.onnx.export(model, image, str(path), opset_version=13, input_names=["input"], output_names=outputs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outdir", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", default=NAMES)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    args.outdir.mkdir(parents=True, exist_ok=True)

    for name in args.names:
        torch.manual_seed(args.seed)
        size = image_size(name)
        model = randomize(build(name), size)
        image = pictures(1, size)
        path = args.outdir / f"{name}.onnx"
        export_onnx(model, image, path)
        with torch.no_grad():
            output = model(image)
        output = output[-1] if isinstance(output, tuple) else output
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, output mean {output.mean():.3f} std {output.std():.3f}")


if __name__ == "__main__":
    main()
