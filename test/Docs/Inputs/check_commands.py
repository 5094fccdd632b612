"""Runs what our documents tell a reader to type.

Usage: check_commands.py WORK_DIRECTORY ROOT DOCUMENT...   The ```sh blocks of each document run in order, as one script, in
WORK_DIRECTORY, which sees the top level of ROOT; the first command that fails ends the document. ```mlir blocks must parse.
The lines of ```text blocks must be printed by those commands, in this order; `...` stands for anything, SSA numbers do not count.
Lines that install, build or run this very suite are left to utils/check.sh, which runs them before.
"""

import pathlib
import re
import shutil
import subprocess
import sys

LEFT_OUT = re.compile(r"\s*(bash utils/(demo|check|build|install_dependencies)\.sh|ninja -C build|sudo |apt|git clone|cd )")


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def prepare(work, root):
    """An empty directory with links to what stands at the top of the repository."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for entry in root.iterdir():
        if not entry.name.startswith(".") and entry.name != "out":  # where a reader of the same page keeps results
            (work / entry.name).symlink_to(entry)


def lines_not_printed(shown, printed):
    """The lines of a document that its commands did not print in that order."""

    def anonymous(line):
        return re.sub(r"%\d+", "%", line.strip())

    rest = [anonymous(line) for line in printed.splitlines()]
    for line in shown.splitlines():
        pattern = re.compile(".*".join(map(re.escape, anonymous(line).split("..."))))
        place = next((i for i, candidate in enumerate(rest) if pattern.fullmatch(candidate)), None)
        if place is None:
            yield line
        else:
            rest = rest[place + 1 :]


def check(document, work, root):
    """The number of blocks that fail; says which."""
    text, failures = document.read_text(), 0
    for block in blocks(text, "mlir"):
        parsed = subprocess.run(["quant-opt"], input=block, capture_output=True, text=True)
        if parsed.returncode:
            failures += 1
            print(f"{document.name}: a block does not parse:\n{block}\n{parsed.stderr}")
    script = "".join(line + "\n" for block in blocks(text, "sh") for line in block.splitlines() if not LEFT_OUT.match(line))
    prepare(work, root)
    run = subprocess.run(["bash", "-x", "-euo", "pipefail", "-c", script], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode:
        print(f"{document.name}: the last command below exits with {run.returncode}:\n{run.stdout}")
        return failures + 1
    for line in lines_not_printed("".join(blocks(text, "text")), run.stdout):
        failures += 1
        print(f"{document.name}: shows a line that its commands do not print here:\n{line}")
    return failures


def check_links(document):
    """Every relative link leads to something."""
    broken = [link for link in re.findall(r"\]\(([^)#:]+)[^):]*\)", document.read_text()) if not (document.parent / link).exists()]
    for link in broken:
        print(f"{document.name}: broken link {link}")
    return len(broken)


def main(work, root, *documents):
    work, root = pathlib.Path(work), pathlib.Path(root).resolve()
    return 1 if sum(check(root / name, work, root) + check_links(root / name) for name in documents) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
