"""Landmark images against the formula of one spot, and the rescaling of points."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fet_core.geometry.raster import draw, rescale


def spots(*places: tuple[float, float]) -> torch.Tensor:
    """68 points of which all but the given ones lie far outside."""
    points = torch.full((1, 68, 2), -1000.0)
    points[0, : len(places)] = torch.tensor(places)
    return points


def test_one_spot_by_its_formula() -> None:
    image = draw(spots((20, 9)), 48, 3.0)
    assert image.shape == (1, 1, 48, 48)
    assert image[0, 0, 9, 20] == 1
    for dx, dy in ((3, 0), (0, 3), (-3, 0), (2, 1), (4, -5)):
        wanted = 2 * math.exp(-(dx**2 + dy**2) / 18) - 1
        assert image[0, 0, 9 + dy, 20 + dx].item() == pytest.approx(wanted, abs=1e-6)
    assert image[0, 0, 47, 0] == -1


def test_two_distant_spots_add_and_near_ones_are_cut() -> None:
    alone = draw(spots((10, 10)), 48, 1.5) + draw(spots((35, 30)), 48, 1.5) + 1
    torch.testing.assert_close(draw(spots((10, 10), (35, 30)), 48, 1.5), alone)
    crowd = draw(spots(*[(20, 20)] * 30), 48, 1.5)
    assert crowd.max() == 1


@given(seed=st.integers(0, 1000), size=st.integers(16, 80), sigma=st.floats(0.5, 6))
def test_values_stay_between_minus_one_and_one(seed: int, size: int, sigma: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    points = torch.rand(2, 68, 2, generator=generator) * size * 1.4 - 0.2 * size
    image = draw(points, size, sigma)
    assert image.min() >= -1
    assert image.max() <= 1


def test_a_face_does_not_depend_on_its_batch() -> None:
    points = torch.rand(5, 68, 2, generator=torch.Generator().manual_seed(3)) * 64
    together = draw(points, 64, 1.0)
    for number in range(5):
        torch.testing.assert_close(together[number], draw(points[number : number + 1], 64, 1.0)[0])


def test_the_order_of_the_points_does_not_matter() -> None:
    points = torch.rand(1, 68, 2, generator=torch.Generator().manual_seed(4)) * 64
    torch.testing.assert_close(draw(points, 64, 1.0), draw(points.flip(1), 64, 1.0))


@given(a=st.integers(16, 512), b=st.integers(16, 512), x=st.floats(-0.5, 600))
def test_rescaling_back_and_the_outer_edges(a: int, b: int, x: float) -> None:
    points = torch.tensor([[x, 2.0]], dtype=torch.float64)
    torch.testing.assert_close(rescale(rescale(points, a, b), b, a), points)
    edges = rescale(torch.tensor([-0.5, a - 0.5], dtype=torch.float64), a, b)
    torch.testing.assert_close(edges, torch.tensor([-0.5, b - 0.5], dtype=torch.float64))


def test_a_spot_drawn_larger_is_the_same_spot() -> None:
    """Averaging a landmark image of twice the side gives the one of the side itself."""
    points = spots((11.3, 17.8), (25.1, 20.4))
    large = draw(rescale(points, 32, 64), 64, 5.0)
    small = draw(points, 32, 2.5)
    averaged = torch.nn.functional.avg_pool2d(large, 2)
    torch.testing.assert_close(averaged, small, atol=0.04, rtol=0)
