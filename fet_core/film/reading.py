"""Frames of a film: a video, an animated GIF, or a folder of pictures, ordered by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fet_core.data.pictures import describe, read_picture
from fet_core.errors import UserError
from fet_core.files import check_file, check_searched

if TYPE_CHECKING:
    import av

Picture = NDArray[np.uint8]

INSTALL = "pip install 'fet[film]'"
RATE = Fraction(25)
"""Frames a second of a folder of pictures."""

_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
_SAFE = {
    # No playlist or script, which would have other files opened, or the network.
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,apng,mpeg,mpegts,ogg,flv,"
    "asf,yuv4mpegpipe",
    "protocol_whitelist": "file",
}
_LONGEST_SIDE = 8192
_ENOUGH = 0.95  # of the pictures that a file says it has; not all count alike
_A_SECOND = 1_000_000  # in a container's length


@dataclass(frozen=True)
class Frame:
    """A picture of a film.

    Attributes:
        seconds: from the film's beginning.
        picture: [H, W, 3] RGB uint8, upright; None where that one cannot be read.
        lasts: seconds for which it is seen, if it is the last.
    """

    seconds: Fraction
    picture: Picture | None
    lasts: Fraction


class Film:
    """A film that can be read from its beginning as often as one likes.

    Args:
        path: a video, an animated GIF, or a folder of PNG or JPEG frames.
        rate: frames a second of a folder's; None for 25.

    Attributes:
        rate: frames a second on average.
        count: of frames, as the file or the folder says; 0 where it does not.
        seconds: how long it is, likewise.
        damaged: what made the last reading end before the film did; empty where nothing did.

    Raises:
        UserError: there is no such film, or nothing that can be read.
    """

    def __init__(self, path: str | Path, rate: Fraction | None = None) -> None:
        path = Path(path)
        self.path, self.damaged = path, ""
        self._pictures: list[Path] | None = None
        if path.is_dir():
            self.rate = rate or RATE
            check_searched(path, "name a folder whose pictures can be read")
            self._pictures = _frames_of(path)
            self.count = len(self._pictures)
            self.seconds = float(self.count / self.rate)
            return
        if rate is not None:
            raise UserError(f"{path} has a rate of its own; --rate is for a folder of frames")
        check_file(path, "there is no film", "name a video, a GIF or a folder of frames")
        with _opened(path) as (container, stream):
            if container.format.name == "gif" and _has_one_picture(container, stream):
                raise UserError(_single(path))
            self.rate = stream.average_rate or stream.base_rate or RATE
            self.count = stream.frames
            length = Fraction(container.duration or 0, _A_SECOND)
            self.seconds = float(length or self.count / self.rate)

    def __iter__(self) -> Iterator[Frame]:
        """The frames, one after the other; a damaged film ends before the damage."""
        self.damaged = ""
        if self._pictures is not None:
            for number, path in enumerate(self._pictures):
                yield Frame(number / self.rate, _read(path), 1 / self.rate)
            return
        found = 0
        for frame in self._decoded():
            found += 1
            yield frame
        if not self.damaged and found < _ENOUGH * self.count - 1:
            self.damaged = f"of {self.count} pictures {found} are there"

    @property
    def has_sound(self) -> bool:
        """Whether one hears something too."""
        if self._pictures is not None:
            return False
        with _opened(self.path) as (container, _):
            return bool(container.streams.audio)

    def sound(self) -> Iterator[av.AudioFrame]:
        """What one hears, its time counted from the first picture; until it is damaged."""
        import av

        with _opened(self.path) as (container, stream):
            start = (stream.start_time or 0) * (stream.time_base or 0)
            frames = container.decode(container.streams.audio[0])
            while True:
                try:
                    frame = next(frames, None)
                except av.FFmpegError:
                    return
                if frame is None:
                    return
                if frame.pts is None or frame.time_base is None:
                    continue
                frame.pts -= round(start / frame.time_base)
                if frame.pts >= 0:
                    yield frame

    def _decoded(self) -> Iterator[Frame]:
        import av

        first, last = None, Fraction(-1)
        with _opened(self.path) as (container, stream):
            frames = container.decode(stream)
            while True:
                try:
                    frame = next(frames, None)
                except av.FFmpegError as error:
                    self.damaged = error.strerror or str(error)
                    return
                if frame is None:
                    return
                if frame.pts is None or frame.time_base is None:
                    seconds = last + 1 / self.rate if last >= 0 else Fraction(0)
                else:
                    first = frame.pts if first is None else first
                    seconds = (frame.pts - first) * frame.time_base
                if seconds <= last:
                    continue
                last = seconds
                lasts = (frame.duration or 0) * (frame.time_base or 0)
                yield Frame(seconds, _upright(frame), Fraction(lasts) or 1 / self.rate)


def comment(path: Path) -> str:
    """What a video's file says of it, empty where it says nothing; `UserError` as `Film`."""
    with _opened(path) as (container, _):
        return str(container.metadata.get("comment", ""))


@contextmanager
def _opened(path: Path) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """A video and its first stream of pictures."""
    try:
        import av
    except ImportError as error:
        raise UserError(f"films need PyAV; run `{INSTALL}`") from error
    try:
        container = av.open(f"file:{path.absolute()}", options=_SAFE)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UserError(_unreadable(path)) from error
    with container:
        if not container.streams.video:
            raise UserError(f"{path} has no pictures, sound alone; name another film")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        context = stream.codec_context
        if not 0 < max(context.width, context.height) <= _LONGEST_SIDE:
            raise UserError(
                f"the pictures of {path} are {context.width}×{context.height}; name a film of "
                f"{_LONGEST_SIDE} pixels a side at most"
            )
        yield container, stream


def _unreadable(path: Path) -> str:
    """Why a file is no film: whoever names a picture is told where that belongs."""
    try:
        describe(path)
    except UserError:
        return (
            f"{path} cannot be read as a film (it is damaged, or none); name a video, a GIF or a "
            "folder of frames"
        )
    return _single(path)


def _single(path: Path) -> str:
    kind = "an animation of a kind that is not read, or " * (path.suffix.lower() == ".webp")
    return (
        f"{path} is {kind}a single picture; take it to `fet transfer`, or name a video, a GIF or a "
        "folder of frames"
    )


def _has_one_picture(container: av.container.InputContainer, stream: av.VideoStream) -> bool:
    """Whether an animation is none."""
    import av

    try:
        frames = container.decode(stream)
        return next(frames, None) is not None and next(frames, None) is None
    except av.FFmpegError:
        return False


def _read(path: Path) -> Picture | None:
    try:
        return np.asarray(read_picture(path, 3), np.uint8)
    except UserError:
        return None


def _upright(frame: av.VideoFrame) -> Picture:
    """The picture as a player shows it, whatever way the camera was held."""
    picture = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90) % 4))


def _frames_of(folder: Path) -> list[Path]:
    """A folder's pictures in the order of the numbers in their names."""
    found = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in _PICTURES and not path.name.startswith(".")
    ]
    if len(found) < 2:
        raise UserError(
            f"the folder {folder} holds {'one picture' if found else 'no pictures'}; name one with "
            "the frames of a film"
        )
    found.sort(key=_natural)
    return found


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """For 2 to come before 10."""
    parts = re.split(r"(\d+)", path.name)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part]
