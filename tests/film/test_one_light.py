"""What a film decides as a whole: whose mouth is seen when, and in which light."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from fet_core.face3d.face import Face
from fet_core.face3d.light import lights
from fet_core.film.casting import film_lights, mouth_shares, settled
from fet_core.film.tracking import Track, Tracker, _leaves
from fet_core.geometry.eye import Eye, Found
from fet_core.geometry.landmarks import LEFT_EYE, RIGHT_EYE
from fet_core.portrait import open_picture

SECONDS = np.arange(50) / 25


def test_it_is_one_mouth_or_the_other_but_for_a_moment() -> None:
    halfway = np.full(50, 0.45)
    assert settled(halfway, SECONDS).max() == 0
    shares = np.concatenate([np.zeros(10), [0.9], np.full(29, 0.45), np.zeros(10)])
    seen = settled(shares, SECONDS)
    assert seen[:8].max() == 0
    assert seen[13:37].min() == 1, "what is seen stays until much speaks against it"
    assert seen[43:].max() == 0
    assert ((seen > 0) & (seen < 1)).sum() <= 8
    assert np.abs(np.diff(seen)).max() <= 0.5


@pytest.mark.parametrize("rate", [5, 25, 60])
def test_it_takes_as_long_at_any_rate(rate: int) -> None:
    seconds = np.arange(2 * rate) / rate
    seen = settled((seconds >= 1).astype(float), seconds)
    between = seconds[(seen > 0) & (seen < 1)]
    assert len(between) <= max(0.13 * rate, 2)
    assert seen[seconds < 0.9].max() == 0
    assert seen[seconds > 1.1].min() == 1


def test_where_no_face_is_seen_the_mouth_is_whose_it_was(face: np.ndarray) -> None:
    points = face.astype(np.float64)
    wide = points.copy()
    wide[[65, 66, 67], 1] += 8
    slit = points.copy()
    slit[[65, 66, 67], 1] += 2
    read = np.stack([wide] * 20)
    seen = np.ones(20, bool)
    seen[10:] = False
    read[~seen] = 0
    track = Track(np.arange(20) / 25, read, seen)
    assert mouth_shares(slit, [wide] * 20, track).min() == 1
    assert mouth_shares(wide, [wide] * 20, track).max() == 0, "its own teeth do"


def drawn(points: np.ndarray, white: int, teeth: int) -> np.ndarray:
    picture = np.full((260, 260, 3), (190, 140, 120), np.uint8)
    for part, value in (
        (RIGHT_EYE, white),
        (LEFT_EYE, white),
        (range(60, 68), teeth),
    ):
        colour = (value,) * 3 if value else (190, 140, 120)
        cv2.fillPoly(picture, [points[list(part)].round().astype(np.int32)], colour)
    return picture


def test_the_light_of_a_film_does_not_go_out_with_a_blink(face: np.ndarray) -> None:
    points = face.astype(np.float64) * 2.5 + 10
    points[[65, 66, 67], 1] += 14
    shut = points.copy()
    for eye in (RIGHT_EYE, LEFT_EYE):
        shut[[eye[1], eye[2]]] = shut[[eye[5], eye[4]]]
    frames = [
        SimpleNamespace(picture=drawn(shut if blink else points, 0 if blink else 215, 205))
        for blink in np.arange(30) % 4 == 0
    ]
    read = np.stack([shut if blink else points for blink in np.arange(30) % 4 == 0])
    track = Track(np.arange(30) / 25, read, np.ones(30, bool))
    target = Face("", drawn(points, 215, 0), points)
    film: Any = frames
    (light,) = film_lights(film, track, np.zeros(30, int), target)
    assert light is not None
    assert light.white == pytest.approx(216, abs=3)
    assert light.teeth == pytest.approx(206, abs=3)
    giver = Face("", frames[0].picture, read[0], light=light)
    assert lights(target.picture, points, giver)[1] is light
    assert lights(target.picture, points, Face("", frames[0].picture, read[0]))[1].white is None
    grey = Face("", target.picture[..., 0], points)
    (one,) = film_lights(film, track, np.zeros(30, int), grey)
    assert one is not None
    assert one.skin.shape == (1,)


def test_each_person_of_a_film_has_a_light_and_who_is_not_seen_none(face: np.ndarray) -> None:
    points = face.astype(np.float64) * 2.5 + 10
    frames = [SimpleNamespace(picture=drawn(points, 215, 205) // (1 + n // 10)) for n in range(20)]
    who = np.repeat([0, 1, 2], [10, 8, 2])
    track = Track(np.arange(20) / 25, np.stack([points] * 20), who < 2)
    film: Any = frames
    found = film_lights(film, track, who, Face("", frames[0].picture, points))
    assert found[2] is None
    assert found[0] is not None
    assert found[1] is not None
    assert found[1].skin == pytest.approx(found[0].skin / 2, abs=2)


@pytest.mark.parametrize(
    ("box", "leaves"),
    [
        ((10, 10, 60, 70), False),
        ((-5, 10, 55, 70), False),
        ((-20, 10, 40, 70), True),
        ((50, 10, 110, 70), True),
        ((10, 60, 60, 120), True),
        ((10, -30, 60, 30), False),
    ],
)
def test_a_face_that_leaves_is_not_read(box: tuple[float, ...], leaves: bool) -> None:
    """Beside the picture or below it; a forehead may be."""
    found = Found(box)  # type: ignore[arg-type]
    assert _leaves(found, np.zeros((100, 100, 3), np.uint8)) == leaves


def test_a_film_that_is_cut_close_is_read_all_the_same(repository: Path) -> None:
    """What leaves later is not; what was never seen whole is all that there is."""
    eye = Eye("dlib")
    photo = open_picture(
        repository / "data/demo/rafd/Rafd090_14_Caucasian_female_neutral_frontal.jpg"
    )
    (found,) = eye.find(photo)
    left, _, right, _ = found.box
    close = np.ascontiguousarray(photo[:, : round(right - 0.32 * (right - left))])
    assert _leaves(eye.find(close)[0], close)

    def tracked(*pictures: np.ndarray) -> list[bool]:
        tracker = Tracker(eye, lambda _, faces: faces[0])
        return [tracker(picture) is not None for picture in pictures]

    assert tracked(photo, close) == [True, False]
    assert tracked(close, close, photo) == [True, True, True]
