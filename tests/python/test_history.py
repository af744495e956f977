"""The history of a training: one entry for each epoch, however it is cut up."""

import pathlib
import tempfile
import unittest
from unittest import mock

from support import bars, cnn, small_net

COUNT, BATCH = 100, 30  # so that batches straddle epochs
ENDS = [4, 7, 10, 14, 17, 20, 24, 27, 30]  # ceil(100 k / 30)


def made(data, **settings):
    net = small_net().build(data.shape, BATCH, seed=1)
    return cnn.Trainer(net, cnn.SGD(0.1, momentum=0.5), data, seed=2,
                       **settings)


def found(history):
    """All but the times."""
    return [(e.epoch, e.step, e.loss, e.accuracy, e.val_loss, e.val_accuracy)
            for e in history]


class History(unittest.TestCase):
    def setUp(self):
        self.data = cnn.Dataset(*bars(COUNT, 1))
        self.held_out = cnn.Dataset(*bars(20, 2))
        self.whole = made(self.data).run(
            epochs=9, validation_data=self.held_out)

    def test_whole(self):
        self.assertEqual(self.whole.column("step"), ENDS)
        self.assertEqual(self.whole.column("epoch"), list(range(9)))

    def test_a_run_for_each_epoch(self):
        trainer, runs = made(self.data), []
        with mock.patch.object(cnn.Net, "evaluate", autospec=True,
                               side_effect=cnn.Net.evaluate) as evaluate:
            for _ in range(9):
                runs.append(trainer.run(
                    epochs=1, validation_data=self.held_out))
        self.assertEqual([len(run) for run in runs], [1] * 9)
        self.assertEqual(evaluate.call_count, 9)
        self.assertEqual(found(e for run in runs for e in run),
                         found(self.whole))
        self.assertEqual(found(trainer.history), found(self.whole))

    def test_default_is_an_epoch(self):
        trainer = made(self.data)
        for end in ENDS[:4]:
            self.assertEqual([e.step for e in trainer.run()], [end])

    def test_steps(self):
        for some in 1, 3, 4, 5, 30:
            trainer, last = made(self.data), []
            for done in range(0, 30, some):
                run = trainer.run(min(some, 30 - done),
                                  validation_data=self.held_out)
                self.assertEqual(run[-1].step, trainer.steps)
                self.assertEqual(len(set(run.column("epoch"))), len(run))
                last += run
            # What an epoch had so far gives way to what it had in the end.
            by_epoch = {e.epoch: e for e in last}
            self.assertEqual(found(by_epoch.values()), found(self.whole))
            self.assertEqual(found(trainer.history), found(self.whole))
            self.assertGreater(trainer.history[-1].images_per_second, 0)

    def test_from_the_middle(self):
        trainer = made(self.data)
        trainer.run(2)
        # 60 samples in, and 100 more with full batches: 180.
        run = trainer.run(epochs=1)
        self.assertEqual([(e.epoch, e.step) for e in run], [(0, 4), (1, 6)])
        # To where two halves end, and on from there.
        halves = made(self.data)
        for end in 2, 4, 6, 8:
            halves.run(epochs=0.5)
            self.assertEqual(halves.steps, end)
        self.assertEqual([e.epoch for e in halves.history], [0, 1, 2])

    def test_a_batch_of_several_epochs(self):
        data = cnn.Dataset(*bars(20))
        net = small_net().build(data.shape, 50, seed=1)
        trainer = cnn.Trainer(net, cnn.SGD(0.1), data)
        for end in range(1, 6):
            self.assertEqual(
                [e.step for e in trainer.run(epochs=1)], [end])
        self.assertEqual(trainer.history.column("epoch"), [0, 2, 5, 7, 10])

    def test_callback_and_cancel(self):
        trainer = made(self.data)
        trainer.run(epochs=2, callback=lambda p: p.step == 5)
        self.assertEqual(trainer.history.column("step"), [4, 5])
        trainer.run(5, callback=lambda p: p.trainer.cancel())
        self.assertEqual(trainer.history.column("step"), [4, 5])
        trainer.run(1)
        self.assertEqual(found(trainer.history)[1][:4],
                         found(self.whole)[1][:4])

    def test_interrupted(self):
        def interrupt(progress):
            if progress.step == 9:
                raise KeyboardInterrupt

        trainer = made(self.data)
        with self.assertRaises(KeyboardInterrupt):
            trainer.run(epochs=9, validation_data=self.held_out,
                        callback=interrupt)
        self.assertEqual(found(trainer.history), found(self.whole[:2]))
        trainer.run(epochs=1, validation_data=self.held_out)
        self.assertEqual(found(trainer.history)[2], found(self.whole)[2])

    def test_resumed(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "checkpoint"
            one, two = made(self.data), made(self.data)
            one.run(epochs=2, validation_data=self.held_out)
            one.save(path)
            two.resume(path)
            self.assertEqual(len(two.history), 0)
            for k in range(2, 5):
                run = two.run(epochs=1, validation_data=self.held_out)
                self.assertEqual(found(run), found(self.whole[k:k + 1]))
            self.assertEqual(found(two.history), found(self.whole[2:5]))
            # Back to the checkpoint: what came after it is no more.
            two.resume(path)
            self.assertEqual(len(two.history), 0)
            one.run(epochs=1)
            one.run(1)
            one.resume(path)
            self.assertEqual(one.history.column("step"), [4, 7])
            one.run(epochs=1, validation_data=self.held_out)
            self.assertEqual(found(one.history), found(self.whole[:3]))

    def test_resumed_in_the_middle(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "checkpoint"
            one, two = made(self.data), made(self.data)
            one.run(5)
            one.save(path)
            two.resume(path)
            run = two.run(2, validation_data=self.held_out)
            # The parameters are the same; the means are over what it made.
            self.assertEqual([(e.epoch, e.step) for e in run], [(1, 7)])
            self.assertEqual(run[0].val_loss, self.whole[1].val_loss)


if __name__ == "__main__":
    unittest.main()
