"""One function over many items on Ray Data: in order, and a worker that dies is replaced."""

from __future__ import annotations

import logging
import os
import pickle
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from fet_core.errors import UserError

Item = TypeVar("Item")
Result = TypeVar("Result")

ADDRESS = "RAY_ADDRESS"
"""The environment's variable that says where a cluster is, as Ray itself calls it."""

_AGAIN = 3  # times that a part whose worker died is given to another
_TASKS, _LARGEST = 4096, 256  # tasks that there should be at most, and items of the largest


def in_order(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int, chunk: int
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order.

    Where the environment has `RAY_ADDRESS`, the workers are that cluster's, whose machines have to
    have this library and to see all files under the same paths; else Ray is started on this machine
    and ends with the iterator. Nothing is told to Ray's makers.

    Args:
        function: a function that another process can import.
        items: picklable.
        workers: how many, of a Ray that is started here.
        chunk: items that a worker is given at a time, of many items more.

    Raises:
        UserError: Ray is not installed or does not answer, or a worker died again and again.
        Exception: what `function` raised, in the place of its chunk's results.
    """
    size = max(chunk, min(_LARGEST, len(items) // _TASKS))
    starts = range(0, len(items), size)
    if not starts:
        return
    place = 0
    with _started(workers) as ray:
        rows = [{"items": pickle.dumps(list(items[start : start + size]))} for start in starts]
        given = ray.data.from_items(rows, override_num_blocks=len(rows))
        given_to_all = {"function": function, "folder": str(Path.cwd())}
        with warnings.catch_warnings():
            # Ray Data's own number of retries has no end, where a picture itself may kill its
            # worker. Of another number it says that Ray 2.64 will want it in another way.
            warnings.simplefilter("ignore", ray.util.annotations.RayDeprecationWarning)
            made = given.map(_serve, fn_kwargs=given_to_all, max_retries=_AGAIN)
        try:
            for row in made.iter_rows():
                results = pickle.loads(row["results"])
                if isinstance(results, Exception):
                    raise results
                yield from results
                place += size
        except ray.exceptions.RayError as error:
            raise UserError(
                f"Ray gave up at {items[place]} or one of the next ({_said(error)}); if its "
                "workers died, perhaps for want of memory, try again with fewer"
            ) from error


@contextmanager
def _started(workers: int) -> Iterator[Any]:
    """Ray, which is ended after the block where it was started for it."""
    # Read when Ray is imported, and by the processes that it starts.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UserError(
            f"the engine ray needs the package {error.name}; run `make env-ray`, or without a "
            "clone `pip install 'fet[ray]'`"
        ) from error
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # errors come as such
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    if ray.is_initialized():
        yield ray
        return
    address = os.environ.get(ADDRESS)
    own = {} if address else {"num_cpus": workers, "include_dashboard": False}
    try:
        ray.init(address or "local", log_to_driver=False, logging_level=logging.ERROR, **own)
    except (ray.exceptions.RayError, ConnectionError, RuntimeError, ValueError) as error:
        where = f"at {address}" if address else "on this machine"
        raise UserError(
            f"Ray does not start or answer {where} ({_said(error)}); start a cluster and name it "
            f"in {ADDRESS}, or go without --engine ray"
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _said(error: Exception) -> str:
    """The last line of an error, of which Ray's have many."""
    return (str(error).strip() or type(error).__name__).splitlines()[-1].strip().rstrip(".")


def _serve(row: dict[str, bytes], function: Callable[[Any], Any], folder: str) -> dict[str, bytes]:
    """What one worker does: the results of some items, or what was raised."""
    os.chdir(folder)  # from which names of files count
    answer: Any
    try:
        answer = [function(item) for item in pickle.loads(row["items"])]
    except Exception as error:  # raised again by who asked
        error.add_note(f"in a worker of Ray:\n{traceback.format_exc()}")
        answer = error
    return {"results": pickle.dumps(answer)}
