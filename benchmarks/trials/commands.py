"""Commands of `fet` in a trial: in a process that is forked from it, or by a new Python."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trials.engine import REJECTED, RESULT, Wrong, renew_streams, sentence_fault

TOP = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """How a command has ended: its exit code, below 0 by a signal, and what it has said."""

    code: int
    out: str
    err: str


_SAID: dict[int, tuple[int, int]] = {}
"""Pipes with what the processes of `begin` say: a file would count as one that they write."""

_PIPE = 1 << 20  # bytes that a process may say before somebody reads


def begin(*words: object, within: Callable[[], Any] | None = None) -> int:
    """Start a command in a forked process, which shares this one's session; returns its id.

    Args:
        words: of the command.
        within: called there first, to set a limit or a trap.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    pipes = [os.pipe(), os.pipe()]
    for _, writer in pipes:
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PIPE)
    pid = os.fork()
    if pid:
        for _, writer in pipes:
            os.close(writer)
        _SAID[pid] = (pipes[0][0], pipes[1][0])
        return pid
    code = 70
    try:
        for stream, (_, writer) in zip((1, 2), pipes, strict=True):
            os.dup2(writer, stream)
        renew_streams()
        if within is not None:
            within()
        code = _main(words)
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        for end in (sys.stdout.flush, sys.stderr.flush):
            with contextlib.suppress(OSError):
                end()
        os._exit(code)


def _main(words: tuple[object, ...]) -> int:
    from pipeline import cli

    sys.argv = ["fet", *map(str, words)]
    try:
        cli.main()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    return 0


def finish(pid: int) -> Done:
    """Wait for what `begin` has started."""
    _, status = os.waitpid(pid, 0)
    said = []
    for reader in _SAID.pop(pid):
        os.set_blocking(reader, False)
        text = b""
        # Another process may hold the pipe still, so that its end does not come.
        with contextlib.suppress(BlockingIOError):
            while more := os.read(reader, _PIPE):
                text += more
        os.close(reader)
        said.append(text.decode("utf-8", "replace"))
    return Done(os.waitstatus_to_exitcode(status), *said)


def shell(*words: object) -> Done:
    """Run a command as a user does, by a new Python."""
    pid = started(*words)
    out, err = pid.communicate()
    return Done(pid.returncode, out, err)


def started(*words: object) -> subprocess.Popen[str]:
    """Start a command as a user does; it hears Ctrl-C even where this process does not."""
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", *map(str, words)],
        env=os.environ | {"PYTHONPATH": str(TOP), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        preexec_fn=hear,
    )


def hear() -> None:
    """Let signals through, whatever this process ignores."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def judged(done: Done, what: str = "") -> str:
    """The class of an ending: `RESULT` for 0, `REJECTED` for 2 with a sentence.

    Args:
        done: the ending.
        what: which command it was, for the message.

    Raises:
        Wrong: any other code, or words that are no sentence.
    """
    if done.code < 0:
        raise Wrong("crash", f"{what} was killed by {signal.Signals(-done.code).name}")
    if fault := sentence_fault(done.err if "Traceback (most" in done.err else "-"):
        raise Wrong("traceback", f"{what} {fault}: {last_of(done.err)}")
    if done.code == 0:
        return RESULT
    if done.code != 2:
        raise Wrong("traceback", f"{what} ended with {done.code}: {done.err[-300:]}")
    told = [line for line in done.err.splitlines() if line.startswith(("fet: ", "Error: "))]
    if not told:
        raise Wrong("traceback", f"{what} ended with 2 and no sentence: {done.err[-300:]}")
    return REJECTED


def last_of(text: str) -> str:
    """The exception of a printed traceback, and where in the project it was raised."""
    lines = text.strip().splitlines()
    places = [line.strip() for line in lines if line.strip().startswith("File ")]
    own = [line for line in places if str(TOP) in line and ".venv" not in line]
    own = [line for line in own if "/trials/" not in line]
    return f"{lines[-1] if lines else ''} {' <- '.join(own[-1:-3:-1])}".replace(f"{TOP}/", "")


def wait_for(pid: int, seconds: float) -> bool:
    """Sleep, but no longer than a child lives; whether it lives still."""
    last = time.monotonic() + seconds
    while time.monotonic() < last:
        # Not waited for, so that `finish` can be.
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return False
        time.sleep(min(0.01, max(last - time.monotonic(), 0)))
    return True
