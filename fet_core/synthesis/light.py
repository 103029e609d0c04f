"""Soft light: the directions it comes from and what reaches each vertex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Lighting:
    """A set of directions with the light that comes from each.

    Attributes:
        directions: [D, 3] unit vectors towards the light.
        radiance: [D, 3] linear RGB; a white wall that faces the viewer, seen by all, has about 1.
        key: [3] unit vector towards the middle of the main light, for highlights.
        key_share: [D] weights that add up to 1: which directions make up the main light.
    """

    directions: Floats
    radiance: Floats
    key: Floats
    key_share: Floats


def _unit(vector: Floats) -> Floats:
    unit: Floats = vector / np.linalg.norm(vector, axis=-1, keepdims=True)
    return unit


def _around(azimuth: float, height: float) -> Floats:
    a, h = np.radians([azimuth, height])
    return np.array([np.sin(a) * np.cos(h), np.sin(h), np.cos(a) * np.cos(h)])


def _disc(direction: Floats, radius: float, count: int) -> Floats:
    """`count` directions spread like sunflower seeds within `radius` degrees of `direction`."""
    k = np.arange(count)
    distance = np.tan(np.radians(radius)) * np.sqrt((k + 0.5) / count)
    angle = k * np.pi * (3 - np.sqrt(5))
    side = _unit(np.cross([0.0, 1.0, 0.1], direction))
    up = np.cross(direction, side)
    spread = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * up
    return _unit(direction + distance[:, None] * spread)


def _sphere(count: int) -> Floats:
    k = np.arange(count) + 0.5
    y = 1 - 1.75 * k / count
    angle = k * np.pi * (3 - np.sqrt(5))
    ring = np.sqrt(1 - y * y)
    return np.stack([ring * np.cos(angle), y, ring * np.sin(angle)], axis=1)


def studio_light(rng: np.random.Generator, key_strength: float, spread: float) -> Lighting:
    """Two soft boxes and a bright room.

    Args:
        rng: draws sides, heights, strengths and a slight colour.
        key_strength: share of the light that the main soft box gives, 0..1.
        spread: how far to the side the main box may stand, degrees.
    """
    side = rng.choice([-1.0, 1.0])
    key = _around(side * rng.uniform(0.35, 1.0) * spread, rng.uniform(24, 42))
    fill = _around(-side * rng.uniform(25, 60), rng.uniform(0, 25))
    warm = rng.uniform(-0.04, 0.05)
    key_colour = np.array([1 + warm, 1.0, 1 - warm])
    room = _sphere(14)
    # The room is lit from above and in front; behind the head it is dim.
    room_level = (0.75 + 0.35 * room[:, 1] + 0.35 * room[:, 2]).clip(0.15)
    parts = [
        (_disc(key, 22.0, 8), key_strength * key_colour, np.ones(8)),
        (_disc(fill, 24.0, 4), 0.45 * (1 - key_strength) * np.ones(3), np.ones(4)),
        (room, 0.55 * (1 - key_strength) * np.array([0.98, 1.0, 1.03]), room_level),
    ]
    directions, radiance, share = [], [], []
    for number, (where, colour, level) in enumerate(parts):
        # What a surface that faces the viewer gets sets the scale of each part.
        facing = float((level * where[:, 2].clip(0)).sum())
        directions.append(where)
        radiance.append(level[:, None] * colour / facing)
        share.append(np.full(len(where), 1.0 / len(where) if number == 0 else 0.0))
    return Lighting(
        np.concatenate(directions), np.concatenate(radiance), key, np.concatenate(share)
    )


def view_from(direction: Floats, centre: Floats, radius: float) -> Floats:
    """Orthographic matrix [4, 4] that looks at a ball of `radius` dm from `direction`."""
    forward = -direction
    side = _unit(np.cross(forward, [0.0, 1.0, 0.0] if abs(forward[1]) < 0.95 else [0, 0, 1.0]))
    up = np.cross(side, forward)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([side, up, forward]) / radius
    matrix[:3, 3] = -matrix[:3, :3] @ centre
    return matrix


def visibility(depth: NDArray[np.float32], clip: Floats, bias: float) -> Floats:
    """Share of light that passes, [N] in 0..1, by a depth picture.

    Args:
        depth: [S, S] float32 in 0..1, row 0 at the bottom.
        clip: [N, 3] positions in -1..1.
        bias: depth (0..1) by which a point may lie behind what hides it.
    """
    size = depth.shape[0]
    x = (clip[:, 0] * 0.5 + 0.5) * size - 0.5
    y = (clip[:, 1] * 0.5 + 0.5) * size - 0.5
    z = clip[:, 2] * 0.5 + 0.5 - bias
    x0, y0 = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    fx, fy = x - x0, y - y0
    passed = np.zeros(len(clip))
    for dx, wx in ((0, 1 - fx), (1, fx)):
        for dy, wy in ((0, 1 - fy), (1, fy)):
            seen = depth[np.clip(y0 + dy, 0, size - 1), np.clip(x0 + dx, 0, size - 1)] >= z
            passed += wx * wy * seen
    return passed
