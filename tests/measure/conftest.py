"""Aligned real faces with their landmarks, for what measures faces."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fet_core.params import Align

_PARAMS = Align(
    size=128,
    eye_distance=0.3,
    eye_height=0.35,
    scales=[0.5, 1.0, 2.0],
    several_faces="reject",
    max_reject_share=0.2,
)
_PEOPLE = ("001", "002", "003", "004", "006")


@dataclass(frozen=True)
class Shot:
    """An aligned face [128, 128, 3] and the points [68, 2] of the full-size picture on it."""

    person: str
    expression: str
    picture: np.ndarray
    points: np.ndarray


@pytest.fixture(scope="session")
def shots(london: Path, finder: Any) -> list[Shot]:
    """Five people, each neutral and then happy."""
    from fet_core.data.aligned import Face, align_face
    from fet_core.data.pictures import read_picture
    from fet_core.geometry.align import apply_points

    found = []
    folders = {"neutral_front": "neutral", "smiling_front": "happy"}
    for person, folder in product(_PEOPLE, folders):
        (path,) = (london / folder).glob(f"{person}_*.jpg")
        picture = read_picture(path, 3)
        face = align_face(finder, picture, _PARAMS)
        assert isinstance(face, Face)
        points = apply_points(face.matrix, finder.points(picture, face.box.as_list()))
        found.append(Shot(person, folders[folder], face.picture, points))
    return found
