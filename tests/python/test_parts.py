"""A net as a list of layers: what it shows, its parts, its copies."""

import copy
import pickle
import unittest

import numpy as np
from support import bars, cnn, run_python, small_net

# As one would write them, and as they are shown.
WRITTEN = (
    'Conv2D(32, 5, padding="same")', "Conv2D(3, (2, 4), stride=2, bias=False)",
    "Conv2D(4, 3, padding=(1, 2, 3, 4), dilation=(1, 2), groups=2)",
    "Conv2D(4, 3, padding=(1, 2))",
    'Conv2D(4, 3, padding=1, algorithm="im2col")',
    'Conv2D(4, 3, weight_init="he_normal", bias_init=("constant", 0.1))',
    "MaxPool2D(2)", "MaxPool2D((2, 3), stride=1)",
    'AvgPool2D(3, stride=2, padding="same_lower", count_include_pad=True)',
    'Conv2DTranspose(4, 3, stride=2, padding=1, output_padding=1)',
    'Conv2DTranspose(4, (3, 5), bias=False, algorithm="im2col")',
    "LayerNorm()", "LayerNorm(groups=2)", "LayerNorm(affine=False)",
    "Subsample2D(2)", "GlobalMaxPool2D()", "GlobalAvgPool2D()", "Dense(10)",
    'Dense(10, bias=False, weight_init=("normal", 0.1))', "Softmax()",
    "Dropout(0.2)", "BatchNorm()", "BatchNorm(momentum=0.0)",
    "BatchNorm(epsilon=0.001)", "RBF()", "RBF(4)", "Upsample2D((2, 3))",
    'Upsample2D(2, "bilinear")', "Reshape((3, 4, 5))", "Reshape(-1)",
    "Reshape((2, -1, 3))", "ReLU()", "Sigmoid()",
    "Tanh()", "LeCunTanh()", "LeakyReLU()", "LeakyReLU(0.2)", "ELU(0.5)",
    "GELU()", "SiLU()", "HardSwish()", "Softplus()", "Clamp()", "Clamp(1.0)",
    "SGD(0.1, momentum=0.9, nesterov=True)", "Adam(0.0003, eps=1e-06)",
    "AdamW(0.001)", "RMSprop(0.001, decay=0.8)",
)


class Small(cnn.Net):
    """A program's own."""

    def __init__(self, units):
        super().__init__([cnn.Dense(units)])


def made(text):
    return eval(text, vars(cnn))


class Shown(unittest.TestCase):
    def test_as_written(self):
        for text in WRITTEN:
            for thing in made(text), copy.copy(made(text)), pickle.loads(
                    pickle.dumps(made(text))):
                self.assertEqual(repr(thing), text)
                self.assertIs(type(thing), type(made(text)))

    def test_all_kinds_are_there(self):
        there = {text.partition("(")[0] for text in WRITTEN}
        bases = cnn.Layer, cnn.Optimizer
        ours = {name for name in cnn.__all__
                if isinstance(getattr(cnn, name), type)
                and issubclass(getattr(cnn, name), bases)} - {
                    base.__name__ for base in bases}
        # A net makes these: test_graph_parts.py.
        ours -= {"Add", "Concat"}
        self.assertEqual(ours - there, set())

    def test_net(self):
        net = small_net(loss="mse", reduction="sum")
        text = ("Net([\n    Conv2D(4, 3),\n    ReLU(),\n    MaxPool2D(2),\n"
                "    Dense(10),\n    Softmax(),\n], loss=\"mse\", "
                "reduction=\"sum\")")
        self.assertEqual(repr(net), text)
        self.assertEqual(repr(made(text)), text)
        net.build((16, 16))
        self.assertEqual(repr(cnn.load(net.to_bytes())), text)
        self.assertEqual(repr(cnn.Net()), "Net()")
        net.close()
        self.assertEqual(repr(net), "<Net, closed>")

    def test_loaded_layers_are_of_their_class(self):
        layers = [made(text) for text in WRITTEN if "RMS" not in text]
        layers = [x for x in layers if isinstance(x, cnn.Layer)]
        for layer in layers:
            shape = {"RBF": 84, "Reshape": 60}.get(layer.__class__.__name__,
                                                   (4, 10, 10))
            net = cnn.Net([layer]).build(shape, 1)
            twin = cnn.load(net.to_bytes(), 1)[0]
            self.assertIs(type(twin), type(layer))
            if not repr(layer).count("algorithm"):
                self.assertEqual(repr(twin), repr(layer))

    def test_arrays(self):
        codes = np.ones((3, 4), np.float32)
        layer = cnn.RBF(3, codes)
        self.assertEqual(repr(layer), "RBF(3, <3 x 4>)")
        table = [[1, 0], [1, 1]]
        conv = cnn.Conv2D(2, 1, table=table)
        self.assertEqual(repr(conv), "Conv2D(2, 1, table=<2 x 2>)")
        np.testing.assert_array_equal(conv.copy().table(), table)
        twin = pickle.loads(pickle.dumps(layer)).build(4, 1)
        np.testing.assert_array_equal(twin.tensors()[0].data, codes)

    def test_others(self):
        net = small_net().build((16, 16), 7)
        session = cnn.Session(net)
        self.assertEqual(repr(session), "<Session of (1, 16, 16) to "
                         "(10, 1, 1), max_batch=7>")
        rule = cnn.Adam()
        rule.lr = 0.5
        self.assertEqual(repr(rule), "Adam(0.5)")
        for thing in session, rule:
            thing.close()
            self.assertIn("closed", repr(thing))
        data = cnn.Dataset(*bars(20))
        self.assertEqual(repr(data),
                         "<Dataset of 20 images (1, 16, 16), 10 classes>")

    def test_a_class_of_ones_own(self):
        class Wide(cnn.Dense):
            """A program's own."""

            def __init__(self, times):
                super().__init__(100 * times)
                self.times = times

        twin = Wide(2).copy()
        self.assertIs(type(twin), Wide)
        self.assertEqual((twin.times, repr(twin)), (2, "Wide(200)"))


class Items(unittest.TestCase):
    def setUp(self):
        self.data = cnn.Dataset(*bars(40))
        self.net = small_net().build(self.data.shape, 20, seed=1)

    def test_layers(self):
        net = self.net
        self.assertEqual(len(net), 5)
        self.assertIs(net[0], net.layers[0])
        self.assertIs(net[-1], net.layers[4])
        self.assertIs(net[np.int64(1)], net.layers[1])
        self.assertEqual(list(net), list(net.layers))
        for bad in 5, -6:
            with self.assertRaises(IndexError):
                net[bad]
        for bad in "0", 1.0, None:
            with self.assertRaises(TypeError):
                net[bad]
        self.assertTrue(cnn.Net())

    def test_slices(self):
        """The lower layers under others: transfer."""
        net = self.net
        part = net[:3]
        self.assertEqual((len(part), part.max_batch), (3, 0))
        with self.assertRaisesRegex(RuntimeError, "build"):
            part[0].copy()
        with self.assertRaisesRegex(TypeError, "build"):
            pickle.dumps(part)
        part.add(cnn.Dense(26)).build(self.data.shape)
        np.testing.assert_array_equal(part[0].params, net[0].params)
        np.testing.assert_array_equal(
            part.outputs(self.data, 2), net.outputs(self.data, 2))
        part[0].params[...] = 0
        self.assertTrue(net[0].params.any())
        for bad in slice(3, 3), slice(0, 4, 2), slice(9, 12):
            for some in net, small_net():
                with self.assertRaises(ValueError):
                    some[bad]
        with self.assertRaises(ValueError):
            net.take(2, 4)
        self.assertEqual(repr(small_net()[1:3]), repr(net[1:3]))

    def test_other_shape(self):
        with self.assertRaisesRegex(ValueError, "4x7x7.*4x9x9"):
            self.net[:4].build((20, 20))

    def test_a_layer_twice(self):
        with self.assertRaisesRegex(RuntimeError,
                                    r"Conv2D\(4, 3\).*copy\(\)"):
            cnn.Net([self.net[0]])
        twin = cnn.Net([self.net[0].copy(), cnn.Dense(2)])
        twin.build(self.data.shape)
        np.testing.assert_array_equal(twin[0].params, self.net[0].params)

    def test_outputs(self):
        net, x = self.net, self.data.read([0, 1, 2])[0]
        found = net.outputs(x, 0)
        self.assertEqual(found.shape, (3, 4, 14, 14))
        want = net[0].forward(x)
        np.testing.assert_allclose(found, want, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(net.outputs(x, -1), net(x))
        np.testing.assert_array_equal(net.outputs(x, net[2]),
                                      net.outputs(x, 2))
        out = np.empty((3, 10), np.float32)
        self.assertIs(net.outputs(x, 3, out=out), out)
        for bad, error in ((5, IndexError), ("3", TypeError),
                           (cnn.ReLU(), ValueError)):
            with self.assertRaises(error):
                net.outputs(x, bad)
        with self.assertRaises(RuntimeError):
            small_net().outputs(x, 0)


class Copies(unittest.TestCase):
    def setUp(self):
        self.data = cnn.Dataset(*bars(40))
        self.net = small_net(loss="mse").build(self.data.shape, 20, seed=1)
        self.net.metadata["k"] = "v"
        self.net[0].frozen = "params"
        self.net[-1].lr_factor = 0.5

    def test_built(self):
        net = self.net
        for make in (copy.copy, copy.deepcopy, cnn.Net.copy,
                     lambda n: pickle.loads(pickle.dumps(n))):
            other = make(net)
            self.assertEqual(repr(other), repr(net))
            self.assertEqual(other.max_batch, 20)
            self.assertEqual(dict(other.metadata), {"k": "v"})
            self.assertEqual([x.lr_factor for x in other],
                             [x.lr_factor for x in self.net])
            self.assertEqual([x.frozen for x in other],
                             ["params", False, False, False, False])
            np.testing.assert_array_equal(other.params, net.params)
            other.params[...] = 0
            other.metadata["k"] = "w"
            self.assertTrue(net.params.any())
            self.assertEqual(net.metadata["k"], "v")
            # It trains, and its layers and memory are its own.
            other.train_step(cnn.Adam(), *self.data.read(range(20)))
        self.assertEqual(net.copy(3).max_batch, 3)
        for bad in 0, -1, 2**40:
            with self.assertRaises(ValueError):
                net.copy(bad)

    def test_same_training(self):
        other = pickle.loads(pickle.dumps(self.net))
        for net in self.net, other:
            net.fit(self.data, epochs=2, progress=False, seed=3)
        np.testing.assert_array_equal(other.params, self.net.params)

    def test_not_built(self):
        net = small_net(loss="huber")
        net.set_loss("huber", "sum", huber_delta=2.0)
        net.metadata["k"] = "v"
        net[0].frozen = True
        for make in (copy.copy, copy.deepcopy,
                     lambda n: pickle.loads(pickle.dumps(n))):
            other = make(net)
            self.assertEqual(repr(other), repr(net))
            self.assertEqual(dict(other.metadata), {"k": "v"})
            self.assertTrue(other[0].frozen)
            other.build((16, 16), seed=2)
        net.build((16, 16), seed=2)
        np.testing.assert_array_equal(other.params, net.params)
        y = np.full((1, 10), 9, np.float32)
        x = np.zeros((1, 16, 16), np.float32)
        self.assertEqual(net.evaluate(x, y), other.evaluate(x, y))

    def test_a_class_of_ones_own(self):
        """Called with what is no list of layers."""
        for made in Small(4), Small(4).build((16, 16), 5):
            for twin in (made.copy(), pickle.loads(pickle.dumps(made)),
                         made[:1]):
                self.assertIs(type(twin), Small)
                self.assertEqual(repr(twin[0]), "Dense(4)")

    def test_layers(self):
        layer = cnn.Conv2D(3, 3).build((2, 5, 5), 4, seed=1)
        layer.frozen = True
        for twin in (copy.copy(layer), layer.copy(),
                     pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer)):
            self.assertTrue(twin.frozen)
            with self.assertRaises(RuntimeError):
                twin.in_shape
            twin.build((2, 7, 7), 1, seed=9)
            np.testing.assert_array_equal(twin.params, layer.params)
            twin.copy()
        with self.assertRaisesRegex(ValueError, "2x5x5"):
            layer.copy().build((3, 5, 5), 1)

    def test_not_finite(self):
        self.net.params[0] = np.nan
        self.assertTrue(np.isnan(self.net.copy().params[0]))
        with self.assertRaises(RuntimeError):
            pickle.dumps(self.net)

    def test_in_another_process(self):
        done = run_python(
            "import sys, pickle, cnn\n"
            "net = pickle.loads(bytes.fromhex(sys.argv[1]))\n"
            "print(net.params.tobytes().hex(), net[0].frozen)\n",
            pickle.dumps(self.net).hex())
        want = self.net.params.tobytes().hex()
        self.assertEqual(done.stdout, f"{want} params\n", done.stderr)

    def test_closed(self):
        net, layer = small_net(), cnn.Dense(2)
        for thing in net, layer:
            thing.close()
            for make in copy.copy, pickle.dumps:
                with self.assertRaisesRegex(RuntimeError, "is closed"):
                    make(thing)


if __name__ == "__main__":
    unittest.main()
