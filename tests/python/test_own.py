"""Layers that are written in Python."""

import copy
import dataclasses
import gc
import pickle
import threading
import unittest
import weakref

import numpy as np
from support import bars, cnn


class Scale(cnn.CustomLayer):
    """Each channel times a factor that is learnt."""

    def __init__(self, first=1.0):
        self.first = first

    def parameters(self, in_shape):
        return {"gain": np.full(in_shape[0], self.first),
                "bias": np.zeros(in_shape[0])}

    def forward(self, x):
        return (x * self.params["gain"][:, None, None]
                + self.params["bias"][:, None, None])

    def backward(self, x, y, dy):
        self.grads["gain"] += (x * dy).sum((0, 2, 3))
        self.grads["bias"] += dy.sum((0, 2, 3))
        return dy * self.params["gain"][:, None, None]


@dataclasses.dataclass(eq=False, repr=False)
class Norm(cnn.CustomLayer):
    """Each sample without its mean, by its deviation."""

    eps: float = 1e-3

    def forward(self, x):
        mean = x.mean((1, 2, 3), keepdims=True)
        return (x - mean) / np.sqrt(
            x.var((1, 2, 3), keepdims=True) + self.eps)

    def backward(self, x, y, dy):
        axes = 1, 2, 3
        scale = np.sqrt(x.var(axes, keepdims=True) + self.eps)
        return (dy - dy.mean(axes, keepdims=True)
                - y * (y * dy).mean(axes, keepdims=True)) / scale


class Mixed(cnn.CustomLayer):
    """Random weights to vectors of another size: a dense layer."""

    def __init__(self, units):
        self.units = units

    def out_shape(self, in_shape):
        return self.units

    def parameters(self, in_shape):
        size = int(np.prod(in_shape))
        return {"w": self.rng.normal(0, size ** -0.5, (self.units, size))}

    def forward(self, x):
        return x.reshape(len(x), -1) @ self.params["w"].T

    def backward(self, x, y, dy):
        flat = dy.reshape(len(x), -1)
        self.grads["w"] += flat.T @ x.reshape(len(x), -1)
        return flat @ self.params["w"]


class InNets(unittest.TestCase):
    def setUp(self):
        self.data = cnn.Dataset(*bars(60))

    def net(self, *own, **settings):
        layers = [cnn.Conv2D(4, 3), *own, cnn.ReLU(), cnn.Dense(10)]
        return cnn.Net(layers, **settings)

    def test_gradients(self):
        x, labels = self.data.read(range(6))
        for own in Scale(1.5), Norm(), Mixed(12):
            net = cnn.Net([cnn.Conv2D(3, 3), own, cnn.Tanh(), cnn.Dense(10)])
            found = net.build((16, 16), 10).gradcheck(x, labels)
            self.assertLess(found.error, 5e-3, own)
            self.assertGreater(found.checked, 50)

    def test_wrong_gradients_are_found(self):
        class Wrong(Scale):
            """By a factor."""

            def backward(self, x, y, dy):
                return 1.5 * super().backward(x, y, dy)

        net = cnn.Net([cnn.Conv2D(3, 3), Wrong(), cnn.Tanh(), cnn.Dense(10)])
        found = net.build((16, 16), 10).gradcheck(*self.data.read(range(6)))
        self.assertGreater(found.error, 0.1)
        self.assertTrue(found.name.startswith("0."))

    def test_equals_a_layer_of_libcnn(self):
        """The same numbers as by Dense, up to rounding, when trained."""
        own = cnn.Net([Mixed(10)]).build((16, 16), 20, seed=1)
        dense = cnn.Net([cnn.Dense(10, bias=False)]).build((16, 16), 20)
        dense.params[...] = own.params
        for net in own, dense:
            net.fit(self.data, epochs=3, batch_size=20, seed=2,
                    progress=False)
        np.testing.assert_allclose(own.params, dense.params, rtol=1e-3,
                                   atol=1e-4)
        self.assertEqual(own[0].param_count, 2560)

    def test_initial_values_follow_from_the_seed(self):
        def drawn(seed):
            net = cnn.Net([Mixed(4), Mixed(4)]).build(4, 1, seed=seed)
            return net.params.copy()

        np.testing.assert_array_equal(drawn(1), drawn(1))
        self.assertTrue((drawn(1) != drawn(2)).any())
        self.assertTrue((drawn(1)[:16] != drawn(1)[16:]).any())

    def test_shown(self):
        net = self.net(Scale(2.0), Norm(), Norm(0.5), Mixed(5))
        self.assertEqual([repr(x) for x in net[1:5].layers],
                         ["Scale(2.0)", "Norm()", "Norm(0.5)", "Mixed(5)"])
        self.assertEqual(net[1].kind, "Scale")
        self.assertEqual(net[1].own.first, 2.0)

    def test_by_hand(self):
        layer = cnn.Net([Scale(3.0)])[0].copy().build((2, 1, 1), 4)
        x = np.arange(8, dtype=np.float32).reshape(4, 2, 1, 1)
        y = layer.forward(x)
        np.testing.assert_array_equal(y, 3 * x)
        dx = layer.backward(x, y, np.ones_like(x))
        np.testing.assert_array_equal(dx, np.full_like(x, 3))
        np.testing.assert_array_equal(layer.grads, [12, 16, 4, 4])
        layer.backward(x, y, np.ones_like(x), want_dx=False)
        np.testing.assert_array_equal(layer.grads, [24, 32, 8, 8])

    def test_files_and_pickles(self):
        net = self.net(Scale(2.0), Norm(0.25))
        net.fit(self.data, epochs=1, progress=False)
        data, want = net.to_bytes(), net.predict(self.data)
        loaded = cnn.load(data, custom=[Scale, Norm])
        for twin in (loaded, net.copy(), copy.deepcopy(net),
                     pickle.loads(pickle.dumps(net)),
                     pickle.loads(pickle.dumps(loaded))):
            self.assertEqual(repr(twin), repr(net))
            np.testing.assert_array_equal(twin.predict(self.data), want)
            twin.fit(self.data, epochs=1, progress=False)
        one = cnn.Net([Scale(np.float32(2))]).build(3)
        twin = cnn.load(one.to_bytes(), custom=Scale)
        self.assertEqual(twin[0].own.settings(), {"first": 2.0})
        part = loaded[:2].add(cnn.Dense(3)).build((16, 16))
        np.testing.assert_array_equal(part[1].params, loaded[1].params)
        with self.assertRaisesRegex(cnn.Error, r"custom=\[Scale\]"):
            cnn.load(data)
        with self.assertRaisesRegex(cnn.Error, r"custom=\[Norm\]"):
            cnn.load(data, custom=[Scale])
        for bad in [cnn.ReLU], [3], ["Scale"], [Scale()]:
            with self.assertRaisesRegex(TypeError, "CustomLayer"):
                cnn.load(data, custom=bad)
        unbuilt = self.net(Scale(2.0))
        self.assertEqual(repr(pickle.loads(pickle.dumps(unbuilt))),
                         repr(unbuilt))

    def test_another_class_in_the_file(self):
        """What a class does not take comes out as it is."""
        data = cnn.Net([Scale(2.0)]).build(3).to_bytes()
        other = type("Scale", (Norm,), {})
        with self.assertRaisesRegex(TypeError, "first"):
            cnn.load(data, custom=[other])

    def test_settings(self):
        class Lost(cnn.CustomLayer):
            """Its argument is nowhere."""

            def __init__(self, size):
                self.length = size

        class Odd(cnn.CustomLayer):
            """Its argument is no JSON."""

            def __init__(self, thing):
                self.thing = thing

        for own, text in ((Lost(3), "no attribute 'size'"),
                          (Odd({1, 2}), "cannot be saved"),
                          (Odd(float("nan")), "cannot be saved")):
            with self.assertRaisesRegex(TypeError, text):
                cnn.Net([own])
        with self.assertRaisesRegex(ValueError, "1000"):
            cnn.Net([Odd("x" * 1000)])

    def test_training_and_randomness(self):
        seen = []

        class Noise(cnn.CustomLayer):
            """The same in both passes of a step."""

            def forward(self, x):
                seen.append((self.training, self.rng.random()))
                return x

            def backward(self, x, y, dy):
                seen.append((self.training, self.rng.random()))
                return dy

        net = self.net(Noise()).build((16, 16), 30)
        net.fit(self.data, epochs=1, progress=False)
        net.predict(self.data.read([1])[0])
        self.assertEqual([t for t, _ in seen], [True] * 4 + [False])
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(seen[2], seen[3])
        self.assertNotEqual(seen[0][1], seen[2][1])

    def test_in_sessions(self):
        net = self.net(Scale(2.0)).build((16, 16), 10)
        want, x, wrong = net.predict(self.data), self.data.images, []

        def run():
            session = cnn.Session(net)
            for _ in range(20):
                if not np.array_equal(session.predict(x), want):
                    wrong.append(1)

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_arrays_may_be_kept(self):
        kept = []

        class Keeper(Scale):
            """Of whatever it sees."""

            def forward(self, x):
                kept.extend([x, self.params["gain"]])
                return super().forward(x)

            def backward(self, x, y, dy):
                kept.extend([y, dy, self.grads["gain"]])
                return super().backward(x, y, dy)

        net = self.net(Keeper()).build((16, 16), 30)
        net.fit(self.data, epochs=1, progress=False)
        sums = [float(np.abs(a).sum()) for a in kept]
        net.close()
        del net
        gc.collect()
        self.assertEqual([float(np.abs(a).sum()) for a in kept], sums)

    def test_lifetime(self):
        own = Scale()
        watched = weakref.ref(own)
        net = self.net(own).build((16, 16))
        del own
        twin = net.copy()
        view = twin.params
        net.close()
        del net, twin
        gc.collect()
        self.assertIsNotNone(watched())  # the net is there, with the view
        self.assertTrue(np.isfinite(view).all())
        del view
        gc.collect()
        self.assertIsNone(watched())

    def test_that_has_its_net(self):
        """Layers that lead to what they are in are garbage together."""
        for use in (lambda net: net, lambda net: net.copy(),
                    lambda net: pickle.loads(net.pickled),
                    lambda net: net[1].copy().build((4, 1, 1), 2)):
            own = Scale()
            net = self.net(own)
            net.pickled = pickle.dumps(net)
            own.net = net.build((16, 16))
            made = use(net)
            if made is not net:
                own.made = made
            watched = weakref.ref(own), weakref.ref(net._h)
            del own, net, made
            gc.collect()
            self.assertEqual([ref() for ref in watched], [None, None])

    def test_a_session_alone(self):
        """It has what it calls."""
        net = self.net(Scale(2.0)).build((16, 16))
        want, session = net.predict(self.data), cnn.Session(net)
        del net
        gc.collect()
        np.testing.assert_array_equal(session.predict(self.data), want)

    def test_outside_of_a_pass(self):
        own = Scale()
        for name in "params", "grads", "training", "rng":
            with self.assertRaisesRegex(RuntimeError, "not running"):
                getattr(own, name)


if __name__ == "__main__":
    unittest.main()
