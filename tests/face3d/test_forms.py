"""What real photographs showed: mouths of another form, lashes, lips of two colours, whites."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from fet_core.face3d import eyes, lids
from fet_core.face3d.bank import Lender
from fet_core.face3d.borrow import lay
from fet_core.face3d.eyes import Plan, fill_eyes
from fet_core.face3d.face import Face
from fet_core.face3d.lids import closed, lashes, lids_apart
from fet_core.face3d.lips import bared
from fet_core.face3d.mouth import lacks_mouth, lends, seal, unlike
from fet_core.face3d.painter import _fits, _lender
from fet_core.face3d.warp import moved
from fet_core.film.casting import mouth_share
from fet_core.geometry.landmarks import LEFT_EYE, RIGHT_EYE, eye_distance

WIDE, ROUND = (0.62, 0.10), (0.3, 0.22)
"""Half width and half height of a mouth, in eye distances: of a laugh, and of a cry."""


@pytest.fixture
def points(face: np.ndarray) -> np.ndarray:
    return face.astype(np.float64) * 2.5 + 10


def mouthed(points: np.ndarray, wide: float, high: float) -> np.ndarray:
    """A face whose lips enclose an ellipse, in eye distances."""
    unit = eye_distance(points)
    made = points.copy()
    middle = points[48:].mean(axis=0)
    turns = np.radians([180, 225, 270, 315, 0, 45, 90, 135])
    made[60:] = middle + unit * np.stack([wide * np.cos(turns), high * np.sin(turns)], axis=1)
    turns = np.radians(180 + 30 * np.arange(12))
    outer = np.stack([(wide + 0.05) * np.cos(turns), (high + 0.1) * np.sin(turns)], axis=1)
    made[48:60] = middle + unit * outer
    return made


def test_the_form_of_a_mouth_is_its_height_over_its_width(points: np.ndarray) -> None:
    laugh, cry = mouthed(points, *WIDE), mouthed(points, *ROUND)
    ratio = (ROUND[1] * ROUND[0] / (ROUND[0] + 0.05) ** 2) / (WIDE[1] * WIDE[0] / 0.67**2)
    assert unlike(laugh, cry) == pytest.approx(np.log(ratio))
    assert unlike(cry, laugh) == pytest.approx(unlike(laugh, cry))
    assert unlike(laugh, laugh) == 0
    assert unlike(mouthed(points, 0.5, 0.01), cry) == 0, "lips that hardly part have no form"


def test_who_laughs_and_is_to_cry_gets_the_mouth_of_who_cries(points: np.ndarray) -> None:
    """Its own teeth, drawn into that form, would be a horse's; a third form is no better."""
    laugh, cry = mouthed(points, *WIDE), mouthed(points, *ROUND)
    assert lacks_mouth(laugh, cry)
    assert lends(laugh, cry, cry)
    assert not lends(laugh, cry, laugh)
    assert not lends(laugh, cry, mouthed(points, 0.6, 0.11))
    alike = mouthed(points, 0.55, 0.11)
    assert not lacks_mouth(laugh, alike)
    assert not lends(laugh, alike, alike), "its own teeth are kept where they fit"
    shut = mouthed(points, 0.4, 0.001)
    assert lends(shut, cry, laugh), "who shows nothing takes what there is"


def test_in_a_film_another_form_comes_by_and_by(points: np.ndarray) -> None:
    laugh, cry = (mouthed(points, *form) for form in (WIDE, ROUND))
    between = [
        mouthed(points, *(np.array(WIDE) + share * (np.array(ROUND) - WIDE)))
        for share in np.linspace(0, 1, 21)
    ]
    shares = np.array([mouth_share(laugh, wanted, cry) for wanted in between])
    assert shares[0] == 0
    assert shares[-1] == 1
    assert (np.diff(shares) >= 0).all()
    assert np.diff(shares).max() < 0.5
    assert max(mouth_share(laugh, wanted, laugh) for wanted in between) < 0.4, (
        "of how wide it opens"
    )


def test_a_lip_of_two_colours_is_no_tooth(points: np.ndarray) -> None:
    """A greyish lip on skin that is redder: its edge stays where it was read."""
    read = mouthed(points, 0.5, 0.15)
    picture = np.full((260, 260, 3), (210, 125, 85), np.uint8)
    cv2.fillPoly(picture, [read[48:60].round().astype(np.int32)], (125, 95, 100))
    cv2.fillPoly(picture, [read[60:].round().astype(np.int32)], (60, 30, 30))
    read[[58, 57, 56], 1] += 0.12 * eye_distance(points)  # read beyond the lip
    lower = [65, 66, 67]
    assert bared(picture, read)[lower] == pytest.approx(read[lower], abs=1.5)


def test_lashes_are_no_eyeball(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between closed lids that are made up brightness varies as in an open eye."""
    fet = pytest.importorskip("fet_core")
    pytest.importorskip("dlib", reason="dlib is not installed")
    transfer = fet.Transfer()
    woman = repository / "data/demo/rafd/Rafd090_14_Caucasian_female_neutral_frontal.jpg"
    asleep = transfer.find(transfer.edit(woman, {"eyeBlink": 1.0}))
    picture, points = asleep.picture.copy(), asleep.points.copy()
    for eye in (RIGHT_EYE, LEFT_EYE):
        middle = (points[[eye[1], eye[2]]] + points[[eye[5], eye[4]]]) / 2
        near = np.array([0, 0.0125 * eye_distance(points)])
        points[[eye[1], eye[2]]], points[[eye[5], eye[4]]] = middle - near, middle + near
        y = round(middle[:, 1].mean())
        for x in np.linspace(points[eye[0], 0], points[eye[3], 0], 9)[1:-1].round().astype(int):
            cv2.line(picture, (x, y - 1), (x + 1, y + 5), (8, 6, 6), 2, cv2.LINE_AA)
    assert closed(picture, points) == (True, True)
    monkeypatch.setattr(lids, "_ANYWAY", -99.0)
    assert closed(picture, points) != (True, True), "or this test would show nothing"


def test_no_photographed_face_is_taken_for_asleep(london: Path) -> None:
    """Smiles that squint least of all."""
    fet = pytest.importorskip("fet_core")
    transfer = fet.Transfer()
    nearest = 1.0
    for name in ("009", "012", "064", "117", "038", "004"):
        face = transfer.find(london / "smiling_front" / f"{name}_08.jpg")
        assert closed(face.picture, face.points) == (False, False)
        nearest = min(nearest, lids_apart(face.points, RIGHT_EYE))
    assert nearest < 0.11


def drawn(points: np.ndarray, edge: int) -> np.ndarray:
    """Skin of 200, and the edges of the upper lids in a brightness."""
    picture = np.full((260, 260, 3), 200, np.uint8)
    for eye in (RIGHT_EYE, LEFT_EYE):
        line = points[[eye[0], eye[1], eye[2], eye[3]]].round().astype(np.int32)
        cv2.polylines(picture, [line], False, (edge,) * 3, 4, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize("edge", [20, 60, 120])
def test_lashes_are_as_dark_as_they_are_drawn(edge: int, points: np.ndarray) -> None:
    assert lashes(drawn(points, edge), points) == pytest.approx(edge / 200, abs=0.06)
    grey = cv2.cvtColor(drawn(points, edge), cv2.COLOR_RGB2GRAY)
    assert lashes(np.asarray(grey), points) == pytest.approx(edge / 200, abs=0.06)
    assert lashes(drawn(points, edge), points + 1000) > 0.9, "outside of the picture is nothing"


@pytest.mark.parametrize("edge", [20, 60, 120])
def test_lids_that_are_lent_bring_no_darker_lashes(edge: int, points: np.ndarray) -> None:
    target = drawn(points, edge)
    shut = points.copy()
    for eye in (RIGHT_EYE, LEFT_EYE):
        shut[[eye[1], eye[2]]] = shut[[eye[5], eye[4]]] - [0, 1]
    giver = Lender(drawn(shut, 4), shut)
    made = np.full_like(target, 200)
    plan = Plan(shut, closed=[(RIGHT_EYE, giver)], lashes=lashes(target, points))
    fill_eyes(made, points, plan)
    darkest = float(np.quantile(made[made.mean(axis=2) < 190], 0.02)) / 200
    assert darkest == pytest.approx(lashes(target, points), abs=0.08)


def test_skin_keeps_its_brightness_where_lashes_are_raised(points: np.ndarray) -> None:
    giver = Lender(drawn(points, 4), points)
    made = [np.full((260, 260, 3), 200, np.uint8) for _ in range(2)]
    for one, darkest in zip(made, (0.0, 0.4), strict=True):
        lay(
            one,
            points,
            giver,
            RIGHT_EYE,
            points[list(RIGHT_EYE)],
            0.05,
            None,
            1.0,
            (darkest, np.inf),
        )
    bright = made[0] >= 195
    assert bright.mean() > 0.9
    np.testing.assert_allclose(made[1][bright], made[0][bright], atol=2)
    assert made[0].min() < 0.2 * 200
    assert made[1].min() == pytest.approx(0.4 * 200, abs=8)


def test_eyes_that_open_are_no_bluer_than_the_picture(points: np.ndarray) -> None:
    """The giver's studio was violet: her whites are, and her skin is pink."""
    picture = np.full((260, 260, 3), (224, 154, 166), np.uint8)
    for eye in (RIGHT_EYE, LEFT_EYE):
        cv2.fillPoly(picture, [points[list(eye)].round().astype(np.int32)], (170, 150, 173))
    made = np.full((260, 260, 3), (190, 170, 155), np.uint8)
    fill_eyes(made, points, Plan(points, opened=[(RIGHT_EYE, Face("", picture, points))]))
    x, y = points[list(RIGHT_EYE)].mean(axis=0).round().astype(int)
    red, green, blue = made[y, x].astype(float)
    assert 1.0 < red / green < 190 / 170
    assert 155 / 170 < blue / green < 1.0


def test_a_brow_is_not_drawn_down_with_the_lid(points: np.ndarray) -> None:
    """Its hair reaches far down to the lid, of a low brow."""
    picture = np.full((260, 260, 3), 200, np.uint8)
    for brow, eye in ((range(17, 22), RIGHT_EYE), (range(22, 27), LEFT_EYE)):
        away = 0.4 * (points[[eye[1]]] - points[[brow[2]]])
        line = (points[list(brow)] + away / 2).round().astype(np.int32)
        cv2.polylines(picture, [line], False, (40,) * 3, max(round(abs(away[0, 1])), 1))
    wanted = points.copy()
    for eye in (RIGHT_EYE, LEFT_EYE):
        wanted[[eye[1], eye[2]]] = wanted[[eye[5], eye[4]]] - [0, 1]
    made = moved(picture, points, wanted)
    column = round(points[RIGHT_EYE[1] : RIGHT_EYE[3], 0].mean())
    high = slice(round(points[19, 1]) - 12, round(wanted[37, 1]) - 2)
    dark = [(one[high, column].mean(axis=1) < 120).sum() for one in (picture, made)]
    assert dark[1] <= 1.25 * dark[0] + 1


def test_where_lips_meet_it_is_no_brighter_than_they_are(points: np.ndarray) -> None:
    """Dark lips are pale inside, which in the light of pale ones would glow."""
    shut = mouthed(points, 0.5, 0.002)
    picture = np.full((260, 260, 3), (120, 90, 80), np.uint8)
    cv2.fillPoly(picture, [shut[48:60].round().astype(np.int32)], (80, 60, 60))
    line = shut[[60, 61, 62, 63, 64]].round().astype(np.int32)
    cv2.polylines(picture, [line], False, (190, 130, 130), 3)
    made = np.full((260, 260, 3), (200, 110, 110), np.uint8)
    seal(made, shut, Lender(picture, shut))
    assert made.max() <= 215


def test_teeth_between_the_edges_of_red_lips_stay_pale_in_the_light_of_pale_ones(
    points: np.ndarray,
) -> None:
    hardly = mouthed(points, 0.5, 0.015)
    picture = np.full((260, 260, 3), (220, 170, 140), np.uint8)
    cv2.fillPoly(picture, [hardly[48:60].round().astype(np.int32)], (230, 110, 100))
    line = hardly[[60, 61, 62, 63, 64]].round().astype(np.int32)
    cv2.polylines(picture, [line], False, (150, 145, 140), 3)
    made = np.full((260, 260, 3), (225, 150, 140), np.uint8)
    seal(made, hardly, Lender(picture, hardly))
    middle = hardly[62].round().astype(int)
    red, green, blue = made[middle[1], middle[0]].astype(float)
    assert 0.97 < red / green < 1.12
    assert 0.97 < green / blue < 1.12


def test_a_mouth_of_few_pixels_is_not_enlarged(points: np.ndarray) -> None:
    """Its teeth would be a blur in a large photograph, and are what there is in a small one."""
    cry = mouthed(points, *ROUND)
    shut = mouthed(points, 0.4, 0.001)
    small = Face("", np.full((130, 130, 3), (200, 150, 130), np.uint8), cry / 2)
    assert eye_distance(small.points) < 40
    colours = np.full((1040, 1040, 3), (200, 150, 130), np.uint8)
    large = Face("", colours, shut * 4)
    assert _lender(large, cry * 4, small, "auto") is not small
    assert _lender(large, cry * 4, small, "source") is small, "who asks for it gets it"
    assert _fits(Face("", colours, cry * 4), Face("", colours, cry * 2))
    assert _fits(Face("", colours[:130, :130], shut / 2), small)


@pytest.mark.parametrize(
    ("right", "left", "closing"),
    [(0.7, 0.9, 2), (0.5, 0.7, 2), (0.1, 0.95, 1), (0.95, 0.1, 1), (0.9, 0.95, 0)],
)
def test_at_the_end_of_a_blink_both_eyes_open_together(
    right: float, left: float, closing: int, points: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is read open a picture before the other; in a wink it is open all the time."""
    giver, target = (Face("", np.zeros((260, 260, 3), np.uint8), points.copy()) for _ in range(2))
    monkeypatch.setattr(eyes, "closed", lambda _, seen: (seen is giver.points, False))
    wanted = points.copy()
    for eye, share in ((RIGHT_EYE, right), (LEFT_EYE, left)):
        eyes._part(wanted, eye, share * lids_apart(points, eye))
    assert len(eyes.planned(target, wanted, giver).closed) == closing
