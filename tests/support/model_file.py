"""Model files for the tests in Python: the program that writes them, and the
reader that docs/model-format.md shows."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SAVER = sys.argv.pop(1) if len(sys.argv) > 1 else ""
# With more of everything, which takes longer.
DEEP = sys.argv[1:] == ["deep"]
if DEEP:
    sys.argv.pop()
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


def strace(log, *more):
    """The words before a command that is traced."""
    return ["strace", "-o", str(log), *more]


def why_no_strace():
    """Tracing takes a right that containers often do not have."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "log"
        done = subprocess.run(
            strace(log, "-e", "inject=write:error=ENOSPC", "echo"),
            capture_output=True, text=True)
        if log.exists() and "(INJECTED)" in log.read_text():
            return None
    return done.stderr or "it injects nothing"


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
