"""The programs of examples/first, compiled as a user would: by the command at
the top of each, with the public headers and the library and nothing else.

    python3 test_first.py SOURCE LIBRARY_FOLDER COMPILER [FLAG...]
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE, LIBRARY = map(pathlib.Path, sys.argv[1:3])
COMPILER = [*sys.argv[3:], "-Wall", "-Wextra", "-Werror"]
del sys.argv[1:]

import example  # noqa: E402: it takes an argument, too

PROGRAMS = sorted((SOURCE / "examples/first").glob("*.c"))
LIBCNN = "$(pkg-config --cflags --libs libcnn)"
LONGEST = 100
STANDARD = {"inttypes", "math", "signal", "stdatomic", "stdio", "stdlib",
            "string", "time", "pthread", "unistd"}

# With what main() is called here: is dy what the loss gives by differences?
CHECK_GRADIENT = r"""
#define main whole_program
#include "own_loss.c"
#undef main

int main(void)
{
    static float y[BATCH * 2], t[BATCH * 2], gradient[BATCH * 2], unused[BATCH * 2];
    float worst = 0;

    for (int i = 0; i < BATCH * 2; i++)
        y[i] = random_number(-1, 1), t[i] = random_number(-1, 1);
    huber(y, t, gradient);
    for (int i = 0; i < BATCH * 2; i++) {
        const float kept = y[i], h = 1e-2f;
        y[i] = kept + h;
        const float above = huber(y, t, unused);
        y[i] = kept - h;
        const float below = huber(y, t, unused);
        y[i] = kept;
        worst = fmaxf(worst, fabsf((above - below) / (2 * h) - gradient[i]));
    }
    printf("%g\n", (double)(worst * BATCH / DELTA));
    return 0;
}
"""


def library():
    """What pkg-config would say."""
    return (f"-I{SOURCE}/include -L{LIBRARY} -Wl,-rpath,{LIBRARY} "
            f"-lcnn")


def command(source):
    """The one at its top, with this compiler and this library."""
    head = source.read_text().split("*/", 1)[0].replace("\\\n *", "")
    found = re.search(r"^ \* +cc (.*)$", head, re.MULTILINE).group(1)
    if LIBCNN not in found:
        raise AssertionError(f"{source}: no {LIBCNN}")
    return " ".join(COMPILER) + " " + found.replace(LIBCNN, library())


def setUpModule():
    holder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(holder.cleanup)
    example.FOLDER = pathlib.Path(holder.name)
    for source in PROGRAMS:
        (example.FOLDER / source.name).write_bytes(source.read_bytes())
        subprocess.run(command(source), shell=True, check=True,
                       cwd=example.FOLDER)


class FirstTest(example.ExampleTest):
    def idx(self, *parts):
        return [f"data/{part}-{kind}-ubyte" for part in parts
                for kind in ("images-idx3", "labels-idx1")]

    def refuses_usage(self, *arguments):
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out), (64, b""))
        self.assertIn(f"usage: {self.program} ".encode(), err)


class Sources(unittest.TestCase):
    def test_short_and_alone(self):
        self.assertEqual(len(PROGRAMS), 5)
        for source in PROGRAMS:
            lines = source.read_text().splitlines()
            self.assertLessEqual(len(lines), LONGEST, source)
            self.assertLessEqual(max(map(len, lines)), 80, source)
            found = re.findall(r'#include [<"](.*)\.h[>"]', "\n".join(lines))
            self.assertIn("cnn/cnn", found)
            self.assertLessEqual(set(found) - {"cnn/cnn"}, STANDARD)


class Digits(FirstTest):
    program = "train_digits"

    def predicted(self, *arguments):
        """Class, probability and label of each image."""
        self.program = "predict_digits"
        out, _ = self.run_example(*arguments)
        found = re.findall(r"^image (\d): class (\d+), probability "
                           r"([01]\.\d{4}) \(label (\d+)\)$", out, re.M)
        self.assertEqual([int(row[0]) for row in found], list(range(10)))
        self.assertEqual(len(out.splitlines()), 10)
        return [(int(k), float(p), int(label)) for _, k, p, label in found]

    def test_images_of_its_own(self):
        out, _ = self.run_example("model")
        shown = re.findall(r"^epoch (\d), step (\d+): loss (\S+)$", out, re.M)
        self.assertEqual([row[:2] for row in shown],
                         [("0", "50"), ("1", "100"), ("2", "150")])
        self.assertGreater(float(shown[0][2]), float(shown[2][2]))
        right = int(re.search(r"^(\d+) of 500 right$", out, re.M).group(1))
        self.assertGreaterEqual(right, 475)
        for k, p, label in self.predicted("model"):
            self.assertEqual(k, label)
            self.assertGreater(p, 0.5)

    def test_files(self):
        out, _ = self.run_example("model", *self.idx("train", "t10k"))
        right = int(re.search(r"^(\d+) of 100 right$", out, re.M).group(1))
        self.assertGreaterEqual(right, 80)
        found = self.predicted("model", *self.idx("t10k"))
        self.assertEqual([label for _, _, label in found], list(range(10)))
        self.assertGreaterEqual(sum(k == label for k, _, label in found), 8)

    def test_training_that_fails(self):
        for arguments in (), ("model", "images"), ("a", "b", "c", "d"):
            self.refuses_usage(*arguments)
        files = self.idx("train", "t10k")
        for i in range(4):
            wrong = files[:i] + ["nowhere"] + files[i + 1:]
            _, err = self.run_example("model", *wrong, code=1)
            self.assertIn("nowhere: cannot open: No such file", err)
        _, err = self.run_example("model", files[0], files[0], *files[2:],
                                  code=1)
        self.assertIn(files[0], err)
        self.assertFalse((self.folder / "model").exists())
        for path in "nowhere/model", "data":
            out, err = self.run_example(path, *files, code=1)
            self.assertIn("right", out)
            self.assertIn(path, err)

    def test_predictions_that_fail(self):
        self.run_example("model", *self.idx("train", "t10k"))
        self.program = "predict_digits"
        for arguments in (), ("model", "images"):
            self.refuses_usage(*arguments)
        for model in "nowhere", *self.idx("t10k"):
            _, err = self.run_example(model, code=1)
            self.assertIn(model, err)
        _, err = self.run_example("model", "nowhere", "nowhere", code=1)
        self.assertIn("nowhere: cannot open: No such file", err)
        images = (self.folder / self.idx("t10k")[0]).read_bytes()
        labels = (self.folder / self.idx("t10k")[1]).read_bytes()
        side = example.SIDE
        for count, height in (9, side), (10, side - 1):
            (self.folder / "images").write_bytes(
                images[:4] + bytes([0, 0, 0, count, 0, 0, 0, height]) +
                images[12:16 + count * height * side])
            (self.folder / "labels").write_bytes(
                labels[:4] + bytes([0, 0, 0, count]) + labels[8:8 + count])
            out, err = self.run_example("model", "images", "labels", code=1)
            self.assertEqual(out, "")
            self.assertIn("do not fit, or fewer than ten", err)


class Threads(FirstTest):
    program = "predict_threads"

    def setUp(self):
        super().setUp()
        self.program = "train_digits"
        self.run_example("model", *self.idx("train", "t10k"))
        self.program = "predict_threads"

    def test_throughput(self):
        for count in 1, 3, 64:
            out, err = self.run_example("model", count)
            self.assertRegex(out, rf"^{count} threads: 25600 images in "
                                  r"\d+\.\d\d s, \d+ a second\n$")
            self.assertEqual(err, "")

    def test_failures(self):
        for arguments in (), ("model",), ("model", "0"), ("model", "65"):
            self.refuses_usage(*arguments)
        for model in "nowhere", self.idx("t10k")[0]:
            _, err = self.run_example(model, 2, code=1)
            self.assertIn(model, err)

    def test_threads_that_fail(self):
        """Each says why, as the last error is its own."""
        source = example.FOLDER / "predict_threads.c"
        text = source.read_text()
        self.assertIn("cnn_session_create(net, IMAGES)", text)
        changed = example.FOLDER / "changed.c"
        changed.write_text(text.replace("cnn_session_create(net, IMAGES)",
                                        "cnn_session_create(net, 0)"))
        subprocess.run(command(source).replace("predict_threads", "changed"),
                       shell=True, check=True, cwd=example.FOLDER)
        with example.Program([example.FOLDER / "changed", "model", "3"],
                             cwd=self.folder, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE) as process:
            out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out), (1, b""))
        self.assertEqual(len(re.findall(b"^predict_threads: .*batch", err,
                                        re.M)), 3, err)


class OwnLoss(FirstTest):
    program = "own_loss"

    def test_it_learns(self):
        out, _ = self.run_example()
        self.assertEqual(re.findall(r"^step (\d+): loss ", out, re.M),
                         [str(step) for step in range(100, 700, 100)])
        off = float(re.search(r"^off by (\S+) pixels", out, re.M).group(1))
        # Whoever always says the middle is off by some 5.
        self.assertLess(off, 1)

    def test_gradient(self):
        """The quotient is exact but where it straddles the bend: there it is
        off by h / 2 at most, of DELTA = 20 h. The rest is rounding, of a loss
        of about 0.3: 0.3 * 2^-24 / h * BATCH / DELTA = 3e-4, times a few."""
        source = example.FOLDER / "check.c"
        source.write_text(CHECK_GRADIENT)
        run = subprocess.run(
            " ".join(COMPILER) + f" check.c -o check {library()} -lm",
            shell=True, cwd=example.FOLDER)
        self.assertEqual(run.returncode, 0)
        self.program = "check"
        out, _ = self.run_example()
        self.assertLess(float(out), 0.03)


class StopResume(FirstTest):
    program = "stop_resume"
    steps = 200

    def setUp(self):
        super().setUp()
        out, _ = self.run_example("straight", self.steps)
        self.assertEqual(out, "begins after step 0\n"
                              f"done after step {self.steps}\n")

    def test_the_same_bits(self):
        begin = 0
        for wait in 0, 0.05, 0.1:
            with self.start("stopped", 100 * self.steps) as process:
                self.assertEqual(process.stdout.readline().decode(),
                                 f"begins after step {begin}\n")
                time.sleep(wait)
                out, err = self.interrupt(process)
            stopped = re.fullmatch(r"stopped after step (\d+)\n", out)
            self.assertTrue(stopped, out)
            self.assertEqual(err, "")
            self.assertGreaterEqual(int(stopped.group(1)), begin)
            begin = int(stopped.group(1))
        self.assertGreater(begin, 0)
        total = max(begin + 1, self.steps)
        out, _ = self.run_example("stopped", total)
        self.assertIn(f"begins after step {begin}\ndone after step {total}\n",
                      out)
        self.run_example("straight", total)
        self.assertEqual(self.bytes_of("stopped"), self.bytes_of("straight"))

    def test_nothing_is_left_to_do(self):
        before = self.bytes_of("straight")
        for steps in self.steps, 1:
            out, _ = self.run_example("straight", steps)
            self.assertIn(f"done after step {self.steps}\n", out)
            self.assertEqual(self.bytes_of("straight"), before)

    def test_failures(self):
        for arguments in (), ("straight",), ("straight", "0"), ("a", "b"):
            self.refuses_usage(*arguments)
        self.program = "train_digits"
        self.run_example("model", *self.idx("train", "t10k"))
        self.program = "stop_resume"
        before = self.bytes_of("model")
        _, err = self.run_example("model", 1, code=1)
        self.assertIn("model", err)
        self.assertEqual(self.bytes_of("model"), before)
        _, err = self.run_example("nowhere/checkpoint", 1, code=1)
        self.assertIn("nowhere/checkpoint", err)

    def test_a_checkpoint_is_a_model(self):
        for self.program, arguments in (("predict_digits", ()),
                                        ("predict_threads", (2,))):
            self.run_example("straight", *arguments)


if __name__ == "__main__":
    unittest.main()
