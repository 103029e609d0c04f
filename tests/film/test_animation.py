"""`fet animate` on a few demo pictures: what moves, what stays, and how it refuses."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("dlib", reason="dlib is not installed")
pytest.importorskip("av")
import itertools

from fet_core.animation import Animation, Settings, write_animation
from fet_core.face3d.face import Face
from fet_core.face3d.lips import bared
from fet_core.face3d.mouth import opening
from fet_core.face3d.painter import Painter
from fet_core.film.casting import mouth_shares
from fet_core.film.reading import Film
from fet_core.film.tracking import Track
from fet_core.geometry.eye import Eye
from fet_core.portrait import open_picture
from fet_core.progress import Advance
from pipeline.cli import main

DRIVER = "data/demo/rafd/Rafd090_27_Caucasian_female_{}_frontal.jpg"
TARGET = "data/demo/rafd/Rafd090_28_Caucasian_male_neutral_frontal.jpg"
PLAY = ("neutral", "neutral", None, "surprised", "surprised", "happy")
"""What the frames of the driving film show; None is no face."""

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def driving(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("driving")
    for number, name in enumerate(PLAY):
        if name is None:
            Image.new("RGB", (340, 512), "grey").save(folder / f"{number}.png")
        else:
            shutil.copy(repository / DRIVER.format(name), folder / f"{number}.jpg")
    return folder


@pytest.fixture(scope="module")
def made(repository: Path, driving: Path) -> tuple[Animation, list[np.ndarray]]:
    # One frame a second: nothing is smoothed.
    animation = Animation(Film(driving, Fraction(1)), repository / TARGET, Settings(size=384), 1)
    return animation, list(animation.pictures())


def test_what_becomes_of_each_picture(made: tuple[Animation, list[np.ndarray]]) -> None:
    animation, pictures = made
    assert (animation.count, animation.faceless) == (6, 1)
    assert animation.rest in (0, 1)
    assert {picture.shape for picture in pictures} == {(384, 254, 3)}
    assert (pictures[2] == pictures[1]).all(), "no face: it stands still"


def test_the_mouth_opens_and_the_head_stays(made: tuple[Animation, list[np.ndarray]]) -> None:
    animation, pictures = made
    eye = Eye()
    read = [(one, eye.read(one, eye.find(one)[0])) for one in (animation.start, *pictures)]
    # To where the lips end: dlib's line runs across rendered teeth.
    gaps = [opening(bared(one, points)) for one, points in read]
    assert abs(gaps[1] - gaps[0]) < 0.01, "at rest the target is as it was"
    assert min(gaps[4:6]) > gaps[0] + 0.05
    change = np.abs(pictures[3].astype(int) - animation.start).max(axis=2)
    assert change[150:300].max() > 60
    assert change[:38].max() == change[:, :30].max() == 0
    assert change[:40].max() <= 1, "where the motion of raised brows ends it rounds"


def test_what_shows_progress_can_end_the_work(
    repository: Path, driving: Path, tmp_path: Path
) -> None:
    told: list[str] = []

    @contextmanager
    def counted(description: str, total: int, *, unit: str) -> Iterator[Advance]:
        def advance(units: int = 1, status: str = "") -> None:
            told.append(description)
            if told.count("painting") == 2:
                raise InterruptedError

        assert (total, unit) == (6, "pictures")
        yield advance

    film, still = Film(driving), Settings(size=128)
    animation = Animation(film, repository / TARGET, still, 1, counted)
    with pytest.raises(InterruptedError):
        write_animation(animation, tmp_path / "a.mp4", film, progress=counted)
    assert told == ["reading"] * 6 + ["painting"] * 2
    assert not list(tmp_path.iterdir())


def test_a_terminal_that_is_closed_leaves_nothing(
    repository: Path, driving: Path, tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    words = ["animate", driving, repository / TARGET, "-o", tmp_path / "out.mp4", "--jobs", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", *map(str, words)],
        cwd=repository,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=in_terminal,
    )
    os.close(theirs)
    while not (begun := list(tmp_path.iterdir())):
        # What nobody reads keeps who writes it waiting.
        if select.select([ours], [], [], 0.01)[0]:
            os.read(ours, 1 << 16)
        assert process.poll() is None
    assert begun == [tmp_path / ".out.part.mp4"]
    os.close(ours)
    assert process.wait(timeout=30) == 128 + signal.SIGHUP
    assert not list(tmp_path.iterdir())


def in_terminal() -> None:
    """In a new process: what it reads from is the terminal whose end it is told of."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def fet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fet", "animate", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert isinstance(stopped.value.code, int)
        return stopped.value.code, *capsys.readouterr()

    return call


def test_a_film_is_written(fet: Call, repository: Path, driving: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.gif"
    code, said, wrong = fet(
        driving, repository / TARGET, "-o", out, "--rate", 5, "--size", 128, "--compare", "-j", 1
    )
    assert (code, "Traceback" in wrong) == (0, False)
    first, rest, last = said.splitlines()
    assert first == f"{out}: 6 pictures of {repository / TARGET}, moved as in {driving}"
    assert rest in [f"at rest: the driving face at {seconds} s" for seconds in ("0.00", "0.20")]
    assert last == "without a face: 1 picture, at which the result stands still"
    with Image.open(out) as film:
        # Twice 128 high: the driving film and the result.
        assert (film.size, film.n_frames, film.info["duration"]) == ((168, 128), 6, 200)
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]
    code, _, wrong = fet(driving, repository / TARGET, "-o", out)
    assert (code, "is there already" in wrong) == (2, True)


def test_nothing_moves_at_no_intensity(repository: Path, driving: Path) -> None:
    settings = Settings(size=256, intensity=0.0)
    animation = Animation(Film(driving, Fraction(1)), repository / TARGET, settings, 1)
    for picture in animation.pictures():
        assert np.abs(picture.astype(int) - animation.start).max() < 12


def test_teeth_that_show_become_the_others_in_a_moment(repository: Path) -> None:
    """Or they would be another's in every other picture, or both be seen through each other."""
    eye = Eye()

    def see(name: str) -> Face:
        picture = open_picture(repository / name)
        found = eye.find(picture)[0]
        return Face(name, picture, eye.read(picture, found), found)

    giver, own = see(DRIVER.format("surprised")), see(DRIVER.format("happy"))
    wanted = []
    for step in range(20):
        wanted.append(own.points.copy())
        wanted[-1][[*range(55, 60), *range(65, 68)], 1] += 1.5 * step
    track = Track(np.arange(20) / 25, np.stack([giver.points] * 20), np.ones(20, bool))
    shares = mouth_shares(own.points, wanted, track)
    assert (shares[0], shares[-1]) == (0, 1)
    assert (np.diff(shares) >= 0).all()
    assert ((shares > 0) & (shares < 1)).sum() <= 4
    painter = Painter(eye)
    made = [
        painter(own, place, giver, "auto", True, share).astype(int)
        for place, share in zip(wanted[::2], shares[::2], strict=True)
    ]
    changes = [np.abs(b - a).mean() for a, b in itertools.pairwise(made)]
    assert max(changes) < 4 * float(np.median(changes))


COMPLAINTS = {
    ("{driving}", "{target}", "-o", "{out}/a.avi"): "does not end in .mp4 or .gif",
    ("{target}", "{target}", "-o", "{out}/a.mp4"): "is a single picture",
    ("{target}", "{film}", "-o", "{out}/a.mp4"): "first and the photograph second; try fet animate",
    ("{film}", "{film}", "-o", "{out}/a.mp4"): "is a film; the second name is the photograph's",
    ("{driving}", "{target}", "-o", "{out}"): "is a folder; name a film in it",
    ("https://example.org/a.mp4", "{target}", "-o", "{out}/a.mp4"): "is an address; download",
    ("{out}/no.mp4", "{target}", "-o", "{out}/a.mp4"): "there is no film",
    ("{driving}", "{out}/no.png", "-o", "{out}/a.mp4"): "there is no picture",
    ("{driving}", "{target}", "-o", "{out}/a.mp4", "--sound"): "has no sound; leave --sound out",
    ("{driving}", "{target}", "-o", "{out}/a.gif", "--sound"): "a GIF has no sound",
    ("{driving}", "{target}", "-o", "{out}/a.mp4", "--rest", "middle"): "choose calmest or first",
    ("{driving}", "{target}", "-o", "{out}/a.mp4", "--intensity", "3"): "the intensity is 3",
    ("{driving}", "{target}", "-o", "{out}/a.mp4", "--mouth", "his"): 'there is no mouth "his"',
    ("{driving}", "{target}", "-o", "{out}/a.mp4", "--driving-face", "2"): "there is no face 2",
    ("{empty}", "{target}", "-o", "{out}/a.mp4"): "no face was found in any of the 2 pictures",
    ("{two}", "{target}", "-o", "{out}/a.mp4"): "choose one with --driving-face",
    ("{driving}", "{two}/0.png", "-o", "{out}/a.mp4"): "choose one with --target-face",
}


@pytest.fixture(scope="module")
def places(
    repository: Path, driving: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    empty, two = (tmp_path_factory.mktemp(name) for name in ("empty", "two"))
    faces = [np.array(Image.open(repository / one)) for one in (TARGET, DRIVER.format("happy"))]
    for number in range(2):
        Image.new("RGB", (64, 64), "grey").save(empty / f"{number}.png")
        Image.fromarray(np.concatenate(faces, axis=1)).save(two / f"{number}.png")
    return {
        "driving": driving,
        "target": repository / TARGET,
        "empty": empty,
        "two": two,
        "film": repository / "data/demo/films/talk.mp4",
    }


@pytest.mark.parametrize("words", COMPLAINTS, ids=COMPLAINTS.get)
def test_refusals(
    fet: Call, places: dict[str, Path], tmp_path: Path, words: tuple[str, ...]
) -> None:
    code, said, wrong = fet(*(word.format(out=tmp_path, **places) for word in words), "-j", 1)
    assert (code, said) == (2, "")
    assert COMPLAINTS[words] in wrong
    assert wrong.count("\n") == 1
    assert not list(tmp_path.iterdir())
