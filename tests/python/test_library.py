"""Where the library is looked for, and what is said if it is not there."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import support
from support import cnn, run_python

WHERE = "import cnn; print(cnn.lib_path)"
WHERE_LOADED = WHERE + """
with open("/proc/self/maps") as maps:
    print(*{line.split()[-1] for line in maps if "libcnn.so" in line})"""


class Search(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def package(self, *parts):
        """A copy of the package below the folder; returns where it is."""
        where = self.folder.joinpath(*parts)
        shutil.copytree(support.PACKAGE / "cnn", where / "cnn")
        return where

    def put_library(self, *parts):
        path = self.folder.joinpath(*parts) / "libcnn.so.0"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(cnn.lib_path, path)
        return str(path)

    def found(self, where):
        result = run_python(WHERE, library="", path=where)
        self.assertEqual(result.stderr, "")
        return result.stdout.strip()

    def search(self, where, **environment):
        """What it asked for, and the file that this gave."""
        result = run_python(WHERE_LOADED, library="", path=where, env={
            name: str(value) for name, value in environment.items()})
        self.assertEqual(result.stderr, "")
        return result.stdout.split()

    def test_environment(self):
        library = self.put_library("anywhere")
        result = run_python(WHERE, library=library)
        self.assertEqual(result.stdout.strip(), library, result.stderr)

    def test_in_the_package_before_beside_it(self):
        where = self.package("p")
        beside = self.put_library("p")
        self.assertEqual(self.found(where), beside)
        inside = self.put_library("p", "cnn")
        self.assertEqual(self.found(where), inside)

    def test_installed(self):
        where = self.package("usr", "lib", "python3", "dist-packages")
        library = self.put_library("usr", "lib", "x86_64-linux-gnu")
        self.assertEqual(self.found(where), library)

    def test_system(self):
        """Where the linker looks, as LD_LIBRARY_PATH tells it: after what is
        beside the package or installed with it, before a build tree's."""
        where = self.package("src", "python")
        build = self.put_library("build", "tests", "src")
        system = self.put_library("system")
        result = self.search(where, LD_LIBRARY_PATH=self.folder / "system")
        # Named as the linker wants it: it is loaded from where it is found.
        self.assertEqual(result, ["libcnn.so.0", system])
        self.assertEqual(self.search(where)[0], build)
        beside = self.put_library("src", "python")
        result = self.search(where, LD_LIBRARY_PATH=self.folder / "system")
        self.assertEqual(result, [beside, beside])

    def test_system_by_its_cache(self):
        """The same by ldconfig's cache: of a mount namespace of its own, so
        that the machine's stays as it is."""
        where = self.package("p")
        system = self.put_library("system")
        etc = self.folder / "etc"
        etc.mkdir()
        (etc / "conf").write_text(f"{self.folder / 'system'}\n")
        environment = {**os.environ, "PYTHONPATH": str(where)}
        environment.pop("LIBCNN_LIBRARY")
        alone = ["unshare", "--mount", "--map-root-user"]
        if (shutil.which("unshare") is None
                or not os.path.exists("/etc/ld.so.cache")
                or subprocess.run([*alone, "true"], check=False,
                                  stderr=subprocess.DEVNULL).returncode):
            self.skipTest("mounting is not allowed here")
        done = subprocess.run(
            [*alone, "sh", "-euc", """
            PATH=$PATH:/sbin:/usr/sbin
            cat /etc/ld.so.conf >>"$1/conf"
            cd /etc
            ldconfig -X -f "$1/conf" -C "$1/cache"
            mount --bind "$1/cache" /etc/ld.so.cache
            exec "$2" -B -W error -c "$3"
            """, "sh", etc, sys.executable, WHERE_LOADED],
            env=environment, stdout=subprocess.PIPE, text=True, timeout=60,
            check=True)
        self.assertEqual(done.stdout.split(), ["libcnn.so.0", system])

    def test_build_tree(self):
        (self.folder / "build" / "python").mkdir(parents=True)
        os.symlink(support.PACKAGE / "cnn",
                   self.folder / "build" / "python" / "cnn")
        library = self.put_library("build", "src")
        self.assertEqual(self.found(self.folder / "build" / "python"),
                         library)

    def test_source_tree(self):
        where = self.package("src", "python")
        library = self.put_library("build", "tests", "src")
        self.assertEqual(self.found(where), library)

    def test_nowhere(self):
        where = self.package("p")
        result = run_python("import cnn", library="", path=where)
        self.assertEqual(result.returncode, 1)
        self.assertIn("ImportError: libcnn was not found", result.stderr)
        for path in f"{where}/cnn/libcnn.so.0", f"{where}/libcnn.so.0":
            self.assertIn(path, result.stderr)
        for why in "of the system", "of a build tree", "LIBCNN_LIBRARY":
            self.assertIn(why, result.stderr)

    def test_a_wish_is_an_order(self):
        where = self.package("p")
        self.put_library("p")
        result = run_python("import cnn", library="/nowhere.so", path=where)
        self.assertIn("/nowhere.so (LIBCNN_LIBRARY)", result.stderr)
        self.assertNotIn("beside", result.stderr)

    def stub(self, number):
        """A library that has a version and nothing else."""
        source = self.folder / "stub.c"
        source.write_text(
            f"unsigned cnn_version_number(void) {{ return {number}; }}\n")
        path = self.folder / "stub.so"
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC",
                        "-o", path, source], check=True)
        return path

    def test_another_version(self):
        for number, text in (200, "0.2.0"), (10100, "1.1.0"), (5, "0.0.5"):
            result = run_python("import cnn", library=self.stub(number))
            self.assertIn(f"is libcnn {text}, but this package is for 0.1",
                          result.stderr)
            self.assertIn("ImportError", result.stderr)

    def test_a_function_is_missing(self):
        result = run_python("import cnn", library=self.stub(199))
        self.assertIn("has no cnn_version_string: it is older",
                      result.stderr)


class Runtime(unittest.TestCase):
    def test_versions(self):
        self.assertEqual(cnn.library_version(), cnn.__version__)
        header = (support.ROOT / "include/cnn/version.h").read_text()
        for part, number in zip(("MAJOR", "MINOR", "PATCH"),
                                cnn.__version__.split(".")):
            self.assertIn(f"#define CNN_VERSION_{part} {number}\n", header)

    def test_build_info(self):
        info = cnn.build_info()
        self.assertEqual(info["version"], cnn.__version__)
        self.assertGreaterEqual(info["cores"], 1)

    def test_threads(self):
        self.addCleanup(cnn.set_num_threads, cnn.num_threads())
        for n in 2, 1:
            cnn.set_num_threads(n)
            self.assertEqual(cnn.num_threads(), n)
        for bad in -1, 65, 2**32 + 1:
            with self.assertRaises(ValueError):
                cnn.set_num_threads(bad)
        self.assertEqual(cnn.num_threads(), 1)


if __name__ == "__main__":
    unittest.main()
