"""Builds a shared object whose AMX instructions are emulated (emulate_tiles.c).

usage: emulate_tiles.py MODEL.ll OUT.so CLANG
MODEL.ll: quant-compile --emit=llvm --march=amx-int8. Renames the tile intrinsics
and the check for AMX to the functions of emulate_tiles.c. Needs AVX512-VNNI.
"""
import os
import re
import subprocess
import sys

source, target, clang = sys.argv[1:]
text = open(source, encoding="latin-1").read()
used = set(re.findall(r"@llvm\.x86\.(ldtilecfg|tile\w+|tdp\w+)", text))
for name in used:
    text = text.replace(f"@llvm.x86.{name}(", f"@emulated_{name}(")
text = text.replace("immarg", "")
check = re.compile(r"call fastcc i32 (@_\w+\.tiles)\(")
if len(set(check.findall(text))) != 1:
    sys.exit("expected one check for tiles")
text = check.sub("call i32 @emulated_tiles(", text)
text += "\ndeclare i32 @emulated_tiles(i32, i32)\n"
renamed = target + ".emulated.ll"
open(renamed, "w", encoding="latin-1").write(text)
here = os.path.dirname(os.path.abspath(__file__))
subprocess.run([clang, "-shared", "-fPIC", "-O1", "-w", "-fuse-ld=lld", "-o", target, renamed,
                os.path.join(here, "emulate_tiles.c"), "-lm"], check=True)
