"""Shows what compare.py measured: as a table and as an SVG chart.

    report.py RESULTS.json CHART.svg        shows an earlier measurement again
"""

import json
import sys
from pathlib import Path

# The figure of limits.cpp that bounds a level; the first one that this machine has.
LIMITS = {
    "int8": {"amx": ["amx_tdpbusd"], "avx512vnni": ["vpdpbusd_512"], "avxvnni": ["vpdpbusd_256_vex", "vpdpbusd_256_evex"],
             "x86-64-v3": ["pmaddubsw_256"], "i8mm": ["neon_smmla"], "dotprod": ["neon_sdot"], "armv8-a": ["neon_smull"]},
    "f32": {"amx": ["f32_fma_512"], "avx512vnni": ["f32_fma_512"], "avxvnni": ["f32_fma_256"], "x86-64-v3": ["f32_fma_256"],
            "i8mm": ["f32_fmla_128"], "dotprod": ["f32_fmla_128"], "armv8-a": ["f32_fmla_128"]},
}
SERIES = [("peer_f32", "ONNX Runtime f32", "#c6c6c6"), ("our_f32", "ours f32", "#8fb8de"),
          ("peer_int8", "ONNX Runtime int8", "#7a7a7a"), ("our_int8", "ours int8", "#1f5f99")]


def multiply_rate(limits, level, precision):
    """Giga multiply-accumulates per second that a level can reach here; None when limits.cpp has no figure for it."""
    names = next((names for prefix, names in LIMITS[precision].items() if level.startswith(prefix)), [])
    figures = [limits["multiply"][name]["gmac_per_s"] for name in names if "gmac_per_s" in limits["multiply"].get(name, {})]
    return figures[0] if figures else None


def cells(row):
    """The columns of one network, as text."""
    times, limit = row["times_ms"], row["limit_ms"]["int8"]

    def ratio(theirs, ours, figure="median"):
        return f"{times[theirs][figure] / times[ours][figure]:.2f}" if theirs in times else "-"

    def both(key):
        return f"{times[key]['median']:.2f} ({times[key]['min']:.2f})" if key in times else "-"

    return {
        "network": row["network"], "level": row["levels"]["int8"], "GMAC": f"{row['macs'] / 1e9:.2f}",
        "ORT f32": both("peer_f32"), "our f32": both("our_f32"), "ratio": ratio("peer_f32", "our_f32"),
        "ORT int8": both("peer_int8"), "our int8": both("our_int8"), "ratio ": ratio("peer_int8", "our_int8"),
        "of min": ratio("peer_int8", "our_int8", "min"), "f32/int8": ratio("our_f32", "our_int8"),
        "limit": f"{limit:.2f}" if limit else "-", "reached": f"{100 * limit / times['our_int8']['min']:.0f} %" if limit else "-",
    }


def table(result):
    """The measurements as aligned text; times in milliseconds."""
    rows = [cells(row) for row in result["networks"]]
    lines = [list(rows[0]), *[list(row.values()) for row in rows]]
    widths = [max(map(len, column)) for column in zip(*lines)]
    text = ["  ".join(cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths))) for line in lines]
    peer = result["peer"] or "no peer"
    head = [f"{result['machine']}, {result['threads']} thread(s), {peer} (ORT), ms: median (min) of {result['runs']} runs"]
    notes = ["", *map(accuracy, result["networks"])]
    return "\n".join(line.rstrip() for line in head + text + notes)


def accuracy(row):
    """How far the results are from ONNX Runtime's float ones: without this a time says nothing."""
    if "f32_error" not in row:
        return f"{row['network']}: our int8 {row['our_int8_sqnr_db']:.1f} dB above its difference to our f32"
    return (f"{row['network']}: our f32 differs by {row['f32_error']:.1e} of the largest output; int8 signal to noise "
            f"ours {row['our_int8_sqnr_db']:.1f} dB, theirs {row['peer_int8_sqnr_db']:.1f} dB")


def write_chart(result, path):
    """Medians relative to our int8, one group of bars per network; the hardware limit is a line across its bar."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "benchmarks", "font.size": 9})
    from matplotlib import pyplot

    rows = result["networks"]
    series = [entry for entry in SERIES if any(entry[0] in row["times_ms"] for row in rows)]
    figure, axes = pyplot.subplots(figsize=(2.5 + 1.6 * len(rows), 4))
    width = 0.8 / len(series)
    for i, (key, label, color) in enumerate(series):
        for k, row in enumerate(rows):
            if key not in row["times_ms"]:
                continue
            median, ours = row["times_ms"][key]["median"], row["times_ms"]["our_int8"]["median"]
            x = k + (i - (len(series) - 1) / 2) * width
            axes.bar(x, median / ours, width * 0.95, color=color, label=label if k == 0 else None)
            axes.annotate(f"{median:.2f}", (x, median / ours), ha="center", va="bottom", fontsize=7)
            limit = row["limit_ms"][key[-4:].lstrip("_")]
            if key.startswith("our") and limit:
                named = k == 0 and key == "our_int8"
                axes.hlines(limit / ours, x - width / 2, x + width / 2, color="#d1495b", label="hardware limit" if named else None)
    axes.set_xticks(range(len(rows)), [row["network"] for row in rows])
    axes.set_ylabel("time, ours int8 = 1 (milliseconds above the bars)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


if __name__ == "__main__":
    measured = json.loads(Path(sys.argv[1]).read_text())
    print(table(measured))
    write_chart(measured, sys.argv[2])
