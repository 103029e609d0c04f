"""Pasting: the mask's shape, bytes outside it, and places, scales and turns that agree."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fet_core.geometry.align import (
    FEATHER,
    MARGIN,
    apply_picture,
    apply_points,
    face_mask,
    invert,
    paste,
    soft_mask,
)

SIDE = 64


def whole_mask(size: int) -> np.ndarray:
    axis = np.arange(size)
    return soft_mask(axis[None, :], axis[:, None], size)


def similarity(turn: float, scale: float, centre: tuple[float, float], size: int) -> np.ndarray:
    """From a photograph to an aligned face of `size` in whose middle `centre` lies."""
    c, s = scale * np.cos(turn), scale * np.sin(turn)
    matrix = np.array([[c, -s, 0], [s, c, 0]])
    matrix[:, 2] = (size - 1) / 2 - matrix[:, :2] @ centre
    return matrix


def smooth_picture(height: int, width: int, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(128, 400, (height, width, 3))
    return cv2.GaussianBlur(noise, (0, 0), 4).clip(0, 255).astype(np.uint8)


def reached(photo: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """Which pixels of a photograph the mask does not leave alone, one by one."""
    y, x = np.mgrid[: photo.shape[0], : photo.shape[1]]
    there = apply_points(matrix, np.stack([x, y], axis=2))
    return soft_mask(there[..., 0], there[..., 1], size) > 0


@pytest.mark.parametrize("size", [32, 97, 256])
def test_the_mask_is_1_in_the_middle_and_0_at_the_border(size: int) -> None:
    mask = whole_mask(size)
    assert mask.min() == 0
    assert mask.max() == 1
    rim = max(int(MARGIN * size), 0)
    for edge in (mask[: rim + 1], mask[-rim - 1 :], mask[:, : rim + 1], mask[:, -rim - 1 :]):
        assert edge.max() < 0.05
    inner = int(np.ceil((MARGIN + FEATHER) * size))
    assert (mask[inner:-inner, inner:-inner] == 1).all()
    np.testing.assert_allclose(mask, mask[::-1], atol=1e-12)
    np.testing.assert_allclose(mask, mask.T, atol=1e-12)
    assert (np.diff(mask[size // 2, : size // 2]) >= 0).all()


@given(x=st.floats(-1e5, 1e5), y=st.floats(-1e5, 1e5), feather=st.floats(0.01, 0.4))
def test_the_mask_is_a_share_everywhere_and_0_beyond_the_face(
    x: float, y: float, feather: float
) -> None:
    value = float(soft_mask(np.array(x), np.array(y), SIDE, feather))
    assert 0 <= value <= 1
    beyond = max(abs(x - (SIDE - 1) / 2), abs(y - (SIDE - 1) / 2)) >= SIDE * (0.5 - MARGIN)
    assert not (beyond and value > 0)


@given(x=st.integers(-80, 120), y=st.integers(-80, 120), grey=st.booleans())
def test_a_face_that_is_only_shifted_arrives_byte_for_byte(x: int, y: int, grey: bool) -> None:
    rng = np.random.default_rng(3)
    photo, face = rng.integers(0, 256, (90, 110, 3)), rng.integers(0, 256, (SIDE, SIDE, 3))
    photo, face = photo.astype(np.uint8), face.astype(np.uint8)
    if grey:
        photo, face = photo[..., 0].copy(), face[..., 0].copy()
    before = photo.copy()
    made = paste(photo, face, np.array([[1.0, 0, -x], [0, 1, -y]]))
    assert (photo == before).all()
    # On a sheet so large that every shift fits, and cut out of it.
    mask, moved = np.zeros((300, 320)), np.zeros((300, 320, *photo.shape[2:]))
    mask[80 + y : 80 + y + SIDE, 80 + x : 80 + x + SIDE] = whole_mask(SIDE)
    moved[80 + y : 80 + y + SIDE, 80 + x : 80 + x + SIDE] = face
    mask, moved = mask[80:170, 80:190], moved[80:170, 80:190]
    assert made.dtype == np.uint8
    assert (made[mask == 0] == photo[mask == 0]).all()
    assert (made[mask == 1] == moved[mask == 1]).all()
    share = mask if grey else mask[..., None]
    expected = photo + share * (moved - photo)
    assert np.abs(made - expected).max() <= 0.51


@given(
    turn=st.floats(-3.1, 3.1), scale=st.floats(0.25, 4), x=st.floats(-20, 220), y=st.floats(0, 160)
)
def test_cut_out_and_pasted_back_is_the_photograph(
    turn: float, scale: float, x: float, y: float
) -> None:
    photo = smooth_picture(160, 200)
    size = int(np.ceil(80 * max(scale, 1)))
    matrix = similarity(turn, scale, (x, y), size)
    made = paste(photo, apply_picture(matrix, photo, size), matrix)
    assert (made == photo)[~reached(photo, matrix, size)].all()
    apart = np.abs(made.astype(int) - photo)
    # An aligned face smaller than in the photograph loses detail; a larger one may not.
    assert apart.mean() < (0.6 if scale >= 0.99 else 3)
    assert apart.max() <= (6 if scale >= 0.99 else 90)


@pytest.mark.parametrize("scale", [0.3, 0.7, 1.0, 1.5, 2.4, 4.0])
@pytest.mark.parametrize("turn", [0.0, 0.35, -1.2])
def test_a_spot_lands_where_its_point_does(turn: float, scale: float) -> None:
    size = 128
    wanted = np.array([70.3, 81.8])
    matrix = similarity(turn, scale, (0, 0), size)
    matrix[:, 2] = (75.4, 60.2) - matrix[:, :2] @ wanted
    y, x = np.mgrid[:size, :size]
    sigma = 2.5 * max(scale, 1)
    spot = 255 * np.exp(-((x - 75.4) ** 2 + (y - 60.2) ** 2) / (2 * sigma**2))
    made = paste(np.zeros((150, 140), np.uint8), spot.round().astype(np.uint8), matrix)
    mass = made.astype(float)
    y, x = np.mgrid[:150, :140]
    found = np.array([(mass * x).sum(), (mass * y).sum()]) / mass.sum()
    np.testing.assert_allclose(found, wanted, atol=0.1)
    np.testing.assert_allclose(apply_points(invert(matrix), np.array((75.4, 60.2))), wanted)


def test_a_face_that_gets_smaller_is_averaged() -> None:
    stripes = np.zeros((256, 256), np.uint8)
    stripes[:, ::2] = 255
    matrix = similarity(0.0, 4.0, (50, 50), 256)
    made = paste(np.full((100, 100), 128, np.uint8), stripes, matrix)
    assert np.abs(made.astype(int) - 128).max() <= 3


def test_a_face_beyond_the_photograph_leaves_it_alone() -> None:
    photo = smooth_picture(40, 50)
    face = np.zeros((SIDE, SIDE, 3), np.uint8)
    for centre in ((-200, 20), (20, 300)):
        made = paste(photo, face, similarity(0.3, 1.0, centre, SIDE))
        assert (made == photo).all()
        assert made is not photo


@pytest.mark.parametrize("size", [96, 250])
def test_the_face_is_its_points_and_its_forehead(size: int, face: np.ndarray) -> None:
    """The face by formula: jaw from x = 17.5 to 77.5 at y = 40, chin at y = 76, brows at y = 23."""
    grow = size / 96
    mask = face_mask((face[None] + 0.5) * grow - 0.5, size)
    assert mask.shape == (size, size)
    assert mask.dtype == np.float32

    def at(x: float, y: float) -> float:
        return float(mask[round((y + 0.5) * grow - 0.5), round((x + 0.5) * grow - 0.5)])

    for inside in ((47, 40), (47, 66), (34, 34), (61, 34), (47, 17)):
        assert at(*inside) > 0.98
    for outside in ((5, 40), (90, 40), (47, 90), (20, 75), (75, 75), (47, 2)):
        assert at(*outside) < 0.02
    assert 0.3 < at(47.5, 76) < 0.7


def test_the_outline_holds_a_face_before_and_after(face: np.ndarray) -> None:
    fallen = face + np.array((0, 8))
    one, other, both = (face_mask(np.stack(p), 96) for p in ([face], [fallen], [face, fallen]))
    assert (both >= np.maximum(one, other) - 1e-6).all()
    assert 0.99 < both.max() < 1.00001
