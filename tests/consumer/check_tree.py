#!/usr/bin/env python3
"""Checks what holds for the tree as a whole:

    check_tree.py SOURCE

- a file of src/ includes its own floor and those it may stand on, no others,
  and so does one of examples/common;
- a room, which is a folder in a floor, is included by its own files only;
- no two files of src/ have the same name;
- the public headers include each other, <stddef.h> and <stdint.h> only; that of
  libcnn_mpi includes <mpi.h>, and none of the others includes it;
- only src/math/gemm.c includes <cblas.h>;
- no file of code is longer than 400 lines;
- the build uses nothing that came after CMake 3.21, which it says is enough;
- clang-format would change nothing.
"""

import pathlib
import re
import shutil
import subprocess
import sys

LONGEST = 400
ROOTS = "include", "src", "examples", "tests", "cmake"
CODE = {".c", ".h", ".py", ".sh", ".cmake", ".txt"}

# What CMake 3.22 to 3.29 brought, as far as a build may want it.
NEW_CMAKE = re.compile(
    r"\bFILE_SET\b|\bblock\s*\(|\bPROPAGATE\b|\bFIND_PACKAGE_ARGS\b|"
    r"\bPATH_EQUAL\b|\bREGISTRY_VIEW\b|\bVALIDATOR\b|\bSOURCE_FROM_|"
    r"\bINITIALIZE_FROM_VARIABLE\b|\bDISTRIB_INFO\b|\bif\s*\(\s*LINUX\b|"
    r"\bGET_MESSAGE_LOG_LEVEL\b|\$<(LINK_GROUP|LINK_LIBRARY|COMPILE_ONLY|"
    r"LIST|PATH):|\b(CMAKE_)?COMPILE_WARNING_AS_ERROR\b|"
    r"\bCMAKE_COLOR_DIAGNOSTICS\b|\bDEPENDS_EXPLICIT_ONLY\b|"
    r"\badd_subdirectory\([^)]*\bSYSTEM\b|\bfind_package\([^)]*\bGLOBAL\b|"
    r"\bcmake_language\s*\(\s*EXIT\b")

# Which floors a floor of src/ may use, besides its own.
FLOORS = {
    "base": set(),
    "math": {"base"},
    "layers": {"base", "math"},
    "net": {"base", "math", "layers"},
    "data": {"base"},
    "train": {"base", "math", "data", "layers", "net"},
    "files": {"base", "math", "data", "layers", "net", "train"},
    "mpi": set(),  # another library: of this one it knows include/ only
}

# And which folders of examples/common one of them may use.
EXAMPLES = {
    "support": set(),
    "images": {"support"},
    "running": {"support", "images"},
    "pages": {"support", "images", "running"},
    "programs": {"support", "images", "running", "pages"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)', re.MULTILINE)


def wrong_include(path, bracket, name):
    """Why the file may not include that, or None."""
    root, folder = path.parts[0], path.parts[1]
    floor = name.split("/")[0]
    if name == "cblas.h" and path.as_posix() != "src/math/gemm.c":
        return "only src/math/gemm.c knows the BLAS"
    if (name == "cnn/mpi.h" and path.parts[:2] not in (
            ("src", "mpi"), ("tests", "mpi")) and
            path.as_posix() != "examples/common/support/ranks_mpi.c"):
        return "it is of a library that may not be there"
    if root == "include" and not name.startswith("cnn/"):
        if name == "mpi.h" and path.as_posix() == "include/cnn/mpi.h":
            return None
        if name not in ("stddef.h", "stdint.h"):
            return "public headers depend on nothing"
    if root == "examples" and floor in FLOORS:
        return "examples use public headers only"
    if path.parts[:2] == ("examples", "common") and bracket == '"':
        if floor not in EXAMPLES:
            return "that is no folder of examples/common"
        if floor != path.parts[2] and floor not in EXAMPLES[path.parts[2]]:
            return f"{path.parts[2]} may not use {floor}"
    if root == "src" and bracket == '"' and floor != "cnn":
        if floor not in FLOORS:
            return "that is no floor of src/"
        room = pathlib.PurePath("src", name).parent
        if len(room.parts) > 2 and path.parent != room:
            return f"{room} is a room of its own"
        if len(path.parts) == 2:  # of the whole library, above all floors
            return None
        if folder not in FLOORS:
            return "it stands on no floor of src/"
        if floor != folder and floor not in FLOORS[folder]:
            return f"{folder} may not use {floor}"
    return None


def newer_than_cmake_3_21(source):
    """Names in the files of the build."""
    for pattern in "CMakeLists.txt", "*/**/CMakeLists.txt", "cmake/*.cmake*":
        for full in sorted(source.glob(pattern)):
            path = full.relative_to(source)
            if path.parts[0] not in ROOTS + ("CMakeLists.txt",):
                continue
            text = re.sub(r"#.*", "", full.read_text())
            for found in NEW_CMAKE.finditer(text):
                yield f"{path}: CMake 3.21 has no {found.group()}"


def complaints(source):
    """All that is wrong, line by line."""
    c_files = []
    for root in ROOTS:
        for full in sorted((source / root).rglob("*")):
            if not full.is_file() or full.suffix not in CODE:
                continue
            path = full.relative_to(source)
            text = full.read_text()
            lines = text.count("\n")
            if lines > LONGEST:
                yield f"{path}: {lines} lines, at most {LONGEST} are allowed"
            if full.suffix in (".c", ".h"):
                c_files.append(str(path))
                for bracket, name in INCLUDE.findall(text):
                    reason = wrong_include(path, bracket, name)
                    if reason:
                        yield f"{path} includes {name}: {reason}"
    names = {}
    for path in map(pathlib.PurePath, c_files):
        if path.parts[0] == "src":
            names.setdefault(path.name, []).append(str(path))
    for paths in names.values():
        if len(paths) > 1:
            yield " and ".join(paths) + " have the same name"
    yield from newer_than_cmake_3_21(source)
    formatter = shutil.which("clang-format")
    if formatter is None:
        print("clang-format is not installed: the format was not checked")
        return
    result = subprocess.run(
        [formatter, "--dry-run", "--Werror", *c_files],
        cwd=source, capture_output=True, text=True, check=False)
    found = re.findall(r"^(\S+?):(\d+):\d+: error", result.stderr, re.MULTILINE)
    for path in dict.fromkeys(path for path, _ in found):
        line = next(line for other, line in found if other == path)
        yield f"{path}:{line}: not formatted; run `sh cmake/format.sh`"
    if result.returncode != 0 and not found:
        yield result.stderr


def main():
    source = pathlib.Path(sys.argv[1]).resolve()
    found = list(complaints(source))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
