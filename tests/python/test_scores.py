"""Net.scores(): of classes, of several labels, of numbers."""

import copy
import math
import pickle
import unittest

import numpy as np
from support import bars, cnn, small_net


def echo(count, loss):
    """A net that hands on its inputs."""
    net = cnn.Net([cnn.Reshape((count, 1, 1))], loss=loss)
    return net.build(count, 2)


class Classes(unittest.TestCase):
    def test_as_by_hand(self):
        y = np.float32([[0, 2, 1], [3, 3, 0], [-1, -2, -3], [0, 0, 1],
                        [5, 6, 7], [2, 0, 2], [0, 0, 0]])
        net = echo(3, "softmax_cross_entropy")
        labels = [1, 0, 1, 2, 0, 2, 0]
        found = net.scores(y, labels, top_k=2)
        self.assertEqual((found.kind, found.outputs, found.top_k),
                         ("classes", 3, 2))
        self.assertEqual((found.count, found.correct), (7, 4))
        self.assertAlmostEqual(found.accuracy, 4 / 7)
        self.assertAlmostEqual(found.top_k_accuracy, 6 / 7)
        self.assertAlmostEqual(found.macro_f1, (4 / 7 + 2 / 3 + 1 / 2) / 3)
        self.assertTrue(math.isnan(found.r2))
        one = found.classes[1]
        self.assertEqual((one.support, one.true_positives,
                          one.false_positives, one.false_negatives),
                         (2, 1, 0, 1))
        self.assertEqual((one.precision, one.recall), (1, 0.5))
        self.assertEqual(found.loss, net.evaluate(y, labels).loss)
        for twin in pickle.loads(pickle.dumps(found)), copy.deepcopy(found):
            self.assertEqual(repr(twin), repr(found))
            self.assertEqual(repr(twin.classes), repr(found.classes))
            self.assertEqual(twin.table(), found.table())

    def test_as_the_confusion_matrix(self):
        net = small_net().build((16, 16), 8, seed=3)
        data = cnn.Dataset(*bars(60))
        net.fit(data, epochs=2, batch_size=8, progress=False)
        evaluated = net.evaluate(data, confusion=True)
        found = net.scores(data)
        table = evaluated.confusion
        for k, one in enumerate(found.classes):
            self.assertEqual(one.true_positives, table[k, k])
            self.assertEqual(one.support, table[k].sum())
            self.assertEqual(one.false_positives,
                             table[:, k].sum() - table[k, k])
        self.assertEqual(found.correct, evaluated.correct)
        self.assertEqual(found.top_k, 5)

    def test_weights(self):
        y = np.eye(3, dtype=np.float32)
        data = cnn.Dataset(y, [0, 1, 0],
                           sample_weight=np.float32([2, 1, 0.5]))
        found = echo(3, "softmax_cross_entropy").scores(data)
        self.assertEqual(found.weight, 3.5)
        self.assertEqual(found.accuracy, 3 / 3.5)
        self.assertEqual(found.classes[0].support, 2.5)


class Others(unittest.TestCase):
    def test_several_labels(self):
        logits = np.float32([[2, -1], [1, 1], [-1, 3]])
        there = np.float32([[1, 0], [1, 0], [0, 1]])
        net = echo(2, "binary_cross_entropy")
        found = net.scores(logits, there)
        self.assertEqual(found.kind, "labels")
        self.assertAlmostEqual(found.accuracy, 2 / 3)
        self.assertAlmostEqual(found.element_accuracy, 5 / 6)
        self.assertAlmostEqual(net.scores(logits, there, threshold=0.8)
                               .accuracy, 2 / 3)
        self.assertEqual(net.scores(logits, there, threshold=0.8)
                         .classes[1].false_positives, 0)

    def test_numbers(self):
        y = np.float32([[0.5, 3], [5, 3]])
        targets = np.float32([[0, 3], [4, 3]])
        found = echo(2, "mse").scores(y, targets)
        self.assertEqual(found.kind, "numbers")
        self.assertEqual(found.classes[0].mae, 0.75)
        self.assertEqual(found.classes[0].r2, 1 - 1.25 / 8)
        self.assertEqual(found.classes[1].r2, 1)
        self.assertAlmostEqual(found.mse, 0.625 / 2)
        self.assertTrue(math.isnan(found.accuracy))


class Texts(unittest.TestCase):
    def test_repr_shows_what_applies(self):
        net = echo(2, "mse")
        text = repr(net.scores(np.float32([[1, 2], [2, 2]]),
                               np.float32([[1, 2], [2, 3]])))
        self.assertTrue(text.startswith("Scores(kind='numbers', loss="), text)
        self.assertIn("mae=0.25", text)
        self.assertNotIn("nan", text)
        self.assertNotIn("f1", text)

    def test_table(self):
        net = echo(2, "softmax_cross_entropy")
        found = net.scores(np.float32([[1, 0], [0, 1], [1, 0]]), [0, 1, 1])
        self.assertEqual(found.table(["cat", "dog"]).split("\n"), [
            "       precision     recall         f1    support",
            "cat          0.5          1     0.6667          1",
            "dog            1        0.5     0.6667          2",
            "macro       0.75       0.75     0.6667",
            "micro     0.6667     0.6667     0.6667"])
        self.assertEqual(found.table().split("\n")[1].split()[0], "0")
        with self.assertRaisesRegex(ValueError, "1 names, 2 outputs"):
            found.table(["cat"])
        numbers = echo(2, "mse").scores(np.float32([[1, 2], [2, 2]]),
                                        np.float32([[1, 2], [2, 3]]))
        lines = [line.split() for line in numbers.table().split("\n")]
        self.assertEqual(lines[0], ["mae", "mse", "rmse", "r2"])
        self.assertEqual(lines[1], ["0", "0", "0", "0", "1"])
        self.assertEqual(lines[-1][0], "mean")

    def test_mistakes(self):
        y, labels = np.eye(2, dtype=np.float32), [0, 1]
        net = echo(2, "softmax_cross_entropy")
        for settings, text in (
            ({"threshold": 0}, "threshold 0, expected above 0"),
            ({"threshold": 1.0}, "threshold 1, expected above 0 and below 1"),
            ({"threshold": math.nan}, "threshold nan"),
            ({"top_k": 3}, "top_k 3, expected 1 to 2"),
            ({"top_k": 0}, "top_k 0, expected 1"),
        ):
            with self.assertRaisesRegex(ValueError, text):
                net.scores(y, labels, **settings)
        with self.assertRaises(TypeError):
            net.scores(y, labels, top_k=1.5)
        with self.assertRaises(TypeError):
            net.scores(y, labels, threshold="half")
        with self.assertRaises(RuntimeError):
            cnn.Net([cnn.Dense(2)]).scores(y, labels)


if __name__ == "__main__":
    unittest.main()
