"""What a net makes of samples: probabilities, classes, scores, gradients."""

import unittest

import numpy as np
from support import bars, cnn, small_net


class Probabilities(unittest.TestCase):
    def setUp(self):
        self.data = cnn.Dataset(*bars(30))
        self.x = self.data.images

    def test_softmax_or_not(self):
        layers = [cnn.Conv2D(4, 3), cnn.ReLU(), cnn.Dense(10)]
        logits = cnn.Net(layers).build((16, 16), 30, seed=1)
        top = logits[:3].add(cnn.Softmax()).build((16, 16), 30)
        want = top.predict(self.x)
        for net in logits, top:
            for given in self.x, self.data:
                p = net.predict_proba(given)
                np.testing.assert_allclose(p, want, rtol=1e-5)
                self.assertEqual(p.dtype, np.float32)
                np.testing.assert_array_equal(net.classify(given),
                                              want.argmax(1))
        logits.params[...] *= 1e4  # far beyond what exp() can take
        p = logits.predict_proba(self.x)
        np.testing.assert_allclose(p.sum(1), 1, rtol=1e-5)

    def test_other_losses(self):
        layers = [cnn.Conv2D(2, 3), cnn.Tanh(), cnn.Dense(3)]
        net = cnn.Net(layers, loss="binary_cross_entropy")
        net.build((16, 16), 30)
        y = net.predict(self.x)
        np.testing.assert_allclose(net.predict_proba(self.x),
                                   1 / (1 + np.exp(-y)), rtol=1e-5)
        top = net[:3].add(cnn.Sigmoid())
        top.set_loss("binary_cross_entropy")
        top.build((16, 16), 30)
        np.testing.assert_allclose(top.predict_proba(self.x),
                                   net.predict_proba(self.x), rtol=1e-5)
        for loss in "mse", "mae", "huber":
            net.set_loss(loss)
            with self.assertRaisesRegex(ValueError, "no probabilities"):
                net.predict_proba(self.x)
        rbf = cnn.Net([cnn.Dense(84), cnn.Tanh(), cnn.RBF()],
                      loss="lenet_map").build((16, 16), 30)
        p, y = rbf.predict_proba(self.x), rbf.predict(self.x)
        np.testing.assert_allclose(p.sum(1), 1, rtol=1e-5)
        np.testing.assert_array_equal(rbf.classify(self.x), y.argmin(1))
        np.testing.assert_array_equal(p.argmax(1), y.argmin(1))
        right = rbf.evaluate(self.data).accuracy
        self.assertAlmostEqual(
            np.mean(rbf.classify(self.x) == self.data.labels), right)

    def test_not_built(self):
        for call in small_net().predict_proba, small_net().classify:
            with self.assertRaises(RuntimeError):
                call(self.x)


class Scores(unittest.TestCase):
    def test_labels(self):
        data = cnn.Dataset(*bars(60))
        net = small_net()
        net.fit(data, epochs=3, batch_size=20, progress=False)
        self.assertEqual(net.score(data), net.evaluate(data).accuracy)
        self.assertEqual(net.score(data.images, data.labels),
                         net.score(data))
        right = net.classify(data) == data.labels
        self.assertTrue(0 < right.mean() < 1)
        weights = right.astype(np.float32)
        self.assertEqual(net.score(data, sample_weight=weights), 1)
        self.assertEqual(net.score(data, sample_weight=1 - weights), 0)

    def test_targets(self):
        """R2 by its definition."""
        rng = np.random.default_rng(1)
        x = rng.normal(size=(50, 4)).astype(np.float32)
        y = (x @ rng.normal(size=(4, 2)) + 1).astype(np.float32)
        net = cnn.Net([cnn.Dense(2)], loss="mse")
        net.fit(x, y, epochs=20, batch_size=10, progress=False)
        p = net.predict(x).astype(np.float64)
        want = np.mean(1 - ((p - y) ** 2).sum(0)
                       / ((y - y.mean(0)) ** 2).sum(0))
        self.assertAlmostEqual(net.score(x, y), want, places=6)
        self.assertEqual(net.score(x, net.predict(x)), 1)
        weights = np.zeros(50, np.float32)
        weights[:20] = 2
        self.assertAlmostEqual(net.score(x, y, weights),
                               net.score(x[:20], y[:20]), places=6)
        same = np.ones((50, 2), np.float32)
        self.assertEqual(net.score(x, same), 0)  # nothing to explain

    def test_refused(self):
        net = small_net().build((16, 16), 30)
        for bad in (np.zeros((0, 16, 16), np.float32), []), \
                (np.zeros((2, 3), np.float32), [0, 1]):
            with self.assertRaises(ValueError):
                net.score(*bad)
        with self.assertRaises(RuntimeError):
            small_net().score(cnn.Dataset(*bars(3)))


class Gradients(unittest.TestCase):
    def test_check(self):
        net = cnn.Net([cnn.Conv2D(3, 3), cnn.Tanh(), cnn.BatchNorm(),
                       cnn.Dropout(0.3), cnn.Dense(10)])
        net.build((16, 16), 10)
        data = cnn.Dataset(*bars(8))
        before = net.state_dict()
        found = net.gradcheck(*data.read())
        self.assertLess(found.error, 5e-3)
        self.assertIn(found.name, net.tensors())
        self.assertAlmostEqual(found.gradient, found.slope, places=3)
        for name, values in net.state_dict().items():
            np.testing.assert_array_equal(values, before[name])
        few = net.gradcheck(*data.read(), per_tensor=2, step=1e-2)
        self.assertEqual(few.checked, 12)
        aims = np.zeros((8, 10), np.float32)
        net.set_loss("mse")
        net.gradcheck(data.images, aims, np.ones(8, np.float32))
        for bad in ({"step": 0}, {"step": -1}, {"per_tensor": 0}):
            with self.assertRaises(ValueError):
                net.gradcheck(*data.read(), **bad)
        with self.assertRaises(RuntimeError):
            small_net().gradcheck(*data.read())
        nothing = cnn.Net([cnn.ReLU()], loss="mse").build(3, 1)
        x = np.ones((1, 3), np.float32)
        self.assertIsNone(nothing.gradcheck(x, x).name)


if __name__ == "__main__":
    unittest.main()
