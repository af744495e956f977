"""Nets with branches in files, pickles, copies and parts."""

import copy
import pickle
import tempfile
import unittest

import numpy as np
from support import cnn, run_python
from test_graph import close, numbers, residual, towers
from test_own import Scale

COPIES = (copy.copy, copy.deepcopy, cnn.Net.copy,
          lambda net: pickle.loads(pickle.dumps(net)))


def two_towers():
    x = cnn.Input(6)
    return cnn.Net(x, towers(x), loss="mse")


class Residual(cnn.Net):
    """A program's own: called with what are no nodes."""

    def __init__(self, units):
        x = cnn.Input(units)
        super().__init__(x, cnn.Dense(2)(x + cnn.Tanh()(cnn.Dense(units)(x))))


class Copies(unittest.TestCase):
    def setUp(self):
        self.x = numbers(12, 6)

    def same(self, net, other):
        self.assertIs(type(other), type(net))
        self.assertEqual(repr(other), repr(net))
        self.assertEqual(
            [other.sources(i) for i in range(len(other))],
            [net.sources(i) for i in range(len(net))])
        self.assertEqual([type(x) for x in other], [type(x) for x in net])
        self.assertEqual(other.to_bytes(), net.to_bytes())
        np.testing.assert_array_equal(other(self.x), net(self.x))

    def trained(self, net):
        """The parameters after three steps."""
        net.set_loss("mse")
        wanted = numbers(12, net.out_shape[0])
        for _ in range(3):
            net.train_step(cnn.SGD(0.1), self.x, wanted)
        return net.params

    def test_built(self):
        for net in residual(), two_towers(), Residual(6):
            net.build(max_batch=12, seed=3)
            net.metadata["k"] = "v"
            net[0].frozen = "params"
            net[-1].lr_factor = 0.5
            for make in COPIES:
                other = make(net)
                self.same(net, other)
                self.assertEqual(other.max_batch, 12)
                self.assertEqual(
                    [(x.frozen, x.lr_factor) for x in other],
                    [(x.frozen, x.lr_factor) for x in net])
                trained = [self.trained(one) for one in (net.copy(), other)]
                np.testing.assert_array_equal(*trained)
                self.assertTrue((trained[0] != net.params).any())

    def test_not_built(self):
        for net in residual(loss="huber"), two_towers(), Residual(6):
            net.metadata["k"] = "v"
            net[0].frozen = True
            others = [make(net) for make in COPIES]
            net.build(seed=2)
            for other in others:
                self.assertTrue(other[0].frozen)
                with self.assertRaisesRegex(ValueError, r"\(6, 1, 1\)"):
                    other.build(7)
                self.same(net, other.build(seed=2))

    def test_files(self):
        with tempfile.NamedTemporaryFile() as file:
            for net in residual(), two_towers():
                net.build(max_batch=100, seed=1).save(file.name)
                for other in (cnn.load(file.name),
                              cnn.Net.load(net.to_bytes())):
                    self.same(net, other)
                    self.assertEqual(other.loss, net.loss)
                    self.assertIsInstance(
                        [x for x in other if x.kind in ("add", "concat")][0],
                        (cnn.Add, cnn.Concat))

    def test_own_layers(self):
        x = cnn.Input(6)
        net = cnn.Net(x, cnn.Dense(2)(x + Scale(2.0)(x))).build(seed=1)
        for other in (net.copy(), pickle.loads(pickle.dumps(net)),
                      cnn.load(net.to_bytes(), custom=[Scale])):
            self.same(net, other)
            self.assertEqual(repr(other[0]), "Scale(2.0)")

    def test_in_another_process(self):
        net = two_towers().build(seed=1)
        done = run_python(
            "import sys, pickle\n"
            "net = pickle.loads(bytes.fromhex(sys.argv[1]))\n"
            "print(net.to_bytes().hex())\n", pickle.dumps(net).hex())
        self.assertEqual(done.stdout, net.to_bytes().hex() + "\n", done.stderr)


class Parts(unittest.TestCase):
    def test_slices(self):
        """Of a net that is built, and of one that is not."""
        for built in False, True:
            net = residual()
            if built:
                net.build(seed=1)
            whole, lower, upper = net[:], net[:2], net[3:]
            self.assertEqual(
                [whole.sources(i) for i in range(4)],
                [(None,), (0,), (None, 1), (2,)])
            self.assertEqual(repr(lower),
                             "Net([\n    Dense(6),\n    ReLU(),\n])")
            self.assertEqual(upper.sources(0), (None,))
            for part, text in (
                    (slice(1, None), "add layer takes the input, and the part "
                     "begins after layer 0"),
                    (slice(2, 4), "add layer takes the input, and the part "
                     "begins after layer 1")):
                with self.assertRaisesRegex(ValueError, "layer 2: .*" + text):
                    net[part]
            other = two_towers()
            if built:
                other.build(seed=1)
            with self.assertRaisesRegex(
                    ValueError, "layer 4: .*dense layer takes layer 1, "
                    "and the part begins after layer 3"):
                other[4:]
            self.assertEqual(other[2:].sources(3), (2, 1, None))

    def test_folded(self):
        """The same outputs, but for the rounding of weights, without the
        normalisation after a convolution; one after a sum stays."""
        x = cnn.Input((2, 6, 6))
        y = cnn.BatchNorm()(cnn.Conv2D(2, 3, padding="same", bias=False)(x))
        y = cnn.BatchNorm()(x + cnn.ReLU()(y))
        net = cnn.Net(x, cnn.Dense(3)(y), loss="mse").build(max_batch=4, seed=3)
        images = numbers(9, 72).reshape(9, 2, 6, 6)
        net.fit(images, numbers(9, 3), epochs=3, progress=False)
        net.metadata["of"] = "folding"
        folded = net.fold(1)
        self.assertEqual([layer.kind for layer in folded],
                         ["conv2d", "activation", "add", "batchnorm", "dense"])
        self.assertEqual(folded.sources(2), (None, 1))
        self.assertEqual(folded.max_batch, 1)
        self.assertEqual((folded.loss, folded.metadata["of"]),
                         ("mse", "folding"))
        np.testing.assert_allclose(
            folded.predict(images), net.predict(images), rtol=2e-6, atol=2e-6)
        with self.assertRaisesRegex(RuntimeError, "not built"):
            cnn.Net([cnn.Dense(2)]).fold()

    def test_parameters_stay(self):
        net, x = two_towers().build(seed=1), numbers(5, 6)
        part = net[:6].add(cnn.Dense(9)).build(6)
        np.testing.assert_array_equal(part.outputs(x, 5), net.outputs(x, 5))
        upper = net[2:].build(5)
        close(upper(net.outputs(x, 1)), net(x))

    def test_joins_alone(self):
        net = residual().build()
        for make in (copy.copy, copy.deepcopy, pickle.dumps,
                     lambda join: cnn.Net([join.copy()])):
            with self.assertRaisesRegex(TypeError, r"Add .*cnn\.add\(a, b\)"):
                make(net[2])
        with self.assertRaisesRegex(ValueError, "only its net runs it"):
            net[2].forward(numbers(1, 6))
        with self.assertRaisesRegex(RuntimeError, "belongs to a net"):
            cnn.Net([net[2]])
        join = net[2]
        net.close()
        self.assertEqual(repr(join), "<Add, closed>")
        with self.assertRaisesRegex(RuntimeError, "closed"):
            join.copy()


class ByName(unittest.TestCase):
    def test_state(self):
        net, other = two_towers().build(seed=1), two_towers().build(seed=2)
        state = net.state_dict()
        self.assertEqual(list(state)[::2],
                         [f"{n}.weight" for n in (0, 2, 4, 6)])
        self.assertEqual(other.load_state_dict(state), [])
        self.assertEqual(other.to_bytes(), net.to_bytes())
        other = two_towers().build(seed=2)
        self.assertEqual(other.load_weights(net.to_bytes()), [])
        np.testing.assert_array_equal(other.params, net.params)
        other = two_towers().build(seed=2)
        other.copy_params(net)
        np.testing.assert_array_equal(other.params, net.params)
        self.assertEqual(net.grad_dict().keys(), state.keys())

    def test_names_of_others(self):
        """By the recipe of the guide: in the order of the layers."""
        net = residual().build(seed=1)
        theirs = {"block.weight": numbers(6, 6), "block.bias": numbers(6),
                  "top.weight": numbers(3, 6), "top.bias": numbers(3)}
        net.load_state_dict(dict(zip(net.tensors(), theirs.values())))
        x = numbers(4, 6, seed=7)
        y = x + np.maximum(
            x @ theirs["block.weight"].T + theirs["block.bias"], 0)
        close(net(x), y @ theirs["top.weight"].T + theirs["top.bias"])


if __name__ == "__main__":
    unittest.main()
