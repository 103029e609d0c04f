"""SSIM and PSNR of batches, on the device; `metrics/README.md` repeats these definitions."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_SIGMA = 1.5
_RADIUS = 5
_C1 = (0.01 * 255) ** 2
_C2 = (0.03 * 255) ** 2


def _window(device: torch.device) -> Tensor:
    x = torch.arange(-_RADIUS, _RADIUS + 1, dtype=torch.float64, device=device)
    line = torch.exp(-(x**2) / (2 * _SIGMA**2))
    return line / line.sum()


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Structural similarity as Wang 2004 published it.

    Gaussian window of σ 1.5 and 11×11 pixels, K1 0.01, K2 0.03, population covariance, only where
    the window lies wholly inside the picture; the mean over pixels and channels. The same as
    scikit-image with `gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
    data_range=255`.

    Args:
        a: [B, C, H, W] uint8, H and W at least 11.
        b: the same.

    Returns:
        [B] float64, 1 for equal pictures.
    """
    batch, channels, height, width = a.shape
    line = _window(a.device)
    stacked = torch.stack([a, b]).double().reshape(2, batch * channels, 1, height, width)
    x, y = stacked[0], stacked[1]

    def blur(value: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(value, line.view(1, 1, 1, -1)), line.view(1, 1, -1, 1))

    mx, my = blur(x), blur(y)
    vx = blur(x * x) - mx * mx
    vy = blur(y * y) - my * my
    vxy = blur(x * y) - mx * my
    top = (2 * mx * my + _C1) * (2 * vxy + _C2)
    bottom = (mx * mx + my * my + _C1) * (vx + vy + _C2)
    return (top / bottom).reshape(batch, -1).mean(dim=1)


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB against a peak of 255, over all pixels and channels.

    Args:
        a: [B, C, H, W] uint8.
        b: the same.

    Returns:
        [B] float64; equal pictures count as 100 dB, so that a mean stays finite.
    """
    error = (a.double() - b.double()).square().flatten(1).mean(dim=1)
    return (10 * torch.log10(255**2 / error.clamp(min=1e-12))).clamp(max=100.0)
