"""same_network.py A.mlir B.mlir: fails unless both networks compute the same with the same integers, scales and zero points.

A value is what its op says with operands replaced by what they are, so that neither names nor order count. Nor do locations, precisions that
rules asked for, upper bounds that rounding to the type of the result implies, and how far the storage of a type reaches (a file of int8 says
nothing of -127:127).
"""

import hashlib
import re
import sys


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def drop_implied_bound(op):
    bound = re.search(r"clamp_max = ([-\d.e+]+) : f32(, )?", op)
    result = re.search(r"!quant\.uniform<i8:f32, ([^:>]*):?(-?\d*)>>$", op)
    if bound and result and round(float(bound.group(1)) / float(result.group(1))) + int(result.group(2) or 0) >= 127:
        return op.replace(bound.group(0), "")
    return op


def read(path):
    """What the network returns, and how many constants it has."""
    text = open(path).read()
    aliases = dict(re.findall(r"^!(\w+) = (.*)$", text, re.M))
    resources = dict(re.findall(r'(\w+): "(0x[0-9A-F]+)"', text))
    values, constants = {}, 0
    for line in text.splitlines():
        line = re.sub(r' loc\((#\w+|"[^"]*"|unknown)\)', "", line)
        line = re.sub(r"(, )?qnn\.precision = \"\w+\"", "", line)
        line = re.sub(r"!(per_axis\d*)", lambda m: aliases[m.group(1)], line)
        line = re.sub(r"(i\d)<-\d+:\d+>", r"\1", line).replace(" {}", "")
        line = re.sub(r"dense_resource<(\w+)>", lambda m: f"dense<{digest(resources[m.group(1)])}>", line)
        if line.lstrip().startswith("func.func"):
            values.update({f"%arg{i}": f"input{i}" for i in range(line.count("%arg"))})
        name, equals, op = line.strip().partition(" = ")
        if not (name.startswith("%") and equals):
            name, op = "return", line.strip()
        if name == "return" and not op.startswith("return"):
            continue
        constants += op.startswith("qnn.constant")
        op = drop_implied_bound(op)
        values[name] = digest(re.sub(r"%\w+", lambda m: values[m.group(0)], op))
    return values["return"], constants


(first, constants), (second, _) = map(read, sys.argv[1:3])
assert first == second, f"{sys.argv[1]} and {sys.argv[2]} are different networks"
print(f"same network: {constants} constants")
