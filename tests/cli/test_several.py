"""The programs that train several networks and set them side by side, and the
one that has no net at all.

    python3 test_several.py FOLDER_OF_PROGRAMS
"""
import re
import unittest
import xml.etree.ElementTree

from example import ExampleTest, accuracy, png_size

FEW = "--batch=20", "--steps=4"
VARIATIONS = {
    "width": ("6/16/120", "16/32/256", "32/64/1024"),
    "layers": ("1", "2", "3"),
    "activation": ("sigmoid", "tanh", "relu"),
    "lr": ("x 0.1", "x 1", "x 10"),
    "optimizer": ("sgd", "momentum", "adam", "rmsprop"),
}
COLUMNS = ["varied", "value", "optimizer", "lr", "batch", "parameters",
           "multiply_adds", "ms_per_step", "steps", "seconds",
           "test_accuracy", "diverged"]


class Swap(ExampleTest):
    program = "lenet5_swap"
    TRIAL = re.compile(
        r"^learning rate (\S+): test accuracy ([01]\.\d{4}) after (\d+) steps\n"
        r"  not finite: (never|in step \d+, .+)\n"
        r"  dead(?: in steps (\d+) to (\d+): (.*)|: not known, .*)\n", re.M)

    def trials(self, *arguments):
        out, err = self.run_example(*FEW, "-q", *arguments)
        self.assertEqual(err, "")
        found = self.TRIAL.findall(out)
        for rate, _, steps, _, first, last, dead in found:
            if dead == "":
                continue
            self.assertLess(int(first), int(last), rate)
            self.assertEqual(last, steps)
            layers = re.findall(r"(\d+\.\d) % of layer (\d+)", dead)
            self.assertEqual([layer for _, layer in layers],
                             ["1", "4", "7", "9"])
            for share, _ in layers:
                self.assertLessEqual(float(share), 100)
        return found

    def test_the_rates_of_the_recipes(self):
        for recipe, rates in (("--as-published", ["0.001", "1e-05", "1e-07"]),
                              ("--tuned", ["0.01", "0.001", "0.0001"])):
            trials = self.trials(recipe)
            self.assertEqual([trial[0] for trial in trials], rates)
        self.assertEqual({trial[3] for trial in trials}, {"never"})
        self.assertEqual({trial[2] for trial in trials}, {"4"})

    def test_rates(self):
        trials = self.trials("--rates=1e-9,2E-9,.5")
        self.assertEqual([t[0] for t in trials], ["1e-09", "2e-09", "0.5"])
        self.assertTrue(trials[0][6] and trials[1][6])
        self.assertEqual(self.trials("--lr=1e-9"), trials[:1])
        self.assertEqual(len(self.trials(
            "--rates=" + ",".join(16 * ["1e-9"]), "--steps=1")), 16)

    def test_a_rate_that_is_absurd(self):
        trial, other = self.trials("--rates=1e30,1e-9")
        self.assertRegex(trial[3], r"^in step 1, .*\blayer \d+ \(\w+\)")
        self.assertEqual(trial[2], "1")
        self.assertEqual(other[3], "never")  # it goes on

    def test_units_die_at_a_high_rate(self):
        def dead(trial):
            return float(trial[6].split()[0])
        high, low = self.trials("--tuned", "--rates=1,1e-6", "--steps=20")
        self.assertGreater(dead(high), dead(low))

    def test_looking_closer_changes_nothing(self):
        out, err = self.run_example(*FEW, "--rates=1e-9", "--verbose")
        self.assertIn("units dead", err)
        self.assertEqual(self.TRIAL.findall(out), self.trials("--rates=1e-9"))

    def test_plot(self):
        self.run_example(*FEW, "--plot=p.svg", "--rates=1e-9,1e30")
        root = xml.etree.ElementTree.parse(self.folder / "p.svg").getroot()
        text = "\n".join(root.itertext())
        for word in "learning rate 1e-09", "learning rate 1e+30", "accuracy":
            self.assertIn(word, text)
        self.run_example(*FEW, "--plot=p.png", "--rates=1e-9")
        png_size(self.folder / "p.png")


class Sweep(ExampleTest):
    program = "lenet5_sweep"

    def rows(self, out):
        return [[line[:10].rstrip(), line[11:23].rstrip(), *line[23:].split()]
                for line in out.splitlines()
                if line.split(" ")[0] in VARIATIONS]

    def test_everything(self):
        out, err = self.run_example(*FEW, "--csv=t.csv", "--report=r.html",
                                    "--plot=p.png")
        expected = [[name, value] for name, values in VARIATIONS.items()
                    for value in values]
        rows = self.rows(out)
        self.assertEqual([row[:2] for row in rows], expected)
        table = self.table("t.csv")
        self.assertEqual(list(table[0]), COLUMNS)
        for row, text in zip(table, rows):
            self.assertEqual([row["varied"], row["value"], row["parameters"],
                              row["multiply_adds"]], text[:4])
            # Each is rounded by itself, to 4 digits and to 2.
            self.assertRegex(text[4], r"^\d+\.\d\d$")
            self.assertAlmostEqual(float(row["ms_per_step"]), float(text[4]),
                                   delta=0.0051)
            self.assertEqual([row["steps"], row["test_accuracy"]], text[5:])
            self.assertEqual((row["steps"], row["diverged"]), ("4", "0"))
            self.assertGreater(float(row["seconds"]), 0)
        self.check_costs({row["value"]: row for row in table})
        self.check_page()
        self.assertEqual(png_size(self.folder / "p.png"), (1920, 960))
        # Five rows are the base, which is trained once.
        trained = re.findall(r"^(\w+ [^:]+): epoch 1:", err, re.M)
        self.assertEqual(len(trained), len(set(trained)))
        self.assertEqual(len(trained), len(rows) - 4)
        base = [row for row in table if row["value"] in
                ("6/16/120", "2", "relu", "x 1", "sgd")]
        self.assertEqual(len({row["seconds"] for row in base}), 1)

    def check_costs(self, rows):
        self.assertEqual(rows["6/16/120"]["parameters"], "97982")
        self.assertEqual(rows["32/64/1024"]["parameters"], "3274634")
        self.assertEqual(float(rows["x 10"]["lr"]),
                         100 * float(rows["x 0.1"]["lr"]))
        self.assertEqual(rows["adam"]["optimizer"], "adam")
        self.assertEqual(rows["x 1"]["batch"], "20")

    def check_page(self):
        text = (self.folder / "r.html").read_text()
        for name, values in VARIATIONS.items():
            self.assertEqual(text.count(f"Varying: {name}<"), 1)
            section = text.split(f"Varying: {name}<")[1].split("<section")[0]
            self.assertEqual(section.count("data:image/svg+xml;base64,"), 2)
            for value in values:
                self.assertIn(value, section)
        self.assertEqual(text.count("<section"), 6)
        self.assertNotIn("http", text)
        self.assertNotIn("<script", text)

    def test_a_part(self):
        out, _ = self.run_example(*FEW, "--vary=layers,lr", "-q")
        self.assertEqual([row[0] for row in self.rows(out)],
                         3 * ["layers"] + 3 * ["lr"])
        # In the order of the table, each once.
        again, _ = self.run_example(*FEW, "--vary=lr,layers", "--vary=lr",
                                    "-q")
        self.assertEqual([row[:2] for row in self.rows(again)],
                         [row[:2] for row in self.rows(out)])

    def test_the_settings_of_the_recipe(self):
        self.run_example(*FEW, "-q", "--tuned", "--vary=lr", "--csv=t.csv",
                         "--lr=0.002", "--optimizer=adamw")
        self.assertEqual([(row["optimizer"], row["lr"])
                          for row in self.table("t.csv")],
                         [("adamw", "0.0002"), ("adamw", "0.002"),
                          ("adamw", "0.02")])

    def test_one_that_is_not_finite(self):
        out, _ = self.run_example(*FEW, "-q", "--vary=lr", "--csv=t.csv",
                                  "--lr=1e29", "--report=r.html")
        self.assertIn("then not finite", out)
        self.assertIn("then not finite", (self.folder / "r.html").read_text())
        self.assertIn("1", [row["diverged"] for row in self.table("t.csv")])

    def test_a_full_disk(self):
        out, err = self.run_example(*FEW, "--vary=lr", "--csv=/dev/full",
                                    "--report=r.html", code=74)
        self.assertIn("/dev/full", err)
        self.assertNotIn("table: ", out)
        self.assertIn("report: r.html", out)


class LayersByHand(ExampleTest):
    program = "layers_by_hand"

    def test_learns(self):
        out, err = self.run_example("--steps=250")
        self.assertEqual(err, "")
        self.assertEqual(len(re.findall(r"^layer [0-3]: .* parameters$", out,
                                        re.M)), 4)
        losses = re.findall(r"^step (\d+), loss (\S+)$", out, re.M)
        self.assertEqual([int(step) for step, _ in losses],
                         [0, 100, 200, 249])
        self.assertAlmostEqual(float(losses[0][1]), 2.3, delta=0.5)
        self.assertLess(float(losses[-1][1]), 0.1)
        self.assertGreater(accuracy(out), 0.9)

    def test_seeds(self):
        runs = [self.run_example("--steps=2", "--seed", seed)[0].split("\n", 1)
                [1] for seed in (1, 2, 1)]
        self.assertEqual(runs[0], runs[2])
        self.assertNotEqual(runs[0], runs[1])

    def test_divergence(self):
        _, err = self.run_example("--lr=1e30", code=1)
        self.assertIn("--lr", err)


if __name__ == "__main__":
    unittest.main()
