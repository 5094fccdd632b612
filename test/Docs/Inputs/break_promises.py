"""Lets the demo judge measurements of its own that were changed to break one promise each.

Usage: break_promises.py DIRECTORY   with NETWORK_measured.json in DIRECTORY
"""

import json
import pathlib
import subprocess
import sys

DEMO = pathlib.Path(__file__).resolve().parents[3] / "utils/demo.py"


def lose(measured, precision, images):
    measured[precision]["correct"] = measured["pytorch_correct"] - images


CASES = [
    ("digits", "untouched", lambda m: None),
    ("digits", "float loses one image", lambda m: lose(m, "float", 1)),
    ("digits", "digits int8 loses three images", lambda m: lose(m, "int8", 3)),
    ("course", "course int8 loses five images", lambda m: lose(m, "int8", 5)),
    ("course", "course weights grow", lambda m: m["int8"].update(weight_bytes=m["float"]["weight_bytes"] / 3.89)),
    ("course", "course is slow", lambda m: m["int8"].update(microseconds=m["float"]["microseconds"])),
]


def main(directory):
    for network, name, change in CASES:
        measured = json.loads((pathlib.Path(directory) / f"{network}_measured.json").read_text())
        change(measured)
        file = pathlib.Path(directory) / "broken.json"
        file.write_text(json.dumps(measured))
        judged = subprocess.run([sys.executable, str(DEMO), "--judge", str(file)], stdout=subprocess.PIPE, text=True)
        print(f"{judged.stdout}{name}: exit {judged.returncode}")


if __name__ == "__main__":
    main(*sys.argv[1:])
