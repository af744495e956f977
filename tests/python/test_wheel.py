"""The wheel: made without a network, installed into a folder, and used."""

import hashlib
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

import support
from support import cnn, run_python

MAKE = support.ROOT / "cmake" / "make_wheel.py"

USE = """
import cnn, numpy as np
net = cnn.Net([cnn.Dense(3), cnn.Softmax()]).build(2, 4)
net.train_step(cnn.SGD(0.1), np.ones((4, 2), np.float32), [0, 1, 2, 0])
print(cnn.lib_path)
import cnn.examples.lenet5
"""


class Wheel(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.wheel = self.make()

    def make(self):
        library = cnn.lib_path
        done = subprocess.run(
            [sys.executable, "-B", MAKE, library, self.folder],
            stdout=subprocess.PIPE, text=True, check=True)
        return pathlib.Path(done.stdout.strip())

    def test_content(self):
        self.assertRegex(
            self.wheel.name,
            rf"^libcnn-{cnn.__version__}-py3-none-linux_\w+\.whl$")
        with zipfile.ZipFile(self.wheel) as archive:
            self.assertIsNone(archive.testzip())
            names = set(archive.namelist())
            about = f"libcnn-{cnn.__version__}.dist-info"
            record = archive.read(f"{about}/RECORD").decode().split()
        sources = {
            path.relative_to(support.PACKAGE).as_posix()
            for path in (support.PACKAGE / "cnn").rglob("*")
            if path.suffix == ".py" or path.name == "py.typed"}
        self.assertEqual(names, sources | {"cnn/libcnn.so.0"} | {
            f"{about}/{name}"
            for name in ("METADATA", "WHEEL", "RECORD", "LICENSE")})
        self.assertEqual({line.split(",")[0] for line in record}, names)

    def test_same_input_same_bytes(self):
        first = hashlib.sha256(self.wheel.read_bytes()).digest()
        again = hashlib.sha256(self.make().read_bytes()).digest()
        self.assertEqual(first, again)

    def use(self, where):
        result = run_python(USE, library="", path=where)
        self.assertEqual(result.stdout.strip(),
                         str(where / "cnn" / "libcnn.so.0"), result.stderr)

    def test_unpacked(self):
        where = self.folder / "unpacked"
        with zipfile.ZipFile(self.wheel) as archive:
            archive.extractall(where)
        self.use(where)

    @unittest.skipUnless(importlib.util.find_spec("pip"), "there is no pip")
    def test_installed_by_pip(self):
        where = self.folder / "installed"
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--no-index",
             "--no-deps", "--root-user-action=ignore", "--target", where,
             self.wheel], check=True)
        self.use(where)


if __name__ == "__main__":
    unittest.main()
