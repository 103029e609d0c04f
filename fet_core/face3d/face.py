"""A face that was found and read in a picture, and which of them are refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.face3d.light import Light
from fet_core.face3d.shape import Shapes, read_shapes
from fet_core.geometry.eye import Found
from fet_core.geometry.landmarks import EYES, eye_centres

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

_FURTHEST = 60.0  # degrees of yaw
_CUT = 0.1  # eye distances by which lips may lie outside of their picture
_WORST = 0.12  # error of the fit, in eye distances, from which on it is no face


@dataclass(frozen=True)
class Face:
    """A face in a picture.

    Attributes:
        name: of the picture, for messages.
        picture: [H, W] or [H, W, 3] uint8.
        points: [68, 2] its landmarks in its pixels.
        found: where it was found, for it to be read again after a change.
        eye: who read them, of `EYES`.
        light: that falls on it, where more is known than this picture tells.
    """

    name: str
    picture: Picture
    points: Floats
    found: Found | None = None
    eye: str = EYES[0]
    light: Light | None = None


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
    shapes = read_shapes(face.points[None], eye=face.eye)
    if shapes.fit.error[0] > _WORST:
        raise UserError(f"what was found in {face.name} is no face; take another picture")
    yaw = float(shapes.fit.angles()[0, 0])
    if abs(yaw) > _FURTHEST:
        raise UserError(
            f"the face in {face.name} is turned by {abs(yaw):.0f}°; take a picture in which it is "
            f"turned by {_FURTHEST:.0f}° at most"
        )
    return shapes
