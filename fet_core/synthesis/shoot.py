"""Taking the pictures of one person: light, pose, framing and files from the plan's numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fet_core.files import atomic_path
from fet_core.synthesis.camera import Backdrop, Camera
from fet_core.synthesis.identity import Identity, draw_identity
from fet_core.synthesis.layouts import Frame, Member, generator
from fet_core.synthesis.light import Lighting, studio_light
from fet_core.synthesis.pose import GAZE_DEGREES, Pose
from fet_core.synthesis.studio import Scene, Studio, Wares


@dataclass(frozen=True)
class Style:
    """How a set looks.

    Attributes:
        name: `rafd` or `ckplus`.
        span: height of the picture in units of the distance from eyes to chin.
        lift: where the middle of the face lies, in half heights.
        key_strength, spread: of the light, see `light.studio_light`.
        jitter: largest turn of the head about each axis, degrees.
        middle, edge: brightness of the backdrop, linear.
    """

    name: str
    span: float
    lift: float
    key_strength: float
    spread: float
    jitter: float
    middle: float
    edge: float


STYLES = {
    "rafd": Style("rafd", 3.45, -0.02, 0.42, 32.0, 3.0, 0.86, 0.66),
    "ckplus": Style("ckplus", 2.4, -0.04, 0.52, 48.0, 3.0, 0.30, 0.16),
}


def person(seed: int, style: str, member: Member, draw: int) -> Identity:
    """The person that draw number `draw` puts into a place of the cast."""
    stream = 0 if style == "rafd" else 1
    rng = generator(seed, "person", stream, member.slot, draw)
    return draw_identity(rng, member.group, member.gender)


def lighting_of(seed: int, style: Style, moment: tuple[int, ...]) -> Lighting:
    """Light of a person's session, the same but for little from moment to moment."""
    rng = generator(seed, "light", moment[0])
    strength = style.key_strength + float(rng.uniform(-0.08, 0.08))
    return studio_light(rng, strength, style.spread)


def pose_of(seed: int, style: Style, frame: Frame) -> tuple[Pose, tuple[float, float], float]:
    """Pose of the head, shift of the framing (half sizes) and zoom of one picture."""
    rng = generator(seed, style.name, *frame.moment, 9)
    start = rng.uniform(-1.0, 1.0, 3) * style.jitter * np.array([1.0, 0.8, 0.8])
    end = rng.uniform(-1.0, 1.0, 3) * style.jitter * np.array([1.0, 0.8, 0.8])
    yaw, pitch, roll = start + frame.drift * (end - start)
    dx, dy = rng.uniform(-0.03, 0.03, 2)
    gaze = {"left": GAZE_DEGREES, "frontal": 0.0, "right": -GAZE_DEGREES}[frame.gaze]
    # Without a glance elsewhere the eyes stay on the camera while the head turns.
    look = gaze - float(yaw)
    pose = Pose(float(yaw), float(pitch), float(roll), look, float(pitch))
    return pose, (float(dx), style.lift + float(dy)), float(rng.uniform(0.975, 1.025))


def picture(
    studio: Studio, wares: Wares, style: Style, seed: int, frame: Frame, scene: Scene | None
) -> tuple[NDArray[np.uint8], Scene]:
    """Take one picture, of a scene that was already lit if one is given.

    Returns:
        [height, width, 3] uint8 sRGB, and the scene for other cameras.
    """
    pose, shift, zoom = pose_of(seed, style, frame)
    if scene is None:
        light = lighting_of(seed, style, frame.moment)
        scene = studio.pose(wares, frame.performance, pose, light)
    width, height = frame.size
    camera = Camera(90.0 - frame.camera, width, height, style.span * zoom, shift)
    backdrop = Backdrop(_cool(style.middle), _cool(style.edge))
    return studio.photograph(scene, camera, backdrop), scene


def _cool(level: float) -> tuple[float, float, float]:
    return (0.99 * level, level, 1.01 * level)


def save(path: Path, image: NDArray[np.uint8], colour: bool, quality: int) -> None:
    """Write a picture, [H, W, 3] uint8 RGB, as JPEG (4:4:4) or PNG by the name's suffix."""
    import cv2

    if colour:
        ready = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    else:
        ready = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    if path.suffix == ".jpg":
        options = [cv2.IMWRITE_JPEG_QUALITY, quality,
                   cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
                   cv2.IMWRITE_JPEG_OPTIMIZE, 1]  # fmt: skip
    else:
        options = [cv2.IMWRITE_PNG_COMPRESSION, 9,
                   cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_FILTERED]  # fmt: skip
    done, data = cv2.imencode(path.suffix, ready, options)
    if not done:
        raise RuntimeError(f"the picture {path} could not be encoded")
    with atomic_path(path) as temporary:
        temporary.write_bytes(data.tobytes())
