"""The programs on a terminal, and stopped by Ctrl-C.

    python3 test_interrupt.py FOLDER_OF_PROGRAMS
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

from example import FEW, FOLDER, NO_LEAK_CHECK, ExampleTest, png_size


class Terminal(ExampleTest):
    def progress(self, *arguments, columns=80):
        """What a run shows on a terminal as wide as that."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ,
                    struct.pack("4H", 24, columns, 0, 0))
        with self.start("--tuned", "--batch=50", "--epochs=12", *arguments,
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
        for columns in 1, 20, 200:
            for bar in self.bars(self.progress(columns=columns)):
                self.assertLess(len(bar), max(columns, 5))

    def test_none_on_a_dumb_terminal(self):
        self.environment["TERM"] = "dumb"
        shown = self.progress()
        self.assertEqual(len(re.findall(r"^epoch ", shown, re.M)), 12)
        self.assertNotIn("\x1b", shown)
        self.assertNotIn("\r", shown.replace("\r\n", "\n"))

    def test_none_if_quiet(self):
        self.assertEqual(self.progress("-q"), "")


class Interrupt(ExampleTest):
    LONG = "--steps=200", "--batch=20", "--eval-every=1"

    def stop(self, *arguments, kind=signal.SIGINT):
        """Starts, stops after the first steps, gives what was said then."""
        environment = {**self.environment, **NO_LEAK_CHECK}
        with self.start(*arguments, env=environment) as process:
            while not process.stdout.readline().startswith(b"step 2,"):
                self.assertIsNone(process.poll())
            return self.interrupt(process, kind)[1]

    def model(self, *arguments):
        self.run_example(*arguments)
        model = self.bytes_of("model")
        (self.folder / "model").unlink()
        return model

    def check_resume(self, *arguments):
        """What it says to go on with makes the same model."""
        arguments = (*arguments[:1], *self.LONG, "--save=model", *arguments[1:])
        whole = self.model(*arguments)
        err = self.stop(*arguments)
        self.assertFalse((self.folder / "model").exists())
        self.assertIn(f"saved in {self.program}.checkpoint; to go on:", err)
        command = shlex.split(err.splitlines()[-1])
        self.assertEqual(command[0], str(FOLDER / self.program))
        self.assertEqual(self.model(*command[1:]), whole)

    def test_goes_on_as_if_never_stopped(self):
        self.check_resume()

    def test_with_a_schedule_and_moments(self):
        self.check_resume("--tuned", "--augment")

    def test_of_a_net_with_branches(self):
        self.program = "resnet"
        self.check_resume("--data=data", "--blocks=1", "--width=2")

    def test_from_a_model(self):
        for option in "--load=first", "--init-from=first":
            self.run_example(*FEW, "--seed=5", "--save=first")
            self.check_resume("--tuned", option)

    def test_with_pictures_to_classify(self):
        self.run_example(*FEW, "--digit=-digit.png")
        self.check_resume("--tuned", "--", "-digit.png")

    def test_classic(self):
        self.program = "lenet5_classic"
        for head in "rbf", "softmax":
            self.check_resume("--tuned", "--head", head)

    def test_twice(self):
        whole = self.model("--tuned", *self.LONG, "--save=model")
        err = self.stop("--tuned", *self.LONG, "--save=model",
                        "--checkpoint=a")
        self.assertIn("saved in a; to go on:", err)
        # The second time with another name.
        command = shlex.split(err.splitlines()[-1])[1:]
        command.remove("--checkpoint=a")
        environment = {**self.environment, **NO_LEAK_CHECK}
        with self.start(*command, env=environment) as process:
            while not process.stdout.readline().startswith(b"step "):
                self.assertIsNone(process.poll())
            _, err = self.interrupt(process)
        command = shlex.split(err.splitlines()[-1])[1:]
        self.assertEqual(command[-4:], ["--resume", "a", "--resume",
                                        "lenet5_relu.checkpoint"])
        self.assertEqual(self.model(*command), whole)

    def test_terminate(self):
        self.stop(*self.LONG, kind=signal.SIGTERM)

    def test_the_checkpoint_has_the_name_that_was_given(self):
        name = "it's a \"checkpoint\""
        err = self.stop(*self.LONG, "--checkpoint", name)
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

    def test_checkpoint_after_each_epoch(self):
        run = ("--tuned", "--batch=50", "-q", "--checkpoint=c")
        self.run_example(*run, "--epochs=2")
        self.assertGreater((self.folder / "c").stat().st_size, 100000)
        out, _ = self.run_example(*run, "--epochs=2", "--resume=c")
        self.assertIn("test accuracy", out)


class Several(ExampleTest):
    """Programs that train one network after the other keep what is done."""
    SLOW = "--batch=20", "--steps=100", "-q"

    def stop_after(self, line, *arguments):
        with self.start(*arguments) as process:
            shown = b""
            while not re.search(line, shown):
                self.assertIsNone(process.poll(), shown)
                shown += process.stdout.readline()
            out, err = self.interrupt(process)
        return shown.decode() + out, err

    def test_sweep(self):
        self.program = "lenet5_sweep"
        out, err = self.stop_after(
            b"6/16/120", *self.SLOW, "--vary=width", "--csv=t.csv",
            "--plot=p.png", "--report=r.html")
        self.assertRegex(err, "^lenet5_sweep: stopped (in|after) width ")
        rows = self.table("t.csv")
        self.assertEqual(rows[0]["value"], "6/16/120")
        self.assertEqual(rows[0]["steps"], "100")
        self.assertLess(len(rows), 3)
        self.assertEqual(len(re.findall(r"^width ", out, re.M)), len(rows))
        self.assertGreater(png_size(self.folder / "p.png")[0], 0)
        self.assertIn("6/16/120", (self.folder / "r.html").read_text())

    def test_sweep_before_anything_is_done(self):
        self.program = "lenet5_sweep"
        out, err = self.stop_after(
            b"varied", "--batch=20", "--steps=100000", "--csv=t.csv",
            "--plot=p.png", "--report=r.html")
        self.assertIn("stopped in width 6/16/120", err)
        self.assertEqual(self.table("t.csv"), [])
        self.assertIn("report: r.html", out)

    def test_swap(self):
        self.program = "lenet5_swap"
        out, err = self.stop_after(
            rb"rate 1e-07: .*\n.*\n.* dead", "--batch=20", "--steps=20", "-q",
            "--rates=1e-7,1e-8,1e-9,1e-10,1e-11,1e-12", "--plot=p.png")
        self.assertRegex(err, "^lenet5_swap: stopped (in|after) learning rate")
        self.assertIn("learning rate 1e-07: test accuracy", out)
        self.assertIn("after 20 steps", out)
        self.assertNotIn("learning rate 1e-12", out)
        self.assertIn("plot: p.png", out)
        self.assertGreater(png_size(self.folder / "p.png")[0], 0)

    def test_terminate(self):
        self.program = "lenet5_swap"
        with self.start("--steps=100000") as process:
            self.interrupt(process, signal.SIGTERM)

    def test_a_signal_at_any_time(self):
        """Between the trainings, too: many short ones, another moment each."""
        self.program = "lenet5_sweep"
        for delay in range(8):
            with self.start("--batch=10", "--steps=2", "-q", "--vary=optimizer",
                            "--csv=t.csv") as process:
                while not process.stdout.readline().startswith(b"varied"):
                    self.assertIsNone(process.poll())
                time.sleep(delay / 100)
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=60)
            rows = re.findall(b"^optimizer ", out, re.M)
            if process.returncode == 130:
                self.assertIn(b"stopped ", err)
                self.assertEqual(len(rows), len(self.table("t.csv")))
            else:  # it came when all were done
                self.assertIn(process.returncode, (0, -signal.SIGINT), err)
                self.assertEqual(len(rows), 4)


if __name__ == "__main__":
    unittest.main()
