"""Files of numbers that the tests of libcnn read.

A file is a sequence of named arrays, little-endian, one behind the other:

    char     name[32]   padded with zeros
    uint32   count
    float32  value[count]

Whole numbers (shapes, options, labels) are stored as floats too.
"""

import pathlib
import struct

import numpy
import torch


class Golden:
    """Writes one file; also the source of the random numbers in it."""

    def __init__(self, name):
        self.path = pathlib.Path(__file__).parent / name
        self.random = numpy.random.RandomState(1)
        self.out = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.path.write_bytes(self.out)

    def put(self, name, values):
        values = numpy.asarray(torch.as_tensor(values).detach())
        values = values.astype("<f4").ravel()
        self.out += struct.pack("<32sI", name.encode(), values.size)
        self.out += values.tobytes()

    def uniform(self, *shape, scale=1.0):
        """Numbers in [-scale, scale) that a float holds exactly."""
        x = self.random.uniform(-scale, scale, shape).astype(numpy.float32)
        return torch.from_numpy(x).double()


def single(x):
    """The float next to x: what a C caller hands over."""
    return float(numpy.float32(x))
