"""Reference and ours in turn within one run, and what came of it as a table and a file.

Other programs may use the machine meanwhile: seconds say little then, but both sides wait alike, so
that the ratio of a round is a figure.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fet_core.files import write_json
from fet_core.progress import track

FOLDER = Path("metrics/bench")
PACKAGES = ("torch", "numpy", "opencv-python-headless", "dlib-bin", "pillow", "scikit-image")
Work = Callable[[], object]


def machine() -> dict[str, Any]:
    """Cores, processor and versions."""
    model = platform.processor() or platform.machine()
    listed = Path("/proc/cpuinfo")
    if listed.is_file():
        lines = listed.read_text(encoding="utf-8").splitlines()
        model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), model)
    return {
        "cores": os.cpu_count(),
        "cpu": model,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def spread(values: Sequence[float], digits: int = 4) -> dict[str, float]:
    """Least, median and largest."""
    found = {"min": min(values), "median": statistics.median(values), "max": max(values)}
    return {key: round(value, digits) for key, value in found.items()}


def seconds(work: Work) -> tuple[float, float]:
    """What a call takes, by the clock and of the processor with all processes that have ended."""
    before, began = _busy(), time.perf_counter()
    work()
    return time.perf_counter() - began, _busy() - before


def _busy() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def in_turn(
    reference: Work | None,
    ours: Work,
    rounds: int,
    name: str,
    *,
    each: tuple[int, int] = (1, 1),
    warm: bool = True,
    busy_too: bool = True,
) -> dict[str, Any]:
    """Seconds of both and their ratio, round by round; who goes first changes.

    Args:
        reference: what ours is held against, None for nothing.
        ours: what is measured.
        rounds: how many times.
        name: for the progress bar.
        each: how many units a call of the reference and one of ours take; seconds are of one unit.
        warm: call each once before.
        busy_too: the ratio of processor time is told; not where workers outlive a call.
    """
    times: dict[str, list[float]] = {"reference": [], "ours": []}
    busy: dict[str, list[float]] = {"reference": [], "ours": []}
    sides: dict[str, tuple[Work, int]] = {"ours": (ours, each[1])}
    if reference is not None:
        sides["reference"] = (reference, each[0])
    if warm:
        for work, _ in sides.values():
            work()
    for number in track(range(rounds), name, unit="rounds"):
        for side in sorted(sides, reverse=number % 2 == 0):
            work, units = sides[side]
            taken, processor = seconds(work)
            times[side].append(taken / units)
            busy[side].append(processor / units)
    found = result(times["reference"], times["ours"])
    if reference is not None and busy_too:
        shares = [a / b for a, b in zip(busy["reference"], busy["ours"], strict=True)]
        found["ratio_of_processor_time"] = spread(shares, 2)
    return found


def result(reference: Sequence[float], ours: Sequence[float]) -> dict[str, Any]:
    """The entry of a question: seconds of a unit, and how many times ours is quicker."""
    found: dict[str, Any] = {"rounds": len(ours), "ours_s": spread(ours, 6)}
    if reference:
        found["reference_s"] = spread(reference, 6)
        found["ratio"] = spread([a / b for a, b in zip(reference, ours, strict=True)], 2)
    return found


def report(
    name: str, question: str, entries: Mapping[str, Mapping[str, Any]], out: Path | None = None
) -> Path:
    """Print a table and write the file.

    Args:
        name: of the file.
        question: in a sentence, with the unit and the reference.
        entries: what was measured, by case.
        out: the file; None for its place among the others.
    """
    print(f"\n{question}\n")
    print(f"{'':30s}{'reference s':>24s}{'ours s':>24s}{'ratio':>22s}  target")
    for case, entry in entries.items():
        cells = [_cell(entry.get(key)) for key in ("reference_s", "ours_s", "ratio")]
        print(f"{case:30s}{cells[0]:>24s}{cells[1]:>24s}{cells[2]:>22s}  {entry.get('target', '')}")
        rest = {
            key: value
            for key, value in entry.items()
            if key not in ("reference_s", "ours_s", "ratio", "rounds", "target")
        }
        if rest:
            print("".join(f"    {key}: {value}\n" for key, value in rest.items()), end="")
    path = out or FOLDER / f"{name}.json"
    write_json(path, {"question": question, "machine": machine(), "cases": dict(entries)})
    print(f"-> {path}")
    return path


def _cell(value: Mapping[str, float] | None) -> str:
    if value is None:
        return ""
    return "–".join(f"{value[key]:.3g}" for key in ("min", "median", "max"))
