"""ONNX Runtime as the peer to compare with: its C API called through ctypes, so no Python package and no header is needed.

The library is the one inside npm's onnxruntime-node; find_library() says where it is looked for.

    session = Session("model.onnx", threads=1)
    outputs = session.run([array])         # one array per model input, in the model's order; a dict of name: array

    step = session.prepare([array])        # nothing but the call that is worth timing
    step()
"""

import ctypes as c
import glob
import os
import platform
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent

# Positions of functions in struct OrtApi (onnxruntime_c_api.h). The struct only ever grows at its end.
API_VERSION = 17
API = {
    "GetErrorMessage": 2, "CreateEnv": 3, "CreateSessionFromArray": 8, "Run": 9, "CreateSessionOptions": 10,
    "SetSessionGraphOptimizationLevel": 23, "SetIntraOpNumThreads": 24, "SessionGetInputCount": 30, "SessionGetOutputCount": 31,
    "SessionGetInputName": 36, "SessionGetOutputName": 37, "CreateTensorWithDataAsOrtValue": 49, "GetTensorMutableData": 51,
    "GetTensorElementType": 60, "GetDimensionsCount": 61, "GetDimensions": 62, "GetTensorTypeAndShape": 65,
    "CreateCpuMemoryInfo": 69, "GetAllocatorWithDefaultOptions": 78, "ReleaseStatus": 93, "ReleaseSession": 95, "ReleaseValue": 96,
    "ReleaseTensorTypeAndShapeInfo": 99,
}
ELEMENT_TYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64, 9: np.bool_, 11: np.float64}
NO_OPTIMIZATION, ALL_OPTIMIZATIONS, LOG_ERRORS = 0, 99, 3


def find_library():
    """The path of libonnxruntime.so.1: what ORT_LIB names, else from node_modules in or beside the repository; None without one."""
    if os.environ.get("ORT_LIB"):
        return os.environ["ORT_LIB"]
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), "none")
    for place in (ROOT, ROOT.parent):
        found = glob.glob(f"{place}/node_modules/onnxruntime-node/bin/napi-v*/linux/{machine}/libonnxruntime.so.1")
        if found:
            return found[0]
    return None


class _Runtime:
    """The loaded library with what every session shares. Made by the first session, lives as long as the process."""

    instance = None

    @classmethod
    def get(cls):
        if cls.instance is None:
            cls.instance = cls()
        return cls.instance

    def __init__(self):
        path = find_library()
        if not path:
            raise RuntimeError("no libonnxruntime.so.1: run benchmarks/compare.py, which installs it, or set ORT_LIB")
        library = c.CDLL(path)
        library.OrtGetApiBase.restype = c.POINTER(c.c_void_p)
        base = library.OrtGetApiBase()
        self.version = c.CFUNCTYPE(c.c_char_p)(base[1])().decode()
        self._table = c.cast(c.CFUNCTYPE(c.c_void_p, c.c_uint32)(base[0])(API_VERSION), c.POINTER(c.c_void_p))
        self.environment, self.memory, self.allocator = c.c_void_p(), c.c_void_p(), c.c_void_p()
        self.call("CreateEnv", c.c_int(LOG_ERRORS), c.c_char_p(b"benchmarks"), c.byref(self.environment))
        self.call("CreateCpuMemoryInfo", c.c_int(0), c.c_int(0), c.byref(self.memory))
        self.call("GetAllocatorWithDefaultOptions", c.byref(self.allocator))

    def function(self, name, result, *types):
        return c.CFUNCTYPE(result, *types)(self._table[API[name]])

    def call(self, name, *arguments):
        """Calls a function that returns a status; an error of ONNX Runtime becomes a RuntimeError."""
        types = [type(a) if isinstance(a, c._SimpleCData) else c.c_void_p for a in arguments]
        self.check(name, self.function(name, c.c_void_p, *types)(*arguments))

    def check(self, name, status):
        if status:
            message = self.function("GetErrorMessage", c.c_char_p, c.c_void_p)(status).decode()
            self.release("ReleaseStatus", status)
            raise RuntimeError(f"ONNX Runtime, {name}: {message}")

    def release(self, name, handle):
        self.function(name, None, c.c_void_p)(handle)


def version():
    return _Runtime.get().version


class Session:
    """A model loaded for the CPU; `model` is a path or the serialized bytes."""

    def __init__(self, model, threads=1, optimize=True):
        self._runtime = runtime = _Runtime.get()
        data = model if isinstance(model, bytes) else Path(model).read_bytes()
        options, self._session = c.c_void_p(), c.c_void_p()
        runtime.call("CreateSessionOptions", c.byref(options))
        runtime.call("SetIntraOpNumThreads", options, c.c_int(threads))
        runtime.call("SetSessionGraphOptimizationLevel", options, c.c_int(ALL_OPTIMIZATIONS if optimize else NO_OPTIMIZATION))
        runtime.call("CreateSessionFromArray", runtime.environment, c.c_char_p(data), c.c_size_t(len(data)), options,
                     c.byref(self._session))
        self.inputs, self.outputs = self._names("Input"), self._names("Output")

    def __del__(self):
        if self._session:
            self._runtime.release("ReleaseSession", self._session)

    def _names(self, kind):
        count = c.c_size_t()
        self._runtime.call(f"SessionGet{kind}Count", self._session, c.byref(count))
        names = [c.c_char_p() for _ in range(count.value)]
        for i, name in enumerate(names):
            self._runtime.call(f"SessionGet{kind}Name", self._session, c.c_size_t(i), self._runtime.allocator, c.byref(name))
        return [name.value.decode() for name in names]

    def _tensor(self, array):
        code = next(code for code, kind in ELEMENT_TYPES.items() if kind == array.dtype.type)
        value = c.c_void_p()
        self._runtime.call("CreateTensorWithDataAsOrtValue", self._runtime.memory, c.c_void_p(array.ctypes.data),
                           c.c_size_t(array.nbytes), (c.c_int64 * array.ndim)(*array.shape), c.c_size_t(array.ndim), c.c_int(code),
                           c.byref(value))
        return value.value

    def _array(self, value):
        runtime, info, data, kind, rank = self._runtime, c.c_void_p(), c.c_void_p(), c.c_int(), c.c_size_t()
        runtime.call("GetTensorTypeAndShape", c.c_void_p(value), c.byref(info))
        runtime.call("GetTensorElementType", info, c.byref(kind))
        runtime.call("GetDimensionsCount", info, c.byref(rank))
        shape = (c.c_int64 * rank.value)()
        runtime.call("GetDimensions", info, shape, rank)
        runtime.release("ReleaseTensorTypeAndShapeInfo", info)
        runtime.call("GetTensorMutableData", c.c_void_p(value), c.byref(data))
        dtype = np.dtype(ELEMENT_TYPES[kind.value])
        size = int(np.prod(list(shape), dtype=np.int64)) * dtype.itemsize
        return np.frombuffer(c.string_at(data, size), dtype).reshape(list(shape))

    def prepare(self, arrays, consume=lambda values: None):
        """A function that runs the model once on `arrays`; `consume` sees the outputs before they are freed."""
        runtime, pointers = self._runtime, c.POINTER(c.c_void_p)
        arrays = [np.ascontiguousarray(array) for array in arrays]
        values = (c.c_void_p * len(arrays))(*[self._tensor(array) for array in arrays])
        names = [(c.c_char_p * len(n))(*[name.encode() for name in n]) for n in (self.inputs, self.outputs)]
        results = (c.c_void_p * len(self.outputs))()
        run = runtime.function("Run", c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p, pointers, c.c_size_t, c.c_void_p, c.c_size_t,
                               pointers)
        free = runtime.function("ReleaseValue", None, c.c_void_p)
        inputs, outputs, counts = c.cast(names[0], c.c_void_p), c.cast(names[1], c.c_void_p), (len(arrays), len(self.outputs))

        def step():
            status = run(self._session, None, inputs, values, counts[0], outputs, counts[1], results)
            if status:
                runtime.check("Run", status)
            consume(results)
            for i in range(counts[1]):
                free(results[i])
                results[i] = None

        step.keep_alive = (arrays, names)
        return step

    def run(self, arrays):
        found = {}
        self.prepare(arrays, lambda values: found.update(zip(self.outputs, map(self._array, values))))()
        return found
