"""check_search.py REPORT.json: is the chosen point of a search the fastest one that keeps the goal, and is the recipe that point?"""

import json
import sys

report = json.load(open(sys.argv[1]))
points = report["pareto"]
chosen = next(point for point in points if point["chosen"])
keeping = [point for point in points if point["keeps_goal"]]
fastest = chosen["keeps_goal"] and chosen["predicted_us"] == min(point["predicted_us"] for point in keeping)
kept = [layer for layer in report["recipe"]["layers"] if layer["precision"] != "int8"]
wanted = sum(count for precision, count in chosen["precisions"].items() if precision != "int8")


def beats(a, b):
    """Is point `a` as good as `b` in everything and better in something?"""
    x, y = ((point["output_sqnr_db"], -point["predicted_us"], -point["bytes"]) for point in (a, b))
    return x != y and all(i >= j for i, j in zip(x, y))


front = all(point["front"] == (not any(beats(other, point) for other in points)) for point in points)
seen = sorted({precision for point in points for precision in point["precisions"]})
print(f"chosen is fastest {fastest}, some point misses {len(keeping) < len(points)}, recipe has its layers {len(kept) == wanted > 0}, "
      f"front is a front {front}, precisions {seen}")
