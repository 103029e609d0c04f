"""Rendered films of faces that act, and what the target's photograph would have to do.

The people are those of the set `wild` and its seed, so that nothing was learned from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fet_core.files import atomic_path
from fet_core.synthesis.layouts import generator
from fet_core.synthesis.studio import Studio
from fet_core.synthesis.wild import Clip, Moment

Picture = NDArray[np.uint8]

RATE = 25
"""Pictures a second."""

_BLINK = 0.3  # seconds that a blink takes
_SOUNDS: tuple[Mapping[str, float], ...] = (
    {"jawOpen": 0.35, "mouthFunnel": 0.4},
    {"jawOpen": 0.12, "mouthStretchLeft": 0.5, "mouthStretchRight": 0.5},
    {"mouthPucker": 0.8},
    {"mouthPressLeft": 0.7, "mouthPressRight": 0.7, "mouthRollLower": 0.4},
    {"jawOpen": 0.5, "mouthLowerDownLeft": 0.4, "mouthLowerDownRight": 0.4},
)
_FELT: Mapping[str, Mapping[str, float]] = {
    "laughter": {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9, "cheekSquintLeft": 0.7,
                 "cheekSquintRight": 0.7, "mouthUpperUpLeft": 0.4, "mouthUpperUpRight": 0.4,
                 "jawOpen": 0.5},
    "surprise": {"browInnerUp": 1.0, "browOuterUpLeft": 1.0, "browOuterUpRight": 1.0,
                 "eyeWideLeft": 0.9, "eyeWideRight": 0.9, "jawOpen": 0.6},
    "grief": {"browInnerUp": 1.0, "mouthFrownLeft": 0.8, "mouthFrownRight": 0.8,
              "mouthShrugLower": 0.5},
}  # fmt: skip

STORIES = ("talk", *_FELT)
"""What happens in a film: talk all through, or something felt that comes and goes."""


def play(story: str, seconds: float, seed: int, number: int, middle: float) -> list[Moment]:
    """All moments of a film; the first is at rest, and there are blinks.

    Args:
        story: of `STORIES`.
        seconds: how long it is.
        seed: of all draws.
        number: of the film.
        middle: degrees of yaw around which the head moves.
    """
    rng = generator(seed, "wild", number, 2)
    times = np.arange(round(seconds * RATE)) / RATE
    units: list[dict[str, float]] = [{} for _ in times]
    if story == "talk":
        begins = np.arange(0.4, seconds, 0.18)
        for begin, sound in zip(begins, rng.integers(len(_SOUNDS), size=len(begins)), strict=True):
            _add(units, _SOUNDS[sound], np.clip(1 - np.abs(times - begin - 0.18) / 0.18, 0, 1))
    else:
        rise = np.clip(np.minimum(times - 0.3, seconds - 0.3 - times) / 0.4, 0, 1)
        swing = 0.85 + 0.15 * np.sin(2 * np.pi * 2.0 * times)
        _add(units, _FELT[story], rise * rise * (3 - 2 * rise) * swing)
    for begin in np.arange(0.8 + rng.uniform(0, 0.6), seconds - _BLINK, 1.3):
        shut = np.clip(2 - 4 * np.abs(times - begin - _BLINK / 2) / _BLINK, 0, 1)
        _add(units, {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}, shut)
    pace, phase = rng.uniform(0.2, 0.5, 3), rng.uniform(0, 2 * np.pi, 3)
    sway = np.array([6.0, 4.0, 3.0])[:, None] * np.sin(
        2 * np.pi * pace[:, None] * times + phase[:, None]
    )
    return [
        Moment(done, float(middle + yaw), float(pitch), float(roll))
        for done, (yaw, pitch, roll) in zip(units, sway.T, strict=True)
    ]


def _add(units: list[dict[str, float]], more: Mapping[str, float], share: Any) -> None:
    for done, part in zip(units, share, strict=True):
        for name, value in more.items():
            done[name] = min(done.get(name, 0.0) + value * float(part), 1.0)


@dataclass(frozen=True)
class Shot:
    """A film to be rendered by a worker: who acts, who is moved, and what happens."""

    folder: Path
    seed: int
    number: int
    story: str
    actor: int
    target: int
    middle: float
    seconds: float

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.folder / f"film-{self.seed}-{self.number:02d}.npz"


def shoot(studio: Studio, _: dict[str, Any], shot: Shot) -> Iterator[int]:
    """Render the driving film, the target's photograph at rest, and the truth of each moment."""
    if not shot.path.is_file():
        actor, target = (Clip(studio, shot.seed, one) for one in (shot.actor, shot.target))
        moments = play(shot.story, shot.seconds, shot.seed, shot.number, shot.middle)
        held = play(shot.story, 0.1, shot.seed, 100 + shot.number, shot.middle / 2)[0]
        driving = np.stack([actor.take(moment, moment.units) for moment in moments])
        truth = np.stack([target.take(held, moment.units) for moment in moments])
        with atomic_path(shot.path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, driving=driving, target=target.take(held, {}), truth=truth)
    yield shot.number


def read_shot(shot: Shot) -> dict[str, NDArray[np.uint8]]:
    """`driving` [N, S, S, 3], `target` [T, T, 3] and `truth` [N, T, T, 3]."""
    with np.load(shot.path, allow_pickle=False) as file:
        return {name: file[name] for name in ("driving", "target", "truth")}


def shots(folder: Path, seed: int, seconds: float) -> list[Shot]:
    """One person's and two people's film of each story, looking ahead and to a side."""
    found = []
    for number, story in enumerate(STORIES):
        for two in (False, True):
            actor = 2 * number
            middle = (0.0, 15.0, -8.0, 25.0)[number]
            place = 2 * number + two
            found.append(Shot(folder, seed, place, story, actor, actor + two, middle, seconds))
    return found
