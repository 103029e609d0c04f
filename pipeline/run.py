"""`fet run`: every stage of every data set through DVC, the data sets side by side."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from fet_core import registry
from fet_core.errors import UserError
from fet_core.paramsfile import load, read_yaml
from fet_core.show.tables import overview
from fet_core.stopping import heard

from . import common
from .report import figures_of, results_of

PROBE = "probe"
PIPELINE, BASELINES = "dvc.yaml", "comparison/dvc.yaml"

CHANGED = """\
Git shows files metrics/*/*.json and a dvc.lock as changed: these results differ from those that
are committed, if only because another machine rounds otherwise. To keep them for later ones to be
compared with: `git add metrics && git commit -am "my results"`; to bring the others back:
`git checkout dvc.lock comparison metrics`."""

NEXT = """\
Type next:
  fet show                          every number with its interval
  fet report                        one page with tables, curves and figures
  dvc exp run -S transfer.mu2=50    another value of a parameter"""

TABLES = "  make tables                       the baselines and the full tables"


def run(
    baselines: Annotated[
        bool, typer.Option("--baselines", help="The baselines and the full tables too.")
    ] = False,
) -> None:
    """Run all stages of all data sets, through DVC; what is up to date is not run again.

    Like `dvc repro` it takes what the folder that it is called in says.
    """
    names = list(load(common.PARAMS).datasets)
    stages = (
        _stages(PIPELINE) + [f"{BASELINES}:{stage}" for stage in _stages(BASELINES)] * baselines
    )
    chains = {name: [f"{stage}@{name}" for stage in stages] for name in names}
    # What all chains begin with, before them: side by side they would be in each other's way.
    code = run_chains({PROBE: [PROBE]}) or run_chains(chains)
    if code:
        raise SystemExit(code)
    print(ending(names, Path("metrics"), common.PARAMS, baselines))


def _stages(file: str) -> list[str]:
    """The stages of a dvc.yaml that each data set has, in their order."""
    if not Path(file).is_file():
        raise UserError(
            f"there is no {file} here; work in the top folder of a clone of the project"
        )
    return [name for name, stage in read_yaml(Path(file))["stages"].items() if "do" in stage]


def run_chains(chains: Mapping[str, Sequence[str]]) -> int:
    """Run stages of data sets, as many sets at a time as there are cores.

    Two cores serve two single-threaded trainings better than one of two threads, by a third and
    more; DVC runs one stage at a time, so each data set has a `dvc repro` of its own. They share
    DVC's lock, for which they wait (`--wait-for-lock`) and do not race.

    Args:
        chains: stages by data set, each after those that it needs.

    Returns:
        0, or 1 where a chain failed; the others went on to their end.

    Raises:
        SystemExit: SIGINT, SIGTERM or SIGHUP came; it was passed on and all have ended.
    """
    cores = os.cpu_count() or 1
    threads = max(cores // len(chains), 1)
    environment = {"OMP_NUM_THREADS": str(threads), "PYTHONUNBUFFERED": "1"} | os.environ
    # The stages say `python`, which is this one, whether its environment is activated or not.
    own = str(Path(sys.executable).parent)
    environment["PATH"] = os.pathsep.join([own, environment.get("PATH", "")])
    lines: queue.SimpleQueue[tuple[str, str | None]] = queue.SimpleQueue()
    waiting, running = list(chains), dict[str, subprocess.Popen[str]]()
    failed: list[str] = []
    caught: list[int] = []
    width = max(map(len, chains))

    def stop(signum: int, _: FrameType | None) -> None:
        caught.append(signum)
        # Trainings save and end at these two; a second Ctrl-C is answered whatever they do.
        gentle = signal.SIGINT if signum == signal.SIGINT else signal.SIGTERM
        impatient = caught.count(signal.SIGINT) > 1
        for process in running.values():
            _send(process, signal.SIGKILL if impatient else gentle)

    before = {number: signal.signal(number, stop) for number in heard()}
    try:
        while running or (waiting and not caught):
            while waiting and len(running) < cores and not caught:
                name = waiting.pop(0)
                running[name] = _start(name, chains[name], environment, lines)
                if caught:
                    # The signal came before this one could be told of it.
                    _send(running[name], signal.SIGTERM)
            name, line = lines.get()
            if line is not None:
                print(f"{name:>{width}} | {line}", flush=True)
                continue
            code = running[name].wait()
            del running[name]
            if code and not caught:
                failed.append(name)
    finally:
        for process in running.values():
            # Only where this loop broke, as when nobody reads what it prints any more.
            _send(process, signal.SIGTERM)
        for number, handler in before.items():
            signal.signal(number, handler)
    if caught:
        print("fet: stopped; the same command goes on from there", file=sys.stderr)
        raise SystemExit(128 + caught[0])
    for name in failed:
        print(
            f"fet: the stages of {name} did not end well; its last lines above say why, and the "
            "same command goes on from there",
            file=sys.stderr,
        )
    return 1 if failed else 0


def _start(
    name: str,
    targets: Sequence[str],
    environment: dict[str, str],
    lines: queue.SimpleQueue[tuple[str, str | None]],
) -> subprocess.Popen[str]:
    """Start `dvc repro` of stages, one after another, in a process group of its own.

    Its lines, and None at its end, are queued.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "dvc", "--wait-for-lock", "repro", "--single-item", *targets],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    )

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip():
                lines.put((name, line.rstrip()))
        lines.put((name, None))

    threading.Thread(target=read, daemon=True).start()
    return process


def _send(process: subprocess.Popen[str], signum: int) -> None:
    """Send a signal to a chain and all that it has started; it may have ended already."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signum)


def ending(names: Sequence[str], metrics: Path, params: Path, baselines: bool = False) -> str:
    """One screen: what was run and reached, where the figures are, what to type next.

    Args:
        names: of the data sets that were run.
        metrics: the folder of all results.
        params: the params file.
        baselines: whether the baselines were run too.
    """
    wanted = [row for row in registry.rows() if baselines or row not in registry.BASELINES]
    found = {name: results_of(metrics / name, params, rows=wanted) for name in names}
    sets = [replace(one, left_out=[]) for one in found.values()]
    block = overview(sets)
    lines = [("", *block.heads)]
    lines += [(name, *(cell.text for cell in cells)) for name, cells in block.lines]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    pictures = [path for name in names for path in figures_of(metrics / name, found[name])]
    figures = sorted({f"{path.parent}/" for path in pictures})
    parts = [
        "\n".join(["", *table]),
        f"({block.caption}; people never trained on)",
        f"Figures: {', '.join(figures) or 'none; figures.subjects says who may be shown'}",
        *([CHANGED] if _changed(metrics) else []),
        NEXT if baselines else f"{NEXT}\n{TABLES}",
    ]
    return "\n\n".join(parts)


def _changed(metrics: Path) -> bool:
    """Whether Git has other results than these; no where there is no Git."""
    places = ["dvc.lock", "comparison", str(metrics)]
    command = ["git", "diff", "--quiet", "HEAD", "--", *places]
    try:
        return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 1
    except FileNotFoundError:
        return False
