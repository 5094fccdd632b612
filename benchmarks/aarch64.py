#!/usr/bin/python3
"""Judges our AArch64 code without the hardware: inner loops by LLVM's processor models, whole networks by executed instructions.

  benchmarks/aarch64.py [--networks] [--output-dir=DIR]

Layers of ResNet-50 and MobileNetV2 are compiled for every AArch64 level; the innermost loop of each kernel runs in llvm-mca on
the model of each core. `of limit` is how much of that time the core needs for the products alone: the sum of the reciprocal
throughputs of the multiplying instructions (from the model's resources) over the cycles of an iteration; `of bound` counts the
busiest of all resources, such as loads. The models know nothing of caches. --networks counts the instructions that small networks
execute under qemu-aarch64, which says nothing about time but does not depend on a model. docs/Performance.md explains how to read it.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import prepare

ROOT = prepare.ROOT
TARGET = "--target=aarch64-linux-gnu"
# What qemu-aarch64 pretends to be to run a level; the instructions that a core of llvm-mca has.
LEVELS = {"armv8-a": "cortex-a53", "dotprod": "neoverse-n1", "i8mm": "max"}
CORES = {
    "neoverse-n1": ("armv8-a", "dotprod"),
    "neoverse-v1": ("armv8-a", "dotprod", "i8mm"),
    "cortex-a55": ("armv8-a", "dotprod"),
    "cortex-a76": ("armv8-a", "dotprod"),
}
# input (height, width, channels), filters, window, stride, groups; no size: fully connected.
LAYERS = {
    "conv 7x7/2 3->64 224": ((229, 229, 3), 64, 7, 2, 1),
    "conv 3x3 64->64 56": ((58, 58, 64), 64, 3, 1, 1),
    "conv 1x1 64->256 56": ((56, 56, 64), 256, 1, 1, 1),
    "conv 1x1 256->64 56": ((56, 56, 256), 64, 1, 1, 1),
    "conv 3x3 512->512 7": ((9, 9, 512), 512, 3, 1, 1),
    "conv 1x1 16->96 112": ((112, 112, 16), 96, 1, 1, 1),
    "depthwise 3x3 96 56": ((58, 58, 96), 96, 3, 1, 96),
    "fully connected 2048->1000": (2048, 1000),
}
NETWORKS = {"digits": "1x1x8x8", "course": "1x3x32x32"}
# Multiply-adds of one instruction, by mnemonic and result.
PRODUCTS = [
    (r"smmla\s+v\d+\.4s", 32), (r"sdot\s+v\d+\.4s", 16), (r"sm(ull|lal)2?\s+v\d+\.8h", 8), (r"sm(ull|lal)2?\s+v\d+\.4s", 4),
    (r"m(ul|la)\s+v\d+\.8h", 8), (r"m(ul|la)\s+v\d+\.4s", 4),
]
TYPES = """!x = !quant.uniform<i8:f32, 0.02:3>
!w = !quant.uniform<i8<-127:127>:f32, 0.005>
"""


def layer_text(layer):
    """A network of one quantized layer; its weights do not matter to loops."""
    if len(layer) == 2:
        x, w, y = f"1x{layer[0]}", f"{layer[1]}x{layer[0]}", f"1x{layer[1]}"
        op = "qnn.fully_connected %x, %w"
    else:
        (height, width, channels), filters, kernel, stride, groups = layer
        height_out, width_out = ((size - kernel) // stride + 1 for size in (height, width))
        x, y = f"1x{height}x{width}x{channels}", f"1x{height_out}x{width_out}x{filters}"
        w = f"{filters}x{kernel}x{kernel}x{channels // groups}"
        op = f"qnn.conv2d %x, %w {{strides = array<i64: {stride}, {stride}>, groups = {groups} : i64}}"
    return (f"{TYPES}func.func @main(%x: tensor<{x}x!x>) -> tensor<{y}x!x> {{\n"
            f"  %w = qnn.constant dense<1> : tensor<{w}xi8> as tensor<{w}x!w>\n"
            f"  %y = {op} : (tensor<{x}x!x>, tensor<{w}x!w>) -> tensor<{y}x!x>\n  return %y : tensor<{y}x!x>\n}}\n")


def functions(assembly):
    """{name: lines} of the functions of an assembly file, without comments and directives."""
    result, lines = {}, None
    for line in assembly.splitlines():
        line = line.split("//")[0].strip()
        if match := re.fullmatch(r"([A-Za-z_]\w*):", line):
            lines = result.setdefault(match[1], [])
        elif line.startswith(".Lfunc_end"):
            lines = None
        elif lines is not None and line and (not line.startswith(".") or line.endswith(":")):
            lines.append(line)
    return result


def innermost_loops(lines):
    """The bodies, with their closing branch, of loops that hold no other loop."""
    labels, loops = {}, []
    for number, line in enumerate(lines):
        if line.endswith(":"):
            labels[line[:-1]] = number
        elif re.match(r"(b|b\.\w+|cbn?z|tbn?z)\s", line) and (target := line.split()[-1]) in labels:
            loops.append((labels[target], number))
    inner = [a for a in loops if not any(b != a and a[0] <= b[0] and b[1] <= a[1] for b in loops)]
    return [[line for line in lines[first : last + 1] if not line.endswith(":")] for first, last in inner]


def macs_of(line):
    return next((macs for pattern, macs in PRODUCTS if re.match(pattern, line)), 0)


def kernel_loop(assembly, level):
    """The innermost loop with most products of the layer's kernel on a level."""
    suffix = "_" + level.replace("-", "_")
    loops = [loop for name, lines in functions(assembly).items() if re.match("conv2d|depthwise|fully_connected", name)
             and name.endswith(suffix) for loop in innermost_loops(lines)]
    loop = max(loops, key=lambda lines: sum(map(macs_of, lines)), default=[])
    if not any(map(macs_of, loop)):
        raise prepare.Failed(f"expected a loop with products in a kernel for {level}")
    return loop


def simulate(loop, core, work):
    """What llvm-mca says about a loop on the model of a core."""
    mca = shutil.which("llvm-mca-19") or shutil.which("llvm-mca")
    if not mca:
        raise prepare.Failed("no llvm-mca-19: install it with `bash utils/install_dependencies.sh`")
    source = work / "loop.s"
    source.write_text("\n".join(loop) + "\n")
    text = prepare.run(mca, "-mtriple=aarch64", f"-mcpu={core}", "-mattr=+dotprod,+i8mm", "-iterations=200", "-json", source)
    region = json.loads(text)["CodeRegions"][0]
    cycles = region["SummaryView"]["TotalCycles"] / region["SummaryView"]["Iterations"]
    timings = {entry["Instruction"]: entry["RThroughput"] for entry in region["InstructionInfoView"]["InstructionList"]}
    macs = sum(map(macs_of, loop))
    limit = sum(timings[i] for i, line in enumerate(loop) if macs_of(line))
    return {"instructions": len(loop), "macs": macs, "cycles": round(cycles, 2), "macs_per_cycle": round(macs / cycles, 1),
            "limit_cycles": round(limit, 2), "share_of_limit": round(limit / cycles, 3),
            "share_of_bound": round(region["SummaryView"]["BlockRThroughput"] / cycles, 3)}


def measure_loops(work):
    rows = []
    for name, layer in LAYERS.items():
        source, assembly = work / "layer.mlir", work / "layer.s"
        source.write_text(layer_text(layer))
        prepare.run(prepare.tool("quant-compile"), source, TARGET, "--march=" + ",".join(LEVELS), "--emit=asm", "-o", assembly)
        text = assembly.read_text()
        for level in LEVELS:
            loop = kernel_loop(text, level)
            for core, levels in CORES.items():
                if level in levels:
                    rows.append({"layer": name, "level": level, "core": core, **simulate(loop, core, work)})
    return rows


def count_instructions(program, level, runs, plugin):
    done = subprocess.run(["qemu-aarch64", "-cpu", LEVELS[level], "-plugin", str(plugin), "-d", "plugin", str(program), str(runs)],
                          capture_output=True, text=True)
    match = re.search(r"instructions: (\d+)", done.stderr)
    if done.returncode or not match:
        raise prepare.Failed(f"qemu-aarch64 on {program}: {(done.stderr or done.stdout).strip()[-500:]}")
    return int(match[1])


def measure_networks(work):
    """Instructions of one run: of a program that runs the network twice, less those of one that runs it once."""
    plugin, rows = work / "count.so", []
    prepare.run("cc", "-shared", "-fPIC", "-O2", ROOT / "benchmarks/count_instructions.c", "-o", plugin)
    for name, shape in NETWORKS.items():
        model = ROOT / f"utils/models/{name}.onnx"
        report = work / "report.json"
        for precision in ("int8", "f32"):
            data = [f"--calibration-data={model.with_suffix('')}_calibration.npz", "--force"] if precision == "int8" else []
            for level in LEVELS:
                prepare.run(prepare.tool("quant-compile"), model, f"--input-shape=image:{shape}", TARGET, f"--march={level}",
                            f"--precision={precision}", *data, f"--report={report}", "-o", work / "net.o")
                prepare.run("aarch64-linux-gnu-gcc", "-static", "-O1", "-DMODEL=net", "-include", work / "net.h",
                            ROOT / "benchmarks/run_times.c", work / "net.o", "-lm", "-o", work / "net")
                once, twice = (count_instructions(work / "net", level, runs, plugin) for runs in (1, 2))
                macs = json.loads(report.read_text())["macs"]
                rows.append({"network": name, "precision": precision, "level": level, "instructions": twice - once, "macs": macs,
                             "macs_per_instruction": round(macs / (twice - once), 2)})
    return rows


def print_table(columns, rows):
    cells = [columns] + [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells)]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    print()


def print_loops(rows):
    """A line for each kernel: multiply-adds per cycle, of limit, of bound on each core."""
    kernels = {}
    for row in rows:
        text = f"{row['macs_per_cycle']:5} {row['share_of_limit']:4.0%} {row['share_of_bound']:4.0%}"
        kernels.setdefault((row["layer"], row["level"]), {})[row["core"]] = text
    print("multiply-adds per cycle, of limit, of bound")
    print_table(["layer", "level", *CORES],
                [[*kernel, *(cells.get(core, "-") for core in CORES)] for kernel, cells in kernels.items()])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", action="store_true", help="also count executed instructions under qemu-aarch64")
    parser.add_argument("--output-dir", type=Path, default=prepare.WORK / "aarch64", help="gets results.json")
    options = parser.parse_args()
    options.output_dir.mkdir(parents=True, exist_ok=True)
    try:
        results = {"loops": measure_loops(options.output_dir)}
        print_loops(results["loops"])
        if options.networks:
            results["networks"] = measure_networks(options.output_dir)
            print_table(list(results["networks"][0]), [row.values() for row in results["networks"]])
    except prepare.Failed as failure:
        sys.exit(f"error: {failure}")
    (options.output_dir / "results.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
