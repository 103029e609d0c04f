"""Structural similarity (Wang 2004), for the tables and for a loss alike."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_SIGMA = 1.5
_RADIUS = 5
_K1 = 0.01
_K2 = 0.03


def ssim(a: Tensor, b: Tensor, data_range: float) -> Tensor:
    """Structural similarity as Wang 2004 published it, differentiable.

    Gaussian window of σ 1.5 and 11×11 pixels, K1 0.01, K2 0.03, population covariance, only where
    the window lies wholly inside the picture; the mean over pixels and channels. The same as
    scikit-image with `gaussian_weights=True, sigma=1.5, use_sample_covariance=False`.

    Args:
        a: [B, C, H, W] float, 0 (black) to `data_range`, H and W at least 11. Where black is
            another number the term of the means says something else.
        b: the same.
        data_range: of white over black.

    Returns:
        [B], 1 for equal pictures.
    """
    batch, channels, height, width = a.shape
    x = torch.arange(-_RADIUS, _RADIUS + 1, dtype=a.dtype, device=a.device)
    line = torch.exp(-(x**2) / (2 * _SIGMA**2))
    line = line / line.sum()
    a, b = (planes.reshape(batch * channels, 1, height, width) for planes in (a, b))
    c1, c2 = ((k * data_range) ** 2 for k in (_K1, _K2))

    def blur(value: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(value, line.view(1, 1, 1, -1)), line.view(1, 1, -1, 1))

    ma, mb = blur(a), blur(b)
    va = blur(a * a) - ma * ma
    vb = blur(b * b) - mb * mb
    vab = blur(a * b) - ma * mb
    top = (2 * ma * mb + c1) * (2 * vab + c2)
    bottom = (ma * ma + mb * mb + c1) * (va + vb + c2)
    return (top / bottom).reshape(batch, -1).mean(dim=1)
