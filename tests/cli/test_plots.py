"""What is drawn of a training: --plot, --confusion, --filters, --mistakes.

    python3 test_plots.py FOLDER_OF_PROGRAMS
"""
import os
import unittest
import xml.etree.ElementTree

from example import FEW, NETWORKS, ExampleTest, matrix, png_size

DRAWN = "--plot", "--confusion", "--filters", "--mistakes"


class Plots(ExampleTest):
    def svg(self, name):
        """Its size, and the words in it."""
        root = xml.etree.ElementTree.parse(self.folder / name).getroot()
        self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
        return ((int(root.get("width")), int(root.get("height"))),
                [text.strip() for text in root.itertext() if text.strip()])

    def test_all_as_png_and_svg(self):
        for self.program in "lenet5_relu", "lenet5_classic":
            out, err = self.run_example(
                *FEW, "--save=model", *(f"{option}={option[2:]}.png"
                                        for option in DRAWN))
            self.assertEqual(err, "")
            sizes = {}
            for option in DRAWN:
                name = option[2:]
                self.assertIn(f": {name}.png\n", out)
                sizes[name] = png_size(self.folder / f"{name}.png")
            self.assertEqual(sizes["plot"], (1280, 480))
            self.run_example("--no-train", "--load=model",
                             *(f"{option}={option[2:]}.SVG"
                               for option in DRAWN[1:]))
            for name in "confusion", "filters", "mistakes":
                self.assertEqual(self.svg(f"{name}.SVG")[0], sizes[name])

    def test_filters_of_all(self):
        sizes = []
        for self.program, *head in NETWORKS:
            self.run_example(*head, "--tuned", "--steps=1", "--batch=5", "-q",
                             "--filters=f.png")
            sizes.append(png_size(self.folder / "f.png"))
        self.assertEqual(sizes[0], sizes[1])
        self.assertEqual(sizes[0], sizes[3])
        self.assertGreater(sizes[2][1], sizes[0][1])  # 32, not 6

    def test_plot(self):
        for arguments in FEW, ("--steps=30", "--batch=20", "-q"):
            self.run_example(*arguments, "--plot=plot.svg")
            _, words = self.svg("plot.svg")
            for word in "steps", "accuracy", "loss per image", "training":
                self.assertIn(word, words)
            held_out = "test" if arguments == FEW else "validation"
            self.assertIn(held_out, words)

    def test_one_step(self):
        self.run_example("--steps=1", "--batch=20", "--plot=plot.svg", "-q")
        self.svg("plot.svg")

    def test_confusion(self):
        out, _ = self.run_example(*FEW, "--confusion=c.csv")
        rows = [[int(value) for value in row.values()]
                for row in self.table("c.csv")]
        self.assertEqual([row[0] for row in rows], list(range(10)))
        self.assertEqual([row[1:] for row in rows], matrix(out))
        out, _ = self.run_example(*FEW, "--confusion=c.svg")
        _, words = self.svg("c.svg")
        for row in matrix(out):
            for count in row:
                self.assertIn(str(count), words)
        self.assertTrue(any("test accuracy" in word for word in words))

    def test_mistakes(self):
        out, _ = self.run_example(*FEW, "--mistakes=m.svg")
        _, words = self.svg("m.svg")
        captions = [word for word in words if " taken for " in word]
        wrong = {f"{label} taken for {answer}": count
                 for label, row in enumerate(matrix(out))
                 for answer, count in enumerate(row) if label != answer}
        self.assertEqual(len(captions), min(40, sum(wrong.values())))
        for caption in set(captions):
            self.assertLessEqual(captions.count(caption), wrong[caption])

    def test_no_mistakes(self):
        out, _ = self.run_example("--tuned", "--batch=20", "--epochs=4", "-q",
                                  "--mistakes=m.svg", "--confusion=c.png")
        self.assertIn("test accuracy: 1.0000", out)
        self.svg("m.svg")

    def test_names_are_only_names(self):
        name = "'; touch made; $(touch made) \\n %s <b>.png"
        arguments = [word for option in DRAWN for word in
                     (option, option[2:] + name)]
        self.run_example(*FEW, *arguments)
        self.assertEqual(sorted(os.listdir(self.folder)),
                         sorted(["data", *(option[2:] + name
                                           for option in DRAWN)]))

    def test_what_was_there_is_replaced(self):
        path = self.folder / "plot.svg"
        path.write_bytes(1000000 * b"x")
        for mode in 0o640, 0o666:
            path.chmod(mode)
            self.run_example(*FEW, "--plot=plot.svg")
            self.svg("plot.svg")
            self.assertEqual(path.stat().st_mode & 0o777, mode)

    def test_a_link_stays_a_link(self):
        path, link = self.folder / "plot.svg", self.folder / "link.svg"
        path.write_bytes(b"x")
        link.symlink_to("plot.svg")
        self.run_example(*FEW, "--plot=link.svg")
        self.assertTrue(link.is_symlink())
        self.svg("plot.svg")

    def without_gnuplot(self, path):
        self.environment["PATH"] = path
        files = "model", "plot.png", "c.svg", "f.png", "m.svg", "r.html"
        out, err = self.run_example(
            *FEW, *(f"{option}={name}" for option, name in
                    zip(("--save", *DRAWN, "--report"), files)), code=1)
        self.assertIn("test accuracy", out)
        for name in files[1:5]:
            self.assertFalse((self.folder / name).exists(), name)
            self.assertNotIn(f": {name}", out)
        self.assertTrue((self.folder / "model").exists())
        return err

    def test_gnuplot_is_missing(self):
        self.assertIn("gnuplot-nox", self.without_gnuplot("/nonexistent"))

    def test_gnuplot_fails(self):
        fake = self.folder / "gnuplot"
        fake.write_text("#!/bin/sh\nexit 3\n")
        fake.chmod(0o755)
        self.assertIn("gnuplot failed", self.without_gnuplot(str(self.folder)))

    def test_none_without_a_wish(self):
        """gnuplot is only needed for what it draws."""
        self.environment["PATH"] = "/nonexistent"
        self.run_example(*FEW, "--confusion=c.csv", "--log=a.csv")


class OfAModel(ExampleTest):
    """Beside pictures that are classified, and without training."""

    def test_with_pictures(self):
        self.run_example(*FEW, "--save=model", "--digit=digit.png")
        for option, name in (("--confusion", "c.csv"), ("--report", "r.html"),
                             ("--filters", "f.svg"), ("--mistakes", "m.svg")):
            out, _ = self.run_example("--no-train", "--load=model",
                                      "digit.png", option, name)
            self.assertIn("image: digit.png recognised as", out)
            self.assertIn("test accuracy", out)
            self.assertTrue((self.folder / name).exists(), name)
        out, _ = self.run_example("--no-train", "--load=model", "digit.png")
        self.assertNotIn("test accuracy", out)


if __name__ == "__main__":
    unittest.main()
