"""What a film decides as a whole: in which light its faces are, whose mouth is seen when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.face import Face
from fet_core.face3d.light import Light, lights, typical
from fet_core.face3d.mouth import OPEN, opening, unlike
from fet_core.film.reading import Film
from fet_core.film.tracking import Track

Floats = NDArray[np.float64]

_OVER = (1.05, 1.4)
"""Times the target's own opening, from which on the giver's mouth is seen somewhat, and alone."""

_FORM, _NEARER = (0.3, 0.5), (0.0, 0.4)
"""The same for how unlike the target's own mouth is, and how much less the giver's is."""

_SHOWN = (1.0, 3.0)  # the same for the giver's opening, in those of a mouth that is just open
_OF_IT = (0.3, 0.5)  # the same in shares of the wanted opening: less would be torn apart
_ON, _OFF = 0.6, 0.3  # from which on it is seen, and until when
_WHILE = 0.12  # seconds in which one mouth becomes the other
_ROOM = 0.6  # around what is kept of a picture, in sizes of the face
_SOON = 250  # pictures of a person among which some tell the light
_EVENLY, _WIDEST = 8, 4  # how many of them, over that time and with the widest open mouths


def mouth_share(target: Floats, wanted: Floats, giver: Floats) -> float:
    """How much speaks for the giver's mouth in the place of the target's own teeth, from 0 to 1.

    Args:
        target: [68, 2] whose mouth shows teeth.
        wanted: [68, 2] where its points are to lie.
        giver: [68, 2] the driving face's.
    """
    gap, shown = max(opening(wanted), OPEN), opening(giver)
    needed = gap / max(opening(target), OPEN)
    own = unlike(target, wanted)
    nearer = own - unlike(giver, wanted)
    other = min(_eased(own, _FORM), _eased(nearer, _NEARER))
    return min(
        max(_eased(needed, _OVER), other),
        _eased(shown / OPEN, _SHOWN),
        _eased(shown / gap, _OF_IT),
    )


def _eased(value: float, between: tuple[float, float]) -> float:
    """From 0 to 1 between two values, without a bend at either."""
    low, high = between
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    return share * share * (3 - 2 * share)


def settled(shares: Floats, seconds: Floats) -> Floats:
    """Which of two mouths is seen when, from what speaks for one of them at each time.

    Two mouths that are seen through each other look like neither: it is the one or the other but
    for the moment in which they change, and what speaks for each has to change by much for that.

    Args:
        shares: [N] from 0 to 1.
        seconds: [N] of the moments, rising.
    """
    seen, states = False, np.zeros(len(shares))
    for number, share in enumerate(shares):
        seen = share > (_OFF if seen else _ON)
        states[number] = seen
    begins = np.searchsorted(seconds, seconds - _WHILE / 2)
    ends = np.searchsorted(seconds, seconds + _WHILE / 2, side="right")
    total = np.concatenate([[0.0], np.cumsum(states)])
    return np.asarray((total[ends] - total[begins]) / (ends - begins))


def mouth_shares(own: Floats, wanted: Sequence[Floats], track: Track) -> Floats:
    """[N] how much of the driving face's mouth is seen over the target's own teeth.

    Args:
        own: [68, 2] the target's points.
        wanted: N times [68, 2] where they are to lie.
        track: of the driving face.
    """
    shares = np.zeros(len(wanted))
    for number, place in enumerate(wanted):
        # Where it is not seen nothing changes.
        before = shares[number - 1] if number else 0.0
        seen = track.seen[number]
        shares[number] = mouth_share(own, place, track.points[number]) if seen else before
    return settled(shares, track.seconds[: len(wanted)])


def film_lights(
    film: Film, track: Track, who: NDArray[np.int_], target: Face
) -> list[Light | None]:
    """The light on each person of a film, in as many channels as the target has.

    Lids that close hide the whites of the eyes, and lips the teeth: asked anew for each picture,
    teeth would grow dark with each blink.

    Args:
        film: that is read from its beginning, as far as is needed.
        track: of the driving faces.
        who: [N] whose face is seen, from 0.
        target: whose light they will be compared with.
    """
    wanted: dict[int, list[Light]] = {}
    people = range(int(who.max()) + 1)
    chosen = {number for one in people for number in _telling(track, who, one)}
    for number, frame in zip(range(max(chosen, default=-1) + 1), film, strict=False):
        if number in chosen and frame.picture is not None:
            giver = Face("", frame.picture, track.points[number])
            _, light = lights(target.picture, target.points, giver)
            wanted.setdefault(int(who[number]), []).append(light)
    return [typical(wanted[one]) if one in wanted else None for one in people]


def near(face: Face) -> Face:
    """What is needed of a picture of a film for the mouth and the eyes of its face."""
    low, high = face.points.min(axis=0), face.points.max(axis=0)
    room = _ROOM * (high - low).max()
    low = np.maximum(np.floor(low - room), 0).astype(int)
    high = np.ceil(high + room).astype(int) + 1
    part = np.ascontiguousarray(face.picture[low[1] : high[1], low[0] : high[0]])
    return replace(face, picture=part, points=face.points - low)


def _telling(track: Track, who: NDArray[np.int_], person: int) -> set[int]:
    """Numbers of pictures that tell the light on a person: some, and those with open mouths."""
    own = np.flatnonzero(track.seen[: len(who)] & (who == person))[:_SOON]
    spread = own[np.linspace(0, len(own) - 1, _EVENLY).astype(int)] if len(own) else own
    open_most = own[np.argsort([-opening(track.points[one]) for one in own])[:_WIDEST]]
    return {*spread.tolist(), *open_most.tolist()}
