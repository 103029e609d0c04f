"""Landmark images: 68 points as Gaussian spots in one channel, drawn on the device."""

from __future__ import annotations

import torch
from torch import Tensor


def rescale(points: Tensor, size_from: int, size_to: int) -> Tensor:
    """Points [..., 2] in pixels of a picture of one side, in pixels of another.

    Pixel centres lie at whole numbers, so it is the outer edges that coincide.
    """
    return (points + 0.5) * (size_to / size_from) - 0.5


def draw(points: Tensor, size: int, sigma: float) -> Tensor:
    """Landmark images of a batch.

    The sum of separable Gaussians is one batched matrix product; where spots overlap the sum is
    cut at the height of one spot.

    Args:
        points: [B, 68, 2] float, pixels (x, y) of the landmark image.
        size: its side in pixels.
        sigma: of a spot in pixels.

    Returns:
        [B, 1, size, size] float, -1 (nothing) to 1 (the middle of a spot).
    """
    grid = torch.arange(size, device=points.device, dtype=points.dtype)
    spots = torch.exp(-((points[..., None] - grid) ** 2) / (2 * sigma**2))
    across, down = spots[:, :, 0], spots[:, :, 1]
    image = torch.bmm(down.transpose(1, 2), across)
    return image.clamp(max=1).mul(2).sub(1).unsqueeze(1)
