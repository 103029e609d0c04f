"""The page's films: short ones, one after the other, and left off when nobody wants them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from uuid import uuid4

from fet_core.animation import Animation, Picture, Settings, write_animation
from fet_core.errors import UserError
from fet_core.film.reading import Film, Frame
from fet_core.progress import Advance

MAX_BYTES = 200 << 20
"""Of an uploaded film; a telephone makes some 100 MB a minute, more where it films sharper."""

MAX_SECONDS = 60
MAX_PICTURES = 60 * MAX_SECONDS
SIZE = 720
"""Pixels of a result's longest side at most: others wait until it is made."""

_PATIENCE = 15
"""Seconds in which a film ends that is left off; its processes may take five."""

Tell = Callable[[str, int, int], None]
"""Called with what is being done, how many pictures of it are, and of how many; 0 if unknown."""


@dataclass(frozen=True)
class Filmed:
    """A film that was made.

    Attributes:
        path: its file.
        size: its width and height in pixels.
        count: of its pictures.
        seconds: how long it took.
        rest: when the driving face is at rest, in seconds.
        faceless: in how many pictures the driving film shows no face.
        damaged: what made the driving film end early; empty where nothing did.
    """

    path: Path
    size: tuple[int, int]
    count: int
    seconds: float
    rest: float
    faceless: int
    damaged: str


class LeftOffError(Exception):
    """Whoever wanted a film has gone, or wants it no more."""


class Films:
    """Animates photographs; all who use the page share it, and wait for each other.

    Args:
        folder: for the films that are made, each in a folder of its own.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = Lock()
        self._wanted: dict[str, Event] = {}

    def made(
        self,
        who: str,
        driving: Path,
        photo: Picture,
        name: str,
        settings: Settings,
        compare: bool,
        tell: Tell,
    ) -> Filmed:
        """The photograph, animated; as `Animation`.

        Args:
            who: wants it, for `leave_off`.
            driving: the film.
            photo: [H, W] or [H, W, 3] uint8.
            name: the result's, without its ending.
            settings: how.
            compare: show the driving film beside it.
            tell: told after each picture, of reading and of painting.

        Raises:
            LeftOffError: `who` left it off.
            UserError: the film is too long, or film or photograph cannot be used.
        """
        stop = self._wanted[who] = Event()
        try:
            with self._turn:
                film = _ShortFilm(driving)
                out = self._folder / uuid4().hex / f"{name}.mp4"
                out.parent.mkdir()
                return _made(film, photo, out, settings, compare, _Progress(stop, tell))
        finally:
            if self._wanted.get(who) is stop:
                del self._wanted[who]

    def leave_off(self, who: str) -> bool:
        """End the work on somebody's film; False where there is none."""
        stop = self._wanted.get(who)
        if stop is not None:
            stop.set()
        return stop is not None

    def close(self) -> None:
        """End all work, and wait until it has ended."""
        for who in list(self._wanted):
            self.leave_off(who)
        if self._turn.acquire(timeout=_PATIENCE):
            self._turn.release()


def _made(
    film: Film, photo: Picture, out: Path, settings: Settings, compare: bool, progress: _Progress
) -> Filmed:
    start = time.monotonic()
    animation = Animation(film, photo, settings, progress=progress)
    write_animation(animation, out, film, compare=compare, progress=progress)
    seconds = time.monotonic() - start
    made = next(iter(Film(out))).picture
    assert made is not None
    return Filmed(
        out,
        (made.shape[1], made.shape[0]),
        animation.count,
        seconds,
        animation.rest,
        animation.faceless,
        film.damaged,
    )


class _ShortFilm(Film):
    """A film that is refused where it gets too long; not all say so before they are read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._check(self.count, self.seconds)

    def __iter__(self) -> Iterator[Frame]:
        for number, frame in enumerate(super().__iter__(), 1):
            self._check(number, float(frame.seconds))
            yield frame

    def _check(self, count: int, seconds: float) -> None:
        if round(seconds) > MAX_SECONDS:
            raise UserError(f"the film {self.path} is longer than {MAX_SECONDS} s; cut it")
        if count > MAX_PICTURES:
            raise UserError(
                f"the film {self.path} has more than {MAX_PICTURES} pictures; cut it, or save it "
                "with fewer a second"
            )


class _Progress:
    """A bar that tells the page, and ends the work where it is to be left off."""

    def __init__(self, stop: Event, tell: Tell) -> None:
        self._stop, self._tell = stop, tell

    @contextmanager
    def __call__(self, description: str, total: int, *, unit: str) -> Iterator[Advance]:
        count = 0

        def advance(units: int = 1, status: str = "") -> None:
            nonlocal count
            if self._stop.is_set():
                raise LeftOffError
            count += units
            self._tell(description, count, total)

        advance(0)
        yield advance
