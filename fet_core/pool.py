"""One function over many items in processes, in order and with progress."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context
from typing import TypeVar

from fet_core.errors import UserError
from fet_core.progress import bar

Item = TypeVar("Item")
Result = TypeVar("Result")

_CHUNK = 8


def each(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    description: str,
    *,
    unit: str = "pictures",
    processes: int | None = None,
    pool_from: int = 48,
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order.

    Args:
        function: of a module's top level, so that a process can find it.
        items: picklable.
        description: for the progress bar.
        unit: what an item is called in the rate.
        processes: None for one a core, and none at all for fewer than `pool_from` items.
        pool_from: starting processes does not pay below this number of items.

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
        # Spawned, not forked: the parent may hold threads and a GPU's context.
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            try:
                for result in pool.map(function, items, chunksize=_CHUNK):
                    yield result
                    advance()
            except BrokenProcessPool as error:
                raise UserError(
                    f'a process died during "{description}", perhaps for want of memory; try '
                    "again with fewer processes"
                ) from error


@cache
def once(build: Callable[[], Result]) -> Result:
    """What `build` makes, made once a process: a detector takes a third of a second."""
    return build()
