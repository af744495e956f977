"""Nets with branches: they compute, train and are told as what was written."""

import tempfile
import unittest

import numpy as np
import support
from support import cnn
from test_own import Scale


def relu(x):
    return np.maximum(x, 0)


def dense(net, number, x):
    """What layer `number` should give."""
    state = net.state_dict()
    w, b = state[f"{number}.weight"], state[f"{number}.bias"]
    return x.reshape(len(x), -1) @ w.reshape(len(b), -1).T + b


def residual(**settings):
    """x + ReLU(Dense(x)), and a Dense on top; 6 numbers to 3."""
    x = cnn.Input(6)
    y = cnn.ReLU()(cnn.Dense(6)(x))
    return cnn.Net(x, cnn.Dense(3)(x + y), **settings)


def towers(x):
    """Two of them over one layer, joined by their channels."""
    trunk = cnn.Tanh()(cnn.Dense(5)(x))
    left = cnn.ReLU()(cnn.Dense(4)(trunk))
    right = cnn.Dense(2)(trunk)
    return cnn.Dense(3)(cnn.concat(right, left, trunk))


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def close(found, want):
    """Sums of some ten float32 numbers of size 1, in another order."""
    np.testing.assert_allclose(found, want, rtol=1e-5, atol=1e-5)


class Computed(unittest.TestCase):
    def test_residual(self):
        net, x = residual().build(max_batch=4, seed=1), numbers(9, 6)
        y = relu(dense(net, 0, x))
        close(net(x), dense(net, 3, x + y))
        close(net.outputs(x, 1), y)
        close(net.outputs(x, net[2]), x + y)
        np.testing.assert_array_equal(net.outputs(x, -1), net(x))

    def test_towers(self):
        x = cnn.Input()
        net, z = cnn.Net(x, towers(x)).build(6, seed=2), numbers(7, 6)
        trunk = np.tanh(dense(net, 0, z))
        left, right = relu(dense(net, 2, trunk)), dense(net, 4, trunk)
        joined = np.concatenate([right, left, trunk], axis=1)
        close(net.outputs(z, 5), joined)
        close(net(z), dense(net, 6, joined))

    def test_channels(self):
        """Of images, not of vectors."""
        x = cnn.Input((2, 5, 5))
        half = cnn.ReLU()(x)
        net = cnn.Net(x, cnn.concat(half, x, half)).build(max_batch=2)
        z = numbers(3, 2, 5, 5)
        np.testing.assert_array_equal(
            net(z), np.concatenate([relu(z), z, relu(z)], axis=1))

    def test_sums(self):
        """Of many, of one twice, and as many as there may be."""
        z = numbers(2, 3)
        for count in 2, 3, 256:
            x = cnn.Input(3)
            net = cnn.Net(x, cnn.add(*[x] * count)).build()
            close(net(z) / count, z)
        x = cnn.Input(3)
        net = cnn.Net(x, x + cnn.Tanh()(x) + x).build()
        self.assertEqual([net.sources(i) for i in range(3)],
                         [(None,), (None, 0), (1, None)])
        close(net(z), 2 * z + np.tanh(z))

    def test_a_stack(self):
        """Of nodes is that of a list, to the bit."""
        x, data = cnn.Input((16, 16)), cnn.Dataset(*support.bars(40))
        y = x
        for layer in support.small_net():
            y = layer.copy()(y)
        nets = cnn.Net(x, y), support.small_net()
        self.assertEqual(repr(nets[0]), repr(nets[1]))
        for net in nets:
            net.fit(data, batch_size=20, progress=False, seed=3)
        self.assertEqual(nets[0].to_bytes(), nets[1].to_bytes())


    def test_random(self):
        """Each output of a hundred nets; the order of writing is kept, and
        what the output does without is left away."""
        for seed in range(100):
            with self.subTest(seed):
                self.check_random(np.random.default_rng(seed))

    def check_random(self, rng):
        z = rng.normal(size=(3, 4)).astype(np.float32)
        x = cnn.Input(4)
        nodes = [x]
        for _ in range(rng.integers(1, 14)):
            some = [nodes[i] for i in rng.integers(0, len(nodes), 3)]
            nodes.append([
                lambda: cnn.Dense(4)(some[0]), lambda: cnn.Tanh()(some[0]),
                lambda: cnn.Dense(4)(some[0]) + cnn.Dense(4)(some[1]),
                lambda: cnn.concat(*some[:rng.integers(2, 4)]),
            ][rng.integers(0, 4)]())
        net = cnn.Net(x, nodes[-1]).build(seed=1)
        outputs = []
        for number, layer in enumerate(net):
            given = [z if source is None else outputs[source]
                     for source in net.sources(number)]
            outputs.append({
                "dense": lambda: dense(net, number, given[0]),
                "activation": lambda: np.tanh(given[0]),
                "add": lambda: sum(given),
                "concat": lambda: np.concatenate(given, axis=1),
            }[layer.kind]())
            # Ten times what close() has, for a dozen layers on each other.
            np.testing.assert_allclose(
                net.outputs(z, number), outputs[number], rtol=1e-4, atol=1e-4)
        taken = {source for i in range(len(net)) for source in net.sources(i)}
        self.assertEqual(taken - {None}, set(range(len(net) - 1)))
        for other in net.copy(), cnn.load(net.to_bytes()):
            self.assertEqual(repr(other), repr(net))
            np.testing.assert_array_equal(other(z), net(z))


class Trained(unittest.TestCase):
    def setUp(self):
        self.x = numbers(60, 6)
        self.labels = (self.x @ numbers(6, 3, seed=1)).argmax(1)

    def test_fit(self):
        x = cnn.Input(6)
        for net in residual(), cnn.Net(x, towers(x)):
            history = net.fit(self.x, self.labels, epochs=30, batch_size=20,
                              optimizer=cnn.Adam(0.02), progress=False)
            losses = history.column("loss")
            self.assertLess(losses[-1], losses[0] / 3)
            self.assertGreater(net.score(self.x, self.labels), 0.9)
            self.assertEqual(net.in_shape, (6, 1, 1))

    def test_gradients(self):
        x = cnn.Input()
        smooth = cnn.Net(x, towers(x), loss="mse").build(6)
        # float32: the slopes are differences of losses of size 1.
        found = smooth.gradcheck(self.x[:4], numbers(4, 3))
        self.assertEqual(found.checked, smooth.param_count)
        self.assertLess(found.error, 1e-2)

    def test_stopped_and_resumed(self):
        def trainer():
            net = residual().build(max_batch=15, seed=5)
            return net, cnn.Trainer(
                net, cnn.Adam(), cnn.Dataset(self.x, self.labels), seed=2)

        net, whole = trainer()
        whole.run(11)
        with tempfile.NamedTemporaryFile() as file:
            _, first = trainer()
            first.run(6)
            first.save(file.name)
            other, second = trainer()
            second.resume(file.name)
        second.run(5)
        self.assertEqual(other.to_bytes(), net.to_bytes())

    def test_threads(self):
        """The same bits with any number."""
        self.addCleanup(cnn.set_num_threads, 1)
        want = None
        for threads in 1, 2, 3:
            cnn.set_num_threads(threads)
            net = residual()
            net.fit(self.x, self.labels, epochs=2, batch_size=15,
                    progress=False, seed=5)
            want = want or net.to_bytes()
            self.assertEqual(net.to_bytes(), want)

    def test_sessions(self):
        net = residual().build(seed=1)
        with cnn.Session(net, 3) as session:
            np.testing.assert_array_equal(session(self.x), net(self.x))

    def test_own_layers(self):
        """In a branch; one object at two places has parameters at each."""
        own = Scale(1.0)
        x = cnn.Input(6)
        net = cnn.Net(x, cnn.Dense(3)(own(x) + own(x)), loss="mse")
        self.assertEqual([net.sources(i) for i in (0, 1, 2)],
                         [(None,), (None,), (0, 1)])
        net.build(seed=1)
        net.tensors()["1.params"][:6] = 2  # its gain
        close(net.outputs(self.x, 2), 3 * self.x)
        self.assertLess(net.gradcheck(self.x[:3], numbers(3, 3)).error, 1e-2)

    def test_rbf_over_branches(self):
        """What C cannot check is checked with the shape that a join gives."""
        codes = np.zeros((2, 9), np.float32)
        for units, ok in (3, True), (4, False):
            x = cnn.Input(6)
            y = cnn.concat(x, cnn.Dense(units)(x))
            net = cnn.Net(x, cnn.RBF(2, codes)(y), loss="lenet_map")
            if ok:
                self.assertEqual(net.build().out_shape, (2, 1, 1))
                continue
            with self.assertRaisesRegex(ValueError, "9 elements, the input 10"):
                net.build()


class Told(unittest.TestCase):
    def test_written(self):
        x = cnn.Input((1, 8, 8))
        self.assertEqual(repr(x), "Input((1, 8, 8))")
        self.assertEqual(repr(cnn.Input()), "Input()")
        self.assertEqual(repr(cnn.Input(4)), "Input(4)")
        self.assertEqual(cnn.Input((8, 8)).shape, (1, 8, 8))
        self.assertEqual(repr(cnn.Dense(3)(x)), "<Node of Dense(3)>")
        self.assertEqual(repr(x + x), "<Node of 'add'>")
        net = residual(loss="mse")
        self.assertEqual(
            repr(net), "Net([\n    x: Input(6),\n    0: Dense(6)(x),\n"
            "    1: ReLU()(0),\n    2: add(x, 1),\n    3: Dense(3)(2),\n"
            "], loss=\"mse\")")
        self.assertEqual([repr(layer) for layer in net],
                         ["Dense(6)", "ReLU()", "<Add>", "Dense(3)"])
        net.close()
        self.assertEqual(repr(net), "<Net, closed>")

    def test_order(self):
        """That of writing; what y does without is left alone."""
        x = cnn.Input(4)
        a, b, c = (cnn.Dense(units)(x) for units in (1, 2, 3))
        spare = cnn.Dense(9)
        spare(c)
        net = cnn.Net(x, cnn.concat(c, a))
        self.assertEqual([repr(layer) for layer in net],
                         ["Dense(1)", "Dense(3)", "<Concat>"])
        self.assertEqual(net.sources(net[-1]), (1, 0))
        self.assertEqual(net.sources(0), (None,))
        cnn.Net([spare])  # it is in no net yet
        self.assertEqual(len(cnn.Net(x, b)), 1)

    def test_sources_of_a_stack(self):
        net = support.small_net()
        self.assertEqual([net.sources(i) for i in range(3)],
                         [(None,), (0,), (1,)])
        with self.assertRaises(IndexError):
            net.sources(5)

    def test_more_layers(self):
        """add() goes on after the output."""
        net = residual().add(cnn.Tanh()).build()
        self.assertEqual(net.sources(4), (3,))
        self.assertLessEqual(np.abs(net(100 * numbers(5, 6))).max(), 1)

    def test_shape(self):
        net = residual()
        for bad in 7, (6, 2), (2, 3, 1):
            with self.assertRaisesRegex(ValueError, r"Input\(\).*\(6, 1, 1\)"):
                net.build(bad)
        with self.assertRaisesRegex(ValueError, "N, 6, 1, 1"):
            net.fit(numbers(4, 5), [0, 1, 2, 0], progress=False)
        self.assertEqual(net.build((6, 1, 1)).in_shape, (6, 1, 1))
        x = cnn.Input((2, 3, 1))
        net = cnn.Net(x, cnn.Dense(2)(x))
        net.fit(numbers(4, 2, 3), [0, 1, 1, 0], progress=False)
        self.assertEqual(net.in_shape, (2, 3, 1))

    def test_inspected(self):
        net = residual().build(max_batch=5)
        self.assertIn("2 add", net.summary())
        kinds = [row["kind"] for row in net.summary_dict()["layers"]]
        self.assertEqual(kinds, ["dense", "activation", "add", "dense"])
        net.watch()
        net.train_step(cnn.SGD(0.1), numbers(5, 6), [0, 1, 2, 0, 1])
        self.assertEqual([s.dead is None for s in net.layer_stats()],
                         [True, False, True, True])
        self.assertEqual(list(net.tensors()),
                         ["0.weight", "0.bias", "3.weight", "3.bias"])

    def test_a_deep_net(self):
        """Deeper than Python's calls may be."""
        x = y = cnn.Input(2)
        for _ in range(1500):
            y = y + x
        net = cnn.Net(x, y)
        self.assertEqual((len(net), len(net.copy())), (1500, 1500))


if __name__ == "__main__":
    unittest.main()
