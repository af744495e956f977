"""Parameters by name: from and to arrays, files, PyTorch, other nets."""

import importlib.util
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import support
from support import cnn, small_net

TORCH = bool(importlib.util.find_spec("torch"))


def built(seed=1):
    return small_net().build((16, 16), 8, seed=seed)


class ByName(unittest.TestCase):
    def test_views_and_copies(self):
        net = built()
        views, copies = net.tensors(), net.state_dict()
        self.assertEqual(list(views), list(copies))
        views["3.bias"][...] = 7
        self.assertEqual(set(net.params[-10:]), {7})
        self.assertEqual(set(copies["3.bias"]), {0})
        for name in views:
            self.assertTrue(np.shares_memory(net.params, views[name]))
            self.assertFalse(np.shares_memory(net.params, copies[name]))
        net.grad_dict()["0.bias"][...] = 3
        self.assertEqual(set(net.grads[36:40]), {3})
        self.assertEqual(small_net().tensors(), {})

    def test_load(self):
        one, two = built(), built(2)
        self.assertEqual(two.load_state_dict(one.state_dict()), [])
        np.testing.assert_array_equal(one.params, two.params)

    def test_what_does_not_fit(self):
        one, two = built(), built(2)
        state, before = one.state_dict(), two.params.copy()
        for change, text in (
                ({"0.bias": np.zeros(5)},
                 r"0\.bias has shape \(5,\), expected \(4,\)"),
                ({"9.bias": np.zeros(4)}, r"9\.bias is not in the net"),
                ({"0.weight": np.zeros((4, 9))}, r"expected \(4, 1, 3, 3\)"),
                ({"3.bias": "x"}, r"3\.bias: "),
                ({"3.bias": [None]}, r"3\.bias: "),
                ({"3.bias": {}}, r"3\.bias: ")):
            with self.assertRaisesRegex(ValueError, text):
                two.load_state_dict({**state, **change})
        del state["3.bias"]
        with self.assertRaisesRegex(ValueError, r"^3\.bias is missing$"):
            two.load_state_dict(state)
        np.testing.assert_array_equal(two.params, before)
        with self.assertRaises(RuntimeError):
            small_net().load_state_dict({})

    def test_not_strict(self):
        one, two = built(), built(2)
        state = {**one.state_dict(), "9.bias": [1.0], "3.bias": np.zeros(3)}
        state.pop("0.bias")
        two.tensors()["0.bias"][...] = 5
        misfits = two.load_state_dict(state, strict=False)
        self.assertEqual(misfits, [
            ("0.bias", "is missing"),
            ("3.bias", "has shape (3,), expected (10,)"),
            ("9.bias", "is not in the net")])
        self.assertEqual(misfits[0].name, "0.bias")
        np.testing.assert_array_equal(two.tensors()["0.weight"],
                                      one.tensors()["0.weight"])
        self.assertEqual(set(two.tensors()["0.bias"]), {5})
        with self.assertRaisesRegex(ValueError, "0.weight is missing"):
            two.load_state_dict({"conv.weight": 1.0}, strict=False)

    def test_own_views(self):
        """Over the very memory that is written to."""
        net = cnn.Net([cnn.Dense(2), cnn.Dense(2)]).build(2, 1)
        want = net.tensors()["0.weight"].T.copy()
        net.load_state_dict({**net.tensors(),
                             "1.weight": net.tensors()["0.weight"].T})
        np.testing.assert_array_equal(net.tensors()["1.weight"], want)

    def test_copy_params(self):
        one, two = built(), built(2)
        two.copy_params(one)
        np.testing.assert_array_equal(one.params, two.params)
        one.copy_params(one)
        other = cnn.Net([cnn.Dense(3)]).build(2)
        for wrong in other, small_net():
            with self.assertRaises((ValueError, RuntimeError)):
                two.copy_params(wrong)
        with self.assertRaises(TypeError):
            two.copy_params(3)


class Files(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.path = pathlib.Path(holder.name) / "model"
        self.net = built()
        self.net.save(self.path)

    def test_all_fits(self):
        other = built(2)
        self.assertEqual(other.load_weights(self.path), [])
        np.testing.assert_array_equal(other.params, self.net.params)

    def test_some_fits(self):
        letters = cnn.Net([cnn.Conv2D(4, 3), cnn.ReLU(), cnn.MaxPool2D(2),
                           cnn.Dense(26)]).build((16, 16), 8, seed=3)
        before = letters.params.copy()
        with self.assertRaisesRegex(ValueError, "26"):
            letters.load_weights(self.path)
        np.testing.assert_array_equal(letters.params, before)
        misfits = letters.load_weights(self.path, strict=False)
        self.assertEqual([m.name for m in misfits], ["3.weight", "3.bias"])
        self.assertIn("10", misfits[0].why)
        np.testing.assert_array_equal(letters[0].params, self.net[0].params)

    def test_bytes(self):
        data = self.net.to_bytes()
        for source in data, bytearray(data), memoryview(data):
            other = built(2)
            self.assertEqual(other.load_weights(source), [])
            np.testing.assert_array_equal(other.params, self.net.params)
        dense = cnn.Net([cnn.Dense(3)]).build((16, 16))
        with self.assertRaisesRegex(ValueError, "0 arrays fit"):
            dense.load_weights(data, strict=False)
        for damaged in b"", data[:-1], data[::-1]:
            with self.assertRaisesRegex(cnn.InvalidError, "."):
                dense.load_weights(damaged)
            with self.assertRaisesRegex(cnn.InvalidError, "."):
                cnn.load(damaged)

    def test_refused(self):
        with self.assertRaises(OSError):
            built().load_weights(self.path.parent / "nothing")
        self.path.write_bytes(b"no model")
        with self.assertRaises(ValueError):
            built().load_weights(self.path, strict=False)
        with self.assertRaises(RuntimeError):
            small_net().load_weights(self.path)


# In a process of its own: PyTorch takes seconds to start, and warns.
PYTORCH = '''
import sys
sys.path[:0] = sys.argv[1:]
import numpy as np
import torch
from torch import nn
import cnn

module = nn.Sequential(
    nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(),
    nn.Conv2d(6, 4, 3, groups=2), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(36, 5))
for key, value in module.state_dict().items():
    if "running" in key:
        value.uniform_(0.5, 2)
module.eval()
net = cnn.Net([
    cnn.Conv2D(6, 3, padding="same"), cnn.BatchNorm(), cnn.ReLU(),
    cnn.Conv2D(4, 3, groups=2), cnn.MaxPool2D(2), cnn.Dense(5),
]).build((3, 8, 8), 10)

def same():
    x = np.random.default_rng(1).normal(size=(7, 3, 8, 8)).astype("f")
    want = module(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(net.predict(x), want, rtol=1e-4, atol=1e-5)

before = net.state_dict()
there, back = RECIPE
exec(there)
same()
assert any((before[k] != v).any() for k, v in net.state_dict().items())

# Parameters with a gradient, and the numbers alone.
net.load_state_dict({"5.weight": module[6].weight}, strict=False)
misfits = net.load_state_dict(module.state_dict(), strict=False)
assert ("1.num_batches_tracked", "is not in the net") in misfits, misfits
assert ("5.weight", "is missing") in misfits, misfits

for value in net.tensors().values():
    value += 0.01
exec(back)
same()
print("same")
'''


@unittest.skipUnless(TORCH, "there is no torch")
class PyTorch(unittest.TestCase):
    def test_both_ways(self):
        """By the recipe of the guide."""
        guide = (support.ROOT / "docs/python.md").read_text("utf-8")
        recipe = re.search(r"```python\n(theirs = .*?)```", guide, re.DOTALL)
        code = PYTORCH.replace("RECIPE", repr(recipe[1].split("\n\n")))
        done = subprocess.run(
            [sys.executable, "-B", "-c", code, support.PACKAGE],
            capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.stdout, "same\n", done.stderr)


if __name__ == "__main__":
    unittest.main()
