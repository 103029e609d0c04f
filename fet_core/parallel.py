"""One function over many items in several processes: in order, and Ctrl-C never hangs."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
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


class WorkerDiedError(Exception):
    """A process ended while it worked on the items from `first` on."""

    def __init__(self, first: Any) -> None:
        super().__init__(f"a worker process died at or soon after {first}")
        self.first = first


def in_order(
    function: Callable[[Item], Result], items: Sequence[Item], processes: int, chunk: int = 16
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order.

    The processes are spawned, not forked, as the caller may hold threads or a GPU's context; they
    end with the iterator, however that ends.

    Args:
        function: a function that a new process can import.
        items: what to call it with.
        processes: how many processes, 1 or more.
        chunk: items that a process is given at a time.

    Raises:
        WorkerDiedError: a process ended early (killed, out of memory).
        Exception: what `function` raised, in the place of its chunk's results.
    """
    chunks = [items[start : start + chunk] for start in range(0, len(items), chunk)]
    context = get_context("spawn")
    workers: list[Any] = []
    working: dict[Connection, int] = {}
    done: dict[int, list[Result] | _Failed] = {}
    given = 0
    # Ctrl-C reaches all processes of a terminal, but is the parent's to answer: the new processes
    # inherit the signal blocked. (Starting the tracker unblocks it, so that must have been before.)
    ensure_running()
    try:
        with held():
            for _ in range(min(processes, len(chunks))):
                ours, theirs = context.Pipe()
                worker = context.Process(target=_serve, args=(function, theirs), daemon=True)
                worker.start()
                theirs.close()
                workers.append(worker)
                ours.send(chunks[given])
                working[ours] = given
                given += 1
        for wanted in range(len(chunks)):
            while wanted not in done:
                for pipe in wait(list(working)):
                    assert isinstance(pipe, Connection)
                    number = working.pop(pipe)
                    try:
                        done[number] = pipe.recv()
                        if given < len(chunks):
                            pipe.send(chunks[given])
                            working[pipe] = given
                            given += 1
                    except (EOFError, OSError) as error:
                        raise WorkerDiedError(chunks[number][0]) from error
            results = done.pop(wanted)
            if isinstance(results, _Failed):
                raise results.error
            yield from results
    finally:
        end_all(workers)


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


_CHUNK = 8


def each(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    description: str,
    *,
    unit: str = "pictures",
    processes: int | None = None,
    pool_from: int = 48,
    chunk: int = _CHUNK,
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order.

    Args:
        function: of a module's top level, so that a process can find it.
        items: picklable.
        description: for the progress bar.
        unit: what an item is called in the rate.
        processes: None for one a core, and none at all for fewer than `pool_from` items.
        pool_from: starting processes does not pay below this number of items.
        chunk: items that a process is given at a time.

    Raises:
        UserError: a process died.
    """
    workers = processes if processes is not None else os.cpu_count() or 1
    with bar(description, len(items), unit=unit) as advance:
        if workers <= 1 or (processes is None and len(items) < pool_from):
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
