"""A whole photograph with the expression of another one: FET+ for users of the library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fet_core.data.pictures import describe, read_picture
from fet_core.errors import UserError
from fet_core.files import check_file
from fet_core.geometry.align import (
    Matrix,
    alignment,
    apply_picture,
    apply_points,
    face_mask,
    mean_points,
    paste,
    soft_mask,
)
from fet_core.geometry.landmarks import Box, FaceFinder
from fet_core.geometry.raster import choose_device, to_bytes, to_float
from fet_core.nets.weights import load_plus

Picture = NDArray[np.uint8]
"""[H, W] grey or [H, W, 3] RGB, 0 to 255."""

MAX_INTENSITY = 2.0

_SCALES = (0.5, 1.0, 2.0)
_WIDEST_VIEW = 6000
_LONGEST_SIDE = 32_766  # of a picture that OpenCV can warp
_FINER = 1.5  # aligned pixels for each of the photograph's, as what is moved is sampled twice
_LARGEST_FACE = 2048
_STILL = 0.1  # share of the aligned side over which motion fades out towards the border


@dataclass(frozen=True)
class _Face:
    name: str
    picture: Picture
    points: NDArray[np.float32]


class Transfer:
    """Gives the face in one photograph the expression of the face in another.

    The model and the detector are loaded once. Not to be shared between threads.

    Args:
        model: a file that `fet export` has written; None takes the shipped weights.
        device: auto, cpu or cuda; auto takes a GPU where there is one.

    Raises:
        UserError: the model or the device cannot be used, or dlib is not installed.
    """

    def __init__(self, model: str | Path | None = None, device: str = "auto") -> None:
        self._device = choose_device(device)
        self._plus = load_plus(None if model is None else Path(model), self._device)
        self._finder = FaceFinder()

    def __call__(
        self,
        source: str | Path | Picture,
        target: str | Path | Picture,
        intensity: float = 1.0,
        source_face: int | None = None,
        target_face: int | None = None,
    ) -> Picture:
        """The target's photograph with the source's expression.

        Args:
            source: whose expression to take, a file or uint8 [H, W] or [H, W, 3] RGB, 0 to 255.
            target: whose face to change, as `source`.
            intensity: 0 keeps the target's expression, 1 takes the source's, up to 2 exaggerates.
            source_face: which of several faces to take, 1 being the leftmost; None: the only one.
            target_face: the same for the target.

        Returns:
            uint8 of the target's shape; its own pixels wherever they are not near the face, and
            everywhere if the intensity is 0 or source and target are the same face of one picture.

        Raises:
            UserError: a picture cannot be used, or has no face or more than one and none is chosen,
                or the intensity is not from 0 to 2.
        """
        if not 0 <= intensity <= MAX_INTENSITY:
            raise UserError(
                f"the intensity is {intensity}; choose one from 0 (the target's own expression) "
                f"over 1 (the source's) to {MAX_INTENSITY:g} (exaggerated)"
            )
        wanted_from = self._find(source, "source", source_face)
        face = self._find(target, "target", target_face)
        if intensity == 0 or _same(wanted_from, face):
            return face.picture.copy()
        size = self._plus.alignment.size
        side = self._side(face)
        source_points = apply_points(self._matrix(wanted_from, size), wanted_from.points)
        points = apply_points(self._matrix(face, size), face.points)
        found, own = self._tensor(source_points), self._tensor(points)
        wanted = self._plus.points(found, own, intensity)
        grow = side / size
        own, wanted = ((p + 0.5) * grow - 0.5 for p in (own, wanted))
        matrix = self._matrix(face, side)
        made = self._made(apply_picture(matrix, face.picture, side), own, wanted)
        return paste(face.picture, made, matrix)

    def _find(self, given: str | Path | Picture, role: str, number: int | None) -> _Face:
        """One face of a picture with its 68 landmarks in that picture's pixels."""
        picture = open_picture(given)
        height, width = picture.shape[:2]
        name = f"{'the ' + role if isinstance(given, np.ndarray) else given} ({width}×{height})"
        if max(height, width) > _LONGEST_SIDE:
            raise UserError(
                f"{name} is too long; make it smaller, at most {_LONGEST_SIDE} pixels a side"
            )
        small = min(_SCALES[0], _WIDEST_VIEW / max(height, width))
        boxes = self._finder.boxes(picture, (small, *_SCALES[1:]))
        box = _chosen(boxes, name, role, number)
        points = mean_points(self._finder, picture, box.as_list(), self._plus.alignment.readings)
        return _Face(name, picture, points)

    def _matrix(self, face: _Face, size: int) -> Matrix:
        how = self._plus.alignment
        try:
            return alignment(face.points, size, how.eye_distance, how.eye_height)
        except ValueError as error:
            raise UserError(
                f"the face in {face.name} cannot be read ({error}); take another picture"
            ) from error

    def _side(self, face: _Face) -> int:
        """Side at which a face is cut out: what keeps its sharpness, the model's own at least."""
        size = self._plus.alignment.size
        scale = math.sqrt(np.linalg.det(self._matrix(face, size)[:, :2]))
        return max(size, min(math.ceil(_FINER * size / scale), _LARGEST_FACE))

    def _tensor(self, points: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(points[None].astype(np.float32)).to(self._device)

    def _made(self, photo: Picture, points: Tensor, wanted: Tensor) -> Picture:
        """An aligned face through Ω+, with its own channels whatever those of the model are."""
        colour = photo.ndim == 3
        if self._plus.channels == 1 and colour:
            # A grey model moves brightness; the colours stay where they are.
            parts = np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2YCrCb), dtype=np.uint8)
            parts[:, :, 0] = self._run(parts[:, :, :1], points, wanted)[:, :, 0]
            return np.asarray(cv2.cvtColor(parts, cv2.COLOR_YCrCb2RGB), dtype=np.uint8)
        if colour:
            return self._run(photo, points, wanted)
        planes = np.repeat(photo[:, :, None], self._plus.channels, axis=2)
        made = self._run(planes, points, wanted)
        return np.rint(made.mean(axis=2)).astype(np.uint8)

    @torch.no_grad()
    def _run(self, planes: Picture, points: Tensor, wanted: Tensor) -> Picture:
        """[S, S, C] through Ω+, which paints on the face alone.

        The landmarks' motion fades out towards the border: with motion there, hair and ears would
        show twice where the face is blended with the photograph that has not moved. Backgrounds
        are unlike those of the training, so that what is painted on them is a stain.
        """
        photo = torch.from_numpy(planes.transpose(2, 0, 1).copy())[None].to(self._device)
        net, side = self._plus.transfer, len(planes)
        field = net.motion(points, wanted, side)
        axis = np.arange(field.shape[-1])
        still = soft_mask(axis[None, :], axis[:, None], len(axis), _STILL)
        made = net(to_float(photo), points, wanted, field * torch.from_numpy(still).to(field))
        outline = face_mask(torch.cat([points, wanted]).cpu().numpy(), side)
        picture = torch.lerp(made.moved, made.picture, torch.from_numpy(outline).to(self._device))
        return to_bytes(picture)[0].permute(1, 2, 0).cpu().numpy()


def open_picture(given: str | Path | Picture) -> Picture:
    """A picture as it is or from a file, upright; grey stays grey, transparency lies over white.

    Args:
        given: a file, or uint8 [H, W] or [H, W, 3] RGB, 0 to 255.

    Raises:
        UserError: there is no such picture, or it cannot be used.
    """
    if not isinstance(given, np.ndarray):
        path = Path(given)
        check_file(path, "there is no picture", "name a PNG or JPEG file")
        return read_picture(path, describe(path).channels)
    grey, rgb = given.ndim == 2, given.ndim == 3 and given.shape[2] == 3
    if given.dtype != np.uint8 or not (grey or rgb) or given.size == 0:
        raise UserError(
            f"a picture is {given.dtype} {list(given.shape)}; "
            "give uint8 [H, W] or [H, W, 3] with values 0 to 255"
        )
    return np.ascontiguousarray(given)


def beside(pictures: Sequence[Picture]) -> Picture:
    """Pictures in a row, all as high as the last, in colour if any of them is.

    Args:
        pictures: each [H, W] or [H, W, 3] uint8.
    """
    height = len(pictures[-1])
    colour = any(picture.ndim == 3 for picture in pictures)
    row = []
    for picture in pictures:
        if len(picture) != height:
            width = max(round(picture.shape[1] * height / len(picture)), 1)
            way = cv2.INTER_AREA if len(picture) > height else cv2.INTER_CUBIC
            picture = np.asarray(cv2.resize(picture, (width, height), interpolation=way), np.uint8)
        if colour and picture.ndim == 2:
            picture = np.repeat(picture[:, :, None], 3, axis=2)
        row.append(picture)
    return np.concatenate(row, axis=1)


def _same(one: _Face, other: _Face) -> bool:
    """Whether two faces are one, in pictures of the same pixels."""
    return np.array_equal(one.picture, other.picture) and np.array_equal(one.points, other.points)


def _chosen(boxes: Sequence[Box], name: str, role: str, number: int | None) -> Box:
    """The face to take, by its number from left to right."""
    if not boxes:
        raise UserError(
            f"no face was found in {name}; take a picture that shows one from the front, upright, "
            "uncovered and at least 50 pixels wide"
        )
    option = f"--{role}-face ({role}_face in Python)"
    if number is None and len(boxes) > 1:
        raise UserError(
            f"{len(boxes)} faces were found in {name}; choose one with {option}, "
            f"1 to {len(boxes)} from left to right, or cut the picture to the one that you mean"
        )
    if number is not None and not 1 <= number <= len(boxes):
        raise UserError(
            f"there is no face {number} among the {len(boxes)} found in {name}; "
            f"choose with {option} from 1, the leftmost, to {len(boxes)}"
        )
    ordered = sorted(boxes, key=lambda box: (box.left + box.right, box.top))
    return ordered[(number or 1) - 1]
