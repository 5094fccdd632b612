"""Compiles a network to a shared object for one level, also for tiles that this machine may lack."""
import pathlib
import sys

EMULATE = pathlib.Path(__file__).parent.parent / "Target" / "Inputs" / "emulate_tiles.py"


def compile_shared(run, source, level, target, *flags):
    """Writes `target` through `run`, which executes a command or fails. The level "emulated-amx-int8" is amx-int8 with
    its tile instructions done in C, on machines with AVX512-VNNI."""
    if level != "emulated-amx-int8":
        run("quant-compile", source, "-o", target, f"--march={level}", *flags)
        return
    text = target.with_suffix(".ll")
    run("quant-compile", source, "-o", text, "--emit=llvm", "--march=amx-int8", *flags)
    run(sys.executable, EMULATE, text, target, "clang-19")
