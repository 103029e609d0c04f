"""Points out of a landmark image: its peaks, each given to the landmark that lies nearest."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fet_core.faces.heatmap import draw, rescale
from fet_core.models.fusion import Fusion

_THRESHOLD = -0.4
_REACH = 0.1


def decode_peaks(image: Tensor, near: Tensor) -> Tensor:
    """The peaks of landmark images, as points in the order of those that they are given to.

    A landmark image does not say which spot is which. Local maxima are found to a fraction of a
    pixel by their neighbours' weights and assigned so that the sum of all ways is the least; a
    landmark without a peak within a tenth of the side stays where it is.

    Args:
        image: [B, 1, s, s], about -1 to 1.
        near: [B, 68, 2] pixels of the image, where each landmark was before.

    Returns:
        [B, 68, 2] pixels of the image.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    side = image.shape[-1]
    tops = (F.max_pool2d(image, 3, 1, 1) == image) & (image > _THRESHOLD)
    weight = F.pad((image + 1).clamp(min=0), (1, 1, 1, 1))
    moved = near.clone()
    for one in range(len(image)):
        y, x = tops[one, 0].nonzero().unbind(1)
        if not len(x):
            continue
        total = torch.zeros_like(x, dtype=weight.dtype)
        dx, dy = torch.zeros_like(total), torch.zeros_like(total)
        for j in (-1, 0, 1):
            for i in (-1, 0, 1):
                w = weight[one, 0, y + 1 + j, x + 1 + i]
                total, dx, dy = total + w, dx + i * w, dy + j * w
        peaks = torch.stack([x + dx / total, y + dy / total], dim=1)
        way = torch.cdist(near[one], peaks).detach().cpu().numpy()
        landmark, peak = linear_sum_assignment(np.minimum(way, 2 * _REACH * side))
        for i, k in zip(landmark, peak, strict=True):
            if way[i, k] <= _REACH * side:
                moved[one, i] = peaks[k]
    return moved


class PeakFusion(nn.Module):
    """The paper's Φ where points are wanted: drawn, fused, decoded.

    Args:
        fusion: Φ.
        sigma: of a spot as a share of the landmark image's side, as Φ was trained with.
        size: side of the pictures whose points come in.
    """

    def __init__(self, fusion: Fusion, sigma: float, size: int) -> None:
        super().__init__()
        self.fusion = fusion
        self._sigma = sigma
        self._size = size

    def fuse(self, source: Tensor, target: Tensor, intensity: float = 1.0) -> Tensor:
        """J_gen [B, 68, 2] as `fet_core.models.points.PointFusion.fuse` gives it."""
        side = self.fusion.size
        small = rescale(target, self._size, side)
        images = [
            draw(rescale(points, self._size, side), side, self._sigma * side)
            for points in (source, target)
        ]
        found = decode_peaks(self.fusion.fuse(*images), small)
        return target + intensity * (rescale(found, side, self._size) - target)
