"""Who keeps whom alive, and that all is freed once."""

import copy
import gc
import pickle
import unittest

import numpy as np
from support import bars, cnn, run_python, small_net

# In a process of its own, since the allocator is that of the whole process:
# counts blocks, and knows those that are there.
COUNTING = """
import ctypes, gc, sys
import numpy as np
sys.path[:0] = sys.argv[1:]
from support import bars, cnn, small_net
from cnn import _structs
from cnn._library import lib

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
blocks, wrong = set(), []

@_structs.ALLOCATE
def allocate(size, user):
    block = libc.malloc(size)
    blocks.add(block)
    return block

@_structs.RELEASE
def release(block, user):
    if block in blocks:
        blocks.remove(block)
        libc.free(block)
    else:
        wrong.append(block)

allocator = _structs.Allocator(allocate, release, None)
assert lib.cnn_set_allocator(ctypes.byref(allocator)) == 0

class Own(cnn.CustomLayer):
    def parameters(self, in_shape):
        return {"gain": np.ones(in_shape)}

    def forward(self, x):
        return x * self.params["gain"]

    def backward(self, x, y, dy):
        self.grads["gain"] += (x * dy).sum(0)
        return dy * self.params["gain"]

def own_loss(y, label):
    d = y.copy()
    d[label] -= 1
    return float(d @ d) / 2, d

def work():
    data = cnn.Dataset(*bars(60))
    net = small_net()
    net.fit(data[10:], epochs=1, validation_data=data, progress=False)
    net.me = net  # only the collector frees it
    view = net.params
    net.metadata["k"] = "v"
    net.watch()
    session = cnn.Session(net)
    trainer = cnn.Trainer(net, cnn.Adam(), data)
    trainer.net = net
    trainer.step()
    other = cnn.load(net.to_bytes())
    copies = [net.copy(), net[:2].add(cnn.Dense(2)).build((16, 16)),
              net[0].copy(), data[::2], data[3:][[1, 2]]]
    own = cnn.Net([Own(), cnn.Dense(10)], loss=own_loss)
    own.fit(data, progress=False)
    again = cnn.load(own.to_bytes(), custom=[Own])
    copies += [own.copy(), own[:1], own[0].copy(), again]
    own.me = own
    layer = cnn.Dense(3).build(4, 1)
    for call in (lambda: cnn.Conv2D(0, 1),
                 lambda: cnn.Conv2D(2, 1, table=[[1]]),
                 lambda: cnn.load(b"x" * 100),
                 lambda: net.add(cnn.Dense(2)),
                 lambda: cnn.Net([cnn.Dense(2)]).build((0, 1), 1),
                 lambda: cnn.Net([cnn.Dense(2).build(1, 1)])):
        try:
            call()
        except (ValueError, RuntimeError):
            continue
        raise AssertionError
    net.close()
    assert np.isfinite(view).all()

work()
gc.collect()
print(len(blocks), wrong)
"""


class Lifetime(unittest.TestCase):
    def setUp(self):
        self.data = cnn.Dataset(*bars(60))
        self.net = small_net().build(self.data.shape, 20, seed=1)

    def test_all_is_freed_once(self):
        result = run_python(COUNTING, __file__.rpartition("/")[0] or ".")
        self.assertEqual(result.stdout, "0 []\n", result.stderr)

    def churn(self):
        """Freed memory does not stay as it was."""
        gc.collect()
        for _ in range(5):
            small_net().build(self.data.shape, 20).params[...] = -1
        gc.collect()

    def test_views_keep_the_memory(self):
        views = [self.net.params, self.net.grads,
                 self.net.tensors()["3.bias"][2:],
                 self.net.layers[0].params]
        want = [view.copy() for view in views]
        del self.net
        self.churn()
        for view, values in zip(views, want):
            np.testing.assert_array_equal(view, values)
        for view in views:
            view[...] = 1

    def test_layers_keep_the_net(self):
        layer = self.net.layers[3]
        want = layer.params.copy()
        self.net = None
        self.churn()
        np.testing.assert_array_equal(layer.params, want)

    def test_trainer_and_session_keep_the_net(self):
        x = self.data.read()[0]
        want = self.net.predict(x)
        session = cnn.Session(self.net)
        trainer = cnn.Trainer(self.net, cnn.SGD(0), self.data)
        metadata = self.net.metadata
        metadata["a"] = "b"
        self.net = self.data = None
        self.data = cnn.Dataset(*bars(60))
        self.churn()
        np.testing.assert_array_equal(session.predict(x), want)
        self.assertEqual(trainer.step().count, 20)
        self.assertEqual(metadata["a"], "b")

    def test_closed(self):
        objects = [
            (self.net, [lambda o: o.predict(np.zeros((1, 16, 16))),
                        lambda o: o.params, lambda o: o.summary(),
                        lambda o: o.save("x"), lambda o: o.state_dict(),
                        lambda o: o.fit(self.data), lambda o: cnn.Session(o),
                        lambda o: cnn.Trainer(o, cnn.Adam(), self.data),
                        lambda o: o.layers[0].params]),
            (cnn.Session(self.net),
             [lambda o: o.predict(np.zeros((1, 16, 16)))]),
            (cnn.Trainer(self.net, cnn.Adam(), self.data),
             [lambda o: o.step(), lambda o: o.run(1), lambda o: o.steps,
              lambda o: o.save("x")]),
            (cnn.Adam(), [lambda o: o.lr, lambda o: self.net.update(o),
                          lambda o: cnn.Trainer(self.net, o, self.data)]),
            (cnn.Dataset(*bars(5)), [len, lambda o: o[1:],
                                     lambda o: self.net.evaluate(o)]),
            (cnn.Dense(3), [lambda o: o.build(3, 1), lambda o: o.kind,
                            lambda o: cnn.Net([o])]),
        ]
        for thing, uses in reversed(objects):
            thing.close()
            thing.close()
            for use in uses:
                with self.assertRaises(RuntimeError) as caught:
                    use(thing) if thing is not self.net else use(self.net)
                self.assertIn("is closed", str(caught.exception))

    def test_with(self):
        with cnn.Net([cnn.Dense(3)]) as net:
            params = net.build(2).params
        with self.assertRaises(RuntimeError):
            net.build(2)
        with self.assertRaises(RuntimeError):
            with net:
                self.fail("a closed net was entered")
        self.churn()
        self.assertTrue(np.isfinite(params).all())

    def test_no_copies(self):
        """Of what would be an alias, and of what runs."""
        net, data = self.net, cnn.Dataset(*bars(20))
        for thing, instead in (
                (cnn.Session(net), "make another"),
                (cnn.Trainer(net, cnn.Adam(), data), r"resume\(\)"),
                (net.metadata, r"dict\(net\.metadata\)")):
            for make in copy.copy, copy.deepcopy, pickle.dumps:
                with self.assertRaisesRegex(TypeError, instead, msg=thing):
                    make(thing)
        # What a list of nets becomes, and what is no object of libcnn.
        self.assertIs(copy.copy([net])[0], net)
        self.assertIsNot(copy.deepcopy(net.params), net.params)

    def test_by_way_of_a_file(self):
        net = self.net
        net.metadata["k"] = "v"
        net.set_loss("mse", "sum")
        other = cnn.load(net.to_bytes(), net.max_batch)
        self.assertEqual((other.loss, other.reduction, other.max_batch),
                         ("mse", "sum", net.max_batch))
        self.assertEqual(dict(other.metadata), {"k": "v"})
        np.testing.assert_array_equal(other.params, net.params)
        other.params[...] = 0
        self.assertTrue(net.params.any())

    def test_not_initialised(self):
        for kind in cnn.Net, cnn.Dataset, cnn.Adam, cnn.Session, cnn.Trainer:
            thing = kind.__new__(kind)
            with self.assertRaises(RuntimeError):
                thing._p


if __name__ == "__main__":
    unittest.main()
