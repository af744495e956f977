"""Model files for the tests in Python: the program that writes them, and the
reader that docs/model-format.md shows."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SAVER = sys.argv.pop(1) if len(sys.argv) > 1 else ""
DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "model-format.md"


def documented_reader():
    """read_model() as it stands in the document."""
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.S)
    code, = (block for block in blocks if "def read_model" in block)
    names = {}
    exec(compile(code, str(DOCUMENT), "exec"), names)
    return names["read_model"]


read_model = documented_reader()


# Counts of the preset coverage, of programs whose calls fail on purpose: those
# that write the counts, too.
COUNTS = tempfile.TemporaryDirectory()


def saver(*words, under=(), **options):
    """Runs the program, maybe under another: LeakSanitizer cannot be traced."""
    environment = dict(os.environ, OPENBLAS_NUM_THREADS="1", LC_ALL="C",
                       ASAN_OPTIONS="detect_leaks=0")
    if under:
        environment["GCOV_PREFIX"] = COUNTS.name
    return subprocess.run([*under, SAVER, *map(str, words)], env=environment,
                          capture_output=True, text=True, timeout=60, **options)


def value_of(path):
    """The value that all parameters of a file of `saver write` have."""
    _, tensors = read_model(path)
    values = {value for _, floats in tensors.values() for value in floats}
    assert len(values) == 1, values
    return values.pop()
