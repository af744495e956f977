"""Processes that train one net together, over MPI (include/cnn/mpi.h)."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
import threading
from typing import Any, Callable, Iterator, Optional, TypeVar

from . import _checks, _interrupt
from ._handle import Handle, Owner
from ._library import lib
from ._status import created

Result = TypeVar("Result")


def _module(comm: Any) -> Any:
    """mpi4py.MPI, which made the communicator."""
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi is None or not isinstance(comm, mpi.Comm):
        raise TypeError(
            f"comm is {type(comm).__name__}, expected a communicator of "
            "mpi4py, such as MPI.COMM_WORLD (Debian package python3-mpi4py)"
        )
    return mpi


class Ranks:
    """How several processes train together: what `comm` of Trainer and
    Net.fit() may be, where a communicator alone does not say enough.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
        Of all processes that train together.
    portions : int, optional
        Cuts each batch into so many parts, whose gradients are added up in
        their order: the bits then do not depend on the number of ranks.
    check_every : int, optional
        Steps from one comparison of all ranks' parameters to the next; 0:
        none. By default 100.
    average_every : int
        Local SGD: ranks take so many steps by themselves, then their
        parameters are averaged; 0: gradients are added up in each step.
    batchnorm_over_ranks : bool
        Batch normalisation looks at the samples of all ranks, not at those of
        each.

    Raises
    ------
    TypeError
        if it is no communicator of mpi4py.
    ImportError
        if libcnn_mpi is not there, or of another MPI than mpi4py.
    """

    def __init__(
        self,
        comm: Any,
        *,
        portions: Optional[int] = None,
        check_every: Optional[int] = None,
        average_every: int = 0,
        batchnorm_over_ranks: bool = False,
    ) -> None:
        from ._mpi_library import mpi_library, options_of

        self._mpi = _module(comm)
        self._library = mpi_library(self._mpi)
        self._comm = comm
        parts = 0 if portions is None else _checks.count("portions", portions)
        every = 0
        if check_every is not None:
            every = _checks.integer("check_every", check_every, 0, 2**31 - 1)
            every = every or -1
        self._options = options_of(
            portions=parts,
            check_every=every,
            average_every=_checks.integer(
                "average_every", average_every, 0, 2**31 - 1),
            flags=int(bool(batchnorm_over_ranks)),
        )
        self._interrupted = False

    @property
    def rank(self) -> int:
        """Which process this is, from 0."""
        return int(self._comm.Get_rank())

    @property
    def size(self) -> int:
        """How many there are."""
        return int(self._comm.Get_size())

    def _parts(self) -> int:
        return int(self._options.portions) or self.size

    def _create(self, handles: Any, options: Any, lock: Any) -> Handle:
        """The handle of a trainer. All ranks call it."""
        library = self._library
        kind = library.cnn_mpi_create.argtypes[0]
        comm = kind.from_address(self._mpi._addressof(self._comm))
        mine = Handle(
            created(library.cnn_mpi_create(comm, ctypes.byref(self._options))),
            library.cnn_mpi_free,
        )
        with lock:
            pointer = created(
                library.cnn_mpi_trainer_create(
                    mine.pointer,
                    *(handle.pointer for handle in handles),
                    ctypes.byref(options),
                )
            )
        return Handle(pointer, lib.cnn_trainer_free, (*handles, mine), lock)

    def _agree(
        self, ask: Callable[..., Optional[str]], *about: Any
    ) -> Optional[str]:
        """What `ask` gives on the first rank where it gives something. What it
        raises on one rank is raised on all: Ctrl-C as such."""
        found: Optional[str] = None
        error: Optional[BaseException] = None
        try:
            found = ask(*about)
            if self._interrupted:
                self._interrupted = False
                raise KeyboardInterrupt
        except BaseException as raised:
            error = raised
        mine = int(found is not None or error is not None)
        if not self._comm.allreduce(mine, op=self._mpi.MAX):
            return None
        told = None
        if error is not None:
            told = (isinstance(error, KeyboardInterrupt),
                    f"{type(error).__name__}: {error}")
        everything: list[tuple[Optional[str], Any]]
        everything = self._comm.allgather((found, told))
        if error is not None:
            raise error
        for rank, (_, other) in enumerate(everything):
            if other is not None:
                raise _failure(rank, *other)
        return next(one for one, _ in everything if one is not None)

    @contextlib.contextmanager
    def _patient(self) -> Iterator[None]:
        """Ctrl-C would end this rank at any time, and let the others wait. So
        it ends all of them where they next agree; a second one at once."""
        usual = signal.default_int_handler
        if (
            threading.current_thread() is not threading.main_thread()
            or signal.getsignal(signal.SIGINT) is not usual
        ):
            yield
            return

        def note(number: int, frame: Any) -> None:
            self._interrupted = True
            signal.signal(signal.SIGINT, usual)

        self._interrupted = False
        signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, usual)
        if self._interrupted:  # when nothing was left to agree about
            raise KeyboardInterrupt


def _failure(rank: int, interrupted: bool, text: str) -> BaseException:
    if interrupted:
        return KeyboardInterrupt(f"on rank {rank}")
    return RuntimeError(f"rank {rank}: {text}")


def ranks_of(comm: Any) -> Optional[Ranks]:
    """Of the argument `comm`: a communicator, Ranks or None."""
    if comm is None or isinstance(comm, Ranks):
        return comm
    return Ranks(comm)


class Together(Owner):
    """What a trainer does otherwise as one of several ranks."""

    _ranks: Optional[Ranks] = None

    @property
    def _is_first(self) -> bool:
        return self._ranks is None or self._ranks.rank == 0

    def _agreed(
        self, ask: Callable[..., Optional[str]], *about: Any
    ) -> Optional[str]:
        """What `ask` gives, or raises, on any rank."""
        if self._ranks is None:
            return ask(*about)
        return self._ranks._agree(ask, *about)

    def _patient(self) -> contextlib.AbstractContextManager[None]:
        if self._ranks is None:
            return contextlib.nullcontext()
        return self._ranks._patient()

    def _run(self, cost: float, call: Callable[[], Result]) -> Result:
        """A call under the lock. Only the thread that MPI knows may make one
        of several ranks."""
        handle = self._h
        if self._ranks is None:
            return _interrupt.run(handle.lock, cost, call)
        with handle.lock:
            return call()
