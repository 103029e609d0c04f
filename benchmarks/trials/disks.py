"""Trials of stages whose disk fills up: a small one of their own, or a limit of a file's size."""

from __future__ import annotations

import ctypes
import os
import resource
from pathlib import Path

from trials import places
from trials.commands import begin, finish, judged
from trials.damage import Rng
from trials.engine import MIB, REJECTED, Kind, Limits, Wrong, note


def _trial_disk(place: places.Place, rng: Rng, folder: Path) -> str:
    """A stage on a disk that fills up, over what an earlier run has left there or over nothing."""
    stage = str(rng.choice(list(places.STAGES)))
    out = folder / "disk" / "out"
    tight = bool(rng.integers(2)) and _mounted(out.parent)
    out.mkdir(parents=True, exist_ok=True)
    words = places.line(place, stage, place.data, out)
    before: dict[str, str] = {}
    if rng.random() < 0.5:
        judged(finish(begin(*words)), stage)
        before = places.digests(out)
    sizes = 300_000 if "train" in stage else 120_000
    limit = int(rng.integers(*((0, 1), (1, 2000), (2000, sizes))[rng.integers(3)]))
    note(
        f"{stage}: {limit} bytes {'left on a disk' if tight else 'for a file'}"
        f"{', over earlier outputs' if before else ''}"
    )
    if tight:
        _filled(out.parent / "filler", limit)
        done = finish(begin(*words))
        (out.parent / "filler").unlink()
    else:
        done = finish(
            begin(*words, within=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        )
    found = judged(done, stage)
    places.whole(out, before, place.made[stage], f"{stage} at a full disk")
    if judged(finish(begin(*words)), stage) == REJECTED:
        raise Wrong("silent", f"{stage} refuses what it has left on a full disk")
    places.compare(places.digests(out), place.made[stage], f"{stage}, after a full disk,")
    return found


def _mounted(folder: Path) -> bool:
    """Whether a small disk of its own could be mounted on a folder, for this process alone."""
    folder.mkdir(parents=True)
    libc = ctypes.CDLL(None, use_errno=True)
    namespace, private = 0x00020000, 0x40000 | 0x4000
    if os.geteuid() or libc.unshare(namespace):
        return False
    if libc.mount(b"none", b"/", None, private, None):
        return False
    return not libc.mount(b"none", bytes(folder), b"tmpfs", 0, b"size=96m")


def _filled(path: Path, left: int) -> None:
    """Fill a disk but for some bytes, in whole blocks."""
    state = os.statvfs(path.parent)
    with path.open("wb") as file:
        file.write(b"\0" * max(state.f_bavail * state.f_frsize - left, 0))


DISKS = Kind(
    "disks",
    "a stage whose disk fills up, then run again with room",
    0.1,
    places.shared,
    _trial_disk,
    Limits(90, 1024 * MIB),
)
