"""Dense motion of a whole picture from the motion of 68 points: a spline and a learned rest."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fet_core.faces import POINTS
from fet_core.faces.warp import evaluate, spline
from fet_core.models.sizes import resized

_SMOOTHNESS = 1e-3


def _axis(side: int, device: torch.device) -> Tensor:
    """Middles of pixels from -1 to 1, [side] float64 (grid_sample without aligned corners)."""
    return (torch.arange(side, dtype=torch.float64, device=device) * 2 + 1) / side - 1


def spline_field(points: Tensor, wanted: Tensor, size: int, side: int) -> Tensor:
    """Where a thin-plate spline takes each place's colour from (Bookstein 1989).

    The picture's corners and the middles of its edges stay where they are. A spline is smooth, so
    that a coarse field says all of it.

    Args:
        points: [B, 68, 2] pixels in the picture.
        wanted: [B, 68, 2] pixels in the result.
        size: side of the picture.
        side: of the field.

    Returns:
        [B, 2, side, side] float32: from a place of the result to its origin in the picture, x and
        y, in halves of the picture's side.
    """
    batch, device = len(points), points.device
    line = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64, device=device)
    frame = torch.cartesian_prod(line, line)
    frame = frame[frame.abs().amax(dim=1) > 0].expand(batch, -1, -1)
    origin, place = ((p.double() * 2 + 1) / size - 1 for p in (points, wanted))
    origin, place = (torch.cat([p, frame], dim=1) for p in (origin, place))
    weights, affine = spline(place, origin - place, _SMOOTHNESS)
    axis = _axis(side, device)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    at = torch.stack([x, y], dim=2).reshape(1, -1, 2).expand(batch, -1, -1)
    field = evaluate(place, weights, affine, at)
    return field.reshape(batch, side, side, 2).permute(0, 3, 1, 2).float()


def sample(picture: Tensor, field: Tensor) -> Tensor:
    """A picture [B, C, S, S] moved by a field [B, 2, s, s]; beyond the border its pixels go on."""
    size = picture.shape[-1]
    axis = _axis(size, picture.device).to(picture.dtype)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    grid = torch.stack([x, y]) + resized(field, size).to(picture.dtype)
    return F.grid_sample(
        picture, grid.permute(0, 2, 3, 1), "bilinear", "border", align_corners=False
    )


class Motion(nn.Module):
    """The field that 68 moving points pull along: a spline plus a linear map of their motion.

    A spline knows nothing of heads: where no landmark is (hair, ears, neck) it fades out towards
    the picture's border, while a head that nods takes its hair along. What is missing is, to first
    order, linear in the motion of the points, and one matrix of it is learned from the optical flow
    of training pairs (`fet_core.training.flow`). Until then the map is zero.

    Args:
        side: of the field.
    """

    weight: Tensor

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side
        self.register_buffer("weight", torch.zeros(2 * POINTS, 2 * side * side))

    def forward(self, points: Tensor, wanted: Tensor, size: int) -> Tensor:
        """The field [B, 2, side, side] as `spline_field` gives it; 0 where no point moves.

        Args:
            points: [B, 68, 2] pixels in the picture.
            wanted: [B, 68, 2] pixels in the result.
            size: side of the picture.
        """
        rest = ((wanted - points) / size).flatten(1).float() @ self.weight
        return spline_field(points, wanted, size, self.side) + rest.reshape(
            -1, 2, self.side, self.side
        )
