"""complete_report.py < JSON: adds to a report what only a search measures, in the form that docs/Accuracy.md describes."""

import json
import sys

report = json.load(sys.stdin)
names = [layer["name"] for layer in report["layers"] if layer.get("macs")]
noises = ("weight_noise", "clip_noise", "rounding_noise", "inherited_noise")
report["accuracy"] = {
    "samples": 8,
    "output_sqnr_db": 33.25,
    "layers": [
        {"name": name, "kind": "qnn.conv2d", "precision": "int8", "macs": 1, "elements": 1, "signal": 2.0, "local_sqnr_db": 30 - i, "cumulative_sqnr_db": 28 - i,
         "saturated": i, "output_noise": 0.001, "precisions": [{"precision": "int16", "gain_db": 2.0, "cost_us": 0.5, "cost_bytes": 0}],
         "remedies": [{"remedy": "calibrator=<mse>", "applied": False, "gain_db": 0.125}], **{noise: 0.001 * (i + 1) for noise in noises}}
        for i, name in enumerate(names)
    ],
}
report["pareto"] = [
    {"output_sqnr_db": 33.25, "accuracy": None, "predicted_us": 1.5, "bytes": 900, "float_layers": 0, "precisions": {"int8": 2}, "keeps_goal": True, "front": True, "chosen": True},
    {"output_sqnr_db": 41.5, "accuracy": None, "predicted_us": 2.5, "bytes": 1100, "float_layers": 1, "precisions": {"float": 1, "int8": 1}, "keeps_goal": True, "front": True, "chosen": False},
]
report["recipe"] = {"version": 1, "graph": "0", "remedies": [], "tensors": [], "layers": [{"layer": names[0], "precision": "float", "reason": "<b>1.5 dB</b>"}]}
json.dump(report, sys.stdout)
