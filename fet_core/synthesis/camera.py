"""The camera: where it stands, what it sees, how its picture is developed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fet_core.synthesis.pose import HeadFrame, rotation

Floats = NDArray[np.float64]

# How far the middle of a profile lies in front of the axis that cameras go round, dm, and how much
# more a camera at the side takes in.
_FACE_AHEAD = 0.28
_SIDE_WIDER = 0.22


@dataclass(frozen=True)
class Camera:
    """Where the picture is taken from.

    Attributes:
        azimuth: degrees round the head, 0 in front, positive towards the model's left side.
        width, height: pixels.
        span: height of what is seen at the face, in units of the distance from eyes to chin.
        shift: [x, y] where the middle of the face lies, in the picture's half sizes, y up.
        distance: from the face, dm.
    """

    azimuth: float
    width: int
    height: int
    span: float
    shift: tuple[float, float] = (0.0, 0.0)
    distance: float = 17.0


@dataclass(frozen=True)
class Backdrop:
    """Colours behind the person: linear RGB in the middle and at the edge."""

    middle: tuple[float, float, float]
    edge: tuple[float, float, float]


def view_of(frame: HeadFrame, camera: Camera) -> tuple[Floats, Floats]:
    """Perspective matrix [4, 4] of a camera and its place [3], dm."""
    turn = rotation(camera.azimuth, 0.0, 0.0)
    target = frame.centre.copy()
    orbit = np.array([0.0, target[1], 0.25])
    target = orbit + turn @ (target - orbit)
    eye = orbit + turn @ np.array([0.0, 0.0, camera.distance])
    back = turn @ np.array([0.0, 0.0, 1.0])
    side = turn @ np.array([1.0, 0.0, 0.0])
    # Seen from the side the face lies far from the head's middle: move along with it, and step back
    # a little. From the front both vanish.
    eye = eye + side * float(side @ np.array([0.0, 0.0, _FACE_AHEAD]))
    widen = 1.0 + _SIDE_WIDER * (1.0 - float(np.cos(np.radians(camera.azimuth))))
    look = np.eye(4)
    look[:3, :3] = np.stack([side, [0.0, 1.0, 0.0], back])
    look[:3, 3] = -look[:3, :3] @ eye
    depth = float((eye - target) @ back)
    half = widen * camera.span * frame.size / 2
    near, far = camera.distance - 6.0, camera.distance + 6.0
    lens = np.zeros((4, 4))
    lens[0, 0] = depth / half * camera.height / camera.width
    lens[1, 1] = depth / half
    lens[0, 2], lens[1, 2] = -camera.shift[0], -camera.shift[1]
    lens[2, 2] = -(far + near) / (far - near)
    lens[2, 3] = -2 * far * near / (far - near)
    lens[3, 2] = -1.0
    return lens @ look, eye


def develop(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light, 0 and up, to sRGB 0..1, bright parts rolled off softly."""
    x = np.maximum(linear, 0.0)
    soft = np.where(x > 0.6, 0.6 + 0.4 * (1 - np.exp(-(x - 0.6) / 0.4)), x)
    encoded = np.where(soft <= 0.0031308, 12.92 * soft, 1.055 * soft ** (1 / 2.4) - 0.055)
    return encoded.astype(np.float32)
