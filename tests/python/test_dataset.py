"""Datasets: what is copied and what is not, slices, IDX files."""

import gc
import gzip
import pathlib
import tempfile
import unittest
import weakref

import numpy as np
import support
from support import bars, cnn


class Block(bytearray):
    """Memory that can be watched."""


def watched_bars(count):
    """bars() in memory of its own, and weak references to that."""
    arrays, references = [], []
    for array in bars(count):
        block = Block(array.tobytes())
        references.append(weakref.ref(block))
        arrays.append(np.frombuffer(block, array.dtype).reshape(array.shape))
    return arrays, references


class Copies(unittest.TestCase):
    def address(self, array):
        return array.__array_interface__["data"][0]

    def test_conforming_arrays_are_used(self):
        images, labels = bars(20)
        for pixels in images, images.astype(np.float32):
            data = cnn.Dataset(pixels, labels, scale=1.0)
            before = data.read()[0].copy()
            pixels[:] = 0
            labels[0] = 7
            x, seen = data.read()
            self.assertFalse(x.any())
            self.assertTrue(before.any())
            self.assertEqual(seen[0], 7)

    def test_others_are_copied(self):
        images, labels = bars(20)
        for pixels in (images[:, ::-1], images.astype(np.float64),
                       images.astype(">f4"), np.asfortranarray(images)):
            want = pixels.astype(np.float32)
            pixels = pixels.copy(order="K") if pixels.flags.owndata else pixels
            data = cnn.Dataset(pixels, labels.astype(np.int64), scale=1)
            np.testing.assert_array_equal(data.read()[0][:, 0], want)

    def test_as_float32(self):
        whole = np.ones((4, 6), np.float32)
        self.assertIs(cnn.as_float32(whole), whole)
        part = whole[1:3]
        self.assertIs(cnn.as_float32(part), part)
        for other in whole[:, ::2], whole.T, whole.astype(float):
            found = cnn.as_float32(other)
            self.assertFalse(np.may_share_memory(found, other))
            self.assertEqual(found.dtype, np.float32)
            self.assertTrue(found.flags.c_contiguous)
        self.assertEqual(cnn.as_float32([1, 2]).dtype, np.float32)
        for bad in whole.astype(int), whole > 0, whole * 1j, ["1"], None:
            with self.assertRaises(TypeError):
                cnn.as_float32(bad)

    def test_as_labels(self):
        labels = np.arange(5, dtype=np.int32)
        self.assertIs(cnn.as_labels(labels), labels)
        for other in labels[::2], labels.astype(np.uint8), [0, 1], []:
            found = cnn.as_labels(other)
            self.assertFalse(np.may_share_memory(found, other))
            self.assertEqual(found.dtype, np.int32)
        for bad in [2**31], [-2**31 - 1], [[1]], np.array([2**40]):
            with self.assertRaises(ValueError):
                cnn.as_labels(bad)
        for bad in [1.0], [True], ["1"], None:
            with self.assertRaises(TypeError):
                cnn.as_labels(bad)

    def test_arrays_live_as_long_as_needed(self):
        arrays, watched = watched_bars(20)
        data = cnn.Dataset(*arrays)
        del arrays
        part = data[5:10][1:3]
        del data
        gc.collect()
        self.assertIsNotNone(watched[0]())
        self.assertEqual(list(part.read()[1]), [6, 7])
        del part
        gc.collect()
        self.assertEqual([ref() for ref in watched], [None, None])

    def test_closing_while_in_use(self):
        arrays, watched = watched_bars(20)
        with cnn.Dataset(*arrays) as data:
            part = data[:10]
        del arrays
        self.assertIsNotNone(watched[0]())
        self.assertEqual(len(part), 10)
        with self.assertRaisesRegex(RuntimeError, "the Dataset is closed"):
            len(data)
        part.close()
        part.close()
        gc.collect()
        self.assertIsNone(watched[0]())


class Reading(unittest.TestCase):
    def test_shapes(self):
        labels = np.zeros(2, np.int32)
        for shape, want in (((2, 5), (5, 1, 1)), ((2, 4, 5), (1, 4, 5)),
                            ((2, 3, 4, 5), (3, 4, 5))):
            data = cnn.Dataset(np.zeros(shape, np.uint8), labels)
            self.assertEqual(data.shape, want)
            self.assertEqual(data.read()[0].shape, (2, *want))
        for shape in (2,), (2, 1, 1, 1, 1), (2, 0), (3, 4):
            with self.assertRaises(ValueError):
                cnn.Dataset(np.zeros(shape, np.uint8), labels)

    def test_scaling(self):
        images, labels = bars(4)
        x = cnn.Dataset(images, labels, scale=2, offset=-1, pad=1).read()[0]
        self.assertEqual(x.shape, (4, 1, 18, 18))
        np.testing.assert_array_equal(x[:, 0, 1:-1, 1:-1],
                                      images.astype(np.float32) * 2 - 1)
        self.assertTrue((x[:, :, 0] == -1).all())
        x = cnn.Dataset(images, labels).read()[0]
        np.testing.assert_array_equal(
            x[:, 0], images.astype(np.float32) * np.float32(1 / 255))
        for bad in ({"scale": 0}, {"pad": -1}, {"pad": 2**32},
                    {"scale": np.nan}, {"offset": np.inf}):
            with self.assertRaises(ValueError):
                cnn.Dataset(images, labels, **bad)

    def test_slices(self):
        data = cnn.Dataset(*bars(30))
        self.assertEqual(len(data[10:]), 20)
        self.assertEqual(len(data[-5:]), 5)
        self.assertEqual(len(data[7:3]), 0)
        self.assertEqual(data[:4].classes, 4)
        self.assertEqual(list(data[4:8].read([3, 0])[1]), [7, 4])
        self.assertEqual(data[:].fingerprint, data.fingerprint)
        self.assertNotEqual(data[1:].fingerprint, data.fingerprint)
        for bad in (-1, 2), (0, 31), (31, 0), (2**40, 1), (0, -1):
            with self.assertRaises(ValueError):
                data.slice(*bad)
        for bad in [30], [-1], [2**33], [2**63], [-2**63]:
            with self.assertRaises(ValueError):
                data.read(bad)

    def test_labels(self):
        images, _ = bars(2)
        for bad in [0, -1], [0, 2**31 - 1], [0], [[0, 1]]:
            with self.assertRaises(ValueError):
                cnn.Dataset(images, bad)

    def test_labels_that_change_later(self):
        images, labels = bars(20)
        data = cnn.Dataset(images, labels)
        net = support.small_net().build(data.shape, 10)
        labels[3] = 10_000_000
        with self.assertRaises(ValueError):
            net.evaluate(data)
        with self.assertRaises(ValueError):
            net.fit(data, epochs=1, progress=False)
        labels[3] = -5
        with self.assertRaises(ValueError):
            net.evaluate(data)

    def test_empty(self):
        data = cnn.Dataset(np.zeros((0, 4, 4), np.uint8), [])
        self.assertEqual((len(data), data.classes), (0, 0))
        self.assertEqual(data.read()[0].shape, (0, 1, 4, 4))


class Files(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.images, self.labels = bars(12)
        self.paths = support.write_idx(
            self.folder, "train", self.images, self.labels)

    def test_raw_and_zipped(self):
        wrapped = cnn.Dataset(self.images, self.labels)
        zipped = []
        for path in self.paths:
            zipped.append(path.with_name(path.name + ".gz"))
            zipped[-1].write_bytes(gzip.compress(path.read_bytes()))
        for paths in self.paths, zipped, map(str, self.paths):
            data = cnn.Dataset.load(*paths, pad=0)
            self.assertEqual(data.fingerprint, wrapped.fingerprint)
        data = cnn.Dataset.from_bytes(
            *(path.read_bytes() for path in self.paths))
        self.assertEqual(data.fingerprint, wrapped.fingerprint)

    def test_errors(self):
        images, labels = self.paths
        with self.assertRaisesRegex(OSError, "nothing: cannot open"):
            cnn.Dataset.load(self.folder / "nothing", labels)
        with self.assertRaises(ValueError) as caught:
            cnn.Dataset.load(labels, images)
        self.assertIsInstance(caught.exception, cnn.Error)
        self.assertEqual(caught.exception.status, cnn.Status.EFORMAT)
        for bad in b"", b"\0\0\x08\3", images.read_bytes()[:-1]:
            with self.assertRaises(ValueError):
                cnn.Dataset.from_bytes(bad, labels.read_bytes())
        with self.assertRaises(ValueError):
            cnn.Dataset.load("a\0b", labels)
        for bad in None, 3, ["x"]:
            with self.assertRaises(TypeError):
                cnn.Dataset.load(bad, labels)
            with self.assertRaises(TypeError):
                cnn.Dataset.from_bytes(bad, b"")


if __name__ == "__main__":
    unittest.main()
