"""predict: any model on any pictures.

    python3 test_predict.py FOLDER_OF_PROGRAMS
"""
import csv
import os
import re
import resource
import time
import unicodedata
import unittest

from example import SIDE, ExampleTest, images, write_png, write_white_png


class PredictTest(ExampleTest):
    def setUp(self):
        super().setUp()
        for label in 3, 7:
            self.write(f"{label}.png", label)

    def write(self, name, label, change=lambda pixel: pixel):
        pixels, labels = images(10, "new")
        start = 16 + labels[8:].index(label) * SIDE * SIDE
        write_png(self.folder / name, SIDE, SIDE, 0,
                  bytes(map(change, pixels[start:start + SIDE * SIDE])))

    def answers(self, out):
        """Of each picture: its name, the answer, the classes and outputs."""
        blocks = re.split(r"^image: ", out, flags=re.M)
        self.assertEqual(blocks[0], "")
        for block in blocks[1:]:
            head, *lines = block.splitlines()
            name, answer = head.rsplit(" recognised as ", 1)
            rows = [line[2:].rsplit("  ", 1) for line in lines]
            yield name, answer, {row[0]: float(row[1]) for row in rows}

    def rows(self, *arguments, code=0):
        out, _ = self.run_example("model", "--csv", *arguments, code=code)
        return list(csv.reader(out.splitlines(keepends=True)))


class Predict(PredictTest):
    def setUp(self):
        super().setUp()
        self.run_example("--tuned", "--batch=20", "--epochs=2", "-q",
                         "--save=model")
        self.program = "predict"

    def test_text(self):
        out, err = self.run_example("model", "3.png", "7.png")
        self.assertEqual(err, "")
        found = list(self.answers(out))
        self.assertEqual([(name, answer) for name, answer, _ in found],
                         [("3.png", "3"), ("7.png", "7")])
        for _, answer, values in found:
            self.assertEqual(sorted(values), [str(k) for k in range(10)])
            ordered = list(values.values())
            self.assertEqual(ordered, sorted(ordered, reverse=True))
            self.assertAlmostEqual(sum(ordered), 1, places=4)
            self.assertEqual(list(values)[0], answer)

    def test_the_training_program_says_the_same(self):
        found = next(self.answers(self.run_example("model", "7.png")[0]))
        self.program = "lenet5_relu"
        out, _ = self.run_example("--no-train", "--load=model", "7.png")
        self.assertEqual(next(self.answers(out.split("\n", 1)[1])), found)

    def test_top(self):
        whole, _ = self.run_example("model", "7.png")
        for top in 1, 3, 10, 99:
            out, _ = self.run_example("model", "7.png", "--top", top)
            self.assertEqual(out.splitlines(), whole.splitlines()[:1 + top])

    def test_csv(self):
        rows = self.rows("3.png", "7.png")
        values = [float(value) for value in rows[0][2:]]
        self.assertEqual(rows[0][:2], ["3.png", "3"])
        self.assertEqual(rows[1][:2], ["7.png", "7"])
        self.assertEqual([len(row) for row in rows], [12, 12])
        self.assertAlmostEqual(sum(values), 1, places=4)
        self.assertEqual(values.index(max(values)), 3)

    def test_csv_of_odd_names(self):
        names = ("a,b.png", '"7".png', ",\".png", "one\ntwo.png", " 7.png")
        for name in names:
            os.link(self.folder / "7.png", self.folder / name)
        (self.folder / "labels").write_text(
            "".join(f'no {k}, "{k}"\r\n' for k in range(10)))
        rows = self.rows(*names, "--labels=labels")
        self.assertEqual([row[:2] for row in rows],
                         [[name, 'no 7, "7"'] for name in names])

    def test_labels(self):
        names = ["zero", "one", "two", "three", "four", "five", "six",
                 "\u00b7seven\u00b7", "eight", "nine"]
        path = self.folder / "labels"
        for end in "\n", "", "\nmore\n":
            path.write_text("\n".join(names) + end)
            out, _ = self.run_example("model", "7.png", "--labels=labels")
            _, answer, values = next(self.answers(out))
            self.assertEqual(answer, names[7])
            self.assertEqual(sorted(values), sorted(names))
        for count in 0, 2, 9:
            path.write_text("".join(name + "\n" for name in names[:count]))
            out, err = self.run_example("model", "7.png", "--labels=labels",
                                        code=65)
            self.assertIn(f"labels: {count} names, the model has 10", err)
            self.assertEqual(out, "")
        self.run_example("model", "7.png", "--labels=nowhere", code=66)

    def test_one_is_missing(self):
        (self.folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        for names, code in ((("3.png", "nowhere.png", "7.png"), 66),
                            (("nowhere.png", "7.png", "bad.png"), 66),
                            (("bad.png", "3.png", "nowhere.png"), 65)):
            out, err = self.run_example("model", *names, code=code)
            for name in names:
                good = name in ("3.png", "7.png")
                self.assertEqual(f"image: {name} recognised" in out, good)
                self.assertEqual(f"predict: {name}: " in err, not good)
        self.assertEqual(len(self.rows("nowhere.png", "7.png", code=66)), 1)

    def test_a_picture_that_is_too_large(self):
        """Of a hundred kilobytes, and gigabytes once decoded."""
        write_white_png(self.folder / "huge.png", 30000, 30000)
        self.assertLess((self.folder / "huge.png").stat().st_size, 1 << 20)
        begin = time.monotonic()
        with self.start("model", "huge.png", "7.png") as process:
            out, err = (text.decode() for text in process.communicate())
        self.assertEqual(process.returncode, 65)
        self.assertIn("predict: huge.png: 30000 x 30000 pixels; a picture may "
                      "have 67108864", err)
        self.assertIn("image: 7.png recognised", out)
        # It took 18 seconds, and 2.7 GB. The most of all children so far.
        self.assertLess(time.monotonic() - begin, 9)
        kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertLess(kilobytes, 600_000)

    def test_the_largest_picture(self):
        for width, height, code in ((8193, 8192, 65), (32769, 1, 65),
                                    (1, 32769, 65), (32768, 1, 0),
                                    (1, 32768, 0), (2000, 1500, 0)):
            write_white_png(self.folder / "large.png", width, height)
            out, err = self.run_example("model", "large.png", code=code)
            self.assertEqual("large.png recognised" in out, code == 0)
            self.assertEqual(f"{width} x {height} pixels" in err, code != 0)

    def test_no_file(self):
        os.mkfifo(self.folder / "pipe")
        _, err = self.run_example("model", "pipe", code=66)
        self.assertIn("pipe: a pipe or a device", err)
        _, err = self.run_example("model", "/dev/zero", code=66)
        self.run_example("model", "data", code=65)

    def test_names_that_a_terminal_would_obey(self):
        for name, shown in (("\x1b]0;x\a.png", "?]0;x?.png"),
                            ("a\nb\x7f.png", "a?b?.png"),
                            ("\x9b1m\u00e4\u20ac\U0001d11e.png",
                             "??1m\u00e4\u20ac\U0001d11e.png"),
                            (b"\x9b\xff\xe2\x82.png", "????.png")):
            os.link(self.folder / "7.png", os.path.join(
                os.fsencode(self.folder), os.fsencode(name)))
            name = os.fsdecode(name)
            out, _ = self.run_example("model", name)
            self.assertIn(f"image: {shown} recognised as ", out)
            self.assertEqual(self.control(out), "")
            for code, arguments in ((66, ("model", "no" + name)),
                                    (65, (name, "7.png"))):
                _, err = self.run_example(*arguments, code=code)
                self.assertEqual(err.count(shown), 1)
                self.assertEqual(self.control(err), "")
        (self.folder / "labels").write_text("\x1b[31m\u009b7\n" * 10)
        out, _ = self.run_example("model", "7.png", "--labels=labels")
        self.assertIn("?[31m??7", out)
        self.assertEqual(self.control(out), "")

    def control(self, text):
        """The characters by which a text would change a terminal."""
        return "".join(c for c in text if c != "\n"
                       and unicodedata.category(c) == "Cc")

    def test_pixels_and_invert(self):
        same, _ = self.run_example("model", "7.png")
        self.assertEqual(self.run_example("model", "7.png", "--pixels=0:1")[0],
                         same)
        self.assertNotEqual(
            self.run_example("model", "7.png", "--pixels=-1:1")[0], same)
        self.write("dark.png", 7, lambda pixel: 255 - pixel)
        out, _ = self.run_example("model", "dark.png", "--invert")
        _, answer, values = next(self.answers(out))
        self.assertEqual(answer, "7")
        for k, value in next(self.answers(same))[2].items():
            self.assertAlmostEqual(values[k], value, delta=1e-5)

    def test_a_margin_that_leaves_nothing(self):
        for margin in 14, 1000:
            _, err = self.run_example("model", "7.png", "--margin", margin,
                                      code=65)
            self.assertIn(f"28 x 28 pixels; a margin of {margin}", err)
        self.run_example("model", "7.png", "--margin=13")

    def test_missing_and_wrong_models(self):
        for model, code in (("nowhere", 66), ("7.png", 65),
                            ("data/t10k-labels-idx1-ubyte", 65)):
            out, err = self.run_example(model, "7.png", code=code)
            self.assertEqual(out, "")
            self.assertEqual(err.count(model), 1)


class Classic(PredictTest):
    """Models of 32 x 32 pixels in a margin; with RBF small outputs win."""

    def test_agrees_with_its_program(self):
        for head in "rbf", "softmax":
            self.program = "lenet5_classic"
            run = f"--head={head}", "--tuned", "--batch=20", "-q"
            self.run_example(*run, "--epochs=4", "--save=model")
            out, _ = self.run_example(f"--head={head}", "--no-train",
                                      "--load=model", "3.png", "7.png")
            expected = list(self.answers(out.split("\n", 1)[1]))
            self.program = "predict"
            out, _ = self.run_example("model", "--margin=2", "3.png", "7.png",
                                      "--pixels=-0.1:1.175")
            found = list(self.answers(out))
            self.assertEqual(found, expected)
            said, _ = self.run_example("model", "3.png", "7.png")
            self.assertEqual(said, out, "as the model itself says")
            other, _ = self.run_example("model", "--margin=0", "3.png", "7.png")
            self.assertNotEqual(other, out)
            for name, answer, values in found:
                self.assertEqual(f"{answer}.png", name)
                best = min if head == "rbf" else max
                self.assertEqual(best(values, key=values.get), answer)
                self.assertEqual(list(values)[0], answer)
            rows = self.rows("--margin=2", "--pixels=-0.1:1.175", "7.png")
            self.assertEqual(rows[0][1], "7")


if __name__ == "__main__":
    unittest.main()
