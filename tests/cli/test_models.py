"""Model files: --save, --load, --init-from, --checkpoint, --resume.

    python3 test_models.py FOLDER_OF_PROGRAMS
"""
import unittest

from example import FEW, NETWORKS, ExampleTest, accuracy, matrix

# Steps that change nothing that is printed.
STILL = "--steps=1", "--batch=20", "--optimizer=sgd", "--lr=1e-30", "-q"


class Models(ExampleTest):
    def train(self, *arguments, name="model", epochs=2):
        out, _ = self.run_example("--tuned", "--batch=20", "--epochs", epochs,
                                  "-q", "--save", name, *arguments)
        self.assertIn(f"model: {name}\n", out)
        return matrix(out)

    def test_load(self):
        for self.program, *head in NETWORKS[0], *NETWORKS[3:]:
            expected = self.train(*head)
            out, _ = self.run_example(*head, "--load=model", "--no-train")
            self.assertEqual(matrix(out), expected)
            out, _ = self.run_example(*head, "--load=model", *STILL)
            self.assertEqual(matrix(out), expected)
            out, _ = self.run_example(*head, "--load=model", *FEW,
                                      "--seed=2", "--lr=0.1")
            self.assertNotEqual(matrix(out), expected)

    def test_init_from(self):
        for self.program, *head in NETWORKS[0], *NETWORKS[3:]:
            expected = self.train(*head)
            for seed in 1, 2:
                out, _ = self.run_example(*head, "--init-from=model", *STILL,
                                          "--seed", seed)
                self.assertEqual(matrix(out), expected)
                self.assertGreater(accuracy(out), 0.5)

    def test_init_from_refuses_other_layers(self):
        for self.program, *head in NETWORKS:
            self.run_example(*FEW, *head,
                             f"--save={self.program}{''.join(head)}")
        for source, target, numbers in (
                (0, 1, "10 layers, expected 12"),
                (1, 0, "12 layers, expected 10"),
                (0, 2, "layer 0 .* 156 parameters, expected .* 832"),
                (2, 0, "layer 0 .* 832 parameters, expected .* 156"),
                (0, 3, "1 x 28 x 28 .* expected .* 1 x 32 x 32"),
                (3, 0, "1 x 32 x 32 .* expected .* 1 x 28 x 28"),
                (3, 4, "13 layers, expected 14"),
                (4, 3, "14 layers, expected 13")):
            with self.subTest(source=source, target=target):
                self.program, *head = NETWORKS[target]
                out, err = self.run_example(
                    *FEW, *head, "--init-from", "".join(NETWORKS[source]),
                    code=65)
                self.assertRegex(err, numbers)
                self.assertEqual(err.count("lenet5_"), 2)
                self.assertEqual(out, "")

    def test_load_takes_other_layers(self):
        self.run_example(*FEW, "--save=model")
        self.program = "lenet5_sigmoid"
        out, _ = self.run_example(*FEW, "--load=model", "--save=again")
        self.assertIn("test accuracy", out)
        self.assertEqual(len(self.bytes_of("model")),
                         len(self.bytes_of("again")))

    def test_load_refuses_other_images_and_heads(self):
        self.run_example(*FEW, "--save=relu")
        self.program = "lenet5_classic"
        for head in "rbf", "softmax":
            self.run_example(*FEW, "--head", head, "--save", head)
        for arguments in ("--load=relu", "--load=softmax",
                          "--load=rbf --head=softmax"):
            out, err = self.run_example(*arguments.split(), code=65)
            self.assertIn("expected" if "relu" in arguments else "--head", err)
            self.assertEqual(out, "")
        # Nothing is to be trained: the model says what it is.
        accuracies = [accuracy(self.run_example("--no-train", "--load=softmax",
                                                "--head", head)[0])
                      for head in ("rbf", "softmax")]
        self.assertEqual(accuracies[0], accuracies[1])


class Resume(ExampleTest):
    RUN = "--tuned", "--batch=50", "--epochs=2", "-q"

    def setUp(self):
        super().setUp()
        self.run_example(*self.RUN, "--checkpoint=c", "--save=model")

    def test_of_what_is_done(self):
        out, _ = self.run_example(*self.RUN, "--resume=c", "--save=again")
        self.assertIn("test accuracy", out)
        self.assertEqual(self.bytes_of("again"), self.bytes_of("model"))
        # Nothing was done, and nothing is shown of it.
        self.run_example(*self.RUN, "--resume=c", "--log=a.csv",
                         "--plot=p.png", "--report=r.html")
        self.assertEqual(self.table("a.csv"), [])

    def test_another_training_is_refused(self):
        for change, numbers in (
                ("--batch=20", "batch 50, not 20"),
                ("--seed=2", "seed 1, not 2"),
                ("--epochs=3", "steps 17, not 26"),
                ("--lr=1", "not 1"),
                ("--optimizer=adam", "decoupled"),
                ("--schedule=constant", "not"),
                ("--augment", ""),
                ("--clip=1", "not 1"),
                ("--as-published", ""),
                ("--data=drawn", "600, not 36000"),
                ("--load=other", "")):
            with self.subTest(change):
                if change == "--load=other":
                    self.program = "lenet5_wide"
                    self.run_example(*FEW, "--save=other")
                    self.program = "lenet5_relu"
                _, err = self.run_example(*self.RUN, change, "--resume=c",
                                          "--save=again", code=65)
                self.assertRegex(err, f"^lenet5_relu: c: .*{numbers}")
                self.assertEqual(err.count("c: "), 1)
                self.assertFalse((self.folder / "again").exists())

    def test_other_images_are_refused(self):
        path = self.data / "train-images-idx3-ubyte"
        pixels = bytearray(path.read_bytes())
        pixels[16 + 300 * 28 * 28 + 14 * 28 + 14] ^= 0xff
        path.write_bytes(pixels)
        _, err = self.run_example(*self.RUN, "--resume=c", code=65)
        self.assertIn("c: ", err)

    def test_another_network_is_refused(self):
        for self.program, *head in NETWORKS[1:]:
            _, err = self.run_example(*head, *self.RUN, "--resume=c", code=65)
            self.assertIn("c: ", err)

    def test_a_model_is_no_checkpoint(self):
        self.run_example(*self.RUN, "--resume=model", code=65)
        # But a checkpoint is a model.
        out, _ = self.run_example("--no-train", "--load=c")
        self.assertIn("test accuracy", out)


if __name__ == "__main__":
    unittest.main()
