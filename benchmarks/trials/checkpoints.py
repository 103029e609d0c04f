"""Trials with damaged checkpoints: a training goes on from a sound one, or begins again."""

from __future__ import annotations

import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from fet_core.files import sha256
from trials import places
from trials.commands import begin, finish, judged
from trials.damage import VALUES, Rng, harm, odd_file
from trials.engine import MIB, RESULT, Kind, Limits, Wrong, note

STAGE = "train-fusion"
_SIGNED = "with a right checksum"
_ENOUGH = 5  # steps, after which a training is killed that the trials go on from


@dataclass(frozen=True)
class Stopped:
    """A training that was killed, its checkpoints, and what it makes if it is not."""

    place: places.Place
    out: Path


def _prepare(folder: Path) -> Stopped:
    place = places.prepare(folder, (STAGE,), epochs=6)
    out = folder / "stopped"
    pid = begin(*places.line(place, STAGE, place.data, out))
    last = time.monotonic() + 60
    # Two whole ones with their checksums, in the middle of an epoch.
    while len(_signed_steps(out)) < 2 or int(_signed_steps(out)[-1].stem[5:]) < _ENOUGH:
        if time.monotonic() > last:
            raise RuntimeError("the training left no checkpoints")
        time.sleep(0.001)
    os.kill(pid, signal.SIGKILL)
    finish(pid)
    return Stopped(place, out)


def _steps(out: Path) -> list[Path]:
    return sorted(out.glob("checkpoints/*/step-*.pt"))


def _signed_steps(out: Path) -> list[Path]:
    return [path for path in _steps(out) if path.with_suffix(".sha256").is_file()]


def _signed(path: Path, content: Any) -> None:
    """A checkpoint with a right checksum, whatever is in it."""
    torch.save(content, path)
    path.with_suffix(".sha256").write_text(sha256(path) + "\n", encoding="utf-8")


def _trial(stopped: Stopped, rng: Rng, folder: Path) -> str:
    out = folder / "out"
    shutil.copytree(stopped.out, out)
    path = _signed_steps(out)[-1 if rng.random() < 0.7 else 0]
    said = _damaged(path, rng)
    if rng.random() < 0.3:
        said += "; the other one too: " + _damaged(
            next((one for one in _signed_steps(out) if one.name != path.name), path), rng
        )
    note(said)
    done = finish(begin(*places.line(stopped.place, STAGE, stopped.place.data, out)))
    if (folder / "ran-code").exists() or (out / "ran-code").exists():
        raise Wrong("silent", "code from a checkpoint was run")
    found = judged(done, STAGE)
    # Whoever can write a right checksum can write any training's state.
    if found == RESULT and _SIGNED not in said:
        places.compare(places.digests(out), stopped.place.made[STAGE], "the training that went on")
    return found


def _damaged(path: Path, rng: Rng) -> str:
    checksum = path.with_suffix(".sha256")
    how = int(rng.integers(9))
    name = path.name
    if not path.is_file() or not checksum.is_file():
        return "nothing more"
    if how <= 2:
        content, said = harm(path.read_bytes(), rng)
        path.write_bytes(content)
        return f"{name}: {said}"
    if how == 3:
        return f"{checksum.name}: {odd_file(checksum, rng)}"
    if how == 4:
        content, said = harm(checksum.read_bytes(), rng)
        checksum.write_bytes(content)
        return f"{checksum.name}: {said}"
    if how == 5:
        return f"{name}: {odd_file(path, rng)}"
    if how == 6:
        later = path.with_name("step-999999999.pt")
        later.write_bytes(rng.bytes(1000))
        path.with_name("step-none.pt").write_bytes(b"")
        later.with_name("grids").mkdir(exist_ok=True)
        later.with_name("grids").joinpath("1.png").write_bytes(b"none")
        return "others beside it that are none"
    return f"{name}: {_other(path, rng)}"


def _other(path: Path, rng: Rng) -> str:
    """Something else with a right checksum."""
    from trials.stored import Opened

    found = torch.load(path, weights_only=True)
    how = int(rng.integers(6))
    value = VALUES[rng.integers(len(VALUES))]
    if how == 0:
        _signed(path, Opened())
        return f"code, {_SIGNED}"
    if how == 1:
        _signed(path, value)
        return f"{str(value)[:30]!r}, {_SIGNED}"
    if how == 2:
        part = found["states"]["net/" + str(rng.choice(_names(found)))]
        key = list(part)[rng.integers(len(part))]
        part[key] = torch.zeros(3, 7)
        said = f"{key} of another shape"
    elif how == 3:
        del found["states"][next(iter(found["states"]))]
        said = "a part left out"
    elif how == 4:
        key = list(found["progress"])[rng.integers(len(found["progress"]))]
        found["progress"][key] = value
        said = f"progress.{key} is {str(value)[:30]!r}"
    else:
        part = found["states"]["net/" + str(rng.choice(_names(found)))]
        first = next(one for one in part.values() if one.is_floating_point())
        first.view(-1)[0] = float("nan")
        said = "a weight that is no number"
    _signed(path, found)
    return f"{said}, {_SIGNED}"


def _names(found: dict[str, Any]) -> list[str]:
    return [name.removeprefix("net/") for name in found["states"] if name.startswith("net/")]


CHECKPOINTS = Kind(
    "checkpoints",
    "damaged checkpoints of a killed training, which then runs to its end",
    0.15,
    _prepare,
    _trial,
    Limits(60, 1024 * MIB),
)
