"""The target's own pixels brought to wanted points, its mouth with them, read and corrected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.aim import by_outer_lips, corrected
from fet_core.face3d.bank import SHIPPED, Lender, load_mouths, load_shut, nearest
from fet_core.face3d.borrow import Giver, is_grey
from fet_core.face3d.eyes import Plan, fill_eyes, planned
from fet_core.face3d.face import Face, shape_of
from fet_core.face3d.mouth import OPEN, borrow, fill, lacks_mouth, lends, met, opening
from fet_core.face3d.stored import shipped
from fet_core.face3d.warp import moved
from fet_core.geometry.align import apply_points, invert
from fet_core.geometry.eye import Eye
from fet_core.geometry.landmarks import eye_distance
from fet_core.geometry.mesh import shrunk

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

MOUTHS = ("auto", "source", "bank", "target")
"""Whose teeth are seen where the target shows none: the source's or, where it shows none either,
rendered ones; the source's alone; rendered ones; nobody's, the target's lips are drawn apart. Of
the same lips that close take how they meet."""

_AROUND = 2.2  # of the cut around a face, in sizes of the fitted face to each side
_SLIT = 0.02  # squares of the eye distance: what less is open shows dark, if anything
_TINY, _COARSE = 40.0, 2.0
"""Pixels between the eyes of a giver below which its teeth are a blur in a target with so many
times as many."""

_TURNED = 25.0  # degrees that a giver may be turned further than the target
_TRIED = 2.0  # sizes at which a face is read, in which it is painted for that


class Painter:
    """Makes the picture of a face whose points are to lie somewhere else; no network paints.

    What is read in the picture is compared with what was wanted: dlib sees the edge of a lip a
    little inside of an open mouth, in the photographs as in what is made of them, so that a mouth
    arrives less open than it was read. One correction mends that for each face on its own.

    Args:
        eye: reads what was made.
    """

    def __init__(self, eye: Eye) -> None:
        self._eye = eye

    def __call__(
        self,
        target: Face,
        wanted: Floats,
        giver: Face | None,
        mouth: str = "auto",
        whole: bool = True,
        share: float | None = None,
        shut: tuple[bool, bool] = (False, False),
    ) -> Picture:
        """The target's whole picture with its points [68, 2] at the wanted places.

        Args:
            target: whose picture is changed.
            wanted: [68, 2] in its pixels.
            giver: whose eyes and mouth's inside are taken where the target shows none.
            mouth: of `MOUTHS`.
            whole: the target gets all of the giver's expression.
            share: of one picture of a film, in which the target's mouth shows its own teeth: how
                much of the giver's mouth is seen over them.
            shut: whether its right and its left eye are to close where there is no giver.
        """
        # In a film a mouth that is hardly open must not shut and open from picture to picture.
        if giver and share is None and _stays_shut(target.points, wanted, giver.points):
            wanted = met(wanted)
        plan = planned(target, wanted, giver, whole, shut)
        lender = _lender(target, wanted, giver, mouth) if share is None else giver
        share = 1.0 if share is None else share
        if target.found is None or opening(wanted) <= OPEN:
            return _painted(target, plan, lender, share)
        small, grow = _small(target)
        aim = apply_points(invert(grow), plan.wanted)
        tried = _painted(small, replace(plan, wanted=aim), lender, share)
        read = apply_points(grow, self._eye.read(tried, target.found, grow))
        # Of a large photograph there must not be one more while the next is made.
        del tried, small
        if isinstance(lender, Lender):
            read = by_outer_lips(read, plan.wanted)
        aimed = corrected(plan.wanted, read, target.points)
        return _painted(target, replace(plan, wanted=aimed), lender, share)


def _lender(target: Face, wanted: Floats, giver: Face | None, mouth: str) -> Giver | None:
    """Whose mouth is to be seen between the wanted lips, or closed; None for the target's own."""
    if mouth == "target":
        return None
    given, rendered = None if mouth == "bank" else giver, mouth != "source"
    if given is not None and rendered and not _fits(target, given):
        given = None
    lacks = lacks_mouth(target.points, wanted)
    lent = given is not None and lends(target.points, wanted, given.points)
    if given is not None and lent and not (rendered and lacks and _seen_less(target, given)):
        return given
    if not rendered:
        return None
    bank = shipped(SHIPPED, target.eye)
    if lacks:
        return nearest(load_mouths(bank), wanted)
    shut = load_shut(bank)
    return shut if lends(target.points, wanted, shut.points) else None


def _fits(target: Face, giver: Face) -> bool:
    """Whether a mouth is fit for the target's picture: it has its colours, and is no blur."""
    size = eye_distance(giver.points)
    if size < _TINY and eye_distance(target.points) > _COARSE * size:
        return False
    return is_grey(_near(target)) or not is_grey(_near(giver))


def _stays_shut(own: Floats, wanted: Floats, giver: Floats) -> bool:
    """Whether lips that meet, of the target and of the giver, are to part by next to nothing."""
    return max(opening(own), opening(giver)) <= OPEN < opening(wanted) < _SLIT


def _seen_less(target: Face, giver: Face) -> bool:
    """Whether a half of the giver's mouth is not seen, as it is turned further than the target."""
    yaws = [abs(float(shape_of(one).fit.angles()[0, 0])) for one in (target, giver)]
    return yaws[1] - yaws[0] > _TURNED


def _near(face: Face) -> Picture:
    """The lower half of a face: its picture may be toned elsewhere."""
    low, high = (face.points[2:15].min(axis=0), face.points[2:15].max(axis=0))
    left, top = (max(int(value), 0) for value in low)
    return face.picture[top : int(high[1]) + 1, left : int(high[0]) + 1]


def _small(target: Face) -> tuple[Face, Floats]:
    """A face no larger than it is read twice over, and the matrix [2, 3] back into its picture."""
    as_it_is = np.eye(2, 3)
    if target.found is None or target.found.matrix is None:
        return target, as_it_is
    scale = _TRIED * float(np.sqrt(abs(np.linalg.det(target.found.matrix[:, :2]))))
    if scale > 0.9:
        return target, as_it_is
    less, grow = shrunk(target.picture, scale, as_it_is)
    return replace(target, picture=less, points=apply_points(invert(grow), target.points)), grow


def _painted(target: Face, plan: Plan, mouth: Giver | None, share: float = 1.0) -> Picture:
    height, width = target.picture.shape[:2]
    middle = target.points.mean(axis=0)
    reach = _AROUND * float(np.abs(target.points - middle).max())
    left, top = (max(int(value), 0) for value in middle - reach)
    right = min(int(middle[0] + reach) + 1, width)
    bottom = min(int(middle[1] + reach) + 1, height)
    cut = target.picture[top:bottom, left:right]
    own, new = target.points - [left, top], plan.wanted - [left, top]
    whole = target.picture.copy()
    made = moved(cut, own, new, whole[top:bottom, left:right])
    before = Lender(cut, own)
    if mouth is not None and share == 1:
        borrow(made, new, mouth, before)
    elif mouth is not None and share > 0:
        filled = made.copy()
        fill(filled, new, mouth, before)
        made[...] = np.rint(made + share * (filled.astype(np.float32) - made)).astype(np.uint8)
    fill_eyes(made, own, replace(plan, wanted=new))
    return whole
