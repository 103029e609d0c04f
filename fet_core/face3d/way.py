"""A photograph's face moved as another face moves, in space; no network paints."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.edit import BLINKS, expressed, with_units
from fet_core.face3d.face import Face, shape_of
from fet_core.face3d.fusion import fusion_of, lively, parted, thinned, uncrossed
from fet_core.face3d.gaze import looked
from fet_core.face3d.literal import ACTING, difference, trust
from fet_core.face3d.painter import Painter
from fet_core.face3d.shape import move, read_shapes
from fet_core.geometry.embed import Embedder
from fet_core.geometry.eye import Eye
from fet_core.geometry.landmarks import has_dlib

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

WHOLE = 0.9
"""Intensity from which on all of an expression is taken."""

_ASLEEP = 0.8  # value of the unit that closes an eye, from which on its lids meet

_SURELY, _PERHAPS = 0.38, 0.5
"""Distance of embeddings below which two faces are one person's, and may be."""


class InSpace:
    """Φ in space, then the photograph's own pixels moved, then the source's mouth put in.

    Args:
        eye: reads what was made.
    """

    def __init__(self, eye: Eye) -> None:
        self._embedder = Embedder() if has_dlib() else None
        self._painter = Painter(eye)

    def sameness(self, one: Face, other: Face) -> float:
        """1 where two faces are one person's beyond doubt, 0 where they may be two people's.

        Without dlib's embedding nobody can tell.
        """
        if self._embedder is None:
            return 0.0
        seen = [self._embedder.embed(face.picture, face.points) for face in (one, other)]
        distance = float(np.linalg.norm(seen[0] - seen[1]))
        return float(np.clip((_PERHAPS - distance) / (_PERHAPS - _SURELY), 0, 1))

    def wanted(self, source: Face, target: Face, intensity: float) -> Floats:
        """J_gen: the target's points [68, 2] with the source's expression, in its own pose.

        Where both are one person, what differs between them is what they do, and less has to be
        guessed.
        """
        theirs, own = shape_of(source), shape_of(target)
        faces = theirs.frontal, own.frontal
        fusion = fusion_of(own.eye)
        motion = lively(fusion(*faces), *faces, fusion.rest)
        acting = list(ACTING)
        believed = trust(theirs.fit.angles() - own.fit.angles())
        literal = self.sameness(source, target) * believed[:, None, None]
        motion[:, acting] += (literal * (difference(*faces) - motion))[:, acting]
        motion = intensity * parted(motion, *faces)
        motion = uncrossed(thinned(motion, own.frontal), own.frontal)
        return move(own, motion)[0]

    def edit(
        self, target: Face, units: Mapping[str, float], expression: str | None, intensity: float
    ) -> Picture:
        """The target's whole picture with an expression, then with units set."""
        own = shape_of(target)
        wanted = own.points if expression is None else expressed(own, expression, intensity)
        if units:
            wanted = with_units(read_shapes(wanted, eye=own.eye), units)
        right, left = (units.get(name, 0.0) >= _ASLEEP for name in BLINKS)
        made = self._painter(target, wanted[0], None, shut=(right, left))
        return looked(made, wanted[0], units)

    def __call__(
        self, source: Face, target: Face, intensity: float, mouth: str = "auto"
    ) -> Picture:
        """The target's whole picture with the source's expression; `UserError` as `shape_of`."""
        wanted = self.wanted(source, target, intensity)
        return self._painter(target, wanted, source, mouth, intensity >= WHOLE)
