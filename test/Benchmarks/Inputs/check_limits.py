"""Reads the JSON of benchmarks/limits.cpp from standard input, fails on a figure that is no rate, and prints the names."""

import json
import sys

limits = json.load(sys.stdin)
for group, entries in limits.items():
    names = []
    for name, entry in entries.items():
        if group == "cache_bytes":
            assert entry >= 4096, f"{name}: expected the size of a cache, got {entry}"
        elif "unsupported" in entry:
            assert entry["unsupported"].startswith("needs "), f"{name}: expected what is needed, got {entry}"
            name += f" ({entry['unsupported']})"
        else:
            ((unit, rate),) = entry.items()
            assert unit == {"multiply": "gmac_per_s", "read": "gb_per_s"}[group] and rate > 0, f"{name}: expected a rate, got {entry}"
        names.append(name)
    print(f"{group}: {' '.join(names)}")
