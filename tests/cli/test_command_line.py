"""The command lines of all programs: options, exit codes, what is printed
where.

    python3 test_command_line.py FOLDER_OF_PROGRAMS
"""
import os
import re
import unittest

from example import (FEW, NETWORKS, OTHERS, TRAINERS, ExampleTest, accuracy,
                     images, matrix, write_idx)

TRAINING = ("--steps=0", "--steps=x", "--steps=1.5", "--steps=", "--steps",
            "--steps=99999999999999999999", "--steps=1 --epochs=1",
            "--epochs=-1", "--batch=0", "--batch=100001", "--lr=0", "--lr=nan",
            "--lr=inf", "--lr=1e-3x", "--lr=-1", "--optimizer=none",
            "--schedule=none", "--weight-decay=-1", "--clip=0",
            "--eval-every=0")
RUNNING = ("--seed=-1", "--seed=x", "--threads=0", "--threads=65",
           "--quiet --verbose")
SOME = "--steps=0", "--lr=x", "--threads=0", "--quiet --verbose", "--head=rbf"
WRONG = {
    "lenet5_relu": (
        *TRAINING, *RUNNING, "--no-train", "--load=a --init-from=b",
        "--no-train --load=a --plot=b.png", "--no-train --load=a --log=b.csv",
        "--no-train --load=a --save=b", "--no-train --load=a --resume=b",
        "--no-train --load=a --checkpoint=b", "--compare=a.csv",
        "--summary=xml", "--log-every=0", "--log=a.txt", "--log=.csv",
        "--log=a.csv --log=b.csv --log=c.csv --log=d.csv --log=e.csv",
        "--plot=a.jpg", "--plot=a", "--confusion=a.txt", "--filters=a.csv",
        "--mistakes=a.html", "--report=a.txt"),
    "lenet5_sigmoid": SOME,
    "lenet5_wide": SOME,
    "lenet5_classic": (*SOME[:-1], "--head=none", "--head="),
    "lenet5_swap": (*SOME, "image.png", "--rates=",
                    "--rates=1,,2", "--rates=1,0", "--rates=1,x", "--plot=a",
                    "--rates=" + ",".join(17 * "1"), "--rates=1 --lr=2"),
    "lenet5_sweep": (*SOME, "image.png", "--vary=",
                     "--vary=width,", "--vary=depth", "--plot=a.csv",
                     "--report=a"),
    "layers_by_hand": (*RUNNING, "image.png", "--steps=0", "--lr=0"),
    "predict": ("", "model", "--threads=0 model a.png", "--top=0 model a.png",
                "--top=x model a.png", "--margin=-1 model a.png",
                "--margin=1001 model a.png", "--margin=x model a.png",
                *(f"--pixels={value} model a.png" for value in
                  ("", "0", "0:", ":1", "1:0", "1:1", "0:1x", "a:b", "0:nan",
                   "-inf:1"))),
}


class Options(ExampleTest):
    def test_help(self):
        for self.program in TRAINERS + OTHERS:
            out, err = self.run_example("--help")
            self.assertIn(f"Usage: {self.program} [OPTION...]", out)
            self.assertLessEqual(max(map(len, out.splitlines())), 80)
            self.assertEqual(err, "")
        for self.program in "lenet5_relu", "predict":
            out, err = self.run_example("--help")
            for option in re.findall("--[a-z-]+", " ".join(
                    WRONG[self.program])):
                self.assertIn(option, out)

    def test_version(self):
        for self.program in TRAINERS + OTHERS:
            out, err = self.run_example("--version")
            self.assertRegex(
                out, rf"^{self.program} \(libcnn\) \d+\.\d+\.\d+\n$")
            self.assertEqual(err, "")

    def test_wrong_usage(self):
        for self.program in TRAINERS + OTHERS:
            for arguments in "--unknown", "-x", *WRONG[self.program]:
                with self.subTest(self.program, arguments=arguments):
                    out, err = self.run_example(*arguments.split(), code=64)
                    self.assertEqual(out, "")
                    self.assertIn(f"Try `{self.program} --help'", err)
        self.assertEqual(os.listdir(self.folder), ["data"])

    def test_a_wrong_value_is_named(self):
        _, err = self.run_example("--steps=many", code=64)
        self.assertIn("--steps 'many': expected a whole number from 1", err)
        _, err = self.run_example("--log=a.txt", code=64)
        self.assertIn("--log 'a.txt': expected a name in .csv or .jsonl", err)

    def test_quiet_and_verbose(self):
        for arguments in "-qv", "-vq", "--verbose --quiet":
            _, err = self.run_example(*arguments.split(), code=64)
            self.assertIn("--quiet and --verbose", err)


class Input(ExampleTest):
    def test_missing(self):
        (self.folder / "empty").mkdir()
        for self.program in TRAINERS:
            for arguments in (["--data=nowhere"], ["--data=empty"],
                              ["--load=nowhere"], ["--resume=nowhere"],
                              ["--init-from=nowhere"], ["nowhere.png"],
                              ["--classify=nowhere.png"],
                              ["--compare=nowhere.csv", "--plot=p.png"]):
                with self.subTest(self.program, arguments=arguments):
                    out, err = self.run_example(*FEW, *arguments, code=66)
                    self.assertIn(arguments[0].split("=")[-1], err)
                    self.assertNotIn("accuracy", out)
        for self.program in OTHERS[:3]:
            _, err = self.run_example("--data=nowhere", code=66)
            self.assertIn("nowhere", err)

    def test_missing_by_the_environment(self):
        self.environment["CNN_DATA_DIR"] = "nowhere"
        for self.program in TRAINERS + OTHERS[:3]:
            _, err = self.run_example(code=66)
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
                _, err = self.run_example(*FEW, code=65)
                # Which file it is, and once.
                self.assertEqual(err.count(str(self.data)), 1, err)
        for self.program in TRAINERS + OTHERS[:3]:
            self.run_example(code=65)

    def test_damaged_picture(self):
        self.run_example(*FEW, "--save=model")
        (self.folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
        self.run_example("--no-train", "--load=model", "bad.png", code=65)
        self.program = "predict"
        self.run_example("model", "bad.png", code=65)

    def test_damaged_model(self):
        self.run_example(*FEW, "--save=model")
        model = bytearray(self.bytes_of("model"))
        model[-1] ^= 1
        (self.folder / "model").write_bytes(model)
        for option in "--no-train --load=", "--load=", "--init-from=", \
                "--resume=":
            with self.subTest(option):
                _, err = self.run_example(*f"{option}model".split(), code=65)
                self.assertEqual(err.count("model: "), 1, err)
        self.program = "predict"
        self.run_example("model", "a.png", code=65)

    def test_all_names_of_the_files(self):
        def lines(*arguments):
            out, _ = self.run_example(*FEW, *arguments)
            return [line for line in out.splitlines()
                    if not line.startswith("data: ")]
        expected = lines()
        for mark, zipped in (".", False), ("-", True), (".", True):
            folder = self.folder / f"{mark}{zipped}"
            write_idx(folder, mark, zipped)
            self.assertEqual(lines("--data", folder), expected)


class Output(ExampleTest):
    def check_outputs(self, few, suffixes):
        """Said before any work is done, and nothing else happens."""
        for option, suffix in suffixes.items():
            (self.folder / f"data{suffix}").mkdir(exist_ok=True)
            for path in f"nowhere/file{suffix}", f"data{suffix}":
                with self.subTest(self.program, option=option, path=path):
                    out, err = self.run_example(*few, option, path, code=73)
                    self.assertIn(path, err)
                    self.assertEqual(out, "")

    def test_cannot_be_created(self):
        outputs = {"--save": "", "--checkpoint": "", "--digit": "",
                   "--log": ".csv", "--plot": ".png", "--confusion": ".svg",
                   "--filters": ".png", "--mistakes": ".svg",
                   "--report": ".html"}
        for self.program in TRAINERS:
            self.check_outputs(FEW, outputs)
        few = "--tuned", "--steps=1", "--batch=20", "-q"
        self.program = "lenet5_swap"
        self.check_outputs(few, {"--plot": ".png"})
        self.program = "lenet5_sweep"
        self.check_outputs(few, {"--plot": ".png", "--csv": "",
                                 "--report": ".html"})

    def test_a_device_is_no_place_for_a_model(self):
        for option in "--save", "--checkpoint", "--digit":
            self.run_example(*FEW, option, "/dev/null", code=73)

    def test_standard_output_is_full(self):
        few = ("--tuned", "--steps=1", "--batch=20", "-q")
        self.run_example(*few, "--save=model", "--digit=digit.png")
        for self.program, arguments in (
                *((name, few) for name in TRAINERS),
                ("lenet5_relu", ("--summary",)),
                ("lenet5_swap", few), ("lenet5_sweep", (*few, "--vary=lr")),
                ("layers_by_hand", ("--steps=1",)),
                ("predict", ("model", "digit.png"))):
            with self.subTest(self.program), open("/dev/full", "w") as full:
                _, err = self.run_example(*arguments, stdout=full, code=74)
                self.assertIn("standard output cannot be written", err)

    def test_pipes_get_plain_lines(self):
        few = "--tuned", "--batch=20", "--steps=2"
        for self.program, arguments in (
                *((name, (*few, *head)) for name, *head in NETWORKS),
                ("lenet5_swap", few), ("lenet5_sweep", (*few, "--vary=lr"))):
            with self.subTest(self.program):
                out, err = self.run_example(*arguments)
                self.assertIn("epoch 1: loss ", err)
                for text in out, err:
                    self.assertNotRegex(text, r"[^\n -~]")

    def test_quiet(self):
        few = "--tuned", "--steps=2", "--batch=20", "--quiet"
        for self.program, arguments in (
                *((name, few) for name in TRAINERS), ("lenet5_swap", few),
                ("lenet5_sweep", (*few, "--vary=lr")),
                ("layers_by_hand", ("--steps=1", "-q"))):
            with self.subTest(self.program):
                out, err = self.run_example(*arguments)
                self.assertIn("accuracy", out)
                self.assertEqual(err, "")

    def test_verbose(self):
        out, err = self.run_example("--tuned", "--batch=100", "--epochs=2",
                                    "--verbose")
        self.assertNotIn("dead", out)
        build, *lines = err.splitlines()
        self.assertRegex(build, r"^build: \{.*\"blas_core\": \"\w+\"")
        for epoch in 0, 1:
            of_it = lines[8 * epoch:8 * epoch + 8]
            self.assertRegex(of_it[0], rf"^epoch {epoch + 1}: ")
            for layer, line in zip((0, 1, 3, 4, 6, 7, 8), of_it[1:]):
                self.assertRegex(line, rf"^  layer {layer}, \w+: ")
                self.assertRegex(line, r"\d+ of \d+ units dead" if layer in
                                 (1, 4, 7) else r"norm of the weights [\d.]+")
        self.assertEqual(len(lines), 16)


class Training(ExampleTest):
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
        for row in matrix(out):
            self.assertEqual(sum(row), 10)
        self.assertEqual(err, "")

    def test_both_recipes_of_all(self):
        """Each has a recipe of its own, and sees it through."""
        seen = set()
        for self.program, *head in NETWORKS:
            for recipe in "--as-published", "--tuned":
                with self.subTest(self.program, head=head, recipe=recipe):
                    out, _ = self.run_example(
                        *head, recipe, "--steps=3", "--batch=10",
                        "--eval-every=2", "--save=model")
                    self.assertEqual(re.findall(r"^step (\d+),", out, re.M),
                                     ["0", "2"])
                    self.assertEqual(
                        sum(map(sum, matrix(out))), 100)
                    seen.add(self.bytes_of("model"))
        self.assertEqual(len(seen), 2 * len(NETWORKS))

    def test_learns(self):
        for self.program, *head in NETWORKS[0], *NETWORKS[3:]:
            out, _ = self.run_example(*head, "--tuned", "--batch=20",
                                      "--epochs=4")
            self.assertGreater(accuracy(out), 0.95, (self.program, head))

    def test_learns_drawn_digits(self):
        out, _ = self.run_example("--tuned", "--steps=100", "--data=drawn")
        self.assertIn("data: digits drawn", out)
        self.assertGreater(accuracy(out), 0.95)

    def test_threads_do_not_change_the_model(self):
        for threads in 1, 2, 3:
            self.run_example(*FEW, "--threads", threads, "--save", threads)
        self.assertEqual(self.bytes_of("1"), self.bytes_of("2"))
        self.assertEqual(self.bytes_of("1"), self.bytes_of("3"))

    def test_seeds_and_settings_do(self):
        models = set()
        changes = ("--seed=1", "--seed=2", "--lr=1e-4", "--batch=30",
                   "--optimizer=sgd", "--optimizer=momentum",
                   "--optimizer=adam", "--optimizer=rmsprop",
                   "--schedule=constant", "--schedule=decay",
                   "--weight-decay=9", "--clip=0.01", "--augment")
        for change in changes:
            self.run_example(*FEW, change, "--save=model")
            models.add(self.bytes_of("model"))
        self.assertEqual(len(models), len(changes))

    def test_divergence(self):
        for self.program in "lenet5_relu", "lenet5_wide":
            _, err = self.run_example("--batch=20", "--lr=1e30",
                                      "--save=model", code=1)
            self.assertIn("--lr", err)
        self.assertEqual(os.listdir(self.folder), ["data"])


if __name__ == "__main__":
    unittest.main()
