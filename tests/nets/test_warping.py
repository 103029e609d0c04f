"""Ω+ and what can stand in its place: what it makes before training, and at other sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fet_core.geometry.raster import draw, regions, rescale, resized, sample
from fet_core.nets.warping import FIELD, Painting, Warping

CLOSED = 1 / (1 + math.exp(3))
"""How much is painted where a fresh network paints hardly anything."""


def photo(size: int, channels: int = 3, batch: int = 1) -> Tensor:
    """A picture so smooth that every size shows the same."""
    noise = torch.rand(batch, channels, 6, 6, generator=torch.Generator().manual_seed(0))
    large = nn.functional.interpolate(noise, (size, size), mode="bicubic")
    return large.clamp(0, 1) * 1.6 - 0.8


def both(face: np.ndarray, size: int, batch: int = 1) -> tuple[Tensor, Tensor]:
    """A face and the same with points that moved by a few percent, in a picture of a size."""
    moves = 1.5 * torch.randn(batch, 68, 2, generator=torch.Generator().manual_seed(1))
    # The mouth opens.
    moves[:, 65:68, 1] += 12
    points = torch.from_numpy(face).expand(batch, -1, -1)
    return rescale(points, 96, size), rescale(points + moves, 96, size)


def mouth(wanted: Tensor, size: int) -> Tensor:
    """How much of each place is inside the mouth, [B, 1, S, S]."""
    return regions(wanted, size, size)[:, :1]


def disturbed(net: Warping) -> Warping:
    """With heads that do something, and a motion."""
    generator = torch.Generator().manual_seed(2)
    for head in [*net.flow, net.paint[-1]]:
        nn.init.normal_(head.weight, 0.0, 0.05, generator=generator)
    nn.init.normal_(net.motion.weight, 0.0, 0.002, generator=generator)
    with torch.no_grad():
        net.paint[-1].bias[-16:] += 2
    return net


@pytest.fixture(scope="module")
def net() -> Warping:
    torch.manual_seed(0)
    return disturbed(Warping(3, 8, 64))


@pytest.mark.parametrize(("working", "size"), [(128, 128), (128, 192), (64, 64), (64, 96)])
def test_at_first_the_photo_is_moved_and_hardly_painted_on(
    face: np.ndarray, working: int, size: int
) -> None:
    fresh = Warping(3, 8, working)
    points, wanted = both(face, size)
    picture = photo(size)
    with torch.no_grad():
        made = fresh(picture, points, wanted)
        # The flow has a quarter of the working side: that of the motion where it is 128.
        moved = sample(picture, resized(fresh.motion(points, wanted, size), working // 4))
    torch.testing.assert_close(made.moved, moved, atol=1e-5, rtol=0)
    inside = mouth(wanted, size)
    outside = inside < 0.002
    assert outside.float().mean() > 0.7
    # What is painted is grey, which is 0.
    wide = outside.expand_as(moved)
    torch.testing.assert_close(
        made.mask[outside], torch.full_like(made.mask, CLOSED)[outside], atol=6e-3, rtol=0
    )
    if size == working:
        torch.testing.assert_close(made.picture, (1 - made.mask) * moved, atol=1e-5, rtol=0)
    assert (made.picture - moved)[wide].abs().max() < 1.1 * CLOSED
    # The inside of a mouth is painted from the start.
    assert made.mask[inside > 0.95].min() > 0.5
    assert (moved - picture).abs().mean() > 0.01


def test_the_result_lies_between_the_moved_photo_and_the_painting(
    net: Warping, face: np.ndarray
) -> None:
    picture = photo(64)
    with torch.no_grad():
        made = net(picture, *both(face, 64))
    assert made.picture.shape == made.moved.shape == (1, 3, 64, 64)
    assert made.mask.shape == (1, 1, 64, 64)
    assert made.mask.min() > 0
    assert made.mask.max() < 1
    colour = made.moved + (made.picture - made.moved) / made.mask
    assert colour.abs().max() <= 1 + 1e-4
    assert made.picture.abs().max() <= 1 + 1e-5
    assert colour.std() > 0.05


def test_a_motion_that_is_known_need_not_be_found_again(net: Warping, face: np.ndarray) -> None:
    picture, (points, wanted) = photo(64), both(face, 64)
    with torch.no_grad():
        field = net.motion(points, wanted, 64)
        assert field.shape == (1, 2, FIELD, FIELD)
        found, again = net(picture, points, wanted, field), net(picture, points, wanted)
        other = net(picture, points, wanted, torch.zeros_like(field))
    assert torch.equal(found.picture, again.picture)
    assert not torch.equal(found.moved, other.moved)


def test_a_large_photo_keeps_what_only_it_shows(face: np.ndarray) -> None:
    """Of a photo three times the U-net's side, it sees nothing of the noise of single pixels."""
    fresh = Warping(3, 8, 64)
    noise = torch.rand(1, 3, 192, 192, generator=torch.Generator().manual_seed(3)) * 1.6 - 0.8
    points, _ = both(face, 192)
    with torch.no_grad():
        made = fresh(noise, points, points)
    torch.testing.assert_close(made.moved, noise, atol=1e-3, rtol=0)
    outside = (mouth(points, 192) < 0.002).expand_as(noise)
    assert outside.float().mean() > 0.8
    assert (made.picture - noise)[outside].abs().max() < 0.06


def test_twice_the_size_shows_the_same(net: Warping, face: np.ndarray) -> None:
    """The U-net works at 64 pixels; a larger photo is moved at full size."""
    with torch.no_grad():
        small = net(photo(64), *both(face, 64))
        large = net(photo(128), *both(face, 128))
    assert large.picture.shape == (1, 3, 128, 128)
    for one, two in zip(small, large, strict=True):
        shrunk = nn.functional.avg_pool2d(two, 2)
        assert (shrunk - one)[..., 2:-2, 2:-2].abs().mean() < 0.01
    assert (small.picture - photo(64)).abs().mean() > 0.1


@pytest.mark.parametrize("training", [False, True])
def test_a_picture_does_not_depend_on_its_batch(
    net: Warping, face: np.ndarray, training: bool
) -> None:
    picture, (points, wanted) = photo(64, batch=3), both(face, 64, batch=3)
    net.train(training)
    with torch.no_grad():
        together = net(picture, points, wanted)
        alone = net(picture[1:2], points[1:2], wanted[1:2])
    net.eval()
    for one, two in zip(alone, together, strict=True):
        torch.testing.assert_close(one, two[1:2], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("working", [96, 128])
def test_the_gradient_reaches_every_weight(face: np.ndarray, working: int, channels: int) -> None:
    torch.manual_seed(0)
    fresh = disturbed(Warping(channels, 8, working))
    assert fresh.channels == channels
    made = fresh(photo(working, channels), *both(face, working))
    assert made.picture.shape == (1, channels, working, working)
    made.picture.square().sum().backward()
    for name, value in fresh.named_parameters():
        assert value.grad is not None, name
        assert torch.isfinite(value.grad).all(), name
        assert value.grad.abs().sum() > 0, name


def test_it_is_small() -> None:
    state = Warping(3, 24, 128).state_dict()
    assert "motion.weight" in state
    assert sum(value.numel() for value in state.values()) < 3_000_000


def test_it_sees_the_points_of_both_faces(net: Warping, face: np.ndarray) -> None:
    """The same motion with other points opens the mask elsewhere."""
    picture, (points, wanted) = photo(64), both(face, 64)
    with torch.no_grad():
        field = net.motion(points, wanted, 64)
        masks = [
            net(picture, a, b, field).mask
            for a, b in ((points, wanted), (points + 6, wanted), (points, wanted + 6))
        ]
    assert (masks[0] - masks[1]).abs().max() > 1e-3
    assert (masks[0] - masks[2]).abs().max() > 1e-3


@pytest.mark.parametrize("channels", [1, 3])
def test_painting_is_the_papers_net_on_the_wanted_points(face: np.ndarray, channels: int) -> None:
    torch.manual_seed(0)
    painting = Painting(32, channels, 4, 0.03).eval()
    picture, (points, wanted) = photo(32, channels), both(face, 32)
    with torch.no_grad():
        made = painting(picture, points, wanted)
        by_hand = painting.net(draw(wanted, 32, 0.03 * 32), picture)
        elsewhere = painting(picture, points + 3, wanted, torch.ones(1, 2, FIELD, FIELD))
        other = painting(picture, points, points)
    assert painting.channels == channels
    assert torch.equal(made.picture, by_hand)
    assert torch.equal(made.moved, picture)
    assert torch.equal(made.mask, torch.ones(1, 1, 32, 32))
    assert torch.equal(elsewhere.picture, made.picture)
    assert not torch.equal(other.picture, made.picture)
    assert painting.motion(points, wanted, 32).shape == (1, 2, FIELD, FIELD)
