"""What the tests of the example programs over several ranks share.

    python3 test_....py FOLDER_OF_PROGRAMS MPIEXEC
"""
import os
import pathlib
import subprocess
import sys

MPIEXEC = sys.argv.pop(2) if len(sys.argv) > 2 else "mpiexec"
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cli"))

from example import FOLDER, NO_LEAK_CHECK, ExampleTest, Program  # noqa: E402

TRAIN = "--tuned", "--batch=24", "--steps=30"
# Open MPI names itself after its runtime.
OPEN_MPI = any(name in subprocess.run(
    [MPIEXEC, "--version"], capture_output=True, text=True,
    check=True).stdout for name in ("OpenRTE", "Open MPI"))


class RanksTest(ExampleTest):
    """Starts `program` with mpiexec, in a new folder."""

    def command(self, ranks, *arguments):
        """Arguments of mpiexec for ranks that are started alike."""
        return ["-n", str(ranks), FOLDER / self.program, *map(str, arguments)]

    def mpiexec(self, *arguments, env=None, mpiexec=MPIEXEC, **settings):
        return Program([mpiexec, *arguments], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       cwd=self.folder, text=True,
                       env=env or {**self.environment, **NO_LEAK_CHECK},
                       **settings)

    def ended(self, process, code=0):
        """What it printed. `code` None: any that is not 0."""
        out, err = process.communicate(timeout=120)
        if code is None:
            self.assertNotEqual(process.returncode, 0, out + err)
        else:
            self.assertEqual(process.returncode, code, out + err)
        return out, err

    def refused(self, *arguments, code, text):
        """All end, and one of them says once why."""
        with self.mpiexec(*arguments) as process:
            _, err = self.ended(process, code)
        self.assertEqual(err.count(text), 1, err)

    def together(self, ranks, *arguments):
        with self.mpiexec(*self.command(ranks, *arguments)) as process:
            return self.ended(process)

    def read_until(self, process, start):
        """The first line on standard output that begins like that."""
        for line in process.stdout:
            if line.startswith(start):
                return line
        self.fail(process.communicate()[1])

    def ranks_of(self, process):
        """The process ids of the ranks, as the kernel knows them."""
        found = {}
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "environ").read_bytes().split(b"\0")
                command = os.readlink(folder / "exe")
                where = os.readlink(folder / "cwd")
            except OSError:
                continue
            if (command != str((FOLDER / self.program).resolve()) or
                    where != str(self.folder.resolve())):
                continue
            for word in words:
                name, _, value = word.partition(b"=")
                if name in (b"OMPI_COMM_WORLD_RANK", b"PMI_RANK"):
                    found[int(value)] = int(folder.name)
        return found
