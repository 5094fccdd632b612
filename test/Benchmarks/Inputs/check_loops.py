"""Prints the layers of benchmarks/aarch64.py's results whose dotprod loop on Neoverse-V1 is only products and loads."""
import json
import sys

for row in json.load(open(sys.argv[1]))["loops"]:
    # The loop of a layer with few input channels is its whole block, epilogue included.
    if (row["level"], row["core"]) == ("dotprod", "neoverse-v1") and row["layer"].startswith("conv") and "16->96" not in row["layer"]:
        verdict = "at least 85 %" if row["share_of_limit"] >= 0.85 else f"only {row['share_of_limit']:.0%}"
        print(f"{row['layer']}: {row['macs']} multiply-adds, {verdict}")
