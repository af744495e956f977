"""Float targets, sample and class weights, and the losses that take them."""

import unittest

import numpy as np
from support import cnn


def line(count, seed=0):
    """Vectors, and numbers that follow from them."""
    draw = np.random.default_rng(seed)
    x = draw.uniform(-1, 1, (count, 6)).astype(np.float32)
    return x, (2 * x[:, :1] - x[:, 1:2] + 0.5).astype(np.float32)


class Training(unittest.TestCase):
    def test_fit_of_numbers(self):
        x, y = line(400)
        net = cnn.Net([cnn.Dense(1)], loss="mse")
        net.fit(x, y, epochs=60, batch_size=20, progress=False,
                optimizer=cnn.Adam(0.02))
        found = net.evaluate(x, y)
        self.assertLess(found.loss, 1e-4)
        self.assertEqual(found.correct, 0)
        np.testing.assert_allclose(net.predict(x), y, atol=0.05)

    def test_several_labels(self):
        draw = np.random.default_rng(1)
        x = draw.uniform(-1, 1, (500, 4)).astype(np.float32)
        y = (x[:, :3] > 0).astype(np.float32)
        net = cnn.Net([cnn.Dense(3), cnn.Sigmoid()],
                      loss="binary_cross_entropy")
        net.fit(x, y, epochs=40, batch_size=20, progress=False,
                optimizer=cnn.Adam(0.05))
        self.assertGreater(net.evaluate(x, y).accuracy, 0.9)
        p = net.predict(x)
        self.assertTrue(((p >= 0) & (p <= 1)).all())
        self.assertGreater(((p > 0.5) == (y > 0.5)).mean(), 0.95)

    def test_images_as_targets(self):
        draw = np.random.default_rng(2)
        images = draw.integers(0, 256, (40, 1, 4, 4), np.uint8)
        data = cnn.Dataset(images, targets="images")
        self.assertEqual(data.target_shape, (1, 4, 4))
        np.testing.assert_array_equal(data.targets([3, 1]),
                                      data.read([3, 1])[0])
        net = cnn.Net([cnn.Conv2D(1, 3, padding="same")], loss="mae")
        first = net.fit(data, epochs=1, batch_size=8, progress=False)
        self.assertIsNotNone(first)

    def test_settings_of_losses(self):
        x, y = line(30)
        net = cnn.Net([cnn.Dense(1)])
        net.set_loss("huber", huber_delta=0.25)
        net.build((6, 1, 1), 30, seed=1)
        small = net.evaluate(x, y).loss
        net.set_loss("huber")
        self.assertLess(small, net.evaluate(x, y).loss)
        for settings in {"huber_delta": -1.0}, {"label_smoothing": 1.5}:
            with self.assertRaises(ValueError):
                net.set_loss("huber", **settings)


class Weights(unittest.TestCase):
    def test_as_repeated(self):
        x, y = line(8)
        steps = []
        for samples, weights in ((list(range(8)) + [0], None),
                                 (list(range(8)), [2] + 7 * [1.0])):
            net = cnn.Net([cnn.Dense(1)], loss="mse")
            net.build((6, 1, 1), 9, seed=1)
            steps.append(net.train_step(
                cnn.SGD(0.1), x[samples], y[samples],
                None if weights is None else np.float32(weights)).loss)
        self.assertAlmostEqual(steps[0], steps[1], 6)

    def test_datasets(self):
        x, y = line(6)
        labels = np.array([0, 1, 0, 1, 0, 1])
        own = np.arange(1, 7, dtype=np.float32)
        data = cnn.Dataset(x, labels, sample_weight=own,
                           class_weight=np.float32([1, 0.5]))
        np.testing.assert_array_equal(data.weights(),
                                      [1, 1, 3, 2, 5, 3])
        np.testing.assert_array_equal(data[2:4].weights(), [3, 2])
        self.assertIsNone(data.target_shape)
        # More than one slice of an evaluation, and a mean by weight.
        net = cnn.Net([cnn.Dense(1)], loss="mse")
        net.build((6, 1, 1), 2, seed=1)
        data = cnn.Dataset(x, targets=y, sample_weight=own)
        each = np.array([net.evaluate(x[i:i + 1], y[i:i + 1]).loss
                         for i in range(6)])
        self.assertAlmostEqual(net.evaluate(data).loss,
                               float((each * own).sum() / own.sum()), 6)

    def test_unlabelled(self):
        x, y = line(4)
        data = cnn.Dataset(x, targets=y)
        self.assertEqual(data.read()[1].tolist(), [-1, -1, -1, -1])


class Mistakes(unittest.TestCase):
    def test_texts(self):
        x, y = line(4)
        net = cnn.Net([cnn.Dense(1)], loss="mse")
        net.build((6, 1, 1), 4, seed=1)
        y[2] = np.nan
        for call, text in (
            (lambda: net.train_step(cnn.SGD(0.1), x, y),
             "target 0 of sample 2 is nan"),
            (lambda: net.train_step(cnn.SGD(0.1), x, y[:3]),
             "4 samples, 3 labels"),
            (lambda: net.train_step(cnn.SGD(0.1), x, x), "targets"),
            (lambda: net.train_step(cnn.SGD(0.1), x, x[:, :1], np.zeros(4)),
             "the weights of all 4 samples are 0"),
            (lambda: net.train_step(cnn.SGD(0.1), x, x[:, :1], np.ones(3)),
             "sample_weight has shape"),
            (lambda: cnn.Dataset(x, targets=x[:3]), "4 images, targets"),
            (lambda: cnn.Dataset(x, targets="labels"), "'images'"),
            (lambda: cnn.Dataset(x, np.zeros(4, int),
                                 sample_weight=np.float32([1, -1, 1, 1])),
             "weight -1 of sample 1"),
            (lambda: net.evaluate(cnn.Dataset(x)),
             "neither labels nor targets"),
        ):
            with self.assertRaises(ValueError) as caught:
                call()
            self.assertIn(text, str(caught.exception))


if __name__ == "__main__":
    unittest.main()
