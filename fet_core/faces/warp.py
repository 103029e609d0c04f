"""A batched thin-plate-spline warp of pictures (Bookstein 1989), differentiable, on the device."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    """r² log r² between [B, N, 2] and [B, M, 2], 0 where they coincide."""
    square = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist").square()
    return square * torch.log(square.clamp(min=1e-12))


def spline(where: Tensor, value: Tensor, smoothness: float = 0.0) -> tuple[Tensor, Tensor]:
    """Coefficients of the thin-plate splines that take `value` at the points `where`.

    Args:
        where: [B, N, 2] float64.
        value: [B, N, K] float64.
        smoothness: 0 passes through every value; more bends less.

    Returns:
        weights [B, N, K] of the kernels and the affine part [B, 3, K].

    Raises:
        torch.linalg.LinAlgError: all points of a face lie on one line.
    """
    batch, count, _ = where.shape
    kernel = _kernel(where, where)
    kernel = kernel + smoothness * torch.eye(count, dtype=where.dtype, device=where.device)
    affine = torch.cat([where.new_ones(batch, count, 1), where], dim=2)
    zero = where.new_zeros(batch, 3, 3)
    system = torch.cat(
        [torch.cat([kernel, affine], dim=2), torch.cat([affine.transpose(1, 2), zero], dim=2)],
        dim=1,
    )
    right = torch.cat([value, value.new_zeros(batch, 3, value.shape[2])], dim=1)
    solution = torch.linalg.solve(system, right)
    return solution[:, :count], solution[:, count:]


def evaluate(where: Tensor, weights: Tensor, affine: Tensor, at: Tensor) -> Tensor:
    """Value [B, M, K] of the splines at the points `at` [B, M, 2]."""
    ones = at.new_ones(at.shape[0], at.shape[1], 1)
    return _kernel(at, where) @ weights + torch.cat([ones, at], dim=2) @ affine


def warp(picture: Tensor, points: Tensor, wanted: Tensor, smoothness: float = 1e-3) -> Tensor:
    """Pictures moved so that what was at `points` comes to lie at `wanted`.

    The picture's corners and the middles of its edges stay where they are.

    Args:
        picture: [B, C, S, S] float.
        points: [B, 68, 2] pixels in the picture.
        wanted: [B, 68, 2] pixels in the result.
        smoothness: of the spline, in units of the picture's half side squared.

    Returns:
        [B, C, S, S], same range; beyond the border its pixels go on.
    """
    batch, _, size, _ = picture.shape
    half = (size - 1) / 2
    line = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64, device=picture.device)
    frame = torch.cartesian_prod(line, line)
    frame = frame[frame.abs().amax(dim=1) > 0].expand(batch, -1, -1)
    moved_from = torch.cat([points.double() / half - 1, frame], dim=1)
    moved_to = torch.cat([wanted.double() / half - 1, frame], dim=1)
    weights, affine = spline(moved_to, moved_from - moved_to, smoothness)

    axis = torch.linspace(-1, 1, size, dtype=torch.float64, device=picture.device)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    at = torch.stack([x, y], dim=2).reshape(1, -1, 2).expand(batch, -1, -1)
    flow = evaluate(moved_to, weights, affine, at)
    grid = (at + flow).reshape(batch, size, size, 2).to(picture.dtype)
    return F.grid_sample(picture, grid, mode="bilinear", padding_mode="border", align_corners=True)
