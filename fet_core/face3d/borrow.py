"""A part of one face laid onto another one: its place, a soft edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.warp import Spline
from fet_core.geometry.landmarks import eye_distance

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

_GRID = 64
_MARGIN = 0.3
_ROOM = 0.5  # around the part, in eye distances
_SOFT = 0.012  # of the mask, in eye distances
_DARK, _FEW = 0.75, 0.01
"""Of the skin's brightness, above which a part keeps its own; which share of pixels may be darker
than its darkest."""

_ENOUGH = 40_000  # pixels that tell whether a picture is grey
_REDDER = 0.02  # share of red in a colour, by which skin has more of it than grey
_GREY = 4.0  # mean difference of channels below which a picture is grey


class Giver(Protocol):
    """A face of which a part is taken."""

    @property
    def picture(self) -> Picture:
        """[H, W] or [H, W, 3] uint8."""
        ...

    @property
    def points(self) -> Floats:
        """[68, 2] landmarks in its pixels."""
        ...


@dataclass(frozen=True)
class Lit:
    """How a source's part gets into the light of another picture.

    Attributes:
        gain: [C] what it is multiplied with.
        rim: [C], the same for the skin around it.
        most: how bright it may be.
    """

    gain: Floats
    rim: Floats
    most: float


def lay(
    made: Picture,
    wanted: Floats,
    giver: Giver,
    part: Sequence[int],
    outline: Floats,
    rim: float,
    light: Lit | None,
    soft: float = 0.0,
    tones: tuple[float, float] = (0.0, np.inf),
) -> None:
    """Lay a part of another face over a face's own.

    Args:
        made: [H, W] or [H, W, 3] uint8; changed.
        wanted: [68, 2] landmarks in its pixels.
        giver: whose part it is.
        part: numbers of the landmarks that are laid onto each other.
        outline: [N, 2] in pixels of `made`, in which the giver's pixels are seen.
        rim: how far beyond the outline they are seen, in eye distances.
        light: of the part; None gives it that of the skin beyond the rim.
        soft: least softness of the edge in pixels.
        tones: how dark and how bright it may be beside the skin beyond the rim, which gives it
            its light.
    """
    unit = eye_distance(wanted)
    soft = max(_SOFT * unit, soft)
    # No further than the ring around the rim, and than OpenCV's blur reaches.
    place = around(made, outline, 2 * rim * unit + 5 * soft + 6)
    corner = [place[1].start, place[0].start]
    planes = made[place] if made.ndim == 3 else made[place][:, :, None]
    points, outline = wanted - corner, outline - corner
    mask = np.zeros(planes.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    away = cv2.distanceTransform((mask < 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    wide = np.maximum(mask, np.clip(rim * unit + 0.5 - away, 0, 1))
    given, theirs = cut_out(giver.picture, giver.points, part)
    brought = _brought(planes, points, like(given, planes), theirs, list(part))
    if light is None:
        ring = (away > rim * unit + 1) & (away < 2 * rim * unit + 2)
        skin = _median(planes, ring)
        _tone(brought, _median(brought, ring), skin)
        _lift(brought, skin, tones[0])
        bright = brought.mean(axis=2, keepdims=True) / skin.mean()
        brought *= np.minimum(1, tones[1] / np.maximum(bright, 1e-6))
    else:
        shown = brought[mask > 0.5]
        if len(shown):
            top = float(np.quantile((shown * light.gain).mean(axis=1), 0.95))
            brought *= min(1.0, light.most / max(top, 1.0))
        brought *= light.rim + _softened(mask, _SOFT * unit) * (light.gain - light.rim)
    share = _softened(wide, soft)
    planes[...] = np.rint(np.clip(planes + share * (brought - planes), 0, 255))


def _tone(
    brought: NDArray[np.float32], theirs: NDArray[np.float32], skin: NDArray[np.float32]
) -> None:
    """Bring skin from one colour [C] to another, in place; what is paler keeps its own.

    The teeth between a red lip's edges would turn blue with what makes the lip as pale as another.
    """
    gain = skin / theirs
    level = gain.mean()
    cast = gain / level - 1
    if brought.shape[2] == 3 and (redder := theirs[0] / theirs.sum() - 1 / 3) > _REDDER:
        reds = cv2.GaussianBlur(brought[..., 0] / np.maximum(brought.sum(axis=2), 1), (0, 0), 0.7)
        share = np.clip((reds - 1 / 3) / redder, 0, 1)
        brought *= level * (1 + share[..., None] * cast)
    else:
        brought *= gain


def _lift(brought: NDArray[np.float32], skin: NDArray[np.float32], darkest: float) -> None:
    """Raise what is darker than `_DARK` of the skin, in place, the darkest to a share of that."""
    bright = brought.mean(axis=2, keepdims=True) / skin.mean()
    least = float(np.quantile(bright, _FEW))
    if least < darkest < _DARK:
        steep = (_DARK - darkest) / (_DARK - least)
        raised = np.maximum(_DARK - steep * (_DARK - bright), darkest)
        brought += np.where(bright < _DARK, raised - bright, 0) * skin


def _softened(mask: NDArray[np.float32], soft: float) -> NDArray[np.float32]:
    """[H, W, 1] a mask [H, W] with a soft edge."""
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(soft, 0.6)), np.float32)[..., None]


def _median(planes: NDArray[Any], where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """[C] median colour, raised by 1."""
    seen = planes[where] if where.any() else planes.reshape(-1, planes.shape[2])
    return np.asarray(np.median(seen, axis=0) + 1, np.float32)


def cut_out(picture: Picture, points: Floats, part: Sequence[int]) -> tuple[Picture, Floats]:
    """[h, w, C] around a part of points [68, 2], and the points in its pixels."""
    place = around(picture, points[list(part)], _ROOM * max(eye_distance(points), 1.0))
    cut = picture[place]
    moved = points - [place[1].start, place[0].start]
    return cut if cut.ndim == 3 else cut[:, :, None], moved


def around(picture: Picture, places: Floats, room: float) -> tuple[slice, slice]:
    """Rows and columns of a picture around places [N, 2], with some room in pixels."""
    low, high = places.min(axis=0) - room, places.max(axis=0) + room
    height, width = picture.shape[:2]
    first = np.clip(np.floor(low), 0, [width - 2, height - 2]).astype(int)
    last = np.clip(np.ceil(high), first + 2, [width, height]).astype(int)
    return slice(first[1], last[1]), slice(first[0], last[0])


def is_grey(picture: Picture) -> bool:
    """Whether a picture [H, W] or [H, W, C] has no colour, or hardly any; some pixels tell."""
    if picture.ndim == 2 or picture.shape[2] != 3:
        return True
    step = max(round((picture.shape[0] * picture.shape[1] / _ENOUGH) ** 0.5), 1)
    some = picture[::step, ::step]
    return float((some.max(axis=2) - some.min(axis=2)).mean()) < _GREY


def like(source: Picture, target: Picture) -> Picture:
    """The source with as many channels as the target, and grey where that is."""
    if source.shape[2] != target.shape[2]:
        if target.shape[2] == 3:
            return np.repeat(source, 3, axis=2)
        return np.asarray(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY), np.uint8)[:, :, None]
    if is_grey(target) and source.shape[2] == 3:
        grey = np.asarray(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY), np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return source


def _brought(
    made: Picture, wanted: Floats, source: Picture, source_points: Floats, part: list[int]
) -> NDArray[np.float32]:
    """The source's part in the place of the wanted one [H, W, C]."""
    unit = eye_distance(wanted)
    other = max(eye_distance(source_points), 1.0)
    low = wanted[part].min(axis=0) - _MARGIN * unit
    high = wanted[part].max(axis=0) + _MARGIN * unit
    x, y = (np.linspace(low[i], high[i], _GRID) for i in range(2))
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    spline = Spline(wanted[part] / unit, source_points[part])
    places = spline(grid / unit).astype(np.float32)
    steps = (
        (np.arange(made.shape[1 - i]) - low[i]) / (high[i] - low[i]) * (_GRID - 1) for i in range(2)
    )
    at = np.stack(np.meshgrid(*steps), axis=-1).astype(np.float32)
    empty = np.zeros(0, np.float32)
    where = cv2.remap(places, at, empty, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    shrink = other / unit
    sharp = source if shrink < 1.5 else cv2.GaussianBlur(source, (0, 0), 0.35 * shrink)
    sharp = np.asarray(sharp).reshape(source.shape)
    brought = cv2.remap(sharp, where, empty, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(brought, np.float32).reshape(made.shape)
