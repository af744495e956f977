"""Averages, early stopping, the best, time limits, callbacks of epochs."""

import pathlib
import tempfile
import time
import unittest

import numpy as np

from support import bars, cnn, small_net

COUNT, BATCH = 100, 30


def made(data, **settings):
    net = small_net().build(data.shape, BATCH, seed=1)
    return net, cnn.Trainer(net, cnn.SGD(0.1, momentum=0.5), data, seed=2,
                            **settings)


def same(a, b):
    return all((x == b[name]).all() for name, x in a.items())


def copied(net):
    return {name: x.copy() for name, x in net.state_dict().items()}


class Stopping(unittest.TestCase):
    def setUp(self):
        self.data = cnn.Dataset(*bars(COUNT, 1))
        self.held_out = cnn.Dataset(*bars(20, 2))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "best"

    # ------------------------------------------------------- average ---

    def test_average(self):
        net, trainer = made(self.data, average=0.75)
        plain, other = made(self.data)
        sums = {name: 0.0 for name in net.state_dict()}
        total = 0.0
        for _ in range(6):
            trainer.step()
            other.step()
            total = 0.75 * total + 1
            for name, x in net.state_dict().items():
                sums[name] = 0.75 * sums[name] + x.astype(float)
        self.assertTrue(same(net.state_dict(), plain.state_dict()))
        trainer.save_average(self.path)
        self.assertTrue(same(net.state_dict(), plain.state_dict()))
        trainer.use_average()
        self.assertFalse(same(net.state_dict(), plain.state_dict()))
        for name, x in net.state_dict().items():
            np.testing.assert_allclose(x, sums[name] / total, atol=1e-6)
        self.assertTrue(same(net.state_dict(),
                             cnn.load(self.path).state_dict()))

    def test_average_is_what_is_validated(self):
        net, trainer = made(self.data, average=0.9)
        last = trainer.run(epochs=2, validation_data=self.held_out)[-1]
        self.assertNotEqual(net.evaluate(self.held_out).loss, last.val_loss)
        trainer.use_average()
        self.assertAlmostEqual(net.evaluate(self.held_out).loss, last.val_loss,
                               places=12)
        # Within an epoch, and judged only where one is over.
        net, trainer = made(self.data, average=0.9,
                            stopping=cnn.EarlyStopping())
        last = trainer.run(5, validation_data=self.held_out)[-1]
        self.assertEqual(trainer.best.step, 4)
        trainer.use_average()
        self.assertAlmostEqual(net.evaluate(self.held_out).loss, last.val_loss,
                               places=12)

    def test_fit_hands_the_average_over(self):
        nets = [small_net(), small_net()]
        for net, average in zip(nets, (None, 0.9)):
            net.fit(self.data, epochs=2, batch_size=BATCH, average=average,
                    progress=False)
        self.assertFalse(same(nets[0].state_dict(), nets[1].state_dict()))

    # ------------------------------------------------------ stopping ---

    def test_patience(self):
        net, (images, labels) = small_net(), bars(20, 2)
        # Labels that nobody can learn: the surer the net, the worse.
        nonsense = cnn.Dataset(images, (7 * labels + 3) % 10)
        history = net.fit(
            self.data, epochs=200, batch_size=BATCH, patience=2,
            restore_best=True, validation_data=nonsense, progress=False)
        losses = history.column("val_loss")
        best = losses.index(min(losses))
        self.assertLess(len(history), 200)
        self.assertEqual(best, len(losses) - 3)
        self.assertAlmostEqual(net.evaluate(nonsense).loss, min(losses),
                               places=12)

    def test_watched(self):
        net, trainer = made(self.data)
        stopping = cnn.EarlyStopping(watch="accuracy", patience=1,
                                     min_delta=0.9, restore_best=True)
        history = trainer.run(epochs=9, validation_data=self.held_out,
                              callbacks=[stopping])
        self.assertEqual(len(history), 2)
        self.assertEqual(trainer.stopped, "patience")
        self.assertEqual(trainer.best, cnn.Best(history[0].val_accuracy, 4, 1))
        self.assertEqual(net.evaluate(self.held_out).accuracy,
                         history[0].val_accuracy)
        # It is used up; another one begins anew.
        self.assertEqual(trainer.run(epochs=1, callbacks=[stopping],
                                     validation_data=self.held_out), [])
        self.assertEqual(trainer.stopped, "patience")
        again = trainer.run(epochs=1, callbacks=[cnn.EarlyStopping()],
                            validation_data=self.held_out)
        self.assertEqual((len(again), trainer.stopped), (1, "epochs"))

    def test_own_measure(self):
        net, trainer = made(self.data, stopping=cnn.EarlyStopping(patience=3))
        self.assertIsNone(trainer.best)
        with self.assertRaisesRegex(RuntimeError, "none of 0 validations"):
            trainer.use_best()
        trainer.step()
        kept = copied(net)
        trainer.judge(2.0)
        trainer.step()
        trainer.judge(float("nan"))
        self.assertEqual(trainer.best, (2.0, 1, 1))
        trainer.save_best(self.path)
        trainer.use_best()
        self.assertTrue(same(kept, net.state_dict()))
        self.assertTrue(same(kept, cnn.load(self.path).state_dict()))

    def test_resumed(self):
        whole, first = (
            made(self.data, average=0.9, stopping=cnn.EarlyStopping(patience=9))
            for _ in range(2))
        first[1].run(epochs=3, validation_data=self.held_out)
        first[1].save(self.path)
        whole[1].run(epochs=6, validation_data=self.held_out)
        net, trainer = made(self.data, average=0.9,
                            stopping=cnn.EarlyStopping(patience=9))
        trainer.resume(self.path)
        trainer.run(epochs=3, validation_data=self.held_out)
        self.assertEqual(trainer.best, whole[1].best)
        self.assertTrue(same(net.state_dict(), whole[0].state_dict()))
        for one in trainer, whole[1]:
            one.use_best()
        self.assertTrue(same(net.state_dict(), whole[0].state_dict()))
        _, other = made(self.data, average=0.5)
        with self.assertRaisesRegex(ValueError, "begun with average 0.89"):
            other.resume(self.path)

    def test_resumed_before_a_validation(self):
        """A callback of steps saves before what is due after its step. That is
        made up for once, and told of."""
        settings = dict(stopping=cnn.EarlyStopping(patience=2))
        run = dict(epochs=3, validation_data=self.held_out)
        _, whole = made(self.data, average=0.9, **settings)
        saved, told = {}, []

        def save(progress):
            saved[progress.step] = self.path.with_name(str(progress.step))
            progress.trainer.save(saved[progress.step])

        def tell(epoch):
            told.append(epoch)
            whole.save(self.path)  # of the last one: after its validation

        whole.run(callback=save, callbacks=[tell], **run)
        ends = [epoch.step for epoch in told]
        for step, due in (ends[0], 0), (ends[1], 1), (ends[2], 2), (3, None):
            _, other = made(self.data, average=0.9, **settings)
            other.resume(saved[step])
            again = []
            other.run(0, validation_data=self.held_out,
                      callbacks=[again.append])
            other.run(0, validation_data=self.held_out,
                      callbacks=[again.append])
            if due is None:
                self.assertEqual(again, [])
                continue
            (got,), want = again, told[due]
            self.assertEqual(
                (got.epoch, got.step, got.accuracy, got.val_loss,
                 got.val_accuracy),
                (want.epoch, want.step, want.accuracy, want.val_loss,
                 want.val_accuracy))
            self.assertAlmostEqual(got.loss, want.loss)
            self.assertEqual(list(other.history), again)
            other.run(whole.steps - step, validation_data=self.held_out)
            self.assertEqual(other.best, whole.best)
        _, other = made(self.data, average=0.9, **settings)
        other.resume(self.path)
        other.run(0, validation_data=self.held_out)
        self.assertEqual((other.best, len(other.history)), (whole.best, 0))

    # ----------------------------------------------- ends, callbacks ---

    def test_ends(self):
        _, trainer = made(self.data)
        self.assertIsNone(trainer.stopped)
        trainer.run(2)
        self.assertEqual(trainer.stopped, "steps")
        trainer.run(2, callback=lambda p: True)
        self.assertEqual((trainer.stopped, trainer.steps), ("callback", 3))
        trainer.cancel()
        trainer.run(2)
        self.assertEqual((trainer.stopped, trainer.steps), ("cancel", 3))
        start = time.monotonic()
        trainer.run(10**9, time_limit=0.1)
        self.assertEqual(trainer.stopped, "time")
        self.assertTrue(0.1 <= time.monotonic() - start < 60)
        self.assertGreater(trainer.steps, 3)
        with self.assertRaises(ZeroDivisionError):
            trainer.run(1, callback=lambda p: 1 / 0)
        self.assertIsNone(trainer.stopped)

    def test_callbacks(self):
        seen = []
        net, trainer = made(self.data)
        history = trainer.run(
            epochs=9, validation_data=self.held_out,
            callbacks=[seen.append, lambda e: e.epoch == 2,
                       cnn.BestCheckpoint(self.path)])
        self.assertEqual(trainer.stopped, "callback")
        self.assertEqual(seen, history)
        self.assertEqual([e.step for e in seen], [4, 7, 10])
        best = min(seen, key=lambda e: e.val_loss)
        saved = cnn.load(self.path)
        self.assertAlmostEqual(saved.evaluate(self.held_out).loss,
                               best.val_loss, places=12)
        # An epoch that was cut short is not told of.
        trainer.run(1, callbacks=[seen.append])
        self.assertEqual(len(seen), 3)

    def test_history_after_an_interrupt(self):
        def interrupt(progress):
            if progress.step == 9:
                raise KeyboardInterrupt

        net = small_net()
        self.assertEqual(net.history, [])
        with self.assertRaises(KeyboardInterrupt):
            net.fit(self.data, epochs=9, batch_size=BATCH, callback=interrupt,
                    validation_data=self.held_out, restore_best=True,
                    progress=False)
        self.assertEqual(net.history.column("step"), [4, 7])
        self.assertAlmostEqual(net.evaluate(self.held_out).loss,
                               min(net.history.column("val_loss")), places=12)

    def test_refusals(self):
        net, trainer = made(self.data)
        one = cnn.EarlyStopping()
        run, held_out = trainer.run, self.held_out
        for error, text, call in [
            (ValueError, "need validation_data",
             lambda: run(1, callbacks=[one])),
            (ValueError, "2 EarlyStopping, expected at most one",
             lambda: run(1, callbacks=[one, one], validation_data=held_out)),
            (TypeError, "a callback is int, expected EarlyStopping",
             lambda: run(1, callbacks=[3])),
            (ValueError, "watch is 'f1', expected",
             lambda: made(self.data, stopping=cnn.EarlyStopping(watch="f1"))),
            (ValueError, "patience 0, expected 1 to",
             lambda: made(self.data, stopping=cnn.EarlyStopping(patience=0))),
            (ValueError, "min_delta -1, expected a finite number",
             lambda: made(self.data, stopping=cnn.EarlyStopping(min_delta=-1))),
            (ValueError, "decay 1, expected 0 to below 1",
             lambda: made(self.data, average=1)),
            (ValueError, "time_limit 0, expected seconds above 0",
             lambda: run(1, time_limit=0)),
            (TypeError, "value is str, expected a number",
             lambda: trainer.judge("1")),
            (RuntimeError, "set_stopping", lambda: trainer.judge(1)),
            (RuntimeError, "set_average", trainer.use_average),
            (RuntimeError, "set_stopping", lambda: trainer.save_best("x")),
        ]:
            with self.assertRaisesRegex(error, text):
                call()
        self.assertEqual(trainer.steps, 0)


if __name__ == "__main__":
    unittest.main()
