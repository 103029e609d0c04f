"""Pictures and points as tensors on a device: landmark images, soft masks, spline warps.

The warp is a thin-plate spline (Bookstein 1989), batched and differentiable."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from fet_core.errors import UserError
from fet_core.geometry.landmarks import INNER_LIPS, LEFT_EYE, OUTER_LIPS, RIGHT_EYE


def choose_device(name: str) -> torch.device:
    """The device called auto, cpu, cuda or cuda:N; auto is a GPU where there is one.

    Of the processes that `torchrun` starts on one machine each takes a GPU of its own.

    Raises:
        UserError: an unknown name, or a GPU where there is none.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UserError(f'there is no device "{name}"; say auto, cpu or cuda') from error
    if device.type not in ("cpu", "cuda"):
        raise UserError(f'the device "{name}" is not supported; say auto, cpu or cuda')
    if name == "cuda" and "LOCAL_RANK" in os.environ:
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    if device.type == "cuda" and not torch.cuda.is_available():
        raise UserError(f'torch sees no GPU for "--device {name}"; say --device cpu or auto')
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UserError(
            f"there is no {device}: torch sees {torch.cuda.device_count()} GPUs, counted from 0"
        )
    return device


def to_float(pictures: Tensor) -> Tensor:
    """uint8 0 to 255 to float32 -1 to 1."""
    return pictures.float().div(127.5).sub(1)


def to_bytes(pictures: Tensor) -> Tensor:
    """float -1 to 1 (values beyond are cut) to uint8 0 to 255, rounded."""
    return pictures.float().clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)


def upload(array: NDArray[Any], device: torch.device) -> Tensor:
    """An array on the device; on CUDA the copy does not wait for the GPU's work."""
    tensor = torch.from_numpy(array)
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


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
        start = points[:, part.start : part.stop : part.step]
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
        Where all points of a face lie on one line they are not finite.
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
    # Not `solve`, which waits for the GPU to ask whether it went well.
    solution = torch.linalg.solve_ex(system, right).result
    return solution[:, :count], solution[:, count:]


def evaluate(where: Tensor, weights: Tensor, affine: Tensor, at: Tensor) -> Tensor:
    """Value [B, M, K] of the splines at the points `at` [B, M, 2]."""
    ones = at.new_ones(at.shape[0], at.shape[1], 1)
    return _kernel(at, where) @ weights + torch.cat([ones, at], dim=2) @ affine


def resized(planes: Tensor, size: int) -> Tensor:
    """Planes [B, K, s, s] scaled bilinearly to [B, K, size, size]; untouched where s = size."""
    if planes.shape[-1] == size:
        return planes
    return F.interpolate(planes, (size, size), mode="bilinear", align_corners=False)


SMOOTHNESS = 1e-3
"""Of the splines that move pictures, in halves of the picture's side, squared."""


def _axis(side: int, device: torch.device) -> Tensor:
    """Middles of pixels from -1 to 1, [side] float64 (grid_sample without aligned corners)."""
    return (torch.arange(side, dtype=torch.float64, device=device) * 2 + 1) / side - 1


def spline_field(points: Tensor, wanted: Tensor, size: int, side: int) -> Tensor:
    """Where a thin-plate spline takes each place's colour from (Bookstein 1989).

    The picture's corners and the middles of its edges stay where they are, about: values are met
    within a smoothness. A spline is smooth, so that a coarse field says all of it.

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
    line = torch.arange(-1, 2, dtype=torch.float64, device=device)
    frame = torch.cartesian_prod(line, line)
    # All but the middle, by its number: a shape that depends on values waits for the GPU.
    frame = torch.cat([frame[:4], frame[5:]]).expand(batch, -1, -1)
    origin, place = ((p.double() * 2 + 1) / size - 1 for p in (points, wanted))
    origin, place = (torch.cat([p, frame], dim=1) for p in (origin, place))
    weights, affine = spline(place, origin - place, SMOOTHNESS)
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


def warp(picture: Tensor, points: Tensor, wanted: Tensor) -> Tensor:
    """Pictures moved so that what was at `points` comes to lie at `wanted`.

    Args:
        picture: [B, C, S, S] float.
        points: [B, 68, 2] pixels in the picture.
        wanted: [B, 68, 2] pixels in the result.

    Returns:
        [B, C, S, S], same range; beyond the border its pixels go on.
    """
    size = picture.shape[-1]
    return sample(picture, spline_field(points, wanted, size, size))
