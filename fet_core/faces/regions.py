"""Soft masks of the mouth, the lips and the eyes, drawn from landmarks on the device."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fet_core.faces.convention import INNER_LIPS, LEFT_EYE, OUTER_LIPS, RIGHT_EYE

REGIONS = (INNER_LIPS, OUTER_LIPS, RIGHT_EYE, LEFT_EYE)
"""What is drawn, as closed outlines: the inside of the mouth, mouth with lips, both eyes."""


def regions(points: Tensor, size: int, side: int, parts: Sequence[range] = REGIONS) -> Tensor:
    """Masks [B, parts, side, side] of closed outlines: 1 inside, 0 outside, half on the outline.

    The edge is as soft as one pixel of the mask; the inside is counted by crossings (even-odd).

    Args:
        points: [B, 68, 2] pixels of a picture of `size`.
        size: side of that picture.
        side: of the masks.
        parts: the outlines, as ranges of landmarks.
    """
    step = size / side
    line = (torch.arange(side, device=points.device, dtype=points.dtype) + 0.5) * step - 0.5
    y, x = (axis.reshape(1, -1, 1) for axis in torch.meshgrid(line, line, indexing="ij"))
    masks = []
    for part in parts:
        start = points[:, list(part)]
        end = start.roll(-1, dims=1)
        (ax, ay), (bx, by) = (corner[:, None].unbind(-1) for corner in (start, end))
        dx, dy = bx - ax, by - ay
        beside = x < dx * (y - ay) / torch.where(dy == 0, 1e-9, dy) + ax
        crossings = (((ay > y) != (by > y)) & beside).sum(dim=2)
        along = ((x - ax) * dx + (y - ay) * dy) / (dx.square() + dy.square()).clamp(min=1e-6)
        along = along.clamp(0, 1)
        away = (x - ax - along * dx).square() + (y - ay - along * dy).square()
        distance = away.amin(dim=2).clamp(min=1e-9).sqrt()
        signed = torch.where(crossings % 2 == 1, distance, -distance)
        masks.append(torch.sigmoid(signed / step).reshape(-1, side, side))
    return torch.stack(masks, dim=1)
