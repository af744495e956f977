"""What many get wrong at first: the text says what to do instead."""

import unittest
import warnings

import numpy as np
from support import bars, cnn, small_net

IMAGES, LABELS = bars(40)
X = cnn.Dataset(IMAGES, LABELS).images
ONE_HOT = np.eye(10)[LABELS]
COLOUR = np.zeros((20, 32, 32, 3), np.float32)


def fit(images=X, labels=LABELS, layers=None, loss="softmax_cross_entropy",
        **settings):
    net = small_net(loss=loss) if layers is None else (
        cnn.Net(layers, loss=loss))
    return net.fit(images, labels, progress=False, **settings)


def built():
    return small_net().build((16, 16), 20)


def twice(layer):
    return cnn.Net([layer, cnn.Dense(2), layer])


def node(units=3):
    """The output of a layer, and its input."""
    x = cnn.Input(4)
    return cnn.Dense(units)(x), x


def at_two_places(layer):
    y, x = node()
    return cnn.Net(x, layer(layer(y)))


def shared(layer):
    x = cnn.Input(4)
    y = layer(x)
    return cnn.Net(x, y), cnn.Net(x, cnn.Dense(2)(y))


# What is done: the exception, and what its text has in it.
MISTAKES = {
    "channels last": (
        lambda: fit(COLOUR, [0] * 20),
        ValueError, "images.transpose(0, 3, 1, 2)"),
    "channels last, net built": (
        lambda: cnn.Net([cnn.Dense(2)]).build((3, 32, 32)).predict(COLOUR),
        ValueError, "x.transpose(0, 3, 1, 2)"),
    "one-hot labels, integers": (
        lambda: fit(labels=ONE_HOT.astype(int)),
        ValueError, "labels.argmax(1)"),
    "one-hot labels, in a dataset": (
        lambda: cnn.Dataset(IMAGES, ONE_HOT),
        TypeError, "labels.argmax(1)"),
    "several labels as integers": (
        lambda: fit(labels=ONE_HOT.astype(int), loss="binary_cross_entropy"),
        ValueError, "labels.astype(np.float32) are targets"),
    "labels in a column": (
        lambda: fit(labels=LABELS[:, None]), ValueError, "labels.ravel()"),
    "labels as floats": (
        lambda: fit(labels=LABELS.astype(float)),
        ValueError, "labels.astype(int)"),
    "labels as floats, in a dataset": (
        lambda: cnn.Dataset(IMAGES, LABELS.astype(float)),
        TypeError, "targets=labels"),
    "labels as strings": (
        lambda: fit(labels=[f"class {n}" for n in LABELS]),
        TypeError, "np.unique(labels, return_inverse=True)"),
    "labels as booleans": (
        lambda: fit(labels=LABELS > 4), TypeError, "labels.astype(int)"),
    "labels from 1": (
        lambda: fit(labels=LABELS + 1), ValueError, "labels - 1"),
    "labels from -1": (
        lambda: fit(labels=LABELS - 1), ValueError, "is -1, expected 0"),
    "too few outputs": (
        lambda: fit(layers=[cnn.Dense(5)]),
        ValueError, "10 classes, the net 5 outputs"),
    "integers to be met": (
        lambda: fit(layers=[cnn.Dense(1)], loss="mse"),
        ValueError, "labels.astype(np.float32)"),
    "fewer labels": (
        lambda: fit(labels=LABELS[:-1]), ValueError, "40 images, 39 labels"),
    "no labels": (
        lambda: small_net().fit(X), TypeError, "fit(images, labels)"),
    "a dataset without labels": (
        lambda: small_net().fit(cnn.Dataset(X), progress=False),
        ValueError, "neither labels nor targets"),
    "labels beside a dataset": (
        lambda: fit(cnn.Dataset(IMAGES, LABELS)), TypeError, "already"),
    "a path": (
        lambda: small_net().fit("train-images"), TypeError, "Dataset.load()"),
    "no samples": (
        lambda: fit(X[:0], LABELS[:0]), ValueError, "no samples"),
    "bytes to predict": (
        lambda: built().predict(IMAGES), TypeError, "/ 255"),
    "integers to predict": (
        lambda: built().predict(IMAGES.astype(int)),
        TypeError, "x.astype(np.float32)"),
    "booleans to predict": (
        lambda: built().predict(X > 0), TypeError, "x.astype(np.float32)"),
    "nothing to predict": (
        lambda: built().predict(None), TypeError, "x is None"),
    "one image": (
        lambda: built().predict(X[0, 0]), ValueError, "x[None]"),
    "one image in colour": (
        lambda: cnn.Net([cnn.Dense(2)]).build((3, 32, 32)).predict(
            np.zeros((3, 32, 32))), ValueError, "x[None]"),
    "images in rows": (
        lambda: built().predict(X.reshape(40, -1)),
        ValueError, "x.reshape(-1, 1, 16, 16)"),
    "an image in a row": (
        lambda: built().predict(X[0].ravel()),
        ValueError, "x.reshape(1, 1, 16, 16)"),
    "images of several sizes": (
        lambda: fit([np.zeros((3, 3)), np.zeros((2, 2))], [0, 1]),
        ValueError, "different shapes, (3, 3) and (2, 2)"),
    "arrays in an array": (
        lambda: fit(np.array([np.zeros((3, 3)), np.zeros((2, 2)), None],
                             object)[:2], [0, 1]),
        ValueError, "different shapes, (3, 3) and (2, 2)"),
    "NaN": (
        lambda: fit(np.full_like(X, np.nan)),
        RuntimeError, "np.isfinite(images)"),
    "a dataset for an array": (
        lambda: built().forward(cnn.Dataset(IMAGES, LABELS)),
        TypeError, "x.images"),
    "a batch too large": (
        lambda: built().train_step(cnn.SGD(), X, LABELS),
        ValueError, "max_batch=40"),
    "not built": (
        lambda: small_net().predict(X), RuntimeError, "build(shape)"),
    "a layer twice": (
        lambda: twice(cnn.Dense(2)), RuntimeError, "layer.copy()"),
    "a layer that is built": (
        lambda: cnn.Net([cnn.Dense(2).build(3, 1)]),
        RuntimeError, "layer.copy()"),
    "one more layer": (
        lambda: built().add(cnn.Dense(2)), RuntimeError, "net[:]"),
    "a class for a layer": (
        lambda: cnn.Net([cnn.Dense(10), cnn.ReLU]), TypeError, "ReLU()"),
    "a layer for a list": (
        lambda: cnn.Net(cnn.Dense(10)), TypeError, "Net([Dense(10), ...])"),
    "nodes without an input": (
        lambda: cnn.Net(node()[0], node()[0]),
        TypeError, "x is <Node of Dense(3)>, no input, expected the node of "
        "cnn.Input()"),
    "nodes without an output": (
        lambda: cnn.Net(node()[1]), TypeError, "Net(x, y), from the input x"),
    "a layer for an output": (
        lambda: cnn.Net(node()[1], cnn.Dense(2)),
        TypeError, "y is Dense(2), expected the node of the output: "
        "Dense(2)(x) is one"),
    "a list and a node": (
        lambda: cnn.Net([cnn.Dense(2)], node()[0]),
        TypeError, "x is list, expected the node of cnn.Input(); a stack is"),
    "nodes in a list": (
        lambda: cnn.Net(list(node())), TypeError, "Net(x, y) makes a net"),
    "a node for a layer": (
        lambda: cnn.Net().add(node()[0]), TypeError, "Net(x, y) makes a net"),
    "the input for an output": (
        lambda: cnn.Net(*[cnn.Input(4)] * 2), ValueError, "needs a layer"),
    "nodes of another input": (
        lambda: cnn.Net(node()[1], node()[0]),
        ValueError, "from another Input()"),
    "two inputs": (
        lambda: cnn.Net((a := node())[1], a[0] + node()[0]),
        ValueError, "y comes from 2 inputs, and a net has one"),
    "a layer at two places": (
        lambda: at_two_places(cnn.ReLU()),
        ValueError, "ReLU() is at two places, 1 and 2"),
    "a layer in two nets of nodes": (
        lambda: shared(cnn.Dense(3)), RuntimeError, "layer.copy()"),
    "a layer of a net for nodes": (
        lambda: built()[0](cnn.Input()), RuntimeError, "layer.copy()"),
    "a layer that is built, for nodes": (
        lambda: cnn.Dense(2).build(3, 1)(cnn.Input()),
        RuntimeError, "layer.copy()"),
    "a layer called with an array": (
        lambda: cnn.Dense(2)(X), TypeError,
        "Dense(2) is called with ndarray, expected a node, as x = cnn.Input() "
        "is one: a net predicts by net(x), and layer.build("),
    "a layer called with a layer": (
        lambda: cnn.Dense(2)(cnn.ReLU()), TypeError,
        "called with ReLU(), expected a node: ReLU()(x) is one"),
    "a layer called with nodes": (
        lambda: cnn.Dense(2)(list(node())), TypeError, "cnn.concat(a, b)"),
    "a net called with a node": (
        lambda: built()(cnn.Input()), TypeError, "a net is no layer"),
    "add of a list": (
        lambda: cnn.add(list(node())), TypeError, "cnn.add(*nodes)"),
    "add of a layer": (
        lambda: cnn.add(node()[0], cnn.ReLU()), TypeError, "ReLU()(x) is one"),
    "add of a class": (
        lambda: cnn.add(node()[0], cnn.ReLU),
        TypeError, "the class ReLU, expected nodes"),
    "add of an array": (
        lambda: cnn.add(node()[0], X), TypeError, "with ndarray, expected"),
    "concat of one": (
        lambda: cnn.concat(node()[0]),
        ValueError, "1 nodes, expected 2 to 256"),
    "add of too many": (
        lambda: cnn.add(*[node()[0]] * 257), ValueError, "257 nodes"),
    "a sum with a number": (
        lambda: node()[0] + 1, TypeError, "add() is called with int"),
    "a sum with an array": (
        lambda: X + node()[0], TypeError, "add() is called with ndarray"),
    "Add by hand": (lambda: cnn.Add(), TypeError, "a + b, or cnn.add(a, b)"),
    "Concat by hand": (
        lambda: cnn.Concat(), TypeError, "not made by hand: cnn.concat(a, b)"),
    "sums of unlike shapes": (
        lambda: cnn.Net((a := node())[1], a[0] + a[1]).build(),
        ValueError, "layer 1 (add): layer 0 has 3x1x1 and the input 4x1x1, "
        "expected the same shape"),
    "channels of unlike sizes": (
        lambda: cnn.Net(
            (a := cnn.Input((1, 4, 4))),
            cnn.concat(a, cnn.MaxPool2D(2)(a))).build(),
        ValueError, "the same height and width"),
    "a shape of another kind": (
        lambda: cnn.Input("28x28"), TypeError, "up to three integers"),
    "no shape": (
        lambda: small_net().build(), TypeError, "Input(shape) knows it"),
    "another shape than that of Input": (
        lambda: cnn.Net(*node()[::-1]).build((2, 2)),
        ValueError, "build((1, 2, 2)), but Input() said that the shape of a "
        "sample is (4, 1, 1)"),
    "Concatenate": (
        lambda: cnn.Concatenate(), AttributeError, "here it is concat(a, b)"),
    "Softmax twice": (
        lambda: fit(layers=[cnn.Dense(10), cnn.Softmax(), cnn.Softmax()]),
        UserWarning, "one is enough"),
    "Softmax twice, of nodes": (
        lambda: cnn.Net((a := node())[1], cnn.Softmax()(
            cnn.Softmax()(a[0]))).build(),
        UserWarning, "layers 1 and 2 are both Softmax()"),
    "floats up to 255": (
        lambda: fit(IMAGES.astype(np.float32)),
        UserWarning, "images / 255"),
    "an optimizer's name": (
        lambda: fit(optimizer="adam"), TypeError, "such as Adam()"),
    "an optimizer's class": (
        lambda: fit(optimizer=cnn.SGD), TypeError, "SGD, expected"),
    "a loss of another name": (
        lambda: fit(loss="cross_entropy"),
        ValueError, "softmax_cross_entropy"),
    "targets of another shape": (
        lambda: fit(labels=np.zeros((40, 3)), loss="mse"),
        ValueError, "3x1x1, the outputs of the net 10x1x1"),
    "Flatten": (lambda: cnn.Flatten(), AttributeError, "Dense reads"),
    "Linear": (lambda: cnn.Linear(3), AttributeError, "here it is Dense"),
    "GroupNorm": (
        lambda: cnn.GroupNorm(4), AttributeError, "LayerNorm(groups=...)"),
    "scikit-learn": (
        lambda: cnn.sklearn, AttributeError,
        "import cnn.sklearn"),
    "nonsense": (lambda: cnn.Dance(3), AttributeError, "attribute 'Dance'"),
    "padding in pairs": (
        lambda: cnn.Conv2D(2, 3, padding=((1, 0), (1, 0))),
        TypeError, "four (top, bottom, left, right)"),
    "a float for a sample": (
        lambda: cnn.Dataset(IMAGES, LABELS)[np.array([])],
        TypeError, "numbers of samples are float64, expected integers; .astype"),
    "a matrix of samples": (
        lambda: cnn.Dataset(IMAGES, LABELS)[np.array([[1, 2]])],
        ValueError, "2 numbers by .ravel()"),
    "a kernel too large": (
        lambda: fit(layers=[cnn.Conv2D(2, 20)]),
        ValueError, "kernel 20x20 does not fit input 16x16"),
}


class Mistakes(unittest.TestCase):
    def test_texts(self):
        for name, (make, kind, text) in MISTAKES.items():
            with self.subTest(name):
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    with self.assertRaises(kind) as caught:
                        make()
                self.assertIn(text, str(caught.exception))

    def test_what_is_no_mistake(self):
        """Close to one of these, and meant."""
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fit(labels=ONE_HOT.astype(np.float32))  # shares of classes
            fit(X[:, 0])
            fit(layers=[cnn.Dense(12)])  # classes that are not there
            fit(labels=LABELS.astype(np.float32), layers=[cnn.Dense(1)],
                loss="mse")
            data = cnn.Dataset(IMAGES.astype(np.float32), LABELS, scale=1.0)
            self.assertEqual(data.images.max(), 220)
            fit(IMAGES.reshape(40, -1).astype(np.float32), layers=[
                cnn.Dense(10)])  # vectors have any scale
            fit(layers=[cnn.Softmax(), cnn.Dense(10), cnn.Softmax()])
            self.assertEqual(built().predict(X[0]).shape, (1, 10))

    def test_other_names(self):
        """What stands there as ours is ours."""
        from cnn import _hints

        for name, ours in _hints.ELSEWHERE.items():
            self.assertFalse(hasattr(cnn, name))
            first = ours.split("(")[0].split(",")[0]
            if first.isidentifier():
                self.assertTrue(hasattr(cnn, first), first)
        self.assertIn("ReLU", dir(cnn))

    def test_exceptions(self):
        """The family of Error is there to be caught."""
        for kind, base in ((cnn.InvalidError, ValueError),
                           (cnn.UnsupportedError, NotImplementedError),
                           (cnn.StateError, RuntimeError),
                           (cnn.OutOfMemoryError, MemoryError),
                           (cnn.FileError, OSError)):
            self.assertTrue(issubclass(kind, cnn.Error))
            self.assertTrue(issubclass(kind, base))
        with self.assertRaises(cnn.FileError):
            cnn.load("/nowhere/at/all")
        with self.assertRaises(cnn.StateError):
            small_net().predict(X)
        with self.assertRaises(cnn.InvalidError):
            cnn.SGD(-1)


if __name__ == "__main__":
    unittest.main()
