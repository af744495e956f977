"""A disk that is full, and one that may only be read.

    test_full_disk.py SAVER [deep]

Root mounts small ones for it. Who may not has a limit for the size of files
instead, and the reason is printed."""
import errno
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from support.model_file import DEEP, saver, value_of  # noqa: E402

PAGE = 4096
PAGES = 64
# How much there is already; in the gate, as much as makes a difference.
TAKEN = range(0 if DEEP else PAGES - 8, PAGES)


class FullDisk(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = self.folder / "model"
        self.checkpoint = self.folder / "checkpoint"

    def mount(self):
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={PAGES * PAGE}", "tmpfs",
             self.folder], capture_output=True, text=True)
        if done.returncode == 0:
            self.addCleanup(subprocess.run, ["umount", self.folder], check=True)
        return done.stderr.strip() if done.returncode != 0 else None

    def old(self):
        self.assertEqual(saver("write", self.path, 1).returncode, 0)
        self.assertEqual(saver("train", self.checkpoint, 2).returncode, 0)

    def check_refused(self, number, **options):
        """Both are as they were, with nothing beside them."""
        before = {path: path.read_bytes() for path in self.folder.iterdir()}
        for words in ("write", self.path, 2), ("train", self.checkpoint, 4):
            done = saver(*words, **options)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"cannot write {words[1]}: {os.strerror(number)}",
                          done.stderr)
        self.assertEqual(before, {path: path.read_bytes()
                                  for path in self.folder.iterdir()})

    def check_better(self):
        self.assertEqual(saver("write", self.path, 2).returncode, 0)
        self.assertEqual(value_of(self.path), 2)
        self.assertEqual(saver("train", self.checkpoint, 4).returncode, 0)

    def test_full(self):
        reason = self.mount()
        self.old()
        if reason:
            print(f"no tmpfs ({reason}): with a limit of 1,000 bytes")
            self.check_refused(
                errno.EFBIG, restore_signals=False, preexec_fn=lambda:
                resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))
            self.check_better()
            return
        filler, refused, saved = self.folder / "filler", 0, 0
        for pages in TAKEN:
            filler.unlink(missing_ok=True)
            self.old()
            try:
                filler.write_bytes(bytes(pages * PAGE))
            except OSError:
                pass  # that is what it is for
            if saver("write", self.path, 2).returncode == 0:
                saved += 1
                self.assertEqual(value_of(self.path), 2)
            else:
                refused += 1
                self.assertEqual(value_of(self.path), 1)
            self.assertEqual(set(self.folder.iterdir()),
                             {self.path, self.checkpoint, filler})
        # To the last byte.
        with self.assertRaises(OSError):
            filler.write_bytes(bytes(2 * PAGES * PAGE))
        self.check_refused(errno.ENOSPC)
        filler.unlink()
        self.check_better()
        print(f"{saved} saved, {refused} refused, then a full one")

    def test_read_only(self):
        reason = self.mount()
        if reason:
            self.skipTest(f"no tmpfs can be mounted: {reason}; folders that "
                          "are read-only are in test_atomic_rights")
        self.old()
        for option, check in (("ro", lambda: self.check_refused(errno.EROFS)),
                              ("rw", self.check_better)):
            subprocess.run(["mount", "-o", f"remount,{option}", self.folder],
                           check=True)
            check()


if __name__ == "__main__":
    unittest.main(verbosity=2)
