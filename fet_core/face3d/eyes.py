"""Eyes that open or close: what the target does not show comes from a face that does."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.bank import SHIPPED, Lender, load_lids
from fet_core.face3d.borrow import Lit, lay
from fet_core.face3d.face import Face
from fet_core.face3d.lids import closed, lashes, lids_apart
from fet_core.face3d.light import lights
from fet_core.face3d.stored import shipped
from fet_core.geometry.landmarks import LEFT_EYE, RIGHT_EYE, eye_distance

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

_EYES = (RIGHT_EYE, LEFT_EYE)
_WIDER = 1.5  # times as far apart as the target's lids are, from which a closed eye opens
_NARROWER, _HALF = 0.85, 0.65
"""The same, below which an open eye closes if the other one is closed: where all of the expression
is taken, and where a part of it, of which the eye is half closed."""
_ALIKE = 0.25  # by which the shares of two eyes differ that do the same
_LASHES = 0.03  # of lids and lashes that come with an open eye, in eye distances
_LID = 0.075  # of skin that comes with a closed one
_TINT = 0.4
"""Of the logarithm of the skin's colour, what the whites of the eyes have of it: 0.15 to 0.7 on
eight photographs."""

_CAST = (0.7, 1.4)  # how far the whites' colour is brought to that
_SOFT = 0.025  # of the edge of that skin, in eye distances


@dataclass
class Plan:
    """What becomes of the eyes.

    Attributes:
        wanted: [68, 2] where the points are to lie.
        opened: numbers of the landmarks of each eye that is taken open, and who gives it.
        closed: the same for closed ones.
        lashes: how dark these may be beside the skin: as the target's own.
    """

    wanted: Floats
    opened: list[tuple[range, Face]] = field(default_factory=list)
    closed: list[tuple[range, Face | Lender]] = field(default_factory=list)
    lashes: float = 0.0


def planned(
    target: Face,
    wanted: Floats,
    giver: Face | None,
    whole: bool = True,
    shut: tuple[bool, bool] = (False, False),
) -> Plan:
    """Which eyes open and which close. Lids of these lie as far apart as the giver's do.

    A closed eye that nobody can open, or that is to open a little, stays as it is, as what is under
    its lids is not known. Where one of the giver's is seen to be closed, both may be: of a blink in
    a blurred picture one eye may be missed, and in a wink the other one is not narrow.

    Args:
        target: whose eyes they are.
        wanted: [68, 2] in its pixels.
        giver: whose expression the target gets; None if only points are known.
        whole: the target gets all of the expression.
        shut: whether its right and its left eye are to close where there is no giver.
    """
    narrower = _NARROWER if whole else _HALF
    own = target.points
    plan = Plan(wanted.copy())
    theirs = (None, None) if giver is None else closed(giver.picture, giver.points)
    lids = [(lids_apart(own, eye), lids_apart(wanted, eye)) for eye in _EYES]
    shares = [then / max(now, 1e-6) for now, then in lids]
    # At the end of a blink lids are read apart at one eye a picture earlier than at the other.
    least = min(shares)
    closes_too = max(narrower, least + _ALIKE) if least < narrower else narrower
    eyes = zip(_EYES, closed(target.picture, own), theirs, shut, lids, shares, strict=True)
    for eye, is_shut, other, closes, (now, then), share in eyes:
        if is_shut and giver is not None and other is False and share > _WIDER:
            plan.opened.append((eye, giver))
            _part(plan.wanted, eye, lids_apart(giver.points, eye))
        elif is_shut:
            _part(plan.wanted, eye, min(now, then))
        elif giver is not None and any(theirs) and share < closes_too:
            plan.closed.append((eye, giver))
            _part(plan.wanted, eye, lids_apart(giver.points, eye))
        elif giver is None and closes:
            plan.closed.append((eye, load_lids(shipped(SHIPPED, target.eye))[_EYES.index(eye)]))
    if plan.closed:
        plan.lashes = lashes(target.picture, own)
    return plan


def _part(points: Floats, eye: range, gap: float) -> None:
    """Move the upper lid to a distance from the lower one, in eye distances, in place."""
    now = lids_apart(points, eye)
    for upper, lower in ((eye[1], eye[5]), (eye[2], eye[4])):
        points[upper] = points[lower] + (points[upper] - points[lower]) * gap / max(now, 1e-6)


def fill_eyes(made: Picture, own: Floats, plan: Plan) -> None:
    """Give a moved face the eyes of a plan.

    Args:
        made: [H, W] or [H, W, 3] uint8, the target's face moved to the wanted points; changed.
        own: [68, 2] the target's points before, in pixels of `made`.
        plan: of `planned`, in pixels of `made`.
    """
    if plan.opened:
        # All of them are of one face.
        light = _lit(made, plan.wanted, plan.opened[0][1])
    for eye, giver in plan.opened:
        lay(made, plan.wanted, giver, eye, plan.wanted[list(eye)], _LASHES, light)
    for eye, lender in plan.closed:
        both = np.concatenate([_placed(own, plan.wanted, eye), plan.wanted[list(eye)]])
        outline = np.asarray(cv2.convexHull(both.astype(np.float32)), np.float64)[:, 0]
        soft = _SOFT * eye_distance(plan.wanted)
        lay(made, plan.wanted, lender, eye, outline, _LID, None, soft, (plan.lashes, np.inf))


def _lit(made: Picture, wanted: Floats, giver: Face) -> Lit:
    here, there = lights(made, wanted, giver)
    skin = here.skin / there.skin
    # The whites of eyes are nearly the same on any skin.
    level = np.sqrt(skin.mean())
    if there.white is None:
        return Lit(level * np.sqrt((skin / skin.mean() + 1) / 2), skin, 255.0)
    # The target's closed eyes show no whites; they have a part of the colour of its skin.
    white = (here.skin / here.skin.mean()) ** _TINT
    cast = np.clip(white / (there.white / there.white.mean()), *_CAST)
    return Lit(level * cast, skin, 255.0)


def _placed(own: Floats, wanted: Floats, eye: range) -> Floats:
    """The target's own eye [6, 2], its corners at the wanted ones."""
    before, after = (points[list(eye)] @ [1, 1j] for points in (own, wanted))
    turn = (after[3] - after[0]) / (before[3] - before[0] or 1e-6)
    placed = after[0] + turn * (before - before[0])
    return np.stack([placed.real, placed.imag], axis=1)
