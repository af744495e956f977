"""The programs of examples/tasks: each learns its task from few images, and
has the command line that all have.

    python3 test_tasks.py FOLDER_OF_PROGRAMS
"""
import os
import pathlib
import re
import time
import unittest

from example import TASKS, ExampleTest, accuracy, png_size

SOURCE = pathlib.Path(__file__).parents[2] / "examples/tasks"
LONGEST = 120


class Tasks(ExampleTest):
    def numbers(self, program, pattern, *options):
        """The groups of the line that tells the result."""
        self.program = program
        out, err = self.run_example(*options)
        found = re.search(pattern, out)
        self.assertIsNotNone(found, out)
        self.assertIn(f"data: {self.data} (600 images to train on", out)
        self.assertRegex(err, r"epoch \d+: loss")
        return [float(group) for group in found.groups()]

    def test_angle(self):
        """A net that always says 0 is wrong by 22.5 degrees."""
        error, = self.numbers("angle", r"mean error: (\S+) degrees",
                              "--epochs=40")
        self.assertLess(error, 15)

    def test_several_labels(self):
        """A guess is right once in about 50 times."""
        right, count = self.numbers(
            "several_labels", r"all labels right: (\S+) of (\d+) images",
            "--epochs=40")
        self.assertEqual(count, 100)
        self.assertGreater(right, 0.5)

    def gained(self, program, *options):
        """How much nearer the images are to what they should be, in dB."""
        before, after = self.numbers(
            program, r"noise: (\S+) dB before, (\S+) dB after", *options,
            "--picture=pairs.png")
        self.assertAlmostEqual(before, 6.02, delta=0.1)  # deviation 1/2
        width, height = png_size(self.folder / "pairs.png")
        self.assertGreater(height, 100)
        self.assertGreater(width, 2 * height)  # three rows of eight
        return after - before

    def test_denoise(self):
        self.assertGreater(self.gained("denoise", "--epochs=10"), 5)

    def test_unet(self):
        self.assertGreater(self.gained("unet", "--epochs=5"), 5)

    def test_transfer(self):
        self.program = "transfer"
        out, _ = self.run_example("--epochs=5", "--save=net.safetensors", "-q",
                                  env={**self.environment})
        found = re.findall(r"test accuracy (\S+)", out)
        self.assertEqual(len(found), 3, out)
        self.assertGreater(float(found[0]), 0.5)
        self.assertGreater(float(found[2]), 0.4)  # clothes: a guess has 0.1
        self.assertGreater(len(self.bytes_of("net.safetensors")), 10000)

    def learns_clothes(self, program):
        self.program = program
        out, _ = self.run_example("--data", self.data, "--steps=60", "-q")
        self.assertGreater(accuracy(out), 0.5)
        # By itself it looks for the clothes, wherever the digits are.
        out, _ = self.run_example("--steps=1", "-q")
        self.assertIn("data: /usr/share/datasets/fashion-mnist", out)

    def test_fashion(self):
        self.learns_clothes("fashion")

    def test_towers(self):
        self.learns_clothes("towers")
        out, _ = self.run_example("--summary")
        self.assertIn(" 6 conv2d <- input ", out)
        self.assertIn("12 concat <- 5 11 ", out)

    def test_command_line(self):
        for self.program in TASKS:
            with self.subTest(self.program):
                out, _ = self.run_example("--help")
                self.assertIn("--seed", out)
                self.assertEqual("--picture" in out,
                                 self.program in ("denoise", "unet"))
                self.run_example("--epochs=0", code=64)
                self.run_example("--save=no/where", code=73)
                self.run_example("--data=nowhere", code=66)

    def most_threads(self, *options):
        """Of the process while it trains; the BLAS has none of its own."""
        environment = {**self.environment, "OPENBLAS_NUM_THREADS": "1"}
        most = 0
        with self.start(*options, env=environment) as process:
            while process.poll() is None and most < 3:
                try:
                    most = max(most, len(os.listdir(
                        f"/proc/{process.pid}/task")))
                except OSError:  # it has ended
                    break
                time.sleep(0.001)
            process.kill()
        return most

    def test_threads_are_used(self):
        """A net has those that were set when it was built."""
        for self.program, *options in (
                ("angle", "--epochs=20"), ("fashion", "--steps=60"),
                ("lenet5_relu", "--steps=300"),
                ("lenet5_swap", "--steps=100", "--rates=1e-5")):
            for threads in 1, 3:
                with self.subTest(program=self.program, threads=threads):
                    self.assertEqual(self.most_threads(
                        *options, "-q", "--data", self.data,
                        f"--threads={threads}"), threads)

    def test_ctrl_c(self):
        """It says what it has, and saves it."""
        self.program = "angle"
        with self.start("--epochs=100000", "--save=net.safetensors") as process:
            out, err = self.interrupt(process)
        self.assertRegex(err, r"angle: stopped after step \d+ of 600000")
        self.assertIn("mean error:", out)
        self.assertTrue((self.folder / "net.safetensors").exists())

    def test_they_are_short(self):
        """Lines of code, which comments and blank lines are not."""
        for path in SOURCE.glob("*.c"):
            with self.subTest(path.name):
                code = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
                lines = [line for line in code.splitlines() if line.strip()]
                self.assertLess(len(lines), LONGEST)


if __name__ == "__main__":
    unittest.main()
