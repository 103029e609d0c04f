"""Eyes that are closed are seen as such, and open with the source's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("dlib", reason="dlib is not installed")
import fet_core
from fet_core.face3d.eyes import planned
from fet_core.face3d.face import Face
from fet_core.face3d.lids import closed, lids_apart
from fet_core.geometry.eye import Eye
from fet_core.geometry.landmarks import LEFT_EYE, RIGHT_EYE, eye_distance, mirror_points

WOMAN = "Rafd090_14_Caucasian_female_{}_frontal.jpg"
SQUINTING = "Rafd090_31_Caucasian_male_happy_frontal.jpg"
WIDE = "Rafd090_28_Caucasian_male_surprised_frontal.jpg"

See = Callable[[np.ndarray], Face]


@pytest.fixture(scope="module")
def transfer() -> Any:
    return fet_core.Transfer()


@pytest.fixture(scope="module")
def see() -> See:
    eye = Eye()

    def look(picture: np.ndarray) -> Face:
        found = eye.find(picture)[0]
        return Face("a face", picture, eye.read(picture, found), found)

    return look


@pytest.fixture(scope="module")
def demo() -> Callable[[str], np.ndarray]:
    folder = Path(__file__).parents[2] / "data/demo/rafd"
    return lambda name: np.array(Image.open(folder / name).convert("RGB"))


@pytest.fixture(scope="module")
def asleep(transfer: Any, demo: Any, see: See) -> Face:
    return see(transfer.edit(demo(WOMAN.format("neutral")), {"eyeBlink": 1.0}))


def test_eyes_that_squint_are_open_and_closed_ones_are_not(
    demo: Any, see: See, asleep: Face
) -> None:
    squinting = see(demo(SQUINTING))
    near = min(lids_apart(squinting.points, eye) for eye in (RIGHT_EYE, LEFT_EYE))
    assert near < 0.07, "points alone would not tell"
    assert closed(squinting.picture, squinting.points) == (False, False)
    assert closed(asleep.picture, asleep.points) == (True, True)
    smiling = see(demo("Rafd090_02_Caucasian_female_happy_frontal.jpg"))
    for face, shut in (squinting, False), (smiling, False), (asleep, True):
        grey = np.asarray(Image.fromarray(face.picture).convert("L"))
        assert closed(grey, face.points) == (shut, shut)
        toned = np.rint(grey[..., None] * np.array([1.0, 0.88, 0.7])).astype(np.uint8)
        assert closed(toned, face.points) == (shut, shut)


def test_a_wink_is_one_eye_and_the_mirror_shows_the_other(
    transfer: Any, demo: Any, see: See
) -> None:
    wink = see(transfer.edit(demo(WOMAN.format("neutral")), {"eyeBlinkLeft": 1.0}))
    assert closed(wink.picture, wink.points) == (False, True)
    mirrored = np.ascontiguousarray(wink.picture[:, ::-1])
    points = mirror_points(wink.points, wink.picture.shape[1])
    assert closed(mirrored, points) == (True, False)


def test_closed_eyes_open_with_the_sources(
    transfer: Any, demo: Any, see: See, asleep: Face
) -> None:
    source = demo(WIDE)
    made = see(transfer(source, asleep.picture))
    assert closed(made.picture, made.points) == (False, False)
    theirs = see(source)
    for eye in (RIGHT_EYE, LEFT_EYE):
        own, wide = (lids_apart(face.points, eye) for face in (asleep, theirs))
        assert lids_apart(made.points, eye) - own > 0.5 * (wide - own)


def test_closed_eyes_stay_where_nobody_gives_others(transfer: Any, see: See, asleep: Face) -> None:
    made = see(transfer.edit(asleep.picture, {"eyeWide": 1.0}))
    assert closed(made.picture, made.points) == (True, True)
    wanted = asleep.points.copy()
    wanted[[37, 38, 43, 44]] -= [0, 0.1 * eye_distance(wanted)]
    plan = planned(asleep, wanted, None)
    assert (plan.opened, plan.closed) == ([], [])
    for eye in (RIGHT_EYE, LEFT_EYE):
        assert lids_apart(plan.wanted, eye) == pytest.approx(
            lids_apart(asleep.points, eye), rel=0.02
        )


def test_open_eyes_keep_their_own_and_a_sleeper_gives_none(
    demo: Any, see: See, asleep: Face
) -> None:
    awake, wide = see(demo(SQUINTING)), see(demo(WIDE))
    wanted = awake.points.copy()
    wanted[[37, 38, 43, 44]] -= [0, 0.1 * eye_distance(wanted)]
    plan = planned(awake, wanted, wide)
    assert (plan.opened, plan.closed) == ([], [])
    assert np.array_equal(plan.wanted, wanted)
    plan = planned(asleep, asleep.points, asleep)
    assert (plan.opened, plan.closed) == ([], [])


def test_open_eyes_close_with_the_sources(transfer: Any, demo: Any, see: See, asleep: Face) -> None:
    made = see(transfer(asleep.picture, demo(WIDE)))
    assert closed(made.picture, made.points) == (True, True)


def test_a_blink_of_which_one_eye_is_missed_closes_both(
    transfer: Any, demo: Any, see: See, asleep: Face
) -> None:
    wink = see(transfer.edit(demo(WOMAN.format("neutral")), {"eyeBlinkLeft": 1.0}))
    target = see(demo("Rafd090_28_Caucasian_male_neutral_frontal.jpg"))
    narrow, half = target.points.copy(), target.points.copy()
    for points, eyes in ((narrow, (RIGHT_EYE, LEFT_EYE)), (half, (LEFT_EYE,))):
        for eye in eyes:
            points[eye[1] : eye[3], 1] = points[[eye[5], eye[4]], 1] - 3
    assert [eye for eye, _ in planned(target, narrow, wink).closed] == [RIGHT_EYE, LEFT_EYE]
    assert [eye for eye, _ in planned(target, half, wink).closed] == [LEFT_EYE]
    assert not planned(target, narrow, see(demo(WOMAN.format("neutral")))).closed


def test_without_a_source_eyes_close_where_that_is_asked_and_nowhere_else(
    demo: Any, see: See
) -> None:
    """However narrow an expression makes them: a squint is no sleep."""
    squinting = see(demo(SQUINTING))
    narrow = squinting.points.copy()
    for eye in (RIGHT_EYE, LEFT_EYE):
        narrow[eye[1] : eye[3], 1] = narrow[[eye[5], eye[4]], 1] - 1
    assert not planned(squinting, narrow, None).closed
    plan = planned(squinting, narrow, None, shut=(False, True))
    assert [eye for eye, _ in plan.closed] == [LEFT_EYE]


def test_a_grey_photograph_gets_a_mouth(transfer: Any, demo: Any, see: See) -> None:
    """One channel all the way, eyes that squint among it."""
    target = np.asarray(Image.fromarray(demo(SQUINTING)).convert("L"))
    face = see(target)
    assert closed(target[:, :, None], face.points) == (False, False)
    made = transfer(demo(WIDE), target)
    assert made.shape == target.shape
    grey = np.asarray(
        Image.fromarray(demo("Rafd090_14_Caucasian_female_neutral_frontal.jpg")).convert("L")
    )
    happy = demo("Rafd090_05_Caucasian_male_happy_frontal.jpg")
    assert transfer(happy, grey).shape == grey.shape
