"""resnet: a net whose size is an option, with branches, that can be folded.

    python3 test_resnet.py FOLDER_OF_PROGRAMS
"""
import json
import unittest

from example import ExampleTest, accuracy

SMALL = "--blocks=1", "--width=4"
FEW = *SMALL, "--batch=20", "-q"


def parameters(blocks, width):
    """By the paper's figure: all convolutions are without a bias, and each is
    normalised by two numbers for a map."""
    def conv(kernel, maps, filters):
        return (kernel * kernel * maps + 2) * filters

    total, maps = conv(3, 1, width), width
    for filters in width, 2 * width, 4 * width:
        for _ in range(blocks):
            total += conv(3, maps, filters) + conv(3, filters, filters)
            if maps != filters:
                total += conv(1, maps, filters)
            maps = filters
    return total + (maps + 1) * 10


class ResNet(ExampleTest):
    program = "resnet"

    def run_resnet(self, *options, **settings):
        return self.run_example("--data", self.data, *options, **settings)[0]

    def test_sizes(self):
        for options, blocks, width in (
                ((), 3, 16), (("--blocks=1",), 1, 16), (("--width=3",), 3, 3),
                (("--blocks=9", "--width=5"), 9, 5),
                # As many as a net with branches may have layers for.
                (("--blocks=190", "--width=1", "--batch=1"), 190, 1)):
            with self.subTest(options):
                summary = json.loads(self.run_resnet("--summary=json",
                                                     *options))
                kinds = [layer["kind"] for layer in summary["layers"]]
                self.assertEqual(kinds.count("add"), 3 * blocks)
                # 6 N + 2 layers with weights, and two shortcuts.
                self.assertEqual(kinds.count("conv2d") + kinds.count("dense"),
                                 6 * blocks + 2 + 2)
                self.assertEqual(summary["params"], parameters(blocks, width))
        about = self.run_resnet("--help")
        self.assertIn(f"{parameters(3, 16):,} parameters", about)

    def test_wrong_usage(self):
        for options in ("--blocks=0", "--blocks=191", "--blocks=x",
                        "--width=0", "--width=1025", "--head=rbf"):
            with self.subTest(options):
                out, err = self.run_example(options, code=64)
                self.assertEqual(out, "")
                self.assertIn("Try `resnet --help'", err)

    def test_no_other_program_has_sizes(self):
        self.program = "lenet5_relu"
        self.run_example("--blocks=1", code=64)

    def test_clothes_by_itself(self):
        out, _ = self.run_example(*FEW, "--steps=1")
        self.assertIn("data: /usr/share/datasets/fashion-mnist", out)

    def test_learns_and_folds(self):
        """A folded net says what the net said; what is saved is not it."""
        out = self.run_resnet(*FEW, "--epochs=6", "--save=model",
                              "--report=r.html")
        self.assertGreater(accuracy(out), 0.8)
        self.assertIn("mirrored", self.bytes_of("r.html").decode())
        folded = self.run_resnet("--load=model", "--no-train", "--fold",
                                 "--digit=d.png")
        # 7 convolutions in the main path, 2 in shortcuts.
        self.assertIn("folded: 22 layers instead of 31\n", folded)
        self.assertIn("d.png recognised as ", folded)
        # Of 100 images one may fall on the other side by rounding.
        self.assertAlmostEqual(accuracy(folded), accuracy(out), delta=0.015)
        self.run_resnet(*FEW, "--epochs=6", "--save=again", "--fold")
        self.assertEqual(self.bytes_of("again"), self.bytes_of("model"))

    def test_folding_without_a_test(self):
        """To classify an image needs no data."""
        self.run_resnet(*FEW, "--steps=1", "--save=model", "--digit=d.png")
        out, _ = self.run_example("--load=model", "--no-train", "--fold",
                                  "d.png")
        self.assertIn("folded: ", out)
        self.assertIn("d.png recognised as ", out)
        self.assertNotIn("accuracy", out)

    def test_another_size_is_refused(self):
        self.run_resnet(*FEW, "--steps=2", "--checkpoint=c", "--save=model")
        for size, options in (("--blocks=2", ("--resume=c",)),
                              ("--width=5", ("--resume=c",)),
                              ("--blocks=2", ("--init-from=model",)),
                              ("--width=5", ("--init-from=model",))):
            with self.subTest(size=size, options=options):
                self.run_resnet(*FEW, "--steps=2", size, *options, code=65)

    def test_threads_do_not_change_the_model(self):
        models = set()
        for threads in 1, 2, 3:
            self.run_resnet(*FEW, "--steps=3", "--save=model",
                            f"--threads={threads}")
            models.add(self.bytes_of("model"))
        self.assertEqual(len(models), 1)


if __name__ == "__main__":
    unittest.main()
