"""Python trains to the same bits as C, with any number of threads, and stopped
and resumed: test_same_bits.py [TRAINS], the program of trains.c."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import support
from support import bars, cnn

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else None

SETTINGS = {
    "schedule": cnn.Cosine(steps=40),
    "augmentation": cnn.Augmentation(shift=1, rotation=5),
    "clip_norm": 1.0,
    "seed": 7,
}


def network():
    return cnn.Net([
        cnn.Conv2D(4, 3, padding="same"), cnn.BatchNorm(), cnn.ReLU(),
        cnn.MaxPool2D(2), cnn.Dropout(0.25), cnn.Dense(10), cnn.Softmax()])


def fitted(data):
    net = network()
    net.fit(data, optimizer=cnn.AdamW(0.01), steps=40, batch_size=30,
            progress=False, **SETTINGS)
    return net.to_bytes()


class SameBits(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.paths = support.write_idx(self.folder, "train", *bars(200))
        self.data = cnn.Dataset.load(*self.paths)
        self.addCleanup(cnn.set_num_threads, 1)

    @unittest.skipUnless(PROGRAM, "the program of trains.c is not given")
    def test_as_in_c(self):
        model = self.folder / "model"
        for threads in "1", "2":
            subprocess.run([PROGRAM, *self.paths, threads, model], check=True)
            cnn.set_num_threads(int(threads))
            self.assertEqual(fitted(self.data), model.read_bytes())

    def test_threads_and_arrays(self):
        want = fitted(self.data)
        cnn.set_num_threads(2)
        self.assertEqual(fitted(cnn.Dataset(*bars(200))), want)

    def trainer(self):
        net = network().build(self.data.shape, 30, seed=7)
        return net, cnn.Trainer(net, cnn.AdamW(0.01), self.data, **SETTINGS)

    def test_resumed(self):
        net, trainer = self.trainer()
        trainer.run(13)
        trainer.save(self.folder / "checkpoint")
        self.assertEqual((trainer.steps, trainer.epoch), (13, 1))
        other, again = self.trainer()
        again.resume(self.folder / "checkpoint")
        self.assertEqual(again.steps, 13)
        again.run(27)
        self.assertEqual(other.to_bytes(), fitted(self.data))
        self.assertNotEqual(net.to_bytes(), other.to_bytes())

    def test_resume_refused(self):
        _, trainer = self.trainer()
        trainer.save(self.folder / "checkpoint")
        net = network().build(self.data.shape, 30, seed=7)
        other = cnn.Trainer(net, cnn.SGD(0.01), self.data, **SETTINGS)
        with self.assertRaises(ValueError):
            other.resume(self.folder / "checkpoint")
        with self.assertRaises(OSError):
            other.resume(self.folder / "nothing")


if __name__ == "__main__":
    unittest.main()
