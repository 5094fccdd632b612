"""The rules of our house style that a program can check.

Usage: check_style.py RULE ROOT   Prints one `path:line: message` per finding under ROOT; exits 1 if there is one.
"""

import pathlib
import re
import sys

SOURCE_DIRS = ("include", "lib", "tools", "test", "utils", "benchmarks")


def files(root, *suffixes):
    """The files below the source directories of root with one of the suffixes, in a fixed order."""
    found = [path for top in SOURCE_DIRS for suffix in suffixes for path in (root / top).rglob("*" + suffix)]
    return sorted(found)


def bodies(text, header):
    """Yields (offset, body) of every function or lambda whose text up to the `{` matches header."""
    for match in re.finditer(header, text):
        depth, end = 1, match.end()
        while depth and end < len(text):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        yield match.end(), text[match.end():end]


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def bare_failure(root):
    """A pattern that declines says why: notifyMatchFailure, never a bare failure."""
    for path in files(root, ".cpp", ".h"):
        text = path.read_text()
        for start, body in bodies(text, r"\bmatchAndRewrite\s*\([^{;]*\{"):
            for match in re.finditer(r"return failure\(\);", body):
                yield path, line_of(text, start + match.start()), "expected notifyMatchFailure with a reason, got a bare failure"


def header_guards(root):
    """The guard of a header is its path in capitals: below include/, or QNN_ and the path from the root."""
    for path in files(root, ".h"):
        relative = path.relative_to(root)
        if relative.parts[0] not in ("include", "lib", "tools"):
            continue
        inside = relative.parts[0] == "include"
        relative = relative.relative_to("include") if inside else "qnn" / relative
        expected = re.sub(r"[^A-Za-z0-9]", "_", str(relative)).upper()
        guard = re.search(r"^#ifndef (\w+)\n#define (\w+)\n", path.read_text(), re.M)
        if not guard or guard.groups() != (expected, expected):
            yield path, 1, f"expected the header guard {expected}, got {guard.group(1) if guard else 'none'}"


def banners(root):
    """Every C++ and TableGen file starts by naming itself and its license."""
    for path in files(root, ".cpp", ".h", ".td"):
        if path.relative_to(root).parts[0] not in ("include", "lib", "tools", "benchmarks"):
            continue
        head = path.read_text().split("\n\n", 1)[0]
        if not re.match(r"//===-+ " + re.escape(path.name) + r" - \S", head):
            yield path, 1, f"expected the banner `//===- {path.name} - <one line>`"
        elif "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception" not in head:
            yield path, 1, "expected the SPDX license identifier in the banner"


def asserting_tests(root):
    """A test must be able to fail for a reason it names: each RUN line of a test, or another one, compares something."""
    asserts = re.compile(
        r"\b(FileCheck|diff|cmp|not|test|grep|verify-diagnostics|check_format\.sh|generate_docs\.sh)\b"
        # Python scripts that check say so in their name; compiled programs check themselves and fail by their exit code.
        r"|%python \S*(check|compare|test)\w*\.py|%qemu-aarch64|(^|&& )\s*%t\S*\b"
    )
    for path in files(root, ".mlir", ".test"):
        if "Inputs" in path.parts or path.relative_to(root).parts[0] != "test":
            continue
        text = re.sub(r"\\\n\s*(//|#)\s*RUN:", " ", path.read_text())
        runs = re.findall(r"RUN:(.*)", text)
        if not runs:
            yield path, 1, "expected a RUN line"
        elif not any(asserts.search(run) for run in runs):
            yield path, 1, "expected a RUN line that compares something (FileCheck, diff, cmp, not, ...)"


def constraint_labels(root):
    """A label like conv2d_c1 of the op reference stands at a check in lib/ and names a test function; no other labels exist."""
    label = re.compile(r"\b[a-z][a-z0-9_]*_c[0-9]+\b")
    reference = {name: path for path in sorted((root / "docs/Reference").glob("*Dialect.md"))
                 for item in re.findall(r"^- (.*?:)", path.read_text(), re.M) for name in label.findall(item)}
    checks = {name: (path, number) for path in files(root, ".cpp", ".h", ".td")
              for number, line in enumerate(path.read_text().splitlines(), 1)
              for name in label.findall(line.partition("//")[2])}
    tested = {re.sub(r"_[a-z]$", "", name) for path in files(root, ".mlir")
              for name in re.findall(r"func\.func(?: private)? @(\w+)", path.read_text())}
    for name, path in reference.items():
        if name not in checks:
            yield path, 1, f"expected a comment {name} at the check in lib/"
        if name not in tested:
            yield path, 1, f"expected an invalid test @{name}"
    for name, (path, number) in checks.items():
        if name not in reference:
            yield path, number, f"expected a documented constraint, got {name}"


def short_mains(root):
    """main() of a tool reads at a glance: at most 60 lines."""
    for path in files(root, ".cpp"):
        if path.relative_to(root).parts[0] != "tools":
            continue
        text = path.read_text()
        for start, body in bodies(text, r"\bint main\([^{;]*\{"):
            if body.count("\n") > 60:
                yield path, line_of(text, start), f"expected main() of at most 60 lines, got {body.count(chr(10))}"


def pass_names(root):
    """One pass, one spelling: FooBarPass, flag qnn-foo-bar (also its DEBUG_TYPE), FooBar.cpp, test qnn-foo-bar.mlir."""
    sources = {path.name: path for path in files(root, ".cpp")}
    tests = {path.name for path in files(root, ".mlir", ".test")}
    for path in files(root, "Passes.td"):
        text = path.read_text()
        for match in re.finditer(r"^def (\w+?)\s*:\s*Pass<\s*\"([\w-]+)\"", text, re.M):
            line, (name, flag) = line_of(text, match.start()), match.groups()
            stem = name[:-len("Pass")] if name.endswith("Pass") else None
            if stem is None:
                yield path, line, f"expected the name {name}Pass, got {name}"
                continue
            stem = stem.removeprefix("Convert") if flag.startswith("convert-") else stem
            # The prefix of the flag is the dialect's, which the class name does not repeat.
            words = "".join(flag.split("-")[1:])
            if stem.lower() != words:
                yield path, line, f"expected a flag that spells {stem}, got {flag}"
            source = sources.get(stem + ".cpp")
            if source is None:
                yield path, line, f"expected {name} in a file {stem}.cpp"
            elif set(re.findall(r'#define DEBUG_TYPE "(.*)"', source.read_text())) - {flag}:
                yield source, 1, f"expected the DEBUG_TYPE {flag}"
            if not {flag + ".mlir", flag + ".test"} & tests:
                yield path, line, f"expected a test {flag}.mlir"


RULES = {
    rule.__name__.replace("_", "-"): rule
    for rule in (asserting_tests, banners, bare_failure, constraint_labels, header_guards, pass_names, short_mains)
}


def main(rule, root):
    root = pathlib.Path(root)
    findings = list(RULES[rule](root))
    for path, line, message in findings:
        print(f"{path.relative_to(root)}:{line}: {message}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
