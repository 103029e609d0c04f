"""Progress of long work: a live bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")

_PLAIN_SECONDS = 10.0
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Advance(Protocol):
    """Called after each unit of work, with an optional short status to show."""

    def __call__(self, units: int = 1, status: str = "") -> None: ...


class Bar(Protocol):
    """What shows progress as `bar` does, somewhere else."""

    def __call__(
        self, description: str, total: int, *, unit: str
    ) -> AbstractContextManager[Advance]: ...


def duration(seconds: float) -> str:
    """A time as people say it: "20 s", "4 min", "3.5 h", "5 days"; whole seconds at the least."""
    seconds = max(seconds, 0.0)
    if round(seconds) < 100:
        return f"{seconds:.0f} s"
    if round(seconds / _MINUTE) < 100:
        return f"{seconds / _MINUTE:.0f} min"
    if round(seconds / _HOUR) < 48:
        return f"{_short(seconds / _HOUR)} h"
    return f"{_short(seconds / _DAY)} days"


def clock(seconds: float) -> str:
    """A time as a clock shows it: "0:20", "1:02:03"; from two days on in days."""
    whole = max(round(seconds), 0)
    if whole >= 2 * _DAY:
        return duration(whole)
    minutes, rest = divmod(whole, _MINUTE)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def pace(rate: float, unit: str) -> str:
    """How fast work goes: "6.0 steps/s", or "9.3 s a step" for what takes longer than a second.

    Args:
        rate: units a second.
        unit: what one is called, in the singular or the plural.
    """
    if 0 < rate < 1:
        return f"{1 / rate:.1f} s a {_one(unit)}"
    return f"{rate:.1f} {_many(unit)}/s"


@contextmanager
def bar(description: str, total: int, done: int = 0, unit: str = "items") -> Iterator[Advance]:
    """Show progress of `total` units, of which `done` were made before; yields `advance`.

    On a terminal: a rich bar with rate, time elapsed and time left, on standard error. Elsewhere:
    a line every ten seconds and one at the end.

    Args:
        description: what is being done, two or three words.
        total: number of units; 0 where nobody knows.
        done: how many were made before.
        unit: what one is called, in the singular or the plural.
    """
    if sys.stderr.isatty():
        yield from _live(description, total, done, unit)
    else:
        yield from _plain(description, total, done, unit)


class _Pace:
    """Counts units and tells rate and times of this run; what was done before took other time."""

    def __init__(self, total: int, done: int) -> None:
        self._start = time.monotonic()
        self._total, self._before = total, done
        self.count = 0

    @property
    def done(self) -> int:
        return self._before + self.count

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._start

    @property
    def rate(self) -> float:
        return self.count / max(self.elapsed, 1e-9)

    @property
    def left(self) -> float | None:
        """Seconds, None where nobody can know yet."""
        if not self.count or not self._total:
            return None
        return max(self._total - self.done, 0) / self.rate


def _live(description: str, total: int, done: int, unit: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn
    from rich.progress import Task as RichTask
    from rich.text import Text

    run = _Pace(total, done)

    class Times(ProgressColumn):
        # Drawn anew between two units too, so that a slow one does not look like a standstill.
        def render(self, task: RichTask) -> Text:
            left = run.left
            rate = pace(run.rate, unit) + ", " if run.count else ""
            more = f", {clock(left)} left" if left is not None else ""
            return Text(f"{rate}{clock(run.elapsed)} elapsed{more}")

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(_many(unit)),
        Times(),
        TextColumn("{task.fields[status]}"),
    )
    with Progress(
        *columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty()
    ) as progress:
        task = progress.add_task(description, total=total or None, completed=done, status="")

        def advance(units: int = 1, status: str = "") -> None:
            run.count += units
            progress.update(task, advance=units, status=status)

        yield advance


def _plain(description: str, total: int, done: int, unit: str) -> Iterator[Advance]:
    run = _Pace(total, done)
    last = 0.0
    said = -1

    def say(status: str) -> None:
        nonlocal said
        said = run.count
        text = f"{description}: {run.done}{f'/{total}' if total else ''} {_many(unit)}"
        text += f", {pace(run.rate, unit)}, {duration(run.elapsed)} elapsed"
        if run.left:
            text += f", {duration(run.left)} left"
        print(f"{text}  {status}".rstrip(), file=sys.stderr, flush=True)

    def advance(units: int = 1, status: str = "") -> None:
        nonlocal last
        run.count += units
        if run.elapsed - last >= _PLAIN_SECONDS:
            last = run.elapsed
            say(status)

    yield advance
    if said != run.count and run.elapsed >= 1.0:
        say("")


def track(
    items: Iterable[T], description: str, total: int | None = None, unit: str = "items"
) -> Iterator[T]:
    """Yield the items, showing how many are done.

    Args:
        items: what to go through.
        description: what is being done, two or three words.
        total: number of items; taken from `len(items)` where it has one.
        unit: what one item is called, in the singular or the plural.
    """
    count = total if total is not None else len(items) if isinstance(items, Sized) else 0
    with bar(description, count, unit=unit) as advance:
        for item in items:
            yield item
            advance()


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if number < 9.95 else f"{number:.0f}"


def _many(unit: str) -> str:
    return unit if unit == "people" or unit.endswith("s") else f"{unit}s"


def _one(unit: str) -> str:
    return "person" if unit == "people" else _many(unit).removesuffix("s")
