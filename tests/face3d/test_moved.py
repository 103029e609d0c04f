"""Moving pixels: what moves, what stays, and lips that part."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fet_core.face3d.bank import Lender
from fet_core.face3d.face import Face
from fet_core.face3d.mouth import INNER, OPEN, fill, lacks_mouth, opening
from fet_core.face3d.painter import Painter
from fet_core.face3d.warp import Spline, moved

SIDE = 256


@pytest.fixture
def points(face: np.ndarray) -> np.ndarray:
    """The face by formula in the middle of a picture of 256 pixels."""
    return face.astype(np.float64) * 1.6 + 45


@pytest.fixture
def picture() -> np.ndarray:
    rng = np.random.default_rng(4)
    return rng.integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8)


def fallen(points: np.ndarray, by: float = 14.0) -> np.ndarray:
    """The lower lip and the chin lower down."""
    wanted = points.copy()
    wanted[[*range(5, 12), *range(55, 60), *range(65, 68)], 1] += by
    return wanted


def middles(points: np.ndarray) -> np.ndarray:
    return points.round().astype(int)


def test_a_spline_goes_through_its_points_and_keeps_what_is_affine() -> None:
    rng = np.random.default_rng(1)
    where = rng.normal(size=(30, 2))
    affine = where @ [[0.5, 0.2], [-0.1, 1.5]] + [3, -2]
    at = rng.normal(size=(5, 4, 2))
    assert Spline(where, affine)(at) == pytest.approx(at @ [[0.5, 0.2], [-0.1, 1.5]] + [3, -2])
    value = rng.normal(size=(30, 2))
    assert Spline(where, value, smooth=0)(where) == pytest.approx(value, abs=1e-8)


def test_without_motion_every_pixel_stays(picture: np.ndarray, points: np.ndarray) -> None:
    assert np.array_equal(moved(picture, points, points), picture)
    grey = picture[:, :, 0].copy()
    assert np.array_equal(moved(grey, points, points), grey)


def test_the_border_stays(picture: np.ndarray, points: np.ndarray) -> None:
    made = moved(picture, points, fallen(points))
    for side in (made[0] - picture[0], made[-1] - picture[-1], made[:, 0] - picture[:, 0]):
        assert not side.any()
    assert (made != picture).any()


@pytest.mark.parametrize("number", [8, 19, 30, 37, 51, 57])
def test_points_arrive(number: int, points: np.ndarray) -> None:
    dark = np.full((SIDE, SIDE), 200, np.uint8)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    dark[np.hypot(x - points[number, 0], y - points[number, 1]) < 3] = 0
    wanted = fallen(points)
    wanted[17:27, 1] -= 6
    made = moved(dark, points, wanted)
    weight = 200.0 - made
    found = [(weight * one).sum() / weight.sum() for one in (x, y)]
    assert found == pytest.approx(wanted[number], abs=1.5)


def test_lips_part_without_being_smeared(points: np.ndarray) -> None:
    """Red above the line between closed lips and blue below it: neither gets into the other."""
    closed = points.copy()
    closed[[65, 66, 67], 1] = closed[[63, 62, 61], 1]
    line = closed[62, 1]
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[: int(line) + 1, :, 0] = 255
    picture[int(line) + 1 :, :, 2] = 255
    wanted = fallen(closed)
    made = moved(picture, closed, wanted)
    x = round(float(closed[62, 0]))
    column = made[:, x].astype(int)
    assert (column[: round(float(wanted[62, 1])) - 2, 0] > 200).all()
    assert (column[round(float(wanted[66, 1])) + 2 :, 2] > 200).all()


def test_opening_is_an_area_over_a_square() -> None:
    points = np.zeros((68, 2))
    points[[36, 39]], points[[42, 45]] = [0, 0], [10, 0]
    points[INNER] = [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (4, 2), (2, 2), (0, 2)]
    assert opening(points) == pytest.approx(8 / 100)
    crossed = points.copy()
    crossed[INNER] = points[[60, 67, 66, 65, 64, 63, 62, 61]]
    assert opening(crossed) == 0


def test_a_mouth_is_lent_where_the_own_shows_too_little(points: np.ndarray) -> None:
    closed = points.copy()
    closed[[65, 66, 67], 1] = closed[[63, 62, 61], 1]
    assert opening(closed) < OPEN
    assert not lacks_mouth(points, closed)
    wide = fallen(points)
    assert not lacks_mouth(wide, wide)
    assert lacks_mouth(closed, wide)


@pytest.mark.parametrize(("grey", "theirs_too"), [(False, False), (True, False), (True, True)])
def test_the_sources_teeth_stand_between_the_lips_alone(
    grey: bool, theirs_too: bool, points: np.ndarray
) -> None:
    closed = points.copy()
    closed[[65, 66, 67], 1] = closed[[63, 62, 61], 1]
    wanted = fallen(closed, 20)
    target = np.full((SIDE, SIDE, 3), (150, 110, 90), np.uint8)
    source = np.full((2 * SIDE, 2 * SIDE, 3), (150, 110, 90), np.uint8)
    theirs = 2 * wanted
    inner = theirs[INNER]
    top, bottom = int(inner[:, 1].min()), int(inner[:, 1].max())
    left, right = int(inner[:, 0].min()), int(inner[:, 0].max())
    source[top:bottom, left:right] = (10, 90, 10)
    made = target[:, :, 0].copy() if grey else target.copy()
    given = source[:, :, 0].copy() if theirs_too else source
    fill(made, wanted, Lender(given, theirs), Lender(made.copy(), closed))
    x, y = middles(wanted[INNER].mean(axis=0))
    if grey:
        assert made.shape == (SIDE, SIDE)
        assert abs(int(made[y, x]) - 150) > 20
    else:
        assert made[y, x, 1] > made[y, x, 0] + 60
        far = np.abs(made.astype(int) - target).max(axis=2) > 3
        rows, columns = np.nonzero(far)
        assert rows.min() > wanted[INNER, 1].min() - 6
        assert columns.max() < wanted[INNER, 0].max() + 6


class Blind:
    """An eye that is not to be asked."""

    def read(self, *_: object) -> np.ndarray:
        raise AssertionError


def test_a_wanted_mouth_that_nobody_shows_is_one_of_the_bank(points: np.ndarray) -> None:
    closed = points.copy()
    closed[[65, 66, 67], 1] = closed[[63, 62, 61], 1]
    wanted = fallen(closed, 20)
    target = np.full((SIDE, SIDE, 3), (160, 110, 100), np.uint8)
    painter = Painter(Blind())  # type: ignore[arg-type]
    inner = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(inner, [wanted[INNER].round().astype(np.int32)], 1)
    for giver in (None, Face("y", target, closed)):
        made = painter(Face("x", target, closed), wanted, giver)
        shown = made[inner > 0].astype(int)
        assert np.abs(shown - target[0, 0]).sum(axis=1).mean() > 60
        assert np.ptp(shown.mean(axis=1)) > 60


def test_lids_slide_over_an_eye_that_closes(points: np.ndarray) -> None:
    """What is in it stays until a lid covers it, while an eye that opens is stretched."""
    picture = np.full((SIDE, SIDE), 200, np.uint8)
    middle = points[36:42].mean(axis=0)
    high = points[[40, 41], 1].mean() - points[[37, 38], 1].mean()
    cv2.circle(picture, tuple(middle.round().astype(int).tolist()), round(high / 5), 20, -1)
    half, wide = points.copy(), points.copy()
    half[[37, 38], 1] += 0.4 * high
    wide[[37, 38], 1] -= 0.4 * high

    def dark(made: np.ndarray) -> np.ndarray:
        rows = np.flatnonzero(made[:, round(middle[0])] < 110)
        return np.array([rows.min(), rows.max()]) if len(rows) else np.zeros(2)

    own, less, more = (dark(moved(picture, points, one)) for one in (points, half, wide))
    assert less[1] == pytest.approx(own[1], abs=1.5)
    assert np.ptp(more) > 1.1 * np.ptp(own)
    shut = points.copy()
    shut[[37, 38], 1] += 0.8 * high
    made = moved(picture, points, shut)
    lid = shut[[37, 38]].mean(axis=0).round().astype(int)
    assert made[lid[1] - 3, lid[0]] > 150


def test_teeth_are_not_brighter_than_the_targets_light(points: np.ndarray) -> None:
    closed = points.copy()
    closed[[65, 66, 67], 1] = closed[[63, 62, 61], 1]
    wanted = fallen(closed, 20)
    target = np.full((SIDE, SIDE, 3), (60, 45, 40), np.uint8)
    source = np.full((SIDE, SIDE, 3), (50, 40, 35), np.uint8)
    inner = wanted[INNER].astype(int)
    source[inner[:, 1].min() : inner[:, 1].max(), inner[:, 0].min() : inner[:, 0].max()] = 250
    made = target.copy()
    fill(made, wanted, Lender(source, wanted), Lender(target, closed))
    x, y = middles(wanted[INNER].mean(axis=0))
    assert made[y, x].mean() < 1.2 * target[0, 0].mean()
