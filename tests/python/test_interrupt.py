"""Ctrl-C: KeyboardInterrupt at once, and a net that can be used afterwards."""

import os
import signal
import threading
import time
import unittest

import numpy as np
from support import bars, cnn, run_python, small_net

# What the package promises; the best of some tries counts, for other programs
# may keep the processor.
SOON = 0.1
TRIES = 3


def interrupted(call, after):
    """Seconds from the signal to the KeyboardInterrupt; None if there was
    none."""
    sent = []

    def send():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(after, send)
    timer.start()
    try:
        call()
    except KeyboardInterrupt:
        return time.perf_counter() - sent[0]
    finally:
        timer.join()
    return None


def slow_net():
    """One whose single steps take long."""
    return cnn.Net([
        cnn.Conv2D(32, 5, padding="same"), cnn.ReLU(),
        cnn.Conv2D(32, 5, padding="same"), cnn.ReLU(),
        cnn.MaxPool2D(4), cnn.Dense(10), cnn.Softmax()])


class Interrupt(unittest.TestCase):
    def soon(self, call, after=0.3):
        found = []
        for _ in range(TRIES):
            found.append(interrupted(call, after))
            self.assertIsNotNone(found[-1], "it ended before the signal")
            if found[-1] < SOON:
                return
        self.fail(f"{found} s from the signal to the exception")

    def test_short_steps(self):
        data = cnn.Dataset(*bars(600))
        net = small_net()
        self.soon(lambda: net.fit(data, steps=10**9, batch_size=20,
                                  progress=False))
        self.assertGreater(net.evaluate(data).accuracy, 0.9)
        net.fit(data, epochs=1, progress=False)

    def test_long_steps(self):
        data = cnn.Dataset(*bars(600))
        net = slow_net().build(data.shape, 600)
        start = time.perf_counter()
        net.fit(data, steps=1, progress=False)
        self.assertGreater(time.perf_counter() - start, SOON)
        self.soon(lambda: net.fit(data, steps=1000, progress=False))
        # The step that was left alone is over before the next call begins.
        before = net.params.copy()
        self.assertTrue(np.isfinite(net.predict(data.read([0])[0])).all())
        net.fit(data, steps=1, progress=False)
        self.assertTrue((net.params != before).any())

    def test_evaluating_and_predicting(self):
        data = cnn.Dataset(*bars(1000))
        net = slow_net().build(data.shape, 50)
        x = data.read()[0]
        self.soon(lambda: [net.evaluate(data) for _ in range(99)])
        self.soon(lambda: [net.predict(x) for _ in range(99)])
        session = cnn.Session(net, 1000)
        self.soon(lambda: [session.predict(x) for _ in range(99)])

    def test_the_process_ends(self):
        """With a step under way that nobody waits for."""
        result = run_python("""
import os, signal, sys, threading
sys.path[:0] = sys.argv[1:]
import test_interrupt as t
data = t.cnn.Dataset(*t.bars(600))
net = t.slow_net().build(data.shape, 600)
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    net.fit(data, steps=1000, progress=False)
except KeyboardInterrupt:
    print("interrupted")
""", os.path.dirname(os.path.abspath(__file__)))
        self.assertEqual(result.stdout, "interrupted\n", result.stderr)
        self.assertEqual((result.stderr, result.returncode), ("", 0))

    def test_other_signals(self):
        """Their handlers run in time, and may raise what they like."""
        class Alarm(Exception):
            pass

        def handler(number, frame):
            raise Alarm

        data = cnn.Dataset(*bars(600))
        net = slow_net().build(data.shape, 600)
        before = signal.signal(signal.SIGALRM, handler)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with self.assertRaises(Alarm):
            net.fit(data, steps=1000, progress=False)


if __name__ == "__main__":
    unittest.main()
