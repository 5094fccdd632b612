"""Makes what the benchmarks measure, once: peers, exported networks, the quantized peer, calibration samples, our shared objects.

Everything lives in build/benchmarks (QUANT_BUILD_DIR names another build) and is made again only when something it is made from
is newer.
"""

import ctypes
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np

import onnxruntime
import quantize_peer
import workload

ROOT = Path(__file__).resolve().parent.parent
BENCHMARKS = Path(__file__).resolve().parent
EXPORTER = ROOT / "utils/models/export_torchvision.py"
BUILD = Path(os.environ.get("QUANT_BUILD_DIR", ROOT / "build"))
WORK = BUILD / "benchmarks"
CALIBRATION_SAMPLES = 16


class Failed(Exception):
    """A step that failed, with a message for people."""


def run(*command, **options):
    command = [str(part) for part in command]
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        raise Failed(f"{' '.join(command)}\n{(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


def is_stale(target, *sources):
    return not target.exists() or any(target.stat().st_mtime < Path(source).stat().st_mtime for source in sources)


def tool(name):
    """A program of ours: from PATH, or from build/bin."""
    path = shutil.which(name) or shutil.which(name, path=str(BUILD / "bin"))
    if not path:
        raise Failed(f"no {name}: build first with `bash utils/build.sh`")
    return Path(path)


def compiler():
    path = shutil.which("clang++-19") or shutil.which("clang++")
    if not path:
        raise Failed("no clang++-19: install it with `bash utils/install_dependencies.sh`")
    return path


def build_program(source, target, *flags):
    """The program or library `target` made of a C++ file; more files may stand among the flags."""
    if is_stale(target, source, *[flag for flag in flags if Path(flag).is_file()]):
        target.parent.mkdir(parents=True, exist_ok=True)
        run(compiler(), "-std=c++17", "-O2", source, "-o", target, *flags)
    return target


def set_threads(context, threads):
    """Gives a run's context the threads of quant-run."""
    runner = ROOT / "lib/Runner"
    library = build_program(BENCHMARKS / "threads.cpp", WORK / "libthreads.so", runner / "Threads.cpp", f"-I{runner}",
                            f"-I{ROOT / 'include'}", "-shared", "-fPIC", "-ltbb")
    ctypes.CDLL(str(library)).set_threads(ctypes.byref(context), threads)


def better_limits(a, b):
    """The higher figure of two measurements: noise only makes things slower."""
    if isinstance(a, dict):
        return {key: better_limits(a[key], b[key]) for key in a}
    return max(a, b)


def measure_limits():
    """What benchmarks/limits.cpp prints; the best of what it ever printed on this machine, kept in limits.json."""
    program, kept = build_program(BENCHMARKS / "limits.cpp", WORK / "limits"), WORK / "limits.json"
    measured = {"machine": machine_name(), **json.loads(run(program))}
    if not is_stale(kept, program):
        before = json.loads(kept.read_text())
        if before["machine"] == measured["machine"]:
            measured = better_limits(before, measured)
    kept.write_text(json.dumps(measured, indent=1) + "\n")
    return measured


def machine_name():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def install(**missing):
    """Installs everything when one of the named things is missing; then fails when it is one that cannot be had here."""
    if not any(is_missing() for is_missing in missing.values()):
        return
    print("Installing what is missing: utils/install_dependencies.sh", file=sys.stderr)
    done = subprocess.run(["bash", ROOT / "utils/install_dependencies.sh"], stdout=sys.stderr)
    still = [name for name, is_missing in missing.items() if is_missing()]
    if done.returncode or still:
        raise Failed(f"utils/install_dependencies.sh could not install {' and '.join(still) or 'everything'}")


def lacks_onnxruntime():
    return not onnxruntime.find_library()


def lacks_matplotlib():
    importlib.invalidate_caches()
    return importlib.util.find_spec("matplotlib") is None


def lacks_onednn():
    return not Path("/usr/include/dnnl.hpp").exists()


class Network:
    """The files made of one model: `name` is a network that utils/models/export_torchvision.py knows, or the path of an ONNX file."""

    def __init__(self, name):
        self.work = WORK / "networks"
        self.work.mkdir(parents=True, exist_ok=True)
        if name.endswith(".onnx"):
            self.onnx = Path(name).resolve()
            if not self.onnx.exists():
                raise Failed(f"no such model: {name}")
            self.name = self.onnx.stem
            # Models of one name from different places are different models.
            self.stem = f"{self.name}-{zlib.crc32(str(self.onnx.parent).encode()):08x}"
        else:
            self.name = self.stem = name
            self.onnx = self.work / f"{name}.onnx"
            if is_stale(self.onnx, EXPORTER):
                print(f"Exporting {name}", file=sys.stderr)
                run("/usr/bin/python3", EXPORTER, self.work, name)
        self.model = workload.load(self.onnx)
        self.input_names = [tensor.name for tensor in workload.fed_inputs(self.model.graph)]
        self.samples = workload.sample_inputs(self.model, CALIBRATION_SAMPLES)
        self.feed = workload.sample_inputs(self.model, 1, seed=1)

    def file(self, suffix):
        return self.work / (self.stem + suffix)

    def quantized_peer(self):
        path = self.file("-qdq.onnx")
        if is_stale(path, self.onnx, quantize_peer.__file__):
            quantize_peer.quantize(self.onnx, path, self.samples)
        return path

    def calibration(self):
        """The options that give quant-compile its ranges. The samples are those of the peer."""
        path, cache = self.file("-samples.npz"), self.file("-ranges.json")
        if is_stale(path, self.onnx):
            np.savez(path, **self.samples)
        if not is_stale(cache, path, tool("quant-compile")):
            return [f"--calibration-cache={cache}"]
        return [f"--calibration-data={path}", f"--calibration-cache={cache}"]

    def compile(self, precision, march):
        """Our shared object, whose exported names start with `net`."""
        path = self.file(f"-{precision}-{march.replace(',', '+')}.so")
        if is_stale(path, self.onnx, tool("quant-compile")):
            print(f"Compiling {self.name} {precision} for {march}", file=sys.stderr)
            ranges = self.calibration() if precision == "int8" else []
            run(tool("quant-compile"), self.onnx, "--emit=shared", "--name=net", f"--precision={precision}", f"--march={march}",
                *ranges, "-o", path)
        return path


class OurNetwork:
    """A shared object of quant-compile, called through the ABI of include/qnn/Target/ObjectABI.h."""

    def __init__(self, path):
        sys.path.insert(0, str(ROOT / "utils"))
        import demo_object

        library = ctypes.CDLL(str(path), mode=os.RTLD_LOCAL | os.RTLD_NOW)
        library.net_describe.restype = ctypes.POINTER(demo_object.Info)
        self.info = library.net_describe().contents
        self.level = self.info.level.decode()
        self._context_type, self._run = demo_object.Context, library.net_run

    def tensors(self, kind):
        infos = getattr(self.info, kind + "s")
        return [infos[i] for i in range(getattr(self.info, f"num_{kind}s"))]

    def prepare(self, feed, threads):
        """A function that runs the network once on the arrays of `feed`, and the arrays it writes by name."""
        arrays = [np.ascontiguousarray(feed[info.name.decode()]) for info in self.tensors("input")]
        results = {info.name.decode(): np.empty(info.shape[: info.rank], np.float32) for info in self.tensors("output")}
        memory = np.zeros(self.info.arena_bytes + self.info.align, np.uint8)  # written once, so its pages exist
        arena = -(-memory.ctypes.data // self.info.align) * self.info.align
        context = self._context_type(arena=arena)
        if threads > 1:
            set_threads(context, threads)

        def pointers(values):
            return (ctypes.c_void_p * len(values))(*[array.ctypes.data for array in values])

        inputs, outputs = pointers(arrays), pointers(list(results.values()))
        references = ctypes.byref(context), ctypes.byref(inputs), ctypes.byref(outputs)
        run_network = self._run

        def step():
            if run_network(*references):
                raise RuntimeError("net_run failed")

        step.keep_alive = (arrays, memory, context, inputs, outputs, results)
        return step, results
