"""What a face does over time, of points that the model's own face shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fet_core.errors import UserError
from fet_core.face3d.model import load_model
from fet_core.face3d.shape import Shapes, read_shapes
from fet_core.film.acting import read_acting, wanted
from fet_core.film.tracking import Track

Floats = np.ndarray
SECONDS = np.arange(50) / 25


def points(units: dict[str, float], yaw: float = 0.0, size: float = 90.0) -> Floats:
    """The mean face of the model [68, 2] with units, turned."""
    model = load_model()
    shape = model.mean.copy()
    for name, value in units.items():
        shape += value * model.units[model.names.index(name)]
    turn = np.radians(yaw)
    x, y, z = shape.T
    return np.stack([x * np.cos(turn) + z * np.sin(turn), -y], axis=1) * size + 200


def track(units: list[dict[str, float]], yaw: float = 0.0) -> Track:
    seen = np.ones(len(units), dtype=bool)
    read = np.stack([points(one, yaw + 3 * np.sin(n / 8)) for n, one in enumerate(units)])
    return Track(np.arange(len(units)) / 25, read, seen)


def places(track: Track, own: Shapes, **options: float) -> Floats:
    how = {"intensity": 1.0, "relative": True, "sameness": 0.0} | options
    return np.stack(list(wanted(read_acting(track), own, **how)))  # type: ignore[arg-type]


def opening(shape: Floats) -> Floats:
    """Of the mouth, its lips included [...], of points [..., 68, 2], in lengths of 90 pixels.

    The inner edges of lips are moved on purpose: they grow no thicker.
    """
    return (shape[..., 57, 1] - shape[..., 51, 1]) / 90


@pytest.fixture
def own() -> Shapes:
    return read_shapes(points({})[None])


def wave(strength: float) -> Floats:
    return strength * np.clip(np.sin(np.pi * (SECONDS - 0.5)), 0, 1)


@pytest.mark.parametrize("yaw", [0, 20])
def test_a_jaw_that_opens_opens(own: Shapes, yaw: float) -> None:
    jaw = wave(0.5)
    made = places(track([{"jawOpen": value} for value in jaw], yaw), own)
    truth = np.stack([points({"jawOpen": value}) for value in jaw])
    assert np.ptp(opening(truth)) > 0.15
    assert opening(made)[25] == pytest.approx(opening(truth)[25], rel=0.15)
    assert np.abs(opening(made) - opening(truth)).max() < 0.03
    assert np.abs(made[:10] - own.points).max() < 1.0


def test_who_smiles_at_rest_still_does(own: Shapes) -> None:
    smile = {"mouthSmileLeft": 0.4, "mouthSmileRight": 0.4}
    film = track([smile | {"jawOpen": value} for value in wave(0.5)])
    relative = places(film, own)
    assert np.abs(relative[0] - own.points).max() < 1.0
    absolute = places(film, own, relative=False, sameness=1.0)
    corners = (own.points[0, [48, 54]] - absolute[0][[48, 54]])[:, 1]
    truth = (own.points[0, [48, 54]] - points(smile)[[48, 54]])[:, 1]
    assert corners == pytest.approx(truth, rel=0.25)
    assert opening(absolute - absolute[0])[25] == pytest.approx(
        opening(relative - relative[0])[25], rel=0.2
    )


def test_a_blink_closes_narrow_and_wide_eyes() -> None:
    shut = np.clip(2 - 4 * np.abs(SECONDS - 1) / 0.3, 0, 1)
    film = track([{"eyeBlinkLeft": value, "eyeBlinkRight": value} for value in shut])
    for wide in (0.0, 1.0):
        own = read_shapes(points({"eyeWideLeft": wide, "eyeWideRight": wide})[None])
        made = places(film, own)
        gap = (made[:, 41, 1] - made[:, 37, 1]) / 90
        assert gap[25] < 0.6 * gap[0]
        assert gap[40:] == pytest.approx(gap[0], abs=0.02)


def test_twice_as_far(own: Shapes) -> None:
    film = track([{"browInnerUp": value} for value in wave(0.4)])
    moved = [places(film, own, intensity=far)[25] - own.points for far in (0.0, 1.0, 2.0)]
    assert np.abs(moved[0]).max() < 0.2
    brows = slice(20, 24)
    assert moved[2][0, brows] == pytest.approx(2 * moved[1][0, brows], abs=0.3)


def test_what_is_not_seen_stays_as_it_was(own: Shapes) -> None:
    film = track([{"jawOpen": value} for value in wave(0.5)])
    film.seen[:3] = False
    film.seen[26:36] = False
    film.points[~film.seen] = 0
    acting = read_acting(film)
    assert acting.seen.sum() == 37
    made = places(film, own)
    assert np.abs(made[:3] - own.points).max() < 1.0
    assert opening(made[26:36]).min() > 0.8 * opening(made[25])


def cut(film: Track, *people: int) -> Track:
    """A film in shots of ten pictures each."""
    return replace(film, begins=10 * np.arange(len(people)), people=np.array(people))


def test_nothing_is_smoothed_across_a_cut() -> None:
    film = track([{"jawOpen": 0.1}] * 10 + [{"jawOpen": 0.5}] * 10)
    noise = np.random.default_rng(0).normal(0, 0.5, film.points.shape)
    film = replace(film, points=film.points + noise)
    film.seen[10:12] = False
    whole, shots = read_acting(film), read_acting(cut(film, 0, 0))
    alone = read_acting(Track(film.seconds[:10], film.points[:10], film.seen[:10]))
    assert shots.frontal[:10] == pytest.approx(alone.frontal, abs=1e-9)
    assert whole.frontal[:10] != pytest.approx(alone.frontal, abs=1e-3)
    # Before the first picture of a shot that shows the face it is as there.
    assert np.ptp(opening(shots.frontal[10:] * 90)) < 0.03


def test_everybody_is_measured_against_their_own_face_at_rest(own: Shapes) -> None:
    smile = {"mouthSmileLeft": 0.4, "mouthSmileRight": 0.4}
    film = track([smile] * 10 + [{}] * 10)
    two, one = (np.abs(places(cut(film, *who), own) - own.points).max() for who in ((0, 1), (0, 0)))
    assert two < 1.0 < 3.0 < one
    acting = read_acting(cut(track([smile] * 10 + [{}] * 20), 2, 5, 2))
    assert acting.who.tolist() == [0] * 10 + [1] * 10 + [0] * 10
    assert len(acting.rests) == len(acting.rest.points) == 2
    assert len(list(wanted(acting, own, 1.0, False, np.zeros(2)))) == 30


def test_what_is_no_face_is_not_seen(own: Shapes) -> None:
    film = track([{}] * 10)
    film.points[4] = np.random.default_rng(0).uniform(0, 400, (68, 2))
    assert read_acting(film).seen.tolist() == [True] * 4 + [False] + [True] * 5


def test_the_calmest_or_the_first() -> None:
    film = track([{"jawOpen": value} for value in 0.5 - wave(0.5)])
    calm, first = read_acting(film), read_acting(film, first=True)
    assert calm.calm.min() > 20
    assert calm.calm.max() < 30
    assert first.calm.tolist() == [0]
    assert (
        opening(first.rest.frontal * [1, -90])[0] > opening(calm.rest.frontal * [1, -90])[0] + 0.15
    )


def test_nobody_at_all() -> None:
    film = track([{}] * 3)
    film.seen[:] = False
    with pytest.raises(UserError, match="no picture of the film shows a face"):
        read_acting(film)


def test_a_face_that_is_seen_again_does_not_jump(own: Shapes) -> None:
    """It was lost at rest, and comes back with its mouth open."""
    film = track([{"jawOpen": 0.5 * (n >= 30)} for n in range(50)])
    film.seen[20:30] = False
    film.points[~film.seen] = 0
    made = opening(places(film, own))
    assert np.abs(np.diff(made)).max() < 0.35 * np.ptp(made)
    assert made[20:30] == pytest.approx(made[18], abs=0.02)
    truth = opening(np.stack([points({"jawOpen": value}) for value in (0.0, 0.5)]))
    assert made[45] - made[10] == pytest.approx(np.ptp(truth), rel=0.15)


def test_a_mouth_that_is_open_opens_little_further_than_the_driving_one() -> None:
    """Added to a laugh, a laugh would be twice as wide."""
    film = track([{"jawOpen": value} for value in wave(0.5)])
    gap = {}
    for jaw in (0.0, 0.2, 0.5):
        made = places(film, read_shapes(points({"jawOpen": jaw})[None]))
        gap[jaw] = (made[:, 66, 1] - made[:, 62, 1]) / 90
    assert np.ptp(gap[0.0]) > 0.1
    assert gap[0.2].max() < 1.35 * gap[0.0].max()
    assert gap[0.5].max() < 1.35 * gap[0.0].max()
    assert np.ptp(gap[0.2]) > 0.03, "its lips still move"


def test_a_mouth_that_is_never_shut_opens_as_far_as_one_that_is_shut_at_first(own: Shapes) -> None:
    """What is open all the time is not taken off, but for the jaw's part."""
    talks = [{"jawOpen": value} for value in (*[0.3] * 20, *[0.5] * 20)]
    shut = [{"jawOpen": value} for value in (*[0.0] * 20, *[0.5] * 20)]
    here, there = (opening(places(track(units), own)) for units in (talks, shut))
    rest = opening(own.points[0])
    assert here[30] - rest > 0.7 * (there[30] - rest)
    assert here[10] - rest > 0.4 * (here[30] - rest)
