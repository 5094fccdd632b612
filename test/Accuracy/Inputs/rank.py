"""rank.py REPORT.json COUNT: that many layers by the noise that each alone leaves at the results, loudest first, and what makes it."""

import json
import sys

layers = json.load(open(sys.argv[1]))["accuracy"]["layers"]
for layer in sorted(layers, key=lambda layer: -layer["output_noise"])[: int(sys.argv[2])]:
    causes = {cause: layer[cause + "_noise"] for cause in ("weight", "clip", "rounding")}
    print(layer["name"], max(causes, key=causes.get), layer["saturated"] > 0)
