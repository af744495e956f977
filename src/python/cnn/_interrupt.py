"""Calls that Ctrl-C can interrupt.

Python runs the handlers of signals between the instructions of its main
thread, so not while that thread is inside of libcnn. Work is therefore cut
into calls of some milliseconds, between which Python sees the signal. A call
that takes long by itself (a step on a large batch) is made by a thread of its
own, and the main thread waits for it where a signal wakes it up.
KeyboardInterrupt is then raised at once; the call ends by itself, holding the
lock of its object, and whoever uses the object next waits for it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import threading
import time
from typing import Any, Callable, Optional, TypeVar

Result = TypeVar("Result")

# What a call of work that can be cut may cost: some 10 ms of elementary
# operations on one core. Fixed, because the cut shows in sums of doubles.
PIECE = 100_000_000

# The main thread itself makes calls that should take less than this (s). One
# more handing over costs some 0.1 ms.
_PATIENCE = 0.03

# Calls that cost less tell nothing about the speed.
_LEAST = 10_000_000


class _Job:
    """One call for a worker. `wanted` is False once nobody waits for it."""

    def __init__(self, lock: Any, call: Callable[[], Any]) -> None:
        self.lock = lock
        self.call = call
        self.wanted = True
        self.done = threading.Event()
        self.result: Any = None
        self.error: Optional[BaseException] = None

    def do(self) -> None:
        try:
            with self.lock:
                if self.wanted:
                    self.result = self.call()
        except BaseException as error:  # goes to the caller as it is
            self.error = error


class _Worker:
    """A thread that makes one call after the other."""

    idle: list[_Worker] = []
    busy: dict[_Worker, _Job] = {}

    def __init__(self) -> None:
        self.jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        # A daemon, since it never ends; _finish() waits for what it is at.
        threading.Thread(target=self.work, name="cnn", daemon=True).start()

    def work(self) -> None:
        while True:
            job = self.jobs.get()
            self.busy[self] = job
            job.do()
            self.busy.pop(self, None)
            self.idle.append(self)
            job.done.set()
            del job

    @classmethod
    def make(cls, job: _Job) -> Any:
        try:
            worker = cls.idle.pop() if cls.idle else cls()
            worker.jobs.put(job)
            job.done.wait()
        except BaseException:
            job.wanted = False  # should it not have begun
            raise
        if job.error is not None:
            raise job.error
        return job.result


def _finish() -> None:
    """The process may not end while a thread is inside of libcnn."""
    for job in list(_Worker.busy.values()):
        job.done.wait()


def _forget() -> None:
    """A child of fork() has none of its parent's threads."""
    global _main
    _Worker.idle.clear()
    _Worker.busy.clear()
    _main = threading.get_ident()


_main = threading.main_thread().ident
atexit.register(_finish)
os.register_at_fork(after_in_child=_forget)


class _Speed:
    """How much is done in a second, as the last calls of the main thread
    showed; at first a guess from below."""

    value = 5e9

    @classmethod
    def learn(cls, cost: float, seconds: float) -> None:
        cls.value += 0.5 * (cost / max(seconds, 1e-9) - cls.value)


def aside(call: Callable[[], Result]) -> Result:
    """Makes one call that nobody can tell the cost of, and that needs no
    lock."""
    if threading.get_ident() != _main:
        return call()
    result: Result = _Worker.make(_Job(contextlib.nullcontext(), call))
    return result


def run(lock: Any, cost: float, call: Callable[[], Result]) -> Result:
    """Makes one call under the lock, in the main thread or for it."""
    if threading.get_ident() != _main:
        with lock:
            return call()
    start = time.perf_counter()
    if cost > _PATIENCE * _Speed.value:
        result: Result = _Worker.make(_Job(lock, call))
    else:
        with lock:
            result = call()
    if cost >= _LEAST:
        _Speed.learn(cost, time.perf_counter() - start)
    return result
