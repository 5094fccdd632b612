"""Exports small networks of what is beyond classification: token ids, embeddings and masks; style transfer; super-resolution; a U-Net.

  export_varied.py      writes NAME.onnx, and of each input and output an array NAME.TENSOR.npy, and samples NAME.npz
"""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class Encoder(nn.Module):
    """A BERT: ids, a mask and segments in, logits and states out."""

    def __init__(self, vocabulary=200, width=32, heads=4, layers=2):
        super().__init__()
        self.words, self.positions, self.segments = nn.Embedding(vocabulary, width), nn.Embedding(64, width), nn.Embedding(2, width)
        self.norm, self.heads = nn.LayerNorm(width), heads
        self.layers = nn.ModuleList([nn.ModuleDict(dict(
            q=nn.Linear(width, width), k=nn.Linear(width, width), v=nn.Linear(width, width), o=nn.Linear(width, width),
            a=nn.Linear(width, 4 * width), b=nn.Linear(4 * width, width), m=nn.LayerNorm(width), n=nn.LayerNorm(width)))
            for _ in range(layers)])
        self.pool, self.classes = nn.Linear(width, width), nn.Linear(width, 3)

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, -1).permute(0, 2, 1, 3)

    def forward(self, ids, mask, segments):
        positions = torch.arange(ids.shape[1]).unsqueeze(0).expand_as(ids)
        x = self.norm(self.words(ids) + self.segments(segments) + self.positions(positions))
        bias = (1.0 - mask[:, None, None, :].to(x.dtype)) * torch.finfo(x.dtype).min
        for layer in self.layers:
            q, k, v = (self.split(layer[name](x)) for name in "qkv")
            weights = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5 + bias).softmax(-1)
            x = layer["m"](x + layer["o"]((weights @ v).permute(0, 2, 1, 3).reshape(x.shape)))
            x = layer["n"](x + layer["b"](F.gelu(layer["a"](x))))
        return self.classes(torch.tanh(self.pool(x[:, 0]))), x


class Style(nn.Module):
    """Reflected borders, instance norms, upsampling."""

    def __init__(self):
        super().__init__()
        layer = lambda i, o, k, stride: nn.Sequential(nn.ReflectionPad2d(k // 2), nn.Conv2d(i, o, k, stride),
                                                      nn.InstanceNorm2d(o, affine=True), nn.ReLU())
        self.down = nn.Sequential(layer(3, 8, 9, 1), layer(8, 16, 3, 2), layer(16, 32, 3, 2))
        self.same, self.up, self.last, self.out = layer(32, 32, 3, 1), layer(32, 16, 3, 1), layer(16, 8, 3, 1), nn.Conv2d(8, 3, 9, 1, 4)

    def forward(self, x):
        x = self.down(x)
        x = self.up(F.interpolate(x + self.same(x), scale_factor=2, mode="nearest"))
        return self.out(self.last(F.interpolate(x, scale_factor=2, mode="nearest")))


class SuperResolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.slope, self.last = nn.Conv2d(1, 16, 5, 1, 2), nn.PReLU(16), nn.Conv2d(16, 9, 3, 1, 1)

    def forward(self, x):
        detail = F.pixel_shuffle(self.last(self.slope(self.first(x))), 3)
        return detail + F.interpolate(x, scale_factor=3, mode="bicubic", align_corners=False)


class UNet(nn.Module):
    """Transposed convolutions, activations of many kinds, classes of pixels."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(8, 16, 3, 2, 1), nn.Conv2d(16, 32, 3, 2, 1)
        self.up, self.last = nn.ConvTranspose2d(32, 16, 2, 2), nn.ConvTranspose2d(32, 8, 4, 2, 1)
        self.norm, self.out = nn.GroupNorm(4, 16), nn.Conv2d(16, 5, 1)

    def forward(self, x):
        a = F.elu(self.a(x))
        b = F.silu(self.norm(self.b(a)))
        y = torch.cat([self.up(F.mish(self.c(b))), b], 1)
        y = self.out(torch.cat([F.softplus(self.last(y)), a], 1))
        y = F.interpolate(y, scale_factor=2, mode="bilinear", align_corners=True)
        return y, y.log_softmax(1), y.argmax(1)


def export(name, model, inputs, outputs, draw):
    """`draw` makes the inputs of one run."""
    torch.manual_seed(0)
    model = model().eval()
    tensors = draw()
    torch.onnx.export(model, tuple(tensors), f"{name}.onnx", opset_version=13, input_names=inputs, output_names=outputs)
    with torch.no_grad():
        results = model(*tensors)
    for key, value in zip(inputs + outputs, tensors + list(results if isinstance(results, tuple) else [results])):
        np.save(f"{name}.{key}.npy", value.numpy())
    samples = [draw() for _ in range(8)]
    np.savez(f"{name}.npz", **{key: np.concatenate([s[i].numpy() for s in samples]) for i, key in enumerate(inputs)})


def tokens():
    mask = torch.ones(1, 16, dtype=torch.int64)
    mask[:, 12:] = 0
    return [torch.randint(0, 200, (1, 16)), mask, torch.zeros(1, 16, dtype=torch.int64)]


export("encoder", Encoder, ["ids", "mask", "segments"], ["logits", "states"], tokens)
export("style", Style, ["x"], ["y"], lambda: [torch.randn(1, 3, 32, 32)])
export("resolution", SuperResolution, ["x"], ["y"], lambda: [torch.randn(1, 1, 24, 20)])
export("unet", UNet, ["x"], ["y", "log", "classes"], lambda: [torch.randn(1, 3, 32, 24)])
