"""Random turns and light: nothing at strength 0, the same for all pictures of a triple."""

from __future__ import annotations

import torch

from fet_core.train.augmentation import GAIN, LIFT, jitter


def triple() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    photo = torch.rand(3, 3, 32, 32, generator=generator) * 2 - 1
    return photo, photo.clone(), photo[:, :1].clone()


def test_strength_zero_changes_nothing() -> None:
    before = triple()
    assert all(a is b for a, b in zip(before, jitter(*before, 0.0, 1, 2), strict=True))


def test_photo_and_truth_stay_aligned_and_the_landmarks_move_with_them() -> None:
    spot = torch.full((1, 1, 32, 32), -1.0)
    spot[0, 0, 14:17, 19:22] = 1.0
    photo, wanted, landmarks = jitter(spot, spot.clone(), spot.clone(), 1.0, 3, 7)
    assert torch.equal(photo, wanted)

    def middle(picture: torch.Tensor) -> torch.Tensor:
        weight = (picture - picture.min()).squeeze()
        axis = torch.arange(32.0)
        total = weight.sum()
        return torch.stack([(weight.sum(0) * axis).sum(), (weight.sum(1) * axis).sum()]) / total

    assert torch.dist(middle(photo), middle(landmarks)) < 0.1
    assert torch.dist(middle(photo), middle(spot)) > 0.2


def test_light_stays_within_its_bounds() -> None:
    grey = torch.full((64, 1, 16, 16), 0.5)
    photo, *_ = jitter(grey, grey.clone(), grey.clone(), 1.0, 0, 0)
    low, high = 0.5 * (1 - GAIN) - LIFT, 0.5 * (1 + GAIN) + LIFT
    assert photo.min() >= low - 1e-5
    assert photo.max() <= high + 1e-5
    assert photo.amax(dim=(1, 2, 3)).std() > 0.05


def test_a_function_of_seed_and_step_alone() -> None:
    one, two = jitter(*triple(), 1.0, 5, 9), jitter(*triple(), 1.0, 5, 9)
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not torch.equal(one[0], jitter(*triple(), 1.0, 5, 10)[0])
    assert not torch.equal(one[0], jitter(*triple(), 1.0, 6, 9)[0])


def test_labels_have_no_place_and_stay() -> None:
    labels = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])[:, :, None, None]
    photo = torch.rand(2, 3, 32, 32)
    moved, _, found = jitter(photo, photo, labels, 1.0, 0, 0)
    assert torch.equal(found, labels)
    assert not torch.equal(moved, photo)
