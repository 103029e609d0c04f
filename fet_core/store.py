"""The device, and all pictures and landmarks of a data set on it, indexed and mirrored there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from fet_core.errors import UserError
from fet_core.faces.facearray import open_faces
from fet_core.faces.heatmap import draw, rescale

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Store:
    """Pictures and landmarks of samples.parquet; every method takes its row numbers.

    Attributes:
        faces: [N, C, S, S] uint8, each picture once.
        row: [M] int64, the picture of each sample.
        flipped: [M] bool, whether it is read right to left.
        points: [M, 68, 2] float32, pixels of the (possibly mirrored) picture.
        expression: [M] int64, number in `fet_core.tables.EXPRESSIONS`.
        person: [M] int64, 0, 1, … in the order of the subjects' names.
    """

    faces: Tensor
    row: Tensor
    flipped: Tensor
    points: Tensor
    expression: Tensor
    person: Tensor

    @classmethod
    def open(cls, faces: Path, samples: pa.Table, device: torch.device) -> Store:
        """Put a data set on the device.

        Args:
            faces: faces.npy, uint8 [N, S, S, C].
            samples: with the schema `fet_core.tables.SAMPLES`.
            device: where the tensors go.

        Raises:
            UserError: faces.npy is missing or does not fit the samples.
        """
        # Here, as a photograph goes without tables and what reads them.
        from fet_core.tables import EXPRESSIONS, POINTS

        array = open_faces(faces)
        rows = samples["row"].to_numpy()
        if len(rows) and rows.max() >= len(array):
            raise UserError(
                f"{faces} does not fit the samples ({array.dtype} {list(array.shape)}, rows up to "
                f"{rows.max()}); run `fet align`, `fet landmarks` and `fet augment` again"
            )
        points = np.stack(samples["points"].to_numpy(zero_copy_only=False))
        points = points.astype(np.float32).reshape(-1, POINTS, 2)
        number = {name: index for index, name in enumerate(EXPRESSIONS)}
        expression = [number[name] for name in samples["expression"].to_pylist()]
        person = np.unique(samples["subject"].to_pylist(), return_inverse=True)[1]
        return cls(
            faces=torch.from_numpy(np.array(array.transpose(0, 3, 1, 2), order="C")).to(device),
            row=torch.from_numpy(rows.astype(np.int64)).to(device),
            flipped=torch.tensor(samples["flipped"].to_pylist(), dtype=torch.bool, device=device),
            points=torch.from_numpy(points).to(device),
            expression=torch.tensor(expression, dtype=torch.int64, device=device),
            person=torch.from_numpy(person.astype(np.int64)).to(device),
        )

    @property
    def size(self) -> int:
        """Side of the pictures in pixels."""
        return self.faces.shape[-1]

    @property
    def channels(self) -> int:
        """1 (grey) or 3 (colour)."""
        return self.faces.shape[1]

    @property
    def device(self) -> torch.device:
        """Where the pictures are."""
        return self.faces.device

    def bytes(self, samples: Tensor) -> Tensor:
        """Pictures [B, C, S, S] uint8 of the samples [B] (int64)."""
        straight = self.faces[self.row[samples]]
        flipped = self.flipped[samples][:, None, None, None]
        return torch.where(flipped, straight.flip(3), straight)

    def pictures(self, samples: Tensor) -> Tensor:
        """Pictures [B, C, S, S] float32, -1 to 1, of the samples [B] (int64)."""
        return to_float(self.bytes(samples))

    def landmark_images(self, samples: Tensor, size: int, sigma: float) -> Tensor:
        """Landmark images [B, 1, size, size], -1 to 1.

        Args:
            samples: [B] int64.
            size: side of the landmark image.
            sigma: of a spot as a share of `size`.
        """
        return self.draw(self.points[samples], size, sigma)

    def draw(self, points: Tensor, size: int, sigma: float) -> Tensor:
        """Landmark images [B, 1, size, size], -1 to 1, of points [B, 68, 2] in picture pixels.

        Args:
            points: float32.
            size: side of the landmark image.
            sigma: of a spot as a share of `size`.
        """
        return draw(rescale(points, self.size, size), size, sigma * size)


def choose_device(name: str) -> torch.device:
    """The device called auto, cpu, cuda or cuda:N; auto is a GPU where there is one.

    Raises:
        UserError: an unknown name, or a GPU where there is none.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UserError(f'there is no device "{name}"; say auto, cpu or cuda') from error
    if device.type not in ("cpu", "cuda"):
        raise UserError(f'the device "{name}" is not supported; say auto, cpu or cuda')
    if device.type == "cuda" and not torch.cuda.is_available():
        raise UserError(f'torch sees no GPU for "--device {name}"; say --device cpu or auto')
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UserError(
            f"there is no {name}: torch sees {torch.cuda.device_count()} GPUs, counted from 0"
        )
    return device


def to_float(pictures: Tensor) -> Tensor:
    """uint8 0 to 255 to float32 -1 to 1."""
    return pictures.float().div(127.5).sub(1)


def to_bytes(pictures: Tensor) -> Tensor:
    """float -1 to 1 (values beyond are cut) to uint8 0 to 255, rounded."""
    return pictures.float().clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)
