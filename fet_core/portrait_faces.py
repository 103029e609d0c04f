"""Which of a photograph's faces is meant, and how a user is shown their numbers."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.face3d.face import Face
from fet_core.geometry.eye import Box, Eye, Found
from fet_core.geometry.mesh import INSTALL

Picture = NDArray[np.uint8]

_LONGEST_SIDE = 32_766  # of a picture that OpenCV can warp

_LINE, _EDGE = (255, 255, 255), (0, 0, 0)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


class SeveralFacesError(UserError):
    """A picture has several faces, and which is meant is not said or is none of them.

    Attributes:
        role: what the picture is, as "target".
    """

    def __init__(self, message: str, role: str) -> None:
        super().__init__(message)
        self.role = role


def find_face(eye: Eye, picture: Picture, role: str, number: int | None, name: str) -> Face:
    """One face of a picture with its 68 landmarks in that picture's pixels.

    Args:
        eye: finds and reads it.
        picture: [H, W] or [H, W, 3] uint8.
        role: as of `chosen`.
        number: which of several faces, 1 being the leftmost; None: the only one.
        name: of the picture, for messages.

    Raises:
        SeveralFacesError: it has more than one and none is chosen.
        UserError: it is too long or has none.
    """
    name, faces = _found(eye, picture, name)
    face = chosen(faces, name, role, number)
    return Face(name, picture, eye.read(picture, face), face, eye.name)


def read_all(eye: Eye, picture: Picture, name: str) -> list[Face]:
    """All faces of a picture, from left to right; arguments and errors as of `find_face`."""
    name, found = _found(eye, picture, name)
    names = [f"{name}, number {number} from the left," for number in range(1, len(found) + 1)]
    return [
        Face(own if len(found) > 1 else name, picture, eye.read(picture, face), face, eye.name)
        for own, face in zip(names, found, strict=True)
    ]


def _found(eye: Eye, picture: Picture, name: str) -> tuple[str, list[Found]]:
    """The picture's name with its size, and its faces, one at least."""
    height, width = picture.shape[:2]
    name = f"{name} ({width}×{height})"
    if max(height, width) > _LONGEST_SIDE:
        raise UserError(
            f"{name} is too long; make it smaller, at most {_LONGEST_SIDE} pixels a side"
        )
    faces = eye.find(picture)
    if not faces and eye.half_blind:
        raise UserError(
            f"no face was found in {name}; tilted and turned ones are found with the face "
            f"mesh's models: `{INSTALL}`"
        )
    if not faces:
        raise UserError(
            f"no face was found in {name}; take a picture that shows one that looks at the camera "
            "or halfway past it, uncovered and at least 50 pixels wide"
        )
    return name, faces


def chosen(faces: Sequence[Found], name: str, role: str, number: int | None) -> Found:
    """The face to take, by its number from left to right.

    Args:
        faces: all that were found in a picture, one at least.
        name: of the picture, for messages.
        role: what the picture is, which the option is called after, as "target"; "photo" where
            there is no other.
        number: 1 is the leftmost; None takes the only one.

    Raises:
        SeveralFacesError: there are several and no number, or there is none of that number.
    """
    option = "--face (face in Python)"
    if role != "photo":
        option = f"--{role}-face ({role}_face in Python)"
    if number is None and len(faces) > 1:
        raise SeveralFacesError(
            f"{len(faces)} faces were found in {name}; choose one with {option}, "
            f"1 to {len(faces)} from left to right, or cut the picture to the one that you "
            "mean",
            role,
        )
    if number is not None and not 1 <= number <= len(faces):
        raise SeveralFacesError(
            f"there is no face {number} among the {len(faces)} found in {name}; "
            f"choose with {option} from 1, the leftmost, to {len(faces)}",
            role,
        )
    return faces[(number or 1) - 1]


def numbered(picture: Picture, boxes: Sequence[Box]) -> Picture:
    """[H, W] or [H, W, 3] with a box around each face, and its number from 1 in the box's corner.

    Args:
        picture: [H, W] or [H, W, 3] uint8.
        boxes: left, top, right, bottom of each face in the picture's pixels.
    """
    made = picture.copy()
    for number, box in enumerate(boxes, 1):
        left, top, right, bottom = (round(side) for side in box)
        thick = max(round((right - left) / 60), 1)
        # White on black, so that it is seen on whatever lies below.
        for colour, width in ((_EDGE, 3 * thick), (_LINE, thick)):
            cv2.rectangle(made, (left, top), (right, bottom), colour, width)
        size, edge = max((right - left) / 120, 0.4), 3 * thick
        (wide, high), _ = cv2.getTextSize(str(number), _FONT, size, 2 * thick)
        # In the picture, where the box is not.
        left, top = max(left, 0), max(top, 0)
        corner = (left + wide + 2 * edge, top + high + 2 * edge)
        cv2.rectangle(made, (left, top), corner, _EDGE, cv2.FILLED)
        place = (left + edge, top + edge + high)
        cv2.putText(made, str(number), place, _FONT, size, _LINE, 2 * thick, cv2.LINE_AA)
    return made
