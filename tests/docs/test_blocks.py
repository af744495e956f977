"""What the documents show works: every block of README.md and docs/*.md is
compiled and run or configured, unless it says why not; JSON and text that show
what programs write are compared with it.

    test_blocks.py SOURCE BUILD LIBRARY [CFLAG...]

BUILD is a folder where libcnn is built, LIBRARY the shared library there. All
happens in one temporary folder, in the order of the documents, with libcnn
installed to it and a few small images under their usual names."""
import json
import math
import os
import pathlib
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

SOURCE, BUILD, LIBRARY = (pathlib.Path(a).resolve() for a in sys.argv[1:4])
CFLAGS = sys.argv[4:]
del sys.argv[1:]
sys.path.insert(0, str(SOURCE / "tests/cli"))

import example  # noqa: E402
from blocks import (  # noqa: E402
    Mistake, blocks_of, documents, links_of, shape)

CC = shlex.split(os.environ.get("CC", "cc"))
PACKAGE = SOURCE / "src/python"
FRAGMENT = (SOURCE / "tests/docs/fragment.c").read_text()
# What a project around a few lines of CMake looks like.
BENCH = BUILD / "tests/bench/bench"
# The words of the documents, and as little work as there is.
SMALL_BENCH = f"""#!/bin/sh
exec {shlex.quote(str(BENCH))} "$@" --networks relu --threads 1 --batch 1 \\
    --rounds 1
"""
PROJECT = """cmake_minimum_required(VERSION 3.21)
project(block C)
"""


class Documents(unittest.TestCase):
    """The blocks are added below, a method each, in the order in which they
    stand in the documents."""

    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name) / "work"
        example.write_idx(cls.folder)
        prefix = pathlib.Path(holder.name) / "prefix"
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix],
                       check=True, stdout=subprocess.DEVNULL)
        pc = next(prefix.rglob("libcnn.pc"))
        cls.tree = pathlib.Path(holder.name) / "tree"
        cls.printed = ""
        cls.environment = {
            **os.environ,
            "CC": " ".join(CC),
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONPATH": str(PACKAGE),
            "LIBCNN_LIBRARY": str(LIBRARY),
            "CMAKE_PREFIX_PATH": str(prefix),
            "PKG_CONFIG_PATH": str(pc.parent),
            "LD_LIBRARY_PATH": str(pc.parent.parent),
        }

    def copy_tree(self):
        """The source and, where the documents have it, a small bench."""
        if self.tree.exists():
            return
        shutil.copytree(SOURCE, self.tree, symlinks=True,
                        ignore=shutil.ignore_patterns(".git", "build",
                                                      "__pycache__"))
        bench = self.tree / "build/tests/tests/bench/bench"
        bench.parent.mkdir(parents=True)
        bench.write_text(SMALL_BENCH)
        bench.chmod(0o755)

    def call(self, block, *command, cwd=None):
        done = subprocess.run(
            [*map(str, command)], cwd=cwd or self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=240, check=False)
        self.assertEqual(
            done.returncode, 0,
            f"{block.where}: {shlex.join(map(str, command))}\n"
            f"{done.stdout.decode(errors='replace')}")
        type(self).printed = done.stdout.decode()

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return self.folder / name

    def try_c(self, block):
        text, number = block.text, int(block.where.split(":")[1])
        line = f'#line {number + 1} "{block.where.split(":")[0]}"\n'
        if block.fragment:
            text = FRAGMENT.replace("/* BLOCK */", "\n" + line + text)
        else:
            text = line + text
        path = self.write("block.c", text)
        if block.save:
            self.write(block.save, block.text)
        self.call(block, *CC, "-std=c11", "-Wall", "-Werror", *CFLAGS,
                  *(["-Wno-unused"] if block.fragment else []),
                  f"-I{SOURCE / 'include'}", path, "-o", "block", LIBRARY,
                  "-lm", "-lpthread", f"-Wl,-rpath,{LIBRARY.parent}")
        self.call(block, "./block")

    def look_at_sh(self, block):
        """What can be told without running it."""
        script = self.write("block.sh", block.text)
        self.call(block, "sh", "-n", script)
        for path in re.findall(r"\b(?:sh|python3) ([\w/]+/[\w.]+)",
                               block.text):
            self.assertTrue((SOURCE / path).is_file(),
                            f"{block.where}: there is no {path}")
        return script

    def try_sh(self, block):
        script = self.look_at_sh(block)
        if block.tree:
            self.copy_tree()
        self.call(block, "sh", "-eu", script,
                  cwd=self.tree if block.tree else None)

    def try_python(self, block):
        compile(block.text, block.where, "exec")
        if re.search(r"^\s*(import|from) cnn\b", block.text, re.MULTILINE):
            python = os.environ.get("CNN_PYTHON")
            if not python:
                self.skipTest(f"{block.where}: this build leaves the Python "
                              "package out")
        else:
            python = sys.executable
        self.call(block, python, "-B",
                  self.write("block.py", block.text))

    def try_cmake(self, block):
        # Make takes a colon in a path for its own.
        project = self.folder / re.sub(r"\W", "_", block.where)
        project.mkdir()
        given = "" if "project(" in block.text else PROJECT
        (project / "CMakeLists.txt").write_text(given + block.text)
        for path in self.folder.glob("*.c"):
            (project / path.name).symlink_to(path)
        (project / "libcnn").symlink_to(SOURCE)
        self.call(block, "cmake", "-S", project, "-B", project / "build",
                  f"-DFETCHCONTENT_SOURCE_DIR_CNN={SOURCE}")
        if block.run:
            self.call(block, "cmake", "--build", project / "build")

    def try_json(self, block):
        text = block.text
        json.loads(text if text.lstrip().startswith(("{", "["))
                   else "{" + text + "}")
        if block.like:
            self.assert_like(json.loads("{" + text + "}"), block.like)

    def assert_like(self, shown, name):
        """Each member is in the header of the file under its name: with the
        same fields, of the same types, and right in themselves."""
        blob = (self.folder / name).read_bytes()
        header = json.loads(blob[8:8 + struct.unpack("<Q", blob[:8])[0]])
        for tensor, fields in shown.items():
            self.assertEqual(list(fields), list(header[tensor]))
            for field, value in fields.items():
                there = header[tensor][field]
                self.assertIs(type(value), type(there), field)
                if isinstance(value, str):
                    self.assertEqual(value, there, field)
                else:
                    self.assertEqual(list(map(type, value)),
                                     list(map(type, there)), field)
            begin, end = fields["data_offsets"]
            self.assertEqual(end - begin, 4 * math.prod(fields["shape"]))

    def try_text(self, block):
        self.assertNotIn("\t", block.text, block.where)
        if block.output:
            self.assertRegex(self.printed.strip(), shape(block.text),
                             block.where)

    def attempt(self, block):
        if block.reason:
            if block.language == "sh":
                self.look_at_sh(block)
            self.skipTest(f"{block.where}: {block.reason}")
        if not block.output:
            type(self).printed = ""
        getattr(self, "try_" + block.language)(block)


class WithoutData(unittest.TestCase):
    """The whole programs look at nothing before they train; without the files
    they say which one is missing."""

    def test_first_error(self):
        programs = [block for page in documents(SOURCE)
                    for block in blocks_of(str(page),
                                           (SOURCE / page).read_text())
                    if block.save and "cnn_dataset_load" in block.text]
        self.assertGreaterEqual(len(programs), 2)
        for block in programs:
            with (self.subTest(block.where),
                  tempfile.TemporaryDirectory() as folder):
                path = pathlib.Path(folder) / "program.c"
                path.write_text(block.text)
                program = path.with_suffix("")
                subprocess.run([*CC, *CFLAGS, f"-I{SOURCE / 'include'}", path,
                                "-o", program, LIBRARY,
                                f"-Wl,-rpath,{LIBRARY.parent}"], check=True)
                done = subprocess.run([program], cwd=folder, check=False,
                                      stderr=subprocess.PIPE, text=True)
                self.assertNotEqual(done.returncode, 0)
                self.assertRegex(done.stderr, "-ubyte: cannot open")


class Rules(unittest.TestCase):
    """What must not pass does not."""

    def test_mistakes(self):
        for text in ("```\nx\n```", "```rust\nx\n```", "```c\nint x;\n```",
                     "```c\nint main(void)\n", "```c title\nx\n```",
                     "<!-- test: fragment -->\n```c\nint main(void) {}\n```",
                     "<!-- test: fragment -->\n```sh\ntrue\n```",
                     "<!-- test: run -->\n```sh\ntrue\n```",
                     "<!-- test: like -->\n```json\n{}\n```",
                     "<!-- test: no-run -->\n```sh\ntrue\n```",
                     "<!-- test: save -->\n```c\nint main(void) {}\n```",
                     "<!-- test: tree -->\ntext\n```sh\ntrue\n```",
                     "<!-- test: tree -->"):
            with self.subTest(text), self.assertRaises(Mistake):
                blocks_of("page", text)

    def test_blocks(self):
        first, second, third = blocks_of("page", """text
```sh
true
```
<!-- test: save a.c -->

- ~~~c
  no fence
<!-- test: tree -->
  ```sh
  # ```c
  false
  ```
<!-- test: no-run for lack of time -->
```c
x
```
""".replace("<!-- test: save a.c -->\n", ""))
        self.assertEqual((first.where, first.text, first.tree),
                         ("page:2", "true\n", False))
        self.assertEqual((second.text, second.tree),
                         ("# ```c\nfalse\n", True))
        self.assertEqual(third.reason, "for lack of time")

    def test_shape(self):
        shown = shape("95 of 100\n... right 0.5")
        for text in "1 of 7\nall right 12", "95  of 100 is right 0.25":
            self.assertRegex(text, shown)
        for text in "95 in 100 right 1", "x of 100 right 1", "95 of 100 right":
            self.assertNotRegex(text, shown)

    def test_links(self):
        """What a page links to is there."""
        for page in documents(SOURCE):
            for link in links_of((SOURCE / page).read_text()):
                self.assertTrue((SOURCE / page.parent / link).exists(),
                                f"{page} links to {link}")


def together(blocks):
    """The blocks, those of Python made one, since each goes on from the one
    before it. What they say about lines holds for the page."""
    first = None
    for block in blocks:
        if block.language != "python" or block.reason:
            yield block
            continue
        line = int(block.where.split(":")[1])
        if first is None:
            first = block
            block.text = "\n" * line + block.text
            yield block
        else:
            first.text += ("\n" * (line - first.text.count("\n")) + block.text)


def add_tests():
    """A method for each block: test_003_design.md:42_text"""
    number = 0
    for page in documents(SOURCE):
        blocks = list(together(blocks_of(str(page),
                                         (SOURCE / page).read_text())))
        for block in blocks:
            name = f"test_{number:03}_{page.name}:{block.where.split(':')[1]}"
            setattr(Documents, f"{name}_{block.language}",
                    lambda self, block=block: self.attempt(block))
            number += 1


add_tests()
if __name__ == "__main__":
    unittest.main(verbosity=2)
