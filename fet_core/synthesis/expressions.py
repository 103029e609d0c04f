"""From an expression's name to FACS action units, and from those to morphs of the face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fet_core.tables import EXPRESSIONS as EXPRESSIONS

# Emotion codes of CK+ (Lucey et al. 2010).
CKPLUS_CODES = {
    "neutral": 0, "angry": 1, "contemptuous": 2, "disgusted": 3,
    "fearful": 4, "happy": 5, "sad": 6, "surprised": 7,
}  # fmt: skip

# Morphs that move one action unit at strength 1. `*` stands for Left and Right; a path with a
# slash for a target of the base mesh, with `@` for left and right.
UNITS: Mapping[int, Mapping[str, float]] = {
    1: {"browInnerUp": 1.0},
    2: {"browOuterUp*": 1.0},
    4: {"browDown*": 0.55, "eyebrows/eyebrows-angle-down": 0.5},
    5: {"eyeWide*": 1.0},
    6: {"cheekSquint*": 1.0, "eyeSquint*": 0.35},
    7: {"eyeSquint*": 1.0},
    9: {"noseSneer*": 1.0},
    10: {"mouthUpperUp*": 1.0},
    12: {"mouthSmile*": 1.0},
    14: {"mouthDimple*": 1.0},
    15: {"mouthFrown*": 1.0},
    16: {"mouthLowerDown*": 1.0},
    17: {"mouthShrugLower": 1.0},
    20: {"mouthStretch*": 1.0},
    23: {"mouthRollUpper": 0.6, "mouthRollLower": 0.6},
    24: {"mouthPress*": 1.0},
    25: {"mouthLowerDown*": 0.35, "mouthUpperUp*": 0.5},
    26: {"jawOpen": 1.0},
}

# Strength of each action unit at the peak; above 1 a morph is carried past its drawn end.
PEAKS: Mapping[str, Mapping[int, float]] = {
    "neutral": {},
    "happy": {6: 0.75, 12: 0.85, 25: 1.1, 26: 0.10},
    "sad": {1: 1.8, 4: 0.3, 7: 0.25, 15: 1.2, 17: 0.6},
    "surprised": {1: 2.1, 2: 1.3, 5: 1.0, 26: 0.55},
    "angry": {4: 1.3, 5: 0.4, 7: 0.4, 9: 0.6, 15: 0.45, 17: 0.4, 23: 0.8},
    "fearful": {1: 2.3, 2: 0.7, 4: 0.35, 5: 1.2, 20: 1.1, 25: 0.6, 26: 0.2},
    "disgusted": {4: 0.6, 6: 0.5, 7: 0.3, 9: 1.6, 10: 0.9, 15: 0.6, 17: 0.3},
    "contemptuous": {12: 0.6, 14: 0.8},
}
ONE_SIDED = frozenset({"contemptuous"})


@dataclass(frozen=True)
class Performance:
    """How one person shows one expression in one shot.

    Attributes:
        expression: a name from `EXPRESSIONS`.
        intensity: 0 (neutral) to 1 (peak).
        left, right: factors for the two sides, near 1; for a one-sided expression one is 0.
        wobble: factor for each action unit, near 1: nobody smiles twice in the same way.
    """

    expression: str
    intensity: float
    left: float = 1.0
    right: float = 1.0
    wobble: Mapping[int, float] | None = None


def units_of(performance: Performance) -> dict[int, float]:
    """Action unit -> strength (0 = not shown) of a performance, before the sides differ."""
    peak = PEAKS[performance.expression]
    wobble = performance.wobble or {}
    return {
        unit: strength * performance.intensity * wobble.get(unit, 1.0)
        for unit, strength in peak.items()
    }


def morphs_of(performance: Performance) -> dict[str, float]:
    """Morph name -> weight for a performance; see `UNITS` for the names."""
    weights: dict[str, float] = {}
    for unit, strength in units_of(performance).items():
        for name, share in UNITS[unit].items():
            for morph, side in _sides(name, performance):
                weights[morph] = weights.get(morph, 0.0) + strength * share * side
    return {name: weight for name, weight in weights.items() if abs(weight) > 1e-9}


def _sides(name: str, performance: Performance) -> list[tuple[str, float]]:
    if "*" in name:
        return [
            (name.replace("*", "Left"), performance.left),
            (name.replace("*", "Right"), performance.right),
        ]
    if "@" in name:
        return [
            (name.replace("@", "left"), performance.left),
            (name.replace("@", "right"), performance.right),
        ]
    return [(name, max(performance.left, performance.right))]


def draw_performance(
    rng: np.random.Generator, expression: str, intensity: float, strong_side: str = "left"
) -> Performance:
    """Draw the small differences of one shot.

    Args:
        rng: source of the differences.
        expression: a name from `EXPRESSIONS`.
        intensity: 0 to 1.
        strong_side: `left` or `right`, the side that a one-sided expression stands on.
    """
    left, right = 1.0 + rng.uniform(-0.09, 0.09, 2)
    wobble = {unit: float(1.0 + rng.uniform(-0.12, 0.12)) for unit in sorted(UNITS)}
    if expression in ONE_SIDED:
        left, right = (left, 0.0) if strong_side == "left" else (0.0, right)
    return Performance(expression, intensity, float(left), float(right), wobble)


def sequence_intensities(frames: int) -> np.ndarray:
    """Intensities of a sequence from neutral to peak, [frames] in 0..1: half minus half a cosine.

    Raises:
        ValueError: fewer than two frames.
    """
    if frames < 2:
        raise ValueError(f"a sequence has two frames at least, not {frames}")
    return 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, frames))
