"""Checks the files that benchmarks/compare.py wrote to a directory, and prints what they have.

Usage: check_results.py DIRECTORY
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as xml

directory = pathlib.Path(sys.argv[1])
result = json.loads((directory / "results.json").read_text())
for row in result["networks"]:
    for name, times in row["times_ms"].items():
        assert 0 < times["min"] <= times["median"], f"{name}: expected times, got {times}"
    assert all(limit is None or limit > 0 for limit in row["limit_ms"].values()), row["limit_ms"]
    threads = f"{result['threads']} thread{'s' if result['threads'] > 1 else ''}"
    print(f"{row['network']}: {' '.join(sorted(row['times_ms']))}, {result['runs']} runs, {threads}")

chart = xml.parse(directory / "results.svg")
texts = [element.text for element in chart.iter("{http://www.w3.org/2000/svg}text")]
wanted = ["ONNX Runtime f32", "ours f32", "ONNX Runtime int8", "ours int8", *(row["network"] for row in result["networks"])]
print("chart:", ", ".join(text for text in wanted if text in texts))
