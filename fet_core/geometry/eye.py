"""The eye of `fet transfer`: the mesh finds tilted and turned faces, dlib reads 68 points.

dlib's predictor is the better reader of expressions, but its detector sees frontal, upright faces
alone, and the box that it gives jumps by a tenth of its side. So each face that the mesh finds is
cut out upright at one size, with the box where dlib's own detector has it on average. The mesh
itself reads where dlib is not installed or not wanted, as its weights are free for any use; and it
may say how far lips part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.geometry.align import apply_points, mean_points
from fet_core.geometry.landmarks import EYES, FaceFinder, has_dlib
from fet_core.geometry.mesh import Mesh, MeshFinder, shrunk
from fet_core.geometry.mesh_points import MeshReader
from fet_core.geometry.parting import is_heard, parted_as

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]

AUTO = "auto"

_SIDE = 320  # of the picture that is read
_BOX = 150  # side of the face's box in it
_WIDE = 0.944  # of dlib's box over the longer side of the mesh
_DOWN = 0.026  # its middle below the mesh's, in the same unit
_DEEP = 0.35  # its place between the front and the back of the mesh

_SCALES = (0.5, 1.0, 2.0)
_WIDEST_VIEW = 6000

_TOP, _CHIN, _RIGHT, _LEFT = 10, 152, 33, 263


@dataclass(frozen=True)
class Found:
    """A face that was found in a picture.

    Attributes:
        box: left, top, right, bottom in the picture's pixels.
        matrix: [2, 3] from the picture's pixels to those in which dlib reads; None for a face of
            dlib's own detector, which is read where it is.
        mesh: what the mesh found.
    """

    box: Box
    matrix: Floats | None = None
    mesh: Mesh | None = None


@dataclass(frozen=True)
class Cut:
    """What is read of a picture for one face.

    Attributes:
        picture: [H, W] or [H, W, 3] uint8.
        box: left, top, right, bottom in it, where dlib would have found the face.
        matrix: [2, 3] from the whole picture's pixels to its own.
        mesh: left, top, right, bottom of the mesh in it; None of a face of dlib's own detector.
    """

    picture: Picture
    box: tuple[int, int, int, int]
    matrix: Floats
    mesh: Box | None = None


def choose_eye(name: str) -> str:
    """Who reads faces, of `EYES`, if "auto" may say so; `UserError` where there is no such eye."""
    if name == AUTO:
        return EYES[0] if has_dlib() else EYES[1]
    if name not in EYES:
        raise UserError(f'there is no eye "{name}"; choose auto, {" or ".join(EYES)}')
    return name


class Eye:
    """Finds faces and reads their landmarks. Not to be shared between threads.

    dlib's detector adds the faces that the mesh does not find; without the mesh's models it finds
    all, if they are upright and look at the camera. The eye "mesh" does without dlib.

    Args:
        name: who reads, of `EYES`; or "auto", which is dlib where it is installed.
        readings: boxes whose mean dlib reads, each in the picture and in its mirror.
        parting: whether lips part further where the mesh sees more between them than dlib, which
            takes teeth for a part of a lip.

    Attributes:
        name: of `EYES`.

    Raises:
        UserError: there is no such eye, or what it needs is not installed.
    """

    def __init__(self, name: str = "auto", readings: int = 12, parting: bool = False) -> None:
        self.name = choose_eye(name)
        self._readings = readings
        self._parting: MeshReader | None = None
        self._meshes: MeshFinder | None = None
        if self.name == EYES[0]:
            self._dlib = FaceFinder()
            try:
                self._meshes = meshes = MeshFinder()
                self._parting = MeshReader(meshes) if parting else None
            except UserError:
                pass
        else:
            self._meshes = meshes = MeshFinder()
            self._reader = MeshReader(meshes)

    @property
    def half_blind(self) -> bool:
        """Whether the mesh's models are missing, so that dlib's detector finds all faces."""
        return self._meshes is None

    def find(self, picture: Picture) -> list[Found]:
        """All faces of a picture [H, W] or [H, W, 3] uint8, from left to right."""
        found: list[Found] = []
        if self._meshes is not None:
            found = [_found(mesh) for mesh in self._meshes.meshes(picture)]
        if self.name == EYES[0]:
            found += self._others(picture, found)
        return sorted(found, key=lambda one: (one.box[0] + one.box[2], one.box[1]))

    def _others(self, picture: Picture, known: Sequence[Found]) -> list[Found]:
        """The faces of dlib's detector that are not known yet."""
        small = min(_SCALES[0], _WIDEST_VIEW / max(picture.shape[:2]))
        # In a picture of many the mesh's detectors miss the small ones.
        scales = (small, 1.0) if known else (small, *_SCALES[1:])
        found: list[Found] = []
        for one in self._dlib.boxes(picture, scales):
            box = (float(one.left), float(one.top), float(one.right), float(one.bottom))
            if not any(_meet(box, other.box) for other in (*known, *found)):
                found.append(Found(box))
        return found

    def follow(self, picture: Picture, before: Found) -> Found | None:
        """A face of a film's last picture in the next one; None where it has to be found again."""
        if self._meshes is None or before.mesh is None:
            return None
        mesh = self._meshes.follow(picture, before.mesh)
        return None if mesh is None else _found(mesh)

    def read(self, picture: Picture, face: Found, grow: Floats | None = None) -> Floats:
        """The 68 landmarks [68, 2] of a face in the picture's pixels; `grow` as for `cut_out`."""
        return self.read_cut(cut_out(picture, face, grow))

    def read_cut(self, cut: Cut) -> Floats:
        """The same of what was cut out, in the whole picture's pixels."""
        if self.name == EYES[0]:
            read = mean_points(self._dlib, cut.picture, cut.box, self._readings)
            points = read.astype(np.float64)
            if self._parting is not None and cut.mesh is not None and is_heard(points):
                mesh = self._parting.mesh_alone(cut.picture, *_square(cut.mesh))
                points = parted_as(points, mesh)
        else:
            points = self._reader.points(cut.picture, *_square(cut.mesh or cut.box))
        return (points - cut.matrix[:, 2]) @ np.linalg.inv(cut.matrix[:, :2]).T


def portrait_eye(name: str = AUTO) -> Eye:
    """The eye with which `fet transfer` looks at photographs; `UserError` as `Eye`."""
    return Eye(name, parting=True)


def cut_out(picture: Picture, face: Found, grow: Floats | None = None) -> Cut:
    """What is read of a face: a part of the picture, upright and of one size; else all of it.

    Args:
        picture: [H, W] or [H, W, 3] uint8.
        face: of this picture or of a larger one, which dlib's own detector has not found.
        grow: [2, 3] from this picture's pixels to the larger one's.
    """
    if face.matrix is None:
        left, top, right, bottom = (round(side) for side in face.box)
        return Cut(picture, (left, top, right, bottom), np.eye(2, 3))
    low, high = (_SIDE - _BOX) // 2, (_SIDE + _BOX) // 2
    mesh = (
        None if face.mesh is None else _box_of(apply_points(face.matrix, face.mesh.points[:, :2]))
    )
    matrix = face.matrix if grow is None else face.matrix @ np.vstack([grow, [0, 0, 1]])
    return Cut(_warped(picture, matrix), (low, low, high, high), matrix, mesh)


def _found(mesh: Mesh) -> Found:
    return Found(_box_of(mesh.points[:, :2]), upright(mesh.points), mesh)


def _box_of(points: Floats) -> Box:
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _square(box: Box) -> tuple[Floats, float]:
    """Middle [2] and longer side of a box."""
    left, top, right, bottom = box
    return np.array([left + right, top + bottom]) / 2, max(right - left, bottom - top)


def _meet(one: Box, other: Box) -> bool:
    """Whether the middle of either box lies in the other."""

    def inside(a: Box, b: Box) -> bool:
        x, y = (a[0] + a[2]) / 2, (a[1] + a[3]) / 2
        return b[0] <= x <= b[2] and b[1] <= y <= b[3]

    return inside(one, other) or inside(other, one)


def upright(mesh: Floats) -> Floats:
    """[2, 3] from a picture's pixels to those of the picture that is read.

    Args:
        mesh: [468, 3], see `fet_core.geometry.mesh.Mesh`.
    """
    across = _unit(mesh[_LEFT] - mesh[_RIGHT])
    down = mesh[_CHIN] - mesh[_TOP]
    down = _unit(down - across * (across @ down))
    axes = np.stack([across, down, np.cross(across, down)])
    own = mesh @ axes.T
    low, high = own.min(axis=0), own.max(axis=0)
    size = max(float((high - low)[:2].max()), 1e-6)
    middle = (low + high) / 2
    middle[1] += _DOWN * size
    middle[2] = low[2] + _DEEP * (high - low)[2]
    centre = (middle @ axes)[:2]
    # Level is what stands across the axis of the face, however it is turned.
    axis = _unit(down[:2])
    turn = _BOX / (_WIDE * size) * np.array([[axis[1], -axis[0]], [axis[0], axis[1]]])
    return np.concatenate([turn, (_SIDE / 2 - turn @ centre)[:, None]], axis=1)


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9))


def _warped(picture: Picture, matrix: Floats) -> Picture:
    """The upright cut; what lies outside of the picture repeats its border."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if scale < 0.5:
        picture, matrix = shrunk(picture, scale, matrix)
    cut = cv2.warpAffine(
        picture, matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(cut, np.uint8)
