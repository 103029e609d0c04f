"""Trials with commands that are stopped at random moments: by a kill, Ctrl-C or SIGTERM."""

from __future__ import annotations

import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from trials import places
from trials.commands import Done, begin, finish, judged, last_of, started, wait_for
from trials.damage import Rng
from trials.engine import MIB, REJECTED, RESULT, Kind, Limits, Wrong, note
from trials.processes import session
from trials.traps import random_trap

_EPOCHS = 3
_OFTEN = (0.25, 0.2, 0.25, 0.2, 0.1)  # an evaluation takes as long as ten of the others


@dataclass(frozen=True)
class Inputs:
    """Tiny inputs, and a raw folder of enough pictures for a pool of processes."""

    place: places.Place
    many: Path


def _prepare(folder: Path) -> Inputs:
    folder.mkdir()
    place = places.shared(folder, _EPOCHS)
    many = folder / "many"
    many.mkdir()
    for path in sorted(place.raw.glob("Rafd*.jpg")):
        for number in range(6):
            shutil.copy(path, many / path.name.replace("Rafd090_", f"Rafd090_{number + 1}"))
    return Inputs(place, many)


def _trial_kill(inputs: Inputs, rng: Rng, folder: Path) -> str:
    """Kill a stage once or more, then run it to its end: all is as if nothing had been."""
    stage = str(rng.choice(places.LONG, p=_OFTEN))
    wanted = inputs.place.made[stage]
    out = folder / "out"
    words = places.line(inputs.place, stage, inputs.place.data, out)
    times = int(rng.integers(1, 4))
    said = []
    before: dict[str, str] = {}
    if rng.random() < 0.3:
        # Over the outputs of an earlier run.
        judged(finish(begin(*words)), stage)
        before = places.digests(out)
    for _ in range(times):
        moment, trap = inputs.place.seconds[stage], None
        if rng.random() < 0.4:
            moment = float(rng.uniform(0, moment))
            said.append(f"{moment:.2f} s")
        else:
            # Where a kill does the most harm, and comes the least often.
            trap = random_trap(rng, 40_000, 8)
            said.append(str(trap))
        note(f"{stage} killed at {', '.join(said)}{', over earlier outputs' if before else ''}")
        pid = begin(*words, within=trap.set if trap else None)
        if trap is None and wait_for(pid, moment):
            os.kill(pid, signal.SIGKILL)
        finish(pid)
        places.whole(out, before, wanted, f"{stage}, killed")
    if judged(finish(begin(*words)), stage) == REJECTED:
        raise Wrong("silent", f"{stage} refuses what a killed run has left")
    places.compare(places.digests(out), wanted, f"{stage}, killed and run again,")
    return RESULT


def _trial_signal(inputs: Inputs, rng: Rng, folder: Path) -> str:
    stage = str(rng.choice(places.LONG, p=_OFTEN))
    how = (signal.SIGINT, signal.SIGTERM)[rng.integers(2)]
    out = folder / "out"
    moment = float(rng.uniform(0.02, inputs.place.seconds[stage]))
    note(f"{stage} gets {how.name} after {moment:.2f} s")
    pid = begin(*places.line(inputs.place, stage, inputs.place.data, out))
    if wait_for(pid, moment):
        # On a busy machine the command itself may not have begun.
        while not _listens(pid) and wait_for(pid, 0.01):
            pass
        os.kill(pid, how)
    done = finish(pid)
    places.whole(out, {}, inputs.place.made[stage], f"{stage}, stopped")
    return _stopped(done, how, stage)


def _listens(pid: int) -> bool:
    """Whether a process has a handler of its own for SIGTERM, as Python alone has not."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    caught = next(int(line.split()[1], 16) for line in status if line.startswith("SigCgt:"))
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def _stopped(done: Done, how: signal.Signals, what: str) -> str:
    """Judge the ending of what was told to stop; it may have come to its end before."""
    if done.code == 0:
        return RESULT
    if done.code == -how:
        raise Wrong("crash", f"{what} died of {how.name} without a word")
    if "Traceback (most recent call last)" in done.err:
        raise Wrong("traceback", f"{what} at {how.name}: {last_of(done.err)}")
    if done.code != 128 + how:
        raise Wrong("traceback", f"{what} ended with {done.code} at {how.name}: {done.err[-200:]}")
    told = [line for line in done.err.splitlines() if line.startswith("fet: ")]
    if len(told) != 1:
        raise Wrong(
            "traceback", f"{what} said {len(told)} sentences at {how.name}: {done.err[-200:]}"
        )
    return RESULT


def _trial_shell(inputs: Inputs, rng: Rng, folder: Path) -> str:
    """Stop a command with processes of its own, as a user started it."""
    kinds = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
    how, out = kinds[rng.integers(3)], folder / "out"
    words: list[object]
    if rng.random() < 0.5:
        words = ["ingest", "--processes", 2, "--root", inputs.many, "--out", out]
    else:
        for stage in ("ingest", "grayscale"):
            judged(places.run(inputs.place, stage, out, out, inputs.many), stage)
        words = ["align", "--root", inputs.many, "--in", out, "--out", out]
    words += ["--dataset", places.NAME, "--params", inputs.place.params]
    # Before a second Python itself starts.
    moment = float(rng.uniform(1.0, 5.0))
    note(f"fet {words[0]} with processes gets {how.name} after {moment:.2f} s")
    process = started(*words)
    last = time.monotonic() + moment
    while process.poll() is None and time.monotonic() < last:
        time.sleep(0.01)
    if process.poll() is None:
        process.send_signal(how)
    stdout, stderr = process.communicate()
    done = Done(process.returncode, stdout, stderr)
    last = time.monotonic() + 10
    while len(session(os.getpid())) > 1 and time.monotonic() < last:
        time.sleep(0.05)
    left = session(os.getpid())
    left.pop(os.getpid(), None)
    if left:
        raise Wrong("hang", f"fet {words[0]} left processes: {left}")
    if how != signal.SIGKILL:
        return _stopped(done, how, f"fet {words[0]}")
    return RESULT


KILLS = Kind(
    "kills",
    "a stage killed at up to three moments, then run to its end",
    0.2,
    _prepare,
    _trial_kill,
    Limits(150, 1024 * MIB),
)
SIGNALS = Kind(
    "signals",
    "Ctrl-C or SIGTERM for a stage at a random moment",
    0.1,
    _prepare,
    _trial_signal,
    Limits(90, 1024 * MIB),
)
POOLS = Kind(
    "pools",
    "a kill, Ctrl-C or SIGTERM for a command with processes of its own",
    0.02,
    _prepare,
    _trial_shell,
    Limits(90, 1024 * MIB),
)
