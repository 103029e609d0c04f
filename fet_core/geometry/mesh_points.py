"""68 points of a face by MediaPipe's mesh and its eye model: free for any use, unlike dlib's."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.geometry.landmarks import mirror_points
from fet_core.geometry.mesh import (
    IRIS,
    MeshFinder,
    blob_of,
    crop_matrix,
    cropped,
    from_crop,
    mesh_folder,
)

Points = NDArray[np.float64]

ON_MESH = (
    127, 234, 147, 215, 172, 136, 149, 148, 152, 377, 378, 365, 397, 435, 401, 454, 356,
    70, 63, 105, 65, 55, 285, 295, 334, 293, 300, 168, 197, 5, 4, 75, 97, 2, 326, 305,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87,
)  # fmt: skip
"""The mesh's points that lie where those of iBUG 300-W do."""

_EYES = ((slice(36, 42), 33, 133, False), (slice(42, 48), 263, 362, True))
"""Of the right and of the left eye: its six points, the mesh's at its outer and inner corner, and
whether the model, which knows right eyes, sees it in a mirror."""

_AROUND_EYE = (0, 11, 13, 8, 5, 3)  # of the eye model's contour, in the order of a right eye's six
_MIRRORED = (3, 2, 1, 0, 5, 4)  # the order of a left eye's six
_EYE_SIDE = 64
_EYE_EXTENT = 2.3  # of its crop, in widths of the eye
_CONTOUR = "output_eyes_contours_and_brows"

_SHAKES = ((0.0, 0.0, 0.0), (0.03, -0.02, 0.05))
"""By how much crops are moved and larger, in sides of the mesh; each is read in both mirrorings."""


class MeshReader:
    """Reads 68 points where a mesh was found; not to be shared between threads.

    The mesh hardly sees lids move; the eye model does, so that the eyes' points are its.

    Args:
        finder: whose mesh it is.

    Raises:
        UserError: the models are not installed.
    """

    def __init__(self, finder: MeshFinder) -> None:
        self._finder = finder
        self._iris = cv2.dnn.readNetFromTFLite(str(mesh_folder() / IRIS))

    def points(self, picture: NDArray[np.uint8], middle: Points, side: float) -> Points:
        """The points [68, 2] of an upright face, the mean of four readings.

        Args:
            picture: [H, W] grey or [H, W, 3] RGB uint8.
            middle: [2] of its mesh in the picture's pixels.
            side: longer side of the mesh in pixels.
        """
        return self._mean(picture, middle, side, _SHAKES, True)

    def mesh_alone(self, picture: NDArray[np.uint8], middle: Points, side: float) -> Points:
        """As `points` in half of the time: the eyes' points are the mesh's, and two readings."""
        return self._mean(picture, middle, side, _SHAKES[:1], False)

    def _mean(
        self,
        picture: NDArray[np.uint8],
        middle: Points,
        side: float,
        shakes: Sequence[tuple[float, float, float]],
        eyes: bool,
    ) -> Points:
        picture = np.repeat(picture[:, :, None], 3, axis=2) if picture.ndim == 2 else picture
        width = picture.shape[1]
        mirrored = np.ascontiguousarray(picture[:, ::-1])
        read = []
        for right, down, larger in shakes:
            size = side * (1 + larger)
            x, y = middle + side * np.array([right, down])
            read.append(self._once(picture, np.array([x, y]), size, eyes))
            other = self._once(mirrored, np.array([width - 1 - x, y]), size, eyes)
            read.append(mirror_points(other, width))
        return np.asarray(np.mean(read, axis=0), np.float64)

    def _once(self, picture: NDArray[np.uint8], middle: Points, side: float, eyes: bool) -> Points:
        mesh = self._finder.read_at(picture, middle, np.array([1.0, 0.0]), side)[:, :2]
        points = mesh[list(ON_MESH)]
        for part, outer, inner, mirrored in _EYES if eyes else ():
            points[part] = self._eye(picture, mesh[outer], mesh[inner], mirrored)
        return points

    def _eye(
        self, picture: NDArray[np.uint8], outer: Points, inner: Points, mirrored: bool
    ) -> Points:
        """The six points [6, 2] of an eye between two corners."""
        along = (outer - inner) if mirrored else (inner - outer)
        wide = max(float(np.hypot(*along)), 1e-6)
        matrix = crop_matrix((outer + inner) / 2, along / wide, _EYE_EXTENT * wide, _EYE_SIDE)
        crop = cropped(picture, matrix, _EYE_SIDE)
        self._iris.setInput(blob_of(crop[:, ::-1] if mirrored else crop))
        seen = self._iris.forward(_CONTOUR).reshape(-1, 3)[list(_AROUND_EYE)].astype(np.float64)
        if mirrored:
            seen = seen[list(_MIRRORED)] * [-1, 1, 1] + [_EYE_SIDE - 1, 0, 0]
        return from_crop(seen, matrix)[:, :2]
