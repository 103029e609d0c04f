"""Points out of landmark images: drawn and decoded they are the same, those unseen stay."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from fet_core.geometry.raster import decode_peaks, draw, rescale
from fet_core.nets.fusion import PeakFusion

SIDE = 64
SIGMA = 1.0


def scattered(seed: int, batch: int = 1) -> Tensor:
    """68 points at least 4 pixels apart, in no order."""
    generator = torch.Generator().manual_seed(seed)
    grid = torch.cartesian_prod(torch.arange(9.0), torch.arange(8.0)) * 7 + 4
    places = [grid[torch.randperm(72, generator=generator)[:68]] for _ in range(batch)]
    jitter = torch.rand(batch, 68, 2, generator=generator) * 3 - 1.5
    return torch.stack(places) + jitter


def near(points: Tensor, seed: int, reach: float) -> Tensor:
    generator = torch.Generator().manual_seed(seed + 1000)
    return points + (torch.rand(points.shape, generator=generator) * 2 - 1) * reach


@given(seed=st.integers(0, 500))
def test_what_is_drawn_is_found_to_a_fraction_of_a_pixel(seed: int) -> None:
    points = scattered(seed, batch=2)
    found = decode_peaks(draw(points, SIDE, SIGMA), near(points, seed, 1.0))
    assert (found - points).abs().max() < 0.35
    assert (found - points).abs().mean() < 0.15


def test_landmarks_without_a_peak_stay() -> None:
    points = scattered(1)
    drawn = points.clone()
    drawn[0, 40:] = -1000
    start = near(points, 1, 1.0)
    # So far from every peak that none can be theirs.
    start[0, 40:] = torch.tensor([200.0, 200.0])
    found = decode_peaks(draw(drawn, SIDE, SIGMA), start)
    assert torch.equal(found[0, 40:], start[0, 40:])
    assert (found[0, :40] - points[0, :40]).abs().max() < 0.35


def test_a_peak_beyond_a_tenth_of_the_side_is_nobodys() -> None:
    for way, taken in ((6.0, True), (7.0, False)):
        drawn = torch.full((1, 68, 2), -1000.0)
        drawn[0, 0] = 30
        start = torch.full((1, 68, 2), 500.0)
        start[0, 0] = torch.tensor([30.0 + way, 30.0])
        found = decode_peaks(draw(drawn, SIDE, SIGMA), start)
        wanted = drawn[0, 0] if taken else start[0, 0]
        torch.testing.assert_close(found[0, 0], wanted, atol=0.05, rtol=0)
        assert torch.equal(found[0, 1:], start[0, 1:])


def test_two_landmarks_never_share_a_peak() -> None:
    """The sum of all ways counts, not who is nearest: the one in the middle moves on."""
    drawn = torch.full((1, 68, 2), -1000.0)
    drawn[0, 0], drawn[0, 1] = torch.tensor([20.0, 20.0]), torch.tensor([26.0, 20.0])
    start = torch.full((1, 68, 2), 500.0)
    start[0, 0], start[0, 1] = torch.tensor([22.0, 20.0]), torch.tensor([20.5, 20.0])
    found = decode_peaks(draw(drawn, SIDE, SIGMA), start)
    torch.testing.assert_close(found[0, 0], drawn[0, 1], atol=0.1, rtol=0)
    torch.testing.assert_close(found[0, 1], drawn[0, 0], atol=0.1, rtol=0)


@pytest.mark.parametrize("value", [-1.0, -0.5])
def test_an_empty_image_moves_nothing(value: float) -> None:
    start = scattered(2)
    assert torch.equal(decode_peaks(torch.full((1, 1, SIDE, SIDE), value), start), start)


class Stub(nn.Module):
    """A Φ whose J_gen is the source's landmark image."""

    size = SIDE

    def fuse(self, source: Tensor, target: Tensor) -> Tensor:
        return source


@pytest.mark.parametrize("intensity", [0.0, 1.0, 2.0])
def test_fusion_by_peaks_draws_fuses_and_decodes(intensity: float) -> None:
    target = scattered(3)
    source = near(target, 3, 1.0)
    # The pictures are twice as large as the landmark images.
    large = [rescale(points, SIDE, 2 * SIDE) for points in (source, target)]
    fusion = PeakFusion(Stub(), SIGMA / SIDE, 2 * SIDE)  # type: ignore[arg-type]
    found = fusion.fuse(*large, intensity)
    wanted = large[1] + intensity * (large[0] - large[1])
    assert (found - wanted).abs().max() <= 0.75 * intensity
    assert (found - wanted).abs().mean() <= 0.25 * intensity
