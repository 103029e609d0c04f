"""The set `wild`: moments of rendered clips, and what each would look like with another's face.

Nobody is one of the demo's people. Of each target and each source the truth is rendered too: the
target's person, pose, light and picture with the source's face units.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.files import atomic_path
from fet_core.synthesis.camera import Backdrop, Camera
from fet_core.synthesis.known import draw_person
from fet_core.synthesis.layouts import generator
from fet_core.synthesis.light import studio_light
from fet_core.synthesis.pose import Pose
from fet_core.synthesis.studio import Studio, Wares

Picture = NDArray[np.uint8]

_ARRAYS = {"moments": "moments", "self": "same", "cross": "cross"}

MOMENTS = 4
"""Of each clip."""

FIRST = 20_000
"""Number of the first person, far from all that anything is learned from."""

_TALK = (
    {"jawOpen": 0.35, "mouthFunnel": 0.4},
    {"jawOpen": 0.15, "mouthStretchLeft": 0.5, "mouthStretchRight": 0.5},
    {"mouthPucker": 0.8},
    {"mouthPressLeft": 0.7, "mouthPressRight": 0.7, "mouthRollLower": 0.4},
    {"jawOpen": 0.5, "mouthLowerDownLeft": 0.4, "mouthLowerDownRight": 0.4},
)
_FELT: Mapping[str, Mapping[str, float]] = {
    "talk": {},
    "laughter": {"mouthSmile*": 0.9, "cheekSquint*": 0.8, "eyeSquint*": 0.5, "mouthUpperUp*": 0.4},
    "scream": {"browDown*": 0.7, "noseSneer*": 0.6, "mouthStretch*": 0.6, "mouthUpperUp*": 0.5,
               "mouthLowerDown*": 0.6, "eyeSquint*": 0.3},
    "surprise": {"browInnerUp": 1.0, "browOuterUp*": 1.0, "eyeWide*": 0.9},
    "grief": {"browInnerUp": 1.0, "mouthFrown*": 0.8, "mouthShrugLower": 0.5},
}  # fmt: skip
_OPEN = {"talk": 0.0, "laughter": 0.5, "scream": 0.95, "surprise": 0.6, "grief": 0.1}


@dataclass(frozen=True)
class Moment:
    """What a person does at one moment of a clip: face units, and the pose of the head."""

    units: dict[str, float]
    yaw: float
    pitch: float
    roll: float


def draw_moments(seed: int, number: int) -> list[Moment]:
    """A person's moments: one of them nearly at rest, one with closed eyes now and then."""
    rng = generator(seed, "wild", number)
    middle, sway = rng.uniform(-35, 35), rng.uniform(2, 10, 3)
    found = []
    for moment in range(MOMENTS):
        name = str(rng.choice(list(_FELT)))
        strength = 0.1 if moment == number % MOMENTS else float(rng.uniform(0.4, 1.0))
        units: dict[str, float] = {}
        for unit, value in _FELT[name].items():
            for side in ("Left", "Right") if unit.endswith("*") else ("",):
                units[unit.replace("*", side)] = value * strength * float(rng.uniform(0.85, 1.0))
        units["jawOpen"] = units.get("jawOpen", 0.0) + _OPEN[name] * strength
        if name == "talk":
            spoken = _TALK[int(rng.integers(len(_TALK)))]
            units |= {unit: value * strength for unit, value in spoken.items()}
        if rng.uniform() < 0.2:
            units |= {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
        yaw, pitch, roll = rng.normal(0, sway)
        yaw, pitch = np.clip([middle + yaw, pitch], [-45, -20], [45, 20])
        found.append(Moment(units, float(yaw), float(pitch), float(roll)))
    return found


class Clip:
    """How one person is taken: light, backdrop, framing and the faults of the camera.

    Args:
        studio: renders.
        seed: of all draws.
        number: of the person, from 0.
    """

    def __init__(self, studio: Studio, seed: int, number: int) -> None:
        rng = generator(seed, "wild", number, 1)
        self._studio = studio
        self._wares: Wares = draw_person(studio, seed, FIRST + number)
        self._light = studio_light(rng, float(rng.uniform(0.3, 0.8)), 60.0)
        self._size = int(rng.choice([256, 384, 512]))
        shift = (float(rng.uniform(-0.2, 0.2)), float(rng.uniform(-0.15, 0.15)))
        span, distance = float(rng.uniform(2.4, 3.6)), float(rng.uniform(9, 24))
        self._camera = Camera(0.0, self._size, self._size, span, shift, distance)
        (a, b, c), (d, e, f) = rng.uniform(0.02, 0.9, (2, 3)).tolist()
        self._backdrop = Backdrop((a, b, c), (d, e, f))
        self._blur = float(rng.choice([0.0, 0.0, 0.6, 1.2])) * self._size / 256
        self._noise = float(rng.choice([0.0, 2.0, 6.0]))
        self._grey = bool(rng.uniform() < 0.25)
        self._grain = rng.normal(size=(self._size, self._size, 1))

    def take(self, pose: Moment, units: Mapping[str, float]) -> Picture:
        """[S, S, 3] of the person in the pose of one moment with the units of any."""
        held = Pose(pose.yaw, pose.pitch, pose.roll, -0.6 * pose.yaw, 0.6 * pose.pitch)
        scene = self._studio.pose(self._wares, units, held, self._light)
        picture = self._studio.photograph(scene, self._camera, self._backdrop)
        if self._grey:
            picture = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[:, :, None], 3, axis=2)
        if self._blur:
            picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), self._blur), np.uint8)
        return np.clip(np.rint(picture + self._noise * self._grain), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Scene:
    """One person of the set, to be rendered by a worker; the next one gives expressions too."""

    folder: Path
    seed: int
    number: int
    people: int

    @property
    def path(self) -> Path:
        """Where its pictures lie."""
        return self.folder / f"wild-{self.seed}-{self.people}-{self.number:03d}.npz"


def pairs() -> list[tuple[int, int]]:
    """Numbers of the moments (source, target) of each case."""
    return [(moment, (moment + 1) % MOMENTS) for moment in range(MOMENTS)]


def perform(studio: Studio, _: dict[str, Any], scene: Scene) -> Iterator[int]:
    """Render a person's moments, and the truths with their own and the next person's units."""
    if not scene.path.is_file():
        clip = Clip(studio, scene.seed, scene.number)
        own = draw_moments(scene.seed, scene.number)
        other = draw_moments(scene.seed, (scene.number + 1) % scene.people)
        about = np.array(json.dumps([vars(one) for one in own]))
        moments = np.stack([clip.take(one, one.units) for one in own])
        same = np.stack([clip.take(own[b], own[a].units) for a, b in pairs()])
        cross = np.stack([clip.take(own[b], other[a].units) for a, b in pairs()])
        with atomic_path(scene.path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, about=about, moments=moments, same=same, cross=cross)
    yield scene.number


def read_scene(scene: Scene) -> dict[str, NDArray[np.uint8]]:
    """`moments`, `self` and `cross` [4, S, S, 3] of what `perform` has made."""
    with np.load(scene.path, allow_pickle=False) as file:
        return {name: file[key] for name, key in _ARRAYS.items()}
