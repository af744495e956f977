"""Whatever one hands over: an exception, and no crash."""

import itertools
import unittest

import numpy as np
from support import bars, cnn, small_net

# None of these is a number of anything, a layer, an array of samples, ...
HUGE = 2**31, -(2**31) - 1, 2**32 + 1, 2**63, -(2**64), 10**30
WRONG = None, "3", b"3", 1.5, [], {}, object(), np.zeros(3), float("nan")

# What may come of nonsense.
REFUSALS = ValueError, TypeError, RuntimeError, MemoryError, OSError, KeyError


def data():
    return cnn.Dataset(*bars(30))


def built():
    return small_net().build((16, 16), 10)


class Integers(unittest.TestCase):
    """ctypes would cut them down to their last bits."""

    def test_too_large(self):
        net, some = built(), data()
        for n in HUGE:
            for call in (
                    lambda: cnn.Conv2D(n, 3), lambda: cnn.Conv2D(3, n),
                    lambda: cnn.Conv2D(3, (3, n)),
                    lambda: cnn.Conv2D(3, 3, stride=n),
                    lambda: cnn.Conv2D(3, 3, dilation=(1, n)),
                    lambda: cnn.Conv2D(3, 3, groups=n),
                    lambda: cnn.Conv2D(3, 3, padding=n),
                    lambda: cnn.Conv2D(3, 3, padding=(0, 0, 0, n)),
                    lambda: cnn.MaxPool2D(n), lambda: cnn.AvgPool2D((1, n)),
                    lambda: cnn.Subsample2D(2, stride=n),
                    lambda: cnn.Dense(n), lambda: cnn.RBF(n),
                    lambda: small_net().build((n, 3)),
                    lambda: small_net().build((16, 16), n),
                    lambda: cnn.Dense(3).build(n, 1),
                    lambda: cnn.Dense(3).build(3, n),
                    lambda: some.slice(n, 1), lambda: some.slice(0, n),
                    lambda: cnn.Dataset(*bars(3), pad=n),
                    lambda: net.evaluate(np.zeros((1, 16, 16)), [n]),
                    lambda: net.fit(some, batch_size=n),
                    lambda: cnn.Session(net, n),
                    lambda: cnn.load(b"", n),
                    lambda: cnn.set_num_threads(n),
                    lambda: cnn.StepDecay(steps=n).lr(1, 0),
                    lambda: cnn.Schedule(warmup=n).lr(1, 0)):
                with self.assertRaises(ValueError):
                    call()

    def test_seeds(self):
        for n in -1, 2**64, 10**30:
            with self.assertRaises(ValueError):
                small_net().build((16, 16), 1, seed=n)
            with self.assertRaises(ValueError):
                cnn.Dense(1).build(1, 1, seed=n)
        for n in -1, 2**64:
            with self.assertRaises(ValueError):
                cnn.Trainer(built(), cnn.SGD(), data(), seed=n)

    def test_zero_is_no_default(self):
        for call in (
                lambda: cnn.Conv2D(1, 1, stride=0),
                lambda: cnn.Conv2D(1, 1, stride=(1, 0)),
                lambda: cnn.Conv2D(1, 1, dilation=0),
                lambda: cnn.Conv2D(1, 1, groups=0),
                lambda: cnn.MaxPool2D(2, stride=0),
                lambda: cnn.BatchNorm(epsilon=0),
                lambda: cnn.Trainer(built(), cnn.SGD(), data(),
                                    batch_size=0),
                lambda: cnn.Trainer(built(), cnn.SGD(), data(),
                                    clip_norm=0)):
            with self.assertRaises(ValueError):
                call()

    def test_zero_is_zero(self):
        for layer, name in (
                (cnn.BatchNorm(momentum=0), "momentum"),
                (cnn.LeakyReLU(0), "alpha"), (cnn.ELU(0.0), "alpha"),
                (cnn.Dense(1, weight_init=("normal", 0)), "weight_scale")):
            self.assertEqual(layer.settings()[name], 0.0)
        self.assertEqual(cnn.ELU().settings()["alpha"], 1.0)
        self.assertEqual(cnn.ELU(None).settings()["alpha"], 1.0)
        step = cnn.StepDecay(steps=2, factor=0)
        self.assertEqual([step.lr(1, t) for t in (1, 2)], [1.0, 0.0])
        self.assertAlmostEqual(cnn.StepDecay(steps=2).lr(1, 2), 0.1, 6)
        with self.assertRaisesRegex(ValueError, "0 as a float32"):
            cnn.ELU(1e-60)

    def test_optimizers_without_memory(self):
        for rule in (cnn.Adam(0.25, beta1=0, beta2=0.0, eps=0),
                     cnn.AdamW(0.25, beta1=0, beta2=0, eps=0, weight_decay=0),
                     cnn.RMSprop(0.25, decay=0, eps=-0.0)):
            layer = cnn.Dense(1, bias=False).build(2, 1)
            layer.params[:], layer.grads[:] = 1, (4, -0.5)
            layer.update(rule)
            np.testing.assert_array_equal(layer.params, [0.75, 1.25])

    def test_numbers_of_numpy(self):
        layer = cnn.Conv2D(np.int64(2), np.array([3, 2]), padding=np.uint8(1))
        self.assertEqual(layer.build(np.array([1, 5, 5]), 1).out_shape,
                         (2, 5, 6))
        layer = cnn.Conv2D(2, 3, padding=np.array([1, 0, 2, 1]))
        self.assertEqual(repr(layer), "Conv2D(2, 3, padding=(1, 0, 2, 1))")
        self.assertEqual(cnn.Adam(np.float32(0.5)).lr, 0.5)


class Choices(unittest.TestCase):
    def test_names(self):
        for call in (
                lambda v: cnn.Conv2D(1, 1, padding=v),
                lambda v: cnn.Conv2D(1, 1, weight_init=v),
                lambda v: cnn.Dense(1, bias_init=(v, 1.0)),
                lambda v: small_net(loss=v), lambda v: small_net(reduction=v)):
            for bad in "nothing", "SAME ", "":
                with self.assertRaisesRegex(ValueError, "expected one of"):
                    call(bad)

    def test_scales(self):
        for bad in "normal", "uniform", ("he_normal", 0.5):
            for name in "weight", "bias":
                with self.assertRaisesRegex(ValueError, f"{name} scale"):
                    cnn.Dense(1, **{f"{name}_init": bad})
        cnn.Dense(1, weight_init="constant", bias_init=("constant", 0))

    def test_tables(self):
        for bad in [[1, 2]], [1, 0], [[0, 0]], [], "x", [[None]], 3:
            with self.assertRaises((ValueError, TypeError)):
                cnn.Conv2D(1, 1, table=bad)
        with self.assertRaises(ValueError):
            cnn.Conv2D(2, 1, table=[[1], [1], [1]])
        cnn.Conv2D(1, 1, table=np.array([[True, False]]))

    def test_shapes(self):
        for bad in (), (1, 2, 3, 4), (0, 1, 1), (-1,), (2**30, 2**30, 2**30):
            with self.assertRaises(ValueError):
                cnn.Dense(1).build(bad, 1)
        for bad in "3", None, 1.5, [1.5], [None]:
            with self.assertRaises(TypeError):
                cnn.Dense(1).build(bad, 1)


class Arrays(unittest.TestCase):
    def test_wrong_shapes(self):
        net = built()
        layer = net.layers[0]
        x = np.zeros((4, 1, 16, 16), np.float32)
        y, dy = layer.forward(x), np.zeros((4, 4, 14, 14), np.float32)
        bad = (x[0, 0], x[:, :, 1:], x.reshape(4, -1), x.reshape(-1),
               x[0, 0, 0], np.float32(1))
        for array in bad:
            for call in (net.predict, net.forward, layer.forward,
                         lambda a: net.evaluate(a, [0] * 4),
                         lambda a: net.train_step(cnn.SGD(), a, [0] * 4),
                         lambda a: layer.backward(a, y, dy),
                         lambda a: layer.backward(x, a, dy),
                         lambda a: layer.backward(x, y, a),
                         lambda a: cnn.Session(net).predict(a)):
                with self.assertRaises((ValueError, TypeError)):
                    call(array)
        with self.assertRaises(ValueError):
            layer.backward(x, y[:3], dy)
        for count in 0, 11:
            many = np.zeros((count, 1, 16, 16), np.float32)
            for call in (net.forward, layer.forward,
                         lambda a: net.train_step(
                             cnn.SGD(), a, [0] * len(a))):
                with self.assertRaisesRegex(ValueError, f"batch {count}"):
                    call(many)
        for labels in [0] * 3, [10] * 4, [-1] * 4, [[0] * 4], [0.5] * 4:
            with self.assertRaises((ValueError, TypeError)):
                net.train_step(cnn.SGD(), x, labels)

    def test_integers_are_not_scaled(self):
        for kind in np.uint8, np.int32, bool:
            with self.assertRaisesRegex(TypeError, "expected float32"):
                built().predict(np.zeros((1, 16, 16), kind))

    def test_results(self):
        net = built()
        x = np.zeros((4, 1, 16, 16), np.float32)
        right = np.zeros((4, 10), np.float32)
        frozen = right.copy()
        frozen.flags.writeable = False
        for out in (right[:3], right.astype(float), right.T, right[:, ::-1],
                    frozen, right.reshape(-1), x):
            with self.assertRaises(ValueError):
                net.predict(x, out=out)
        with self.assertRaises(TypeError):
            net.predict(x, out=[0] * 40)
        layer = cnn.ReLU().build((16, 16), 4)
        for call in (lambda: layer.forward(x, out=x),
                     lambda: layer.backward(x, x.copy(), x.copy(), out=x)):
            with self.assertRaisesRegex(ValueError, "share memory"):
                call()

    def test_read_only_arguments(self):
        x = np.zeros((4, 1, 16, 16), np.float32)
        x.flags.writeable = False
        self.assertEqual(built().predict(x).shape, (4, 10))


class Nonsense(unittest.TestCase):
    """Everything of another kind everywhere."""

    def calls(self):
        net, some, layer = built(), data(), cnn.Dense(3).build(4, 2)
        trainer = cnn.Trainer(net, cnn.SGD(), some)
        session, x = cnn.Session(net), np.zeros((2, 4), np.float32)
        kinds = (cnn.Conv2D, cnn.MaxPool2D, cnn.AvgPool2D, cnn.Subsample2D,
                 cnn.Dense, cnn.Dropout, cnn.LeakyReLU, cnn.ELU, cnn.Clamp,
                 cnn.Upsample2D)
        yield from kinds
        yield from (
            lambda v: cnn.Conv2D(v, v), lambda v: cnn.Conv2D(2, 2, stride=v),
            lambda v: cnn.RBF(3, v), lambda v: cnn.BatchNorm(epsilon=v),
            lambda v: cnn.Net(v),
            lambda v: cnn.Net([v]), lambda v: cnn.Net().add(v),
            lambda v: small_net().build(v), lambda v: small_net().build(
                (16, 16), v), lambda v: net.predict(v),
            lambda v: net.evaluate(v), lambda v: net.evaluate(v, v),
            lambda v: net.evaluate((v, v)), lambda v: net.fit(v),
            lambda v: net.fit(some, optimizer=v or 3),
            lambda v: net.train_step(v, x, [0]),
            lambda v: net.train_step(cnn.SGD(), v, v),
            lambda v: net.forward(v), lambda v: net.backward(v, v),
            lambda v: net.update(v), lambda v: net.clip_grads(v),
            lambda v: net.load_state_dict({"0.weight": v}),
            lambda v: net.save(v if not isinstance(v, (str, bytes)) else 3),
            lambda v: cnn.load(v), lambda v: net.set_loss(v),
            lambda v: layer.build(v, v), lambda v: layer.forward(v),
            lambda v: layer.backward(v, v, v), lambda v: layer.update(v),
            lambda v: cnn.Session(v), lambda v: session.predict(v),
            lambda v: cnn.Trainer(v, cnn.SGD(), some),
            lambda v: cnn.Trainer(net, v, some),
            lambda v: cnn.Trainer(net, cnn.SGD(), v),
            lambda v: trainer.resume(v), lambda v: cnn.Dataset(v, v),
            lambda v: cnn.Dataset(bars(3)[0], v),
            lambda v: cnn.Dataset(v, bars(3)[1]),
            lambda v: cnn.Dataset.load(v, v), lambda v: some.slice(v, 1),
            lambda v: cnn.SGD(v), lambda v: cnn.Adam(1, beta1=v),
            lambda v: cnn.set_num_threads(v))

    def test_wrong_types(self):
        calls = list(self.calls())
        for call, value in itertools.product(calls, WRONG):
            try:
                call(value)
            except REFUSALS:
                continue
            # These are numbers, or empty containers, where one may stand.
            fine = isinstance(value, (float, np.ndarray, list, dict,
                                      type(None)))
            self.assertTrue(fine, (call, value))

    def test_out_of_memory(self):
        with self.assertRaises(MemoryError):
            small_net().build((16, 16), 2**31 - 1)


if __name__ == "__main__":
    unittest.main()
