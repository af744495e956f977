"""What each rank of test_mpi_python.py runs:

    mpiexec -n 2 python3 python_ranks.py CASE...

in a folder of its own. A failure ends all."""
import os
import pathlib
import signal
import sys
import traceback

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "python"))

import numpy as np  # noqa: E402
from mpi4py import MPI  # noqa: E402

import support  # noqa: E402
import cnn  # noqa: E402
from cnn import _mpi_library  # noqa: E402

WORLD = MPI.COMM_WORLD
LAST = WORLD.rank == WORLD.size - 1
DATA = cnn.Dataset(*support.bars(60, seed=1))
SETTINGS = {"steps": 20, "batch_size": 12, "seed": 3}


def net_of(**settings):
    net = support.small_net(**settings)
    net.build(DATA.shape, 12, seed=3)
    return net


def params(net):
    return np.array(net.params)


def trainer_of(**settings):
    net = net_of()
    return net, cnn.Trainer(net, cnn.Adam(), DATA, batch_size=12, seed=3,
                            comm=WORLD, **settings)


def fit():
    """Net.fit() on all ranks, and by one process."""
    nets, histories = [], []
    for comm in None, WORLD, WORLD:
        nets.append(net_of())
        histories.append(nets[-1].fit(
            DATA, optimizer=cnn.Adam(), validation_data=DATA,
            progress=comm is not None, comm=comm, **SETTINGS))
    alone, together, again = map(params, nets)
    assert abs(alone - together).max() < 1e-5, abs(alone - together).max()
    assert (together == again).all()
    assert WORLD.allgather(together.tobytes()) == [
        together.tobytes()] * WORLD.size
    for one, other in zip(*histories[:2]):
        assert one.step == other.step
        assert abs(one.loss - other.loss) < 1e-5
        assert abs(one.val_loss - other.val_loss) < 1e-5
        assert one.val_accuracy == other.val_accuracy


def portions():
    """Bits that do not depend on how many ranks there are."""
    found = []
    for comm in MPI.COMM_SELF, WORLD:
        net = net_of()
        net.fit(DATA, optimizer=cnn.Adam(), progress=False,
                comm=cnn.Ranks(comm, portions=4), **SETTINGS)
        found.append(params(net))
    assert (found[0] == found[1]).all()


def local_steps():
    """Ranks that average every fourth step end with the same parameters; in a
    communicator of one, nothing is averaged."""
    net = net_of()
    net.fit(DATA, optimizer=cnn.SGD(0.05, momentum=0.9), progress=False,
            comm=cnn.Ranks(WORLD, average_every=4), **SETTINGS)
    ours = params(net)
    assert WORLD.allgather(ours.tobytes()) == [ours.tobytes()] * WORLD.size
    try:
        net_of().fit(DATA, progress=False, comm=cnn.Ranks(
            WORLD, average_every=4, portions=4), **SETTINGS)
        raise AssertionError("it was not refused")
    except cnn.Error as error:
        assert "portions" in str(error), error


def checkpoint():
    """Written by rank 0; callbacks that save do so there, too."""
    net, trainer = trainer_of()
    trainer.run(5)
    trainer.save("checkpoint")
    trainer.run(5)
    other, second = trainer_of()
    second.resume("checkpoint")
    assert second.steps == 5
    second.run(5, validation_data=DATA,
               callbacks=[cnn.BestCheckpoint("best")])
    assert (params(net) == params(other)).all()
    WORLD.Barrier()
    assert pathlib.Path("best").exists()


def stops():
    """What one rank alone decides ends all, after the same step."""
    _, trainer = trainer_of()
    trainer.run(50, callback=lambda p: LAST and p.step == 4)
    assert trainer.steps == 4 and trainer.stopped == "callback"
    if LAST:
        trainer.cancel()
    trainer.run(50)
    assert trainer.steps == 4 and trainer.stopped == "cancel"
    trainer.run(50, time_limit=1e-9 if LAST else None)
    assert trainer.steps == 5 and trainer.stopped == "time"
    trainer.run(3)
    assert trainer.steps == 8 and trainer.stopped == "steps"


def fails():
    """An exception of one rank is that of all, which can go on."""
    def raises(progress):
        if LAST:
            raise LookupError("no such thing")
    _, trainer = trainer_of()
    for _ in range(2):
        try:
            trainer.run(5, callback=raises)
            raise AssertionError("nothing was raised")
        except LookupError:
            assert LAST
        except RuntimeError as error:
            assert not LAST
            assert str(error) == (
                f"rank {WORLD.size - 1}: LookupError: no such thing"), error
    assert trainer.steps == 2


def interrupt():
    """Ctrl-C of one rank is that of all, after the same step."""
    def press(progress):
        if LAST and progress.step == 3:
            os.kill(os.getpid(), signal.SIGINT)
    net, trainer = trainer_of()
    try:
        trainer.run(1000, callback=press)
        raise AssertionError("no KeyboardInterrupt")
    except KeyboardInterrupt:
        pass
    assert trainer.steps == 3, trainer.steps
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    trainer.run(2)
    assert trainer.steps == 5
    assert WORLD.allgather(params(net).tobytes()) == [
        params(net).tobytes()] * WORLD.size


def differs():
    net = net_of()
    try:
        cnn.Trainer(net, cnn.Adam(0.1 if LAST else 0.2), DATA, batch_size=12,
                    comm=WORLD)
        raise AssertionError("it was not refused")
    except ValueError as error:
        assert "differs from rank 0: learning rate 0.1" in str(error), error


def refused():
    try:
        cnn.Trainer(net_of(), cnn.Adam(), DATA, comm="world")
        raise AssertionError("it was not refused")
    except TypeError as error:
        assert str(error) == (
            "comm is str, expected a communicator of mpi4py, such as "
            "MPI.COMM_WORLD (Debian package python3-mpi4py)"), error
    try:
        cnn.Ranks(WORLD, portions=0)
        raise AssertionError("it was not refused")
    except ValueError as error:
        assert "portions" in str(error), error


def no_library():
    """What is missing, and where it was looked for."""
    os.environ["LIBCNN_MPI_LIBRARY"] = "/nowhere/libcnn_mpi.so.0"
    _mpi_library._loaded = None
    try:
        cnn.Ranks(WORLD)
        raise AssertionError("it was found")
    except ImportError as error:
        assert ("needs libcnn_mpi (Debian package libcnn-mpi0" in str(error)
                and "/nowhere/libcnn_mpi.so.0: " in str(error)), error


def another_mpi():
    """LIBCNN_MPI_LIBRARY is of another MPI than mpi4py."""
    try:
        cnn.Ranks(WORLD)
        raise AssertionError("it was not refused")
    except ImportError as error:
        assert str(error).endswith("both must be of one MPI"), error


if __name__ == "__main__":
    try:
        for case in sys.argv[1:]:
            globals()[case]()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        WORLD.Abort(1)
