"""Runs the before/after example in the description of every pass, as docs/Reference/*Passes.md shows it.

Usage: check_pass_examples.py ROOT   A description must state `Law:` and `Refuses:`, hold the fenced blocks `Before:` and `After:`
and name an existing test in `Example: PATH`. `Before (`FLAGS`):` gives the flags when the pass needs options; the files an
option names are looked up in the directory of the example test.
"""

import difflib
import pathlib
import re
import shlex
import subprocess
import sys


def quant_opt(flags, text, directory):
    """The printed IR; the exit code and the messages stay with the caller."""
    return subprocess.run(["quant-opt", *flags], input=text, capture_output=True, text=True, cwd=directory)


def findings(root, flag, text):
    """What is wrong with the description of one pass."""
    for part in ("Law:", "Refuses:"):
        if part not in text:
            yield f"expected a paragraph `{part}`"
    example = re.search(r"^Example: (\S+)", text, re.M)
    if not example or not (root / example.group(1)).is_file():
        yield f"expected `Example: <an existing test>`, got {example.group(1) if example else 'none'}"
        return
    block = r"[^\n]*\n+```mlir\n(.*?)```"
    before = re.search(r"^\**Before\**(?: \(`(.*?)`\))?" + block, text, re.M | re.S)
    after = re.search(r"^\**After\**" + block, text, re.M | re.S)
    if not before or not after:
        yield "expected fenced mlir blocks after `Before:` and `After:`"
        return
    directory = (root / example.group(1)).parent
    got = quant_opt(shlex.split(before.group(1) or f"-{flag}"), before.group(2), directory)
    expected = quant_opt([], after.group(1), directory)
    for run, name in ((got, "Before"), (expected, "After")):
        if run.returncode:
            yield f"quant-opt fails on the block `{name}`:\n{run.stderr}"
            return
    if got.stdout != expected.stdout:
        lines = (run.stdout.splitlines(keepends=True) for run in (expected, got))
        yield "the block `After` is not what quant-opt prints:\n" + "".join(difflib.unified_diff(*lines, "documented", "printed"))


def main(root):
    root = pathlib.Path(root).resolve()
    checked, wrong = 0, 0
    for page in sorted((root / "docs/Reference").glob("*Passes.md")):
        sections = re.split(r"^### `-([\w-]+)`$", page.read_text(), flags=re.M)
        for flag, text in zip(sections[1::2], sections[2::2]):
            checked += 1
            for message in findings(root, flag, text):
                wrong += 1
                print(f"{page.name}: {flag}: {message}")
    print(f"{checked} passes, {wrong} findings")
    return 1 if wrong or not checked else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
