"""Structural similarity as a loss, differentiable and in single precision."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_SIGMA = 1.5
_RADIUS = 5
_C1 = (0.01 * 2) ** 2
_C2 = (0.03 * 2) ** 2


def dissimilarity(a: Tensor, b: Tensor) -> Tensor:
    """1 - SSIM (Wang 2004), the mean over a batch: 0 for equal pictures.

    The same as scikit-image's with a Gaussian window of σ 1.5 and `data_range` 2. The tables' SSIM
    (`fet_core.evaluation.metrics.ssim`) is of bytes, whose black is 0 and not -1: contrast and
    structure count alike in both, but the term of the means, which compares them relative to their
    size, is stricter here about mid-grey and milder in black and white.

    Args:
        a: [B, C, S, S], -1 to 1, S at least 11.
        b: the same.
    """
    x = torch.arange(-_RADIUS, _RADIUS + 1, dtype=a.dtype, device=a.device)
    line = torch.exp(-(x**2) / (2 * _SIGMA**2))
    line = line / line.sum()
    size = a.shape[-1]
    a, b = (planes.reshape(-1, 1, size, size) for planes in (a, b))

    def blur(value: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(value, line.view(1, 1, 1, -1)), line.view(1, 1, -1, 1))

    ma, mb = blur(a), blur(b)
    va = blur(a * a) - ma * ma
    vb = blur(b * b) - mb * mb
    vab = blur(a * b) - ma * mb
    top = (2 * ma * mb + _C1) * (2 * vab + _C2)
    bottom = (ma * ma + mb * mb + _C1) * (va + vb + _C2)
    return 1 - (top / bottom).mean()
