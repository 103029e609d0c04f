"""Dense motion: the spline's field against SciPy's, moved pictures, and the learned linear map."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import RBFInterpolator
from torch import Tensor

from fet_core.geometry.raster import rescale, sample, spline_field
from fet_core.nets.warping import Motion

SIZE = 64
SMOOTHNESS = 1e-3
"""In halves of the picture's side, squared."""


def points(seed: int = 3, batch: int = 1) -> Tensor:
    middle = np.random.default_rng(seed).uniform(0.25 * SIZE, 0.7 * SIZE, (batch, 68, 2))
    return torch.from_numpy(middle.astype(np.float32))


def picture(size: int = SIZE, channels: int = 3, batch: int = 1) -> Tensor:
    noise = torch.rand(batch, channels, 8, 8, generator=torch.Generator().manual_seed(0))
    large = torch.nn.functional.interpolate(noise, (size, size), mode="bicubic")
    return large.clamp(0, 1) * 2 - 1


def test_points_that_stay_make_no_motion() -> None:
    assert spline_field(points(), points(), SIZE, 16).abs().max() < 1e-6
    motion = Motion(16)
    torch.nn.init.normal_(motion.weight)
    found = motion(points(), points(), SIZE)
    assert found.shape == (1, 2, 16, 16)
    assert found.abs().max() < 1e-6


def test_the_spline_is_scipys() -> None:
    start, end = points(), points(4)
    field = spline_field(start, end, SIZE, 16)
    line = np.array([-1.0, 0.0, 1.0])
    frame = np.array([(x, y) for x in line for y in line if (x, y) != (0, 0)])
    origin, place = (
        np.concatenate([(p[0].double().numpy() * 2 + 1) / SIZE - 1, frame]) for p in (start, end)
    )
    # Their kernel is r² log r, half of r² log r².
    theirs = RBFInterpolator(
        place, origin - place, kernel="thin_plate_spline", degree=1, smoothing=SMOOTHNESS / 2
    )
    axis = (np.arange(16) * 2 + 1) / 16 - 1
    at = np.array([(x, y) for y in axis for x in axis])
    np.testing.assert_allclose(
        field[0].permute(1, 2, 0).reshape(-1, 2).numpy(), theirs(at), atol=1e-5
    )


def test_no_motion_returns_the_picture() -> None:
    for side in (8, SIZE):
        found = sample(picture(), torch.zeros(1, 2, side, side))
        torch.testing.assert_close(found, picture(), atol=1e-5, rtol=0)


@given(x=st.integers(-9, 9), y=st.integers(-9, 9), side=st.sampled_from([1, 4, SIZE]))
def test_a_constant_field_shifts_and_repeats_the_border(x: int, y: int, side: int) -> None:
    field = torch.tensor([x, y]).reshape(1, 2, 1, 1).expand(1, 2, side, side) * 2 / SIZE
    axis = torch.arange(SIZE)
    wanted = picture()[:, :, (axis + y).clamp(0, SIZE - 1)][..., (axis + x).clamp(0, SIZE - 1)]
    torch.testing.assert_close(sample(picture(), field), wanted, atol=1e-4, rtol=0)


def test_points_shifted_together_shift_what_lies_between_them() -> None:
    start = points()
    end = start + torch.tensor([3.0, -2.0])
    field = spline_field(start, end, SIZE, SIZE)
    middle = field[0, :, 26:34, 26:34] * SIZE / 2
    torch.testing.assert_close(
        middle, torch.tensor([-3.0, 2.0])[:, None, None].expand_as(middle), atol=0.2, rtol=0
    )


def test_the_edges_stay() -> None:
    """A place between two corners may bend, but the eight that hold the picture do not move."""
    field = spline_field(points(), points() + torch.tensor([5.0, -4.0]), SIZE, SIZE)
    edge = SIZE - 1
    for y, x in (
        (0, 0),
        (0, edge),
        (edge, 0),
        (edge, edge),
        (0, 32),
        (32, 0),
        (edge, 32),
        (32, edge),
    ):
        assert field[0, :, y, x].norm() * SIZE / 2 < 0.4
    assert field[0, :, 30, 30].norm() * SIZE / 2 > 5


def test_a_coarse_field_says_almost_all_of_it() -> None:
    start = points(batch=2)
    end = start + torch.from_numpy(
        np.random.default_rng(1).normal(0, 1, start.shape).astype(np.float32)
    )
    photo = picture(batch=2)
    wanted = sample(photo, spline_field(start, end, SIZE, SIZE))
    inside = (..., slice(4, -4), slice(4, -4))
    assert (photo - wanted)[inside].abs().mean() > 0.04
    coarse = sample(photo, spline_field(start, end, SIZE, 32))
    assert (coarse - wanted)[inside].abs().mean() < 0.01


@pytest.mark.parametrize("learned", [False, True])
def test_the_size_of_the_picture_tells_nothing(learned: bool) -> None:
    motion = Motion(16)
    if learned:
        torch.nn.init.normal_(motion.weight, generator=torch.Generator().manual_seed(0))
    start, end = points(), points(4)
    small = motion(start, end, SIZE)
    large = motion(rescale(start, SIZE, 256), rescale(end, SIZE, 256), 256)
    torch.testing.assert_close(large, small, atol=1e-4, rtol=1e-3)


def test_the_learned_rest_is_a_linear_map_of_the_points_motion() -> None:
    motion = Motion(4)
    torch.nn.init.normal_(motion.weight, generator=torch.Generator().manual_seed(0))
    start, end = points(batch=2), points(4, batch=2)

    def rest(wanted: Tensor) -> Tensor:
        return motion(start, wanted, SIZE) - spline_field(start, wanted, SIZE, 4)

    by_hand = np.einsum(
        "bk,kf->bf", ((end - start) / SIZE).flatten(1).numpy(), motion.weight.numpy()
    )
    np.testing.assert_allclose(rest(end).flatten(1).numpy(), by_hand, atol=1e-4)
    torch.testing.assert_close(rest(2 * end - start), 2 * rest(end), atol=1e-3, rtol=1e-3)
    assert Motion(4).weight.abs().max() == 0


def test_a_field_does_not_depend_on_its_batch() -> None:
    start, end = points(batch=3), points(4, batch=3)
    alone = spline_field(start[1:2], end[1:2], SIZE, 16)
    torch.testing.assert_close(alone, spline_field(start, end, SIZE, 16)[1:2])


def test_gradients_reach_points_and_picture() -> None:
    photo, end = picture().requires_grad_(), points(4).requires_grad_()
    sample(photo, Motion(16)(points(), end, SIZE)).square().sum().backward()
    for tensor in (photo, end):
        assert tensor.grad is not None
        assert torch.isfinite(tensor.grad).all()
        assert tensor.grad.abs().sum() > 0
