"""Checks the file that benchmarks/accuracy.py wrote, and prints which rows it has.

Usage: check_accuracy.py ACCURACY.json MODELS.json
"""

import json
import pathlib
import sys

result, trained = (json.loads(pathlib.Path(path).read_text()) for path in sys.argv[1:])
for network in result["networks"]:
    rows = {row["name"]: row for row in network["rows"]}
    failed = [row["failed"] for row in rows.values() if "failed" in row]
    assert not failed, failed
    low, high = rows["f32"]["accuracy_interval"]
    # The interval is of 95 %, the samples are a fixed part of those that PyTorch was judged on.
    assert low <= trained["networks"][network["network"]]["accuracy"] <= high, f"expected PyTorch's accuracy, got {low}..{high}"
    assert rows["f32"]["int8_share"] == 0 and rows["minmax"]["int8_share"] >= 0.9, "expected almost all multiplications in int8"
    assert 20 <= rows["minmax"]["output_sqnr_db"] <= 60, rows["minmax"]["output_sqnr_db"]
    assert rows["minmax"]["lost_from"] <= rows["minmax"]["lost"] <= rows["minmax"]["lost_to"]
    assert rows["minmax"]["lost_from"] < 0.3, f"expected no loss above 0.3 points that is no chance, got {rows['minmax']}"
    assert rows["minmax"]["constant_bytes"] < rows["f32"]["constant_bytes"] / 3
    assert all(row["measured_us"] > 0 for row in rows.values())
    if "ORT f32" in rows:
        assert rows["ORT f32"]["output_sqnr_db"] > 90, "expected ONNX Runtime to compute the same in float"
    print(f"{network['network']}: {network['samples']} samples, {', '.join(rows)}")
