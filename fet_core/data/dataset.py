"""A data set on a device: the pictures and landmarks of its samples as tensors."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray
from torch import Tensor

from fet_core import tables
from fet_core.data.frames import open_faces
from fet_core.errors import UserError
from fet_core.geometry.raster import draw, rescale, to_float
from fet_core.tables import EXPRESSIONS

LARGEST_COPY = 1 << 30
"""Bytes of faces.npy of which a copy is made in a CPU's memory; of a larger file each batch's
pictures are read when it comes. Of a file in the system's cache that takes twice as long: 14 ms
for 64 pictures of 256×256 in place of 8, of a training step of seconds."""


@dataclass(frozen=True)
class Dataset:
    """Pictures and landmarks of samples.parquet; every method takes its row numbers.

    Attributes:
        faces: [N, C, S, S] uint8, each picture once; on the CPU, and no more than a view of
            faces.npy, where they are too many for the device.
        row: [M] int64, the picture of each sample.
        flipped: [M] bool, whether it is read right to left.
        points: [M, 68, 2] float32, dlib's reading in pixels of the (possibly mirrored) picture.
        expression: [M] int64, number in `fet_core.tables.EXPRESSIONS`.
        person: [M] int64, 0, 1, … in the order of the subjects' names.
        mean: as `points`, the mean of many readings; None where nobody asks for it.
    """

    faces: Tensor
    row: Tensor
    flipped: Tensor
    points: Tensor
    expression: Tensor
    person: Tensor
    mean: Tensor | None = None

    @classmethod
    def open(cls, faces: Path, samples: pa.Table, device: torch.device) -> Dataset:
        """Put a data set on the device.

        Args:
            faces: faces.npy, uint8 [N, S, S, C].
            samples: with the schema `fet_core.tables.SAMPLES`.
            device: where the tensors go.

        Raises:
            UserError: faces.npy is missing or does not fit the samples.
        """
        array = open_faces(faces)
        rows = samples["row"].to_numpy()
        if len(rows) and rows.max() >= len(array):
            raise UserError(
                f"{faces} does not fit the samples ({array.dtype} {list(array.shape)}, rows up to "
                f"{rows.max()}); run `fet align`, `fet landmarks` and `fet augment` again"
            )
        # Copies, as Arrow's own memory may not be written to.
        points, mean = (torch.tensor(tables.points(samples[name])) for name in ("points", "mean"))
        expression = pc.index_in(samples["expression"], pa.array(EXPRESSIONS)).to_numpy()
        people = samples["subject"].combine_chunks().dictionary_encode()
        number = np.unique(people.dictionary.to_pylist(), return_inverse=True)[1]
        person = number[people.indices.to_numpy()]
        return cls(
            faces=_pictures(array, device),
            row=torch.from_numpy(rows.astype(np.int64)).to(device),
            flipped=torch.tensor(samples["flipped"].to_numpy()).to(device),
            points=points.to(device),
            expression=torch.from_numpy(expression.astype(np.int64)).to(device),
            person=torch.from_numpy(person.astype(np.int64)).to(device),
            mean=mean.to(device),
        )

    def by_mean(self) -> Dataset:
        """The same with the mean of many readings in the place of the single one."""
        assert self.mean is not None
        return replace(self, points=self.mean)

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
        """Where all but the pictures is, and what the methods give."""
        return self.row.device

    def bytes(self, samples: Tensor) -> Tensor:
        """Pictures [B, C, S, S] uint8 of the samples [B] (int64)."""
        straight = self.faces[self.row[samples].to(self.faces.device)].contiguous().to(self.device)
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


def _pictures(array: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Faces [N, C, S, S] of a mapped file [N, S, S, C]: on the device if there is room for them."""
    room = LARGEST_COPY
    if device.type == "cuda":
        room = torch.cuda.mem_get_info(device)[0] // 2  # the networks want the other half
    count, side, _, channels = array.shape
    turned = array.transpose(0, 3, 1, 2)
    if channels == 1:
        turned = array.reshape(count, 1, side, side)  # of the strides that a copy has
    if array.nbytes <= room:
        return torch.from_numpy(np.array(turned, order="C")).to(device)
    with warnings.catch_warnings():
        # Nobody writes to it. A map that may be written to would count as memory in use.
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(turned)
