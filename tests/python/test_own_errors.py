"""Layers that are written in Python, and fail."""

import unittest

import numpy as np
from support import bars, cnn


class Failing(cnn.CustomLayer):
    """Raises where it is told to."""

    def __init__(self):
        self.where, self.what = "", KeyError("mine")

    def settings(self):
        return {}

    def step(self, where, value):
        if self.where == where:
            raise self.what
        return value

    def out_shape(self, in_shape):
        return self.step("out_shape", in_shape)

    def parameters(self, in_shape):
        return self.step("parameters", {"a": np.ones(1)})

    def forward(self, x):
        return self.step("forward", x * self.params["a"])

    def backward(self, x, y, dy):
        return self.step("backward", dy * self.params["a"])


class Exceptions(unittest.TestCase):
    """They come out as they are, and change no parameter."""

    def setUp(self):
        self.data = cnn.Dataset(*bars(60))
        self.own = Failing()
        self.net = cnn.Net([cnn.Conv2D(2, 3), self.own, cnn.ReLU(),
                            cnn.MaxPool2D(2), cnn.Dense(10)])

    def fails(self, call):
        with self.assertRaises(type(self.own.what)) as caught:
            call()
        self.assertIs(caught.exception, self.own.what)

    def test_when_building(self):
        for where in "out_shape", "parameters":
            self.own.where = where
            self.fails(lambda: self.net.build((16, 16)))
        self.own.where = ""
        self.net.build((16, 16))

    def test_when_running(self):
        net, own = self.net.build((16, 16), 20), self.own
        x, labels = self.data.read(range(20))
        session, before = cnn.Session(net), net.params.copy()
        trainer = cnn.Trainer(net, cnn.Adam(), self.data)
        for what in KeyError("k"), MemoryError(), KeyboardInterrupt():
            own.where, own.what = "forward", what
            for call in (lambda: net.predict(x), lambda: net.evaluate(
                    self.data), lambda: session.predict(x),
                    lambda: net.outputs(x, 1), lambda: net.forward(x)):
                self.fails(call)
            for own.where in "forward", "backward":
                for call in (
                        lambda: net.fit(self.data, progress=False),
                        lambda: net.train_step(cnn.SGD(1), x, labels),
                        lambda: net.gradcheck(x, labels), trainer.step):
                    self.fails(call)
                    np.testing.assert_array_equal(net.params, before)
            own.where = ""
            net.predict(x)
        self.assertEqual(trainer.steps, 0)
        trainer.step()
        self.assertTrue((net.params != before).any())

    def test_called_no_more(self):
        """After the exception, though C looks for where the NaN came from."""
        calls = []

        class Once(cnn.CustomLayer):
            """Fails when it is called."""

            def forward(self, x):
                calls.append(1)
                raise KeyError("once")

        net = cnn.Net([Once(), cnn.Dense(3), Once(), cnn.Dense(10)])
        with self.assertRaises(KeyError):
            net.fit(self.data, progress=False)
        self.assertEqual(len(calls), 1)

    def test_nonsense(self):
        """What methods give is looked at."""
        x = np.zeros((2, 3, 4, 4), np.float32)
        for methods, text in (
                ({"forward": lambda s, x: x[:1]}, r"\(1, 3, 4, 4\)"),
                ({"forward": lambda s, x: None},
                 "Bad.forward gave None.* has it a return"),
                ({"forward": lambda s, x: "yes"}, "Bad.forward"),
                ({"out_shape": lambda s, i: (0, 1, 1)}, "0x1x1"),
                ({"out_shape": lambda s, i: (1, 2, 3, 4)}, "three sizes"),
                ({"out_shape": lambda s, i: "big"}, "Bad.out_shape gave 'big'"),
                ({"out_shape": lambda s, i: None}, "Bad.out_shape gave None"),
                ({"parameters": lambda s, i: {"a": "b"}},
                 "Bad.parameters, 'a', gave <U1, expected numbers"),
                ({"parameters": lambda s, i: {"a": None}},
                 "Bad.parameters, 'a', gave None"),
                ({"parameters": lambda s, i: {"a": 1j}}, "complex128"),
                ({"parameters": lambda s, i: 3},
                 "Bad.parameters gave 3, expected arrays by name"),
                ({"parameters": lambda s, i: None}, "gave None.*by name"),
                ({}, "has no forward"),
                ({"parameters": lambda s, i: {
                    "a": np.zeros(int(s.rng.integers(100, 10 ** 6)))}},
                 "other shapes than before")):
            own = type("Bad", (cnn.CustomLayer,), methods)()
            with self.assertRaisesRegex(
                    (ValueError, TypeError, NotImplementedError), text):
                cnn.Net([own]).build((3, 4, 4), 5, seed=1).predict(x)

    def test_gradients_are_added_to(self):
        class Setting(cnn.CustomLayer):
            """Where it should add."""

            def parameters(self, in_shape):
                return {"gain": np.ones(in_shape[0])}

            def forward(self, x):
                return x * self.params["gain"][:, None, None]

            def backward(self, x, y, dy):
                self.grads["gain"] = dy.sum((0, 2, 3))
                return dy

        net = cnn.Net([Setting(), cnn.Dense(10)])
        with self.assertRaisesRegex(TypeError, r"grads\['gain'\] \+="):
            net.fit(self.data, progress=False)

    def test_name(self):
        with self.assertRaisesRegex(ValueError, "A-Z"):
            cnn.Net([type("Über", (cnn.CustomLayer,), {})()])


if __name__ == "__main__":
    unittest.main()
