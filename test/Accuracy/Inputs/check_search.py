"""check_search.py REPORT.json: is the chosen point of a search the fastest one that keeps the goal, and is the recipe that point?"""

import json
import sys

report = json.load(open(sys.argv[1]))
points = report["pareto"]
chosen = next(point for point in points if point["chosen"])
keeping = [point for point in points if point["keeps_goal"]]
fastest = chosen["keeps_goal"] and chosen["predicted_us"] == min(point["predicted_us"] for point in keeping)
kept = [layer for layer in report["recipe"]["layers"] if layer["precision"] == "float"]
print(f"chosen is fastest {fastest}, some point misses {len(keeping) < len(points)}, recipe has its layers {len(kept) == chosen['float_layers'] > 0}")
