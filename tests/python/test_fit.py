"""fit(): what it learns, returns, calls and prints."""

import contextlib
import io
import os
import pty
import re
import threading
import traceback
import unittest
from unittest import mock

import numpy as np
from support import bars, cnn, small_net


class Learning(unittest.TestCase):
    def test_bars(self):
        train, test = cnn.Dataset(*bars(600, 1)), cnn.Dataset(*bars(200, 2))
        net = small_net()
        history = net.fit(train, optimizer=cnn.Adam(0.01), epochs=4,
                          batch_size=20, validation_data=test,
                          progress=False, seed=1)
        self.assertEqual(history.column("step"), [30, 60, 90, 120])
        self.assertGreater(history[-1].val_accuracy, 0.95)
        self.assertEqual(net.evaluate(test).accuracy, history[-1].val_accuracy)
        self.assertLess(history[-1].loss, history[0].loss)
        self.assertGreater(history[-1].images_per_second, 0)

    def test_arrays(self):
        images, labels = bars(600, 1)
        net = small_net()
        net.fit(images.astype(np.float32) / 255, labels, epochs=2,
                optimizer=cnn.SGD(0.1, momentum=0.9), batch_size=20,
                validation_data=(images / 255, labels), progress=False)
        found = net.evaluate(images / np.float32(255), labels)
        self.assertGreater(found.accuracy, 0.95)

    def test_every_optimizer_and_loss(self):
        data = cnn.Dataset(*bars(100))
        for optimizer in (cnn.SGD(0.1), cnn.Adam(), cnn.AdamW(),
                          cnn.RMSprop()):
            for loss in "softmax_cross_entropy", "mse":
                net = small_net(loss=loss)
                history = net.fit(data, optimizer=optimizer, epochs=3,
                                  batch_size=10, progress=False)
                self.assertLess(history[-1].loss, history[0].loss)
        net = cnn.Net([cnn.Dense(84), cnn.LeCunTanh(), cnn.RBF()],
                      loss="lenet_map")
        history = net.fit(data, optimizer=cnn.SGD(1e-3), epochs=3,
                          progress=False)
        self.assertLess(history[-1].loss, history[0].loss)


class Steps(unittest.TestCase):
    def setUp(self):
        self.data = cnn.Dataset(*bars(100))

    def steps(self, **settings):
        seen = []
        small_net().fit(self.data, callback=lambda p: seen.append(p),
                        progress=False, batch_size=30, **settings)
        return seen

    def test_how_many(self):
        self.assertEqual(len(self.steps()), 4)
        self.assertEqual(len(self.steps(epochs=2)), 7)
        self.assertEqual(len(self.steps(epochs=0.5)), 2)
        self.assertEqual(len(self.steps(steps=5)), 5)
        self.assertEqual(len(self.steps(steps=0)), 0)
        with self.assertRaisesRegex(ValueError, "one of them"):
            self.steps(steps=1, epochs=1)
        for bad in ({"steps": -1}, {"steps": 2**63}, {"epochs": -1},
                    {"epochs": float("nan")}, {"epochs": 1e12}):
            with self.assertRaises(ValueError):
                self.steps(**bad)
        for bad in {"steps": 1.5}, {"steps": "3"}, {"epochs": "3"}:
            with self.assertRaises(TypeError):
                self.steps(**bad)

    def test_in_pieces(self):
        found, nets = [], [small_net() for _ in range(3)]
        for net, pieces in zip(nets, (1, 3, 7)):
            history = net.fit(self.data, accumulate=pieces, batch_size=30,
                              epochs=2, progress=False, seed=1)
            found.append(history.column("loss"))
        self.assertEqual([net.max_batch for net in nets], [30, 10, 5])
        for net, losses in zip(nets[1:], found[1:]):
            np.testing.assert_allclose(losses, found[0], atol=1e-5)
            np.testing.assert_allclose(net.params, nets[0].params, atol=1e-5)
        seen = []
        nets[1].fit(self.data, accumulate=2, steps=1, progress=False,
                    callback=seen.append)
        self.assertEqual(seen[0].metrics.count, 20)
        for bad, kind in (0, ValueError), (21, ValueError), (2.0, TypeError):
            with self.assertRaisesRegex(kind, "accumulate|batch 20"):
                nets[1].fit(self.data, accumulate=bad, batch_size=20,
                            progress=False)

    def test_what_a_callback_sees(self):
        seen = self.steps(epochs=2)
        self.assertEqual([p.step for p in seen], [1, 2, 3, 4, 5, 6, 7])
        self.assertEqual([p.epoch for p in seen], [0, 0, 0, 0, 1, 1, 1])
        self.assertTrue(all(p.metrics.count == 30 for p in seen))
        self.assertTrue(0 <= seen[0].metrics.accuracy <= 1)

    def test_a_callback_stops(self):
        history = small_net().fit(
            self.data, epochs=9, batch_size=30, progress=False,
            callback=lambda p: p.step == 5)
        self.assertEqual(history.column("step"), [4, 5])

    def test_cancel(self):
        net = small_net().build(self.data.shape, 30)
        trainer = cnn.Trainer(net, cnn.Adam(), self.data)
        trainer.run(9, callback=lambda p: p.trainer.cancel())
        self.assertEqual(trainer.steps, 1)
        trainer.cancel()
        self.assertEqual(list(trainer.run(9)), [])
        trainer.run(2)
        self.assertEqual(trainer.steps, 3)

    def test_an_exception_comes_through(self):
        net = small_net()

        def fail(progress):
            raise KeyError("mine")

        try:
            net.fit(self.data, callback=fail, progress=False)
        except KeyError as error:
            frames = traceback.extract_tb(error.__traceback__)
        self.assertEqual(frames[-1].name, "fail")
        net.fit(self.data, progress=False)

    def test_a_callback_may_use_the_net(self):
        net = small_net()
        found = []

        def look(progress):
            found.append(net.evaluate(self.data).accuracy)
            progress.trainer.step()
            net.close() if progress.step == 3 else None

        net.fit(self.data, steps=3, callback=look, progress=False)
        self.assertEqual(len(found), 3)

    def test_schedule(self):
        adam, rates = cnn.Adam(0.1), []
        small_net().fit(
            self.data, optimizer=adam, steps=10, progress=False,
            schedule=cnn.Cosine(warmup=2),
            callback=lambda p: rates.append(adam.lr))
        want = [cnn.Cosine(steps=8, warmup=2).lr(0.1, t) for t in range(10)]
        np.testing.assert_allclose(rates, want, rtol=1e-6)
        self.assertEqual(adam.lr, np.float32(0.1))

    def test_build_by_fit(self):
        net = small_net()
        net.fit(self.data, steps=1, seed=3, progress=False)
        self.assertEqual((net.max_batch, net.in_shape), (100, (1, 16, 16)))
        with self.assertRaisesRegex(ValueError, "batch 101"):
            net.fit(self.data, batch_size=101, progress=False)

    def test_diverging(self):
        with self.assertRaises(RuntimeError) as caught:
            small_net(reduction="sum").fit(
                self.data, optimizer=cnn.SGD(1e30), epochs=5, progress=False)
        self.assertEqual(caught.exception.status, cnn.Status.EDIVERGED)

    def test_bad_settings(self):
        for bad in ({"seed": -1}, {"seed": 2**64}, {"batch_size": 0},
                    {"batch_size": 2**32 + 1}, {"clip_norm": 0},
                    {"clip_norm": -1}, {"schedule": cnn.StepDecay(steps=0)},
                    {"augmentation": cnn.Augmentation(scale=2)},
                    {"augmentation": cnn.Augmentation(elastic_sigma=0)}):
            with self.assertRaises(ValueError, msg=bad):
                small_net().fit(self.data, progress=False, **bad)
        for bad in ({"optimizer": "adam"}, {"validation_data": 3},
                    {"batch_size": "3"}):
            with self.assertRaises(TypeError, msg=bad):
                small_net().fit(self.data, progress=False, **bad)


def chunks(terminal):
    """What is written to a terminal until its other end is closed, which is
    an error of reading."""
    with contextlib.suppress(OSError):
        while chunk := os.read(terminal, 4096):
            yield chunk


class Display(unittest.TestCase):
    def fit(self):
        small_net().fit(cnn.Dataset(*bars(100)), epochs=2, batch_size=30,
                        validation_data=bars(20))

    def test_plain(self):
        out = io.StringIO()
        with contextlib.redirect_stderr(out):
            self.fit()
        lines = out.getvalue().splitlines()
        self.assertEqual(len(lines), 2)
        for number, line in enumerate(lines, 1):
            self.assertRegex(line, (
                rf"^epoch {number} of 2: loss [0-9.]+, accuracy 0\.\d{{4}}, "
                r"validation loss [0-9.]+, accuracy 0\.\d{4}, "
                r"\d+ images/s$"))

    def test_no_stderr(self):
        with contextlib.redirect_stderr(None):
            self.fit()

    def test_terminal(self):
        ours, theirs = pty.openpty()
        parts = []
        reader = threading.Thread(target=lambda: parts.extend(chunks(ours)))
        reader.start()
        with open(theirs, "w") as terminal, \
                contextlib.redirect_stderr(terminal), \
                mock.patch.dict(os.environ, TERM="xterm"), \
                mock.patch("cnn.progress._EVERY", 0):
            self.fit()
        reader.join()
        os.close(ours)
        shown = b"".join(parts).decode()
        self.assertEqual(shown.count("epoch "), 2)
        self.assertRegex(shown, (
            r"\r 42% \[=+> *\]  \d+:\d\d left  accuracy 0\.\d{4}  "
            r"loss [0-9.]+.*\x1b\[K"))
        for drawn in re.findall(r"\r([^\r\n]*)\x1b\[K", shown):
            self.assertLessEqual(len(drawn), 80)


if __name__ == "__main__":
    unittest.main()
