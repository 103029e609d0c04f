"""A film as a file: H.264 in MP4, which any browser plays, or an animated GIF."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fet_core.film.mark import note, write_gif_note

if TYPE_CHECKING:
    import av

    from fet_core.film.reading import Film

Picture = NDArray[np.uint8]

SUFFIXES = (".mp4", ".gif")

_TICKS = {".mp4": 90_000, ".gif": 100}  # a second, in which a picture's time is told
_H264 = {"crf": "17", "preset": "veryfast"}
_COLOURS = 255  # of a picture of a GIF; one more is what is transparent
_BT709, _LIMITED = 1, 1  # libav's numbers of H.264's usual colours
_AHEAD = Fraction(1, 2)  # seconds by which sound is written before its pictures


class Write(Protocol):
    """Adds a picture to a film."""

    def __call__(self, seconds: Fraction, picture: Picture) -> None:
        """Add one.

        Args:
            seconds: when it is to be seen, from the film's beginning; later than the one before.
            picture: [H, W] or [H, W, 3] RGB uint8, of the film's size.
        """
        ...


@contextmanager
def film_to(
    path: Path, shape: tuple[int, int], rate: Fraction, sound: Film | None = None, made: bool = True
) -> Iterator[Write]:
    """Make a film; it is whole when the block has ended well.

    Args:
        path: where; .mp4 or .gif.
        shape: height and width of its pictures, both even for an MP4.
        rate: pictures a second, about.
        sound: a film whose sound it gets; a GIF gets none.
        made: its file says so (`fet_core.film.mark`).
    """
    import av

    form = path.suffix.lower()
    options = {"movflags": "faststart"} if form == ".mp4" else {"loop": "0"}
    with av.open(f"file:{path.absolute()}", "w", format=form[1:], options=options) as container:
        if made and form == ".mp4":
            container.metadata["comment"] = note()
        stream = _pictures(container, form, shape, rate)
        voice = None
        if sound is not None and form == ".mp4":
            voice = _Voice(container, sound)
        last = -1

        def write(seconds: Fraction, picture: Picture) -> None:
            nonlocal last
            if voice is not None:
                voice.until(seconds + _AHEAD)
            frame = _frame(form, picture)
            last = max(round(seconds * _TICKS[form]), last + 1)
            frame.pts, frame.time_base = last, Fraction(1, _TICKS[form])
            container.mux(stream.encode(frame))

        yield write
        container.mux(stream.encode(None))
        if voice is not None:
            voice.end()
    if made and form == ".gif":
        write_gif_note(path)


class _Voice:
    """Another film's sound, written as the pictures come."""

    def __init__(self, container: av.container.OutputContainer, film: Film) -> None:
        self._container, self._frames = container, film.sound()
        self._next = next(self._frames, None)
        self._stream = container.add_stream("aac")
        if self._next is not None:
            self._stream.rate, self._stream.layout = self._next.sample_rate, self._next.layout

    def until(self, seconds: Fraction) -> None:
        while self._next is not None and (self._next.time or 0) <= seconds:
            self._container.mux(self._stream.encode(self._next))
            self._next = next(self._frames, None)

    def end(self) -> None:
        self._container.mux(self._stream.encode(None))


def _pictures(
    container: av.container.OutputContainer, form: str, shape: tuple[int, int], rate: Fraction
) -> av.VideoStream:
    stream: av.VideoStream = container.add_stream(
        "libx264" if form == ".mp4" else "gif",
        rate=rate,
        options=_H264 if form == ".mp4" else {},
    )
    stream.height, stream.width = shape
    stream.pix_fmt = "yuv420p" if form == ".mp4" else "pal8"
    context = stream.codec_context
    context.time_base = Fraction(1, _TICKS[form])
    if form == ".mp4":
        # Players guess what is not told, and not all of them the same.
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED
    return stream


def _frame(form: str, picture: Picture) -> av.VideoFrame:
    import av

    if picture.ndim == 2:
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    if form == ".mp4":
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
            format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
        )
        frame.colorspace, frame.color_range = _BT709, _LIMITED
        return frame
    from PIL import Image

    few = Image.fromarray(picture).quantize(_COLOURS, dither=Image.Dither.NONE)
    rgb = np.array(few.getpalette(), np.uint8).reshape(-1, 3)
    palette = np.zeros((256, 4), np.uint8)
    palette[: len(rgb)] = np.insert(rgb, 0, 255, axis=1)
    both: Any = (np.array(few), palette)
    return av.VideoFrame.from_ndarray(both, format="pal8")
