"""Losses that are written in Python."""

import gc
import pickle
import unittest
import weakref

import numpy as np
from support import bars, cnn


def cross_entropy(y, label):
    """That of libcnn, for one sample."""
    powers = np.exp(y - y.max())
    p = powers / powers.sum()
    loss = -np.log(p[label])
    p[label] -= 1
    return loss, p


def squares(y, target):
    """The mean squared error."""
    return np.mean((y - target) ** 2), 2 * (y - target) / y.size


class Losses(unittest.TestCase):
    def setUp(self):
        self.data = cnn.Dataset(*bars(60))

    def net(self, **settings):
        return cnn.Net([cnn.Conv2D(2, 3), cnn.Tanh(), cnn.Dense(10)],
                       **settings)

    def test_like_those_of_libcnn(self):
        x = self.data.images
        aims = np.random.default_rng(1).normal(size=(60, 10))
        for own, name, y in (
                (cross_entropy, "softmax_cross_entropy", self.data.labels),
                (squares, "mse", aims.astype(np.float32))):
            for reduction in "mean", "sum":
                nets = [self.net(loss=loss, reduction=reduction).build(
                    (16, 16), 60, seed=1) for loss in (own, name)]
                for net in nets:
                    net.fit(x, y, steps=3, progress=False, seed=1,
                            optimizer=cnn.SGD(1e-3))
                self.assertIs(nets[0].loss, own)
                np.testing.assert_allclose(
                    nets[0].params, nets[1].params, rtol=1e-3, atol=1e-5)
                found = [net.evaluate(x, y).loss for net in nets]
                self.assertAlmostEqual(found[0] / found[1], 1, places=4)

    def test_gradient(self):
        net = self.net(loss=cross_entropy).build((16, 16), 10)
        found = net.gradcheck(*self.data.read(range(5)))
        self.assertLess(found.error, 5e-3)

    def test_exceptions(self):
        raised = KeyError("mine")

        def bad(y, target):
            raise raised

        net = self.net(loss=bad).build((16, 16), 20)
        before = net.params.copy()
        x, labels = self.data.read(range(20))
        for call in (lambda: net.fit(self.data, progress=False),
                     lambda: net.evaluate(self.data),
                     lambda: net.train_step(cnn.SGD(1), x, labels)):
            with self.assertRaises(KeyError) as caught:
                call()
            self.assertIs(caught.exception, raised)
        for answer, text in (
                (3, r"<lambda> gave 3, expected a pair \(loss, dy\)"),
                (None, "gave None, expected a pair"),
                ((1.0, 2.0, 3.0), "expected a pair"),
                ((1.0, None), "the gradient of <lambda> gave None"),
                ((1.0, np.zeros(3)), r"shape \(3,\), expected \(10,\)"),
                ((np.zeros(2), np.zeros(10)), r"a loss of shape \(2,\)"),
                (("a", np.zeros(10)), "the loss of <lambda> gave <U1")):
            net.set_loss(lambda y, target: answer)
            with self.assertRaisesRegex((TypeError, ValueError), text):
                net.train_step(cnn.SGD(1), x, labels)
        net.set_loss(lambda y, target: (float("inf"), y))
        with self.assertRaises(RuntimeError):
            net.train_step(cnn.SGD(1), x, labels)
        np.testing.assert_array_equal(net.params, before)
        net.set_loss("mse")
        net.fit(self.data, progress=False)

    def test_kept(self):
        """By the net and its copies, and no longer."""
        def loss(y, target):
            return cross_entropy(y, target)

        watched = weakref.ref(loss)
        net = self.net(loss=loss).build((16, 16), 20)
        del loss
        twin = net.copy()
        net.set_loss("mse")
        gc.collect()
        twin.fit(self.data, progress=False)
        self.assertIs(twin.loss, watched())
        self.assertIn("loss=loss", repr(twin))
        twin.set_loss("mse")
        gc.collect()
        self.assertIsNone(watched())

    def test_of_an_object_with_the_net(self):
        """All of it is collected."""
        class Task:
            """Has the net that has its loss."""

            def __init__(self, net):
                self.net = net
                net.set_loss(self.loss)

            def loss(self, y, label):
                return cross_entropy(y, label)

        task = Task(self.net().build((16, 16), 20))
        watched = weakref.ref(task), weakref.ref(task.net._h)
        trainer = cnn.Trainer(task.net, cnn.SGD(), self.data)
        del task
        gc.collect()
        trainer.step()
        del trainer
        gc.collect()
        self.assertEqual([ref() for ref in watched], [None, None])

    def test_files(self):
        net = self.net(loss=cross_entropy).build((16, 16), 20)
        loaded = cnn.load(net.to_bytes(), net.max_batch)
        self.assertEqual(loaded.loss, "custom")
        np.testing.assert_array_equal(loaded.predict(self.data),
                                      net.predict(self.data))
        with self.assertRaisesRegex(RuntimeError, r"net.set_loss\(function\)"):
            loaded.evaluate(self.data)
        for twin in pickle.loads(pickle.dumps(net)), net.copy():
            self.assertEqual(twin.evaluate(self.data),
                             net.evaluate(self.data))
        loaded.set_loss(cross_entropy)
        self.assertEqual(loaded.evaluate(self.data), net.evaluate(self.data))


if __name__ == "__main__":
    unittest.main()
