"""What an editor and `help()` know of the package: every public name has a
docstring and types, and mypy finds them right."""

import dataclasses
import importlib
import importlib.util
import inspect
import pkgutil
import shutil
import subprocess
import sys
import tempfile
import unittest

import support
from support import cnn

MYPY = shutil.which("mypy")
SKLEARN = importlib.util.find_spec("sklearn")


def members(kind):
    """name -> function of what a class gives to others: methods, and what
    stands behind properties, its own and those of the bases in the package."""
    found = {}
    for base in reversed(kind.__mro__):
        for name, value in vars(base).items():
            if name.startswith("_") and not name.endswith("__"):
                continue
            if isinstance(value, property):
                found[name] = value.fget
                if value.fset:
                    found[f"{name}.setter"] = value.fset
            else:
                found[name] = getattr(value, "__func__", value)
    return {name: value for name, value in found.items() if is_ours(value)}


def is_ours(value):
    """A function that stands in the package, not one that dataclasses made."""
    return inspect.isfunction(value) and (
        value.__module__.startswith("cnn") and
        value.__code__.co_filename not in ("<string>", dataclasses.__file__))


def lacks(where, function, method):
    """What is missing at a function. The class says what __init__ does, Python
    what others of that kind do, and a property what its setter does."""
    found = []
    if not function.__doc__ and not where.endswith(("__", ".setter")):
        found.append(f"{where} has no docstring")
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    found += [f"{where}: {parameter.name} has no type"
              for parameter in parameters[method:]
              if parameter.annotation is parameter.empty]
    if signature.return_annotation is signature.empty:
        found.append(f"{where} returns what?")
    return found


def complaints(things):
    """What is missing at name -> thing; how many functions were looked at."""
    found, count = [], 0
    for name, thing in things.items():
        functions = {name: getattr(thing, "__func__", thing)}
        method = inspect.ismethod(thing)
        if inspect.isclass(thing):
            method = True
            functions = {f"{name}.{part}": value
                         for part, value in members(thing).items()}
            # Not inspect.getdoc(), which would find that of a base.
            if not vars(thing).get("__doc__"):
                found.append(f"{name} has no docstring")
        for where, function in functions.items():
            if is_ours(function):
                count += 1
                static = not method or isinstance(
                    inspect.getattr_static(thing, where.split(".")[-1], None),
                    staticmethod)
                found += lacks(where, function, not static)
    return found, count


class Public(unittest.TestCase):
    def test_names_of_the_package(self):
        found, count = complaints(
            {name: getattr(cnn, name) for name in cnn.__all__})
        self.assertEqual(found, [])
        self.assertGreater(count, 100)

    def test_modules(self):
        """All have a docstring; what the public ones define is public too."""
        for module in pkgutil.walk_packages(cnn.__path__, "cnn."):
            if module.name == "cnn.sklearn" and not SKLEARN:
                continue
            with self.subTest(module.name):
                loaded = importlib.import_module(module.name)
                self.assertTrue(loaded.__doc__)
                if "._" in module.name:
                    continue
                found, _ = complaints({
                    name: value for name, value in vars(loaded).items()
                    if not name.startswith("_")
                    and getattr(value, "__module__", "") == module.name})
                self.assertEqual(found, [])

    def test_what_lacks_is_found(self):
        class Bare:
            def method(self, a, b: int = 0):
                pass

            @staticmethod
            def static(a) -> None:
                """Said."""

            @property
            def size(self):
                """Said."""

        for function in Bare.method, Bare.static, Bare.size.fget:
            function.__module__ = "cnn.bare"
        found, count = complaints({"Bare": Bare})
        self.assertEqual(count, 3)
        self.assertEqual(found, [
            "Bare has no docstring", "Bare.method has no docstring",
            "Bare.method: a has no type", "Bare.method returns what?",
            "Bare.static: a has no type", "Bare.size returns what?"])


@unittest.skipUnless(MYPY, "there is no mypy")
class Mypy(unittest.TestCase):
    """In the mode in which nothing may be without a type."""

    @classmethod
    def setUpClass(cls):
        cls.cache = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.cache.cleanup)

    def run_mypy(self, *arguments):
        done = subprocess.run(
            [MYPY, "--strict", "--warn-unreachable", "--python-executable",
             sys.executable, "--cache-dir", self.cache.name, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            cwd=support.PACKAGE, timeout=240, check=False)
        return done.returncode, done.stdout

    def test_package(self):
        self.assertTrue((support.PACKAGE / "cnn/py.typed").is_file())
        code, text = self.run_mypy("-p", "cnn")
        self.assertEqual(code, 0, text)

    def test_who_uses_it(self):
        """Its types reach a program: what is wrong there is found."""
        code, text = self.run_mypy(
            "-c", "import cnn\nn: str = cnn.num_threads()\n"
            "cnn.Conv2D('6', 5)\nx: float = cnn.Adam(1e-3).beta1\n")
        self.assertEqual(code, 1, text)
        for line in 2, 3:
            self.assertIn(f"<string>:{line}: error:", text)


if __name__ == "__main__":
    unittest.main()
