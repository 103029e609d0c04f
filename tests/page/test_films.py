"""What the page does with films: bounds, sentences, who waits for whom, and how one is left off."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from demo_films import DRIVER, film, recording
from PIL import Image

pytest.importorskip("dlib", reason="dlib is not installed")
pytest.importorskip("av")
from fet_core.animation import Settings
from fet_core.errors import UserError
from fet_core.film.reading import Film
from pipeline.page import desk as desk_module
from pipeline.page import films as films_module
from pipeline.page.desk import Desk
from pipeline.page.films import Filmed, LeftOffError

RAFD = Path(__file__).parents[2] / "data/demo/rafd"
PHOTO = RAFD / "Rafd090_14_Caucasian_female_neutral_frontal.jpg"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    folder = tmp_path / "made"
    folder.mkdir()
    nobody: Any = None  # no photograph is transferred
    return Desk(nobody, folder)


@pytest.fixture(scope="module")
def driving(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("driving") / "play.mp4", repository)


def silent(what: str, count: int, total: int) -> None:
    pass


def animated(desk: Desk, driving: Path | None, photo: Path | None = PHOTO, **how: Any) -> Filmed:
    return desk.animated("me", driving, photo, Settings(size=128, **how), False, silent)


def test_a_film_is_made_and_progress_is_told(desk: Desk, driving: Path) -> None:
    told = []
    still = Settings(size=128)
    made = desk.animated("me", driving, PHOTO, still, True, lambda *what: told.append(what))
    assert made.path.name == f"{PHOTO.stem}-made.mp4"
    assert (made.count, made.faceless, made.damaged) == (4, 0, "")
    assert made.rest in (0, 0.25, 0.5, 0.75)
    shown = Film(made.path)
    assert (shown.count, shown.seconds) == (4, pytest.approx(1, abs=0.3))
    # The film of 340 × 512 beside the photograph of 84 × 128.
    assert made.size == (168, 128)
    assert told == [(what, n, 4) for what in ("reading", "painting") for n in range(5)]


def test_a_recording_becomes_a_film(desk: Desk, tmp_path: Path) -> None:
    made = animated(desk, recording(tmp_path / "a.webm", 2, 10, PHOTO))
    assert (made.count, Film(made.path).count) == (2, 2)


def test_a_long_film_is_refused_before_it_is_read(
    desk: Desk, tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, many = tmp_path / "slow.mp4", tmp_path / "many.mp4"
    film(slow, repository, 3, 1)
    film(many, repository, 4, 4)
    monkeypatch.setattr(films_module, "MAX_SECONDS", 2)
    monkeypatch.setattr(films_module, "MAX_PICTURES", 3)
    monkeypatch.setattr(films_module.Film, "__iter__", None)
    with pytest.raises(UserError, match=r"^the film slow\.mp4 is longer than 2 s; cut it$"):
        animated(desk, slow)
    with pytest.raises(UserError, match=r"^the film many\.mp4 has more than 3 pictures; cut it"):
        animated(desk, many)


def test_a_recording_is_refused_where_it_gets_too_long(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recording(tmp_path / "a.webm", 4, 1)
    assert Film(path).seconds == 0
    monkeypatch.setattr(films_module, "MAX_PICTURES", 3)
    with pytest.raises(UserError, match=r"^the film a\.webm has more than 3 pictures"):
        animated(desk, path)
    monkeypatch.setattr(films_module, "MAX_SECONDS", 1)
    with pytest.raises(UserError, match=r"^the film a\.webm is longer than 1 s; cut it$"):
        animated(desk, path)


def test_mistakes_are_told_in_the_page_s_words(
    desk: Desk, driving: Path, tmp_path: Path, repository: Path
) -> None:
    def told(given: Path | None, photo: Path | None = PHOTO, **how: Any) -> str:
        with pytest.raises(UserError) as complaint:
            animated(desk, given, photo, **how)
        assert str(tmp_path) not in str(complaint.value)
        assert "--" not in str(complaint.value)
        return str(complaint.value)

    picture, text, two = tmp_path / "picture.mp4", tmp_path / "text.mp4", tmp_path / "two.png"
    shutil.copy(PHOTO, picture)
    text.write_text("no film at all")
    both = [np.asarray(Image.open(repository / DRIVER.format(n))) for n in ("happy", "angry")]
    Image.fromarray(np.concatenate(both, axis=1)).save(two)
    empty, pair = (tmp_path / name for name in ("empty.webm", "pair.webm"))
    recording(empty, 2, 10)
    recording(pair, 1, 10, two)
    assert told(None) == "there is no film yet; upload a video, or record one"
    assert told(driving, None).startswith("there is no photograph yet; upload a picture")
    assert told(tmp_path / "gone.mp4") == "the film was deleted, as it was old; upload it again"
    assert told(picture) == (
        "picture.mp4 is a single picture; take it to the tab Transfer, or take a video"
    )
    assert told(text).startswith("text.mp4 cannot be read as a film (")
    assert told(empty) == (
        "no face was found in any of the 2 pictures of empty.webm; take a film that shows one"
    )
    assert told(pair).startswith(
        "2 faces were found in the first picture with a face of pair.webm; choose one by its "
        "number on this page, 1 to 2"
    )
    assert told(driving, two).startswith("2 faces were found in the photograph (128×")
    assert "no face 4 among" in told(driving, target_face=4)
    heavy = tmp_path / "heavy.mp4"
    heavy.touch()
    os.truncate(heavy, films_module.MAX_BYTES + 1)
    assert told(heavy) == "heavy.mp4 has 200 MB; make it smaller, at most 200 MB"
    os.truncate(heavy, 10 * desk_module.MAX_UPLOAD)
    assert "cannot be read as a film" in told(heavy), "it may be larger than a picture"
    assert not list(tmp_path.rglob("*-made*"))


def test_a_film_is_left_off_between_two_pictures(desk: Desk, driving: Path, tmp_path: Path) -> None:
    told: list[str] = []

    def enough(what: str, count: int, total: int) -> None:
        told.append(what)
        if what == "painting":
            assert not desk.films.leave_off("somebody else")
            assert desk.films.leave_off("me")

    with pytest.raises(LeftOffError):
        desk.animated("me", driving, PHOTO, Settings(size=128), False, enough)
    assert told.count("painting") == 1
    assert not [path for path in (tmp_path / "made").rglob("*") if path.is_file()]
    assert not desk.films.leave_off("me")


def test_films_wait_for_each_other_and_end_with_the_page(desk: Desk, driving: Path) -> None:
    order: list[str] = []
    begun, ended = threading.Event(), threading.Event()

    def work(who: str) -> None:
        def tell(what: str, count: int, total: int) -> None:
            order.append(who)
            begun.set()
            assert ended.wait(60)

        with pytest.raises(LeftOffError):
            desk.animated(who, driving, PHOTO, Settings(size=128), False, tell)
        order.append("end")

    threads = [threading.Thread(target=work, args=(who,)) for who in ("one", "other")]
    threads[0].start()
    assert begun.wait(60)
    threads[1].start()
    while not desk.films.leave_off("other"):
        pass
    threading.Timer(0.1, ended.set).start()
    desk.films.close()
    for thread in threads:
        thread.join()
    assert set(order[:-2]) == {"one"}
    assert order[-2:] == ["end", "end"]
