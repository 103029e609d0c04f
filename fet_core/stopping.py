"""Being told to stop: SIGINT and SIGTERM as an exception, so that nothing half-made is left."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ECHO = 1.0
"""Seconds after a signal in which others are taken for its echo, as of a whole process group."""


class Stopped(BaseException):
    """A signal came. No `KeyboardInterrupt`, which others catch and answer.

    Attributes:
        code: the exit code that says so, 128 + the signal's number.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}")
        self.code = 128 + signum


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Stopped` in the block where SIGINT or SIGTERM comes.

    What is ignored stays ignored: a shell does that to SIGINT of what it starts with &.
    """
    last = -_ECHO

    def stop(signum: int, _: FrameType | None) -> None:
        nonlocal last
        if time.monotonic() - last >= _ECHO:
            last = time.monotonic()
            raise Stopped(signum)

    both = (signal.SIGINT, signal.SIGTERM)
    heard = [number for number in both if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held() -> Iterator[None]:
    """Let SIGINT and SIGTERM wait for the block's end, and new processes begin with both blocked.

    Blocking alone does not do that: another thread hears the signal, and the first one answers.
    """
    both = {signal.SIGINT, signal.SIGTERM}
    caught: list[int] = []
    unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, both)
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in both:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, lambda one, _: caught.append(one))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)
        if caught:
            signal.raise_signal(caught[0])


def unwind_on_sigterm() -> None:
    """In a worker process, which may have inherited SIGTERM blocked: let it raise `SystemExit`."""

    def leave(signum: int, _: FrameType | None) -> None:
        signal.signal(signum, signal.SIG_IGN)
        sys.exit(128 + signum)

    signal.signal(signal.SIGTERM, leave)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
