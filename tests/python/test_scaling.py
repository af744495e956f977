"""cnn.scaling: measuring steps, predicting those of several ranks."""

import unittest

import numpy as np
from support import bars, cnn, small_net

from cnn import scaling

MACHINE = scaling.Machine(
    threads=1, exchanges=2, params=250000, record=500, fixed=1e-3,
    per_sample=1e-5, update=5e-4, add=4e-9)
LINK = {"bandwidth": 1e9, "latency": 5e-5, "payload": 0.8}


class Scaling(unittest.TestCase):
    def test_as_by_hand(self):
        found = MACHINE.predict(4, 100, **LINK)
        self.assertAlmostEqual(found.compute, 2e-3)
        self.assertAlmostEqual(found.exchange, 2 * (2 * 5e-5 + 1500 / 1e8))
        self.assertAlmostEqual(found.sum, 4 * 5e-5 + 1.5e6 / 1e8 + 0.75e-3)
        self.assertAlmostEqual(found.efficiency, 2e-3 / found.step)
        self.assertAlmostEqual(found.samples * found.step, 400)
        self.assertGreaterEqual(
            MACHINE.predict(4, found.batch_90, **LINK).efficiency, 0.9)
        ring = MACHINE.predict(4, 100, **LINK, ring=True)
        self.assertAlmostEqual(ring.sum - found.sum, 2 * 5e-5)

    def test_refused(self):
        for changes, text in (({"bandwidth": 0.0}, "bandwidth 0"),
                              ({"latency": -1.0}, "latency -1"),
                              ({"payload": 2.0}, "payload 2")):
            with self.assertRaisesRegex(ValueError, text):
                MACHINE.predict(2, 1, **{**LINK, **changes})
        with self.assertRaisesRegex(ValueError, "0 ranks"):
            MACHINE.predict(0, 1, **LINK)
        with self.assertRaisesRegex(ValueError, "params 0"):
            MACHINE._replace(params=0).predict(2, 1, **LINK)

    def test_measures(self):
        images, labels = bars(16, 1)
        x = np.float32(images[:, None]) / 255
        net = small_net().build(x.shape[1:], 16)
        before = np.array(net.params)
        found = scaling.measure(net, cnn.SGD(0.1), x, labels, seconds=0.01)
        np.testing.assert_array_equal(net.params, before)
        self.assertEqual(found.params, net.param_count)
        self.assertEqual(found.threads, cnn.num_threads())
        self.assertGreater(min(found.fixed, found.per_sample, found.add), 0)
        self.assertLess(found.predict(64, 16, **LINK).efficiency, 1)
        with self.assertRaisesRegex(ValueError, "batches of 1 and 1"):
            scaling.measure(net, cnn.SGD(0.1), x[:1], labels[:1])
        with self.assertRaises(TypeError):
            scaling.measure(None, cnn.SGD(0.1), x, labels)


if __name__ == "__main__":
    unittest.main()
