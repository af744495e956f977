"""Saving is atomic: whatever system call it is killed at, and whichever fails,
the file is the old one or the new one, whole."""
import errno
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from support.model_file import (  # noqa: E402
    DEEP, SAVER, read_model, saver, strace, value_of, why_no_strace)

OLD, NEW = 1.0, 2.0
KILLS = 200 if DEEP else 20
SAVES = 5000 if DEEP else 500


class Save(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name) / "models"
        self.path = self.folder / "model"
        self.log = pathlib.Path(folder.name) / "log"

    def start(self, old):
        """A folder with the old file in it, or with nothing."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        if old:
            self.assertEqual(saver("write", self.path, OLD).returncode, 0)

    def content(self):
        """OLD, NEW, or None if there is no file; damage raises."""
        return value_of(self.path) if self.path.exists() else None

    def save(self, *inject):
        return saver("write", self.path, NEW, under=strace(self.log, *inject))

    def leftovers(self):
        return [entry for entry in self.folder.iterdir() if entry != self.path]


REASON = why_no_strace()


@unittest.skipIf(REASON, f"strace cannot be used: {REASON}")
class EverySystemCall(Save):
    def points(self):
        """What saving calls, in order: name, and how often the program has
        called that before and with it. Calls for memory depend on chance."""
        self.assertEqual(self.save().returncode, 0)
        counts, points, saving = {}, [], False
        for line in self.log.read_text().splitlines():
            if ".gcda" in line:  # the counts of the preset coverage
                break
            call = re.match(r"(\w+)\(", line)
            if call is None:
                continue
            name = call[1]
            counts[name] = counts.get(name, 0) + 1
            saving |= name != "execve" and f'"{self.path}' in line
            if saving and name not in ("brk", "mmap", "munmap", "exit_group"):
                points.append((name, counts[name]))
        # A crash of the system, which cannot be tried, takes this order: the
        # data last before the name does, and then the name.
        self.assertEqual([name for name, _ in points
                          if name in ("write", "fsync", "rename")],
                         ["write", "fsync", "rename", "fsync"])
        return points

    def test_killed_at_each(self):
        for old in False, True:
            self.start(old)
            points, before = self.points(), OLD if old else None
            found = []
            for name, count in points:
                with self.subTest(old=old, call=name, count=count):
                    self.start(old)
                    self.save("-e", f"inject={name}:signal=SIGKILL:when={count}")
                    self.assertIn("killed by SIGKILL", self.log.read_text())
                    found.append(self.content())
                    self.assertIn(found[-1], (before, NEW))
                    self.assertLessEqual(len(self.leftovers()), 1)
            # First the old file, then, once and for all, the new one.
            self.assertEqual((found[0], found[-1]), (before, NEW))
            self.assertEqual(found, sorted(found, key=lambda v: v == NEW))

    def check_failure(self, old, name, count, error, when):
        self.start(old)
        before = OLD if old else None
        done = self.save("-e", f"inject={name}:error={error}:when={when}")
        log = self.log.read_text()
        self.assertIn("(INJECTED)", log)
        found = self.content()
        self.assertEqual(self.leftovers(), [], log)
        if done.returncode == 0:
            self.assertEqual(found, NEW)
            return
        self.assertEqual(done.returncode, 1)
        # Nothing but syncing the folder may fail once the new file is there.
        renamed = re.search(r"^rename\(.* = 0$", log, re.M)
        self.assertEqual(found, NEW if renamed else before)
        if name != "write" or when == count:
            reason = os.strerror(getattr(errno, error))
            self.assertRegex(done.stderr, "cannot (write|sync the folder of) "
                             f"{self.path}: {reason}\n")
        self.failures_seen.add(name)

    def test_failing_at_each(self):
        self.failures_seen = set()
        for old in False, True:
            self.start(old)
            for name, count in self.points():
                for error in "ENOSPC", "EIO":
                    for when in count, f"{count}+":
                        with self.subTest(old=old, call=name, error=error,
                                          when=when):
                            self.check_failure(old, name, count, error, when)
        for name in "openat", "write", "fsync", "close", "rename":
            self.assertIn(name, self.failures_seen)

    def test_interrupted_write(self):
        """Signals are no failure."""
        for old in False, True:
            self.start(old)
            count = dict(self.points())["write"]
            self.start(old)
            done = self.save("-e", f"inject=write:error=EINTR:when={count}")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(self.content(), NEW)


class AnyMoment(Save):
    def train(self):
        """A process that saves after each step; returns once it does."""
        process = subprocess.Popen([SAVER, "train", self.path, "1000000"],
                                   stdout=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def test_killed_while_training(self):
        """Again and again; in the end the training has become what it would
        have been if nobody had disturbed it."""
        draw, step = random.Random(1), 0
        self.start(False)
        for _ in range(KILLS):
            process = self.train()
            time.sleep(draw.random() * 0.02)
            process.send_signal(signal.SIGKILL)
            process.stdout.close()
            self.assertEqual(process.wait(), -signal.SIGKILL)
            if self.path.exists():
                metadata, _ = read_model(self.path)
                self.assertGreaterEqual(metadata["position"]["step"], step)
                step = metadata["position"]["step"]
            self.assertLessEqual(len(self.leftovers()), 1)
            for leftover in self.leftovers():
                leftover.unlink()
        print(f"{KILLS} kills, {step} steps")
        self.assertGreater(step, KILLS / 10)
        other = self.folder / "other"
        for path in self.path, other:
            done = saver("train", path, step + 3)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.path.read_bytes(), other.read_bytes())

    def test_two_processes(self):
        """Each saves its own to one path; what is there is one of the two."""
        self.start(True)
        both = [subprocess.Popen([SAVER, "often", self.path, str(value),
                                  str(SAVES)]) for value in (OLD, NEW)]
        seen = []
        while None in [process.poll() for process in both]:
            seen.append(value_of(self.path))
        self.assertEqual([process.wait() for process in both], [0, 0])
        self.assertIn(value_of(self.path), (OLD, NEW))
        self.assertEqual(set(seen), {OLD, NEW})
        self.assertEqual(self.leftovers(), [])
        print(f"2 x {SAVES} saves, {len(seen)} looks, {seen.count(OLD)} of "
              "one and the rest of the other")


if __name__ == "__main__":
    unittest.main(verbosity=2)
