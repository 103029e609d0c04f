"""Progress of long work: a live bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")

_PLAIN_SECONDS = 10.0


class Advance(Protocol):
    """Called after each unit of work, with an optional short status to show."""

    def __call__(self, units: int = 1, status: str = "") -> None: ...


@contextmanager
def bar(description: str, total: int, done: int = 0, unit: str = "it") -> Iterator[Advance]:
    """Show progress of `total` units, of which `done` were made before; yields `advance`.

    On a terminal: a rich bar with rate and time left, on standard error. Elsewhere: a line every
    ten seconds and one at the end.
    """
    if sys.stderr.isatty():
        yield from _live(description, total, done, unit)
    else:
        yield from _plain(description, total, done, unit)


def _live(description: str, total: int, done: int, unit: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[status]}"),
    )
    start = time.monotonic()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(description, total=total, completed=done, rate="", status="")
        count = 0

        def advance(units: int = 1, status: str = "") -> None:
            nonlocal count
            count += units
            rate = count / max(time.monotonic() - start, 1e-9)
            progress.update(task, advance=units, rate=f"{rate:.1f} {unit}/s", status=status)

        yield advance


def _plain(description: str, total: int, done: int, unit: str) -> Iterator[Advance]:
    start = time.monotonic()
    last = start
    count = 0
    said = -1

    def say(now: float, status: str) -> None:
        nonlocal said
        said = count
        rate = count / max(now - start, 1e-9)
        left = (total - done - count) / rate if rate > 0 else 0.0
        text = f"{description}: {done + count}/{total}, {rate:.1f} {unit}/s, {left:.0f} s left"
        print(f"{text}  {status}".rstrip(), file=sys.stderr, flush=True)

    def advance(units: int = 1, status: str = "") -> None:
        nonlocal count, last
        count += units
        now = time.monotonic()
        if now - last >= _PLAIN_SECONDS:
            last = now
            say(now, status)

    yield advance
    if said != count and time.monotonic() - start >= 1.0:
        say(time.monotonic(), "")


def track(
    items: Iterable[T], description: str, total: int | None = None, unit: str = "it"
) -> Iterator[T]:
    """Yield the items, showing how many are done.

    Args:
        items: what to go through.
        description: what is being done, two or three words.
        total: number of items; taken from `len(items)` where it has one.
        unit: what one item is called in the rate.
    """
    count = total if total is not None else len(items) if isinstance(items, Sized) else 0
    with bar(description, count, unit=unit) as advance:
        for item in items:
            yield item
            advance()
