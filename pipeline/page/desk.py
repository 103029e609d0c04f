"""What the page does with what is uploaded, without a page: bounded, read, changed, written."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from fet_core.data.pictures import describe
from fet_core.errors import UserError
from fet_core.face3d.edit import shown_units, unit_names
from fet_core.portrait import open_picture

from ..pictures import write_made
from .films import MAX_BYTES, Filmed, Films, Tell

if TYPE_CHECKING:
    from fet_core.animation import Settings
    from fet_core.portrait import Picture, Transfer

MAX_UPLOAD = 10 << 20
"""Bytes of an uploaded picture."""

MAX_PIXELS = 40_000_000
"""Pictures of more are refused before they are decoded."""

_UNSEEN = (".tif", ".tiff")
"""Endings of pictures that browsers do not show."""

_FILM_WORDS = {
    "name a video, a GIF or a folder of frames": "take a video",
    "name a film": "take a film",
    "name another": "take another",
    "take it to `fet transfer`": "take it to the tab Transfer",
    "try again with --jobs 1": "try a shorter film",
}
"""What the command line says of films, and what the page does."""

_OPTION = re.compile(r"with --(?:\w+-)?face \([^)]*\)")


@dataclass(frozen=True)
class Reading:
    """What a face does.

    Attributes:
        pose: yaw, pitch and roll in degrees.
        units: full names and values from 0 to 1; where the eyes look counts from where they do.
    """

    pose: tuple[float, float, float]
    units: Mapping[str, float]


@dataclass(frozen=True)
class Made:
    """A picture that was made.

    Attributes:
        before: the file it was made of.
        after: its own file.
        size: its width and height in pixels.
        faces: what the faces do by the pictures' names, the result's last, where one is found.
        seconds: how long it took.
    """

    before: Path
    after: Path
    size: tuple[int, int]
    faces: Mapping[str, Reading]
    seconds: float


class Desk:
    """Does the page's work; all who use the page share it, and it remembers none of them.

    Args:
        transfer: takes one at a time.
        folder: for what is made, each in a folder of its own.
        eye: who reads faces in films, as in `fet_core.Transfer`.

    Attributes:
        films: makes the films.
    """

    def __init__(self, transfer: Transfer, folder: Path, eye: str = "auto") -> None:
        self._transfer, self._folder, self._eye = transfer, folder, eye
        self.films = Films(folder)

    def transferred(
        self,
        source: Path | None,
        target: Path | None,
        intensity: float,
        source_face: int | None,
        target_face: int | None,
        mouth: str,
    ) -> Made:
        """The target with the source's expression; as `Transfer`'s call.

        Raises:
            UserError: a picture is missing, too large or cannot be used.
        """
        theirs, own = _opened(source, "source"), _opened(target, "target")
        with _told():
            return self._made(
                own,
                lambda: self._transfer(
                    theirs.picture, own.picture, intensity, source_face, target_face, mouth
                ),
                {"source": (theirs.picture, source_face), "target": (own.picture, target_face)},
            )

    def edited(
        self,
        photo: Path | None,
        units: Mapping[str, float],
        expression: str | None,
        intensity: float,
        face: int | None,
    ) -> Made:
        """The photograph with units and an expression set; as `Transfer.edit`.

        The intensity's slider stands somewhere, whether there is an expression or not.

        Raises:
            UserError: as `transferred`, or nothing is asked for.
        """
        own = _opened(photo, "photograph")
        far = 1.0 if expression is None else intensity
        with _told({"the photo ": "the photograph "}):
            return self._made(
                own,
                lambda: self._transfer.edit(own.picture, units, expression, far, face),
                {"photograph": (own.picture, face)},
            )

    def read(self, photo: Path | None, face: int | None) -> Reading:
        """What the face in a photograph does; `UserError` as `transferred`."""
        own = _opened(photo, "photograph")
        with _told({"the photo ": "the photograph "}):
            return self._read(own.picture, face)

    def animated(
        self,
        who: str,
        driving: Path | None,
        photo: Path | None,
        settings: Settings,
        compare: bool,
        tell: Tell,
    ) -> Filmed:
        """The photograph that does what the face in a film does; as `Films.made`."""
        film = _given(driving, "film", "upload a video, or record one", MAX_BYTES)
        own = _opened(photo, "photograph")
        how = replace(settings, eye=self._eye)
        with _told({str(film): film.name, "the target": "the photograph"} | _FILM_WORDS):
            return self.films.made(
                who, film, own.picture, f"{own.path.stem}-made", how, compare, tell
            )

    def _read(self, picture: Picture, face: int | None) -> Reading:
        shapes = self._transfer.read(picture, face)
        yaw, pitch, roll = (float(angle) for angle in shapes.fit.angles()[0])
        units = dict.fromkeys(unit_names(), 0.0) | shown_units(shapes)
        return Reading((yaw, pitch, roll), units)

    def _made(
        self,
        own: _Opened,
        make: Callable[[], Picture],
        seen: Mapping[str, tuple[Picture, int | None]],
    ) -> Made:
        start = time.monotonic()
        picture = make()
        seconds = time.monotonic() - start
        after = self._folder / uuid4().hex / f"{own.path.stem}-made{own.suffix}"
        after.parent.mkdir()
        write_made(after, picture, own.path)
        faces = {name: self._read(*given) for name, given in seen.items()}
        try:
            faces["result"] = self._read(picture, [*seen.values()][-1][1])
        except UserError:
            pass  # a face that is made may be one that is not found again
        return Made(own.path, after, (picture.shape[1], picture.shape[0]), faces, seconds)


@dataclass(frozen=True)
class _Opened:
    path: Path
    picture: Picture

    @property
    def suffix(self) -> str:
        """The ending of what is made of it: nothing is lost of a picture without losses."""
        return ".jpg" if self.path.suffix.lower() in (".jpg", ".jpeg") else ".png"


def _given(path: Path | None, role: str, advice: str, most: int = MAX_UPLOAD) -> Path:
    """An uploaded file that is there and not too large."""
    if path is None:
        raise UserError(f"there is no {role} yet; {advice}")
    if not path.is_file():
        raise UserError(f"the {role} was deleted, as it was old; upload it again")
    if path.stat().st_size > most:
        raise UserError(
            f"{path.name} has {path.stat().st_size >> 20} MB; make it smaller, at most "
            f"{most >> 20} MB"
        )
    return path


def _opened(given: Path | None, role: str) -> _Opened:
    """An uploaded picture, whose size is looked at before it is decoded."""
    path = _given(given, role, "upload a picture, or take one of the examples")
    if path.suffix.lower() in _UNSEEN:
        raise UserError(f"browsers do not show {path.name}; save it as PNG or JPEG")
    with _told({str(path): path.name}):
        found = describe(path)
        if found.width * found.height > MAX_PIXELS:
            raise UserError(
                f"{path.name} has {found.width}×{found.height} pixels; make it smaller, at most "
                f"{MAX_PIXELS / 1e6:.0f} megapixels"
            )
        return _Opened(path, open_picture(path))


@contextmanager
def _told(words: Mapping[str, str] | None = None) -> Iterator[None]:
    """Say mistakes in the page's words: a field for an option, and one name for another."""
    try:
        yield
    except UserError as error:
        said = _OPTION.sub("by its number on this page", str(error))
        for what, instead in (words or {}).items():
            said = said.replace(what, instead)
        raise UserError(said) from error
