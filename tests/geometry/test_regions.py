"""Soft masks of mouth and eyes: the signed distance to the outline, told by OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fet_core.geometry.landmarks import INNER_LIPS, LEFT_EYE, OUTER_LIPS, RIGHT_EYE, mirror_points
from fet_core.geometry.raster import REGIONS, regions, rescale


def expected(points: np.ndarray, size: int, side: int) -> np.ndarray:
    """The masks [4, side, side] by distance from each outline in pixels of the mask."""
    step = size / side
    places = (np.arange(side) + 0.5) * step - 0.5
    masks = []
    for part in REGIONS:
        outline = points[list(part)].reshape(-1, 1, 2).astype(np.float32)
        signed = [[cv2.pointPolygonTest(outline, (x, y), True) for x in places] for y in places]
        masks.append(1 / (1 + np.exp(-np.array(signed) / step)))
    return np.stack(masks)


def square_mouth() -> np.ndarray:
    """Points of which the inner lips are a square from 10 to 30, the others one point."""
    points = np.full((68, 2), 500.0, np.float32)
    corners = [(10, 10), (20, 10), (30, 10), (30, 20), (30, 30), (20, 30), (10, 30), (10, 20)]
    points[list(INNER_LIPS)] = corners
    return points


def test_the_regions_are_mouth_lips_and_eyes() -> None:
    assert REGIONS == (INNER_LIPS, OUTER_LIPS, RIGHT_EYE, LEFT_EYE)


def test_a_square_by_hand() -> None:
    mask = regions(torch.from_numpy(square_mouth())[None], 40, 40)[0, 0]
    assert mask[20, 10].item() == pytest.approx(0.5, abs=1e-4)
    assert mask[10, 17].item() == pytest.approx(0.5, abs=1e-4)
    for deep in (1, 3, 10):
        assert mask[20, 10 + deep].item() == pytest.approx(1 / (1 + np.exp(-deep)), abs=1e-5)
        assert mask[20, 10 - deep].item() == pytest.approx(1 / (1 + np.exp(deep)), abs=1e-5)
    # Beyond a corner it is the corner that counts.
    assert mask[7, 6].item() == pytest.approx(1 / (1 + np.exp(5)), abs=1e-5)


def test_what_lies_nowhere_near_is_nothing() -> None:
    masks = regions(torch.from_numpy(square_mouth())[None], 40, 40)[0]
    assert masks[1:].max() < 1e-6
    assert masks[0].max() > 0.999


@given(seed=st.integers(0, 300), size=st.sampled_from([32, 48]), side=st.sampled_from([16, 32]))
def test_a_star_has_opencvs_signed_distance(seed: int, size: int, side: int) -> None:
    rng = np.random.default_rng(seed)
    points = np.zeros((68, 2), np.float32)
    for part in REGIONS:
        turn = 2 * np.pi * (np.arange(len(part)) + rng.uniform(0, 0.5, len(part))) / len(part)
        reach = rng.uniform(0.1, 0.5, len(part)) * size
        middle = rng.uniform(0.3, 0.7, 2) * size
        star = np.stack([np.cos(turn), np.sin(turn)], axis=1) * reach[:, None] + middle
        points[list(part)] = star
    found = regions(torch.from_numpy(points)[None], size, side)[0].numpy()
    np.testing.assert_allclose(found, expected(points, size, side), atol=2e-3)
    assert found.min() >= 0
    assert found.max() <= 1


def test_the_mirrored_face_has_mirrored_masks(face: np.ndarray) -> None:
    points = face + np.random.default_rng(0).normal(0, 1, face.shape).astype(np.float32)
    mirrored = mirror_points(points, 96)
    straight, other = (regions(torch.from_numpy(p)[None], 96, 48)[0] for p in (points, mirrored))
    # The person's right eye is the mirror image's left one.
    torch.testing.assert_close(other[[0, 1, 3, 2]], straight.flip(2), atol=1e-3, rtol=0)
    assert (other - straight.flip(2)).abs().max() > 0.5


def test_only_the_masks_own_size_counts(face: np.ndarray) -> None:
    points = torch.from_numpy(face)[None]
    small, large = regions(points, 96, 32), regions(rescale(points, 96, 192), 192, 32)
    torch.testing.assert_close(large, small, atol=1e-4, rtol=0)


def test_a_face_does_not_depend_on_its_batch(face: np.ndarray) -> None:
    points = torch.from_numpy(face) + torch.randn(3, 68, 2)
    assert regions(points, 96, 24).shape == (3, 4, 24, 24)
    assert torch.equal(regions(points[1:2], 96, 24)[0], regions(points, 96, 24)[1])


def test_a_closed_mouth_is_finite_and_so_is_its_gradient(face: np.ndarray) -> None:
    points = torch.from_numpy(face).clone()[None]
    points[:, list(INNER_LIPS)] = torch.tensor([40.0, 60.0])
    points.requires_grad_()
    masks = regions(points, 96, 48)
    # A point is no inside: nowhere more than half.
    assert masks[0, 0].max() <= 0.5 + 1e-4
    masks.sum().backward()
    assert points.grad is not None
    assert torch.isfinite(points.grad).all()
    assert points.grad.abs().sum() > 0
