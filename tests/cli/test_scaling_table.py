"""What several machines would make of a training: --predict-scaling.

    python3 test_scaling_table.py FOLDER_OF_PROGRAMS
"""
import re
import unittest

from example import NETWORKS, ExampleTest

ROW = r"^ *(\d+)" + r" +(\d+) +(\d+) % +(\d+)" * 3 + "$"
MACHINE = (r"^this machine: (\S+) us an image, (\S+) ms a step "
           r"\((\S+) to update\)$")
WAIT = r"^ *(\d+) +(\S+) ms +(\S+) ms +(\S+) ms$"
RECORD = 224  # bytes; half of it or twice as much makes no difference here
# Of each link: bytes that a program gets in a millisecond, and milliseconds.
LINKS = (0.94e9 / 8e3, 0.05), (0.94e10 / 8e3, 0.02), (0.94e11 / 8e3, 0.005)


def waited(ranks, params, rate, latency):
    """Milliseconds between `ranks`, a power of two, but for additions."""
    log = ranks.bit_length() - 1
    return (2 * (log * latency + (ranks - 1) * RECORD / rate) +
            2 * log * latency + 2 * (ranks - 1) / ranks * 4 * params / rate)


class Table(ExampleTest):
    def setUp(self):
        super().setUp()
        self.environment["CNN_DATA_DIR"] = "nowhere"  # it needs no images

    def predict(self, *arguments):
        out, err = self.run_example("--predict-scaling", "--threads=1",
                                    *arguments)
        self.assertEqual(err, "")
        self.assertLessEqual(max(map(len, out.splitlines())), 80)
        self.assertFalse([line for line in out.splitlines()
                          if line != line.rstrip()])
        return out

    def test_of_all_networks(self):
        for self.program, *head in NETWORKS:
            out = self.predict(*head, "--batch=50")
            rows = [list(map(int, match.groups()))
                    for match in re.finditer(ROW, out, re.M)]
            self.assertEqual([row[0] for row in rows],
                             [2 ** i for i in range(11)])
            self.assertIn("for 50 images a rank", out)
            self.by_the_formula(out, rows, 50)

    def by_the_formula(self, out, rows, batch):
        """The numbers of the table follow from those above it."""
        params = int(re.search(r"^(\d+) parameters", out, re.M)[1])
        image, step, update = map(
            float, re.search(MACHINE, out, re.M).groups())
        computes = float(re.search(r"^of each step (\S+) ms", out, re.M)[1])
        self.assertGreaterEqual(step * 1.001, update)
        self.assertAlmostEqual(computes, step + batch * image * 1e-3,
                               delta=0.01 * computes)
        waits = {int(m[1]): list(map(float, m.groups()[1:]))
                 for m in re.finditer(WAIT, out, re.M)}
        self.assertEqual(sorted(waits), [2, 1024])
        for row in rows:
            for i, (rate, latency) in enumerate(LINKS):
                images, efficiency, enough = row[1 + 3 * i:4 + 3 * i]
                self.assertAlmostEqual(
                    images, row[0] * rows[0][1] * efficiency / 100,
                    delta=row[0] * rows[0][1] * 0.006 + 1)
                if row[0] in waits:
                    found = waits[row[0]][i]
                    want = waited(row[0], params, rate, latency)
                    # Adding up takes 4 ns a gradient at most.
                    self.assertGreaterEqual(found, 0.9 * want)
                    self.assertLessEqual(found, 1.1 * want + 4e-6 * params)
                    self.assertAlmostEqual(
                        efficiency, 100 * computes / (computes + found),
                        delta=0.6)
                if efficiency > 90:
                    self.assertLessEqual(enough, batch)
                if efficiency < 90:
                    self.assertGreater(enough, batch)

    def test_of_a_model_file(self):
        self.environment["CNN_DATA_DIR"] = str(self.data)
        self.program = "lenet5_relu"
        self.run_example("--tuned", "--steps=3", "--batch=20", "-q",
                         "--save=model")
        before = {path.name for path in self.folder.iterdir()}
        out = self.predict("--load=model", "--tuned", "--batch=2")
        self.assertIn("97982 parameters", out)
        self.assertNotIn("data:", out)
        self.assertEqual({path.name for path in self.folder.iterdir()}, before)
        self.run_example("--predict-scaling", "--load=nowhere", code=66)

    def test_of_one_image(self):
        self.program = "lenet5_relu"
        self.assertIn("for 2 images", self.predict("--batch=1"))


if __name__ == "__main__":
    unittest.main()
