"""The networks whose accuracy after quantization is measured, in PyTorch. Inputs are 32x32 colour images in 0..1, unless said.

  residual    ResNet-style: basic blocks with batch norm, identity and projection shortcuts
  mobile      MobileNetV2-style: inverted residuals, depthwise layers, ReLU6, linear bottlenecks
  squeeze     MobileNetV3-style: hard-swish, squeeze-and-excite with hard-sigmoid gates
  segmenter   U-Net-style: two levels down and up, skips by concat; the last concat adds the image itself, whose range is 0..1
  attention   LeViT-style transformer encoder: a convolutional patch embedding, softmax attention of several heads, batch norm and hard-swish
  keyword     1-D convolutions and a dense classifier on 24 filter-bank channels over 64 frames
"""

import torch
from torch import nn
from torch.nn import functional as F


def normed(inputs, outputs, kernel, stride=1, groups=1, convolution=nn.Conv2d, norm=nn.BatchNorm2d):
    return nn.Sequential(convolution(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), norm(outputs))


class Basic(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first, self.second = normed(inputs, outputs, 3, stride), normed(outputs, outputs, 3)
        self.shortcut = nn.Identity() if stride == 1 and inputs == outputs else normed(inputs, outputs, 1, stride)

    def forward(self, x):
        return F.relu(self.second(F.relu(self.first(x))) + self.shortcut(x))


class Residual(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.stem = normed(3, 16, 3, 2)
        self.blocks = nn.Sequential(Basic(16, 16, 1), Basic(16, 32, 1), Basic(32, 48, 2), Basic(48, 48, 1), Basic(48, 96, 2))
        self.classifier = nn.Linear(96, classes)

    def forward(self, image):
        return self.classifier(self.blocks(F.relu(self.stem(image))).mean((2, 3)))


class Inverted(nn.Module):
    """Expand, depthwise, project; the sum with the input where shapes allow it."""

    def __init__(self, inputs, hidden, outputs, stride, kernel=3, activation=nn.ReLU6, gate=False):
        super().__init__()
        self.expand, self.depthwise = normed(inputs, hidden, 1), normed(hidden, hidden, kernel, stride, hidden)
        self.gate = Gate(hidden) if gate else nn.Identity()
        self.project, self.activation = normed(hidden, outputs, 1), activation()
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        y = self.activation(self.depthwise(self.activation(self.expand(x))))
        y = self.project(self.gate(y))
        return x + y if self.adds else y


class Gate(nn.Module):
    """Squeeze and excite."""

    def __init__(self, channels):
        super().__init__()
        self.squeeze, self.excite = nn.Conv2d(channels, channels // 4, 1), nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x):
        return x * F.hardsigmoid(self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(x, 1)))))


class Mobile(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.stem = normed(3, 16, 3, 2)
        shapes = [(16, 48, 24, 1), (24, 96, 24, 1), (24, 96, 40, 2), (40, 160, 40, 1), (40, 160, 40, 1), (40, 160, 64, 2), (64, 256, 64, 1)]
        self.blocks = nn.Sequential(*[Inverted(*shape) for shape in shapes])
        self.last, self.classifier = normed(64, 256, 1), nn.Linear(256, classes)

    def forward(self, image):
        x = self.blocks(F.relu6(self.stem(image)))
        return self.classifier(F.relu6(self.last(x)).mean((2, 3)))


class Squeeze(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.stem = normed(3, 16, 3, 2)
        self.blocks = nn.Sequential(
            Inverted(16, 32, 24, 1, 3, nn.ReLU), Inverted(24, 72, 24, 1, 3, nn.ReLU, gate=True),
            Inverted(24, 96, 40, 2, 5, nn.Hardswish, gate=True), Inverted(40, 120, 40, 1, 5, nn.Hardswish, gate=True),
            Inverted(40, 160, 64, 2, 5, nn.Hardswish, gate=True), Inverted(64, 192, 64, 1, 3, nn.Hardswish, gate=True))
        self.last, self.classifier = normed(64, 256, 1), nn.Linear(256, classes)

    def forward(self, image):
        x = self.blocks(F.hardswish(self.stem(image)))
        return self.classifier(F.hardswish(self.last(x)).mean((2, 3)))


class Segmenter(nn.Module):
    def __init__(self, classes):
        super().__init__()
        def pair(inputs, outputs):
            return nn.Sequential(normed(inputs, outputs, 3), nn.ReLU(), normed(outputs, outputs, 3), nn.ReLU())
        self.down = nn.ModuleList([pair(3, 12), pair(12, 24), pair(24, 48)])
        self.up = nn.ModuleList([pair(48 + 24, 24), pair(24 + 12, 16)])
        self.head = nn.Sequential(nn.Conv2d(16 + 3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, classes, 1))

    def forward(self, image):
        fine = self.down[0](image)
        middle = self.down[1](F.max_pool2d(fine, 2))
        x = self.down[2](F.max_pool2d(middle, 2))
        x = self.up[0](torch.cat([F.interpolate(x, scale_factor=2.0), middle], 1))
        x = self.up[1](torch.cat([F.interpolate(x, scale_factor=2.0), fine], 1))
        return self.head(torch.cat([x, image], 1))


def attend(query, key, value, heads):
    """Softmax attention of [B,T,C] tensors, whose channels are split among heads."""
    batch, tokens, _ = query.shape
    query, key, value = (t.reshape(batch, tokens, heads, -1).transpose(1, 2) for t in (query, key, value))
    weight = torch.softmax(query @ key.transpose(2, 3) * query.shape[-1] ** -0.5, -1)
    return (weight @ value).transpose(1, 2).reshape(batch, tokens, -1)


class NormedLinear(nn.Module):
    """A dense layer on tokens, with batch norm as a 1x1 convolution has it."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear, self.norm = nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs)

    def forward(self, x):
        if self.training:
            return self.norm(self.linear(x).transpose(1, 2)).transpose(1, 2)
        scale = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        return F.linear(x, self.linear.weight * scale[:, None], self.norm.bias - self.norm.running_mean * scale)


class AttentionLayer(nn.Module):
    def __init__(self, channels, heads):
        super().__init__()
        self.query, self.key, self.value, self.join = (NormedLinear(channels, channels) for _ in range(4))
        self.wide, self.narrow, self.heads = NormedLinear(channels, 2 * channels), NormedLinear(2 * channels, channels), heads

    def forward(self, x):
        x = x + self.join(F.hardswish(attend(self.query(x), self.key(x), self.value(x), self.heads)))
        return x + self.narrow(F.hardswish(self.wide(x)))


class Attention(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.embedding = nn.Sequential(normed(3, 24, 3, 2), nn.Hardswish(), normed(24, 48, 3), nn.Hardswish(), normed(48, 64, 3, 2),
                                       nn.Hardswish(), normed(64, 64, 3))
        self.position = nn.Parameter(torch.randn(1, 64, 64) * 0.02)
        self.layers, self.classifier = nn.Sequential(*[AttentionLayer(64, 4) for _ in range(3)]), nn.Linear(64, classes)

    def forward(self, image):
        x = self.embedding(image).flatten(2).transpose(1, 2) + self.position
        return self.classifier(self.layers(x).mean(1))


class Keyword(nn.Module):
    def __init__(self, classes):
        super().__init__()
        def layer(inputs, outputs, kernel, stride):
            return nn.Sequential(normed(inputs, outputs, kernel, stride, 1, nn.Conv1d, nn.BatchNorm1d), nn.ReLU())
        self.layers = nn.Sequential(layer(24, 64, 5, 1), layer(64, 64, 5, 2), layer(64, 96, 5, 2), layer(96, 96, 3, 1))
        self.dense = nn.Sequential(nn.Linear(96 * 16, 64), nn.ReLU(), nn.Linear(64, classes))

    def forward(self, frames):
        return self.dense(self.layers(frames).flatten(1))
