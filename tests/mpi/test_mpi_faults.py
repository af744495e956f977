"""Ranks that end, or that differ, in the middle and at the start.

    python3 test_mpi_faults.py FOLDER_OF_PROGRAMS MPIEXEC
"""
import os
import pwd
import shutil
import signal
import time
import unittest

from programs import FOLDER, OPEN_MPI, TRAIN, RanksTest

from example import write_idx

# What the runtimes say of a rank that was killed.
KILLED = "signal 9" if OPEN_MPI else "EXIT CODE: 9"
LIMIT = ("sh", "-c", 'ulimit -v "$0" && exec "$@"')


class Killed(RanksTest):
    LONG = ("--tuned", "--batch=24", "--epochs=30", "-q", "--checkpoint=k",
            "--log=l.csv")

    def kill(self, rank, ranks=2):
        """In the middle, and as soon as there is a checkpoint."""
        with self.mpiexec(*self.command(ranks, *self.LONG)) as process:
            while not (self.folder / "k").exists():
                self.assertIsNone(process.poll())
                time.sleep(0.005)
            os.kill(self.ranks_of(process)[rank], signal.SIGKILL)
            begin = time.monotonic()
            out, err = self.ended(process, None)
        self.assertLess(time.monotonic() - begin, 10)
        self.assertIn(KILLED, out + err)

    def test_goes_on_from_the_checkpoint(self):
        """With the same number of ranks to the same bits."""
        self.together(2, *self.LONG, "--save=whole")
        for rank in range(2):
            (self.folder / "k").unlink()
            self.kill(rank)
            self.together(2, *self.LONG, "--resume=k", "--save=m")
            self.assertEqual(self.bytes_of("m"), self.bytes_of("whole"))

    def test_of_three_goes_on_with_one(self):
        self.kill(1, 3)
        self.run_example(*self.LONG, "--resume=k", "--save=m")
        self.assertEqual(self.table("l.csv")[-1]["set"], "test")

    def test_interrupt_of_each(self):
        for rank in range(3):
            arguments = "--tuned", "--batch=24", "--steps=3000", "-q"
            with self.mpiexec(*self.command(
                    3, *arguments, "--eval-every=1")) as process:
                self.read_until(process, "step 2,")
                os.kill(self.ranks_of(process)[rank], signal.SIGINT)
                _, err = self.ended(process, 130)
            self.assertEqual(err.count("stopped after step"), 1, err)


class Different(RanksTest):
    def differ(self, *change, text, code=1):
        self.refused(*self.command(1, *TRAIN), ":",
                     *self.command(1, *TRAIN, *change), code=code, text=text)

    def test_settings(self):
        where = "rank 1 differs from rank 0: "
        self.differ("--lr=0.5", text=where + "learning rate", code=65)
        self.differ("--seed=2", text=where + "seed", code=65)
        self.differ("--batch=36", text=where, code=65)
        self.differ("--clip=1", text=where, code=65)

    def test_data(self):
        other = self.folder / "other"
        write_idx(other)
        labels = other / "train-labels-idx1-ubyte"
        content = bytearray(labels.read_bytes())
        content[-1] ^= 1
        labels.write_bytes(content)
        self.differ(f"--data={other}", code=65,
                    text="rank 1 differs from rank 0: ")

    def test_programs(self):
        """Another net; then another order of calls."""
        self.refused(*self.command(1, *TRAIN), ":", "-n", "1",
                     FOLDER / "lenet5_wide", *TRAIN, code=None,
                     text="rank 1 differs from rank 0: ")
        self.refused(*self.command(1, *TRAIN, "--checkpoint=k"), ":",
                     *self.command(1, *TRAIN), code=1,
                     text="the callback of a rank made a call that other ranks "
                     "did not make")


class Memory(RanksTest):
    def test_one_has_too_little(self):
        """All end, with the text of that rank."""
        self.program = "lenet5_wide"
        one = self.command(1, *TRAIN, "--batch=4000", "--threads=1")
        limited = [*one[:2], *LIMIT, "600000", *one[2:]]
        with self.mpiexec(*one, ":", *limited) as process:
            out, err = self.ended(process, None)
        self.assertRegex(out + err, "rank 1: .*(memory|bytes)")


@unittest.skipIf(os.getuid() != 0, "only root can be somebody else")
class Nobody(RanksTest):
    def test_trains_and_stops(self):
        """Without the rights of root."""
        shutil.copy(FOLDER / self.program, self.folder / self.program)
        for path in self.folder, *self.folder.rglob("*"):
            os.chmod(path, 0o777)
        user = pwd.getpwnam("nobody")
        environment = {key: value for key, value in self.environment.items()
                       if not key.startswith("OMPI_ALLOW")}
        environment.update(HOME=str(self.folder), TMPDIR=str(self.folder))
        with self.mpiexec("-n", "2", self.folder / self.program, *TRAIN,
                          "--save=m", env=environment, user=user.pw_uid,
                          group=user.pw_gid, extra_groups=[]) as process:
            self.ended(process)
        self.assertEqual((self.folder / "m").stat().st_uid, user.pw_uid)


if __name__ == "__main__":
    unittest.main()
