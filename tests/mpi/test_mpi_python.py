"""Python over ranks, by mpi4py.

    python3 test_mpi_python.py MPIEXEC LIBCNN LIBCNN_MPI

Leaves with 77 where there is no mpi4py, or none of the MPI that libcnn_mpi was
built with.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

MPIEXEC, LIBCNN, LIBCNN_MPI = sys.argv[1:4]
del sys.argv[1:4]
RANKS = pathlib.Path(__file__).with_name("python_ranks.py")
ENVIRONMENT = {**os.environ, "LIBCNN_LIBRARY": LIBCNN,
               "LIBCNN_MPI_LIBRARY": LIBCNN_MPI}


# In one start of Python, which takes longer than they do.
CASES = ("fit", "portions", "local_steps", "checkpoint", "stops", "fails",
         "interrupt", "differs", "refused", "no_library")


class Python(unittest.TestCase):
    def test_cases(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [MPIEXEC, "-n", "2", sys.executable, "-B", RANKS, *CASES],
                cwd=folder, env=ENVIRONMENT, capture_output=True, text=True,
                timeout=250, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        # Two trainings of four epochs show them, by one rank each.
        self.assertEqual(done.stderr.count("epoch 4"), 2, done.stderr)


if __name__ == "__main__":
    try:
        from mpi4py import MPI
    except ImportError as error:
        print(f"not tried: {error} (Debian package python3-mpi4py)")
        sys.exit(77)
    found = subprocess.run(["ldd", LIBCNN_MPI], capture_output=True, text=True,
                           check=True).stdout
    whose = MPI.Get_library_version().split()[0]
    if ("libmpich" in found) != (whose == "MPICH"):
        print(f"not tried: mpi4py is of {whose}, and libcnn_mpi is not")
        sys.exit(77)
    unittest.main()
