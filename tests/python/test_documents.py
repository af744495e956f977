"""The example, and the Python in README.md and docs/python.md: they run."""

import contextlib
import io
import os
import pathlib
import re
import tempfile
import unittest

import support
from support import bars, run_python

EXAMPLE = """
import runpy, sys
sys.argv[0] = "lenet5"
runpy.run_module("cnn.examples.lenet5", run_name="__main__")
"""


def blocks(*parts):
    """The Python in a document that is to run."""
    text = support.ROOT.joinpath(*parts).read_text("utf-8")
    return [code for reason, code in re.findall(
        r"(<!-- test: no-run .*?-->\n)?```python\n(.*?)```", text, re.DOTALL)
        if not reason]


class Documents(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        support.write_idx(self.folder, "train", *bars(300, 1, side=28))
        support.write_idx(self.folder, "t10k", *bars(50, 2, side=28))

    def test_example(self):
        for where in "argument", "environment":
            arguments = ["--epochs", "2"]
            environment = {"CNN_DATA_DIR": str(self.folder)}
            if where == "argument":
                arguments += ["--data", self.folder,
                              "--model", self.folder / "model"]
                environment = {"CNN_DATA_DIR": ""}
            result = run_python(EXAMPLE, *arguments, env=environment)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("97982", result.stdout)
            self.assertRegex(result.stdout, r"test accuracy [01]\.\d{4}\n$")
            self.assertRegex(result.stderr, "epoch 2 of 2: ")
        self.assertTrue((self.folder / "model").exists())

    def test_example_without_data(self):
        result = run_python(EXAMPLE, "--data", self.folder / "nowhere")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr, "lenet5: no train-images?idx3-ubyte "
                         f"in {self.folder}/nowhere\n")

    def run_blocks(self, *parts):
        """One after the other, in one set of names, among the data."""
        before = os.getcwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, before)
        found = blocks(*parts)
        self.assertGreater(len(found), 0)
        names = {}
        with contextlib.redirect_stderr(io.StringIO()), \
                contextlib.redirect_stdout(io.StringIO()):
            for code in found:
                exec(compile(code, "/".join(parts), "exec"), names)
        return names

    def test_readme(self):
        self.run_blocks("README.md")
        self.assertTrue((self.folder / "digits.safetensors").exists())

    def test_guide(self):
        names = self.run_blocks("docs", "python.md")
        self.assertGreater(names["net"].param_count, 0)


if __name__ == "__main__":
    unittest.main()
