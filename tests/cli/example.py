"""What the tests of the example programs share: tiny images to train on, and
running a program."""
import csv
import functools
import gzip
import os
import pathlib
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

# The folder of the programs.
FOLDER = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else "").absolute()
# Those that train one network, with what chooses among its heads.
NETWORKS = (("lenet5_relu",), ("lenet5_sigmoid",), ("lenet5_wide",),
            ("lenet5_classic", "--head=rbf"),
            ("lenet5_classic", "--head=softmax"))
TRAINERS = tuple(dict.fromkeys(name for name, *_ in NETWORKS))
TASKS = ("angle", "denoise", "fashion", "several_labels", "towers", "transfer",
         "unet")
OTHERS = "lenet5_swap", "lenet5_sweep", "layers_by_hand", "predict"
FEW = "--tuned", "--steps=3", "--batch=20", "-q"
SIDE = 28
NOISE = bytes(i % 40 for i in range(256))
# A program that leaves in the middle of things need not tidy up.
NO_LEAK_CHECK = {"ASAN_OPTIONS": "detect_leaks=0"}


@functools.lru_cache
def images(count, seed):
    """Digits of a kind that can be told apart: a bar whose height and place
    belong to the label, on noise."""
    draw = random.Random(seed)
    pixels, labels = bytearray(), bytes(i % 10 for i in range(count))
    for label in labels:
        image = bytearray(draw.randbytes(SIDE * SIDE).translate(NOISE))
        for y in range(4 + 2 * label, 8 + 2 * label):
            for x in range(4 + label, 18 + label):
                image[y * SIDE + x] = 215 + draw.randrange(40)
        pixels += image
    head = struct.pack(">4I", 0x803, count, SIDE, SIDE)
    return head + pixels, struct.pack(">2I", 0x801, count) + labels


def write_idx(folder, mark="-", zipped=False):
    """The four files, under their usual names."""
    folder.mkdir()
    for part, count in ("train", 600), ("t10k", 100):
        for (kind, rank), data in zip((("images", 3), ("labels", 1)),
                                      images(count, part)):
            name = f"{part}-{kind}{mark}idx{rank}-ubyte"
            if zipped:
                (folder / (name + ".gz")).write_bytes(gzip.compress(data))
            else:
                (folder / name).write_bytes(data)


def png_of(path, head, packed):
    """A PNG of that header and compressed rows."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) +
                     chunk(b"IDAT", packed) + chunk(b"IEND", b""))


def write_png(path, width, height, colour_type, pixels):
    """`pixels`: 1 byte of grey each, 3 of RGB (2) or 4 of RGBA (6)."""
    row = len(pixels) // height
    rows = b"".join(b"\0" + bytes(pixels[i * row:(i + 1) * row])
                    for i in range(height))
    png_of(path, struct.pack(">2I5B", width, height, 8, colour_type, 0, 0, 0),
           zlib.compress(rows))


def write_white_png(path, width, height):
    """All white, a bit for each pixel: a small file, however large it is."""
    pack = zlib.compressobj(1)
    row = b"\0" + b"\xff" * ((width + 7) // 8)
    packed = b"".join(pack.compress(row * min(100, height - i))
                      for i in range(0, height, 100))
    png_of(path, struct.pack(">2I5B", width, height, 1, 0, 0, 0, 0),
           packed + pack.flush())


def png_size(path):
    """Width and height, after a look at the first bytes."""
    png = path.read_bytes()
    if png[:8] != b"\x89PNG\r\n\x1a\n" or png[12:16] != b"IHDR":
        raise AssertionError(f"{path} is no PNG")
    return struct.unpack(">2I", png[16:24])


def accuracy(out, what="test"):
    """The accuracy that a program printed."""
    return float(re.search(rf"^{what} accuracy: (\S+)", out, re.M).group(1))


def matrix(out):
    """The confusion matrix that a program printed."""
    lines = out.split("confusion matrix", 1)[1].splitlines()[2:12]
    return [list(map(int, line.split()[1:])) for line in lines]


class Program(subprocess.Popen):
    """Does not outlive a test that fails."""

    def __exit__(self, kind, *rest):
        if kind is not None:
            self.kill()
        super().__exit__(kind, *rest)


class ExampleTest(unittest.TestCase):
    """Runs `program` in a new folder, with the images in data/."""
    program = "lenet5_relu"

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.data = self.folder / "data"
        write_idx(self.data)
        self.environment = {**os.environ, "TERM": "xterm",
                            "CNN_DATA_DIR": str(self.data)}

    def start(self, *arguments, **settings):
        settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                    "env": self.environment, **settings}
        return Program([FOLDER / self.program, *map(str, arguments)],
                       stdin=subprocess.DEVNULL, cwd=self.folder, **settings)

    def run_example(self, *arguments, code=0, **settings):
        """Returns what it printed, after looking at its exit code."""
        if code != 0:
            settings["env"] = {**self.environment, **NO_LEAK_CHECK}
        with self.start(*arguments, **settings) as process:
            out, err = process.communicate(timeout=240)
        out, err = ((text or b"").decode(errors="replace")
                    for text in (out, err))
        self.assertEqual(process.returncode, code,
                         f"{self.program} {arguments}\n{out}{err}")
        if code != 0:
            self.assertIn(f"{self.program}: ", err)
        return out, err

    def interrupt(self, process, kind=signal.SIGINT):
        """Stops it once it would rather finish its step than die."""
        while not self.catches(process.pid, kind):
            self.assertIsNone(process.poll())
            time.sleep(0.001)
        process.send_signal(kind)
        out, err = process.communicate(timeout=240)
        self.assertEqual(process.returncode, 128 + kind, err)
        return out.decode(), err.decode()

    def catches(self, pid, number):
        with open(f"/proc/{pid}/status") as status:
            caught = re.search(r"^SigCgt:\s*(\S+)", status.read(), re.M)
        return int(caught.group(1), 16) >> (number - 1) & 1

    def bytes_of(self, name):
        return (self.folder / name).read_bytes()

    def table(self, name):
        """The rows of a CSV file, as dicts, with no more and no fewer fields
        than its head has."""
        with open(self.folder / name, newline="") as stream:
            head, *rows = csv.reader(stream)
        for row in rows:
            self.assertEqual(len(row), len(head), row)
        return [dict(zip(head, row)) for row in rows]
