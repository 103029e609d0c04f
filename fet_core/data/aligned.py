"""The face of one picture: found and read by dlib or by the mesh, and brought to its place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fet_core.geometry.align import Matrix, alignment, apply_picture
from fet_core.geometry.eye import Eye, Found
from fet_core.geometry.landmarks import Box, FaceFinder, choose
from fet_core.params import Align


@dataclass(frozen=True)
class Face:
    """An aligned face [S, S, C] uint8; of its picture: matrix, box, points [68, 2] in pixels."""

    picture: NDArray[np.uint8]
    matrix: Matrix
    box: Box
    points: NDArray[np.float32]


def make_finder(eye: str) -> FaceFinder | Eye:
    """Who finds faces and reads their points for `landmarks.eye`; one a process.

    Args:
        eye: "dlib", its detector and predictor; "mesh", which does without dlib.

    Raises:
        UserError: what it needs is not installed.
    """
    return FaceFinder() if eye == "dlib" else Eye(eye)


def align_face(finder: FaceFinder | Eye, picture: NDArray[np.uint8], params: Align) -> Face | str:
    """The aligned face of one picture, or the reason why there is none.

    Args:
        finder: this process's, of `make_finder`.
        picture: [H, W] or [H, W, 3] uint8.
        params: size, places of the eyes, dlib's ladder of scales, what to do about several faces.
    """
    if isinstance(finder, Eye):
        found = {_box(one): one for one in finder.find(picture)}
        box = choose([*found], params.several_faces)
        if isinstance(box, str):
            return box
        points = finder.read(picture, found[box]).astype(np.float32)
    else:
        box = choose(finder.boxes(picture, params.scales), params.several_faces)
        if isinstance(box, str):
            return box
        points = finder.points(picture, box.as_list())
    try:
        matrix = alignment(points, params.size, params.eye_distance, params.eye_height)
    except ValueError as error:
        return str(error)
    aligned = apply_picture(matrix, picture, params.size)
    return Face(aligned.reshape(params.size, params.size, -1), matrix, box, points)


def _box(face: Found) -> Box:
    left, top, right, bottom = (round(side) for side in face.box)
    return Box(left, top, right, bottom, 1.0)
