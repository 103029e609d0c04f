"""One function over many items in processes, in order and with progress."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TypeVar

from fet_core.errors import UserError
from fet_core.progress import bar
from fet_core.workers import WorkerDiedError, in_order

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
        try:
            for result in in_order(function, items, workers, _CHUNK):
                yield result
                advance()
        except WorkerDiedError as error:
            raise UserError(
                f'a process died during "{description}" at {error.first} or one of the next, '
                "perhaps for want of memory; try again with fewer processes"
            ) from error


@cache
def once(build: Callable[[], Result]) -> Result:
    """What `build` makes, made once a process: a detector takes a third of a second."""
    return build()
