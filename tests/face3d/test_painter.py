"""Aiming again after what was made is read, lips that do not swell, teeth in their light."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fet_core.face3d.aim import corrected
from fet_core.face3d.bank import Lender
from fet_core.face3d.fusion import thinned
from fet_core.face3d.mouth import INNER, fill, opening, seal, shuts
from fet_core.geometry.landmarks import eye_distance


@pytest.fixture
def points(face: np.ndarray) -> np.ndarray:
    return face.astype(np.float64) * 2.5 + 10


def opened(points: np.ndarray, by: float) -> np.ndarray:
    wanted = points.copy()
    wanted[[*range(6, 11), 55, 56, 57, 58, 59, 65, 66, 67], 1] += by
    return wanted


def test_the_second_aim_lies_beyond_by_what_the_first_fell_short(points: np.ndarray) -> None:
    """A lip as a whole, its corners along the mouth; what is read elsewhere says nothing."""
    wanted = opened(points, 12)
    read = wanted.copy()
    read[65:68, 1] -= 1
    read[:48] += 5
    aimed = corrected(wanted, read, points)
    further = aimed - wanted
    assert further[66, 1] == pytest.approx(1, abs=0.05)
    assert further[57, 1] == pytest.approx(1, abs=0.05), "the lip would grow thicker"
    assert 0 < further[56, 1] < further[57, 1]
    rest = [*range(48), 48, 50, 51, 52, 54, 60, 61, 62, 63, 64]
    assert further[rest] == pytest.approx(np.zeros((len(rest), 2)), abs=0.1)
    read = wanted.copy()
    read[48:55:6, 0] += [1, -1]
    wider = (corrected(wanted, read, points) - wanted)[48:55:6, 0]
    assert wider == pytest.approx([-1, 1], abs=0.05)


def test_one_point_that_is_read_elsewhere_bends_no_lip(points: np.ndarray) -> None:
    wanted = opened(points, 12)
    read = wanted.copy()
    read[66, 1] -= 9
    aimed = corrected(wanted, read, points)
    before, after = (each[66, 1] - each[[65, 67], 1].mean() for each in (wanted, aimed))
    assert abs(after - before) < 1


def test_a_wild_reading_moves_the_aim_by_little(points: np.ndarray) -> None:
    """Where a tongue is read as a lip, the mouth is torn no further open than by a third."""
    wanted = opened(points, 12)
    gap = (wanted[[65, 66, 67], 1] - wanted[[63, 62, 61], 1]).mean()
    read = wanted - np.array([0, 500.0])
    aimed = corrected(wanted, read, points)
    assert np.linalg.norm(aimed - wanted, axis=1).max() <= 0.151 * gap
    read = wanted.copy()
    read[65:68, 1] -= 500
    read[61:64, 1] += 500
    assert opening(corrected(wanted, read, points)) < 1.35 * opening(wanted)


@pytest.mark.parametrize("degrees", [0, 40])
def test_no_aim_crosses_the_lips(degrees: float, points: np.ndarray) -> None:
    turn = np.radians(degrees)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    wanted = opened(points, 2)
    read = wanted.copy()
    read[[61, 62, 63], 1] -= 6
    read[[65, 66, 67], 1] += 6
    aimed = corrected(wanted @ matrix, read @ matrix, points @ matrix) @ np.linalg.inv(matrix)
    gap = aimed[[67, 66, 65], 1] - aimed[[61, 62, 63], 1]
    own = points[[67, 66, 65], 1] - points[[61, 62, 63], 1]
    assert (gap >= np.minimum(own, 0) - 1e-9).all()


def frontal(points: np.ndarray) -> np.ndarray:
    middle = points[36:48].mean(axis=0)
    return ((points - middle) * [1, -1] / eye_distance(points))[None]


def test_lips_that_part_grow_no_thicker(points: np.ndarray) -> None:
    own = frontal(points)
    motion = frontal(opened(points, 0.3 * eye_distance(points))) - own
    assert thinned(motion, own) == pytest.approx(motion)
    swollen = motion.copy()
    swollen[:, [65, 66, 67], 1] += 0.08  # the lower lip's inner line, y up
    found = own + thinned(swollen, own)
    thick = (found[:, [67, 66, 65], 1] - found[:, [58, 57, 56], 1]).mean()
    assert thick == pytest.approx((own[:, [67, 66, 65], 1] - own[:, [58, 57, 56], 1]).mean())
    shut = np.zeros_like(motion)
    shut[:, [56, 57, 58], 1] -= 0.08
    own[:, [65, 66, 67]] = own[:, [63, 62, 61]]
    assert thinned(shut, own) == pytest.approx(shut)


def drawn(
    points: np.ndarray, skin: int | tuple[int, int, int], teeth: int, white: int
) -> np.ndarray:
    """A face of one colour with whites of the eyes, and teeth between its lips."""
    picture = np.full((260, 260, 3), skin, np.uint8)
    for part, value in ((slice(36, 42), white), (slice(42, 48), white), (INNER, teeth)):
        cv2.fillPoly(picture, [points[part].round().astype(np.int32)], (value,) * 3)
    return picture


@pytest.mark.parametrize(("skin", "white", "least", "most"), [(200, 220, 190, 240),
                                                              (80, 220, 120, 200),
                                                              (80, 88, 60, 105)])  # fmt: skip
def test_teeth_are_as_bright_as_the_light_on_the_face(
    skin: int, white: int, least: int, most: int, points: np.ndarray
) -> None:
    """On dark skin whose eyes are bright teeth are bright too; in the dark they are not."""
    wanted = opened(points, 14)
    source = drawn(wanted, 200, 215, 220)
    made = drawn(points, skin, skin, white)
    fill(made, wanted, Lender(source, wanted), Lender(made.copy(), points))
    x, y = wanted[INNER].mean(axis=0).round().astype(int)
    assert opening(wanted) > 0.006
    assert least <= made[y, x].mean() <= most


def test_a_beard_does_not_darken_teeth(points: np.ndarray) -> None:
    """What light falls on a face the cheeks say, and not the skin around the mouth."""
    wanted = opened(points, 14)
    source = drawn(wanted, 200, 215, 220)
    own = closed(points)
    plain = drawn(own, 190, 190, 210)
    bearded = plain.copy()
    chin = np.concatenate([own[3:14], own[[35, 33, 31]]])
    cv2.fillPoly(bearded, [chin.round().astype(np.int32)], (60, 60, 60))
    shown = []
    for target in (plain, bearded):
        made = target.copy()
        fill(made, wanted, Lender(source, wanted), Lender(target, own))
        x, y = wanted[INNER].mean(axis=0).round().astype(int)
        shown.append(float(made[y, x].mean()))
    assert shown[1] == pytest.approx(shown[0], abs=4)


def test_own_teeth_tell_the_colour_of_those_that_are_brought(points: np.ndarray) -> None:
    """Where the target shows its teeth these are the better witness: here yellow ones."""
    own, wanted = opened(points, 10), opened(points, 18)
    source = drawn(wanted, 120, 230, 220)
    target = drawn(own, (220, 165, 145), 0, 220)
    cv2.fillPoly(target, [own[INNER].round().astype(np.int32)], (210, 190, 150))
    made = target.copy()
    fill(made, wanted, Lender(source, wanted), Lender(target, own))
    x, y = wanted[INNER].mean(axis=0).round().astype(int)
    np.testing.assert_allclose(made[y, x], (210, 190, 150), atol=4)
    dark = drawn(own, (220, 165, 145), 20, 220)
    fill(dark, wanted, Lender(source, wanted), Lender(dark.copy(), own))
    assert dark[y, x].min() > 180, "an open mouth that shows no teeth says nothing of them"


def test_lips_are_not_taken_for_teeth(points: np.ndarray) -> None:
    """Of a turned head closed lips may be read as open ones; nothing becomes red of that."""
    wanted = opened(points, 14)
    source = drawn(wanted, 200, 215, 220)
    for tint in ((210, 150, 130), (160, 160, 160)):
        target = np.full((260, 260, 3), tint, np.uint8)
        lips = points[48:60].round().astype(np.int32)
        cv2.fillPoly(target, [lips], tuple(int(0.9 * v) for v in (tint[0], tint[1] - 20, tint[2])))
        made = target.copy()
        fill(made, wanted, Lender(source, wanted), Lender(target, points))
        x, y = wanted[INNER].mean(axis=0).round().astype(int)
        assert made[y, x, 0] / made[y, x].sum() <= tint[0] / sum(tint) + 0.005


def closed(points: np.ndarray) -> np.ndarray:
    """The points with inner lips that meet."""
    wanted = points.copy()
    upper, lower = [61, 62, 63], [67, 66, 65]
    wanted[upper] = wanted[lower] = (points[upper] + points[lower]) / 2
    return wanted


def test_which_mouths_are_shut(points: np.ndarray) -> None:
    shut, wide = closed(points), opened(points, 14)
    assert shuts(wide, shut, shut)
    assert not shuts(wide, shut, wide), "the giver's is open"
    assert not shuts(shut, shut, shut), "it is shut already"
    assert not shuts(wide, opened(points, 10), shut), "it is to stay open"


@pytest.mark.parametrize("degrees", [0, 30])
def test_lips_that_close_hide_the_teeth(degrees: float, points: np.ndarray) -> None:
    """A row of teeth that is left between moved lips becomes the line of the giver's, dimmed."""
    turn = np.radians(degrees)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    middle = points.mean(axis=0)
    shut = (closed(points) - middle) @ matrix + middle
    line = shut[[60, 61, 62, 63, 64]].round().astype(np.int32)
    made = np.full((260, 260, 3), 100, np.uint8)
    cv2.polylines(made, [line], False, (220,) * 3, 1)
    before = made.copy()
    source = np.full((260, 260, 3), 200, np.uint8)
    cv2.polylines(source, [line], False, (60,) * 3, 1)
    seal(made, shut, Lender(source, shut))
    shown = made[line[1:4, 1], line[1:4, 0]].mean()
    assert 20 < shown < 75
    away = cv2.distanceTransform((before != 220).all(axis=2).astype(np.uint8), cv2.DIST_L2, 5)
    assert (made[away > 0.1 * eye_distance(points)] == 100).all()
