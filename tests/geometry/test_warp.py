"""The thin-plate-spline warp against SciPy's and against what must stay and what must move."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.interpolate import RBFInterpolator

from fet_core.geometry.raster import evaluate, sample, spline, spline_field, warp


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, shape)


@pytest.mark.parametrize("smoothness", [0.0, 0.01])
def test_the_spline_is_scipys(smoothness: float) -> None:
    where, value, at = random(2, 30, 2), random(2, 30, 2, seed=1), random(2, 50, 2, seed=2)
    tensors = [torch.from_numpy(array) for array in (where, value, at)]
    weights, affine = spline(tensors[0], tensors[1], smoothness)
    found = evaluate(tensors[0], weights, affine, tensors[2])
    for number in range(2):
        # Their kernel is r² log r, half of r² log r².
        theirs = RBFInterpolator(
            where[number],
            value[number],
            kernel="thin_plate_spline",
            degree=1,
            smoothing=smoothness / 2,
        )
        np.testing.assert_allclose(found[number], theirs(at[number]), atol=1e-6)


def test_an_affine_map_needs_no_bending() -> None:
    where = torch.from_numpy(random(1, 20, 2))
    value = where @ torch.tensor([[1.2, 0.3], [-0.4, 0.8]], dtype=torch.float64) + 0.5
    weights, affine = spline(where, value)
    assert weights.abs().max() < 1e-9
    wanted = torch.tensor([[0.5, 0.5], [1.2, 0.3], [-0.4, 0.8]], dtype=torch.float64)
    torch.testing.assert_close(affine[0], wanted)


def picture(size: int = 64, channels: int = 3) -> torch.Tensor:
    noise = torch.rand(1, channels, size // 4, size // 4, generator=torch.manual_seed(0))
    large = torch.nn.functional.interpolate(noise, (size, size), mode="bicubic")
    return large.clamp(0, 1) * 2 - 1


def points(size: int = 64, seed: int = 3) -> torch.Tensor:
    middle = np.random.default_rng(seed).uniform(0.25 * size, 0.7 * size, (1, 68, 2))
    return torch.from_numpy(middle.astype(np.float32))


def test_points_that_stay_leave_the_picture_as_it_is() -> None:
    torch.testing.assert_close(warp(picture(), points(), points()), picture(), atol=1e-4, rtol=0)


def test_what_was_at_a_point_comes_to_lie_at_the_wanted_place() -> None:
    size, start, shift = 64, torch.tensor([30.0, 28.0]), torch.tensor([4.0, -3.0])
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    spot = torch.exp(-((x - start[0]) ** 2 + (y - start[1]) ** 2) / 8)[None, None]
    moved = warp(spot, points(), points() + shift)[0, 0]
    found = torch.stack([(moved * x).sum(), (moved * y).sum()]) / moved.sum()
    torch.testing.assert_close(found, start + shift, atol=0.3, rtol=0)


def test_the_middle_of_a_moved_picture_is_the_picture_moved() -> None:
    moved = warp(picture(), points(), points() + torch.tensor([3.0, 2.0]))
    torch.testing.assert_close(
        moved[..., 28:40, 28:40], picture()[..., 26:38, 25:37], atol=0.08, rtol=0
    )
    assert (picture()[..., 28:40, 28:40] - picture()[..., 26:38, 25:37]).abs().mean() > 0.08


def test_corners_and_the_middles_of_edges_stay() -> None:
    """What is held is the outline of the picture, half a pixel beyond the pixels' middles."""
    wanted = points() + torch.tensor([5.0, -4.0])
    moved = warp(picture(65), points(), wanted)
    places = [(0, 0), (0, 32), (0, 64), (32, 0), (32, 64), (64, 0), (64, 32), (64, 64)]
    for y, x in places:
        torch.testing.assert_close(moved[..., y, x], picture(65)[..., y, x], atol=0.06, rtol=0)
    assert (moved - picture(65))[..., 24:40, 24:40].abs().mean() > 0.08


@pytest.mark.parametrize("size", [32, 65])
def test_it_is_the_field_of_the_spline_that_moves_the_pixels(size: int) -> None:
    start, wanted = points(size), points(size, seed=4)
    field = spline_field(start, wanted, size, size)
    assert torch.equal(warp(picture(size), start, wanted), sample(picture(size), field))


def test_every_pixel_comes_from_where_the_field_says() -> None:
    """By hand and for one pixel: bilinear between the four around its origin."""
    image, start, wanted = picture(), points(), points(seed=4)
    field = spline_field(start, wanted, 64, 64)
    for y, x in ((20, 25), (33, 40), (31, 31)):
        left, top = (np.array([x, y]) + field[0, :, y, x].double().numpy() * 32).tolist()
        column, row = int(np.floor(left)), int(np.floor(top))
        assert min(column, row) >= 0
        assert max(column, row) < 63
        across, down = left - column, top - row
        four = image[0, :, row : row + 2, column : column + 2].double().numpy()
        by_hand = np.array([1 - down, down]) @ four @ np.array([1 - across, across])
        np.testing.assert_allclose(warp(image, start, wanted)[0, :, y, x], by_hand, atol=1e-4)


def test_a_picture_does_not_depend_on_its_batch() -> None:
    both = torch.cat([picture(), picture().flip(3)])
    start, wanted = torch.cat([points(), points(seed=4)]), torch.cat([points(seed=5)] * 2)
    together = warp(both, start, wanted)
    torch.testing.assert_close(together[1:], warp(both[1:], start[1:], wanted[1:]))


def test_gradients_reach_picture_and_points_and_are_finite() -> None:
    image, wanted = picture().requires_grad_(), (points() + 2).requires_grad_()
    warp(image, points(), wanted).square().sum().backward()
    for tensor in (image, wanted):
        assert tensor.grad is not None
        assert torch.isfinite(tensor.grad).all()
        assert tensor.grad.abs().sum() > 0
