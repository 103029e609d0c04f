"""Whole photographs through a FET+ that somebody has trained: the file of `fet export`."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fet_core.acceleration import Acceleration
from fet_core.errors import UserError
from fet_core.face3d.bank import Lender
from fet_core.face3d.borrow import is_grey
from fet_core.face3d.face import Face
from fet_core.face3d.mouth import bring
from fet_core.geometry.align import (
    Matrix,
    alignment,
    apply_picture,
    apply_points,
    face_mask,
    paste,
)
from fet_core.geometry.raster import choose_device, to_bytes, to_float
from fet_core.nets.plus_file import load_plus
from fet_core.nets.warping import faded

Picture = NDArray[np.uint8]

_FINER = 1.5  # aligned pixels for each of the photograph's, as what is moved is sampled twice
_LARGEST_FACE = 2048


class Trained:
    """Φ+ and Ω+ on the aligned face, pasted back.

    Args:
        model: a file that `fet export` has written.
        device: auto, cpu or cuda.

    Raises:
        UserError: the model or the device cannot be used.
    """

    def __init__(self, model: Path, device: str = "auto") -> None:
        self._path = model
        self._device = choose_device(device)
        self._how = Acceleration.of(self._device)
        self._plus = load_plus(model, self._device)

    @property
    def readings(self) -> int:
        """How many readings of dlib's points the model was trained with."""
        return self._plus.alignment.readings

    @property
    def eye(self) -> str:
        """Who has read the points that it was trained with, dlib or mesh."""
        return self._plus.alignment.eye

    def __call__(
        self, source: Face, target: Face, intensity: float, mouth: str = "auto"
    ) -> Picture:
        """The target's whole picture with the source's expression.

        What a mouth shows that the target's does not comes from the source; it is painted where
        that shows none either, or is grey and the target is not.

        Raises:
            UserError: a face's eyes are at one place, or the model's numbers lead nowhere.
        """
        size = self._plus.alignment.size
        side = self._side(target)
        source_points = apply_points(self._matrix(source, size), source.points)
        points = apply_points(self._matrix(target, size), target.points)
        found, own = self._tensor(source_points), self._tensor(points)
        wanted = self._plus.points(found, own, intensity)
        if not ((wanted - own).abs() < size).all():
            raise self._useless("moves points farther than a face is wide")
        grow = side / size
        own, wanted = ((p + 0.5) * grow - 0.5 for p in (own, wanted))
        matrix = self._matrix(target, side)
        photo = apply_picture(matrix, target.picture, side)
        made = self._made(photo, own, wanted)
        if is_grey(photo) or not is_grey(source.picture):  # grey teeth stand out in colours
            at, its = (one[0].double().cpu().numpy() for one in (wanted, own))
            bring(made, at, Lender(source.picture, source.points), Lender(photo, its))
        return paste(target.picture, made, matrix)

    def _matrix(self, face: Face, size: int) -> Matrix:
        how = self._plus.alignment
        try:
            return alignment(face.points, size, how.eye_distance, how.eye_height)
        except ValueError as error:
            raise UserError(
                f"the face in {face.name} cannot be read ({error}); take another picture"
            ) from error

    def _useless(self, does: str) -> UserError:
        """What is said of weights each of which is a finite number, but whose result is none."""
        return UserError(
            f"the model {self._path} {does}, so that it is damaged or not trained; write it again "
            "with `fet export`"
        )

    def _side(self, face: Face) -> int:
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

        Backgrounds are unlike those of the training, so that what is painted on them is a stain.
        """
        photo = torch.from_numpy(planes.transpose(2, 0, 1).copy())[None].to(self._device)
        net, side = self._plus.transfer, len(planes)
        field = faded(net.motion(points, wanted, side))
        with self._how.autocast():
            made = net(to_float(photo), points, wanted, field)
        outline = face_mask(torch.cat([points, wanted]).cpu().numpy(), side)
        picture = torch.lerp(made.moved, made.picture, torch.from_numpy(outline).to(self._device))
        if not torch.isfinite(picture).all():
            raise self._useless("makes numbers that are not finite")
        return to_bytes(picture)[0].permute(1, 2, 0).cpu().numpy()
