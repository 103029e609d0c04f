"""Where a film is cut, and who is followed after that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("dlib", reason="dlib is not installed")
pytest.importorskip("av")
from fet_core.film.reading import Film, Picture
from fet_core.film.shots import Cuts
from fet_core.film.tracking import Tracker, known_by
from fet_core.geometry.eye import Eye
from fet_core.portrait import open_picture


def begun(film: Path, count: int) -> list[Picture]:
    """A film's first pictures."""
    seen = zip(Film(film), range(count), strict=False)
    return [frame.picture for frame, _ in seen if frame.picture is not None]


@pytest.fixture(scope="module")
def talk(repository: Path) -> list[Picture]:
    return begun(repository / "data/demo/films/talk.mp4", 40)


def found(pictures: list[Picture]) -> list[int]:
    begins = Cuts()
    return [number for number, picture in enumerate(pictures) if begins(picture)]


def test_a_face_that_talks_a_pan_and_a_flash_are_no_cuts(talk: list[Picture]) -> None:
    assert found(talk) == found(talk[::2]) == []
    assert found([np.roll(one, 12 * n, axis=1) for n, one in enumerate(talk[:12])]) == []
    light = [60 * (n == 5) for n in range(len(talk))]
    flash = [np.clip(one + 1.0 * more, 0, 255) for one, more in zip(talk, light, strict=True)]
    assert found([one.astype(np.uint8) for one in flash]) == []
    assert found([*talk[:5], np.zeros_like(talk[0]), *talk[5:9]]) == []


def test_another_film_begins(repository: Path, talk: list[Picture]) -> None:
    other = begun(repository / "data/demo/films/grief.mp4", 2)
    assert found([*talk[:9], *other, *talk[9:]]) == [9, 11]
    assert found([*talk[:9], np.full_like(talk[0], 9), *other]) == [10]


@pytest.mark.parametrize("known", [True, False])
def test_after_a_cut_the_same_person_is_followed_if_there(repository: Path, known: bool) -> None:
    name = "data/demo/rafd/Rafd090_{}_frontal.jpg"
    people = ("28_Caucasian_male_neutral", "27_Caucasian_female_neutral", "28_Caucasian_male_happy")
    he, she, again = (open_picture(repository / name.format(one)) for one in people)
    # The other way round, so that the nearest is not the same one.
    pair, turned = np.concatenate([he, she], axis=1), np.concatenate([she, again], axis=1)
    eye = Eye(readings=1)
    tracker = Tracker(eye, lambda _, faces: faces[0], known_by() if known else None)
    places = []
    for picture in (pair, pair, turned, turned, she, she, he):
        cut = tracker(picture)
        assert cut is not None
        places.append(eye.read_cut(cut)[:, 0].mean() / he.shape[1])
    assert [place > 1 for place in places] == [False] * 2 + [known] * 2 + [False] * 3
    assert tracker.shots == [(0, 0), (2, 0), (4, int(known)), (6, 0)]
