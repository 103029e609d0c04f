"""Structural similarity (Wang 2004), for the tables and for a loss alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

_SIGMA = 1.5
_RADIUS = 5
_K1 = 0.01
_K2 = 0.03
_EXACT = (torch.float64, torch.uint8)
_STRIP = 64  # rows, of which all that is made fits into a core's cache


def ssim(a: Tensor, b: Tensor, data_range: float) -> Tensor:
    """Structural similarity as Wang 2004 published it, differentiable.

    Gaussian window of σ 1.5 and 11×11 pixels, K1 0.01, K2 0.03, population covariance, only where
    the window lies wholly inside the picture; the mean over pixels and channels. The same as
    scikit-image with `gaussian_weights=True, sigma=1.5, use_sample_covariance=False`.

    Args:
        a: [B, C, H, W] float or uint8, 0 (black) to `data_range`, H and W at least 11. Where black
            is another number the term of the means says something else. Bytes are measured as
            float64.
        b: the same.
        data_range: of white over black.

    Returns:
        [B], 1 for equal pictures.
    """
    batch, channels, height, width = a.shape
    if a.dtype == b.dtype and a.dtype in _EXACT and _measured(a) and _measured(b):
        return _by_planes(a, b, data_range)
    if a.dtype == torch.uint8:
        a, b = a.double(), b.double()
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


def _measured(pictures: Tensor) -> bool:
    """Whether numbers are wanted of pictures on the CPU, and no gradient."""
    learning = torch.is_grad_enabled() and pictures.requires_grad
    return pictures.device.type == "cpu" and not learning and min(pictures.shape[2:]) > 2 * _RADIUS


def _by_planes(a: Tensor, b: Tensor, data_range: float) -> Tensor:
    """`ssim` [B] plane after plane, each in cache: torch convolves float64 slowly."""
    batch, channels = a.shape[:2]
    # NumPy copies bytes from one order into another six times as fast as torch.
    one, two = (np.ascontiguousarray(x.detach().numpy()) for x in (a, b))
    sides = (batch * channels, *a.shape[2:])
    planes = zip(one.reshape(sides), two.reshape(sides), strict=True)
    work = partial(_plane, data_range=data_range)
    with ThreadPoolExecutor(torch.get_num_threads()) as threads:
        found = list(threads.map(lambda pair: work(*pair), planes))
    return torch.tensor(found, dtype=torch.float64).reshape(batch, channels).mean(dim=1)


def _plane(a: NDArray[Any], b: NDArray[Any], data_range: float) -> float:
    """Strip after strip in the same memory: fresh memory takes longer than all of the filters."""
    import cv2

    line = np.exp(-(np.arange(-_RADIUS, _RADIUS + 1.0) ** 2) / (2 * _SIGMA**2))
    line /= line.sum()
    c1, c2 = ((k * data_range) ** 2 for k in (_K1, _K2))
    rows, columns = (side - 2 * _RADIUS for side in a.shape)
    held = np.empty((7, min(_STRIP, rows) + 2 * _RADIUS, a.shape[1]))
    total = 0.0
    for top in range(0, rows, _STRIP):
        seen = slice(top, min(top + _STRIP, rows) + 2 * _RADIUS)
        one, two, product, *blurred = held[:, : seen.stop - seen.start]
        one[...], two[...] = a[seen], b[seen]
        np.multiply(one, two, out=product)
        for value, to in zip((one, two, product), blurred[:3], strict=True):
            cv2.sepFilter2D(value, -1, line, line, dst=to)
        squares = np.add(np.square(one, out=one), np.square(two, out=two), out=one)
        cv2.sepFilter2D(squares, -1, line, line, dst=blurred[3])
        # Whole rows, which lie one after the other in memory.
        found, ma, mb, covariance, variances = (x[_RADIUS:-_RADIUS] for x in (product, *blurred))
        np.multiply(ma, mb, out=found)
        means = np.add(np.square(ma, out=ma), np.square(mb, out=mb), out=ma)
        covariance -= found
        variances -= means
        for value, factor, constant in (
            (found, 2, c1),
            (covariance, 2, c2),
            (means, 1, c1),
            (variances, 1, c2),
        ):
            value *= factor
            value += constant
        found *= covariance
        means *= variances
        found /= means
        total += float(found[:, _RADIUS:-_RADIUS].sum())
    return total / (rows * columns)
