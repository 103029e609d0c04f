"""A face's points under face units that somebody sets, or under an expression: no source needed."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.face3d import gaze
from fet_core.face3d.fusion import LID_PAIRS, SHUT, fusion_of, parted, thinned, uncrossed
from fet_core.face3d.model import load_model
from fet_core.face3d.shape import Shapes, fitter, move, read_shapes
from fet_core.geometry.landmarks import EYES

Floats = NDArray[np.float64]
Pairs = Sequence[tuple[int, int]]

_SIDES = ("Left", "Right")

BLINKS = ("eyeBlinkRight", "eyeBlinkLeft")
"""The units that close an eye, in the order of `fet_core.face3d.fusion.LID_PAIRS`."""

EXPRESSIONS: Mapping[str, Mapping[str, float]] = {
    "neutral": {},
    "happy": {"mouthSmile": 0.9, "cheekSquint": 0.6, "mouthUpperUp": 0.7, "mouthLowerDown": 0.6,
              "jawOpen": 0.3},
    "sad": {"browInnerUp": 1.0, "mouthFrown": 0.9, "mouthShrugLower": 0.5, "eyeSquint": 0.2},
    "surprised": {"browInnerUp": 1.0, "browOuterUp": 1.0, "eyeWide": 0.9, "jawOpen": 0.6,
                  "mouthFunnel": 0.4},
    "angry": {"browDown": 1.0, "eyeSquint": 0.5, "noseSneer": 0.5, "mouthPress": 0.6,
              "mouthFrown": 0.4},
    "fearful": {"browInnerUp": 1.0, "browOuterUp": 0.6, "eyeWide": 1.0, "mouthStretch": 0.9,
                "mouthLowerDown": 0.9, "mouthUpperUp": 0.5, "jawOpen": 0.1},
    "disgusted": {"noseSneer": 1.0, "mouthUpperUp": 0.5, "browDown": 0.6, "cheekSquint": 0.5,
                  "mouthFrown": 0.5, "mouthShrugLower": 0.4},
    "contemptuous": {"mouthSmileLeft": 0.6, "mouthDimpleLeft": 0.7},
}  # fmt: skip
"""Units of each expression at full strength; a name without its side stands for both."""


def unit_names() -> tuple[str, ...]:
    """All units that can be set, by ARKit's names: the model's, and where the eyes look."""
    return (*load_model().names, *gaze.NAMES)


def both_sides(units: Mapping[str, float]) -> dict[str, float]:
    """Units by their full names; one without its side, as mouthSmile, stands for both.

    Raises:
        UserError: there is no such unit, or its value is not from 0 to 1.
    """
    names = unit_names()
    found: dict[str, float] = {}
    for name, value in units.items():
        full = [name] if name in names else [name + side for side in _SIDES]
        if full[0] not in names:
            raise UserError(_unknown(name, names))
        if not 0 <= value <= 1:
            raise UserError(f"{name} is {value:g}; choose one from 0 (at rest) to 1 (all of it)")
        found |= dict.fromkeys(full, float(value))
    return found


def _unknown(name: str, names: Sequence[str]) -> str:
    short = {one.removesuffix("Left").removesuffix("Right") for one in names}
    near = difflib.get_close_matches(name, sorted(short | set(names)), 1)
    meant = f"; did you mean {near[0]}?" if near else ";"
    return f"there is no face unit {name}{meant} `fet edit --list` prints all of them"


def expressed(own: Shapes, expression: str, intensity: float) -> Floats:
    """The points [1, 68, 2] of a face, in pixels, that shows an expression as the mean face does.

    Args:
        own: of one face.
        expression: of `EXPRESSIONS`.
        intensity: 0 leaves the face as it is, 1 is the whole expression, 2 twice as far.

    Raises:
        UserError: there is no such expression.
    """
    if expression not in EXPRESSIONS:
        near = difflib.get_close_matches(expression.lower(), EXPRESSIONS, 1)
        meant = f"; did you mean {near[0]}?" if near else ";"
        raise UserError(
            f"there is no expression {expression}{meant} choose one of {', '.join(EXPRESSIONS)}"
        )
    fusion, units = fusion_of(own.eye), _vector(both_sides(EXPRESSIONS[expression]))
    source = fusion.rest + np.tensordot(units, fitter(own.eye).model.units[..., :2], 1)
    motion = fusion(source, own.frontal)
    motion = intensity * parted(motion, source, own.frontal)
    return move(own, uncrossed(thinned(motion, own.frontal), own.frontal))


def with_units(own: Shapes, units: Mapping[str, float]) -> Floats:
    """The points [1, 68, 2] of a face, in pixels, whose units are set; the others stay.

    What is moved is the difference to what the face shows by `shown_units`.

    Args:
        own: of one face.
        units: full names and values; where the eyes look moves no point.
    """
    names, shown, model = load_model().names, shown_units(own), fitter(own.eye).model.units
    change = {name: units[name] - shown[name] for name in names if name in units}
    if "mouthClose" in change:
        # It brings the lips together in a jaw that is open, and through each other in none.
        open_ = max(units.get("jawOpen", shown["jawOpen"]), 0.0)
        change["mouthClose"] = min(units["mouthClose"], open_) - shown["mouthClose"]
    closing = {name: change.pop(name) for name in BLINKS if change.get(name, 0.0) > 0}
    motion = np.zeros((1, *model.shape[1:]))
    for name, far in change.items():
        motion += far * model[names.index(name)]
    for name, far in closing.items():
        lids = far * model[names.index(name)]
        share, pairs = far / (1 - shown[name]), LID_PAIRS[BLINKS.index(name)]
        motion += _closed(lids, (own.frontal + motion[..., :2])[0], pairs, share)
    level = uncrossed(thinned(motion[..., :2], own.frontal), own.frontal)
    return move(own, np.concatenate([level, motion[..., 2:]], axis=2))


def _closed(motion: Floats, shape: Floats, pairs: Pairs, share: float) -> Floats:
    """The motion [68, 3] of an eye that closes by a share of what it is open, all of it at 1.

    People's eyes are not equally wide: what leaves half of one closes another.

    Args:
        motion: [68, 3] of a closing eye, however far it closes.
        shape: [68, 2] the frontal face that it is added to.
        pairs: upper and lower lid.
        share: 0 to 1.
    """
    motion = motion.copy()
    for upper, lower in pairs:
        gap = float(shape[upper, 1] - shape[lower, 1])
        nearer = float(motion[lower, 1] - motion[upper, 1])
        if nearer > 1e-6:
            motion[[upper, lower], 1] *= share * max(gap - SHUT, 0.0) / nearer
    return motion


def shown_units(own: Shapes) -> dict[str, float]:
    """How far each unit is beyond what is read in the mean face at rest, from 0 to 1.

    The fit reads raised brows and half closed lids in faces that do nothing at all.
    """
    above = own.fit.units[0] - np.maximum(at_rest(own.eye).fit.units[0], 0)
    return dict(zip(load_model().names, np.clip(above, 0, 1).tolist(), strict=True))


@cache
def at_rest(eye: str = EYES[0]) -> Shapes:
    """The mean photographed face at rest, as the fit of an eye reads it."""
    return read_shapes(100 * fusion_of(eye).rest[None] * [1, -1], eye=eye)


def _vector(units: Mapping[str, float]) -> Floats:
    return np.array([[units.get(name, 0.0) for name in load_model().names]])
