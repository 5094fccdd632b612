#!/usr/bin/python3
"""Compares the convolutions of a network with oneDNN's, shape by shape, and our whole network with oneDNN's convolutions in sequence.

  benchmarks/layers.py [NAME|FILE.onnx]           default: resnet50

Every shape is measured alone and warm, in turns with oneDNN's, as u8 x s8 -> u8 with bias, ReLU and one scale per channel. In the
sequence every layer of the network has memory of its own, as in a network. Above 1, a ratio says that we are faster. oneDNN
(Debian's libdnnl-dev) is restricted to the level of our objects. docs/Performance.md explains how to read the table.
"""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

import prepare
import workload

# DNNL_MAX_CPU_ISA for a level of ours.
ISAS = {"amx": "AVX512_CORE_AMX", "avx512vnni": "AVX512_CORE_VNNI", "avxvnni": "AVX2_VNNI", "x86-64-v3": "AVX2"}
FIGURES = ("median", "min")
WORK = prepare.WORK / "layers"


def convolution_text(shape, seed):
    """The quantized graph of one convolution, in the layout and types that layers have inside our networks."""
    random = np.random.RandomState(seed)
    height, width = shape.output_size()
    inputs, taps = shape.channels // shape.groups, shape.kernel[0] * shape.kernel[1]
    weights = random.standard_normal((shape.filters, taps * inputs))
    # As quantization scales every channel: how large weights are decides whether vpmaddubsw may multiply them.
    weights = np.rint(weights * (127 / np.abs(weights).max(1, keepdims=True))).astype(np.int8)
    bias = random.randint(-1000, 1000, shape.filters).astype("<i4")
    x_scale, w_scale = 0.02, 0.005
    # Activations are spread over 0..255, so sums have about this deviation; the result shall fill its range.
    y_scale = x_scale * w_scale * 147 * weights.std() * (taps * inputs) ** 0.5 / 80
    top, left, bottom, right = shape.pads
    x, y = (f"1x{h}x{w}x{c}" for h, w, c in ((shape.height, shape.width, shape.channels), (height, width, shape.filters)))
    w = f"{shape.filters}x{shape.kernel[0]}x{shape.kernel[1]}x{inputs}"

    def per_channel(scale):
        return "{" + ", ".join([f"{scale:.9e}"] * shape.filters) + "}"

    return f"""!x = !quant.uniform<i8:f32, {x_scale}:-128>
!w = !quant.uniform<i8<-127:127>:f32:0, {per_channel(w_scale)}>
!b = !quant.uniform<i32:f32:0, {per_channel(x_scale * w_scale)}>
!y = !quant.uniform<i8:f32, {y_scale:.9e}:-128>
func.func @main(%x: tensor<{x}x!x> {{qnn.name = "x"}}) -> (tensor<{y}x!y> {{qnn.name = "y"}}) {{
  %w = qnn.constant dense<"0x{weights.tobytes().hex()}"> : tensor<{w}xi8> as tensor<{w}x!w>
  %b = qnn.constant dense<"0x{bias.tobytes().hex()}"> : tensor<{shape.filters}xi32> as tensor<{shape.filters}x!b>
  %y = qnn.conv2d %x, %w bias(%b)
       {{clamp_min = 0.0 : f32, groups = {shape.groups} : i64, padding = array<i64: {top}, {left}, {bottom}, {right}>,
        strides = array<i64: {shape.strides[0]}, {shape.strides[1]}>}}
       : (tensor<{x}x!x>, tensor<{w}x!w>, tensor<{shape.filters}x!b>) -> tensor<{y}x!y> loc("measured")
  return %y : tensor<{y}x!y>
}}
"""


def compile_convolution(shape, march):
    """The shared object of a network that is this one convolution."""
    stem = WORK / (shape.name().replace(" ", "_").replace("/", "s").replace(">", "") + "_" + "_".join(map(str, shape.pads)))
    target = Path(f"{stem}-{march.replace(',', '+')}.so")
    if prepare.is_stale(target, prepare.tool("quant-compile"), __file__):
        stem.parent.mkdir(parents=True, exist_ok=True)
        source = Path(f"{stem}.mlir")
        source.write_text(convolution_text(shape, seed=0))
        prepare.run(prepare.tool("quant-compile"), source, "--emit=shared", "--name=net", f"--march={march}", "-o", target)
        source.unlink()
    return target


def write_plan(path, shapes, objects, sequence, network):
    lines = []
    for shape, target in zip(shapes, objects):
        numbers = [shape.channels, shape.height, shape.width, shape.filters, *shape.kernel, *shape.strides, *shape.pads, shape.groups]
        lines.append(f"convolution {target} {' '.join(map(str, numbers))}")
    lines += [f"sequence {' '.join(map(str, sequence))}", f"network {network}"]
    path.write_text("\n".join(lines) + "\n")


def measure(network, march):
    """What layers.cpp measured, with the shapes added."""
    all_shapes = workload.convolutions(network.model)
    shapes = list(dict.fromkeys(all_shapes))
    whole = network.compile("int8", march)
    objects = [compile_convolution(shape, march) for shape in shapes]
    plan = WORK / "plan.txt"
    write_plan(plan, shapes, objects, [shapes.index(shape) for shape in all_shapes], whole)
    program = prepare.build_program(prepare.BENCHMARKS / "layers.cpp", WORK / "layers", f"-I{prepare.ROOT / 'include'}", "-ldnnl",
                                    "-ldl")
    level = prepare.OurNetwork(whole).level
    isa = next((isa for prefix, isa in ISAS.items() if level.startswith(prefix)), None)
    if isa is None:
        raise prepare.Failed(f"oneDNN has no level like {level}: give --march")
    environment = {**os.environ, "DNNL_MAX_CPU_ISA": isa, "OMP_NUM_THREADS": "1"}
    result = json.loads(prepare.run(program, plan, env=environment))
    for shape, row in zip(shapes, result["shapes"]):
        row.update(name=shape.name(), layers=all_shapes.count(shape), macs=shape.macs(), shape=asdict(shape))
    return {"network_name": network.name, "isa": isa, **result}


def summarize(result):
    """Adds ratios: of every shape, of the sum over all layers, of the whole network against the sequence."""
    rows = result["shapes"]
    for row in rows:
        row["ratio"] = {f: row["onednn"][f] / row["ours"][f] for f in FIGURES}
    result["sum"] = {who: {f: sum(row[who][f] * row["layers"] for row in rows) for f in FIGURES} for who in ("onednn", "ours")}
    result["sum"]["ratio"] = {f: result["sum"]["onednn"][f] / result["sum"]["ours"][f] for f in FIGURES}
    result["whole_over_sequence"] = {f: result["network"][f] / result["sequence"][f] for f in FIGURES}


def text(result):
    lines = [f"{result['network_name']}: our {result['level']} and oneDNN {result['onednn']} with {result['isa']}; "
             "microseconds: median (min)", "",
             f"{'shape':34}  {'layers':>6}  {'oneDNN':>17}  {'ours':>17}  {'ratio':>5}  {'of min':>6}  {'our GMAC/s':>10}  implementation"]
    for row in sorted(result["shapes"], key=lambda row: row["ratio"]["min"]):
        theirs, ours = (f"{row[who]['median'] * 1e3:.1f} ({row[who]['min'] * 1e3:.1f})" for who in ("onednn", "ours"))
        lines.append(f"{row['name']:34}  {row['layers']:6}  {theirs:>17}  {ours:>17}  {row['ratio']['median']:5.2f}  "
                     f"{row['ratio']['min']:6.2f}  {row['macs'] / row['ours']['min'] / 1e6:10.0f}  {row['implementation']}")
    total, worst = result["sum"], min(result["shapes"], key=lambda row: row["ratio"]["min"])
    lines += [
        "", f"worst shape: {worst['name']}, ratio {worst['ratio']['min']:.2f} of minima",
        f"all layers, each alone and warm: oneDNN {total['onednn']['min']:.3f} ms, ours {total['ours']['min']:.3f} ms, "
        f"ratio {total['ratio']['min']:.2f} of minima",
        f"our whole network {result['network']['median']:.3f} ({result['network']['min']:.3f}) ms, oneDNN's convolutions in sequence "
        f"{result['sequence']['median']:.3f} ({result['sequence']['min']:.3f}) ms: {result['whole_over_sequence']['median']:.2f} times as "
        f"long ({result['whole_over_sequence']['min']:.2f} of minima)",
    ]
    if not all(row["layer_only"] for row in result["shapes"]):
        lines.append("note: these objects do not tell their layers' times, so ours include converting input and output to int8")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", nargs="?", default="resnet50", metavar="NAME|FILE.onnx", help="as for compare.py (default: resnet50)")
    parser.add_argument("--march", default="native", metavar="LEVEL", help="level of our objects and of oneDNN (default: native)")
    parser.add_argument("--output-dir", type=Path, metavar="DIR", default=prepare.WORK,
                        help="where layers.json goes (default: build/benchmarks)")
    args = parser.parse_args()
    prepare.install(oneDNN=prepare.lacks_onednn)
    result = measure(prepare.Network(args.network), args.march)
    summarize(result)
    print(text(result))
    args.output_dir.mkdir(parents=True, exist_ok=True)
    (args.output_dir / "layers.json").write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (prepare.Failed, ValueError) as error:
        sys.exit(f"error: {error}")
