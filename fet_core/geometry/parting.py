"""How far lips part by two readings: dlib takes teeth for a part of a lip, the mesh does not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fet_core.geometry.landmarks import eye_distance

Floats = NDArray[np.float64]

_INNER = (61, 62, 63), (67, 66, 65)
_OUTER = (50, 51, 52), (58, 57, 56)
_LIPS = (range(49, 54), range(61, 64)), (range(55, 60), range(65, 68))
_SIDES = -1, 1  # up and down
_HARDLY, _SURELY = 0.08, 0.16
"""Eye distances by which dlib's lips are apart: from the first on the mesh, which takes closed lips
for hardly open ones, is heard, and from the second on believed as far as it ever is."""

_BELIEVED = 0.6
"""Of what the mesh sees more: seen on photographs of laughter, dlib's lower lip ends on the teeth
and the mesh's within the lip."""


def is_heard(points: Floats) -> bool:
    """Whether the lips of dlib's points [68, 2] are far enough apart for the mesh to be asked."""
    return _gap(points, _down(points)) > _HARDLY * eye_distance(points)


def parted_as(points: Floats, mesh: Floats) -> Floats:
    """dlib's points, their lips further apart where the mesh sees more between them.

    Either lip moves as a whole, away from the other one, most in its middle; the corners stay.

    Args:
        points: [68, 2] as dlib reads them.
        mesh: [68, 2] as the mesh does, in the same pixels.
    """
    down = _down(points)
    gap = _gap(points, down)
    more = _gap(mesh, down) - gap
    share = gap / eye_distance(points) - _HARDLY
    share = _BELIEVED * float(np.clip(share / (_SURELY - _HARDLY), 0, 1))
    if share == 0 or more <= 0:
        return points
    off = (mesh - points) @ down
    # The upper lip goes up and the lower one down, or not at all.
    inner, outer = (
        [max(side * float(off[[*lip]].mean()), 0.0) for side, lip in zip(_SIDES, lips, strict=True)]
        for lips in (_INNER, _OUTER)
    )
    share *= min(1.0, more / max(sum(inner), 1e-9))
    width = max(float(np.linalg.norm(points[54] - points[48])), 1e-9)
    middle = (points[48] + points[54]) / 2
    along = np.clip((points - middle) @ [down[1], -down[0]] * 2 / width, -1, 1)
    moved = points.copy()
    for number, side in enumerate(_SIDES):
        outside, inside = (list(part) for part in _LIPS[number])
        for part, step in (inside, inner[number]), (outside, min(inner[number], outer[number])):
            moved[part] += side * share * step * (1 - along[part, None] ** 2) * down
    return moved


def _down(points: Floats) -> Floats:
    """[2] a unit vector across the mouth, towards the chin."""
    x, y = points[54] - points[48]
    return np.array([-y, x]) / max(float(np.hypot(x, y)), 1e-9)


def _gap(points: Floats, down: Floats) -> float:
    upper, lower = (points[[*lip]] for lip in _INNER)
    return float(((lower - upper) @ down).mean())
