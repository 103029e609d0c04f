"""Traps in a process: at a byte, a flush or a rename it ends without a word, as by a kill."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trials.damage import Rng


@dataclass(frozen=True)
class Trap:
    """Where a process ends.

    Attributes:
        how: "byte", "fsync" or "rename".
        byte: of any file, which is not written any more.
        nth: of the calls.
        after: the call, or before it.
    """

    how: str
    byte: int
    nth: int
    after: bool

    def __str__(self) -> str:
        if self.how == "byte":
            return f"byte {self.byte} of a file"
        return f"{'after' if self.after else 'before'} {self.how} {self.nth}"

    def set(self) -> None:
        """Set it in this process, which it ends."""
        if self.how == "byte":
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.byte, self.byte))
            return
        count = [0]

        def ends(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*given: Any, **more: Any) -> Any:
                count[0] += 1
                if count[0] == self.nth and not self.after:
                    os.kill(os.getpid(), signal.SIGKILL)
                done = real(*given, **more)
                if count[0] == self.nth:
                    os.kill(os.getpid(), signal.SIGKILL)
                return done

            return call

        for name in ("fsync", "fdatasync") if self.how == "fsync" else ("rename", "replace"):
            setattr(os, name, ends(getattr(os, name)))


def random_trap(rng: Rng, longest: int, calls: int) -> Trap:
    """A trap for what writes files of up to `longest` bytes, and flushes and renames `calls`."""
    how = str(rng.choice(["byte", "fsync", "rename"]))
    nth, after = int(rng.integers(1, calls + 1)), bool(rng.integers(2))
    return Trap(how, int(rng.integers(0, longest + 1)), nth, after)
