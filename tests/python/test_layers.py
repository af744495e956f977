"""Layers by hand beside plain formulas of numpy."""

import math
import unittest

import numpy as np
import support
from cnn import layers
from cnn._prototypes import PROTOTYPES
from support import cnn

# float32 has 24 bits; sums here have at most some 100 terms below 10.
CLOSE = {"rtol": 1e-5, "atol": 1e-5}
SHAPE = 3, 6, 5


def drawn(*shape):
    return np.random.default_rng(len(shape)).standard_normal(
        shape, dtype=np.float32)


def convolution(x, w, b, stride, pad):
    """(N, C, H, W), (F, C, kh, kw), (F,)."""
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad))).astype(float)
    kh, kw = w.shape[2:]
    rows = range(0, x.shape[2] - kh + 1, stride)
    columns = range(0, x.shape[3] - kw + 1, stride)
    y = [[np.einsum("ncuv,fcuv->nf", x[:, :, i:i + kh, j:j + kw], w) + b
          for j in columns] for i in rows]
    return np.moveaxis(np.array(y), (2, 3), (0, 1))


def windows(x, size):
    """(N, C, H / size, W / size, size * size), what does not fit left out."""
    n, c, h, w = x.shape
    h, w = h // size, w // size
    x = x[:, :, :h * size, :w * size].reshape(n, c, h, size, w, size)
    return x.transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h, w, -1)


class Kinds(unittest.TestCase):
    def test_all_are_there(self):
        """Whatever C can create has a class, and every class is exported."""
        folder = support.PACKAGE / "cnn"
        source = "".join(path.read_text("utf-8")
                         for path in folder.glob("[!_]*.py"))
        created = [name for name, (result, *_) in PROTOTYPES.items()
                   if result is PROTOTYPES["cnn_dropout_create"][0]
                   and name.endswith("_create")]
        self.assertIn("cnn_rbf_create", created)
        for name in created:
            self.assertIn(f"lib.{name}", source)
        for name, kind in vars(layers).items():
            if name[0] != "_" and isinstance(kind, type) \
                    and issubclass(kind, cnn.Layer):
                self.assertIs(getattr(cnn, name, None), kind, name)
                self.assertIn(name, cnn.__all__)
                self.assertIn(name, layers.__all__)


class Settings(unittest.TestCase):
    def test_of_a_layer(self):
        conv = cnn.Conv2D(4, (5, 3), padding="same", algorithm="im2col")
        found = conv.settings()
        self.assertEqual(found["filters"], 4)
        self.assertEqual(found["kernel_w"], 3)
        self.assertEqual(found["groups"], 1)
        self.assertEqual(found["algorithm"], 1)
        self.assertIsNone(conv.table())
        self.assertEqual(cnn.Softmax().settings(), {})
        momentum = cnn.BatchNorm(momentum=1).settings()["momentum"]
        self.assertIsInstance(momentum, float)

    def test_of_a_loaded_net(self):
        table = np.array([[1, 0], [1, 1]], np.uint8)
        net = cnn.Net([cnn.Conv2D(2, 3, table=table), cnn.Dropout(0.25)])
        net.build((2, 6, 6), 1)
        with cnn.Net.load(net.to_bytes()) as loaded:
            conv, drop = loaded.layers
            self.assertEqual(conv.settings(), net.layers[0].settings())
            np.testing.assert_array_equal(conv.table(), table)
            self.assertIsInstance(conv, cnn.Conv2D)
            self.assertEqual(repr(drop), "Dropout(0.25)")
            self.assertEqual(repr(conv), "Conv2D(2, 3, table=<2 x 2>)")

    def test_repr_of_a_closed_layer(self):
        layer = cnn.ReLU()
        layer.close()
        self.assertEqual(repr(layer), "<ReLU, closed>")


class Unsupported(unittest.TestCase):
    """A setting that is bad is a ValueError, if it is a build that says so
    too."""

    def test_algorithm_that_does_not_fit(self):
        for layer in (cnn.Conv2D(2, 4, algorithm="winograd"),
                      cnn.Conv2D(2, 3, stride=2, algorithm="direct")):
            with self.assertRaises(ValueError) as caught:
                layer.build((1, 9, 9), 1)
            self.assertIsInstance(caught.exception, cnn.Error)
            self.assertIsInstance(caught.exception, NotImplementedError)
            self.assertEqual(caught.exception.status, cnn.Status.EUNSUPPORTED)


class Forward(unittest.TestCase):
    def run_layer(self, layer, x, training=False):
        layer.build(x.shape[1:], len(x), seed=3)
        return layer.forward(x, training=training)

    def same(self, layer, want, x):
        np.testing.assert_allclose(self.run_layer(layer, x), want, **CLOSE)

    def test_conv2d(self):
        x = drawn(2, *SHAPE)
        for stride, pad in (1, 0), (2, 1):
            layer = cnn.Conv2D(4, (3, 2), stride=stride, padding=pad,
                               bias_init=("normal", 1.0))
            y = self.run_layer(layer, x)
            w, b = (tensor.data for tensor in layer.tensors())
            self.assertEqual(w.shape, (4, 3, 3, 2))
            np.testing.assert_allclose(
                y, convolution(x, w, b, stride, pad), **CLOSE)

    def test_conv2d_transpose(self):
        """The adjoint of the convolution with the same weights."""
        for stride, pad, more in (1, 0, 0), (2, 1, 1):
            settings = dict(stride=stride, padding=pad, bias=False)
            layer = cnn.Conv2DTranspose(3, (3, 2), output_padding=more,
                                        **settings)
            u = drawn(2, 4, 5, 4)
            y = self.run_layer(layer, u)
            self.assertEqual(layer.tensors()[0].data.shape, (4, 3, 3, 2))
            conv = cnn.Conv2D(4, (3, 2), **settings)
            x = drawn(*y.shape)
            conv.build(x.shape[1:], 2)
            conv.params[:] = layer.params
            np.testing.assert_allclose(
                np.vdot(conv.forward(x), u), np.vdot(x, y), rtol=1e-4)
        self.assertEqual(
            self.run_layer(cnn.Conv2DTranspose(1, 3, stride=(2, 3),
                                               padding="same"), u).shape,
            (2, 1, 10, 12))
        with self.assertRaisesRegex(ValueError, "less than the stride 2x1"):
            cnn.Conv2DTranspose(1, 3, stride=(2, 1), output_padding=(1, 1)
                                ).build(SHAPE, 1)

    def test_conv2d_table(self):
        table = [[1, 0, 1], [0, 1, 0]]
        x = drawn(2, *SHAPE)
        layer = cnn.Conv2D(2, 2, table=table, bias=False)
        y = self.run_layer(layer, x)
        kernels = iter(layer.tensors()[0].data)
        w = np.array([[next(kernels) if seen else np.zeros((2, 2))
                       for seen in row] for row in table])
        np.testing.assert_allclose(
            y, convolution(x, w, np.zeros(2), 1, 0), **CLOSE)

    def test_pooling(self):
        x = drawn(2, *SHAPE)
        parts = windows(x, 2)
        self.same(cnn.MaxPool2D(2), parts.max(-1), x)
        self.same(cnn.AvgPool2D(2), parts.mean(-1), x)
        layer = cnn.Subsample2D(2)
        y = self.run_layer(layer, x)
        a, b = (t.data.reshape(3, 1, 1) for t in layer.tensors())
        np.testing.assert_allclose(y, a * parts.sum(-1) + b, **CLOSE)

    def test_global_pooling(self):
        x = drawn(2, *SHAPE)
        self.same(cnn.GlobalMaxPool2D(), x.max((2, 3), keepdims=True), x)
        self.same(cnn.GlobalAvgPool2D(), x.mean((2, 3), keepdims=True), x)

    def test_upsampling(self):
        x = drawn(2, *SHAPE)
        self.same(cnn.Upsample2D((2, 3)), x.repeat(2, 2).repeat(3, 3), x)
        ramp = np.arange(5, dtype=np.float32).reshape(1, 1, 1, 5)
        want = np.clip(np.arange(0.5, 10) / 2 - 0.5, 0, 4).reshape(1, 1, 1, 10)
        self.same(cnn.Upsample2D((1, 2), "bilinear"), want, ramp)
        with self.assertRaisesRegex(ValueError, "'cubic': expected nearest or"):
            cnn.Upsample2D(2, "cubic")

    def test_reshape(self):
        x = drawn(2, *SHAPE)
        self.same(cnn.Reshape((5, 3, 6)), x.reshape(2, 5, 3, 6), x)
        self.same(cnn.Reshape(90), x.reshape(2, 90, 1, 1), x)
        self.same(cnn.Reshape(-1), x.reshape(2, 90, 1, 1), x)
        self.same(cnn.Reshape((-1, 3, 6)), x.reshape(2, 5, 3, 6), x)
        with self.assertRaisesRegex(ValueError, "91 elements, the input"):
            cnn.Reshape(91).build(SHAPE, 1)
        with self.assertRaisesRegex(ValueError, "90 elements, no multiple of"):
            cnn.Reshape((-1, 4)).build(SHAPE, 1)
        with self.assertRaisesRegex(ValueError, "or one -1"):
            cnn.Reshape((-1, -1))

    def test_pooling_options(self):
        x = np.ones((1, 1, 3, 3), np.float32)
        corner = {}
        for counted in False, True:
            layer = cnn.AvgPool2D(2, stride=2, padding=(1, 0, 1, 0),
                                  count_include_pad=counted)
            corner[counted] = self.run_layer(layer, x)[0, 0, 0, 0]
        self.assertEqual(corner, {False: 1.0, True: 0.25})

    def test_dense(self):
        x = drawn(2, *SHAPE)
        layer = cnn.Dense(4, bias_init=("constant", 0.5))
        y = self.run_layer(layer, x)
        w, b = (tensor.data for tensor in layer.tensors())
        self.assertTrue((b == 0.5).all())
        np.testing.assert_allclose(
            y.reshape(2, 4), x.reshape(2, -1) @ w.T + b, **CLOSE)

    def test_activations(self):
        x = 3 * drawn(2, *SHAPE)
        wide = x.astype(float)
        normal = 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        for layer, want in (
                (cnn.ReLU(), np.maximum(wide, 0)),
                (cnn.Sigmoid(), 1 / (1 + np.exp(-wide))),
                (cnn.Tanh(), np.tanh(wide)),
                (cnn.LeCunTanh(), 1.7159 * np.tanh(wide * 2 / 3)),
                (cnn.LeakyReLU(), np.where(wide > 0, wide, 0.01 * wide)),
                (cnn.LeakyReLU(0.2), np.where(wide > 0, wide, 0.2 * wide)),
                (cnn.ELU(0.5),
                 np.where(wide > 0, wide, 0.5 * np.expm1(wide))),
                (cnn.GELU(), wide * normal),
                (cnn.SiLU(), wide / (1 + np.exp(-wide))),
                (cnn.HardSwish(), wide * np.clip(wide + 3, 0, 6) / 6),
                (cnn.Softplus(), np.log1p(np.exp(wide))),
                (cnn.Clamp(), np.clip(wide, 0, 6)),
                (cnn.Clamp(0.5), np.clip(wide, 0, 0.5))):
            self.same(layer, want, x)
            self.assertEqual(layer.kind, "activation")

    def test_softmax(self):
        x = drawn(2, 7, 1, 1)
        e = np.exp(x.astype(float))
        self.same(cnn.Softmax(), e / e.sum(1, keepdims=True), x)

    def test_dropout(self):
        x = np.ones((4, 1, 50, 50), np.float32)
        layer = cnn.Dropout(0.25)
        self.assertTrue((self.run_layer(layer, x) == 1).all())
        y = layer.forward(x, training=True)
        self.assertEqual(set(np.unique(y)), {0.0, np.float32(1 / 0.75)})
        # 10,000 draws: 0.0043 is one standard deviation.
        self.assertAlmostEqual((y == 0).mean(), 0.25, delta=0.03)

    def test_batchnorm(self):
        x = drawn(4, *SHAPE)
        layer = cnn.BatchNorm(epsilon=1e-3)
        y = self.run_layer(layer, x, training=True)
        m = x.mean((0, 2, 3), keepdims=True)
        v = x.var((0, 2, 3), keepdims=True)
        np.testing.assert_allclose(y, (x - m) / np.sqrt(v + 1e-3), **CLOSE)
        names = [tensor.name for tensor in layer.tensors()]
        self.assertEqual(
            names, ["weight", "bias", "running_mean", "running_var"])
        self.assertIsNone(layer.tensors()[2].grad)

    def test_layernorm(self):
        x = drawn(4, *SHAPE)
        for groups, axes in (0, (1, 2, 3)), (1, (1, 2, 3)), (3, (2, 3)):
            layer = cnn.LayerNorm(epsilon=1e-3, groups=groups)
            m = x.mean(axes, keepdims=True)
            v = x.var(axes, keepdims=True)
            self.same(layer, (x - m) / np.sqrt(v + 1e-3), x)
            self.assertEqual(layer.tensors()[1].data.shape,
                             (3,) if groups else SHAPE)
        bare = cnn.LayerNorm(affine=False).build(SHAPE, 1)
        self.assertEqual(bare.tensors(), [])

    def test_rbf(self):
        x, codes = drawn(3, 5, 1, 1), drawn(4, 5)
        want = ((x.reshape(3, 1, 5) - codes) ** 2).sum(-1)
        layer = cnn.RBF(4, codes)
        self.same(layer, want.reshape(3, 4, 1, 1), x)
        with self.assertRaisesRegex(ValueError, "have 5 elements, the input"):
            cnn.RBF(4, codes).build(6, 1)
        digits = cnn.RBF()
        digits.build((84, 1, 1), 1)
        self.assertEqual(set(np.unique(digits.tensors()[0].data)), {-1, 1})

    def test_rbf_in_a_net(self):
        codes = drawn(4, 6)
        net = cnn.Net([cnn.Conv2D(6, 5), cnn.MaxPool2D(4),
                       cnn.RBF(4, codes)], loss="lenet_map")
        with self.assertRaisesRegex(ValueError, "6 elements, the input 24"):
            net.build((14, 14), 1)
        net.build((8, 8), 1)
        self.assertTrue((net.tensors()["2.codes"] == codes).all())
        self.assertEqual(net.predict(drawn(2, 8, 8)).shape, (2, 4))


class Backward(unittest.TestCase):
    """Against differences of the float64 formula."""

    def test_dense(self):
        x, dy = drawn(3, 5, 1, 1), drawn(3, 2, 1, 1)
        layer = cnn.Dense(2).build(5, 3)
        y = layer.forward(x, training=True)
        dx = layer.backward(x, y, dy)
        w, b = layer.tensors()
        flat, slope = x.reshape(3, 5), dy.reshape(3, 2)
        np.testing.assert_allclose(dx.reshape(3, 5), slope @ w.data, **CLOSE)
        np.testing.assert_allclose(w.grad, slope.T @ flat, **CLOSE)
        np.testing.assert_allclose(b.grad, slope.sum(0), **CLOSE)
        self.assertIsNone(layer.backward(x, y, dy, want_dx=False))
        np.testing.assert_allclose(b.grad, 2 * slope.sum(0), **CLOSE)
        before = layer.params.copy()
        layer.update(cnn.SGD(0.5))
        np.testing.assert_allclose(
            layer.params, before - 0.5 * layer.grads, **CLOSE)
        layer.zero_grad()
        self.assertFalse(layer.grads.any())

    def test_frozen(self):
        layer = cnn.Dense(2).build(5, 3)
        layer.grads[...] = 1
        layer.frozen = True
        before = layer.params.copy()
        layer.update(cnn.SGD(0.5))
        self.assertTrue((layer.params == before).all())
        layer.frozen = False
        layer.update(cnn.SGD(0.5))
        self.assertTrue((layer.params != before).all())
        for wrong in "all", 2, None:  # 2 is "params" in C
            with self.assertRaisesRegex(
                    ValueError, f"frozen is {wrong!r}, expected"):
                layer.frozen = wrong
        self.assertIs(layer.frozen, False)

    def test_lr_factor(self):
        layer = cnn.Dense(2)
        self.assertEqual(layer.lr_factor, 1)
        layer.lr_factor = 0.25
        layer.build(5, 3)
        layer.grads[...] = 1
        before = layer.params.copy()
        layer.update(cnn.SGD(0.5))
        np.testing.assert_allclose(layer.params, before - 0.125, **CLOSE)
        for wrong in -1, float("nan"), float("inf"):
            with self.assertRaisesRegex(ValueError, "expected a finite number"):
                layer.lr_factor = wrong
        with self.assertRaisesRegex(TypeError, "lr_factor is str, "):
            layer.lr_factor = "fast"
        self.assertEqual(layer.lr_factor, 0.25)

    def test_frozen_batchnorm(self):
        x = drawn(4, *SHAPE)
        layer = cnn.BatchNorm().build(SHAPE, 4)
        predicted = layer.forward(x)
        layer.frozen = True
        self.assertTrue((layer.forward(x, training=True) == predicted).all())
        layer.frozen = "params"
        self.assertEqual(layer.frozen, "params")
        self.assertFalse((layer.forward(x, training=True) == predicted).any())

    def test_conv2d(self):
        x, dy = drawn(2, *SHAPE), drawn(2, 2, 4, 4)
        layer = cnn.Conv2D(2, (3, 2)).build(SHAPE, 2)
        y = layer.forward(x, training=True)
        dx = layer.backward(x, y, dy)
        w, b = layer.tensors()
        loss = lambda x, w: (convolution(x, w, b.data, 1, 0) * dy).sum()
        for array, slope, which in (x, dx, 0), (w.data, w.grad, 1):
            for at in ((0, 0, 0, 0), (1, 2, 2, 1)):
                # The loss is linear in each: no step is too large.
                ends = []
                for step in 0.5, -0.5:
                    moved = array.astype(float)
                    moved[at] += step
                    both = [x, w.data]
                    both[which] = moved
                    ends.append(loss(*both))
                self.assertAlmostEqual(ends[0] - ends[1], slope[at], 4)

    def test_same_seed(self):
        one, two, other = (
            cnn.Dense(3).build(4, 1, seed=seed) for seed in (1, 1, 2**64 - 1))
        self.assertTrue((one.params == two.params).all())
        self.assertFalse((one.params == other.params)[:12].any())


if __name__ == "__main__":
    unittest.main()
