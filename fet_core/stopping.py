"""Being told to stop: a signal as an exception, so that nothing half-made is left."""

from __future__ import annotations

import atexit
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, `kill`, and a terminal that is closed."""

_ECHO = 1.0
"""Seconds after a signal in which others are taken for its echo, as of a whole process group."""


_LATER = 0.02
"""Seconds after which a signal that came during an import, or was ignored, is heard again."""


class Stopped(BaseException):
    """A signal came. No `KeyboardInterrupt`, which others catch and answer.

    Attributes:
        code: the exit code that says so, 128 + the signal's number.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}")
        self.code = 128 + signum


def heard() -> list[signal.Signals]:
    """Those of `SIGNALS` that are not ignored.

    What is ignored is to stay so: a shell does that to SIGINT of what it starts with &, and `nohup`
    to SIGHUP.
    """
    return [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Stopped` in the block where one of `SIGNALS` comes that is not ignored.

    Not while a module is imported: NumPy's C code prints what interrupts it, and dlib's says that
    there is none. It is also what the block ends with where a library has answered `Stopped` with
    an exception of its own.
    """
    ear = _Ear(Stopped)
    hook = sys.unraisablehook
    before = {number: signal.signal(number, ear.hear) for number in heard()}
    sys.unraisablehook = ear.unraisable
    try:
        yield
    except Stopped:
        raise
    except BaseException as error:
        ended_well = isinstance(error, SystemExit) and not error.code
        if ear.came is None or ended_well:
            raise
        raise Stopped(ear.came) from error
    finally:
        ear.close()
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


class _Ear:
    """Raises an exception for a signal, once, and again where C code has taken it and gone on.

    Args:
        kind: of the exception, made of the signal's number.

    Attributes:
        came: the signal for which it was raised.
    """

    def __init__(self, kind: Callable[[int], BaseException]) -> None:
        self.came: int | None = None
        self._kind = kind
        self._last = -_ECHO
        self._timer: threading.Timer | None = None
        self._hook = sys.unraisablehook
        # All of this may run while some module is imported.
        self._around = _imports(sys._getframe())

    def hear(self, signum: int, frame: FrameType | None) -> None:
        """The handler of a signal."""
        if time.monotonic() - self._last < _ECHO:
            return
        if _imports(frame) > self._around:
            self._later(signum)
            return
        self._last, self.came = time.monotonic(), signum
        raise self._kind(signum)

    def unraisable(self, what: sys.UnraisableHookArgs) -> None:
        """The hook for exceptions that C code ignores."""
        if self.came is None or not isinstance(what.exc_value, (Stopped, SystemExit)):
            self._hook(what)
            return
        signum, self.came, self._last = self.came, None, -_ECHO
        self._later(signum)

    def close(self) -> None:
        """Hear no more of what has come."""
        if self._timer is not None:
            self._timer.cancel()

    def _later(self, signum: int) -> None:
        self._timer = threading.Timer(_LATER, signal.raise_signal, (signum,))
        self._timer.daemon = True
        self._timer.start()


def _imports(frame: FrameType | None) -> int:
    """How deep in imports a frame is."""
    depth = 0
    while frame is not None:
        depth += frame.f_code.co_filename == "<frozen importlib._bootstrap>"
        frame = frame.f_back
    return depth


def stop_no_more() -> None:
    """Ignore `SIGNALS` while the interpreter ends: nothing is left to be stopped."""

    def ignore() -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    # Registered last, it is called first; not at once, as who calls `main` may live on.
    atexit.register(ignore)


@contextmanager
def held() -> Iterator[None]:
    """Let `SIGNALS` wait for the block's end, and new processes begin with them blocked.

    Blocking alone does not do that: another thread hears the signal, and the first one answers.
    """
    caught: list[int] = []
    unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in heard():
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

    ear = _Ear(lambda signum: SystemExit(128 + signum))
    sys.unraisablehook = ear.unraisable
    signal.signal(signal.SIGTERM, ear.hear)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
