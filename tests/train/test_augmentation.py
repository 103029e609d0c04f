"""Random placement: photos, landmark images, points and fields of a triple go the same way."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch import Tensor

from fet_core.geometry.raster import draw, sample
from fet_core.train.augmentation import GAIN, LIFT, SHIFT, TURN, ZOOM, Augmentation

CPU = torch.device("cpu")
SIZE = 64


def place(step: int = 0, strength: float = 1.0, batch: int = 2, seed: int = 3) -> Augmentation:
    return Augmentation(batch, strength, seed, step, CPU)


def photo(channels: int = 3, batch: int = 2) -> Tensor:
    noise = torch.rand(batch, channels, 7, 7, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.interpolate(noise, (SIZE, SIZE), mode="bicubic")
    return smooth.clamp(0, 1) - 0.5


def field(side: int, batch: int = 2) -> Tensor:
    """A smooth motion of up to about three pixels."""
    noise = torch.randn(batch, 2, 4, 4, generator=torch.Generator().manual_seed(1))
    return 0.05 * torch.nn.functional.interpolate(noise, (side, side), mode="bilinear")


def middle(picture: Tensor) -> Tensor:
    """The centre of gravity [2] of a plane."""
    weight = picture.squeeze() - picture.min()
    axis = torch.arange(float(SIZE))
    return torch.stack([(weight.sum(0) * axis).sum(), (weight.sum(1) * axis).sum()]) / weight.sum()


def test_strength_zero_changes_nothing() -> None:
    still = place(strength=0.0)
    points = torch.rand(2, 68, 2) * SIZE
    before = photo(), photo(1), points, field(16)
    after = (
        still.picture(before[0]),
        still.condition(before[1]),
        still.points(before[2], SIZE),
        still.field(before[3]),
    )
    assert all(found is given_ for found, given_ in zip(after, before, strict=True))


@given(step=st.integers(0, 10_000), x=st.floats(18, 45), y=st.floats(18, 45))
def test_points_stay_on_what_they_mark(step: int, x: float, y: float) -> None:
    points = torch.tensor([x, y]).expand(1, 68, 2)
    spot = draw(points[:, :1], SIZE, 2.0)
    one = place(step, batch=1)
    found = one.points(points, SIZE)[0, 0]
    assert (middle(one.picture(spot)) - found).abs().max() < 0.3


def test_points_really_move() -> None:
    points = torch.tensor([20.0, 30.0]).expand(2, 68, 2)
    moves = [(place(step).points(points, SIZE) - points)[:, 0].norm(dim=1) for step in range(20)]
    assert torch.cat(moves).mean() > 1
    # Each triple of a batch goes its own way.
    assert (moves[0][0] - moves[0][1]).abs() > 1e-3


@given(step=st.integers(0, 10_000), size=st.sampled_from([32, 64, 128]))
def test_points_make_one_similarity_within_the_ranges(step: int, size: int) -> None:
    corners = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]) * size - 0.5
    found = place(step, batch=1).points(corners[None], size)[0]
    right, down = (found[1] - found[0]) / size, (found[2] - found[0]) / size
    torch.testing.assert_close(down, torch.stack([-right[1], right[0]]), atol=1e-4, rtol=0)
    assert 1 / (1 + ZOOM) - 1e-4 <= right.norm() <= 1 / (1 - ZOOM) + 1e-4
    assert torch.atan2(right[1], right[0]).abs() <= TURN + 1e-4
    way = (found[3] - corners[3]).norm() / (size / 2)
    assert way <= SHIFT * 2**0.5 / (1 - ZOOM) + 1e-4


@hypothesis_settings(max_examples=20)
@given(step=st.integers(0, 10_000))
def test_a_placed_field_moves_a_placed_photo_as_before(step: int) -> None:
    """Moved and then placed is placed and then moved, away from the border."""
    one, motion = place(step), field(SIZE)
    wanted = one.picture(sample(photo(), motion))
    found = sample(one.picture(photo()), one.field(motion))
    inside = (..., slice(14, -14), slice(14, -14))
    assert (found - wanted)[inside].abs().mean() < 0.006
    assert (one.picture(photo()) - wanted)[inside].abs().mean() > 0.02


def test_a_field_that_is_only_moved_would_not_do() -> None:
    """The vectors are turned and scaled too: a constant field tells by how much."""
    one = place(5)
    constant = torch.tensor([0.2, -0.1]).reshape(1, 2, 1, 1).expand(2, 2, 8, 8)
    start = torch.full((2, 68, 2), 30.0)
    step = constant[:, :, 0, 0][:, None] * SIZE / 2
    wanted = one.points(start + step, SIZE) - one.points(start, SIZE)
    found = one.field(constant)[:, :, 4, 4] * SIZE / 2
    torch.testing.assert_close(found, wanted[:, 0], atol=1e-3, rtol=0)
    assert (found - step[:, 0]).abs().max() > 0.1


def test_photo_and_truth_stay_aligned() -> None:
    one = place()
    assert torch.equal(one.picture(photo()), one.picture(photo().clone()))
    again = place()
    assert torch.equal(one.picture(photo()), again.picture(photo()))


@given(step=st.integers(0, 10_000), x=st.floats(18, 45), y=st.floats(18, 45))
def test_landmark_images_go_with_the_points(step: int, x: float, y: float) -> None:
    points = torch.tensor([x, y]).expand(1, 68, 2)
    one = place(step, batch=1)
    spot = draw(points[:, :1], SIZE, 2.0)
    found = one.condition(spot)
    assert found.shape == spot.shape
    assert (middle(found) - one.points(points, SIZE)[0, 0]).abs().max() < 0.3
    # Their light is that of the drawing.
    assert found.max() == pytest.approx(1, abs=0.25)
    assert found.min() == pytest.approx(-1, abs=1e-5)


def test_beyond_its_border_a_landmark_image_is_empty_and_a_photo_mirrored() -> None:
    white = torch.ones(2, 1, SIZE, SIZE)
    moves = [place(step) for step in range(20)]
    assert all(one.condition(white).max() <= 1 + 1e-5 for one in moves)
    assert min(one.condition(white).min().item() for one in moves) == pytest.approx(-1, abs=1e-5)
    for one in moves:
        lit = one.picture(white)
        torch.testing.assert_close(lit, lit[:, :, :1, :1].expand_as(lit), atol=1e-4, rtol=0)


def test_labels_have_no_place_and_stay() -> None:
    labels = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])[:, :, None, None]
    one = place()
    assert torch.equal(one.condition(labels), labels)
    assert not torch.equal(one.picture(photo()), photo())


@pytest.mark.parametrize("other", [{"step": 1}, {"seed": 4}])
def test_it_is_a_function_of_seed_and_step(other: dict[str, int]) -> None:
    points = torch.rand(2, 68, 2) * SIZE
    assert torch.equal(place().points(points, SIZE), place().points(points, SIZE))
    assert not torch.equal(place().points(points, SIZE), place(**other).points(points, SIZE))
    assert not torch.equal(place().picture(photo()), place(**other).picture(photo()))
    assert torch.equal(place().condition(photo(1)), place().condition(photo(1)))


def test_light_stays_within_its_bounds() -> None:
    grey = torch.full((64, 1, 16, 16), 0.5)
    found = place(batch=64).picture(grey)
    assert found.min() >= 0.5 * (1 - GAIN) - LIFT - 1e-5
    assert found.max() <= 0.5 * (1 + GAIN) + LIFT + 1e-5
    assert found.amax(dim=(1, 2, 3)).std() > 0.05
    white = place(batch=64).picture(torch.ones(64, 1, 16, 16))
    assert white.max() == 1
