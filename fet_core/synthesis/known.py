"""Faces of which everything is known: units, pose and the place of every vertex in the picture."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fet_core.files import atomic_path
from fet_core.synthesis.camera import Backdrop, Camera, view_of
from fet_core.synthesis.expressions import draw_performance, morphs_of
from fet_core.synthesis.identity import draw_identity
from fet_core.synthesis.layouts import generator
from fet_core.synthesis.light import studio_light
from fet_core.synthesis.pose import Pose, express, hold
from fet_core.synthesis.studio import Studio, Wares
from fet_core.tables import EXPRESSIONS

Floats = NDArray[np.float64]

GROUPS = ("Adult", "Adult", "Caucasian", "Moroccan", "Kid")
_PAIRS = (
    "browDown", "browOuterUp", "cheekSquint", "eyeBlink", "eyeSquint", "eyeWide", "mouthDimple",
    "mouthFrown", "mouthLowerDown", "mouthPress", "mouthSmile", "mouthStretch", "mouthUpperUp",
    "noseSneer",
)  # fmt: skip
_SINGLE = (
    "browInnerUp", "jawForward", "jawLeft", "jawRight", "mouthFunnel", "mouthLeft", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
)  # fmt: skip


@dataclass(frozen=True)
class Shot:
    """What a picture of a known face shows.

    Attributes:
        units: face unit or morph -> weight.
        yaw, pitch, roll: of the head in degrees, as `fet_core.synthesis.pose.Pose`.
        distance: of the camera in dm.
        size: side of the picture in pixels.
        span: height of the picture in units of the distance from eyes to chin.
    """

    units: Mapping[str, float]
    yaw: float
    pitch: float
    roll: float
    distance: float = 17.0
    size: int = 256
    span: float = 2.6


@dataclass(frozen=True)
class Known:
    """A picture of a known face.

    Attributes:
        picture: [S, S, 3] uint8 sRGB.
        places: [V, 2] of the drawn skin's vertices in the picture's pixels.
        seen: [V] bool: the skin there is turned to the camera.
        shot: what it shows.
    """

    picture: NDArray[np.uint8]
    places: Floats
    seen: NDArray[np.bool_]
    shot: Shot


def draw_person(studio: Studio, seed: int, number: int) -> Wares:
    """Somebody, by number; never one of the demo's people, whose numbers come otherwise."""
    rng = generator(seed, "known", number)
    group = str(rng.choice(GROUPS))
    return studio.prepare(draw_identity(rng, group, str(rng.choice(["male", "female"]))))


def draw_units(rng: np.random.Generator) -> dict[str, float]:
    """Face units of a random face: one of the expressions, or a few units on their own."""
    if rng.uniform() < 0.3:
        name = str(rng.choice(EXPRESSIONS))
        return morphs_of(draw_performance(rng, name, float(rng.uniform(0.2, 1.0))))
    units: dict[str, float] = {}
    for name in rng.choice(_PAIRS, int(rng.integers(1, 5)), replace=False):
        both = float(rng.uniform(0.2, 1.0))
        left, right = both * rng.uniform(0.8, 1.0, 2)
        if rng.uniform() < 0.2:
            left, right = (left, 0.0) if rng.uniform() < 0.5 else (0.0, right)
        units |= {f"{name}Left": float(left), f"{name}Right": float(right)}
    for name in rng.choice(_SINGLE, int(rng.integers(0, 3)), replace=False):
        units[str(name)] = float(rng.uniform(0.2, 0.9))
    if rng.uniform() < 0.45:
        units["jawOpen"] = float(rng.uniform(0.05, 0.9))
    return units


def draw_shot(rng: np.random.Generator, size: int) -> Shot:
    """A random face in a random pose."""
    yaw = float(rng.choice([rng.uniform(-12, 12), rng.uniform(-45, 45)]))
    pitch, roll = float(rng.uniform(-18, 18)), float(rng.uniform(-10, 10))
    return Shot(draw_units(rng), yaw, pitch, roll, float(rng.uniform(10, 22)), size)


def take(studio: Studio, wares: Wares, shot: Shot, rng: np.random.Generator) -> Known:
    """Take the picture; `rng` draws the light and the backdrop."""
    pose = Pose(shot.yaw, shot.pitch, shot.roll, -shot.yaw * 0.7, shot.pitch * 0.7)
    lighting = studio_light(rng, float(rng.uniform(0.3, 0.65)), 50.0)
    scene = studio.pose(wares, shot.units, pose, lighting)
    camera = Camera(0.0, shot.size, shot.size, shot.span, (0.0, 0.0), shot.distance)
    level = float(rng.uniform(0.05, 0.8))
    backdrop = Backdrop((level,) * 3, (level * 0.6,) * 3)
    picture = studio.photograph(scene, camera, backdrop)
    places, seen = project(studio, wares, shot, pose, camera)
    return Known(picture, places, seen, shot)


def project(
    studio: Studio, wares: Wares, shot: Shot, pose: Pose, camera: Camera
) -> tuple[Floats, NDArray[np.bool_]]:
    """Where the skin's vertices lie in the picture [V, 2], and which of them are seen [V]."""
    body = wares.parts["body"]
    moved = express(studio.assets, wares.base, shot.units, pose)
    held = hold(body.vertices(moved, wares.base), wares.rest["body"], wares.frame, pose)
    view, eye = view_of(wares.frame, camera)
    clip = np.concatenate([held, np.ones((len(held), 1))], axis=1) @ view.T
    plane = clip[:, :2] / clip[:, 3:]
    places = np.stack(
        [
            (plane[:, 0] + 1) / 2 * camera.width - 0.5,
            (1 - plane[:, 1]) / 2 * camera.height - 0.5,
        ],
        axis=1,
    )
    towards = eye - held
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    return places, (body.normals(held) * towards).sum(axis=1) > 0.15


SHOTS = "known-{}-{}-{:03d}.npz"
"""Of a seed, a number of pictures, and a person."""
_FRONT = (0.3, 6.0, 8.2, 1.0)  # of the skin that may be a landmark: z above, y between, |x| below


def front(rest: Floats) -> NDArray[np.int64]:
    """Numbers of the vertices on the front of a resting head [V, 3], where landmarks may lie."""
    depth, low, high, wide = _FRONT
    kept = (rest[:, 2] > depth) & (np.abs(rest[:, 0]) < wide)
    return np.flatnonzero(kept & (rest[:, 1] > low) & (rest[:, 1] < high))


@dataclass(frozen=True)
class Album:
    """All pictures of one known person.

    Attributes:
        pictures: [N, S, S, 3] uint8.
        places: [N, K, 2] of the vertices of `front` in the picture's pixels.
        seen: [N, K] bool.
        shots: what each picture shows.
        eyes: distance of the person's eye centres in dm.
    """

    pictures: NDArray[np.uint8]
    places: Floats
    seen: NDArray[np.bool_]
    shots: tuple[Shot, ...]
    eyes: float


@dataclass(frozen=True)
class Sitting:
    """A person whose album is to be made; picklable, for a worker."""

    folder: Path
    seed: int
    number: int
    shots: int
    size: int = 288


def sit(studio: Studio, _: dict[str, Any], sitting: Sitting) -> Iterator[int]:
    """Make an album unless it is there; its first picture is of the face at rest, from in front."""
    path = sitting.folder / SHOTS.format(sitting.seed, sitting.shots, sitting.number)
    if not path.is_file():
        wares = draw_person(studio, sitting.seed, sitting.number)
        kept = front(studio.rest)
        taken = []
        for number in range(sitting.shots):
            rng = generator(sitting.seed, "shot", sitting.number, number)
            drawn = draw_shot(rng, sitting.size)
            shot = drawn if number else Shot({}, 0.0, 0.0, 0.0, size=sitting.size)
            taken.append(take(studio, wares, shot, rng))
        _write(path, taken, kept, wares.eyes)
    yield sitting.number


def _write(path: Path, taken: Sequence[Known], kept: NDArray[np.int64], eyes: float) -> None:
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            pictures=np.stack([one.picture for one in taken]),
            places=np.stack([one.places[kept] for one in taken]).astype(np.float32),
            seen=np.stack([one.seen[kept] for one in taken]),
            shots=np.array(json.dumps([vars(one.shot) for one in taken])),
            eyes=np.array(eyes),
        )


def read_album(sitting: Sitting) -> Album:
    """What `sit` has made."""
    name = SHOTS.format(sitting.seed, sitting.shots, sitting.number)
    with np.load(sitting.folder / name, allow_pickle=False) as file:
        shots = tuple(Shot(**one) for one in json.loads(str(file["shots"])))
        places = file["places"].astype(np.float64)
        return Album(file["pictures"], places, file["seen"], shots, float(file["eyes"]))
