"""The declared functions and structs are those of the headers and of the
library: none missing, none too many, none of another type."""

import ctypes
import re
import subprocess
import unittest

import support
from cnn import _prototypes, _structs, _structs_fit, _structs_own
from cnn._library import lib
from cnn._status import Status

HEADERS = "\n".join(
    re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
    for path in sorted((support.ROOT / "include" / "cnn").glob("*.h"))
    if path.name != "mpi.h")  # of another library

PLAIN = {
    "int32_t": ctypes.c_int32, "uint32_t": ctypes.c_uint32,
    "int64_t": ctypes.c_int64, "uint64_t": ctypes.c_uint64,
    "uint8_t": ctypes.c_uint8, "size_t": ctypes.c_size_t,
    "float": ctypes.c_float, "double": ctypes.c_double,
    "cnn_status": ctypes.c_int, "void": None, "char": ctypes.c_char,
    "cnn_trainer_callback": _structs.CALLBACK,
    "cnn_epoch_callback": _structs_fit.EPOCH_CALLBACK,
    "cnn_layer_shape_fn": _structs_own.LAYER_SHAPE,
    "cnn_layer_init_fn": _structs_own.LAYER_INIT,
    "cnn_layer_forward_fn": _structs_own.LAYER_FORWARD,
    "cnn_layer_backward_fn": _structs_own.LAYER_BACKWARD,
    "cnn_layer_copy_fn": _structs_own.LAYER_COPY,
    "cnn_layer_release_fn": _structs_own.LAYER_RELEASE,
    "cnn_layer_maker": _structs_own.LAYER_MAKER,
    "cnn_read_fn": _structs_own.READ,
    "cnn_exchange_fn": _structs_own.EXCHANGE,
    "cnn_sum_fn": _structs_own.SUM, "cnn_spread_fn": _structs_own.SPREAD,
    "cnn_loss_fn": _structs_own.LOSS, "cnn_misfit_fn": _structs_own.MISFIT,
}
OF_PYTHON = {
    "cnn_layer": _structs.LayerStruct, "cnn_net": _structs.NetStruct,
    "cnn_session": _structs.SessionStruct, "cnn_optim": _structs.OptimStruct,
    "cnn_dataset": _structs.DatasetStruct,
    "cnn_trainer": _structs.TrainerStruct,
}
OF_PYTHON.update({
    kind.__doc__: kind
    for kind in [*vars(_structs).values(), *vars(_structs_own).values(),
                 *vars(_structs_fit).values()]
    if isinstance(kind, type) and issubclass(kind, ctypes.Structure)
    and re.fullmatch("cnn_[a-z0-9_]+", kind.__doc__ or "")})


def type_of(text):
    """The type of ctypes for one of C, without the name behind it."""
    words = re.sub(r"\bconst\b", " ", text).replace("*", " * ").split()
    stars = words.count("*")
    name = words[0]
    if stars == 0:
        return PLAIN[name]
    if name == "char":
        return ctypes.c_char_p
    if name == "void":
        return ctypes.c_void_p
    return ctypes.POINTER(OF_PYTHON.get(name) or PLAIN[name])


def declared():
    """name -> (result, arguments...) of the headers."""
    found = {}
    for result, name, arguments in re.findall(
            r"CNN_API\s+([^;()#]*?)(cnn_\w+)\(([^;]*?)\);", HEADERS):
        listed = [] if arguments.strip() == "void" else arguments.split(",")
        found[name] = (type_of(result), *map(type_of, listed))
    return found


class Prototypes(unittest.TestCase):
    def test_as_in_the_headers(self):
        headers = declared()
        self.assertGreater(len(headers), 90)
        self.assertEqual(set(headers), set(_prototypes.PROTOTYPES))
        for name, types in headers.items():
            with self.subTest(name):
                self.assertEqual(types, _prototypes.PROTOTYPES[name])

    def test_as_exported(self):
        names = (support.ROOT / "tests/consumer/symbols.txt").read_text()
        self.assertEqual(set(names.split()), set(_prototypes.PROTOTYPES))
        exported = subprocess.run(
            ["nm", "-D", "--defined-only", support.cnn.lib_path], text=True,
            check=True, stdout=subprocess.PIPE).stdout
        found = {line.split()[-1] for line in exported.splitlines()}
        self.assertEqual(
            {name for name in found if name.startswith("cnn_")},
            set(_prototypes.PROTOTYPES))

    def test_all_have_types(self):
        for name, (result, *arguments) in _prototypes.PROTOTYPES.items():
            function = getattr(lib, name)
            self.assertEqual(function.argtypes, arguments, name)
            self.assertEqual(function.restype, result, name)


class Structs(unittest.TestCase):
    def test_fields(self):
        structs = re.findall(
            r"typedef struct (cnn_\w+) \{(.*?)\} \1;", HEADERS, re.DOTALL)
        self.assertGreater(len(structs), 15)
        for name, body in structs:
            with self.subTest(name):
                fields = []
                if name == "cnn_allocator":
                    fields = ["allocate", "release", "user"]
                    body = ""
                for line in filter(str.strip, body.split(";")):
                    kind, names = re.match(
                        r"\s*((?:const )?\w+\s*\*?)(.*)", line,
                        re.DOTALL).groups()
                    for field in names.split(","):
                        fields.append((field.strip(), kind.strip()))
                self.compare(OF_PYTHON[name], fields)

    def compare(self, struct, fields):
        ours = struct._fields_
        self.assertEqual(len(ours), len(fields))
        for (name, kind), field in zip(ours, fields):
            if isinstance(field, str):
                self.assertEqual(name, field)
                continue
            array = re.fullmatch(r"(\w+)\[(\d+)\]", field[0])
            want = OF_PYTHON.get(field[1]) or type_of(field[1])
            if array:
                want = want * int(array[2])
            self.assertEqual(name, array[1] if array else field[0])
            self.assertEqual(kind, want, name)

    def test_statuses(self):
        values = re.findall(r"X\((\w+),\s*(-?\d+),", HEADERS)
        self.assertEqual({name: int(value) for name, value in values},
                         {status.name: status.value for status in Status})


if __name__ == "__main__":
    unittest.main()
