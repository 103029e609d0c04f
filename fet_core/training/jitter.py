"""Random turns, shifts and light for a whole triple: many people out of few."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fet_core.training.acceleration import upload

TURN = 0.15
ZOOM = 0.1
SHIFT = 0.1
GAIN = 0.3
LIFT = 0.25


def jitter(
    photo: Tensor, wanted: Tensor, condition: Tensor, strength: float, seed: int, step: int
) -> tuple[Tensor, Tensor, Tensor]:
    """One random similarity and one random light for each triple, the same for all its pictures.

    The paper mirrors its pictures and does no more; with a few dozen people to train on, Ω learns
    them by heart unless their places and their light vary. At strength 1 a picture is turned by up
    to 0.15 rad, scaled by up to 10%, shifted by up to 5% of its side, its contrast changed by up
    to 30% and its brightness by up to an eighth of the range. Beyond its border it goes on
    mirrored.

    Args:
        photo: [B, C, S, S], -1 to 1.
        wanted: the same.
        condition: [B, K, s, s], about -1 to 1, landmark images, which are empty beyond their
            border; or [B, K, 1, 1], labels, which have no place and stay as they are.
        strength: 0 changes nothing.
        seed: with `step`, what the random numbers are a function of.
        step: number of the training step.

    Returns:
        photo, wanted and condition, of the same shapes.
    """
    if strength == 0:
        return photo, wanted, condition
    batch = len(photo)
    u = np.random.default_rng([seed, 2, step]).uniform(-strength, strength, (6, batch))
    turn, zoom, x, y, gain, lift = upload(u.astype(np.float32), photo.device)
    turn, zoom = turn * TURN, 1 + zoom * ZOOM
    cos, sin = zoom * turn.cos(), zoom * turn.sin()
    rows = [torch.stack([cos, -sin, x * SHIFT], 1), torch.stack([sin, cos, y * SHIFT], 1)]
    matrix = torch.stack(rows, dim=1)
    contrast = (1 + gain * GAIN)[:, None, None, None]
    brightness = (lift * LIFT)[:, None, None, None]

    def move(picture: Tensor, border: str) -> Tensor:
        grid = F.affine_grid(matrix, list(picture.shape), align_corners=False)
        return F.grid_sample(picture, grid, "bilinear", border, align_corners=False)

    def relight(picture: Tensor) -> Tensor:
        return (picture * contrast + brightness).clamp(-1, 1)

    return (
        relight(move(photo, "reflection")),
        relight(move(wanted, "reflection")),
        condition if condition.shape[-1] == 1 else move(condition + 1, "zeros") - 1,
    )
