"""Threads: calls let others run, two nets train at once, one net is safe."""

import os
import threading
import time
import unittest

import numpy as np
from support import bars, cnn, small_net


def together(*calls):
    """Runs all at once; raises what one of them raises."""
    errors = []

    def guarded(call):
        try:
            call()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(c,)) for c in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class Threads(unittest.TestCase):
    def setUp(self):
        self.data = cnn.Dataset(*bars(300))

    def fitted(self, seed):
        net = small_net()
        net.fit(self.data, epochs=3, batch_size=20, seed=seed, progress=False)
        return net.to_bytes()

    def test_two_threads_train_two_nets(self):
        want = self.fitted(1), self.fitted(2)
        found = {}
        for threads in 1, 2:
            cnn.set_num_threads(threads)
            self.addCleanup(cnn.set_num_threads, 1)
            together(*(lambda s=s: found.update({s: self.fitted(s)})
                       for s in (1, 2)))
            self.assertEqual((found[1], found[2]), want)

    def test_others_run_meanwhile(self):
        """A thread of Python counts while another is inside of one call."""
        net = cnn.Net([cnn.Conv2D(32, 5), cnn.Conv2D(32, 5), cnn.Dense(10)])
        net.build((24, 24), 1000)
        x = np.zeros((1000, 24, 24), np.float32)
        turns, inside = [0], threading.Event()

        def predict():
            inside.set()
            net.predict(x)
            inside.clear()

        def count():
            inside.wait()
            while inside.is_set():
                turns[0] += 1
                time.sleep(0.001)

        together(predict, count)
        self.assertGreater(turns[0], 5)

    def test_each_thread_has_its_error(self):
        barrier, texts = threading.Barrier(2), {}

        def fail(filters):
            for _ in range(200):
                barrier.wait()
                try:
                    cnn.Conv2D(filters, 3)
                except ValueError as error:
                    texts.setdefault(filters, set()).add(str(error))

        together(lambda: fail(-1), lambda: fail(-2))
        for filters in -1, -2:
            text, = texts[filters]
            self.assertIn(f"filters {filters}", text)

    def test_one_net_in_many_threads(self):
        """Calls wait for each other; none of them tears the memory."""
        net = small_net().build(self.data.shape, 20)
        x, labels = self.data.read(range(20))

        def use():
            for _ in range(30):
                net.train_step(cnn.SGD(0.01), x, labels)
                net.evaluate(self.data)
                net.predict(x)
                net.forward(x)

        together(*[use] * 4)
        self.assertTrue(np.isfinite(net.params).all())

    def test_sessions(self):
        net = small_net().build(self.data.shape, 20)
        x = self.data.read()[0]
        want = net.predict(x)
        found = []

        def use():
            session = cnn.Session(net)
            for _ in range(10):
                found.append(session.predict(x))

        together(*[use] * 4)
        self.assertEqual(len(found), 40)
        for y in found:
            np.testing.assert_array_equal(y, want)

    def test_after_fork(self):
        cnn.set_num_threads(2)
        self.addCleanup(cnn.set_num_threads, 1)
        net = small_net().build(self.data.shape, 300)
        net._cost = 1e9  # through a thread of its own
        x = self.data.read()[0]
        want = net.predict(x)
        child = os.fork()
        if child == 0:
            os._exit(0 if (net.predict(x) == want).all() else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)


if __name__ == "__main__":
    unittest.main()
