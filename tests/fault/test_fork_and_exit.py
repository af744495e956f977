"""fork() and exit() while threads are inside libcnn: no child hangs, each comes
to what its parent comes to, and no process hangs or crashes when it ends.

    test_fork_and_exit.py FORKER FORKER UNLOADER LIBRARY [deep]

A FORKER is fault/forker.c, linked with the static and the shared library."""
import os
import random
import subprocess
import sys
import tempfile
import time
import unittest

STATIC, SHARED, UNLOADER, LIBRARY = sys.argv[1:5]
DEEP = sys.argv[5:] == ["deep"]
del sys.argv[1:]
# With each library, without and with threads of OpenBLAS's own.
WAYS = [(forker, threads) for forker in (STATIC, SHARED)
        for threads in ("1", "2")]

# How many forks, here and deep; how many processes, and the longest time until
# one ends, in microseconds.
FORKS = {"calls": (80, 3000), "alone": (20, 1000), "products": (100, 6000)}
ENDS = {"first": (20, 300, 3000), "child": (20, 300, 20000),
        "handler": (20, 200, 20000), "thread": (30, 300, 20000),
        "both": (12, 200, 20000), "late": (12, 200, 20000)}


class ForkAndExit(unittest.TestCase):
    def run_one(self, threads, *command, timeout=60):
        environment = dict(os.environ, OPENBLAS_NUM_THREADS=threads)
        with tempfile.TemporaryFile("w+") as output:  # children may outlive it
            try:
                done = subprocess.run(
                    [*map(str, command)], env=environment, stdout=output,
                    stderr=subprocess.STDOUT, timeout=timeout).returncode
            except subprocess.TimeoutExpired:
                done = "it hangs"
            output.seek(0)
            self.assertEqual(done, 0, f"{command}, {threads} threads of "
                             f"OpenBLAS: {output.read()}")

    def try_forks(self, mode):
        count = FORKS[mode][DEEP] // len(WAYS)
        start = time.monotonic()
        for forker, threads in WAYS:
            self.run_one(threads, forker, mode, count, timeout=1200)
        print(f"{count * len(WAYS)} forks, none hung, "
              f"{time.monotonic() - start:.1f} s")

    def try_ends(self, mode):
        draw = random.Random(1)
        start = time.monotonic()
        count, longest = ENDS[mode][DEEP], ENDS[mode][2]
        for i in range(count):
            forker, threads = WAYS[i % len(WAYS)]
            self.run_one(threads, forker, mode, draw.randrange(longest))
        print(f"{count} processes, all ended, "
              f"{time.monotonic() - start:.1f} s")

    def test_unload(self):
        """dlclose() leaves no threads, and fork() works afterwards."""
        for threads in "1", "2":
            self.run_one(threads, UNLOADER, LIBRARY, 200 if DEEP else 20)


for mode in FORKS:
    setattr(ForkAndExit, f"test_fork_{mode}",
            lambda self, mode=mode: self.try_forks(mode))
for mode in ENDS:
    setattr(ForkAndExit, f"test_end_{mode}",
            lambda self, mode=mode: self.try_ends(mode))

if __name__ == "__main__":
    unittest.main(verbosity=2)
