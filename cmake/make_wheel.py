#!/usr/bin/env python3
"""Makes a wheel of the Python package, with the library inside:

    make_wheel.py LIBCNN.SO FOLDER

Needs neither a network nor setuptools: a wheel is a zip file with three texts
about itself. Prints its path. The same input gives the same bytes.
"""

import base64
import hashlib
import pathlib
import re
import sys
import sysconfig
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "python"
SONAME = "libcnn.so.0"
TIME = 1980, 1, 1, 0, 0, 0

METADATA = """\
Metadata-Version: 2.1
Name: libcnn
Version: {version}
Summary: Small convolutional networks, trained and run on the CPU
License: MIT
Requires-Python: >=3.10
Requires-Dist: numpy
Description-Content-Type: text/markdown

"""
WHEEL = """\
Wheel-Version: 1.0
Generator: libcnn
Root-Is-Purelib: false
Tag: {tag}
"""


def contents(library, tag):
    """What is inside, as (name, bytes), but for the list of it."""
    text = (PACKAGE / "cnn" / "_version.py").read_text("utf-8")
    version, = re.findall(r'^VERSION = "(.*)"$', text, re.MULTILINE)
    about = f"libcnn-{version}.dist-info"
    files = {}
    for path in sorted((PACKAGE / "cnn").rglob("*")):
        if path.suffix == ".py" or path.name == "py.typed":
            name = path.relative_to(PACKAGE).as_posix()
            files[name] = path.read_bytes()
    files[f"cnn/{SONAME}"] = library.read_bytes()
    guide = (ROOT / "docs" / "python.md").read_bytes()
    files[f"{about}/METADATA"] = (
        METADATA.format(version=version).encode() + guide)
    files[f"{about}/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    files[f"{about}/WHEEL"] = WHEEL.format(tag=tag).encode()
    return version, about, files


def line_of(name, data):
    """A line of RECORD."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return f"{name},sha256={digest.decode().rstrip('=')},{len(data)}\n"


def make(library, folder):
    """Writes the wheel; returns its path."""
    platform = re.sub(r"[-.]", "_", sysconfig.get_platform())
    tag = f"py3-none-{platform}"
    version, about, files = contents(library, tag)
    record = "".join(line_of(*item) for item in files.items())
    files[f"{about}/RECORD"] = (record + f"{about}/RECORD,,\n").encode()
    wheel = folder / f"libcnn-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            mode = 0o755 if name.endswith(SONAME) else 0o644
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, data)
    return wheel


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(make(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))


if __name__ == "__main__":
    main()
