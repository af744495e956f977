"""What the tests of the example programs share: tiny images to train on, and
running a program."""
import gzip
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else ""
SIDE = 28
# A program that leaves in the middle of things need not tidy up.
NO_LEAK_CHECK = {"ASAN_OPTIONS": "detect_leaks=0"}


def images(count, seed):
    """Digits of a kind that can be told apart: a bar whose height and place
    belong to the label, on noise."""
    draw = random.Random(seed)
    pixels, labels = bytearray(), bytes(i % 10 for i in range(count))
    for label in labels:
        image = bytearray(draw.randrange(40) for _ in range(SIDE * SIDE))
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


def write_png(path, width, height, colour_type, pixels):
    """`pixels`: 1 byte of grey each, 3 of RGB (2) or 4 of RGBA (6)."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    row = len(pixels) // height
    rows = b"".join(b"\0" + bytes(pixels[i * row:(i + 1) * row])
                    for i in range(height))
    head = struct.pack(">2I5B", width, height, 8, colour_type, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) +
                     chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class ExampleTest(unittest.TestCase):
    """Runs in a new folder, with the images in data/."""

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
        return subprocess.Popen([PROGRAM, *map(str, arguments)],
                                stdin=subprocess.DEVNULL, cwd=self.folder,
                                **settings)

    def run_example(self, *arguments, code=0, **settings):
        """Returns what it printed, after looking at its exit code."""
        if code != 0:
            settings["env"] = {**self.environment, **NO_LEAK_CHECK}
        with self.start(*arguments, **settings) as process:
            out, err = process.communicate(timeout=240)
        out, err = (out or b"").decode(), (err or b"").decode()
        self.assertEqual(process.returncode, code, f"{arguments}\n{out}{err}")
        if code != 0:
            self.assertIn("lenet5_relu: ", err)
        return out, err
