"""Writes the ONNX model that a test file holds as text.

Usage: onnxtxt.py TEST.test OUT.onnx [NAME]   Lines that start with # are the test's own. With NAME, the part of the file after
the line `# ---- NAME`, up to the next such line. In the text, `@` stands for the usual header (IR version 8, opset 13), `@N` for
opset N.
"""
import re
import sys

import numpy

# Debian's onnx 1.12 predates numpy 1.24, which dropped these names.
for name in ("bool", "object", "float", "int", "complex"):
    setattr(numpy, name, __builtins__.__dict__[name])
import onnx.parser


def main(source, target, part=None):
    text = open(source).read()
    if part:
        parts = dict(re.findall(r"^# ---- (\S+)\n(.*?)(?=^# ---- |\Z)", text, re.M | re.S))
        text = parts[part]
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    header = r'<ir_version: 8, opset_import: ["": \1]>'
    text = re.sub(r"^@(\d+)$", header, re.sub(r"^@$", "@13", text, flags=re.M), flags=re.M)
    with open(target, "wb") as file:
        file.write(onnx.parser.parse_model(text).SerializeToString())


main(*sys.argv[1:])
