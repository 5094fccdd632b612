#!/usr/bin/python3
"""Trains and exports the networks on which the accuracy of quantization is judged: NAME.onnx and models.json.

  train.py [NAME...] [--outdir=DIR]       default: all networks of networks.py, written beside this script

The data are drawn by shapes.py and tones.py; the test samples take part in nothing but the one accuracy in
models.json. Training has a fixed length and keeps the last weights. `mobile` and `segmenter` are then rewritten by unlike_channels.py
into the same function with channels of unlike ranges. One core needs two to seven minutes for each network.
"""

import argparse
import json
import os
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read at import; the number of threads changes the order of sums

import torch
from torch.nn import functional as F

import data
import networks
import unlike_channels

TRAINING_SAMPLES, TEST_SAMPLES, BATCH = 24000, 10000, 64
HERE = Path(__file__).resolve().parent
REWRITINGS = {"mobile": unlike_channels.spread_mobile, "segmenter": unlike_channels.spread_segmenter}
# Network: (class, epochs, highest learning rate, ONNX opset)
RECIPES = {
    "residual": (networks.Residual, 12, 4e-3, 13),
    "mobile": (networks.Mobile, 12, 6e-3, 13),
    "squeeze": (networks.Squeeze, 11, 6e-3, 13),
    "segmenter": (networks.Segmenter, 9, 5e-3, 13),
    "attention": (networks.Attention, 12, 3e-3, 14),
    "keyword": (networks.Keyword, 14, 4e-3, 13),
}


def load(task, split, count):
    return tuple(torch.from_numpy(array) for array in task.load(split, count))


def turned(sample, label):
    """A batch mirrored and transposed at random: the classes of shapes do not change by that."""
    for axis in (-1, -2):
        if torch.rand(1) < 0.5:
            sample, label = sample.flip(axis), label.flip(axis) if label.ndim > 1 else label
    if torch.rand(1) < 0.5:
        sample, label = sample.transpose(-1, -2), label.transpose(-1, -2) if label.ndim > 1 else label
    return sample, label


def train(model, task, samples, labels, epochs, rate):
    """AdamW on a one-cycle schedule."""
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)
    steps = -(-len(samples) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, epochs=epochs, steps_per_epoch=steps)
    model.train()
    for epoch in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(samples)).split(BATCH):
            sample, label = turned(samples[batch], labels[batch]) if task.turns else (samples[batch], labels[batch])
            loss = F.cross_entropy(model(sample.contiguous()), label)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() / steps
        print(f"  epoch {epoch + 1} of {epochs}: loss {total:.3f}", flush=True)
    return model.eval()


def predict(model, samples):
    with torch.no_grad():
        return torch.cat([model(batch) for batch in samples.split(200)])


def export(model, sample, name, opset, path):
    torch.onnx.export(model, sample, str(path), opset_version=opset, do_constant_folding=True,
                      input_names=[data.TASKS[name].feeds], output_names=["logits"])


def make(name, args):
    """Trains one network and exports it; what models.json says about it."""
    network, epochs, rate, opset = RECIPES[name]
    task = data.TASKS[name]
    torch.manual_seed(data.SEED)
    samples, labels = load(task, "train", TRAINING_SAMPLES)
    model = train(network(task.classes), task, samples, labels, epochs, rate)
    if name in REWRITINGS:
        REWRITINGS[name](model, samples[:2000])
    export(model, samples[:1], name, opset, args.outdir / f"{name}.onnx")
    samples, labels = load(task, "test", TEST_SAMPLES)
    accuracy = (predict(model, samples).argmax(1) == labels).double().mean().item()
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{name}: {parameters} parameters, test accuracy {accuracy:.2%}", flush=True)
    return {"parameters": parameters, "accuracy": round(accuracy, 5)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", default=list(RECIPES), help=", ".join(RECIPES))
    parser.add_argument("--outdir", type=Path, default=HERE)
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in RECIPES]
    if unknown:
        parser.error(f"expected names of {', '.join(RECIPES)}, got {', '.join(unknown)}")
    args.outdir.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # as above
    for name in args.names:
        made, record = make(name, args), args.outdir / "models.json"
        known = json.loads(record.read_text()) if record.exists() else {}
        known.update({"seed": data.SEED, "test_samples": TEST_SAMPLES})
        known.setdefault("networks", {})[name] = made
        record.write_text(json.dumps(known, indent=2) + "\n")


if __name__ == "__main__":
    main()
