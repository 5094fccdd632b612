"""Checks the files that benchmarks/bit_widths.py wrote to a directory, and prints how each width was executed.

Usage: check_bit_widths.py DIRECTORY
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as xml

directory = pathlib.Path(sys.argv[1])
result = json.loads((directory / "bit-widths.json").read_text())
rows = {row["name"]: row for row in result["rows"]}
for name, row in rows.items():
    print(f"{name}: {row.get('executed', 'not measured')}")
sqnr = {name: row.get("output_sqnr_db") for name, row in rows.items()}
assert sqnr["8x8"] > sqnr["8 bits, weights 4"] + 6 > sqnr["8 bits, weights 2"] + 12, f"expected fewer bits to cost more, got {sqnr}"
if sqnr["f16"] is not None:
    # f16 has three bits more than bf16: 18 dB. More bits for activations help as long as weights have the same.
    assert 15 < sqnr["f16"] - sqnr["bf16"] < 22 and sqnr["bf16"] > sqnr["16x8"] > sqnr["8x8"], sqnr
    assert sqnr["8 bits, weights 4"] > sqnr["4x4"] and sqnr["4x4"] > sqnr["4 bits, weights 2"], sqnr
assert rows["f32"]["constant_bytes"] > 3 * rows["8x8"]["constant_bytes"]
for row in rows.values():
    assert ("measured_us" in row) == (row.get("executed") in ("native", "int8")), f"expected times only of what ran, got {row}"
    assert "failed" in row or ("accuracy" in row) == ("accuracy" in rows["f32"])

texts = [element.text for element in xml.parse(directory / "bit-widths.svg").iter("{http://www.w3.org/2000/svg}text")]
measured = [f"{name} ({row['executed']})" for name, row in rows.items() if "failed" not in row]
assert set(measured) <= set(texts), f"expected a bar for each of {measured}, got {texts}"
print(f"chart of {len(measured)} widths{', accuracy' if 'accuracy, %' in texts else ''}")
