"""Trials of one stage many times at once, and of long work: its memory, open files and clock."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from trials import places
from trials.commands import begin, finish, judged
from trials.damage import Rng
from trials.engine import MIB, RESULT, Kind, Limits, Wrong, note

TOGETHER_STAGES = tuple(places.STAGES)


def _trial_together(place: places.Place, rng: Rng, folder: Path) -> str:
    """One ends well with the right files, and each of the others too, or with a sentence."""
    often = [1.0 if stage == "evaluate" else 3.0 for stage in TOGETHER_STAGES]
    stage = str(rng.choice(TOGETHER_STAGES, p=np.array(often) / sum(often)))
    count = int(rng.choice([2, 4, 8]))
    out = folder / "out"
    late = [0.0, *np.sort(rng.uniform(0, 0.3, count - 1)) * int(rng.integers(2))]
    note(f"{stage}, {count} at once")
    words = places.line(place, stage, place.data, out)
    pids, begun = [], time.monotonic()
    for moment in late:
        time.sleep(max(begun + moment - time.monotonic(), 0))
        pids.append(begin(*words))
    done = [finish(pid) for pid in pids]
    found = [judged(one, f"one {stage} of {count}") for one in done]
    if RESULT not in found:
        raise Wrong("silent", f"none of {count} {stage} ended well: {done[0].err[-200:]}")
    places.compare(places.digests(out), place.made[stage], f"{count} {stage} at once")
    return RESULT


TOGETHER = Kind(
    "together",
    "two, four or eight of one stage at once, into one folder",
    0.06,
    places.shared,
    _trial_together,
    Limits(150, 1024 * MIB),
)

STEPS, TRANSFERS = 2000, 300
_WARM, _LONG = 6, 50
_GROWN = {"steps": 8 * MIB, "transfers": 24 * MIB}
"""Bytes by which memory may grow over all rounds after the first quarter."""


def _steady(what: str, rounds: int, work: Callable[[int], Any]) -> str:
    """Do something many times; the slope of memory and the count of open files, judged.

    Args:
        what: "steps" or "transfers".
        rounds: how many.
        work: called with the round.
    """
    held, files = [], []
    for number in range(_WARM):
        work(number)
    for number in range(rounds):
        work(number)
        held.append(int(Path("/proc/self/statm").read_text("ascii").split()[1]))
        files.append(len(os.listdir("/proc/self/fd")))  # noqa: PTH208
    memory = np.array(held[rounds // 4 :], float) * resource.getpagesize()
    slope = float(np.polyfit(np.arange(len(memory)), memory, 1)[0]) if len(memory) > 1 else 0.0
    # A short run says nothing of a slope.
    grown = slope * len(memory) if rounds >= _LONG else 0
    if files[-1] > files[rounds // 4]:
        raise Wrong("memory", f"{files[-1] - files[rounds // 4]} files more are open at the end")
    if grown > _GROWN[what]:
        raise Wrong("memory", f"{slope / 1024:.1f} KiB more a round over {rounds} {what}")
    return f"{RESULT}: {rounds} {what}: {slope / 1024:+.2f} KiB a round, no more open files"


def _trial_steps(place: places.Place, rng: Rng, folder: Path) -> str:
    from fet_core import registry
    from fet_core.data.training_triples import training_index
    from fet_core.paramsfile import load
    from fet_core.recipes.base import open_inputs
    from fet_core.train.checkpoint import Schedule

    part, rounds = "fet/fusion", int(os.environ.get("FET_ROUNDS", STEPS))
    note(f"{rounds} steps of {part}")
    inputs = open_inputs(place.data, load(place.params), places.NAME, "cpu")
    training = registry.look_up(registry.part(part).recipe)(inputs, place.data)
    schedule = Schedule(training_index(inputs.samples, False), 4, 7)
    return _steady("steps", rounds, lambda step: training.task.step(schedule.batch(step)))


def _trial_transfers(place: places.Place, rng: Rng, folder: Path) -> str:
    from fet_core import Transfer
    from pipeline.probe_inputs import FACES

    rounds = max(int(os.environ.get("FET_ROUNDS", STEPS)) * TRANSFERS // STEPS, 4)
    note(f"{rounds} transfers")
    paths, transfer = sorted(FACES.glob("*.jpg")), Transfer()
    return _steady(
        "transfers",
        rounds,
        lambda number: transfer(paths[number % 12], paths[(number * 5 + 1) % 12]),
    )


def _trial_clock(place: places.Place, rng: Rng, folder: Path) -> str:
    """A clock that is set back or ahead in the middle changes nothing."""
    out = folder / "out"
    jump = float(rng.choice([-1e9, -3600.0, 3600.0, 1e9]))
    note(f"train-fusion with a clock that is set by {jump:g} s, again and again")

    def within() -> None:
        real, calls = time.time, [0]

        def now() -> float:
            calls[0] += 1
            return max(real() + jump * (calls[0] % 3), 0.0)

        time.time = now
        time.time_ns = lambda: int(now() * 1e9)

    words = places.line(place, "train-fusion", place.data, out)
    judged(finish(begin(*words, within=within)), "train-fusion")
    places.compare(places.digests(out), place.made["train-fusion"], "another clock")
    return RESULT


def _trial_steady(place: places.Place, rng: Rng, folder: Path) -> str:
    """The first two trials are long work, the others clocks."""
    number = int(folder.parent.name.rpartition("-")[2])
    return (_trial_steps, _trial_transfers, _trial_clock)[min(number, 2)](place, rng, folder)


STEADY = Kind(
    "steady",
    "long work: many training steps, many transfers; a clock that is set back",
    0.012,
    places.shared,
    _trial_steady,
    Limits(900, 1024 * MIB),
    least=3,
)
