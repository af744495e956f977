"""N H W C given for N C H W: refused with a text, not trained on."""

import itertools
import unittest

import numpy as np
from support import cnn, small_net

COLOUR = (20, 16, 16, 3)
LABELS = np.arange(20) % 10


def images(shape, kind=np.float32):
    rng = np.random.default_rng(1)
    return (rng.random(shape) * 255).astype(kind)


class Unknown(unittest.TestCase):
    """Before anything says what an image is."""

    def refused(self, call, shape):
        with self.assertRaises(ValueError) as caught:
            call()
        text = str(caught.exception)
        for part in (str(shape), "(N, H, W, C)", "(N, C, H, W)",
                     "images.transpose(0, 3, 1, 2)",
                     f"shape={shape[1:]}"):
            self.assertIn(part, text)

    def test_datasets(self):
        for shape, kind in itertools.product(
                (COLOUR, (20, 28, 28, 1), (20, 32, 32, 4), (20, 5, 5, 3),
                 (20, 48, 64, 3), (20, 64, 48, 3)),
                (np.uint8, np.float32, np.float64)):
            x = images(shape, kind)
            self.refused(lambda: cnn.Dataset(x, LABELS), shape)
            data = cnn.Dataset(x.transpose(0, 3, 1, 2), LABELS)
            self.assertEqual(data.shape, (shape[3], *shape[1:3]))

    def test_fit(self):
        x = images(COLOUR)
        net = small_net()
        self.refused(lambda: net.fit(x, LABELS, progress=False), COLOUR)
        self.assertEqual(net.max_batch, 0)
        self.refused(lambda: net.fit((x, LABELS), progress=False), COLOUR)
        net.fit(x.transpose(0, 3, 1, 2), LABELS, progress=False,
                batch_size=10)
        self.assertEqual(net.in_shape, (3, 16, 16))

    def test_what_is_no_picture(self):
        """Maps, signals, and small images of few channels."""
        for shape in ((20, 3, 16, 16), (20, 1, 28, 28), (20, 16, 4, 4),
                      (20, 3, 3, 1), (20, 4, 4, 3), (20, 1, 3, 3),
                      (20, 8, 128, 1), (20, 64, 1, 1), (20, 128, 10, 3),
                      (20, 16, 100, 4), (20, 3, 3, 3), (20, 6, 12, 12),
                      (20, 32, 32, 32), (20, 16, 16, 2), (20, 28, 28),
                      (20, 28, 3), (20, 784)):
            shown = cnn.Dataset(images(shape), LABELS).read()[0]
            self.assertEqual(shown.size, np.prod(shape))

    def test_said_explicitly(self):
        x = images(COLOUR)
        data = cnn.Dataset(x, LABELS, shape=(16, 16, 3))
        self.assertEqual(data.shape, (16, 16, 3))
        np.testing.assert_array_equal(data.read()[0], x)
        net = cnn.Net([cnn.Dense(10)]).build((16, 16, 3), 10)
        net.fit(x, LABELS, progress=False)
        self.assertEqual(net.evaluate(x, LABELS).count, 20)


class Shape(unittest.TestCase):
    """The shape that a dataset is given."""

    def test_sizes_of_one(self):
        x = images((20, 28, 28, 1), np.uint8)
        for given in x, x[..., 0], x.transpose(0, 3, 1, 2):
            for shape in (1, 28, 28), (28, 28), [1, 28, 28]:
                data = cnn.Dataset(given, LABELS, shape=shape)
                self.assertEqual(data.shape, (1, 28, 28))
        data = cnn.Dataset(x[:, 0, :, 0], LABELS, shape=28, pad=0)
        self.assertEqual(data.shape, (28, 1, 1))

    def test_others(self):
        for shape in (3, 16, 16), (16, 16), 768, (16, 3, 16):
            with self.assertRaisesRegex(ValueError, r"\(20, 16, 16, 3\)"):
                cnn.Dataset(images(COLOUR), LABELS, shape=shape)
        for bad in "3", (1, 2, 3, 4), (1.5, 2, 3):
            with self.assertRaises((ValueError, TypeError)):
                cnn.Dataset(images(COLOUR), LABELS, shape=bad)


class Known(unittest.TestCase):
    """A net that is built knows what an image is."""

    def setUp(self):
        self.net = small_net().build((3, 16, 16), 10)

    def refused(self, call):
        with self.assertRaises(ValueError) as caught:
            call()
        text = str(caught.exception)
        for part in ("16, 16, 3", "3, 16, 16", "transpose(0, 3, 1, 2)"):
            self.assertIn(part, text)

    def test_running(self):
        x, net = images(COLOUR), self.net
        for call in (lambda: net.predict(x), lambda: net.forward(x),
                     lambda: net.train_step(cnn.SGD(0.1), x[:9], LABELS[:9]),
                     lambda: cnn.Session(net).predict(x),
                     lambda: net.layers[0].forward(x)):
            self.refused(call)
        right = x.transpose(0, 3, 1, 2)
        self.assertEqual(net.predict(right).shape, (20, 10))
        with self.assertRaises(ValueError) as caught:
            net.predict(x[:, 1:])
        self.assertNotIn("transpose", str(caught.exception))

    def test_datasets(self):
        x, net = images(COLOUR), self.net
        explicit = cnn.Dataset(x, LABELS, shape=COLOUR[1:])
        right = cnn.Dataset(x.transpose(0, 3, 1, 2), LABELS)
        for wrong in (x, LABELS), explicit:
            for call in (
                    lambda: net.fit(wrong, progress=False),
                    lambda: net.evaluate(wrong),
                    lambda: cnn.Trainer(net, cnn.SGD(0.1), wrong),
                    lambda: net.fit(right, validation_data=wrong,
                                    progress=False)):
                self.refused(call)
        net.fit(right, validation_data=right, progress=False)
        with self.assertRaisesRegex(ValueError, "17"):
            net.evaluate(images((20, 3, 17, 16)), LABELS)

    def test_sizes_of_one(self):
        """As in predict(), they do not matter."""
        x = images((20, 16, 16, 1))
        net = small_net().build((1, 16, 16), 10)
        want = net.evaluate(x[..., 0], LABELS)
        self.assertEqual(net.evaluate(x, LABELS), want)
        np.testing.assert_array_equal(
            net.predict(x), net.predict(x.transpose(0, 3, 1, 2)))


if __name__ == "__main__":
    unittest.main()
