"""The package as CMake installs it: test_installed.py BUILD"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import support
from support import run_python

BUILD = sys.argv.pop(1) if len(sys.argv) > 1 else None


@unittest.skipUnless(BUILD, "no build folder is given")
class Installed(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.prefix = pathlib.Path(holder.name) / "usr"

    def install(self, component):
        subprocess.run(
            ["cmake", "--install", BUILD, "--prefix", self.prefix,
             "--component", component], check=True,
            stdout=subprocess.DEVNULL)

    def test_by_components(self):
        self.install("cnn_Python")
        folder = self.prefix / "lib" / "python3" / "dist-packages"
        self.assertEqual(
            {path.relative_to(folder) for path in self.prefix.rglob("*")
             if path.is_file()},
            {path.relative_to(support.PACKAGE)
             for path in (support.PACKAGE / "cnn").rglob("*")
             if path.suffix == ".py" or path.name == "py.typed"})
        self.install("cnn_Runtime")
        result = run_python("import cnn; print(cnn.lib_path)", library="",
                            path=folder)
        self.assertTrue(
            result.stdout.startswith(f"{self.prefix}/lib"), result.stderr)

    def test_build_tree(self):
        result = run_python("import cnn; print(cnn.lib_path)", library="",
                            path=pathlib.Path(BUILD) / "python")
        self.assertEqual(result.stdout.strip(), f"{BUILD}/src/libcnn.so.0",
                         result.stderr)


if __name__ == "__main__":
    unittest.main()
