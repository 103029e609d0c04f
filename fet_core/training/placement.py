"""Random turns, shifts and light for photos, points and fields of motion together."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fet_core.training.acceleration import upload
from fet_core.training.jitter import GAIN, LIFT, SHIFT, TURN, ZOOM


class Placement:
    """One random similarity and one random light for each triple of a batch, for all that it has.

    The ranges are those of `fet_core.training.jitter.jitter`.

    Args:
        batch: triples.
        strength: 0 changes nothing.
        seed: with `step`, what the random numbers are a function of.
        step: number of the training step.
        device: of the batch.
    """

    def __init__(
        self, batch: int, strength: float, seed: int, step: int, device: torch.device
    ) -> None:
        self._idle = strength == 0
        u = np.random.default_rng([seed, 2, step]).uniform(-strength, strength, (6, batch))
        turn, zoom, x, y, gain, lift = upload(u.astype(np.float32), device)
        turn, zoom = turn * TURN, 1 + zoom * ZOOM
        cos, sin = zoom * turn.cos(), zoom * turn.sin()
        rows = [torch.stack([cos, -sin, x * SHIFT], 1), torch.stack([sin, cos, y * SHIFT], 1)]
        self._matrix = torch.stack(rows, dim=1)
        self._inverse = torch.linalg.inv(self._matrix[:, :, :2])
        self._contrast = (1 + gain * GAIN)[:, None, None, None]
        self._brightness = (lift * LIFT)[:, None, None, None]

    def picture(self, picture: Tensor) -> Tensor:
        """[B, C, S, S], -1 to 1, moved and relit; beyond its border it goes on mirrored."""
        if self._idle:
            return picture
        return (self._move(picture) * self._contrast + self._brightness).clamp(-1, 1)

    def points(self, points: Tensor, size: int) -> Tensor:
        """[B, 68, 2] pixels of a picture of side `size`."""
        if self._idle:
            return points
        place = (points * 2 + 1) / size - 1 - self._matrix[:, None, :, 2]
        place = torch.einsum("bij,bnj->bni", self._inverse, place)
        return ((place + 1) * size - 1) / 2

    def field(self, field: Tensor) -> Tensor:
        """A field of motion [B, 2, s, s] as `fet_core.models.motion` has it."""
        if self._idle:
            return field
        return torch.einsum("bij,bjyx->biyx", self._inverse, self._move(field))

    def _move(self, planes: Tensor) -> Tensor:
        grid = F.affine_grid(self._matrix, list(planes.shape), align_corners=False)
        return F.grid_sample(planes, grid, "bilinear", "reflection", align_corners=False)
