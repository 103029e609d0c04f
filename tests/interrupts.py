"""What a process needs before it can be told to stop; no test itself."""

from __future__ import annotations

import signal


def hear_ctrl_c() -> None:
    """In a new process: let SIGINT through, which a suite started by nohup or & ignores."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
