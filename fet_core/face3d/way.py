"""A photograph's face moved as another face moves, in space; no network paints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.face3d.fusion import load_fusion, parted, uncrossed
from fet_core.face3d.mouth import filled
from fet_core.face3d.shape import Shapes, move, read_shapes
from fet_core.face3d.warp import moved
from fet_core.geometry.landmarks import Embedder, eye_centres

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

_AROUND = 2.2  # of the cut around a face, in sizes of the fitted face to each side
_FURTHEST = 60.0  # degrees of yaw
_SURELY, _PERHAPS = 0.3, 0.45
"""Distance of embeddings below which two faces are one person's, and may be."""

_LITERAL = 0.75
_CUT = 0.1  # eye distances by which lips may lie outside of their picture
_WORST = 0.12  # error of the fit, in eye distances, from which on it is no face


@dataclass(frozen=True)
class Face:
    """A face in a picture.

    Attributes:
        name: of the picture, for messages.
        picture: [H, W] or [H, W, 3] uint8.
        points: [68, 2] dlib's landmarks in its pixels.
    """

    name: str
    picture: Picture
    points: Floats


def shape_of(face: Face) -> Shapes:
    """The face without its pose.

    Raises:
        UserError: it is turned too far, or the points are not those of a face.
    """
    right, left = eye_centres(face.points)
    if np.linalg.norm(left - right) < 1:
        raise UserError(
            f"the face in {face.name} cannot be read (both eyes are at the same place); take "
            "another picture"
        )
    height, width = face.picture.shape[:2]
    margin = _CUT * float(np.linalg.norm(left - right))
    lips = face.points[48:]
    if (lips < -margin).any() or (lips > [width - 1 + margin, height - 1 + margin]).any():
        raise UserError(
            f"the mouth of the face in {face.name} is cut off by the picture's border; take "
            "another picture"
        )
    shapes = read_shapes(face.points[None])
    if shapes.fit.error[0] > _WORST:
        raise UserError(f"what was found in {face.name} is no face; take another picture")
    yaw = float(shapes.fit.angles()[0, 0])
    if abs(yaw) > _FURTHEST:
        raise UserError(
            f"the face in {face.name} is turned by {abs(yaw):.0f}°; take a picture in which it is "
            f"turned by {_FURTHEST:.0f}° at most"
        )
    return shapes


class InSpace:
    """Φ in space, then the photograph's own pixels moved, then the source's mouth put in."""

    readings = 12

    def __init__(self) -> None:
        self._embedder = Embedder()

    def sameness(self, one: Face, other: Face) -> float:
        """1 where two faces are one person's beyond doubt, 0 where they may be two people's."""
        seen = [self._embedder.embed(face.picture, face.points) for face in (one, other)]
        distance = float(np.linalg.norm(seen[0] - seen[1]))
        return float(np.clip((_PERHAPS - distance) / (_PERHAPS - _SURELY), 0, 1))

    def wanted(self, source: Face, target: Face, intensity: float) -> Floats:
        """J_gen: the target's points [68, 2] with the source's expression, in its own pose.

        Where both are one person, what differs between them is what they do, and nothing has to be
        guessed; three quarters of it are taken, as it holds the errors of both readings too.
        """
        theirs, own = shape_of(source), shape_of(target)
        faces = theirs.frontal, own.frontal
        motion = load_fusion()(*faces)
        motion += _LITERAL * self.sameness(source, target) * (faces[0] - faces[1] - motion)
        motion = intensity * parted(motion, *faces)
        return move(own, uncrossed(motion, own.frontal))[0]

    def __call__(self, source: Face, target: Face, intensity: float) -> Picture:
        """The target's whole picture with the source's expression; `UserError` as `shape_of`."""
        wanted = self.wanted(source, target, intensity)
        height, width = target.picture.shape[:2]
        middle = target.points.mean(axis=0)
        reach = _AROUND * float(np.abs(target.points - middle).max())
        left, top = (max(int(value), 0) for value in middle - reach)
        right = min(int(middle[0] + reach) + 1, width)
        bottom = min(int(middle[1] + reach) + 1, height)
        cut = np.ascontiguousarray(target.picture[top:bottom, left:right])
        own, new = target.points - [left, top], wanted - [left, top]
        made = moved(cut, own, new)
        made = filled(made, own, new, source.picture, source.points)
        whole = target.picture.copy()
        whole[top:bottom, left:right] = made
        return whole
