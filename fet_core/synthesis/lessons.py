"""What Φ in space learns from: readings of rendered faces, photographs of people, random units."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fet_core.data.pictures import read_picture
from fet_core.data.readers import make_reader
from fet_core.errors import UserError
from fet_core.face3d.fit import Fitter
from fet_core.face3d.shape import read_shapes
from fet_core.geometry.eye import Eye
from fet_core.progress import track
from fet_core.synthesis.face_model import Sculptor
from fet_core.synthesis.known import Album, draw_units
from fet_core.synthesis.layouts import generator
from fet_core.train.space import Known, People

Floats = NDArray[np.float64]
Readings = Sequence[Sequence[Floats | None]]

_UNITS = 4000
_APART = 4  # one photographed person in so many is kept apart
_LEARNED = (4, 5)  # share of the rendered people that is learned from
_LEAST = 8


def read_points(eye: Eye, pictures: NDArray[np.uint8]) -> list[Floats | None]:
    """The landmarks of pictures [N, H, W, 3] of one face each; None where not just one is found."""
    found = [eye.find(picture) for picture in pictures]
    return [
        eye.read(picture, faces[0]) if len(faces) == 1 else None
        for picture, faces in zip(pictures, found, strict=True)
    ]


def kept(albums: Sequence[Album], readings: Readings) -> tuple[Sequence[Album], Readings]:
    """Those of the rendered people that are learned from; the others are to be measured on."""
    count = len(albums) * _LEARNED[0] // _LEARNED[1]
    return albums[:count], readings[:count]


def known_of(
    albums: Sequence[Album], readings: Readings, sculptor: Sculptor, fitter: Fitter
) -> Known:
    """All pictures of albums in which a face was read."""
    points, motion, eyes = [], [], []
    for album, found in zip(albums, readings, strict=True):
        for shot, one in zip(album.shots, found, strict=True):
            if one is not None:
                points.append(one)
                motion.append(sculptor.motion(shot.units)[:, :2])
                eyes.append(album.eyes)
    shapes = read_shapes(np.stack(points), fitter)
    return Known(shapes.frontal, np.stack(motion), np.array(eyes))


def people_of(root: Path, apart: bool = False) -> list[tuple[Path, Path]]:
    """Each person's photographs in the London Set, neutral and smiling, of those that are learned.

    Args:
        root: folder of the set.
        apart: those that are kept apart instead.

    Raises:
        UserError: it is no such folder, or it shows too few people.
    """
    found: dict[str, dict[str, Path]] = {}
    for entry in make_reader("london").find(root).entries:
        found.setdefault(entry.subject, {})[entry.expression or ""] = root / entry.path
    both = [one for _, one in sorted(found.items()) if {"neutral", "happy"} <= set(one)]
    if len(both) < _LEAST:
        raise UserError(
            f"{root} shows {len(both)} people with both expressions, which are too few to learn "
            "from; name the folder of the whole London Set"
        )
    pairs = [(one["neutral"], one["happy"]) for one in both]
    return [pair for number, pair in enumerate(pairs) if (number % _APART == 0) == apart]


def photographed(pairs: Sequence[tuple[Path, Path]], eye: Eye, fitter: Fitter) -> People:
    """The frontal shapes of people at rest and smiling, of whom both pictures show one face."""
    read = []
    for pair in track(pairs, "photographs", unit="people"):
        points = [read_points(eye, read_picture(path, 3)[None])[0] for path in pair]
        if points[0] is not None and points[1] is not None:
            read.append(points)
    rest, moved = (
        read_shapes(np.stack([np.asarray(points[side]) for points in read]), fitter).frontal
        for side in range(2)
    )
    return People(rest, moved)


def random_units(names: Sequence[str], seed: int) -> Floats:
    """Units [K, U] of random faces, in the order of the names."""
    units = np.zeros((_UNITS, len(names)))
    place = {name: number for number, name in enumerate(names)}
    for row in range(_UNITS):
        for name, value in draw_units(generator(seed, "shot", 10_000, row)).items():
            if name in place:
                units[row, place[name]] = value
    return units
