"""Calls an emitted shared object from Python, with nothing but ctypes: the C ABI of include/qnn/Target/ObjectABI.h."""

import ctypes as c

import numpy as np


class Context(c.Structure):
    _fields_ = [(name, c.c_void_p) for name in ("arena", "parallel_for", "parallel_for_argument", "profile", "profile_argument")]


class TensorInfo(c.Structure):
    _fields_ = [("name", c.c_char_p), ("shape", c.POINTER(c.c_int64)), ("rank", c.c_uint32), ("type", c.c_int32),
                ("scale", c.c_float), ("zero_point", c.c_int32), ("bytes", c.c_uint64)]


class LayerInfo(c.Structure):
    _fields_ = [("name", c.c_char_p), ("kind", c.c_char_p), ("type", c.c_int32), ("units", c.c_uint32), ("macs", c.c_uint64),
                ("weight_bytes", c.c_uint64), ("input_bytes", c.c_uint64), ("output_bytes", c.c_uint64),
                ("predicted_nanoseconds", c.c_uint64)]


class Info(c.Structure):
    _fields_ = [("abi_version", c.c_uint32), ("numerics_version", c.c_uint32), ("arena_bytes", c.c_uint64),
                ("selftest_arena_bytes", c.c_uint64), ("constant_bytes", c.c_uint64), ("align", c.c_uint32),
                ("num_inputs", c.c_uint32), ("num_outputs", c.c_uint32), ("num_levels", c.c_uint32),
                ("inputs", c.POINTER(TensorInfo)), ("outputs", c.POINTER(TensorInfo)), ("levels", c.POINTER(c.c_char_p)),
                ("level", c.c_char_p), ("name", c.c_char_p), ("build", c.c_char_p), ("layers", c.POINTER(LayerInfo)),
                ("num_layers", c.c_uint64)]


class Network:
    """A network with one f32 input and one f32 output; `prefix` is what its exported names begin with."""

    def __init__(self, path, prefix):
        library = c.CDLL(str(path))
        describe = getattr(library, prefix + "_describe")
        describe.restype = c.POINTER(Info)
        self.info = describe().contents
        self._run = getattr(library, prefix + "_run")
        self._memory = (c.c_uint8 * (self.info.arena_bytes + self.info.align))()
        arena = -(-c.addressof(self._memory) // self.info.align) * self.info.align
        self._context = Context(arena=arena)

    @staticmethod
    def _shape(tensor):
        return tuple(tensor.shape[: tensor.rank])

    def run(self, sample):
        """The output for one input, whose batch dimension of 1 may be missing."""
        given = np.ascontiguousarray(sample, np.float32).reshape(self._shape(self.info.inputs[0]))
        result = np.empty(self._shape(self.info.outputs[0]), np.float32)
        # The structs of inputs and outputs hold one pointer per tensor.
        status = self._run(c.byref(self._context), c.byref(c.c_void_p(given.ctypes.data)), c.byref(c.c_void_p(result.ctypes.data)))
        if status:
            raise RuntimeError(f"{self.info.name.decode()}_run returned {status}; the header of the object lists the codes")
        return result
