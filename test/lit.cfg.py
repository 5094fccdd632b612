"""The lit configuration of the quantizing compiler: tools, substitutions and features, decided once.

Environment read: QUANT_VERIFY_ROUNDTRIP=1 prints and re-parses the IR around every quant-opt; ORT_LIB names ONNX Runtime's
shared library; QUANT_SHARED names the directory with the peers and models that are not part of this repository.
"""

import glob
import os
import platform
import shutil
import subprocess

import lit.formats

config.name = "quant"
config.test_format = lit.formats.ShTest(execute_external=True)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.join(config.source_root, "test")
config.test_exec_root = os.path.join(config.binary_root, "test")

tools_dir = os.path.join(config.binary_root, "bin")
config.environment["PATH"] = os.pathsep.join([tools_dir, config.llvm_tools_dir, os.environ["PATH"]])
config.environment["FILECHECK_OPTS"] = "-enable-var-scope"
config.environment["LC_ALL"] = "C.UTF-8"
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
for name in ("HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]


# Features. Each probe answers (value, reason): a feature is present when value is true, else its reason is printed.


def cpu_flags():
    try:
        with open("/proc/cpuinfo") as info:
            lines = [line for line in info if line.startswith("flags")]
    except OSError:
        return set()
    return set(lines[0].split(":", 1)[1].split()) if lines else set()


def host_cpu(*needed):
    missing = [flag for flag in needed if flag not in cpu_flags()]
    return not missing, "this CPU lacks " + ", ".join(missing)


def qemu_aarch64():
    missing = [tool for tool in ("qemu-aarch64", "aarch64-linux-gnu-gcc") if not shutil.which(tool)]
    return not missing, "not on PATH: " + ", ".join(missing)


def onnxruntime():
    if os.path.exists(os.environ.get("ORT_LIB", "")):
        return os.environ["ORT_LIB"], ""
    arch = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), "none")
    inside = f"node_modules/onnxruntime-node/bin/napi-v*/linux/{arch}/libonnxruntime.so.1"
    for root in (config.source_root, os.path.dirname(config.source_root)):
        for library in glob.glob(os.path.join(root, inside)):
            return library, ""
    return None, "no libonnxruntime.so.1: run `npm install --ignore-scripts onnxruntime-node` or set ORT_LIB"


def shared():
    """The directory beside the checkout (or beside the directory that holds the worktrees)."""
    parent = os.path.dirname(config.source_root)
    for place in (os.environ.get("QUANT_SHARED"), parent + "/shared", os.path.dirname(parent) + "/shared"):
        if place and os.path.exists(os.path.join(place, "peers")):
            return place, ""
    return None, "no ../shared beside the checkout: set QUANT_SHARED"


def mlperf_tiny():
    folder = (shared()[0] or "") + "/models/mlperf-tiny"
    return os.path.isdir(folder), "no models/mlperf-tiny in ../shared"


def onednn():
    """Its header comes with the library; a program that includes it is part of the benchmarks."""
    return os.path.exists("/usr/include/dnnl.hpp"), "no dnnl.hpp: install libdnnl-dev"


def matplotlib():
    done = subprocess.run([config.python, "-c", "import matplotlib"], capture_output=True)
    return done.returncode == 0, f"{config.python} has no matplotlib: install python3-matplotlib"


def all_tools():
    """A partial build (`ninja quant-opt check-quant`) still runs the tests of what was built."""
    tools = ("quant-calibrate", "quant-import", "quant-opt", "quant-compile", "quant-run", "quant-validate")
    missing = [tool for tool in tools if not os.path.exists(os.path.join(tools_dir, tool))]
    return not missing, "not built: " + ", ".join(missing)


def fuzzers():
    found = os.path.exists(os.path.join(config.binary_root, "fuzz", "bin", "quant-fuzz-onnx"))
    return found, "fuzz targets are not built: utils/fuzz.sh build (needs libclang-rt-19-dev)"


def chromium():
    """A browser that looks at report pages, without a window."""
    return shutil.which("chromium"), "no chromium on PATH: install chromium"


def llvm_mca():
    return os.path.exists(os.path.join(config.llvm_tools_dir, "llvm-mca")), "no llvm-mca among LLVM's tools"


features = {
    "all-tools": all_tools(),
    "host-avx2": host_cpu("avx2", "fma"),
    "host-avxvnni": host_cpu("avx_vnni"),
    "host-avx512vnni": host_cpu("avx512f", "avx512bw", "avx512vl", "avx512_vnni"),
    "host-avx512bf16": host_cpu("avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16"),
    "qemu-aarch64": qemu_aarch64(),
    "llvm-mca": llvm_mca(),
    "chromium": chromium(),
    "onnxruntime": onnxruntime(),
    "onednn": onednn(),
    "matplotlib": matplotlib(),
    "shared": shared(),
    "mlperf-tiny": mlperf_tiny(),
    "fuzzers": fuzzers(),
}
for name, (present, reason) in features.items():
    if present:
        config.available_features.add(name)
    else:
        lit_config.note(f"feature {name} is unsupported: {reason}")

ort_library = features["onnxruntime"][0]
if ort_library:
    config.environment["ORT_LIB"] = ort_library

# Substitutions. PATH may hold an older LLVM, so LLVM's tools are named by file, never looked up.
llvm_tools = ["llc", "mlir-opt", "mlir-cpu-runner", "mlir-translate", "mlir-tblgen", "llvm-objdump", "llvm-nm", "llvm-readelf", "clang-format"]
config.substitutions += [("%" + tool, os.path.join(config.llvm_tools_dir, tool)) for tool in llvm_tools]
config.substitutions += [
    ("%mlir-libs", os.path.join(os.path.dirname(config.llvm_tools_dir), "lib")),
    ("%python", config.python),
    ("%cc", config.host_cc),
    ("%cxx", config.host_cxx),
    ("%aarch64-gcc", "aarch64-linux-gnu-gcc"),
    ("%qemu-aarch64", "qemu-aarch64 -L /usr/aarch64-linux-gnu"),
    ("%src", config.source_root),
    ("%build", config.binary_root),
    ("%shared", features["shared"][0] or "shared-is-unsupported"),
]
if os.environ.get("QUANT_VERIFY_ROUNDTRIP") == "1":
    config.substitutions.append((r"(?<![\w./-])quant-opt(?![\w./-])", "quant-opt --verify-roundtrip"))
