"""A photograph that does what a face in a film does: FET+ for users of the library."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.face3d.face import Face, shape_of
from fet_core.face3d.mouth import OPEN, opening
from fet_core.face3d.painter import Painter
from fet_core.face3d.way import WHOLE, InSpace
from fet_core.files import atomic_path
from fet_core.film.acting import read_acting, wanted
from fet_core.film.casting import film_lights, mouth_shares, near
from fet_core.film.reading import Film
from fet_core.film.tracking import Track, Tracker, collected, cuts, known_by, read_cut
from fet_core.film.writing import film_to
from fet_core.geometry.eye import Found, portrait_eye
from fet_core.parallel import WorkerDiedError, in_order, once
from fet_core.portrait import beside, open_picture
from fet_core.portrait_faces import chosen, find_face
from fet_core.progress import Bar, bar
from fet_core.wishes import check_intensity, check_mouth

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

Item = TypeVar("Item")
Result = TypeVar("Result")

LONGEST_SIDE = 1280
"""Of the result, unless told otherwise."""

_AGAPE = 0.04  # opening of a mouth that is not at rest
_CHUNK = 4
_HELD = 2  # pictures' time, from which on a film holds its last one
_LEAST_SIDE = 16
_POOL_FROM = 24  # pictures, below which starting processes does not pay


@dataclass(frozen=True)
class Settings:
    """How a photograph is to be animated.

    Attributes:
        intensity: 0 leaves the target as it is, 1 is what the driving face does, up to 2.
        relative: where the driving face is at rest, the target keeps its own expression; else it
            takes the other's there too.
        first: the driving face is at rest in the first picture; else in the calmest.
        driving_face: which of several faces in the first picture that shows any, 1 being the
            leftmost; None: the only one.
        target_face: the same in the target.
        mouth: whose teeth are seen, as in `fet_core.Transfer`.
        size: the result's longest side, if the target's is longer.
        eye: who reads the faces, as in `fet_core.Transfer`.
    """

    intensity: float = 1.0
    relative: bool = True
    first: bool = False
    driving_face: int | None = None
    target_face: int | None = None
    mouth: str = "auto"
    size: int = LONGEST_SIDE
    eye: str = "auto"


@dataclass(frozen=True)
class _Still:
    """The photograph, to be painted in a process of its own."""

    target: Face
    mouth: str
    whole: bool


@dataclass(frozen=True)
class _Moment:
    """One picture of the result: where the points go, and whose mouth and eyes are at hand."""

    number: int
    wanted: Floats
    giver: Face
    share: float | None

    def __str__(self) -> str:
        return f"picture {self.number}"


class Animation:
    """The target's photograph that does what a face in a film does.

    The target's head stays as it is; what moves are brows, eyes and mouth. The film is read twice:
    all its faces first, so that what they do can be measured against the face at rest and smoothed
    without lag; then its pictures, for mouths and closed eyes.

    Args:
        film: whose face drives the target's.
        target: whose face to move, a file or uint8 [H, W] or [H, W, 3] RGB, 0 to 255.
        settings: how.
        processes: None for one a core.
        progress: shows how much is read; what it raises ends the work.

    Attributes:
        start: the target's photograph, no longer than the settings say and of even sides.
        count: how many pictures the film has.
        faceless: how many of them show no face; the result stands still there.
        rest: seconds at which the driving face at rest was taken.
        agape: whether its mouth is open there, as of one who laughs or talks all the time.
        cuts: how often the film is cut; nothing is smoothed across one.
        people: how many driving people were told apart, each with a face at rest of its own.

    Raises:
        UserError: film, photograph or a setting cannot be used, or no picture shows a face.
    """

    def __init__(
        self,
        film: Film,
        target: str | Path | Picture,
        settings: Settings | None = None,
        processes: int | None = None,
        progress: Bar = bar,
    ) -> None:
        how = settings or Settings()
        check_intensity(how.intensity)
        check_mouth(how.mouth)
        if how.size < _LEAST_SIDE:
            raise UserError(f"the size is {how.size}; choose {_LEAST_SIDE} pixels or more")
        self._film, self._how = film, how
        self._processes = processes or os.cpu_count() or 1
        name = "the target" if isinstance(target, np.ndarray) else str(target)
        self.start = _fitting(open_picture(target), how.size)
        eye = once(portrait_eye, how.eye)
        self._own = find_face(eye, self.start, "target", how.target_face, name)
        self._shape = shape_of(self._own)

        def choose(_: Picture, faces: Sequence[Found]) -> Found:
            where = f"the first picture with a face of {film.path}"
            return chosen(faces, where, "driving", how.driving_face)

        self._track = read_film(film, Tracker(eye, choose, known_by()), self._processes, progress)
        if len(self._track.seen) < 2:
            raise UserError(
                f"{film.path} has a single picture; take it to `fet transfer`, or name another film"
            )
        if not self._track.seen.any():
            raise UserError(
                f"no face was found in any of the {len(self._track.seen)} pictures of {film.path}; "
                "name a film that shows one"
            )
        self._acting = read_acting(self._track, how.first)
        self.count, self.faceless = len(self._acting.seen), int((~self._acting.seen).sum())
        self.rest = float(self._track.seconds[self._acting.rests[0]])
        self.agape = opening(self._track.points[self._acting.rests[0]]) > _AGAPE
        self.cuts, self.people = len(self._track.begins) - 1, len(self._acting.rests)

    def pictures(self) -> Generator[Picture, None, None]:
        """The result's pictures, one for each of the film's."""
        how = self._how
        sameness = np.zeros(1) if how.relative else self._sameness()
        places = list(wanted(self._acting, self._shape, how.intensity, how.relative, sameness))
        shares: Sequence[float | None] = [None] * len(places)
        # Whether a mouth that shows teeth lacks some, each picture would answer differently.
        if how.mouth == "auto" and how.relative and opening(self._own.points) > OPEN:
            shares = mouth_shares(self._own.points, places, self._track).tolist()
        still = _Still(self._own, how.mouth, how.intensity >= WHOLE)
        last, moments = self.start, self._moments(places, shares)
        for made in _each(partial(_paint, still), moments, self._processes, self.count):
            last = last if made is None else made
            yield last

    def _moments(
        self, places: Sequence[Floats], shares: Sequence[float | None]
    ) -> Iterator[_Moment | None]:
        track, who = self._track, self._acting.who
        found = film_lights(self._film, replace(track, seen=self._acting.seen), who, self._own)
        for number, (frame, place) in enumerate(zip(self._film, places, strict=False)):
            if frame.picture is None or not self._acting.seen[number]:
                yield None
                continue
            light = found[who[number]]
            giver = Face("", frame.picture, track.points[number], eye=self._own.eye, light=light)
            yield _Moment(number + 1, place, near(giver), shares[number])

    def _sameness(self) -> Floats:
        """[P] whether each driving face at rest, in one picture of the film, is the target's."""
        rests, same = self._acting.rests, InSpace(once(portrait_eye, self._own.eye)).sameness
        found = np.zeros(len(rests))
        for number, frame in zip(range(rests.max() + 1), self._film, strict=False):
            if number in rests and frame.picture is not None:
                rest = Face("", frame.picture, self._track.points[number])
                found[rests == number] = same(rest, self._own)
        return found


def write_animation(
    animation: Animation,
    out: Path,
    film: Film,
    sound: bool = False,
    compare: bool = False,
    progress: Bar = bar,
) -> None:
    """Write an animation as a film.

    Args:
        animation: of the film.
        out: the film to write, .mp4 or .gif.
        film: whose pace it has.
        sound: it gets that one's sound too.
        compare: that one's pictures are seen beside its own.
        progress: shows how much is painted; what it raises ends the work.
    """
    other = None
    if compare:
        other = next((frame.picture for frame in film if frame.picture is not None), None)
    height, width = _beside(animation.start, other).shape[:2]
    with (
        atomic_path(out) as temporary,
        film_to(temporary, (height, width), film.rate, film if sound else None) as write,
        progress("painting", animation.count, unit="pictures") as advance,
        closing(animation.pictures()) as pictures,
    ):
        for frame, made in zip(film, pictures, strict=False):
            if compare and frame.picture is not None:
                other = frame.picture
            last = _beside(made, other)
            write(frame.seconds, last)
            advance()
        if frame.lasts > _HELD / film.rate:
            # Files do not say how long their last picture is seen: another one does.
            write(frame.seconds + frame.lasts - 1 / film.rate, last)


def read_film(film: Film, tracker: Tracker, processes: int, progress: Bar = bar) -> Track:
    """The chosen face's landmarks in all pictures of a film."""
    times: list[float] = []
    points: list[Floats | None] = []
    found, read = cuts(iter(film), tracker, times), partial(read_cut, tracker.eye)
    with (
        progress("reading", film.count, unit="pictures") as advance,
        closing(_each(read, found, processes, film.count)) as all_points,
    ):
        for one in all_points:
            points.append(one)
            advance()
    return collected(times, points, tracker.shots, tracker.eye)


def _fitting(picture: Picture, size: int) -> Picture:
    """A photograph no longer than a size, of even height and width, as H.264 wants them."""
    scale = min(size / max(picture.shape[:2]), 1.0)
    if scale < 1:
        small = [max(round(side * scale), 2) for side in picture.shape[1::-1]]
        picture = np.asarray(cv2.resize(picture, small, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = (max(side // 2 * 2, 2) for side in picture.shape[:2])
    return np.ascontiguousarray(picture[:height, :width])


def _paint(still: _Still, moment: _Moment | None) -> Picture | None:
    """In a worker process."""
    if moment is None:
        return None
    paint = Painter(once(portrait_eye, still.target.eye))
    return paint(still.target, moment.wanted, moment.giver, still.mouth, still.whole, moment.share)


def _beside(picture: Picture, other: Picture | None) -> Picture:
    """The driving film's picture and the result's, of even width; this alone without the other."""
    if other is None:
        return picture
    height = picture.shape[0]
    width = max(round(other.shape[1] * height / other.shape[0]) // 2 * 2, 2)
    return beside([np.asarray(cv2.resize(other, (width, height)), np.uint8), picture])


def _each(
    function: Callable[[Item], Result], items: Iterable[Item], processes: int, count: int
) -> Generator[Result, None, None]:
    """`function` of each, in order, in processes where they are many."""
    if processes <= 1 or 0 < count < _POOL_FROM:
        yield from map(function, items)
        return
    try:
        yield from in_order(function, items, processes, _CHUNK)
    except WorkerDiedError as error:
        raise UserError(
            "a process died on the way, perhaps for want of memory; try again with --jobs 1"
        ) from error
