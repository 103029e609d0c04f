"""Properties of the geometry on random faces and photographs, where the answer is known."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trials.commands import TOP
from trials.damage import Rng
from trials.engine import MIB, RESULT, Kind, Limits, Wrong, note

SIZE, EYES, HEIGHT = 96, 0.3, 0.35
_BACK, _APART, _LEVEL = 1e-3, 2.0, 0.015


@dataclass(frozen=True)
class Faces:
    """Pictures of rendered faces, and photographs where there are any."""

    rendered: list[Path]
    photographs: list[Path]


def london() -> list[Path]:
    """The London Set's photographs; none where they do not lie beside the checkout."""
    named = os.environ.get("FET_LONDON")
    root = Path(named) if named else TOP / "../shared/data/london"
    return sorted(root.glob("*_front/*.jpg"))


def _prepare(folder: Path) -> Faces:
    from fet_core.geometry.landmarks import FaceFinder
    from fet_core.parallel import once
    from pipeline.probe_inputs import FACES

    once(FaceFinder)
    return Faces(sorted(FACES.glob("*.jpg")), london())


def _trial(faces: Faces, rng: Rng, folder: Path) -> str:
    ways: list[Callable[..., str]] = [_inverse, _mirror, _turned]
    if faces.photographs:
        # Every photograph once in as many trials, and then again.
        ways += [_photograph] * 3
    number = int(folder.parent.name.rpartition("-")[2])
    round_, way = divmod(number, len(ways))
    return ways[way](faces, rng, 3 * round_ + way)


def _inverse(faces: Faces, rng: Rng, number: int) -> str:
    from fet_core.geometry.align import alignment, apply_points, invert

    note("a face of random points aligned, and back")
    points = rng.uniform(0, 4000, (68, 2)) * 10 ** rng.uniform(-1, 0.5)
    size = int(rng.integers(32, 1024))
    matrix = alignment(points, size, float(rng.uniform(0.06, 0.59)), float(rng.uniform(0.06, 0.9)))
    back = apply_points(invert(matrix), apply_points(matrix, points))
    _near(np.abs(back - points).max(), _BACK, "pixels apart after alignment and its inverse")
    return RESULT


def _mirror(faces: Faces, rng: Rng, number: int) -> str:
    from fet_core.geometry.landmarks import mirror_points

    note("random points mirrored twice")
    points, width = rng.uniform(-100, 4000, (68, 2)), int(rng.integers(1, 8000))
    twice = mirror_points(mirror_points(points, width), width)
    _near(np.abs(twice - points).max(), 1e-6, "pixels apart after two mirrors")
    return RESULT


def _turned(faces: Faces, rng: Rng, number: int) -> str:
    """A rendered face that is turned and scaled is cut out where it was before."""
    import cv2

    from fet_core.geometry.align import alignment, apply_points
    from fet_core.geometry.eye import Eye
    from fet_core.portrait import open_picture

    path = faces.rendered[rng.integers(len(faces.rendered))]
    picture = open_picture(path)
    turn, scale = float(rng.uniform(-45, 45)), float(np.exp(rng.uniform(np.log(0.3), np.log(3))))
    note(f"{path.name} turned by {turn:.0f}° and {scale:.2f} times as large")
    height, width = picture.shape[:2]
    side = int(np.ceil(np.hypot(height, width) * scale)) + 40
    middle = ((width - 1) / 2, (height - 1) / 2)
    way = np.asarray(cv2.getRotationMatrix2D(middle, turn, scale), np.float64)
    way[:, 2] += (side - 1) / 2 - np.array(middle)
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    turned = cv2.warpAffine(picture, way, (side, side), flags=flags, borderValue=(128, 128, 128))
    eye = Eye()
    found, again = eye.find(picture), eye.find(np.asarray(turned, np.uint8))
    if len(found) != 1 or len(again) != 1:
        raise Wrong("silent", f"{len(found)} faces found straight, {len(again)} turned")
    points = eye.read(picture, found[0])
    moved = eye.read(np.asarray(turned, np.uint8), again[0])
    matrix = alignment(moved, SIZE, EYES, HEIGHT)
    wanted = apply_points(alignment(points, SIZE, EYES, HEIGHT), points)
    apart = np.linalg.norm(apply_points(matrix, apply_points(way, points)) - wanted, axis=1)
    _near(float(apart.mean()), _APART, "pixels apart on average in the aligned face")
    return RESULT


def _photograph(faces: Faces, rng: Rng, number: int) -> str:
    """A photograph's eyes, read again in the aligned face, are level and in their places."""
    from fet_core.data.aligned import align_face
    from fet_core.geometry.align import apply_points, mean_points
    from fet_core.geometry.landmarks import FaceFinder, eye_centres
    from fet_core.parallel import once
    from fet_core.params import Align
    from fet_core.portrait import open_picture

    path = faces.photographs[number % len(faces.photographs)]
    note(f"{path.parent.name}/{path.name}")
    params = Align(
        size=256,
        eye_distance=EYES,
        eye_height=HEIGHT,
        scales=[0.5, 1.0, 2.0],
        several_faces="reject",
        max_reject_share=0.0,
    )
    finder: Any = once(FaceFinder)
    picture = open_picture(path)
    face = align_face(finder, picture, params)
    if isinstance(face, str):
        raise Wrong("silent", f"no face: {face}")
    size = params.size
    across = (size - 1) / 2 + EYES * size * np.array([-0.5, 0.5])
    wanted = np.stack([across, np.full(2, HEIGHT * size - 0.5)], axis=1)
    placed = np.array(eye_centres(apply_points(face.matrix, face.points)))
    _near(
        np.abs(placed - wanted).max() / (EYES * size), 1e-6, "eye distances off by its own points"
    )
    means = mean_points(finder, picture, face.box.as_list(), 24)
    again = np.array(eye_centres(apply_points(face.matrix, means)))
    apart = np.abs(again - wanted) / (EYES * size)
    _near(float(abs(again[0, 1] - again[1, 1]) / (EYES * size)), _LEVEL, "eye distances not level")
    _near(float(apart.max()), _LEVEL, "eye distances off, read again")
    return RESULT


def _near(found: float, most: float, what: str) -> None:
    if not found <= most:
        raise Wrong("silent", f"{found:.4g} {what}, more than {most:g}")


GEOMETRY = Kind(
    "geometry",
    "properties of alignment: inverse, mirror, turned and scaled faces, London's photographs",
    0.35,
    _prepare,
    _trial,
    Limits(60, 1024 * MIB),
)
