"""What was read and fitted, drawn over a photograph."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.shape import Shapes, fitter
from fet_core.geometry.landmarks import LINES, eye_distance

Picture = NDArray[np.uint8]

_FITTED, _READ, _AHEAD = (80, 220, 120), (255, 230, 60), (240, 80, 60)
_FINE = 8  # binary digits of a pixel


def drawn(picture: Picture, shapes: Shapes) -> Picture:
    """[H, W, 3] with the fitted face as lines, the points as dots, and where each face looks.

    Args:
        picture: [H, W] or [H, W, 3] uint8.
        shapes: of its faces.
    """
    made = np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture.copy()
    fit = shapes.fit
    fitted = fit.place(fitter(shapes.eye).model.points(fit.identity, fit.units))
    nose = fit.place(np.tile([[[0.0, -0.6, 0.5], [0.0, -0.6, 1.5]]], (len(fit.scale), 1, 1)))
    for points, lines, ahead in zip(shapes.points, fitted, nose, strict=True):
        thick = max(round(eye_distance(points) / 60), 1)
        for part, closed in LINES:
            cv2.polylines(
                made, [_fixed(lines[list(part)])], closed, _FITTED, thick, cv2.LINE_AA, _FINE
            )
        for point in _fixed(points):
            cv2.circle(made, point.tolist(), thick << _FINE, _READ, -1, cv2.LINE_AA, _FINE)
        one, other = _fixed(ahead).tolist()
        cv2.arrowedLine(made, one, other, _AHEAD, thick, cv2.LINE_AA, _FINE, 0.15)
    return np.asarray(made, np.uint8)


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.round(points * (1 << _FINE)).astype(np.int32)
