"""What of a mouth the target does not show: teeth and tongue of an open one, how lips meet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.bank import Lender
from fet_core.face3d.borrow import Giver, Lit, lay
from fet_core.face3d.light import lights
from fet_core.face3d.lips import bared
from fet_core.geometry.landmarks import eye_distance

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

LIPS = range(48, 68)
INNER = slice(60, 68)

OPEN = 0.006
"""Area between the inner lips, in squares of the eye distance, from which a mouth is open."""

_SHUT = 0.022
"""The same, below which lips meet, or all but: those of resting faces are, where dlib reads thick
lips apart too."""

_NEARLY = 1.5  # times that, to which Φ may leave lips apart that are to meet
_PALEST = 1.0  # brightness where lips meet, beside the lips: the inside of dark ones is pale
_WIDER = 1.8  # times the wanted opening, from which on an open mouth is one to be closed
_SEAM = 0.03  # of the lips that come with the line where they meet, in eye distances
_THIN = 0.01  # half height of that line, in eye distances
_ENOUGH = 0.7  # share of the wanted opening with which the target's own mouth is kept
_UNLIKE, _NEARER = 0.4, 0.15
"""Natural logarithm of height over width between the lips, by which an open mouth has another form
than the wanted one, and by how much nearer another one's has to be: teeth of a smile, drawn into
the form of a cry, are a horse's."""

_SHOWS = 0.04  # opening, from which a mouth has a form
_RIM = 0.015  # beyond the lips' inner edges as they are read, where the edges of a photograph lie
_LEAST = 0.2  # of the wanted opening that a mouth has to show, to be stretched so far
_GAIN = (0.5, 1.3)
_CAST = (0.6, 1.6)  # how far the colour of one light may be from the other's
_TEETH = (
    1.15  # at most so much brighter than the target's brightest skin and the whites of its eyes
)


def opening(points: Floats) -> float:
    """Area between the inner lips of points [68, 2], in squares of the eye distance."""
    x, y = points[INNER].T
    # Lips that dlib reads crossed, as it does pressed ones, enclose less than nothing.
    area = max(float(np.dot(y, np.roll(x, 1)) - np.dot(x, np.roll(y, 1))) / 2, 0.0)
    return area / max(eye_distance(points), 1e-6) ** 2


def unlike(own: Floats, wanted: Floats) -> float:
    """How far the form between the lips of points [68, 2] is from another one's, 0 of small ones.

    The logarithm of the ratio of both heights over widths, without its sign.
    """
    if min(opening(own), opening(wanted)) < _SHOWS:
        return 0.0
    forms = []
    for points in (own, wanted):
        width = max(float(np.linalg.norm(points[54] - points[48])), 1e-6)
        forms.append(opening(points) * (eye_distance(points) / width) ** 2)
    return abs(float(np.log(forms[0] / forms[1])))


def lacks_mouth(own: Floats, wanted: Floats) -> bool:
    """Whether a face shows too little of the mouth that is wanted, or another one than that.

    Args:
        own: [68, 2] its points.
        wanted: [68, 2] where they are to lie.
    """
    return _shows_little(own, wanted) or unlike(own, wanted) > _UNLIKE


def _shows_little(own: Floats, wanted: Floats) -> bool:
    gap = opening(wanted)
    return gap > OPEN and opening(own) < _ENOUGH * gap


def shuts(own: Floats, wanted: Floats, giver: Floats) -> bool:
    """Whether an open mouth closes as the giver's is closed; points [68, 2] of all three."""
    gap = opening(wanted)
    meets = opening(giver) < _SHUT and gap < _NEARLY * _SHUT
    return meets and opening(own) > max(_WIDER * gap, _SHUT)


def met(points: Floats) -> Floats:
    """Points [68, 2] whose inner lips meet in the middle between them."""
    shut = points.copy()
    for upper, lower in ((61, 67), (62, 66), (63, 65)):
        shut[[upper, lower]] = (points[upper] + points[lower]) / 2
    return shut


def lends(own: Floats, wanted: Floats, giver: Floats) -> bool:
    """Whether the giver's mouth shows what the target's own lacks; points [68, 2] of all three."""
    if lacks_mouth(own, wanted):
        shown = opening(giver) > max(OPEN, _LEAST * opening(wanted))
        nearer = unlike(giver, wanted) + _NEARER < unlike(own, wanted)
        return shown and (nearer or _shows_little(own, wanted))
    return shuts(own, wanted, giver)


def seal(made: Picture, wanted: Floats, giver: Giver) -> None:
    """Let the lips of a moved face meet as another one's do, where its own had teeth between them.

    The edge of an open mouth is not where its points are, so that moving these onto each other
    leaves a row of teeth.

    Args:
        made: [H, W] or [H, W, 3] uint8, the target's face moved to the wanted points; changed.
        wanted: [68, 2] in pixels of `made`.
        giver: a face whose lips meet.
    """
    upper, lower = wanted[61:64], wanted[[67, 66, 65]]
    along = wanted[64] - wanted[60]
    down = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1e-6)
    least = max(_THIN * eye_distance(wanted), 0.75)
    half = np.maximum(((lower - upper) @ down)[:, None] / 2, least) * down
    middle = (upper + lower) / 2
    line = np.concatenate([wanted[[60]], middle - half, wanted[[64]], (middle + half)[::-1]])
    lay(made, wanted, giver, LIPS, line, _SEAM - _THIN, None, tones=(0.0, _PALEST))


def fill(made: Picture, wanted: Floats, giver: Giver, own: Giver) -> None:
    """Put another face's mouth between the lips of a moved one.

    Args:
        made: [H, W] or [H, W, 3] uint8, the target's face moved to the wanted points; changed.
        wanted: [68, 2] in pixels of `made`.
        giver: a face whose mouth is open.
        own: the target's face before it was moved; its light falls on what is put in.
    """
    light = _lit(own, giver)
    theirs = Lender(giver.picture, bared(giver.picture, giver.points))
    lay(made, wanted, theirs, LIPS, wanted[INNER], _RIM, light)


def borrow(made: Picture, wanted: Floats, giver: Giver, own: Giver) -> None:
    """Lay the mouth of a giver who `lends` it: between lips that part, or where lips meet.

    Args:
        made: [H, W] or [H, W, 3] uint8, the target's face as it was made; changed.
        wanted: [68, 2] in pixels of `made`.
        giver: whose mouth it is.
        own: the target's face as it was.
    """
    if lacks_mouth(own.points, wanted):
        fill(made, wanted, giver, own)
    else:
        seal(made, wanted, giver)


def bring(made: Picture, wanted: Floats, giver: Giver, own: Giver) -> None:
    """Give a painted face the mouth of the one whose expression it has, where that one `lends` it.

    Nothing is done where points lie on each other, as those of a Φ+ that has hardly learned may.

    Args:
        made: [H, W] or [H, W, 3] uint8, the target's face as it was made; changed.
        wanted: [68, 2] in pixels of `made`.
        giver: the face whose expression was wanted.
        own: the target's face as it was.
    """
    if min(eye_distance(points) for points in (own.points, wanted, giver.points)) < 1:
        return
    try:
        if lends(own.points, wanted, giver.points):
            borrow(made, wanted, giver, own)
    except np.linalg.LinAlgError:  # no spline through them
        pass


def _lit(own: Giver, giver: Giver) -> Lit:
    here, there = lights(own.picture, own.points, giver)
    most = _TEETH * max(here.bright, 0.0 if here.white is None else float(here.white.mean()))
    if here.teeth is not None and there.teeth is not None:
        gain = here.teeth / there.teeth
        most = max(most, float(here.teeth.mean()))
    else:
        gain = here.skin / there.skin
        # Half of the colour is the other person's skin and not the light, and so is half of how
        # much brighter or darker it is than the whites of the eyes say.
        gain = (gain + gain.mean()) / 2
        if here.white is not None and there.white is not None:
            # The whites of all eyes are of nearly one colour, but they are small, and some are red.
            light = here.white / there.white
            level = float(light.mean())
            seen = here.coloured and there.coloured
            cast = np.sqrt((np.clip(light / level, *_CAST) if seen else 1) * gain / gain.mean())
            bright = np.clip(np.sqrt(gain.mean() * level), level * _GAIN[0], level * _GAIN[1])
            return Lit(bright * cast, bright * cast, most)
    gain = np.clip(gain, *_GAIN)
    return Lit(gain, gain, most)
