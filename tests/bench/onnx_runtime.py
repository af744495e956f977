"""ONNX Runtime through its C API, by ctypes: one image of `relu` takes 28
microseconds so, 42 from JavaScript.

The API is a table of function pointers to which versions only append."""
import ctypes

import numpy as np

API_VERSION = 14
# Where they stand in the table.
(ERROR_MESSAGE, CREATE_ENV, CREATE_SESSION, RUN, CREATE_OPTIONS, INTRA_THREADS,
 INTER_THREADS, TENSOR_OVER, MEMORY_INFO) = 2, 3, 7, 9, 10, 24, 25, 49, 69
WARNING, ARENA, DEFAULT_MEMORY, FLOAT = 2, 1, 0, 1


class ApiBase(ctypes.Structure):
    _fields_ = [("api", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint32)),
                ("version", ctypes.CFUNCTYPE(ctypes.c_char_p))]


class Session:
    """A model for one input x and one output, both given once."""

    def __init__(self, library, model, threads):
        lib = ctypes.CDLL(library)
        lib.OrtGetApiBase.restype = ctypes.POINTER(ApiBase)
        base = lib.OrtGetApiBase().contents
        self.version = base.version().decode()
        self.table = ctypes.cast(base.api(API_VERSION),
                                 ctypes.POINTER(ctypes.c_void_p))
        env = self.create(CREATE_ENV, WARNING, b"bench")
        options = self.create(CREATE_OPTIONS)
        self.call(INTRA_THREADS, options, threads)
        self.call(INTER_THREADS, options, 1)
        self.session = self.create(CREATE_SESSION, env, model.encode(), options)
        self.memory = self.create(MEMORY_INFO, ARENA, DEFAULT_MEMORY)

    def call(self, index, *arguments):
        kinds = [ctypes.c_int if isinstance(a, int) else ctypes.c_void_p
                 for a in arguments]
        self.check(ctypes.CFUNCTYPE(ctypes.c_void_p, *kinds)(
            self.table[index])(*arguments))

    def check(self, status):
        if status:
            message = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p)(
                self.table[ERROR_MESSAGE])
            raise RuntimeError(message(status).decode())

    def create(self, index, *arguments):
        """The object that the last argument of the call receives."""
        made = ctypes.c_void_p()
        self.call(index, *arguments, ctypes.cast(ctypes.byref(made),
                                                 ctypes.c_void_p))
        return made

    def tensor(self, array):
        dims = (ctypes.c_int64 * array.ndim)(*array.shape)
        made = ctypes.c_void_p()
        create = ctypes.CFUNCTYPE(
            ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t,
            ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p)(
                self.table[TENSOR_OVER])
        self.check(create(self.memory, array.ctypes.data, array.nbytes, dims,
                          array.ndim, FLOAT, ctypes.byref(made)))
        return made

    def runner(self, x, y, output):
        """A function that runs the model from array x to array y."""
        names = [(ctypes.c_char_p * 1)(n.encode()) for n in ("x", output)]
        values = [(ctypes.c_void_p * 1)(self.tensor(a)) for a in (x, y)]
        run = ctypes.CFUNCTYPE(
            ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p,
            ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t,
            ctypes.c_void_p)(self.table[RUN])
        arguments = (self.session, None, names[0], values[0], 1, names[1], 1,
                     values[1])

        def once(arrays=(x, y)):  # which have to live as long
            status = run(*arguments)
            if status:
                self.check(status)
        return once
