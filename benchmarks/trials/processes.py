"""The processes that a trial has started: found by their session, and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_GRACE = 5.0  # seconds in which what a trial has started may end after it


def forked(work: Callable[[], Any]) -> int:
    """Do something in a forked process, so that this one stays as it is; its exit code."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def session(leader: int) -> dict[int, str]:
    """The living processes of a session, and their names."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            before, _, after = (place / "stat").read_text("utf-8", "replace").rpartition(")")
            state, _, _, owner = after.split()[:4]
            if int(owner) == leader and state not in "ZX":
                found[int(place.name)] = before.partition("(")[2]
    return found


def left_of(leader: int) -> list[str]:
    """What of a session does not end by itself; it is ended then."""
    last = time.monotonic() + _GRACE
    while (found := session(leader)) and time.monotonic() < last:
        time.sleep(0.05)
    kill_session(leader)
    return [f"{name} {pid}" for pid, name in found.items()]


def kill_session(leader: int) -> None:
    """End all processes of a session."""
    for pid in session(leader):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
