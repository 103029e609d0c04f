"""One sheet on what `fet transfer` does with two photographs, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.drawing import drawn
from fet_core.face3d.face import Face, shape_of
from fet_core.face3d.shape import Shapes, fitter
from fet_core.face3d.warp import moved
from fet_core.face3d.way import InSpace
from fet_core.geometry.eye import portrait_eye
from fet_core.geometry.landmarks import LINES, eye_distance
from fet_core.portrait import open_picture
from fet_core.portrait_faces import find_face
from fet_core.wishes import check_intensity

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

_AROUND = 1.35  # of what is shown of a photograph, in half sizes of its face
_UNITS = 12  # as many as the bars have room for
_SQUARES = 0.12  # side of a square of the board that shows the motion, in eye distances
_PALE = 0.3
_SAME = 8  # levels of 255
_COLOURS = ("#1f77b4", "#d95f02")  # of the source and of the target
_INCHES, _DPI = (15.0, 6.6), 100


def explained(
    source: str | Path | Picture,
    target: str | Path | Picture,
    intensity: float = 1.0,
    source_face: int | None = None,
    target_face: int | None = None,
    eye: str = "auto",
) -> Picture:
    """What happens in a transfer, as one picture [H, W, 3].

    Both faces with their landmarks and the face fitted to them, their face units, the landmarks
    that Φ asks for (J_gen), the motion that follows, what the target's own pixels give, what comes
    from elsewhere (mouth and eyes), and the result.

    Args:
        source: whose expression to take, a file or uint8 [H, W] or [H, W, 3] RGB, 0 to 255.
        target: whose face to change, the same.
        intensity: 0 to 2, see `fet_core.Transfer`.
        source_face: which of several faces to take, 1 being the leftmost; None: the only one.
        target_face: the same for the target.
        eye: who reads the faces, as in `fet_core.Transfer`.

    Raises:
        UserError: as `fet_core.Transfer`.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    check_intensity(intensity)
    seeing = portrait_eye(eye)
    faces = [
        find_face(seeing, _coloured(open_picture(one)), role, number, _name(one, role))
        for one, role, number in (
            (source, "source", source_face),
            (target, "target", target_face),
        )
    ]
    way = InSpace(seeing)
    theirs, own = faces
    shapes = [shape_of(face) for face in faces]
    wanted = way.wanted(theirs, own, intensity)
    result = way(theirs, own, intensity)
    alone = moved(own.picture, own.points, wanted)
    board = moved(_board(own), own.points, wanted)
    added = _where_other(result, alone)

    here, there = _window(own.points), _window(theirs.points)
    panels = (
        ("Source", theirs.picture, there),
        ("its landmarks and the face fitted", drawn(theirs.picture, shapes[0]), there),
        ("the target's", drawn(own.picture, shapes[1]), here),
        ("Target", own.picture, here),
        ("the landmarks wanted (J_gen)", _arrows(own, wanted), here),
        ("the motion between them", board, here),
        ("the target's own pixels, moved", alone, here),
        ("added: mouth, eyes, a second aim", added, here),
        ("Result", result, here),
    )
    with rc_context({"font.size": 9, "axes.titlesize": 10}):
        figure = Figure(figsize=_INCHES, dpi=_DPI, layout="constrained")
        bars, *others = figure.subplots(2, 5).ravel()[[2, 0, 1, *range(3, 10)]]
        _bars(bars, shapes)
        for axes, (title, picture, window) in zip(others, panels, strict=True):
            axes.imshow(picture)
            axes.set(title=title, xlim=window[:2], ylim=window[2:], xticks=[], yticks=[])
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


def _name(given: str | Path | Picture, role: str) -> str:
    return f"the {role}" if isinstance(given, np.ndarray) else str(given)


def _coloured(picture: Picture) -> Picture:
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)


def _window(points: Floats) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of what is shown around a face."""
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = (low + high) / 2 - [0, 0.12 * (high - low)[1]]
    far = _AROUND * float((high - low).max()) / 2
    return x - far, x + far, y + far, y - far


def _board(face: Face) -> Picture:
    """A board of squares as large as a picture."""
    side = max(_SQUARES * eye_distance(face.points), 2.0)
    height, width = face.picture.shape[:2]
    rows, columns = (np.arange(length) // side % 2 for length in (height, width))
    squares = np.where(rows[:, None] == columns, 235, 150).astype(np.uint8)
    return np.repeat(squares[..., None], 3, axis=2)


def _where_other(picture: Picture, than: Picture) -> Picture:
    """A picture that is pale where it is, or all but is, the same as another one."""
    apart = np.abs(picture.astype(np.int16) - than).max(axis=2).astype(np.float32)
    share = np.clip((cv2.blur(apart, (3, 3)) - _SAME) / _SAME, 0, 1)[..., None]
    return np.asarray(255 - (255 - picture) * (_PALE + (1 - _PALE) * share), np.uint8)


def _arrows(face: Face, wanted: Floats) -> Picture:
    """The target, pale, with the wanted landmarks joined by lines and how each came there."""
    made = (255 - (255 - face.picture) * _PALE).astype(np.uint8)
    thick = max(round(eye_distance(face.points) / 60), 1)
    for part, closed in LINES:
        line = np.round(wanted[list(part)] * 16).astype(np.int32)
        cv2.polylines(made, [line], closed, (40, 40, 40), thick, cv2.LINE_AA, 4)
    for one, other in zip(face.points, wanted, strict=True):
        begin, end = (np.round(place * 16).astype(int).tolist() for place in (one, other))
        cv2.arrowedLine(made, begin, end, (217, 95, 2), thick, cv2.LINE_AA, 4, 0.3)
    return made


def _bars(axes: Axes, shapes: Sequence[Shapes]) -> None:
    """The units that differ most, of the source above and of the target below."""
    units = np.clip([one.fit.units[0] for one in shapes], 0, 1)
    chosen = np.sort(np.argsort(-np.abs(units[0] - units[1]))[:_UNITS])
    places = np.arange(len(chosen))
    for value, shift, colour, name in zip(
        units, (-0.2, 0.2), _COLOURS, ("source", "target"), strict=True
    ):
        axes.barh(places + shift, value[chosen], 0.4, color=colour, label=name)
    axes.set_yticks(places, [fitter().model.names[number] for number in chosen])
    axes.set(title="face units that differ most", xlim=(0, 1))
    axes.invert_yaxis()
    axes.legend(loc="lower right")
