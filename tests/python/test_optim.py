"""Optimisers, schedules and augmentation beside their formulas."""

import math
import unittest

import numpy as np
from support import cnn

# A few roundings of float32 numbers near 1.
CLOSE = {"rtol": 1e-6, "atol": 1e-6}


def trajectory(optimizer, gradients):
    """The parameters of a layer after updates with these gradients."""
    layer = cnn.Dense(2, bias=False).build(3, 1, seed=1)
    start = layer.params.copy()
    for gradient in gradients:
        layer.grads[...] = gradient
        layer.update(optimizer)
    return start.astype(float), layer.params


GRADIENTS = np.random.default_rng(0).standard_normal((5, 6))


class Optimizers(unittest.TestCase):
    def test_sgd(self):
        p, found = trajectory(
            cnn.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
            GRADIENTS)
        b = 0
        for g in GRADIENTS:
            g = g + 0.01 * p
            b = 0.9 * b + g
            p = p - 0.1 * (g + 0.9 * b)
        np.testing.assert_allclose(found, p, **CLOSE)

    def test_adam(self):
        for kind, decoupled in (cnn.Adam, False), (cnn.AdamW, True):
            p, found = trajectory(
                kind(0.1, beta1=0.8, beta2=0.95, eps=1e-6,
                     weight_decay=0.05), GRADIENTS)
            m = v = 0
            for t, g in enumerate(GRADIENTS, 1):
                if decoupled:
                    p = p - 0.1 * 0.05 * p
                else:
                    g = g + 0.05 * p
                m = 0.8 * m + 0.2 * g
                v = 0.95 * v + 0.05 * g * g
                p = p - 0.1 * m / (1 - 0.8 ** t) / (
                    np.sqrt(v / (1 - 0.95 ** t)) + 1e-6)
            np.testing.assert_allclose(found, p, rtol=1e-5, atol=1e-5)

    def test_rmsprop(self):
        p, found = trajectory(
            cnn.RMSprop(0.1, decay=0.8, eps=1e-6, momentum=0.5), GRADIENTS)
        v = b = 0
        for g in GRADIENTS:
            v = 0.8 * v + 0.2 * g * g
            b = 0.5 * b + g / (np.sqrt(v) + 1e-6)
            p = p - 0.1 * b
        np.testing.assert_allclose(found, p, rtol=1e-5, atol=1e-5)

    def test_lr(self):
        adam = cnn.Adam(0.25)
        self.assertEqual(adam.lr, 0.25)
        adam.lr = 0.5
        self.assertEqual(adam.lr, 0.5)
        for bad in -1, math.nan, math.inf, 1e300:
            with self.assertRaises(ValueError):
                adam.lr = bad
        self.assertEqual(adam.lr, 0.5)

    def test_zero_is_no_default(self):
        for kind, name in ((cnn.Adam, "beta1"), (cnn.Adam, "beta2"),
                           (cnn.Adam, "eps"), (cnn.RMSprop, "decay"),
                           (cnn.RMSprop, "eps")):
            for bad in 1e-60, -1e-60, -1, math.nan:
                with self.assertRaisesRegex(ValueError, name):
                    kind(**{name: bad})
            for good in 0, 0.0, -0.0, None:
                kind(**{name: good})


class Schedules(unittest.TestCase):
    def test_formulas(self):
        for schedule, formula in (
                (cnn.Schedule(), lambda t: 1),
                (cnn.StepDecay(steps=3, factor=0.5),
                 lambda t: 0.5 ** (t // 3)),
                (cnn.Exponential(steps=4, factor=0.5),
                 lambda t: 0.5 ** (t / 4)),
                (cnn.Cosine(steps=8, factor=0.2),
                 lambda t: 0.2 + 0.8 * (
                     1 + math.cos(math.pi * min(t, 8) / 8)) / 2)):
            for t in range(12):
                self.assertAlmostEqual(
                    schedule.lr(0.1, t), 0.1 * formula(t), places=7)

    def test_warmup(self):
        schedule = cnn.StepDecay(steps=2, factor=0.5, warmup=4)
        found = [schedule.lr(1, t) for t in range(8)]
        self.assertEqual(found, [0.25, 0.5, 0.75, 1, 1, 1, 0.5, 0.5])

    def test_cosine_takes_what_is_left(self):
        schedule = cnn.Cosine(warmup=20).for_steps(100)
        self.assertEqual(schedule, cnn.Cosine(steps=80, warmup=20))
        self.assertEqual(schedule.for_steps(5), schedule)
        with self.assertRaisesRegex(ValueError, "without steps"):
            cnn.Cosine().lr(1, 0)

    def test_impossible(self):
        for schedule in (
                cnn.StepDecay(steps=0), cnn.StepDecay(steps=1, factor=1e-60),
                cnn.StepDecay(steps=1, factor=2), cnn.Schedule(warmup=-1),
                cnn.Plateau(steps=2**31), cnn.Cosine(steps=1, factor=-1)):
            with self.assertRaises(ValueError):
                schedule.lr(1, 0)
        for step in -1, 2**63:
            with self.assertRaises(ValueError):
                cnn.Schedule().lr(1, step)


if __name__ == "__main__":
    unittest.main()
