"""What the networks cost: --summary against the published figures.

    python3 test_summary.py FOLDER_OF_PROGRAMS
"""
import json
import math
import re
import unittest

from example import FEW, NETWORKS, ExampleTest

# Of each layer that has any: trainable parameters.
PARAMETERS = {
    ("lenet5_relu",): (156, 2416, 94200, 1210),
    ("lenet5_sigmoid",): (156, 2416, 48120, 470480, 810),
    ("lenet5_wide",): (832, 51264, 3212288, 10250),
    ("lenet5_classic", "--head=rbf"): (156, 12, 1516, 32, 48120, 10164),
    ("lenet5_classic", "--head=softmax"):
        (156, 12, 1516, 32, 48120, 10164, 850),
}
TOTALS = dict(zip(PARAMETERS, (97982, 521982, 3274634, 60000, 60850)))
# C1, S2, C3, S4, C5, F6: LeCun et al. (1998), section II.B.
CONNECTIONS = [122304, 5880, 151600, 2000, 48120, 10164]
ROW = r"^ *(\d+) (\w+) +(\d+) x (\d+) x (\d+) +(\d+) +(\d+) +(\d+)$"


class Summary(ExampleTest):
    def setUp(self):
        super().setUp()
        self.environment["CNN_DATA_DIR"] = "nowhere"  # it needs no images

    def networks(self):
        for network in NETWORKS:
            self.program, *head = network
            out, err = self.run_example(*head, "--summary=json")
            self.assertEqual(err, "")
            self.assertEqual(out.count("\n"), 1)
            yield network, head, json.loads(out)

    def test_published_figures(self):
        for network, head, summary in self.networks():
            counts = [layer["params"] for layer in summary["layers"]]
            self.assertEqual(tuple(filter(None, counts)), PARAMETERS[network])
            self.assertEqual(summary["params"], TOTALS[network])
            self.assertEqual(sum(counts), TOTALS[network])
            for total in "connections", "multiply_adds":
                self.assertEqual(summary[total], sum(
                    layer[total] for layer in summary["layers"]))
            fixed = 84 * 10 if "--head=rbf" in head else 0
            self.assertEqual(summary["memory"]["parameters"],
                             4 * (TOTALS[network] + fixed))
            if self.program == "lenet5_classic":
                self.assertEqual([layer["connections"]
                                  for layer in summary["layers"]
                                  if layer["params"] > 0][:6], CONNECTIONS)

    def test_text_says_the_same(self):
        for _, head, summary in self.networks():
            text, err = self.run_example(*head, "--summary")
            self.assertEqual(text,
                             self.run_example(*head, "--summary=text")[0])
            self.assertEqual(err, "")
            self.assertLessEqual(max(map(len, text.splitlines())), 80)
            rows = [match.groups() for match in re.finditer(ROW, text, re.M)]
            self.assertEqual(len(rows), len(summary["layers"]))
            for i, (row, layer) in enumerate(zip(rows, summary["layers"])):
                self.assertEqual(
                    row, (str(i), layer["kind"], *map(str, layer["output"]),
                          str(layer["params"]), str(layer["connections"]),
                          str(layer["multiply_adds"])))
            total = re.search(r"^total +(\d+) +(\d+) +(\d+)$", text, re.M)
            self.assertEqual([int(n) for n in total.groups()],
                             [summary["params"], summary["connections"],
                              summary["multiply_adds"]])

    def test_of_a_model_file(self):
        self.environment["CNN_DATA_DIR"] = str(self.data)
        self.program = "lenet5_classic"
        self.run_example(*FEW, "--head=softmax", "--save=model")
        out, _ = self.run_example("--summary=json", "--load=model",
                                  "--batch=7")
        summary = json.loads(out)
        self.assertEqual(summary["params"], 60850)
        self.assertEqual(summary["max_batch"], 7)
        self.run_example("--summary", "--load=nowhere", code=66)

    def test_the_batch_is_in_the_memory(self):
        small, large = (
            json.loads(self.run_example("--summary=json", "--batch", n)[0])
            for n in (100, 200))
        # What backward needs is kept of every sample: of the maps before a
        # pooling a byte for each that it picks; activations write over what
        # they are given.
        layers = [layer for layer in large["layers"]
                  if layer["kind"] != "activation"]
        floats = sum(math.prod(layer["output"]) for layer, after in
                     zip(layers, layers[1:] + [None])
                     if after is None or after["kind"] != "maxpool2d")
        picks = sum(math.prod(layer["output"]) for layer in layers
                    if layer["kind"] == "maxpool2d")
        more = large["memory"]["training"] - small["memory"]["training"]
        self.assertGreaterEqual(more, 100 * (4 * floats + picks))
        self.assertLess(more, 2 * 100 * (4 * floats + picks))
        self.assertEqual(large["memory"]["parameters"],
                         small["memory"]["parameters"])


if __name__ == "__main__":
    unittest.main()
