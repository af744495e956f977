"""Datasets by number, slice, list and mask; loops, splits, copies."""

import copy
import pickle
import tempfile
import unittest

import numpy as np
from support import bars, cnn, small_net, write_idx


class Picking(unittest.TestCase):
    def setUp(self):
        self.images, self.labels = bars(30)
        self.data = cnn.Dataset(self.images, self.labels)
        self.x = self.data.read()[0]

    def test_single_samples(self):
        for index in 0, 7, -1, np.int64(3), np.array(4):
            image, label = self.data[index]
            np.testing.assert_array_equal(image, self.x[index])
            self.assertEqual(label, self.labels[index])
            self.assertIs(type(label), int)
        for bad in 30, -31, 2**40:
            with self.assertRaises(IndexError):
                self.data[bad]
        for bad in "3", 1.0, None, (1, 2), b"1", object(), True, np.array(True):
            with self.assertRaises((TypeError, ValueError)):
                self.data[bad]

    def test_several(self):
        """As numpy has it."""
        for index in (slice(None, None, 2), slice(20, 3, -3), [3, 1, 1, -1],
                      np.array([5], np.uint8), np.zeros(0, int),
                      self.labels == 3, list(self.labels < 2), slice(4, 9),
                      slice(9, 4)):
            part = self.data[index]
            np.testing.assert_array_equal(part.images, self.x[index])
            np.testing.assert_array_equal(part.labels, self.labels[index])
        self.assertEqual(len(self.data[[]]), 0)
        for bad, error in (([30], IndexError), ([0, -31], IndexError),
                           ([True], ValueError), ([1.5], TypeError),
                           (np.zeros((2, 2), int), ValueError)):
            with self.assertRaises(error):
                self.data[bad]

    def test_all_that_belongs_to_them(self):
        weights = np.arange(30, dtype=np.float32)
        aims = np.random.default_rng(1).random((30, 3, 2), np.float32)
        data = cnn.Dataset(self.images, targets=aims, sample_weight=weights,
                           scale=2.0, offset=-1, pad=2)
        for part in data[[4, 2]], pickle.loads(pickle.dumps(data))[[4, 2]]:
            np.testing.assert_array_equal(part.weights(), [4, 2])
            np.testing.assert_array_equal(part.targets()[:, 0], aims[[4, 2]])
            np.testing.assert_array_equal(part.images, data.images[[4, 2]])
        np.testing.assert_array_equal(data[5][1], data.targets([5])[0])
        counted = cnn.Dataset(self.images, self.labels,
                              class_weight=np.arange(10.0))
        np.testing.assert_array_equal(counted[::-1].weights(),
                                      self.labels[::-1])
        twins = cnn.Dataset(self.images, targets="images")[[3, 5]]
        np.testing.assert_array_equal(twins.targets(), twins.images)
        alone = cnn.Dataset(self.images)
        self.assertIsNone(alone[0][1])
        self.assertEqual(len(alone[::3]), 10)

    def test_bytes_stay_bytes(self):
        """Of files too, whose pixels only C has."""
        with tempfile.TemporaryDirectory() as folder:
            paths = write_idx(folder, "some", self.images, self.labels)
            for options in ({}, {"scale": 2 / 255, "offset": -1, "pad": 2},
                            {"scale": -0.3, "offset": 0.1}):
                data = cnn.Dataset.load(*paths, **options)
                whole = pickle.loads(pickle.dumps(data))
                self.assertEqual(whole.fingerprint, data.fingerprint)
                part = data[[9, 4]]
                np.testing.assert_array_equal(part.images,
                                              data.images[[9, 4]])
                self.assertEqual(data[:5][::2].fingerprint,
                                 data[[0, 2, 4]].fingerprint)
                self.assertLess(len(pickle.dumps(data)), 30 * 256 + 2000)
            # Where rounding hides them it is the numbers that are kept.
            far = cnn.Dataset.load(*paths, scale=1e-9, offset=1.0)
            np.testing.assert_array_equal(far[[9, 4]].images,
                                          far.images[[9, 4]])

    def test_loops(self):
        seen = list(self.data)
        self.assertEqual(len(seen), 30)
        np.testing.assert_array_equal([x for x, _ in seen], self.x)
        self.assertEqual([y for _, y in seen], list(self.labels))
        sizes, order = [], []
        for x, y in self.data.batches(8, seed=1):
            sizes.append(len(x))
            order += list(x.sum((1, 2, 3)))
            self.assertEqual(y.dtype, np.int32)
        self.assertEqual(sizes, [8, 8, 8, 6])
        self.assertNotEqual(order, list(self.x.sum((1, 2, 3))))
        self.assertEqual(sorted(order), sorted(self.x.sum((1, 2, 3))))
        np.testing.assert_array_equal(
            np.concatenate([x for x, _ in self.data.batches(7)]), self.x)
        with self.assertRaises(ValueError):
            next(self.data.batches(0))

    def test_split(self):
        train, held = self.data.split(0.2, seed=5)
        self.assertEqual((len(train), len(held)), (24, 6))
        both = np.concatenate([train.images, held.images])
        self.assertEqual(sorted(both.sum((1, 2, 3))),
                         sorted(self.x.sum((1, 2, 3))))
        again = self.data.split(0.2, seed=5)[1]
        self.assertEqual(again.fingerprint, held.fingerprint)
        other = self.data.split(0.2, seed=6)[1]
        self.assertNotEqual(other.fingerprint, held.fingerprint)
        last = self.data.split(0.1, seed=None)[1]
        self.assertEqual(last.fingerprint, self.data[27:].fingerprint)
        for bad in 0, 1, -0.5, 0.001, 0.999, float("nan"):
            with self.assertRaises(ValueError):
                self.data.split(bad)

    def test_labels(self):
        self.assertEqual(list(self.data.labels), list(self.labels))
        with self.assertRaises(RuntimeError):
            cnn.Dataset(self.images).labels

    def test_predict(self):
        net = small_net().build((16, 16), 7)
        want = net.predict(self.x)
        for run in net.predict, net, cnn.Session(net).predict:
            np.testing.assert_array_equal(run(self.data), want)
        np.testing.assert_array_equal(net(self.data[::2]).shape, (15, 10))
        with self.assertRaisesRegex(ValueError, r"\(1, 20, 20\)"):
            net.predict(cnn.Dataset(self.images, self.labels, pad=2))


class Copies(unittest.TestCase):
    def test_shared_and_not(self):
        images, labels = bars(10)
        data = cnn.Dataset(images, labels)
        shallow, deep = copy.copy(data), copy.deepcopy(data)
        before = data.fingerprint
        self.assertEqual(shallow.fingerprint, before)
        self.assertEqual(deep.fingerprint, before)
        images[0] = 0
        self.assertNotEqual(shallow.fingerprint, before)
        self.assertEqual(deep.fingerprint, before)

    def test_a_slice_takes_only_its_own(self):
        data = cnn.Dataset(*bars(1000))
        self.assertLess(len(pickle.dumps(data[5:8])), 3 * 256 + 2000)
        part = pickle.loads(pickle.dumps(data[5:8]))
        self.assertEqual(part.fingerprint, data[5:8].fingerprint)

    def test_closed(self):
        data = cnn.Dataset(*bars(5))
        data.close()
        for use in (lambda: data[0], lambda: data[::2], lambda: list(data),
                    lambda: data.labels, lambda: pickle.dumps(data),
                    lambda: copy.copy(data), lambda: data.split(0.5)):
            with self.assertRaisesRegex(RuntimeError, "is closed"):
                use()
        self.assertEqual(repr(data), "<Dataset, closed>")


if __name__ == "__main__":
    unittest.main()
