"""Normalised datasets, what nets keep of it, and what prepares new images."""

import copy
import pathlib
import pickle
import tempfile
import unittest

import numpy as np
import support
from support import cnn

MEAN = np.array([0.1, 0.4, 0.7], np.float32)
DEVIATION = np.array([0.2, 0.05, 3], np.float32)
PAIR = MEAN, DEVIATION


def pictures(count, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.integers(0, 256, (count, 3, 6, 5), dtype=np.uint8),
            np.arange(count, dtype=np.int32) % 2)


def by_hand(images, pair=PAIR):
    x = images.astype(np.float32) * np.float32(1 / 255)
    mean, deviation = (np.float32(part)[:, None, None] for part in pair)
    return (x - mean) / deviation


def same(got, want):
    np.testing.assert_array_equal(np.asarray(got).view(np.uint32),
                                  np.asarray(want).view(np.uint32))


def net_of(shape=(3, 6, 5)):
    return cnn.Net([cnn.Dense(2)]).build(shape)


class Datasets(unittest.TestCase):
    def test_by_hand(self):
        images, labels = pictures(20)
        for pair in PAIR, [MEAN.tolist(), DEVIATION], np.stack(PAIR):
            data = cnn.Dataset(images, labels, normalisation=pair)
            same(data.images, by_hand(images))
        grey = cnn.Dataset(images[:, 0], labels, normalisation=(0.5, 2))
        same(grey.images, by_hand(images[:, :1], ([0.5], [2])))
        padded = cnn.Dataset(images, labels, pad=1, normalisation=PAIR)
        same(padded.images[:, :, 0, 0],
             np.tile(by_hand(np.zeros((1, 3, 1, 1)))[:, :, 0, 0], (20, 1)))

    def test_the_arrays_are_copied(self):
        images, labels = pictures(20)
        pair = MEAN.copy(), DEVIATION.copy()
        data = cnn.Dataset(images, labels, normalisation=pair)
        pair[0][:] = pair[1][:] = 9
        same(data.images, by_hand(images))
        same(data[[1, 3]].images, by_hand(images[[1, 3]]))

    def test_parts_and_copies(self):
        images, labels = pictures(20)
        with tempfile.TemporaryDirectory() as folder:
            paths = support.write_idx(folder, "t", images, labels)
            several = [
                cnn.Dataset(images, labels, normalisation=PAIR),
                cnn.Dataset.load(*paths, normalisation=PAIR),
                cnn.Dataset.from_bytes(
                    *(path.read_bytes() for path in paths),
                    normalisation=PAIR),
                cnn.Dataset.from_function(
                    20, (3, 6, 5), lambda i: (images[i], labels[i]),
                    classes=2, normalisation=PAIR),
            ]
        for data in several:
            same(data.images, by_hand(images))
            same(data[3:9].images, by_hand(images[3:9]))
            same(data[[4, 2]].images, by_hand(images[[4, 2]]))
            first, second = data.split(0.25, seed=None)
            same(second.images, by_hand(images[15:]))
            for other in (copy.copy(data), copy.deepcopy(data),
                          pickle.loads(pickle.dumps(data))):
                same(other.images, data.images)
        self.assertEqual(len({data.fingerprint for data in several[:3]}), 1)
        self.assertEqual(copy.deepcopy(several[1]).fingerprint,
                         several[1].fingerprint)
        self.assertNotEqual(several[0].fingerprint,
                            cnn.Dataset(images, labels).fingerprint)

    def test_statistics(self):
        images, labels = pictures(50)
        mean, deviation = cnn.Dataset(images, labels, pad=2).statistics()
        x = images.astype(np.float32) * np.float32(1 / 255)
        wide = x.astype(np.float64)
        np.testing.assert_allclose(mean, wide.mean((0, 2, 3)), rtol=1.2e-7)
        np.testing.assert_allclose(deviation, wide.std((0, 2, 3)), rtol=1.2e-7)
        mean, deviation = cnn.Dataset(
            images, labels, normalisation=(mean, deviation)).statistics()
        np.testing.assert_allclose(mean, 0, atol=1e-6)
        np.testing.assert_allclose(deviation, 1, atol=1e-6)
        with self.assertRaisesRegex(ValueError, "no samples"):
            cnn.Dataset(images[:0], labels[:0]).statistics()

        def fails(index):
            raise KeyError("gone")

        with self.assertRaisesRegex(KeyError, "gone"):
            cnn.Dataset.from_function(4, (3, 6, 5), fails).statistics()

    def test_errors(self):
        images, labels = pictures(4)
        for pair, error, text in (
            (3, TypeError, r"expected a pair \(mean, deviation\)"),
            ((1, 2, 3), TypeError, "expected a pair"),
            ((MEAN, 1), ValueError, "deviation of shape"),
            ((MEAN[:2], MEAN[:2]), ValueError, "of 2 channels, but images"),
            ((MEAN, 0 * MEAN), ValueError, "deviation 0 of channel 0"),
            ((MEAN, -MEAN), ValueError, "deviation -0.1 of channel 0"),
            ((MEAN * np.nan, MEAN), ValueError, "mean nan of channel 0"),
        ):
            with self.assertRaisesRegex(error, text):
                cnn.Dataset(images, labels, normalisation=pair)


class Nets(unittest.TestCase):
    def test_kept(self):
        net = net_of()
        self.assertIsNone(net.normalisation)
        net.normalisation = PAIR
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model"
            net.save(path)
            loaded = cnn.Net.load(path)
        for other in net, net.copy(), loaded, pickle.loads(pickle.dumps(net)):
            for got, want in zip(other.normalisation, PAIR):
                same(got, want)
        self.assertIn("normalisation", net.metadata)
        net.normalisation = None
        self.assertIsNone(net.normalisation)
        self.assertNotIn("normalisation", net.metadata)

    def test_checkpoints(self):
        images, labels = pictures(20)
        data = cnn.Dataset(images, labels, normalisation=PAIR)
        net, other = net_of(), net_of()
        net.normalisation = PAIR
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "checkpoint"
            trainer = cnn.Trainer(net, cnn.SGD(0.1), data, batch_size=5)
            trainer.run(3)
            trainer.save(path)
            again = cnn.Trainer(other, cnn.SGD(0.1), data, batch_size=5)
            again.resume(path)
            plain = cnn.Dataset(images, labels)
            with self.assertRaisesRegex(ValueError, "dataset"):
                cnn.Trainer(net_of(), cnn.SGD(0.1), plain,
                            batch_size=5).resume(path)
        for got, want in zip(other.normalisation, PAIR):
            same(got, want)

    def test_errors(self):
        net = net_of()
        net.normalisation = PAIR
        for pair, error in (((1, 2), ValueError), ((MEAN, -MEAN), ValueError),
                            (5, TypeError)):
            with self.assertRaises(error):
                net.normalisation = pair
        same(net.normalisation[0], MEAN)
        net.metadata["normalisation"] = "0.5 0.5"
        with self.assertRaisesRegex(ValueError, "normalisation"):
            net.normalisation
        with self.assertRaisesRegex(ValueError, "normalisation"):
            net.prepare(pictures(1)[0])
        described = cnn.Net([cnn.Dense(2)])
        described.normalisation = PAIR
        for use in (lambda: described.normalisation,
                    lambda: described.prepare(pictures(1)[0])):
            with self.assertRaisesRegex(RuntimeError, "built"):
                use()
        described.build((3, 6, 5))
        same(described.normalisation[1], DEVIATION)


class Preparing(unittest.TestCase):
    def test_as_the_dataset(self):
        images, labels = pictures(20)
        net = net_of()
        same(net.prepare(images), cnn.Dataset(images, labels).images)
        net.normalisation = PAIR
        data = cnn.Dataset(images, labels, normalisation=PAIR)
        same(net.prepare(images), data.images)
        same(net.predict(net.prepare(images)), net.predict(data))
        floats = images.astype(np.float32) / 255
        same(net.prepare(floats, scale=1.0),
             cnn.Dataset(floats, labels, normalisation=PAIR).images)
        padded = net_of((3, 10, 9))
        padded.normalisation = PAIR
        same(padded.prepare(images, scale=2, offset=-1, pad=2),
             cnn.Dataset(images, labels, scale=2, offset=-1, pad=2,
                         normalisation=PAIR).images)

    def test_never_twice(self):
        images, labels = pictures(4)
        net = net_of()
        net.normalisation = PAIR
        once = net.prepare(images)
        with self.assertRaisesRegex(TypeError, "ready to predict"):
            net.prepare(once)
        with self.assertRaisesRegex(TypeError, "is a Dataset"):
            net.prepare(cnn.Dataset(images, labels))
        with self.assertRaisesRegex(TypeError, r"net\.prepare\(x\)"):
            net.predict(images)
        # What a dataset has read is not touched.
        plain = cnn.Dataset(images, labels)
        same(net.predict(plain), net.predict(plain.images))

    def test_other_shapes(self):
        net = net_of()
        with self.assertRaisesRegex(ValueError, "transpose"):
            net.prepare(pictures(4)[0].transpose(0, 2, 3, 1))
        with self.assertRaises(ValueError):
            net.prepare(pictures(4)[0], pad=1)
        with self.assertRaises(ValueError):
            net.prepare(pictures(4)[0], pad=4)


if __name__ == "__main__":
    unittest.main()
