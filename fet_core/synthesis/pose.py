"""The moving side of a head: identity, expression, gaze and pose put into vertices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fet_core.synthesis.anatomy import LEFT_EYE, RIGHT_EYE
from fet_core.synthesis.assets import Assets
from fet_core.synthesis.expressions import Performance, morphs_of

Floats = NDArray[np.float64]

# Gaze of RaFD's `left` and `right`, degrees.
GAZE_DEGREES = 24.0


@dataclass(frozen=True)
class Pose:
    """How the head is held: degrees, and where the eyes look.

    Attributes:
        yaw, pitch, roll: degrees; yaw turns to the model's left, pitch nods down, roll tilts.
        gaze_yaw, gaze_pitch: degrees of the eyes in the head, to the model's left and up.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    gaze_yaw: float = 0.0
    gaze_pitch: float = 0.0


def rotation(yaw: float, pitch: float, roll: float) -> Floats:
    """Rotation matrix [3, 3] of degrees: roll about z, then pitch about x, then yaw about y."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    turned: Floats = about_y @ about_x @ about_z
    return turned


def add_morphs(assets: Assets, base: Floats, weights: Mapping[str, float]) -> Floats:
    """`base` [B, 3] plus the weighted morphs."""
    moved = base.copy()
    for name, weight in weights.items():
        target = assets.target(name)
        moved[target.index] += weight * target.delta
    return moved


def express(
    assets: Assets, base: Floats, performance: Performance | Mapping[str, float], pose: Pose
) -> Floats:
    """Put an expression, or face units by name, and a gaze on a neutral base mesh [B, 3]."""
    if isinstance(performance, Performance):
        performance = morphs_of(performance)
    weights = dict(performance)
    # Lids follow the eyes a little.
    follow = pose.gaze_yaw / GAZE_DEGREES * 0.5
    if follow > 0:
        weights["eyeLookOutLeft"], weights["eyeLookInRight"] = follow, follow
    elif follow < 0:
        weights["eyeLookInLeft"], weights["eyeLookOutRight"] = -follow, -follow
    moved = add_morphs(assets, base, weights)
    for eye, side in ((LEFT_EYE, "Left"), (RIGHT_EYE, "Right")):
        turn = rotation(pose.gaze_yaw, -pose.gaze_pitch, 0.0)
        centre = base[eye].mean(axis=0)
        # The eyeball keeps its neutral place: no unit may drag it out of its socket.
        moved[eye] = (base[eye] - centre) @ turn.T + centre
        # Narrowed lids are flatter than the eyeball and would let it through.
        narrow = weights.get(f"eyeSquint{side}", 0.0) + 0.6 * weights.get(f"cheekSquint{side}", 0.0)
        moved[eye, 2] -= 0.022 * min(narrow, 1.5)
    return moved


@dataclass(frozen=True)
class HeadFrame:
    """Landmarks of a neutral base mesh that pose and camera need, [3] arrays in dm."""

    pivot: Floats
    centre: Floats
    chin: float
    neck: float
    size: float


def head_frame(base: Floats) -> HeadFrame:
    """Measure a neutral base mesh [B, 3].

    `size` is about the distance from the eyes' height to the chin's, `centre` the middle of the
    face, `pivot` where the neck bends.
    """
    left, right = base[LEFT_EYE].mean(axis=0), base[RIGHT_EYE].mean(axis=0)
    eyes = (left + right) / 2
    neck = base[14534:14542].mean(axis=0)
    jaw = base[14542:14550].mean(axis=0)
    # A broad face and a long one are to fill the picture alike.
    apart = 1.75 * float(np.linalg.norm(left - right))
    size = float(np.sqrt(max(eyes[1] - jaw[1], 0.1) * apart))
    centre = np.array([0.0, eyes[1] - 0.45 * size, 0.45 * eyes[2]])
    pivot = np.array([0.0, neck[1], neck[2]])
    return HeadFrame(pivot, centre, float(jaw[1]), float(neck[1]), size)


def hold(points: Floats, rest: Floats, frame: HeadFrame, pose: Pose) -> Floats:
    """Turn `points` [N, 3] about the neck; those below it, by their `rest` [N, 3], stay."""
    low, high = frame.neck - 0.35 * frame.size, frame.neck + 0.45 * frame.size
    t = np.clip((rest[:, 1] - low) / (high - low), 0.0, 1.0)
    share = (t * t * (3 - 2 * t))[:, None]
    turned = (points - frame.pivot) @ rotation(pose.yaw, pose.pitch, pose.roll).T + frame.pivot
    held: Floats = points + share * (turned - points)
    return held
