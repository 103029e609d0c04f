"""Whose mouth and lids are lent, and in what light: not a turned mouth's, nor an open eye's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("dlib", reason="dlib is not installed")
import fet_core
from fet_core.data.pictures import read_picture
from fet_core.face3d import lids, painter
from fet_core.face3d.bank import Lender, load_mouths
from fet_core.face3d.face import Face
from fet_core.face3d.light import lights
from fet_core.face3d.mouth import INNER, OPEN, met, opening
from fet_core.face3d.painter import Painter, _lender, _stays_shut
from fet_core.geometry.landmarks import LEFT_EYE, RIGHT_EYE

RAFD = "data/demo/rafd/Rafd{}_{}_frontal.jpg"


@pytest.fixture(scope="module")
def transfer() -> Any:
    return fet_core.Transfer()


@pytest.fixture
def find(repository: Path, transfer: Any) -> Any:
    return lambda yaw, who, expression: transfer.find(
        repository / RAFD.format(yaw, f"{who}_{expression}")
    )


def opened(face: Face, by: float) -> np.ndarray:
    wanted = face.points.copy()
    unit = float(np.linalg.norm(wanted[36:42].mean(axis=0) - wanted[42:48].mean(axis=0)))
    wanted[[*range(5, 12), *range(55, 60), *range(65, 68)], 1] += by * unit
    return wanted


def test_a_source_that_is_turned_further_lends_no_mouth(find: Any) -> None:
    target = find("090", "08_Caucasian_female", "neutral")
    wanted = opened(target, 0.2)
    front = find("090", "01_Caucasian_male", "happy")
    turned = find("045", "01_Caucasian_male", "happy")
    assert _lender(target, wanted, front, "auto") is front
    assert isinstance(_lender(target, wanted, turned, "auto"), Lender)
    assert _lender(target, wanted, turned, "source") is turned, "who asks for it gets it"
    other = find("045", "08_Caucasian_female", "neutral")
    assert _lender(other, opened(other, 0.2), turned, "auto") is turned


def test_lips_that_meet_on_both_faces_do_not_part_by_a_slit(face: np.ndarray) -> None:
    points = face.astype(np.float64)
    points[[65, 66, 67], 1] = points[[63, 62, 61], 1]
    slit, wide = points.copy(), points.copy()
    slit[[65, 66, 67], 1] += 1.0
    wide[[65, 66, 67], 1] += 9.0
    assert OPEN < opening(slit) < opening(wide)
    assert _stays_shut(points, slit, points)
    assert not _stays_shut(points, wide, points), "an expression that opens it is taken"
    assert not _stays_shut(slit, slit, points)
    assert not _stays_shut(points, slit, slit)
    assert opening(met(slit)) == pytest.approx(0, abs=1e-9)
    outer = [number for number in range(68) if number not in (61, 62, 63, 65, 66, 67)]
    assert np.array_equal(met(slit)[outer], slit[outer])


@pytest.mark.parametrize("share", [None, 0.0, 1.0])
def test_in_a_film_hardly_open_lips_do_not_snap_shut(
    share: float | None, find: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, giver = (find("090", "08_Caucasian_female", "neutral") for _ in range(2))
    shut = replace(target, points=met(target.points))
    slit = shut.points.copy()
    slit[[65, 66, 67], 1] += 2.0
    assert _stays_shut(shut.points, slit, shut.points)
    aimed = []
    monkeypatch.setattr(painter, "planned", lambda _, points, *rest: aimed.append(points))
    with pytest.raises(AttributeError):
        Painter(object())(shut, slit, replace(giver, points=shut.points), share=share)  # type: ignore[arg-type]
    assert (opening(aimed[0]) > OPEN) == (share is not None)


def test_rendered_teeth_that_are_read_as_lips_open_no_mouth_further(find: Any) -> None:
    """Where a photograph lends the mouth its inner lips are believed as they are read."""
    target = find("090", "08_Caucasian_female", "neutral")
    wanted = opened(target, 0.2)
    toothless = wanted.copy()
    toothless[INNER] = toothless[INNER].mean(axis=0)

    class Seeing:
        def __init__(self, seen: np.ndarray) -> None:
            self.seen = seen

        def read(self, *_: Any) -> np.ndarray:
            return self.seen

    for giver, same in (None, True), (find("090", "01_Caucasian_male", "surprised"), False):
        made = [
            Painter(Seeing(seen))(target, wanted, giver)  # type: ignore[arg-type]
            for seen in (wanted, toothless)
        ]
        assert np.array_equal(*made) == same


def test_inside_of_the_lips_of_rendered_mouths_is_no_lip() -> None:
    """Just below the upper lip's inner edge, in all but the one that hardly opens."""
    for mouth in load_mouths():
        upper, lower = mouth.points[[61, 62, 63]], mouth.points[[67, 66, 65]]
        if opening(mouth.points) < 0.05:
            continue
        x, y = (upper + 0.12 * (lower - upper)).round().astype(int).T
        red, green = (mouth.picture[y, x, channel].astype(float) for channel in (0, 1))
        lip = ((red - green) / (red + green + 1) > 0.13) & (red > 100)
        assert lip.sum() <= 1


def test_one_eye_that_may_be_shut_beside_an_open_one_is_open(
    monkeypatch: pytest.MonkeyPatch, face: np.ndarray
) -> None:
    points = face.astype(np.float64)
    for eye in (RIGHT_EYE, LEFT_EYE):
        points[[eye[1], eye[2]], 1] = points[[eye[5], eye[4]], 1] - 2
    picture = np.zeros((96, 96, 3), np.uint8)
    for right, left, expected in (
        (-0.1, 1.2, (False, False)),
        (-0.8, 1.2, (True, False)),
        (1.2, -0.8, (False, True)),
        (-0.1, -0.1, (True, True)),
        (0.1, 0.1, (False, False)),
    ):
        found = iter((right, left))
        monkeypatch.setattr(lids, "_eyeball", lambda *_, found=found: next(found))
        assert lids.closed(picture, points) == expected


def test_dark_glasses_are_no_whites_and_pink_is_no_tooth(london: Path) -> None:
    transfer = fet_core.Transfer()
    smiling = transfer.find(london / "smiling_front" / "064_08.jpg")
    light, _ = lights(smiling.picture, smiling.points, smiling)
    assert light.white is not None
    assert light.teeth is not None
    shown = light.teeth / light.white
    assert shown[0] / shown[1] == pytest.approx(1, abs=0.1)
    dark = smiling.picture.copy()
    for eye in (RIGHT_EYE, LEFT_EYE):
        x, y = smiling.points[list(eye)].mean(axis=0).astype(int)
        dark[y - 25 : y + 25, x - 40 : x + 40] = 12
    behind, _ = lights(dark, smiling.points, smiling)
    assert behind.white is None
    # Glossy lips, which are closed, are read as parted ones here.
    glossy = transfer.find(london / "neutral_front" / "126_03.jpg")
    assert lights(glossy.picture, glossy.points, smiling)[0].teeth is None


def test_teeth_come_into_the_light_of_the_target(london: Path, transfer: Any) -> None:
    """Of a source in the light of a lamp they are no more orange than by daylight."""
    lamp = np.array([1.1, 0.9, 0.6])
    source = read_picture(london / "smiling_front" / "064_08.jpg", 3)
    target = transfer.find(london / "neutral_front" / "143_03.jpg")
    orange = np.clip(source * lamp, 0, 255).astype(np.uint8)
    shown = []
    for picture in (source, orange):
        made = transfer(picture, target)
        inside = np.zeros(made.shape[:2], np.uint8)
        inner = transfer.find(made).points[INNER]
        cv2.fillPoly(inside, [inner.round().astype(np.int32)], 1)
        seen = made[inside > 0].astype(float)
        teeth = seen[seen.mean(axis=1) > np.quantile(seen.mean(axis=1), 0.7)].mean(axis=0)
        shown.append(teeth / teeth.mean())
    cast = np.log(shown[1] / shown[0])
    given = np.log(lamp / lamp.mean())
    assert np.abs(cast).max() < 0.45 * np.abs(given).max()
