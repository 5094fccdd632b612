"""The whole path on two small trained networks: import, calibrate, compile, run on all held-out digits, judge.

Usage: demo.py [--work=DIRECTORY]     build/bin must be on PATH; what is made stays in DIRECTORY (default: build/demo)
       demo.py --judge FILE.json...   only judges measurements that an earlier run wrote to DIRECTORY

Exits with 1 if a tool fails, or if the int8 networks are not as accurate or as small as promised. Speed is only reported:
a busy machine is not a wrong compiler.
"""

import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import time

import numpy as np

import demo_object

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = ROOT / "utils/models"
PRECISIONS = ("float", "int8")
# What is promised: how many points of accuracy int8 may lose, how much smaller weights are at least, and how much faster.
NETWORKS = {
    "digits": dict(
        shape="1x1x8x8", about="1x8x8 pixels; 4 convolutions with batch norm, one residual; 0.4 million multiply-adds",
        loss="at most 0.5", holds=lambda lost: lost <= 0.5, least_ratio=None, goal=None,
    ),
    "course": dict(
        shape="1x3x32x32", about="3x32x32 pixels; the network every course builds; 3.9 million multiply-adds",
        loss="less than 1", holds=lambda lost: lost < 1, least_ratio=3.9, goal=2.0,
    ),
}


def shown(path):
    """Files in the repository as the reader would type them there."""
    return str(path).replace(f"{ROOT}/", "")


def run(work, command):
    """The standard output of a command that must succeed, run in the directory `work`."""
    done = subprocess.run(["bash", "-c", command], cwd=work, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stderr}error: `{command}` failed with exit code {done.returncode}")
    return done.stdout


def show_and_run(work, command):
    """The same, with the command and its time for the reader."""
    begin = time.monotonic()
    output = run(work, command)
    seconds = time.monotonic() - begin
    kept_together = command.replace(" -o ", " -o\u00a0")  # textwrap breaks at plain spaces only
    lines = textwrap.wrap(kept_together, 80, initial_indent="  $ ", subsequent_indent="      ", break_on_hyphens=False, break_long_words=False)
    print(" \\\n".join(lines[:-1] + [f"{lines[-1]:<83}{seconds:6.2f} s"]).replace("\u00a0", " "), flush=True)
    return output


def excerpt(file, pattern, lines):
    """The first lines of IR that hold `pattern`, shortened to operands and result type."""
    found = [line.strip() for line in file.read_text().splitlines() if pattern in line]
    for line in found[:lines]:
        operands, result = re.split(r" \{| : ", line)[0], line.split(" -> ")[-1]
        result = re.sub(r"(\d\.\d{4})\d+", r"\1", result.split(" loc(")[0])
        print(f"      {operands} ... -> {result}")
    print(f"      ... and {len(found) - lines} more")


def compile_network(name, work):
    """Imports, calibrates and compiles one network: the commands are what this demonstrates."""
    show_and_run(work, f"quant-import models/{name}.onnx --input-shape=image:{NETWORKS[name]['shape']} -o {name}.mlir")
    excerpt(work / f"{name}.mlir", "= qnn.conv2d", 1)
    show_and_run(work, f"quant-compile {name}.mlir --precision=f32 -o {name}_float.so")
    show_and_run(work, f"quant-compile {name}.mlir --calibration-data=models/{name}_calibration.npz"
        f" --calibration-cache={name}_ranges.json -o {name}_int8.mlir")
    excerpt(work / f"{name}_int8.mlir", "= qnn.conv2d", 1)
    show_and_run(work, f"quant-compile {name}.mlir --calibration-cache={name}_ranges.json -o {name}_int8.so")


def latency(paths):
    """Microseconds of one image, by name; the networks take turns, so that a busy moment does not hit only one."""
    medians = {name: [] for name in paths}
    for _ in range(5):
        for name, path in paths.items():
            output = run(path.parent, f"quant-run {path.name} --bench=1000 --json")
            medians[name].append(1000 * json.loads(output.splitlines()[-1])["median_ms"])
    return {name: float(np.median(values)) for name, values in medians.items()}


def measure(name, work):
    """Runs all held-out images through both objects. Returns the measurements and the predictions."""
    heldout = np.load(MODELS / f"{name}_heldout.npz")
    labels = heldout["label"]
    accuracy = json.loads((MODELS / "models.json").read_text())["heldout_accuracy"][name]
    measured = {"network": name, "images": len(labels), "pytorch_correct": round(accuracy * len(labels)), "level": ""}
    paths = {precision: work / f"{name}_{precision}.so" for precision in PRECISIONS}
    logits, predictions = {}, {}
    for precision, path in paths.items():
        network = demo_object.Network(path, f"{name}_{precision}")
        logits[precision] = np.concatenate([network.run(image) for image in heldout["image"]])
        predictions[precision] = logits[precision].argmax(axis=1)
        measured["level"] = network.info.level.decode()
        measured[precision] = {
            "correct": int((predictions[precision] == labels).sum()),
            "weight_bytes": network.info.constant_bytes,
            "object_bytes": path.stat().st_size,
            "arena_bytes": network.info.arena_bytes,
        }
    for precision, microseconds in latency(paths).items():
        measured[precision]["microseconds"] = microseconds
    measured["logit_difference"] = float(np.abs(logits["float"] - logits["int8"]).mean())
    measured["mean_logit"] = float(np.abs(logits["float"]).mean())
    measured["agree"] = int((predictions["float"] == predictions["int8"]).sum())
    return measured, predictions


def ratio(measured, key):
    return measured["float"][key] / measured["int8"][key]


def points(measured, correct):
    return 100 * correct / measured["images"]


def print_table(measured):
    images = measured["images"]
    print(f"\n  {measured['network']}, {images} held-out digits, level {measured['level']}")
    print(f"  {'':<26}{'float':>12}{'int8':>12}")
    print("  " + "-" * 72)
    percent = [f"{points(measured, measured[precision]['correct']):.1f} %" for precision in PRECISIONS]
    print(f"  {'accuracy':<26}{percent[0]:>12}{percent[1]:>12}   PyTorch: {points(measured, measured['pytorch_correct']):.1f} %")
    print(f"  {'same prediction':<26}{'':>12}{measured['agree'] / images:>12.1%}   {measured['agree']} of {images}")
    print(f"  {'mean logit difference':<26}{'':>12}{measured['logit_difference']:>12.3f}   mean |logit|: {measured['mean_logit']:.2f}")
    for label, key in (("weights in the object", "weight_bytes"), ("shared object", "object_bytes"), ("arena (working memory)", "arena_bytes")):
        sizes = [f"{measured[precision][key]:,} B" for precision in PRECISIONS]
        print(f"  {label:<26}{sizes[0]:>12}{sizes[1]:>12}   {ratio(measured, key):.2f}x smaller")
    times = [f"{measured[precision]['microseconds']:.1f} us" for precision in PRECISIONS]
    print(f"  {'latency (quant-run)':<26}{times[0]:>12}{times[1]:>12}   {ratio(measured, 'microseconds'):.2f}x faster\n")


def judge(measured):
    """Prints a verdict per promise; returns how many are broken."""
    network = NETWORKS[measured["network"]]
    correct = {precision: measured[precision]["correct"] for precision in PRECISIONS}
    difference = abs(points(measured, correct["float"] - measured["pytorch_correct"]))
    loss = points(measured, correct["float"] - correct["int8"])
    verdicts = [
        (difference <= 0.1, f"float is within 0.1 points of PyTorch: {difference:.1f}"),
        (network["holds"](loss), f"int8 loses {network['loss']} points: {loss:.1f}"),
    ]
    if network["least_ratio"]:
        smaller = ratio(measured, "weight_bytes")
        verdicts.append((smaller >= network["least_ratio"], f"weights are at least {network['least_ratio']}x smaller: {smaller:.2f}x"))
    for holds, text in verdicts:
        print(f"  {'ok  ' if holds else 'FAIL'}  {text}")
    if network["goal"]:
        faster = ratio(measured, "microseconds")
        note = "" if faster >= network["goal"] else f" (note: below the goal of {network['goal']:.0f}x; is the machine busy?)"
        print(f"  {'ok  ' if not note else 'note'}  int8 is {faster:.2f}x faster than float on {measured['level']}{note}")
    return sum(not holds for holds, _ in verdicts)


def draw(images, captions):
    """Pictures side by side, two characters per pixel."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    shades = " ░▒▓█" if encoding == "utf8" else " .:*#"
    for y in range(images[0].shape[0]):
        print("  " + "  ".join("".join(shades[min(4, int(value * 5))] * 2 for value in image[y]) for image in images))
    for row in zip(*captions):
        print("  " + "  ".join(f"{text:^{2 * images[0].shape[1]}}" for text in row))


def draw_digits(predictions):
    """Five digits, with those at the end that int8 gets wrong or sees differently from float."""
    heldout = np.load(MODELS / "digits_heldout.npz")
    labels = heldout["label"]
    hard = np.flatnonzero((predictions["int8"] != labels) | (predictions["float"] != predictions["int8"]))[:3]
    easy = [index for index in range(len(labels)) if index not in hard]
    chosen = easy[: 5 - len(hard)] + list(hard)
    print(f"\nWhat digits saw; the last {len(hard)} are held-out digits that it misses\n" if len(hard) else "\nWhat digits saw\n")
    captions = []
    for i in chosen:
        both = [predictions[precision][i] for precision in PRECISIONS]
        captions.append((f"float {both[0]}, int8 {both[1]}", f"label {labels[i]}" + ("" if both[1] == labels[i] else ", missed")))
    draw([heldout["image"][i, 0] for i in chosen], captions)


def link_from_c(work, expected):
    """The object and its header in a C program, on the first held-out digit."""
    compiler = "cc" if shutil.which("cc") else "clang-19"
    print("\nThe int8 network in a C program (utils/demo_classify.c)\n")
    show_and_run(work, "quant-compile digits.mlir --calibration-cache=digits_ranges.json -o digits.o")
    show_and_run(work, f"{compiler} -Wall -Wextra -Werror -I. {shlex.quote(os.path.relpath(ROOT / 'utils/demo_classify.c', work))} digits.o -o classify")
    np.load(MODELS / "digits_heldout.npz")["image"][0].astype("<f4").tofile(work / "digit.raw")
    answer = int(show_and_run(work, "./classify < digit.raw"))
    print(f"  {'ok  ' if answer == expected else 'FAIL'}  it reads the first held-out digit as {answer}, Python read {expected}")
    return int(answer != expected)


def prepare(work):
    """An empty directory in which `models` leads to the networks."""
    work.mkdir(parents=True, exist_ok=True)
    models = work / "models"
    models.unlink(missing_ok=True)
    models.symlink_to(MODELS)
    print(f"Commands run in {shown(work)}, where models -> utils/models; wall-clock seconds at the right.")


def demonstrate(work):
    """Returns how many promises are broken."""
    prepare(work)
    broken, predictions = 0, {}
    for number, (name, network) in enumerate(NETWORKS.items(), 1):
        print(f"\n{number}. {name}: {network['about']}\n")
        compile_network(name, work)
        measured, predictions[name] = measure(name, work)
        (work / f"{name}_measured.json").write_text(json.dumps(measured, indent=2) + "\n")
        print_table(measured)
        broken += judge(measured)
    draw_digits(predictions["digits"])
    broken += link_from_c(work, predictions["digits"]["int8"][0])
    print(f"\nEverything made here is in {shown(work)}; docs/Tutorial.md takes the same path step by step.")
    return broken


def read_measurements(file):
    measured = json.loads(file.read_text())
    if measured.get("network") not in NETWORKS:
        sys.exit(f"error: {file}: expected measurements of this demo, got another file: give NAME_measured.json")
    return measured


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    build = pathlib.Path(os.environ.get("QUANT_BUILD_DIR", ROOT / "build"))
    parser.add_argument("--work", type=pathlib.Path, default=build / "demo", metavar="DIRECTORY")
    parser.add_argument("--judge", type=pathlib.Path, nargs="+", metavar="FILE.json")
    arguments = parser.parse_args()
    if arguments.judge:
        broken = sum(judge(read_measurements(file)) for file in arguments.judge)
    elif shutil.which("quant-compile"):
        broken = demonstrate(arguments.work.resolve())
    else:
        sys.exit("error: quant-compile is not on PATH: run `bash utils/demo.sh`, which builds it first")
    print(f"FAIL: {broken} of the promises above do not hold" if broken else "All promises hold.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
