"""An example on a terminal, and stopped by Ctrl-C.

    python3 test_interrupt.py PROGRAM
"""
import fcntl
import os
import pty
import re
import shlex
import signal
import struct
import termios
import time
import unittest

from example import NO_LEAK_CHECK, PROGRAM, ExampleTest


class Terminal(ExampleTest):
    def progress(self, *arguments, columns=80):
        """What a run shows on a terminal as wide as that."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ,
                    struct.pack("4H", 24, columns, 0, 0))
        with self.start("--tuned", "--batch=50", "--epochs=20", *arguments,
                        stderr=follower) as process:
            os.close(follower)
            shown = b""
            while True:
                try:
                    shown += os.read(leader, 4096)
                except OSError:  # how a terminal says that it is over
                    break
            process.communicate(timeout=60)
        os.close(leader)
        self.assertEqual(process.returncode, 0)
        return shown.decode()

    def bars(self, shown):
        return re.findall(r"\r( *\d+%[^\r\x1b]*)\x1b\[K", shown)

    def test_bar(self):
        bars = self.bars(self.progress())
        self.assertGreater(len(bars), 1)
        for bar in bars:
            self.assertRegex(bar, r"^ *\d+% \[=*>? *\]  \d+:\d\d left")
            self.assertLess(len(bar), 80)
        self.assertRegex(bars[-1], r"  accuracy [01]\.\d{4}")

    def test_it_is_redrawn_ten_times_a_second_at_most(self):
        start = time.monotonic()
        bars = self.bars(self.progress())
        self.assertLessEqual(len(bars), 10 * (time.monotonic() - start))

    def test_it_fits_a_narrow_window(self):
        for columns in 1, 20, 40, 200:
            for bar in self.bars(self.progress(columns=columns)):
                self.assertLess(len(bar), max(columns, 5))

    def test_none_on_a_dumb_terminal(self):
        self.environment["TERM"] = "dumb"
        shown = self.progress()
        self.assertEqual(len(re.findall(r"^epoch ", shown, re.M)), 20)
        self.assertNotIn("\x1b", shown)
        self.assertNotIn("\r", shown.replace("\r\n", "\n"))

    def test_none_if_quiet(self):
        self.assertEqual(self.progress("-q"), "")


class Interrupt(ExampleTest):
    def interrupt(self, *arguments, kind=signal.SIGINT):
        """Starts, stops after the first steps, gives what was said then."""
        environment = {**self.environment, **NO_LEAK_CHECK}
        with self.start(*arguments, env=environment) as process:
            while not process.stdout.readline().startswith(b"step 2,"):
                self.assertIsNone(process.poll())
            process.send_signal(kind)
            _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 128 + kind, err)
        return err.decode()

    def model(self, *arguments):
        self.run_example(*arguments)
        return (self.folder / "model").read_bytes()

    def check_resume(self, *arguments):
        arguments = (*arguments, "--steps=200", "--batch=20", "--eval-every=1",
                     "--save=model")
        whole = self.model(*arguments)
        (self.folder / "model").unlink()
        err = self.interrupt(*arguments)
        self.assertFalse((self.folder / "model").exists())
        self.assertIn("lenet5_relu.checkpoint", err)
        command = shlex.split(err.splitlines()[-1])
        self.assertEqual(command[0], PROGRAM)
        self.assertEqual(self.model(*command[1:]), whole)

    def test_goes_on_as_if_never_stopped(self):
        self.check_resume()

    def test_with_a_schedule_and_moments(self):
        self.check_resume("--tuned")

    def test_terminate(self):
        self.interrupt("--steps=200", "--batch=20", "--eval-every=1",
                       kind=signal.SIGTERM)

    def test_the_checkpoint_has_the_name_that_was_given(self):
        name = "it's a \"checkpoint\""
        err = self.interrupt("--steps=200", "--batch=20", "--eval-every=1",
                             "--checkpoint", name)
        self.assertIn(name, os.listdir(self.folder))
        self.assertEqual(shlex.split(err.splitlines()[-1])[-2:],
                         ["--resume", name])

    def test_the_second_leaves_at_once(self):
        # Steps so long that the second signal comes within one.
        with self.start("--steps=50", "--batch=3000",
                        "--eval-every=1") as process:
            while not process.stdout.readline().startswith(b"step 0,"):
                self.assertIsNone(process.poll())
            process.send_signal(signal.SIGINT)
            while self.catches(process.pid, signal.SIGINT):
                time.sleep(0.001)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGINT)

    def catches(self, pid, number):
        with open(f"/proc/{pid}/status") as status:
            caught = re.search(r"^SigCgt:\s*(\S+)", status.read(), re.M)
        return int(caught.group(1), 16) >> (number - 1) & 1

    def test_another_training_is_refused(self):
        self.interrupt("--steps=200", "--batch=20", "--eval-every=1")
        _, err = self.run_example("--steps=200", "--batch=30",
                                  "--resume=lenet5_relu.checkpoint", code=65)
        self.assertIn("lenet5_relu.checkpoint", err)

    def test_checkpoint_after_each_epoch(self):
        run = ("--tuned", "--batch=50", "-q", "--checkpoint=c", "--save=model")
        self.run_example(*run, "--epochs=2")
        before = (self.folder / "c").stat().st_size
        self.assertGreater(before, 100000)
        out, _ = self.run_example(*run, "--epochs=2", "--resume=c")
        self.assertIn("test accuracy", out)


if __name__ == "__main__":
    unittest.main()
