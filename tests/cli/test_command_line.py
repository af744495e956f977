"""The command line of an example: options, exit codes, what is printed where.

    python3 test_command_line.py PROGRAM
"""
import re
import unittest

from example import ExampleTest, images, write_idx

FEW = ("--tuned", "--steps", "3", "--batch", "20", "-q")


class Options(ExampleTest):
    def test_help(self):
        out, err = self.run_example("--help")
        self.assertIn("--as-published", out)
        self.assertIn("--classify=IMAGE", out)
        self.assertEqual(err, "")

    def test_version(self):
        out, err = self.run_example("--version")
        self.assertRegex(out, r"^lenet5_relu \(libcnn\) \d+\.\d+\.\d+\n$")
        self.assertEqual(err, "")

    def test_wrong_usage(self):
        for arguments in (
                ["--unknown"], ["--steps"], ["--steps=0"], ["--steps=x"],
                ["--steps=1.5"], ["--steps=99999999999999999999"],
                ["--steps="], ["--steps=1", "--epochs=1"], ["--epochs=-1"],
                ["--batch=0"], ["--lr=0"], ["--lr=nan"], ["--lr=inf"],
                ["--lr=1e-3x"], ["--optimizer=none"], ["--seed=-1"],
                ["--threads=0"], ["--threads=65"], ["--eval-every=0"],
                ["--no-train"], ["--load=a", "--resume=b"],
                ["--no-train", "--load=a", "--plot=b"]):
            with self.subTest(arguments):
                out, err = self.run_example(*arguments, code=64)
                self.assertEqual(out, "")
                self.assertIn("--help", err)

    def test_a_wrong_value_is_named(self):
        _, err = self.run_example("--steps=many", code=64)
        self.assertIn("--steps 'many': expected a whole number from 1", err)


class Input(ExampleTest):
    def test_missing(self):
        (self.folder / "empty").mkdir()
        for arguments in (["--data=nowhere"], ["--data=empty"],
                          ["--load=nowhere"], ["--resume=nowhere"],
                          ["nowhere.png"], ["--classify=nowhere.png"]):
            with self.subTest(arguments):
                _, err = self.run_example(*FEW, *arguments, code=66)
                self.assertIn(arguments[0].split("=")[-1], err)

    def test_missing_by_the_environment(self):
        self.environment["CNN_DATA_DIR"] = "nowhere"
        _, err = self.run_example(*FEW, code=66)
        self.assertIn("nowhere", err)

    def test_one_file_is_missing(self):
        (self.data / "t10k-labels-idx1-ubyte").unlink()
        _, err = self.run_example(*FEW, code=66)
        self.assertIn("t10k-labels-idx1-ubyte", err)

    def test_damaged(self):
        pixels, labels = images(600, "train")
        path = {"images": self.data / "train-images-idx3-ubyte",
                "labels": self.data / "train-labels-idx1-ubyte"}
        for kind, content in (("images", pixels[:-1]), ("images", b""),
                              ("images", b"no IDX" + pixels[6:]),
                              ("images", pixels + b"\0"),
                              ("labels", labels[:-1]),
                              ("labels", labels[:-1] + b"\x0a")):
            with self.subTest(kind=kind, size=len(content)):
                path["images"].write_bytes(pixels)
                path["labels"].write_bytes(labels)
                path[kind].write_bytes(content)
                self.run_example(*FEW, code=65)

    def test_damaged_model_and_picture(self):
        self.run_example(*FEW, "--save=model")
        (self.folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
        self.run_example("--no-train", "--load=model", "bad.png", code=65)
        model = bytearray((self.folder / "model").read_bytes())
        model[-1] ^= 1
        (self.folder / "model").write_bytes(model)
        self.run_example("--no-train", "--load=model", code=65)

    def test_all_names_of_the_files(self):
        def accuracies(*arguments):
            out, _ = self.run_example(*FEW, *arguments)
            return [line for line in out.splitlines()
                    if not line.startswith("data: ")]
        expected = accuracies()
        for mark, zipped in (".", False), ("-", True), (".", True):
            folder = self.folder / f"{mark}{zipped}"
            write_idx(folder, mark, zipped)
            self.assertEqual(accuracies("--data", folder), expected)


class Output(ExampleTest):
    def test_cannot_be_created(self):
        for option in "--save", "--plot", "--digit", "--checkpoint":
            for path in "nowhere/file", "data", "/dev/null":
                with self.subTest(option=option, path=path):
                    out, err = self.run_example(*FEW, option, path, code=73)
                    self.assertIn(path, err)
                    self.assertNotIn("accuracy", out)

    def test_standard_output_is_full(self):
        with open("/dev/full", "w") as full:
            self.run_example(*FEW, stdout=full, code=74)

    def test_as_published(self):
        out, err = self.run_example("--steps=21", "--batch=20")
        lines = out.splitlines()
        self.assertIn(str(self.data), lines[1])
        self.assertIn("550 images to train on, 100 to test", lines[1])
        for i, step in enumerate(("0", "10", "20")):
            self.assertRegex(
                lines[2 + 2 * i],
                rf"^step {step}, training accuracy (0(\.\d+)?|1)$")
            self.assertRegex(lines[3 + 2 * i], r"^time: \d+\.\d{3}$")
        self.assertRegex(lines[8], r"^validation accuracy: .* of 50 images\)$")
        self.assertRegex(lines[9], r"^test accuracy: .* of 100 images\)$")
        matrix = [list(map(int, line.split())) for line in lines[11:]]
        self.assertEqual(matrix[0], list(range(10)))
        for label, row in enumerate(matrix[1:]):
            self.assertEqual(row[0], label)
            self.assertEqual(sum(row[1:]), 10)
        self.assertEqual(err, "")

    def test_pipes_get_plain_lines(self):
        out, err = self.run_example("--tuned", "--batch=70", "--epochs=2")
        self.assertEqual(re.findall(r"^epoch (\d): loss ", err, re.M),
                         ["1", "2"])
        for text in out, err:
            self.assertNotRegex(text, r"[\r\x1b]")

    def test_quiet(self):
        out, err = self.run_example(*FEW)
        self.assertIn("test accuracy", out)
        self.assertEqual(err, "")


class Training(ExampleTest):
    def test_learns(self):
        out, _ = self.run_example("--tuned", "--batch=20", "--epochs=4")
        accuracy = re.search(r"^test accuracy: (\S+)", out, re.M).group(1)
        self.assertGreater(float(accuracy), 0.95)

    def test_learns_drawn_digits(self):
        out, _ = self.run_example("--tuned", "--epochs=1", "--data=drawn")
        self.assertIn("data: digits drawn", out)
        accuracy = re.search(r"^test accuracy: (\S+)", out, re.M).group(1)
        self.assertGreater(float(accuracy), 0.95)

    def test_threads_do_not_change_the_model(self):
        for threads in 1, 2, 3:
            self.run_example(*FEW, "--threads", threads, "--save", threads)
        models = [(self.folder / str(n)).read_bytes() for n in (1, 2, 3)]
        self.assertEqual(models[0], models[1])
        self.assertEqual(models[0], models[2])

    def test_seeds_and_optimizers_do(self):
        models = set()
        for change in ("--seed=1", "--seed=2", "--lr=1e-4", "--batch=30",
                       "--optimizer=sgd", "--optimizer=momentum",
                       "--optimizer=adam", "--optimizer=rmsprop"):
            self.run_example(*FEW, change, "--save=model")
            models.add((self.folder / "model").read_bytes())
        self.assertEqual(len(models), 8)

    def test_divergence(self):
        _, err = self.run_example("--lr=1e30", code=1)
        self.assertIn("--lr", err)


if __name__ == "__main__":
    unittest.main()
