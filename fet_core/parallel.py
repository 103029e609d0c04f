"""One function over many items in several processes: in order, and Ctrl-C never hangs."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.resource_tracker import ensure_running
from typing import Any, TypeVar

from fet_core.errors import UserError
from fet_core.progress import bar
from fet_core.stopping import held, unwind_on_sigterm

Item = TypeVar("Item")
Result = TypeVar("Result")

_PATIENCE = 5.0  # seconds, for a call into C to come back
_AHEAD = 4  # chunks for each process that are given out before the first of them is asked for


class WorkerDiedError(Exception):
    """A process ended while it worked on the items from `first` on."""

    def __init__(self, first: Any) -> None:
        super().__init__(f"a worker process died at or soon after {first}")
        self.first = first


def in_order(
    function: Callable[[Item], Result], items: Iterable[Item], processes: int, chunk: int = 16
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order.

    The processes are spawned, not forked, as the caller may hold threads or a GPU's context; they
    end with the iterator, however that ends.

    Args:
        function: a function that a new process can import.
        items: what to call it with; of an iterator one chunk is taken in advance, so that it is
            made while the processes work, and no more are taken far ahead of what is yielded.
        processes: how many processes, 1 or more.
        chunk: items that a process is given at a time.

    Raises:
        WorkerDiedError: a process ended early (killed, out of memory).
        Exception: what `function` raised, in the place of its chunk's results.
    """
    chunks = _chunks(iter(items), chunk)
    part = next(chunks, None)
    workers: list[Any] = []
    idle: list[Connection] = []
    working: dict[Connection, tuple[int, Item]] = {}
    done: dict[int, list[Result] | _Failed] = {}
    given, wanted = 0, 0
    # Ctrl-C reaches all processes of a terminal, but is the parent's to answer: the new processes
    # inherit the signal blocked. (Starting the tracker unblocks it, so that must have been before.)
    ensure_running()
    try:
        while True:
            while (
                part is not None
                and given < wanted + _AHEAD * processes
                and (idle or len(workers) < processes)
            ):
                if not idle:
                    idle.append(_started(function, workers))
                pipe = idle.pop()
                working[pipe] = given, part[0]
                given += 1
                with _dying(part[0]):
                    pipe.send(part)
                # While the processes work: it may have to be made first.
                part = next(chunks, None)
            if wanted == given:
                return
            for ready in wait(list(working), 0 if wanted in done else None):
                assert isinstance(ready, Connection)
                number, first = working.pop(ready)
                with _dying(first):
                    done[number] = ready.recv()
                idle.append(ready)
            if wanted in done:
                results = done.pop(wanted)
                wanted += 1
                if isinstance(results, _Failed):
                    raise results.error
                yield from results
    finally:
        end_all(workers)


def _started(function: Callable[[Any], Any], workers: list[Any]) -> Connection:
    """The pipe to a new process, which is added to the others."""
    context = get_context("spawn")
    with held():
        ours, theirs = context.Pipe()
        worker = context.Process(target=_serve, args=(function, theirs), daemon=True)
        worker.start()
        theirs.close()
        workers.append(worker)
    return ours


@contextmanager
def _dying(first: Any) -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError) as error:
        raise WorkerDiedError(first) from error


def _chunks(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    while part := list(islice(items, size)):
        yield part


def end_all(workers: Sequence[Any]) -> None:
    """End processes that have called `unwind_on_sigterm`; one that does not hear is killed."""
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.join(_PATIENCE)
        worker.kill()
        worker.join()


@dataclass(frozen=True)
class _Failed:
    error: Exception


def _serve(function: Callable[[Any], Any], pipe: Connection) -> None:
    """Answer chunks until the other end closes."""
    unwind_on_sigterm()
    while True:
        try:
            items = pipe.recv()
        except (EOFError, OSError):
            return
        answer: Any
        try:
            answer = [function(item) for item in items]
        except Exception as error:  # raised again by the parent
            error.add_note(f"in a worker process:\n{traceback.format_exc()}")
            answer = _Failed(error)
        try:
            pipe.send(answer)
        except OSError:
            return


class Engine(StrEnum):
    """What runs one function over many items; the results are the same."""

    LOCAL = "local"
    RAY = "ray"


_CHUNK = 8


def each(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    description: str,
    *,
    count: int | None = None,
    unit: str = "pictures",
    processes: int | None = None,
    pool_from: int = 48,
    chunk: int = _CHUNK,
    engine: Engine = Engine.LOCAL,
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order.

    Args:
        function: of a module's top level, so that a process can find it.
        items: picklable; those of an iterator are taken as processes are free for them.
        description: for the progress bar.
        count: of the items, for an iterator, which does not know.
        unit: what an item is called in the rate.
        processes: None for one a core, and none at all for fewer than `pool_from` items.
        pool_from: starting processes does not pay below this number of items.
        chunk: items that a process is given at a time.
        engine: processes of this machine, or workers of Ray (see `fet_core.over_ray`).

    Raises:
        UserError: a process died, or Ray cannot be had.
    """
    workers = processes if processes is not None else os.cpu_count() or 1
    total = len(items) if isinstance(items, Sized) else count or 0
    with bar(description, total, unit=unit) as advance:
        if engine is Engine.RAY:
            from fet_core import over_ray

            for result in over_ray.in_order(function, list(items), workers, chunk):
                yield result
                advance()
            return
        if workers <= 1 or (processes is None and total < pool_from):
            for item in items:
                yield function(item)
                advance()
            return
        try:
            for result in in_order(function, items, workers, chunk):
                yield result
                advance()
        except WorkerDiedError as error:
            raise UserError(
                f'a process died during "{description}" at {error.first} or one of the next, '
                "perhaps for want of memory; try again with fewer processes"
            ) from error


@cache
def once(build: Callable[..., Result], *given: Hashable) -> Result:
    """What `build` makes, made once a process: a detector takes a third of a second."""
    return build(*given)
