"""Another face's mouth on what was made: where it is brought, and that no points make it fail."""

from __future__ import annotations

import numpy as np
import pytest

from fet_core.face3d.bank import Lender
from fet_core.face3d.mouth import INNER, OPEN, bring, opening

SKIN, TEETH = 120, 230


def opened(points: np.ndarray, by: float) -> np.ndarray:
    """The drawn face, whose lips are a little open, with lips that meet, or that far apart."""
    wanted = points.astype(np.float64)
    wanted[[65, 66, 67], 1] = wanted[[63, 62, 61], 1]
    wanted[[55, 56, 57, 58, 59, 65, 66, 67], 1] += by
    return wanted


def with_teeth(points: np.ndarray) -> np.ndarray:
    """[96, 96, 3] a face of one colour whose inner lips are full of teeth."""
    import cv2

    picture = np.full((96, 96, 3), SKIN, np.uint8)
    cv2.fillPoly(picture, [np.round(points[INNER]).astype(np.int32)], (TEETH,) * 3)
    return picture


def middle(points: np.ndarray) -> tuple[int, int]:
    x, y = points[INNER].mean(axis=0).round().astype(int)
    return int(y), int(x)


def test_a_mouth_that_opens_gets_the_givers_teeth(face: np.ndarray) -> None:
    shut, wide = opened(face, 0.0), opened(face, 9.0)
    assert opening(shut) < OPEN < opening(wide)
    made = np.full((96, 96, 3), SKIN, np.uint8)
    own, giver = Lender(made.copy(), shut), Lender(with_teeth(wide), wide)
    bring(made, wide, giver, own)
    y, x = middle(wide)
    # As bright as the light on the skin allows.
    assert made[y, x].min() > SKIN + 10
    far = np.abs(np.indices((96, 96)) - np.array([y, x])[:, None, None]).max(axis=0) > 30
    assert (made[far] == SKIN).all()


@pytest.mark.parametrize("case", ["giver shut", "giver ajar", "own as open", "nothing opens"])
def test_what_needs_no_mouth_stays(face: np.ndarray, case: str) -> None:
    shut, wide = opened(face, 0.0), opened(face, 9.0)
    ajar = opened(face, 1.2)  # open, but its teeth would be stretched sevenfold
    giver = {"giver shut": shut, "giver ajar": ajar}.get(case, wide)
    assert case != "giver ajar" or opening(ajar) > OPEN
    own = wide if case == "own as open" else shut
    wanted = shut if case == "nothing opens" else wide
    made = np.full((96, 96, 3), SKIN, np.uint8)
    bring(made, wanted, Lender(with_teeth(giver), giver), Lender(made.copy(), own))
    assert (made == SKIN).all()


def test_an_open_mouth_that_closes_has_no_teeth_left(face: np.ndarray) -> None:
    shut, wide = opened(face, 0.0), opened(face, 9.0)
    made = np.full((96, 96, 3), SKIN, np.uint8)
    y, x = middle(shut)
    made[y - 1 : y + 2, x - 6 : x + 7] = TEETH  # what a spline leaves of them
    giver = Lender(np.full((96, 96, 3), SKIN, np.uint8), shut)
    bring(made, shut, giver, Lender(with_teeth(wide), wide))
    assert made[y, x].max() < (SKIN + TEETH) / 2


@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_points_are(face: np.ndarray, seed: int) -> None:
    """As those of a Φ+ that has hardly learned; a warning would be an error."""
    rng = np.random.default_rng(seed)

    def points() -> np.ndarray:
        some = opened(face, rng.uniform(0, 12))
        return [
            some,
            some + rng.uniform(-200, 200, 2),
            np.round(some / 6) * 6,
            some * 0 + 40,
            some + rng.normal(0, 12, some.shape),
            some * rng.choice([1e-3, 50]),
            rng.uniform(-96, 192, some.shape),
        ][rng.integers(7)]

    shape = (96, 96, 3)[: rng.integers(2, 4)]
    made, *others = (rng.integers(0, 256, shape, dtype=np.uint8) for _ in range(3))
    with np.errstate(all="raise", under="ignore"):
        for _ in range(5):
            bring(made, points(), *(Lender(picture, points()) for picture in others))
    assert made.dtype == np.uint8
