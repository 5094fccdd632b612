"""Rewrites trained networks so that they compute the same with channels of widely unlike ranges.

Large networks have such channels by accident of their batch norms; one trained for minutes has them only mildly, so that a quantizer
that never looks at channels would pass. The rewritings are exact up to rounding of floats:

- Linear bottlenecks (mobile): no activation follows a project layer, so its channel c may be multiplied by s[c] when every layer that
  reads it divides by s[c]. A bottleneck to which a block adds shares s with that block's own output.
- Hidden channels under ReLU6 (mobile): relu6(s x) = s relu6(x) for 0 < s <= 1 as long as x stays below 6. So only channels that stay
  below LIMIT over all samples given are multiplied, and the depthwise layer divides its own weights of the channel. Another sample
  could exceed 6 and be clipped later than before.
- Concats (segmenter): relu(s x) = s relu(x) for s > 0, so one operand of a concat becomes CONCAT_FACTOR times as large, and the layer
  that reads the concat divides its weights of these channels.

Factors are powers of two, so that dividing weights by them is exact. Both functions fail if the outputs on the samples move.
"""

import torch

LIMIT, BOTTLENECK_OCTAVES, HIDDEN_OCTAVES, CONCAT_FACTOR = 5.0, 5, 4, 32.0


def factors(channels, octaves, generator):
    return 0.5 ** torch.randint(0, octaves + 1, (channels,), generator=generator).float()


def scale_outputs(layer, factor):
    """A convolution with batch norm whose channels become `factor` times as large."""
    layer[1].weight.mul_(factor)
    layer[1].bias.mul_(factor)


def observe_hidden(model, samples):
    """The largest value of each channel before the depthwise layer of each block, over the samples."""
    largest, hooks = {}, []
    for i, block in enumerate(model.blocks):
        hooks.append(block.expand.register_forward_hook(lambda _, __, y, i=i: largest.update({i: y.amax((0, 2, 3))})))
    model(samples)
    for hook in hooks:
        hook.remove()
    return largest


def expect_same(model, samples, before):
    moved = (model(samples) - before).abs().max().item()
    if moved > 1e-3 * before.abs().max().item():
        raise RuntimeError(f"expected the same function after the channels were scaled, got outputs that differ by {moved}")


def spread_mobile(model, samples, seed=0):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        before, largest = model(samples), observe_hidden(model, samples)
        for i, block in enumerate(model.blocks):
            chosen = factors(len(largest[i]), HIDDEN_OCTAVES, generator)
            chosen[largest[i] >= LIMIT] = 1.0
            scale_outputs(block.expand, chosen)
            block.depthwise[0].weight.div_(chosen[:, None, None, None])
            if not block.adds:
                bottleneck = factors(block.project[0].out_channels, BOTTLENECK_OCTAVES, generator)
            scale_outputs(block.project, bottleneck)
            reader = model.blocks[i + 1].expand if i + 1 < len(model.blocks) else model.last
            reader[0].weight.div_(bottleneck[:, None, None])
        expect_same(model, samples, before)


def spread_segmenter(model, samples):
    """The first operand of each concat, which comes up from below; each of them is read by that concat alone."""
    with torch.no_grad():
        before = model(samples)
        for pair, reader in ((model.down[2], model.up[0][0][0]), (model.up[0], model.up[1][0][0]), (model.up[1], model.head[0])):
            scale_outputs(pair[2], CONCAT_FACTOR)
            reader.weight[:, : pair[2][0].out_channels].div_(CONCAT_FACTOR)
        expect_same(model, samples, before)
