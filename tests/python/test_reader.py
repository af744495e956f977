"""Datasets over a function, and over arrays that are mapped from a file."""

import gc
import pathlib
import pickle
import tempfile
import threading
import time
import unittest

import numpy as np
import support
from support import cnn

IMAGES, LABELS = support.bars(120)
SHAPE = 1, support.SIDE, support.SIDE


def reads(index):
    return IMAGES[index], LABELS[index]


def dataset(read=reads, **settings):
    return cnn.Dataset.from_function(
        len(IMAGES), SHAPE, read, classes=10, **settings)


def trained(data, **settings):
    net = support.small_net()
    net.fit(data, epochs=2, batch_size=25, seed=3, progress=False, **settings)
    return net


class Reading(unittest.TestCase):
    def test_as_arrays(self):
        plain = cnn.Dataset(IMAGES, LABELS, pad=1)
        data = dataset(pad=1)
        self.assertEqual((len(data), data.shape, data.classes),
                         (120, (1, 18, 18), 10))
        for index in None, [3, 119, 3]:
            for got, want in zip(data.read(index), plain.read(index)):
                np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(data[20:30].read([2])[0],
                                      plain.read([22])[0])
        self.assertNotEqual(data.fingerprint,
                            dataset(pad=1, fingerprint=7).fingerprint)

    def test_parts(self):
        """A list of samples, a mask and a pickle are read; parts of parts."""
        plain, data = cnn.Dataset(IMAGES, LABELS), dataset()
        for pick in ([3, 50], slice(0, 100, 7), LABELS == 2):
            self.assertEqual(len(data[pick]), len(plain[pick]))
            for got, want in zip(data[pick].read(), plain[pick].read()):
                np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(data[10:90][[3]].images,
                                      plain.read([13])[0])
        train, held = data.split(0.25, seed=1)
        self.assertEqual((len(train), len(held)), (90, 30))
        again = pickle.loads(pickle.dumps(data))
        np.testing.assert_array_equal(again.images, plain.images)
        np.testing.assert_array_equal(data[5][0], plain[5][0])

    def test_same_training(self):
        plain = trained(cnn.Dataset(IMAGES, LABELS))
        net = trained(dataset(), validation_data=dataset())
        np.testing.assert_array_equal(net.params, plain.params)
        want = plain.evaluate(cnn.Dataset(IMAGES, LABELS), confusion=True)
        found = net.evaluate(dataset(), confusion=True)
        self.assertEqual(found.loss, want.loss)
        np.testing.assert_array_equal(found.confusion, want.confusion)

    def test_targets_and_weights(self):
        x = np.linspace(-1, 1, 40, dtype=np.float32).reshape(20, 2)
        data = cnn.Dataset.from_function(
            20, 2, lambda i: (x[i], 2 * x[i, :1], i + 1.0),
            target_shape=1, weights=True)
        np.testing.assert_array_equal(data.targets([4, 7])[:, 0, 0, 0],
                                      2 * x[[4, 7], 0])
        np.testing.assert_array_equal(data.weights(), np.arange(1, 21))
        net = cnn.Net([cnn.Dense(1)], loss="mse")
        net.fit(data, epochs=200, batch_size=10, progress=False,
                optimizer=cnn.Adam(0.02))
        self.assertLess(net.evaluate(data).loss, 1e-3)

    def test_it_reads_in_another_thread(self):
        seen = set()

        def read(index):
            seen.add(threading.get_ident())
            return reads(index)

        here = {threading.get_ident()}
        trained(dataset(read))
        self.assertEqual(len(seen - here), 1)
        seen.clear()
        trained(dataset(read), read_ahead=0)
        self.assertEqual(seen, here)

    def test_read_ahead(self):
        """So many batches besides the one in use, whatever the data; the
        training is the same."""
        want = trained(cnn.Dataset(IMAGES, LABELS)).params
        for data in dataset(), cnn.Dataset(IMAGES, LABELS):
            for ahead in 0, 1, 5:
                net = trained(data, read_ahead=ahead)
                np.testing.assert_array_equal(net.params, want)
        for ahead, reads_first in (None, 3), (0, 1), (1, 2), (4, 5):
            calls = []

            def read(index):
                calls.append(len(index))
                return reads(index)

            net = support.small_net()
            net.build(SHAPE, 10)
            with cnn.Trainer(net, cnn.SGD(0.1), dataset(read), batch_size=10,
                             read_ahead=ahead) as trainer:
                trainer.step()
                end = time.monotonic() + 10
                # The step is over: its place is read into again.
                reads_first += ahead != 0
                while len(calls) < reads_first and time.monotonic() < end:
                    time.sleep(0.001)
                time.sleep(0.02)
                self.assertEqual(calls, [10] * reads_first)
        for wrong, kind in (-1, ValueError), (1025, ValueError), (
                0.5, TypeError):
            with self.assertRaisesRegex(kind, "read_ahead"):
                trained(dataset(), read_ahead=wrong)


def failing(left, error):
    """A function that raises that, after so many calls."""
    def read(index):
        left[0] -= 1
        if left[0] < 0:
            raise error
        return reads(index)
    return read


class Failures(unittest.TestCase):
    def test_exceptions_come_out(self):
        class Own(Exception):
            pass

        for error in Own("röd\ntext"), KeyboardInterrupt(), OSError(2, "x"):
            left = [10]
            net, data = support.small_net(), dataset(failing(left, error))
            net.build(SHAPE, 10)
            trainer = cnn.Trainer(net, cnn.SGD(0.1), data)
            with self.assertRaises(type(error)) as caught:
                trainer.run(1000)
            self.assertIs(caught.exception, error)
            self.assertEqual(trainer.steps, 10)
            for call in data.read, trainer.step, (
                    lambda: net.evaluate(data)):
                with self.assertRaises(type(error)):
                    call()
            left[0] = 10 ** 6
            trainer.run(5)
            self.assertEqual(trainer.steps, 15)
            with self.assertRaises(ValueError):
                data.read([len(IMAGES)])

    def test_what_is_no_sample(self):
        cases = (
            (lambda i: IMAGES[i], TypeError, "expected a tuple"),
            (lambda i: (IMAGES[i][:, 1:], LABELS[i]), ValueError,
             r"images of shape \(2, 15, 16\) for 2 samples"),
            (lambda i: (IMAGES[i], LABELS[:1]), ValueError,
             r"labels of shape \(1,\) for 2 samples"),
            (lambda i: (IMAGES[i], LABELS[i] + 9), ValueError,
             "sample 1 the label 10"),
            (lambda i: (IMAGES[i], LABELS[:1][i]), IndexError, "out of bounds"),
        )
        for read, kind, text in cases:
            with self.assertRaisesRegex(kind, text):
                dataset(read).read([0, 1])
        with self.assertRaises(TypeError):
            dataset(7)
        with self.assertRaises(ValueError):
            cnn.Dataset.from_function(-1, SHAPE, reads)

    def test_garbage_in_the_thread(self):
        """A trainer in a cycle is collected while its own thread reads."""
        made = [0]

        def read(index):
            gc.collect()
            return reads(index)

        for _ in range(5):
            net = support.small_net()
            net.build(SHAPE, 10)
            trainer = cnn.Trainer(net, cnn.SGD(0.1), dataset(read))
            trainer.itself = trainer
            trainer.run(3)
            made[0] += trainer.steps
            del trainer
        self.assertEqual(made, [15])
        gc.collect()

    def test_a_process_ends(self):
        """While a function is being called that nobody waits for."""
        done = support.run_python("""
import numpy as np, time, cnn
def read(index):
    time.sleep(0.05)
    return np.zeros((len(index), 4), np.float32), np.zeros(len(index), int)
net = cnn.Net([cnn.Dense(2)])
net.build((4, 1, 1), 5)
data = cnn.Dataset.from_function(100, 4, read, classes=1)
trainer = cnn.Trainer(net, cnn.SGD(0.1), data)
trainer.run(1)
print("done")
""")
        self.assertEqual((done.stdout, done.stderr, done.returncode),
                         ("done\n", "", 0))


class Mapped(unittest.TestCase):
    def test_not_copied(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "images.npy"
            np.save(path, IMAGES)
            mapped = np.load(path, mmap_mode="r")
            data = cnn.Dataset(mapped, LABELS)
            before = data.read([5])[0]
            changed = np.load(path, mmap_mode="r+")
            changed[5] = 255 - changed[5]
            changed.flush()
            after = data.read([5])[0]
            np.testing.assert_allclose(after, 1 - before, atol=1e-6)
            changed[5] = 255 - changed[5]
            np.testing.assert_array_equal(
                trained(data).params,
                trained(cnn.Dataset(IMAGES, LABELS)).params)
            del data, mapped, changed


if __name__ == "__main__":
    unittest.main()
