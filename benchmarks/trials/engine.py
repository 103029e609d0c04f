"""Trials in forked processes, each with a limit of time and of memory, and what became of them."""

from __future__ import annotations

import json
import os
import resource
import select
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from trials.processes import kill_session, left_of

RESULT, REJECTED = "result", "rejected"
FAILURES = ("traceback", "crash", "hang", "silent", "memory")
CLASSES = (RESULT, REJECTED, *FAILURES)

MIB = 1 << 20
_NOTE = "damage.txt"


class Wrong(Exception):
    """A trial's finding that is a failure.

    Attributes:
        kind: one of `FAILURES`.
    """

    def __init__(self, kind: str, said: str) -> None:
        super().__init__(said)
        self.kind = kind


@dataclass(frozen=True)
class Limits:
    """What a trial may take.

    Attributes:
        seconds: after which it hangs.
        memory: bytes of resident memory beyond what the process begins with; four times as much
            address space.
    """

    seconds: float = 60.0
    memory: int = 1024 * MIB


@dataclass(frozen=True)
class Kind:
    """A kind of trial.

    Attributes:
        name: as `--only` has it.
        about: what is tried, for the table.
        share: trials for each of `--count`.
        least: trials at the least, whatever the count.
        prepare: makes, in an empty folder, what the trials share; called once.
        trial: tries once, with what was prepared, random numbers of its own and an empty folder,
            which is the working directory too. Returns `RESULT` or `REJECTED`,
            behind which ": " and what was measured may stand, or raises.
        limits: of a trial.
    """

    name: str
    about: str
    share: float
    prepare: Callable[[Path], Any]
    trial: Callable[[Any, np.random.Generator, Path], str]
    limits: Limits = field(default_factory=Limits)
    least: int = 1

    def trials(self, count: int) -> int:
        """How many trials a `--count` asks for."""
        return max(round(self.share * count), self.least)


@dataclass(frozen=True)
class Outcome:
    """What became of a trial: its class, what was damaged, and what was said."""

    kind: str
    seed: int
    trial: int
    outcome: str
    damage: str = ""
    said: str = ""
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether it is one of `FAILURES`."""
        return self.outcome in FAILURES


def note(text: str) -> None:
    """Say what is damaged, before it is tried: a crash tells nothing."""
    Path(os.environ["FET_TRIAL"], _NOTE).write_text(text, encoding="utf-8", errors="replace")


def run(
    kind: Kind, prepared: Any, numbers: Sequence[int], seed: int, folder: Path, jobs: int
) -> Iterator[Outcome]:
    """Run trials of a kind, several at a time; yields them as they end.

    Args:
        kind: of the trials.
        prepared: what its `prepare` has made.
        numbers: of the trials; each draws from (seed, number) and nothing else.
        seed: of the run.
        folder: where they work.
        jobs: how many at a time.
    """
    waiting, running = list(numbers), dict[int, _Running]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                one = _start(kind, prepared, waiting.pop(0), seed, folder)
                running[one.pipe] = one
            soonest = min(one.ends for one in running.values())
            ready, _, _ = select.select(list(running), [], [], max(soonest - time.monotonic(), 0))
            late = [p for p, one in running.items() if one.ends <= time.monotonic()]
            for pipe in dict.fromkeys([*ready, *late]):
                one = running[pipe]
                if pipe in ready:
                    more = os.read(pipe, 1 << 16)
                    one.said += more
                    if more:
                        continue
                del running[pipe]
                yield _ended(one, hung=pipe not in ready)
    finally:
        for one in running.values():
            kill_session(one.pid)
            os.kill(one.pid, signal.SIGKILL)
            os.waitpid(one.pid, 0)


@dataclass
class _Running:
    kind: Kind
    seed: int
    trial: int
    folder: Path
    pid: int
    pipe: int
    began: float
    said: bytes = b""

    @property
    def ends(self) -> float:
        return self.began + self.kind.limits.seconds


def _start(kind: Kind, prepared: Any, number: int, seed: int, folder: Path) -> _Running:
    place = folder / f"{kind.name}-{number}"
    place.mkdir(parents=True)
    ours, theirs = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(ours)
            _child(kind, prepared, number, seed, place, theirs)
        finally:
            os._exit(70)
    os.close(theirs)
    return _Running(kind, seed, number, place, pid, ours, time.monotonic())


def _child(kind: Kind, prepared: Any, number: int, seed: int, place: Path, pipe: int) -> None:
    os.setsid()
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler if stop == signal.SIGINT else signal.SIG_DFL)
    os.environ["FET_TRIAL"] = str(place)
    for stream, name in ((1, "stdout.txt"), (2, "stderr.txt")):
        file = os.open(place / name, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        os.dup2(file, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    renew_streams()
    work = place / "work"
    work.mkdir()
    os.chdir(work)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    size, began = _held()
    space = size + 4 * kind.limits.memory
    resource.setrlimit(resource.RLIMIT_AS, (space, resource.RLIM_INFINITY))
    outcome, said = _tried(
        lambda: kind.trial(prepared, np.random.default_rng([seed, number]), work)
    )
    os.write(pipe, json.dumps([outcome, said[:2000], began]).encode())
    os._exit(0)


def renew_streams() -> None:
    """Open what is printed to anew, as its descriptors lead elsewhere now."""
    sys.stdout, sys.stderr = (os.fdopen(n, "w", encoding="utf-8", closefd=False) for n in (1, 2))


def _tried(work: Callable[[], str]) -> tuple[str, str]:
    """Class and words of what a trial does."""
    from fet_core.errors import UserError

    try:
        found, _, said = work().partition(": ")
        return found, said
    except Wrong as wrong:
        return wrong.kind, str(wrong)
    except UserError as error:
        fault = sentence_fault(str(error))
        return ("traceback", f"{fault}: {error}") if fault else (REJECTED, str(error))
    except MemoryError as error:
        return "memory", f"MemoryError: {error} {_place(error)}"
    except BaseException as error:
        return "traceback", f"{type(error).__name__}: {error} {_place(error)}"


def sentence_fault(text: str) -> str:
    """What keeps a complaint from being a sentence for a person; empty if nothing."""
    if not text.strip():
        return "an empty complaint"
    if "Traceback (most recent call last)" in text:
        return "a traceback"
    if len(text) > 3000:
        return f"a complaint of {len(text)} characters"
    return ""


def _place(error: BaseException) -> str:
    """Where in the project an exception was raised, as "fet_core/files.py:12"."""
    top = str(Path(__file__).resolve().parents[2])
    frames = list(traceback.extract_tb(error.__traceback__))
    own = [one for one in frames if one.filename.startswith(top) and "/trials/" not in one.filename]
    own = [one for one in own if "/.venv/" not in one.filename] or frames[-1:]
    return " <- ".join(
        f"{one.filename.removeprefix(top + '/')}:{one.lineno}" for one in reversed(own[-3:])
    )


def _ended(one: _Running, hung: bool) -> Outcome:
    if hung:
        kill_session(one.pid)
    os.close(one.pipe)
    _, status, used = os.wait4(one.pid, 0)
    left = [] if hung else left_of(one.pid)
    seconds = time.monotonic() - one.began
    outcome, said, began = "crash", "", 0
    if one.said:
        outcome, said, began = json.loads(one.said)
    elif os.WIFSIGNALED(status):
        said = f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    else:
        said = f"ended with {os.waitstatus_to_exitcode(status)} and said nothing"
    if hung:
        outcome, said = "hang", f"not done after {one.kind.limits.seconds:g} s"
    elif left and outcome not in FAILURES:
        outcome, said = "hang", f"processes were left: {', '.join(left)}"
    grown = used.ru_maxrss * 1024 - began
    if began and outcome not in FAILURES and grown > one.kind.limits.memory:
        limit = one.kind.limits.memory // MIB
        outcome, said = "memory", f"{grown // MIB} MiB where {limit} are allowed; {said}"
    about = one.folder / _NOTE
    damage = about.read_text(encoding="utf-8") if about.is_file() else ""
    if outcome in FAILURES and not said:
        said = (one.folder / "stderr.txt").read_text(encoding="utf-8", errors="replace")[-500:]
    shutil.rmtree(one.folder, ignore_errors=True)
    return Outcome(one.kind.name, one.seed, one.trial, outcome, damage, said, round(seconds, 2))


def _held() -> tuple[int, int]:
    """Address space and resident memory of this process, in bytes."""
    page = resource.getpagesize()
    size, resident = Path("/proc/self/statm").read_text("ascii").split()[:2]
    return int(size) * page, int(resident) * page
