"""Whole photographs without a model: what arrives, what stays, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("dlib", reason="dlib is not installed")
import fet_core
from fet_core.errors import UserError
from fet_core.face3d.face import Face, shape_of
from fet_core.face3d.model import load_model
from fet_core.face3d.mouth import opening
from fet_core.face3d.shape import read_shapes
from fet_core.geometry.eye import Eye
from fet_core.geometry.landmarks import eye_distance

MAN = "data/demo/rafd/Rafd090_28_Caucasian_male_{}_frontal.jpg"
WOMAN = "data/demo/rafd/Rafd090_08_Caucasian_female_{}_frontal.jpg"

Give = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def transfer() -> Any:
    return fet_core.Transfer()


@pytest.fixture(scope="module")
def eye() -> Eye:
    return Eye()


@pytest.fixture
def give(repository: Path) -> Give:
    def read(name: str, expression: str, mode: str = "RGB") -> np.ndarray:
        return np.array(Image.open(repository / name.format(expression)).convert(mode))

    return read


def points(eye: Eye, picture: np.ndarray) -> np.ndarray:
    return eye.read(picture, eye.find(picture)[0])


@pytest.mark.parametrize("modes", [("L", "L"), ("RGB", "L"), ("L", "RGB")])
@pytest.mark.parametrize("way", [("surprised", "neutral"), ("neutral", "happy")])
def test_grey_photographs_may_be_both_or_either(
    modes: tuple[str, str], way: tuple[str, str], transfer: Any, give: Give
) -> None:
    source, target = (give(*one) for one in zip((MAN, WOMAN), way, modes, strict=True))
    made = transfer(source, target)
    assert made.shape == target.shape
    assert np.abs(made.astype(int) - target).max() > 30


def test_an_open_mouth_arrives_and_goes_again(transfer: Any, eye: Eye, give: Give) -> None:
    source, target = give(MAN, "surprised"), give(WOMAN, "neutral")
    wide, shut = opening(points(eye, source)), opening(points(eye, target))
    made = transfer(source, target)
    assert opening(points(eye, made)) - shut > 0.5 * (wide - shut)
    back = transfer(give(MAN, "neutral"), made)
    assert opening(points(eye, back)) - shut < 0.4 * (wide - shut)


def test_a_large_face_is_tried_in_small(
    transfer: Any, eye: Eye, give: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = cv2.resize(give(WOMAN, "neutral"), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    source = give(MAN, "surprised")
    made = transfer(source, target)
    monkeypatch.setattr("fet_core.face3d.painter._TRIED", 1e9)
    whole = transfer(source, target)
    assert not np.array_equal(made, whole)
    before, after, reference = (points(eye, picture) for picture in (target, made, whole))
    moved, apart = (np.linalg.norm(other - reference, axis=1).mean() for other in (before, after))
    assert apart < 0.1 * moved


def test_only_the_surroundings_of_the_face_change(transfer: Any, give: Give) -> None:
    target = give(WOMAN, "neutral")
    made = transfer(give(MAN, "happy"), target)
    changed = (made != target).any(axis=2)
    assert changed.any()
    far = np.abs(made.astype(int) - target).max(axis=2)
    assert far[:60].mean() < 1
    assert far[-60:].mean() < 1
    assert changed.mean() < 0.6


@pytest.mark.parametrize("degrees", [-35.0, 35.0])
def test_a_tilted_target_gets_the_same_face(
    degrees: float, transfer: Any, eye: Eye, give: Give
) -> None:
    source, target = give(MAN, "surprised"), give(WOMAN, "neutral")
    height, width = target.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.8)
    tilted = cv2.warpAffine(target, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    straight, other = points(eye, transfer(source, target)), points(eye, transfer(source, tilted))
    wanted = straight @ matrix[:, :2].T + matrix[:, 2]
    off = np.linalg.norm(other - wanted, axis=1)[17:].mean()
    assert off < 0.06 * eye_distance(other)


def test_the_heads_pose_stays_the_targets(transfer: Any, eye: Eye, london: Path) -> None:
    paths = sorted(london.glob("smiling_front/*.jpg")), sorted(london.glob("neutral_front/*.jpg"))
    for source, target in ((paths[0][3], paths[1][11]), (paths[0][20], paths[1][40])):
        picture = np.array(Image.open(target).convert("RGB"))
        made = points(eye, transfer(source, target))
        before, after = (read_shapes(one[None]).fit for one in (points(eye, picture), made))
        assert np.abs(before.angles() - after.angles()).max() < 4
        assert after.scale[0] == pytest.approx(before.scale[0], rel=0.03)


def test_a_smile_of_a_photograph_arrives(transfer: Any, eye: Eye, london: Path) -> None:
    smiles = sorted(london.glob("smiling_front/*.jpg"))
    rest = sorted(london.glob("neutral_front/*.jpg"))
    wider = []
    for number in range(0, 60, 15):
        target = np.array(Image.open(rest[number]).convert("RGB"))
        own, made = points(eye, target), points(eye, transfer(smiles[number + 4], target))
        width = [np.linalg.norm(one[54] - one[48]) / eye_distance(one) for one in (own, made)]
        wider.append(width[1] - width[0])
    assert np.mean(wider) > 0.05


def test_a_smile_closes_without_a_row_of_teeth(transfer: Any, eye: Eye, london: Path) -> None:
    smiling = np.array(Image.open(london / "smiling_front" / "002_08.jpg"))
    resting = np.array(Image.open(london / "neutral_front" / "001_03.jpg"))
    ways = ("auto", "source", "bank", "target")
    made = [transfer(resting, smiling, mouth=mouth) for mouth in ways]
    made.append(transfer.edit(smiling, expression="neutral"))
    wide, *gaps = (opening(points(eye, picture)) for picture in (smiling, *made))
    assert wide > 0.06
    assert max(gaps[:3] + gaps[4:]) < 0.012
    assert gaps[3] > 1.5 * max(gaps[:3]), "the teeth that are not covered"
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


def test_threads_may_share_it(transfer: Any, give: Give) -> None:
    pairs = [
        (give(MAN, one), give(WOMAN, other)) for one in ("happy", "sad") for other in ("neutral",)
    ] + [(give(WOMAN, "surprised"), give(MAN, "neutral"))]
    alone = [transfer(*pair) for pair in pairs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda pair: transfer(*pair), pairs * 3))
    for number, made in enumerate(together):
        assert np.array_equal(made, alone[number % len(pairs)])


def test_a_grey_target_stays_grey(transfer: Any, give: Give) -> None:
    target = give(WOMAN, "neutral", "L")
    made = transfer(give(MAN, "surprised"), target)
    assert made.shape == target.shape
    colour = transfer(give(MAN, "surprised"), np.repeat(target[:, :, None], 3, axis=2))
    assert (colour.max(axis=2).astype(int) - colour.min(axis=2)).max() <= 2


def test_what_moves_grows_with_the_intensity(transfer: Any, give: Give) -> None:
    source, target = give(MAN, "happy"), give(WOMAN, "neutral")
    changes = [
        np.abs(transfer(source, target, one).astype(int) - target).mean() for one in (0.3, 1, 2)
    ]
    assert changes == sorted(changes)
    assert np.array_equal(transfer(source, target, 0), target)


def test_one_persons_own_other_face_is_taken_more_literally(
    transfer: Any, eye: Eye, london: Path
) -> None:
    smiles = sorted(london.glob("smiling_front/*.jpg"))
    rest = sorted(london.glob("neutral_front/*.jpg"))
    way, errors = transfer._way, []
    for number in (3, 30, 60):
        faces = []
        for path in (smiles[number], rest[number], smiles[number + 9]):
            picture = np.array(Image.open(path).convert("RGB"))
            faces.append(Face(str(path), picture, points(eye, picture)))
        smile, own, other = faces
        assert way.sameness(smile, own) > 0.9
        assert way.sameness(other, own) < 0.3
        truth, found = (
            read_shapes(one[None]).frontal for one in (smile.points, way.wanted(smile, own, 1.0))
        )
        before = read_shapes(own.points[None]).frontal
        errors.append([np.abs(truth - one)[:, 17:].mean() for one in (found, before)])
    reached, unchanged = np.mean(errors, axis=0)
    assert reached < 0.5 * unchanged


def turned(yaw: float) -> np.ndarray:
    turn = np.radians(yaw)
    x, y, z = load_model().mean.T
    return np.stack([x * np.cos(turn) + z * np.sin(turn), -y], axis=1) * 90 + 200


def test_a_head_that_is_turned_too_far_is_refused() -> None:
    picture = np.zeros((400, 400), np.uint8)
    assert abs(shape_of(Face("x", picture, turned(45))).fit.angles()[0, 0]) == pytest.approx(
        45, abs=3
    )
    with pytest.raises(UserError, match=r"the face in x is turned by 7\d°"):
        shape_of(Face("x", picture, turned(75)))
    with pytest.raises(UserError, match="what was found in x is no face"):
        shape_of(Face("x", picture, np.random.default_rng(1).uniform(100, 300, (68, 2))))
    with pytest.raises(UserError, match="the mouth of the face in x is cut off"):
        shape_of(Face("x", picture[:220], turned(0)))
    with pytest.raises(UserError, match="both eyes are at the same place"):
        shape_of(Face("x", picture, np.zeros((68, 2))))


def test_whose_teeth_are_seen_is_the_users_choice(transfer: Any, eye: Eye, give: Give) -> None:
    source, target = give(MAN, "surprised"), give(WOMAN, "neutral")
    made = {
        mouth: transfer(source, target, mouth=mouth)
        for mouth in ("auto", "source", "bank", "target")
    }
    assert np.array_equal(made["auto"], made["source"])
    inner = np.round(points(eye, made["auto"])[60:68].mean(axis=0)).astype(int)
    x, y = inner
    seen = {name: one[y - 4 : y + 5, x - 8 : x + 9].astype(int) for name, one in made.items()}
    assert np.abs(seen["bank"] - seen["source"]).mean() > 5
    # Lips that are drawn apart show neither what is dark behind them nor teeth.
    assert seen["target"].min() > seen["source"].min() + 20
    with pytest.raises(UserError, match="there is no mouth"):
        transfer(source, target, mouth="mine")


def test_the_targets_own_mouth_serves_where_the_source_lends_none(
    transfer: Any, give: Give
) -> None:
    """A source whose lips are shut lends none, and --mouth source takes nobody else's."""
    source, target = give(MAN, "angry"), give(WOMAN, "neutral")
    alone = transfer(source, target, 2.0, mouth="source")
    assert np.array_equal(alone, transfer(source, target, 2.0, mouth="target"))


def test_eyes_close_by_as_much_as_is_asked_for(transfer: Any, eye: Eye, give: Give) -> None:
    target = give(WOMAN, "neutral")
    asleep = transfer.edit(give(MAN, "neutral"), {"eyeBlink": 1.0})
    apart = [
        float(np.abs(p[[37, 38, 43, 44], 1] - p[[41, 40, 47, 46], 1]).mean()) / eye_distance(p)
        for p in (points(eye, transfer(asleep, target, share)) for share in (0, 0.3, 1))
    ]
    assert apart[0] > apart[1] > apart[2]
    assert apart[2] < 0.6 * apart[0]
