"""Several processes with a studio each, that share a list of tasks."""

from __future__ import annotations

import multiprocessing
import queue
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fet_core.errors import UserError
from fet_core.parallel import end_all
from fet_core.stopping import unwind_on_sigterm
from fet_core.synthesis.assets import Assets
from fet_core.synthesis.studio import Studio

# What a worker does with a task, with its studio and a dictionary for what it wants to keep from
# task to task; what it yields goes back one by one.
Work = Callable[[Studio, dict[str, Any], Any], Iterator[Any]]

_END, _ITEM, _MISTAKE, _CRASH = "end", "item", "mistake", "crash"


class Crew:
    """Processes that each hold a studio; use it in a `with` block.

    Args:
        assets: folder of the assets.
        processes: how many; with 1 the work is done here.
        studio: further arguments of `Studio`.
    """

    def __init__(self, assets: Path, processes: int, **studio: Any) -> None:
        self._assets = assets
        self._count = processes
        self._options = studio
        self._workers: list[Any] = []
        self._here: Studio | None = None
        self._kept: dict[str, Any] = {}

    def __enter__(self) -> Crew:
        if self._count > 1:
            # A GL context does not survive a fork.
            context = multiprocessing.get_context("spawn")
            self._todo: Any = context.Queue()
            self._back: Any = context.Queue()
            arguments = (self._assets, self._options, self._todo, self._back)
            self._workers = [
                context.Process(target=_serve, args=arguments, daemon=True)
                for _ in range(self._count)
            ]
            for worker in self._workers:
                worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        end_all(self._workers)

    def run(self, work: Work, tasks: Sequence[Any]) -> Iterator[Any]:
        """Do `work` on every task and yield what comes back, in any order.

        Args:
            work: a function at the top of a module.
            tasks: must be picklable.

        Raises:
            UserError: a worker met a user's mistake.
            RuntimeError: a worker failed otherwise; its traceback is the message.
        """
        if not self._workers:
            if self._here is None:
                self._here = Studio(Assets.open(self._assets), **self._options)
            for task in tasks:
                yield from work(self._here, self._kept, task)
            return
        for task in tasks:
            self._todo.put((work, task))
        running = len(tasks)
        while running:
            kind, value = self._receive()
            if kind == _ITEM:
                yield value
            elif kind == _END:
                running -= 1
            elif kind == _MISTAKE:
                raise UserError(value)
            else:
                raise RuntimeError(value)

    def _receive(self) -> tuple[str, Any]:
        while True:
            try:
                message: tuple[str, Any] = self._back.get(timeout=1.0)
                return message
            except queue.Empty:
                dead = [worker for worker in self._workers if worker.exitcode is not None]
                if dead:
                    raise RuntimeError(
                        f"a rendering process died (exit code {dead[0].exitcode}); start again, "
                        "finished pictures are kept"
                    ) from None


def _next(todo: Any) -> Any:
    """The next task; None when nobody is left to wait for it."""
    parent = multiprocessing.parent_process()
    while True:
        try:
            return todo.get(timeout=2.0)
        except queue.Empty:
            if parent is not None and not parent.is_alive():
                return None


def _serve(assets: Path, options: dict[str, Any], todo: Any, back: Any) -> None:
    unwind_on_sigterm()
    try:
        here = Studio(Assets.open(assets), **options)
        kept: dict[str, Any] = {}
        while (job := _next(todo)) is not None:
            work, task = job
            for item in work(here, kept, task):
                back.put((_ITEM, item))
            back.put((_END, None))
    except UserError as error:
        back.put((_MISTAKE, str(error)))
    except KeyboardInterrupt:
        # The first process was interrupted too, and tells.
        return
    except Exception:
        back.put((_CRASH, traceback.format_exc()))
