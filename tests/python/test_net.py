"""Nets: describing, running, parameters by name, files, metadata."""

import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

import numpy as np
import support
from support import bars, cnn, small_net

sys.path.insert(0, str(support.ROOT / "tests" / "support"))
sys.argv = sys.argv[:1]  # model_file.py takes a program from there
from model_file import read_model  # noqa: E402


def built(**settings):
    return small_net(**settings).build((16, 16), 8, seed=1)


def samples(count):
    return cnn.Dataset(*bars(count)).read()


class Describing(unittest.TestCase):
    def test_layers(self):
        net = built()
        self.assertEqual([layer.kind for layer in net.layers], [
            "conv2d", "activation", "maxpool2d", "dense", "softmax"])
        self.assertEqual(net.layers[2].out_shape, (4, 7, 7))
        self.assertEqual(net.in_shape, (1, 16, 16))
        self.assertEqual(net.out_shape, (10, 1, 1))
        self.assertEqual(net.max_batch, 8)
        self.assertEqual(net.seed, 1)
        self.assertEqual(net.param_count, 4 * 9 + 4 + 10 * 196 + 10)
        self.assertIsInstance(net.layers[0], cnn.Conv2D)

    def test_input_gradient(self):
        x, _ = samples(4)
        net = built()
        y = net.forward(x, training=True)
        dy = np.linspace(-1, 1, y.size, dtype=np.float32).reshape(y.shape)
        dx = net.backward_input(x, dy)
        self.assertEqual(dx.shape, (4, 1, 16, 16))
        layers = net.layers
        inputs = [x]
        for layer in layers:
            inputs.append(layer.forward(inputs[-1], training=True))
        for layer, below, above in reversed(
                list(zip(layers, inputs, inputs[1:]))):
            dy = layer.backward(below, above, dy.reshape(above.shape))
        np.testing.assert_array_equal(dx, dy)
        with self.assertRaises(ValueError):
            net.backward_input(x, dy)

    def test_order(self):
        net = cnn.Net()
        with self.assertRaisesRegex(RuntimeError, "the net has no layers"):
            net.build(3)
        dense = cnn.Dense(2)
        net.add(dense)
        for other in net, cnn.Net():
            with self.assertRaisesRegex(RuntimeError, "belongs to a net"):
                other.add(dense)
        with self.assertRaisesRegex(RuntimeError, "the layer is built"):
            net.add(cnn.Dense(2).build(3, 1))
        with self.assertRaisesRegex(RuntimeError, "the net is not built"):
            net.predict(np.zeros((1, 3), np.float32))
        with self.assertRaisesRegex(RuntimeError, "belongs|owned"):
            dense.build(3, 1)
        net.build(3)
        with self.assertRaisesRegex(RuntimeError, "the net is built already"):
            net.add(cnn.ReLU())
        with self.assertRaisesRegex(RuntimeError, "is built already"):
            net.build(3)

    def test_shapes_that_do_not_fit(self):
        net = cnn.Net([cnn.Conv2D(2, 7)])
        with self.assertRaises(ValueError) as caught:
            net.build((4, 4))
        self.assertEqual(str(caught.exception), "layer 0 (conv2d): kernel "
                         "7x7 does not fit input 4x4 with VALID padding")
        self.assertEqual(caught.exception.status, cnn.Status.ESHAPE)
        net.build((7, 7))

    def test_loss(self):
        for bad in {"loss": "hinge"}, {"reduction": "max"}, {"loss": None}:
            with self.assertRaises(ValueError):
                small_net(**bad)
        x, labels = samples(8)
        one, both = built(), built(reduction="sum")
        sgd = cnn.SGD(0)
        mean = one.train_step(sgd, x, labels)
        self.assertAlmostEqual(
            both.train_step(sgd, x, labels).loss, 8 * mean.loss, 5)


class Running(unittest.TestCase):
    def test_predict(self):
        net = built()
        x, _ = samples(30)
        y = net.predict(x)
        self.assertEqual((y.shape, y.dtype), ((30, 10), np.float32))
        np.testing.assert_allclose(y.sum(1), 1, rtol=1e-5)
        for same in x[:, 0], x.astype(float), x.tolist():
            np.testing.assert_array_equal(net.predict(same), y)
        out = np.empty((30, 10), np.float32)
        self.assertIs(net.predict(x, out=out), out)
        np.testing.assert_array_equal(out, y)
        self.assertEqual(net.predict(x[:0]).shape, (0, 10))

    def test_bits_of_one_call(self):
        # In pieces or not, the batches are the same.
        net = built()
        x, _ = samples(30)
        y = net.predict(x)
        net._cost = 1e12
        np.testing.assert_array_equal(net.predict(x), y)
        whole = net.evaluate(x, bars(30)[1], confusion=True)
        net._cost = 0.0
        once = net.evaluate(x, bars(30)[1], confusion=True)
        self.assertAlmostEqual(whole.loss, once.loss, 14)
        np.testing.assert_array_equal(whole.confusion, once.confusion)
        self.assertEqual(whole.correct, once.correct)

    def test_evaluate(self):
        net = built()
        x, labels = samples(30)
        y = net.predict(x).astype(float)
        found = net.evaluate(x, labels, confusion=True)
        want = -np.log(y[np.arange(30), labels]).mean()
        self.assertAlmostEqual(found.loss, want, 5)
        table = np.zeros((10, 10), np.int64)
        np.add.at(table, (labels, y.argmax(1)), 1)
        np.testing.assert_array_equal(found.confusion, table)
        self.assertEqual(found.confusion.dtype, np.int64)
        self.assertEqual(found.correct, np.trace(table))
        self.assertEqual(found.accuracy, np.trace(table) / 30)
        self.assertIsNone(net.evaluate((x, labels)).confusion)
        with self.assertRaisesRegex(ValueError, "0 samples"):
            net.evaluate(x[:0], labels[:0])
        with self.assertRaisesRegex(ValueError, "11 classes, the net 10"):
            net.evaluate(x[:1], [10])

    def test_by_hand_as_train_step(self):
        x, labels = samples(8)
        one, two = built(), built()
        one.train_step(cnn.SGD(0.1), x, labels)
        # Softmax and cross-entropy, not folded: a little less exact.
        y = two.forward(x, training=True)
        dy = np.zeros_like(y)
        at = np.arange(8), labels
        dy[at] = -1 / (8 * y[at])
        two.zero_grad()
        two.backward(x, dy)
        two.update(cnn.SGD(0.1))
        np.testing.assert_allclose(one.params, two.params, atol=1e-6)
        with self.assertRaisesRegex(RuntimeError, "no forward pass"):
            one.backward(x, dy)
        with self.assertRaisesRegex(ValueError, "but the forward pass had 8"):
            two.backward(x[:3], dy[:3])

    def test_clip(self):
        net = built()
        net.grads[...] = 1
        norm = np.sqrt(net.param_count)
        self.assertAlmostEqual(net.clip_grads(2.0), norm, 5)
        self.assertAlmostEqual(float((net.grads ** 2).sum()), 4, 4)
        with self.assertRaises(ValueError):
            net.clip_grads(0)

    def test_diverged(self):
        net = built()
        x, labels = samples(8)
        before = net.params.copy()
        x[0] = np.inf
        with self.assertRaisesRegex(RuntimeError, r"layer \d \(\w+\)") as e:
            net.train_step(cnn.SGD(0.1), x, labels)
        self.assertEqual(e.exception.status, cnn.Status.EDIVERGED)
        np.testing.assert_array_equal(net.params, before)

    def test_session(self):
        net = built()
        x, _ = samples(30)
        session = cnn.Session(net)
        np.testing.assert_array_equal(session.predict(x), net.predict(x))
        self.assertEqual(cnn.Session(net, 3).predict(x).shape, (30, 10))
        with self.assertRaises(RuntimeError):
            cnn.Session(small_net())
        for bad in 0, -1, 2**32 + 1:
            with self.assertRaises(ValueError):
                cnn.Session(net, bad)


class Parameters(unittest.TestCase):
    def test_names_and_shapes_of_the_file(self):
        net = cnn.Net([
            cnn.Conv2D(4, 3, groups=1, table=[[1, 0], [1, 1], [0, 1], [1, 1]]),
            cnn.BatchNorm(), cnn.Subsample2D(2), cnn.Dense(3, bias=False),
            cnn.RBF(3, np.ones((3, 3), np.float32)),
        ], loss="lenet_map").build((2, 6, 6), 1)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model"
            net.save(path)
            _, tensors = read_model(path)
        state = net.tensors()
        self.assertEqual(list(state), list(tensors))
        for name, (shape, values) in tensors.items():
            self.assertEqual(list(state[name].shape), shape)
            self.assertEqual(state[name].ravel().tolist(), list(values))

    def test_running_statistics(self):
        nets = [cnn.Net([cnn.BatchNorm(), cnn.Dense(10)]).build((4, 4), 20)
                for _ in range(2)]
        nets[0].tensors()["0.running_mean"][...] = 0.5
        nets[1].load_state_dict(nets[0].state_dict())
        x = np.random.default_rng(1).random((20, 4, 4), np.float32)
        np.testing.assert_array_equal(*(net.predict(x) for net in nets))

    def test_summary(self):
        net = built()
        text = net.summary()
        self.assertRegex(text, r" 3 dense +10 x 1 x 1 +1970 +1970 +1960\n")
        found = net.summary_dict()
        self.assertEqual(found["params"], net.param_count)
        self.assertEqual(found["params"], net.costs().params)
        self.assertEqual(found["layers"][0]["output"], [4, 14, 14])
        self.assertEqual(found["memory"], net.memory()._asdict())
        self.assertEqual(net.layers[3].costs(), (1970, 1970, 1960))
        for call in small_net().summary, small_net().costs, small_net().memory:
            with self.assertRaises(RuntimeError):
                call()

    @unittest.skipUnless(os.path.exists("/proc/self/statm"), "no /proc")
    def test_memory_is_resident(self):
        """The claim is what a net takes; SGD leaves an array alone."""
        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

        x = np.zeros((200, 28, 28), np.float32)
        labels = np.zeros(200, np.int32)
        def trained(optim, units):
            net = cnn.Net([cnn.Conv2D(24, 5), cnn.ReLU(), cnn.MaxPool2D(2),
                           cnn.Dense(units), cnn.Dense(10)])
            net.build((28, 28), 200).train_step(optim, x, labels)
            return net

        trained(cnn.SGD(1e-3), 1000)  # so that the BLAS has its buffers
        before = resident()
        net = trained(cnn.SGD(1e-3), 1000)
        memory = net.memory()
        for optim, unused in (cnn.SGD(1e-3), 1), (cnn.Adam(1e-3), 0):
            want = memory.training - unused * 4 * net.param_count
            net.train_step(optim, x, labels)
            self.assertAlmostEqual((resident() - before) / want, 1, delta=0.1,
                                   msg=f"{want} bytes claimed")

    def test_stats(self):
        net = built()
        with self.assertRaisesRegex(RuntimeError, "not watched"):
            net.layer_stats()
        net.watch()
        net.tensors()["0.bias"][...] = -100
        net.train_step(cnn.SGD(0), *samples(8))
        stats = net.layer_stats()
        self.assertEqual(stats[1].dead, stats[1].units)
        self.assertIsNone(stats[0].dead)
        self.assertIsNone(stats[0].saturated)
        self.assertGreater(stats[0].weight_norm, 199)
        net.watch(False)
        with self.assertRaises(RuntimeError):
            net.layer_stats()


class Files(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.path = pathlib.Path(holder.name) / "model"

    def test_round_trip(self):
        net = built(loss="mse", reduction="sum")
        net.metadata["classes"] = "zero,one"
        net.save(self.path)
        x, _ = samples(8)
        data = self.path.read_bytes()
        self.assertEqual(net.to_bytes(), data)
        for source in self.path, str(self.path), data, bytearray(data):
            other = cnn.load(source, 8)
            self.assertEqual((other.loss, other.reduction), ("mse", "sum"))
            self.assertEqual(dict(other.metadata), {"classes": "zero,one"})
            self.assertEqual(other.to_bytes(), data)
            np.testing.assert_array_equal(other.predict(x), net.predict(x))
            self.assertEqual([layer.kind for layer in other.layers],
                             [layer.kind for layer in net.layers])

    def test_loading_writes_nothing(self):
        """What a net has is asked for; it was once written, twice, for that."""
        data = built(loss="mse").to_bytes()
        with mock.patch.object(cnn.Net, "to_bytes") as writing:
            self.assertEqual(cnn.load(data).loss, "mse")
        self.assertFalse(writing.called)

    def test_errors(self):
        with self.assertRaises(OSError):
            cnn.load(self.path)
        with self.assertRaises(OSError):
            built().save(self.path / "deeper")
        data = bytearray(built().to_bytes())
        data[-1] ^= 1
        for bad in data, b"", b"x" * 100:
            with self.assertRaises(ValueError):
                cnn.load(bad)
        for batch in 0, -1, 2**32 + 1:
            with self.assertRaises(ValueError):
                cnn.load(built().to_bytes(), batch)
        with self.assertRaises(RuntimeError):
            small_net().save(self.path)
        net = built()
        net.params[0] = np.nan
        with self.assertRaises(RuntimeError):
            net.save(self.path)
        self.assertFalse(self.path.exists())

    def test_metadata(self):
        net = small_net()
        net.metadata["b"] = "1"
        net.metadata["a"] = "ü\n"
        net.metadata["b"] = ""
        self.assertEqual(list(net.metadata.items()), [("b", ""), ("a", "ü\n")])
        del net.metadata["b"]
        self.assertEqual(dict(net.metadata), {"a": "ü\n"})
        self.assertNotIn("b", net.metadata)
        for key in "b", "", 3, "a\0", "\ud800":
            with self.assertRaises(KeyError):
                net.metadata[key]
            with self.assertRaises(KeyError):
                del net.metadata[key]
        for key, value in (("", "x"), ("libcnn", "x"), ("k" * 65, "x"),
                           ("k", "x" * 65536), ("a\0b", "x"), ("k", "x\0"),
                           ("k", "\ud800")):
            with self.assertRaises(ValueError):
                net.metadata[key] = value
        for key, value in (3, "x"), ("k", 3), ("k", None), (b"k", "x"):
            with self.assertRaises(TypeError):
                net.metadata[key] = value
        self.assertEqual(len(net.metadata), 1)


if __name__ == "__main__":
    unittest.main()
