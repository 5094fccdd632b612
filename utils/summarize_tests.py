"""Prints what lit's result files say: every failed and skipped test, then `N passed, N failed, N skipped`.

Usage: summarize_tests.py RESULTS.json...   Exits 1 when a test failed, or when a file is missing or holds no test.
"""

import json
import re
import sys

PASSED = {"PASS", "XFAIL", "FLAKYPASS"}
SKIPPED = {"UNSUPPORTED", "SKIPPED", "EXCLUDED"}


def read(path):
    try:
        with open(path) as results:
            return json.load(results)["tests"]
    except (OSError, ValueError, KeyError) as error:
        print(f"error: lit left no results in {path}: {error}")
        return []


def missing_features(output):
    found = re.search(r"unavailable features: (.*)", output)
    return f" (needs {found.group(1)})" if found else ""


def main(paths):
    passed, failed, skipped = 0, 0, {}
    for path in paths:
        tests = read(path)
        failed += not tests
        for test in tests:
            if test["code"] in PASSED:
                passed += 1
            elif test["code"] in SKIPPED:
                skipped[test["name"]] = skipped.get(test["name"], 0) + 1
                if skipped[test["name"]] == 1:
                    print(f"skipped: {test['name']}{missing_features(test['output'])}")
            else:
                failed += 1
                print(f"failed: {test['name']} ({test['code'].lower()}, results in {path})")
    print(f"{passed} passed, {failed} failed, {sum(skipped.values())} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
