"""Commands of `fet` in a trial: in its own process, in one forked from it, or by a new Python."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trials.engine import REJECTED, RESULT, Wrong, sentence_fault

TOP = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """How a command has ended: its exit code, below 0 by a signal, and what it has said."""

    code: int
    out: str
    err: str


def here(*words: object) -> Done:
    """Run a command in this process, with the modules that it has."""
    from pipeline import cli

    starts = [_length(1), _length(2)]
    before, sys.argv = sys.argv, ["fet", *map(str, words)]
    code = 0
    try:
        cli.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.argv = before
    return Done(
        code, *(_since(stream, start) for stream, start in zip((1, 2), starts, strict=True))
    )


def begin(*words: object, within: Callable[[], Any] | None = None) -> int:
    """Start a command in a forked process, which shares this one's session; returns its id.

    Args:
        words: of the command.
        within: called there first, to set a limit or a trap.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        for stream, name in ((1, "out"), (2, "err")):
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
            os.dup2(os.open(f"{os.environ['FET_TRIAL']}/{os.getpid()}.{name}", flags), stream)
        if within is not None:
            within()
        code = here(*words).code
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def finish(pid: int) -> Done:
    """Wait for what `begin` has started."""
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    out, err = (
        Path(f"{os.environ['FET_TRIAL']}/{pid}.{name}").read_text("utf-8", "replace")
        if Path(f"{os.environ['FET_TRIAL']}/{pid}.{name}").is_file()
        else ""
        for name in ("out", "err")
    )
    return Done(code, out, err)


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


def _length(stream: int) -> int:
    return os.fstat(stream).st_size


def _since(stream: int, start: int) -> str:
    (sys.stdout if stream == 1 else sys.stderr).flush()
    return os.pread(stream, 1 << 24, start).decode("utf-8", "replace")
