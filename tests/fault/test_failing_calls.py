"""System calls that fail while models and checkpoints are loaded and saved: a
status and the reason, and the files are as they were, or the new one.

    test_failing_calls.py SAVER [deep]

In the gate each call meets with one error, once and for ever; deep, with all."""
import errno
import os
import pathlib
import re
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from support.model_file import (  # noqa: E402
    DEEP, saver, strace, why_no_strace)

ERRORS = "EIO", "ENOSPC", "EINTR", "EMFILE", "ENOMEM"
# These depend on chance, or belong to the end of the program.
LEFT_OUT = "brk", "mmap", "munmap", "exit_group", "futex", "madvise"
REASON = why_no_strace()


@unittest.skipIf(REASON, f"strace cannot be used: {REASON}")
class FailingCalls(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = pathlib.Path(folder.name) / "log"
        self.folder = pathlib.Path(folder.name) / "models"
        self.source, self.target = self.folder / "from", self.folder / "to"
        self.folder.mkdir()

    def begin(self, old):
        """The target is there with other content, or is not."""
        self.target.unlink(missing_ok=True)
        if old is not None:
            self.target.write_bytes(old)

    def trace(self, word, *inject):
        return saver(word, self.source, self.target,
                     under=strace(self.log, *inject))

    def points(self, word, old):
        """What loading and saving call: name, and how often it was called
        since the program began."""
        self.begin(old)
        self.assertEqual(self.trace(word).returncode, 0)
        counts, points, begun = {}, [], False
        for line in self.log.read_text().splitlines():
            call = re.match(r"(\w+)\(", line)
            if call is None:
                continue
            counts[call[1]] = counts.get(call[1], 0) + 1
            begun |= call[1] != "execve" and f'"{self.source}' in line
            if begun and call[1] not in LEFT_OUT:
                points.append((call[1], counts[call[1]]))
        return points

    def check(self, word, old, name, error, when):
        self.begin(old)
        before = self.source.read_bytes()
        done = self.trace(word, "-e", f"inject={name}:error={error}:when={when}")
        log = self.log.read_text()
        self.assertIn("(INJECTED)", log)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertEqual(self.source.read_bytes(), before)
        found = self.target.read_bytes() if self.target.exists() else None
        renamed = re.search(r"^rename\(.* = 0$", log, re.M)
        self.assertEqual(found, self.new if renamed else old)
        self.assertLessEqual(set(self.folder.iterdir()),
                             {self.source, self.target})
        if done.returncode == 0:
            self.assertTrue(renamed)
        elif name != "write" or not str(when).endswith("+"):
            reason = os.strerror(getattr(errno, error))
            self.assertRegex(done.stderr, f"{self.folder}/(from|to): "
                             f"(cannot [a-z ]+: )?{reason}\n")
        self.refused += done.returncode
        self.failures += 1

    def check_all(self, word, old):
        for i, (name, count) in enumerate(self.points(word, old)):
            for error in ERRORS if DEEP else (ERRORS[i % len(ERRORS)],):
                for when in count, f"{count}+":
                    if error == "EINTR" and when != count:
                        continue  # tried again for ever
                    with self.subTest(word, call=name, error=error, when=when):
                        self.check(word, old, name, error, when)

    def try_word(self, word):
        self.failures = self.refused = 0
        self.begin(None)
        self.assertEqual(saver(word, self.source, self.target).returncode, 0)
        self.new = self.target.read_bytes()
        for old in None, b"old":
            self.check_all(word, old)
        print(f"{self.failures} failing calls, {self.refused} refused")
        self.assertGreater(self.refused, 10)

    def test_models(self):
        self.assertEqual(saver("write", self.source, 1.0).returncode, 0)
        self.try_word("copy")

    def test_checkpoints(self):
        self.assertEqual(saver("train", self.source, 2).returncode, 0)
        self.try_word("again")

    def test_private_from_the_first_byte(self):
        """Who may not read the old file may not read the new one, ever."""
        self.assertEqual(saver("write", self.source, 1.0).returncode, 0)
        for mode in 0o600, 0o640, 0o200, 0o666:
            self.begin(b"old")
            self.target.chmod(mode)
            self.assertEqual(self.trace("copy").returncode, 0)
            made, = re.findall(r"^openat\(.*O_EXCL.*, (0\d+)\) = \d",
                               self.log.read_text(), re.M)
            self.assertEqual(int(made, 8) & ~(mode & 0o600), 0)
            self.assertEqual(self.target.stat().st_mode & 0o7777, mode)

    def test_leftover_that_cannot_be_deleted(self):
        """It is all that may stay behind, and the next save does not mind."""
        self.assertEqual(saver("write", self.source, 1.0).returncode, 0)
        self.begin(b"old")
        done = self.trace("copy", "-e", "inject=fsync:error=EIO",
                          "-e", "inject=unlink:error=EACCES")
        self.assertEqual(done.returncode, 1)
        self.assertIn(os.strerror(errno.EIO), done.stderr)
        self.assertEqual(self.target.read_bytes(), b"old")
        left, = set(self.folder.iterdir()) - {self.source, self.target}
        self.assertRegex(left.name, r"^to\.\d+-[0-9a-f]{8}\.tmp$")
        self.assertEqual(saver("copy", self.source, self.target).returncode, 0)
        self.assertTrue(left.exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
