"""Setting face units and expressions: what moves, what stays, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fet_core.errors import UserError
from fet_core.face3d.edit import (
    EXPRESSIONS,
    both_sides,
    expressed,
    shown_units,
    unit_names,
    with_units,
)
from fet_core.face3d.fusion import SHUT, load_fusion
from fet_core.face3d.lids import lids_apart
from fet_core.face3d.model import load_model
from fet_core.face3d.mouth import opening
from fet_core.face3d.shape import Shapes, read_shapes
from fet_core.geometry.landmarks import LEFT_EYE, RIGHT_EYE, eye_distance

WOMAN = "data/demo/rafd/Rafd090_08_Caucasian_female_neutral_frontal.jpg"


def at_rest(yaw: float = 0.0) -> Shapes:
    turn = np.radians(yaw)
    x, y, z = load_model().mean.T
    plane = np.stack([x * np.cos(turn) + z * np.sin(turn), -y], axis=1)
    return read_shapes(plane[None] * 90 + 200)


def test_a_name_without_its_side_stands_for_both() -> None:
    found = both_sides({"mouthSmile": 0.4, "jawOpen": 0.2, "browDownLeft": 1})
    assert found == {
        "mouthSmileLeft": 0.4,
        "mouthSmileRight": 0.4,
        "jawOpen": 0.2,
        "browDownLeft": 1.0,
    }
    assert both_sides({"mouthLeft": 0.5}) == {"mouthLeft": 0.5}
    for units in EXPRESSIONS.values():
        assert set(both_sides(units)) <= set(unit_names())


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ({"mouthSmyle": 0.5}, "there is no face unit mouthSmyle; did you mean mouthSmile?"),
        ({"xyz": 0.5}, "there is no face unit xyz; `fet edit --list`"),
        ({"jawOpen": 1.5}, "jawOpen is 1.5; choose one from 0"),
        ({"jawOpen": float("nan")}, "jawOpen is nan"),
    ],
)
def test_what_cannot_be_set(units: dict[str, float], said: str) -> None:
    with pytest.raises(UserError) as raised:
        both_sides(units)
    assert said in str(raised.value)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(load_model().names), st.floats(-40, 40), st.floats(0.3, 1))
def test_a_unit_moves_the_points_as_the_model_does(name: str, yaw: float, value: float) -> None:
    """In any pose, as long as no lips or lids would cross."""
    own = at_rest(yaw)
    model = load_model()
    read = shown_units(own)[name]
    moved = with_units(own, {name: value})[0] - own.points[0]
    whole = (value - read) * model.units[model.names.index(name)]
    turned = whole @ own.fit.rotation[0, :2].T * own.fit.scale[0] * [1, -1]
    lips_and_lids = [*range(37, 39), *range(40, 42), *range(43, 48), *range(50, 53), *range(56, 68)]
    free = [number for number in range(68) if number not in lips_and_lids]
    assert moved[free] == pytest.approx(turned[free], abs=1e-6)


@pytest.mark.parametrize("wide", [0.05, 0.09, 0.15])
@pytest.mark.parametrize("side", ["Left", "Right", ""])
def test_an_eye_closes_by_a_share_of_what_it_is_open(wide: float, side: str) -> None:
    """As wide as it may be: half of one person's blink is not all of another's."""
    rest = 100 * load_fusion().rest[None] * [1, -1]
    for eye in (RIGHT_EYE, LEFT_EYE):
        for upper, lower in ((eye[1], eye[5]), (eye[2], eye[4])):
            middle = rest[:, [upper, lower], 1].mean()
            half = wide * eye_distance(rest[0]) / 2
            rest[:, upper, 1], rest[:, lower, 1] = middle - half, middle + half
    own = read_shapes(rest)
    for value in (0.25, 0.5, 1.0):
        made = with_units(own, both_sides({f"eyeBlink{side}": value}))[0]
        for eye, closes in (LEFT_EYE, side != "Right"), (RIGHT_EYE, side != "Left"):
            name = "eyeBlinkLeft" if eye == LEFT_EYE else "eyeBlinkRight"
            shown = shown_units(own)[name]
            if value < shown and closes:
                continue
            share = (value - shown) / (1 - shown) if closes else 0
            now, then = lids_apart(own.points[0], eye), lids_apart(made, eye)
            assert then == pytest.approx(now - share * (now - SHUT), abs=0.006)


def test_a_jaw_that_is_shut_closes_no_further() -> None:
    """Alone the unit would push the lips through each other."""
    own = at_rest()
    shown = shown_units(own)
    assert with_units(own, {"mouthClose": 1.0}) == pytest.approx(
        with_units(own, {"mouthClose": shown["jawOpen"]})
    )
    ajar = {"jawOpen": 0.5}
    apart = [opening(with_units(own, {**ajar, "mouthClose": far})[0]) for far in (0.0, 0.5, 1.0)]
    assert apart[0] > apart[1] == pytest.approx(apart[2])


def test_setting_what_is_shown_changes_nothing() -> None:
    own = at_rest()
    assert with_units(own, shown_units(own)) == pytest.approx(own.points, abs=0.01)
    rest = read_shapes(100 * load_fusion().rest[None] * [1, -1])
    assert max(shown_units(rest).values()) == 0


@pytest.mark.parametrize("yaw", [0.0, 30.0])
def test_an_expression_grows_with_its_intensity(yaw: float) -> None:
    own = at_rest(yaw)
    names = unit_names()
    for name, unit in (("happy", "mouthSmileLeft"), ("surprised", "jawOpen")):
        values = [
            read_shapes(expressed(own, name, far)).fit.units[0, names.index(unit)]
            for far in (0, 0.5, 1, 1.5)
        ]
        assert values == sorted(values)
        assert values[2] - values[0] > 0.2
    assert expressed(own, "neutral", 0) == pytest.approx(own.points)
    with pytest.raises(UserError, match="no expression smug; choose one of neutral, happy"):
        expressed(own, "smug", 1)


@pytest.fixture(scope="module")
def transfer() -> Any:
    pytest.importorskip("dlib", reason="dlib is not installed")
    import fet_core

    return fet_core.Transfer()


def test_a_mouth_opens_without_a_source_and_shows_teeth(transfer: Any, repository: Path) -> None:
    photo = repository / WOMAN
    own = transfer._find(photo, "target", None)
    gaps = []
    for value in (0.3, 0.6, 0.9):
        made = transfer.edit(photo, {"jawOpen": value})
        assert made.shape == own.picture.shape
        gaps.append(opening(transfer._find(made, "target", None).points))
    assert opening(own.points) < gaps[0] < gaps[1] < gaps[2]
    lips = own.points[48:].mean(axis=0).round().astype(int)
    part = made[lips[1] - 5 : lips[1] + 40, lips[0] - 25 : lips[0] + 25].astype(int)
    teeth = (part.min(axis=2) > 120) & (part.max(axis=2) - part.min(axis=2) < 40)
    assert teeth.sum() > 15
    assert np.array_equal(made[:40], own.picture[:40])


def test_what_is_read_of_a_photograph_says_its_pose_and_what_was_set(
    transfer: Any, repository: Path
) -> None:
    photo = repository / WOMAN
    turned = repository / "data/demo/rafd/Rafd045_08_Caucasian_female_neutral_frontal.jpg"
    yaws = [abs(transfer.read(one).fit.angles()[0, 0]) for one in (photo, turned)]
    assert yaws[0] < 10 < 30 < yaws[1]
    made = transfer.edit(photo, {"jawOpen": 0.7})
    opened = [shown_units(transfer.read(one))["jawOpen"] for one in (photo, made)]
    assert opened[0] + 0.2 < opened[1]
    with pytest.raises(UserError, match="there is no face 2"):
        transfer.read(photo, 2)


def test_what_edit_refuses(transfer: Any, repository: Path) -> None:
    photo = repository / WOMAN
    with pytest.raises(UserError, match="nothing is to be changed"):
        transfer.edit(photo)
    with pytest.raises(UserError, match="the intensity is 3"):
        transfer.edit(photo, expression="happy", intensity=3)
    with pytest.raises(UserError, match="there is no face 4"):
        transfer.edit(photo, {"jawOpen": 0.2}, face=4)
