"""The face model, built from the CC0 mesh: dlib's points on it, people and units as directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fet_core.face3d.model import FaceModel
from fet_core.geometry.landmarks import MIRROR
from fet_core.synthesis import anatomy
from fet_core.synthesis.anchors import learn
from fet_core.synthesis.assets import Assets
from fet_core.synthesis.identity import draw_identity
from fet_core.synthesis.known import GROUPS, Album, front
from fet_core.synthesis.layouts import generator
from fet_core.synthesis.pose import add_morphs

Floats = NDArray[np.float64]

_PEOPLE = 500
_IDENTITY = 30
_LEAST = 0.01  # eye distances that a unit moves some landmark at least
_UNSEEN = ("tongueOut", "cheekPuff")
_FRONTAL = 25.0  # degrees of yaw up to which dlib's contour is that of the face


class Sculptor:
    """Puts dlib's points on the mesh.

    Args:
        assets: of the generator.
        anchors: [68, V] shares of the drawn skin's vertices.
    """

    def __init__(self, assets: Assets, anchors: sparse.csr_matrix) -> None:
        self._assets = assets
        mesh = assets.base()
        self._base = mesh.vertices
        body = anatomy.body_part(mesh)
        self._used = body.used
        self._points = anchors @ body.refine

    def points(self, vertices: Floats) -> Floats:
        """The 68 points [68, 3] on a base mesh [B, 3]."""
        return np.asarray(self._points @ vertices[self._used])

    def motion(self, units: Mapping[str, float]) -> Floats:
        """How morphs move the 68 points [68, 3], in dm, whoever it is."""
        return self.points(add_morphs(self._assets, np.zeros_like(self._base), units))

    def model(self, seed: int) -> FaceModel:
        """Mean and principal components of random people, and all units that landmarks show."""
        shapes, distances = [], []
        for number in range(_PEOPLE):
            rng = generator(seed, "known", 10_000 + number)
            group, gender = str(rng.choice(GROUPS)), str(rng.choice(["male", "female"]))
            who = draw_identity(rng, group, gender)
            base = add_morphs(self._assets, self._base, who.morphs)
            eyes = [base[eye].mean(axis=0) for eye in (anatomy.LEFT_EYE, anatomy.RIGHT_EYE)]
            distances.append(float(np.linalg.norm(eyes[0] - eyes[1])))
            shapes.append((self.points(base) - np.mean(eyes, axis=0)) / distances[-1])
        people = np.stack(shapes)
        mirrored = people[:, list(MIRROR)] * [-1.0, 1.0, 1.0]
        people = np.concatenate([people, mirrored])
        mean = people.mean(axis=0)
        flat = (people - mean).reshape(len(people), -1)
        _, spread, directions = np.linalg.svd(flat, full_matrices=False)
        scale = spread[:_IDENTITY, None] / np.sqrt(len(people))
        identity = (directions[:_IDENTITY] * scale).reshape(_IDENTITY, -1, 3)
        units = {}
        for name in self._assets.units():
            moved = self.motion({name: 1.0}) / float(np.mean(distances))
            far = np.linalg.norm(moved, axis=1).max()
            if name not in _UNSEEN and not name.startswith("eyeLook") and far > _LEAST:
                units[name] = moved
        return FaceModel(mean, identity, np.stack(list(units.values())), tuple(units))


def learn_anchors(
    assets: Assets, albums: Sequence[Album], readings: Sequence[Sequence[Floats | None]]
) -> tuple[sparse.csr_matrix, Floats]:
    """dlib's points on the drawn skin, from what it reads in pictures of known faces.

    Args:
        assets: of the generator.
        albums: of all people.
        readings: for each picture of each album 68 points [68, 2], None where none were read.

    Returns:
        as `fet_core.synthesis.anchors.learn`; every second picture is looked at.
    """
    mesh = assets.base()
    rest = anatomy.body_part(mesh).vertices(mesh.vertices, mesh.vertices)
    kept = front(rest)
    read, places, seen = [], [], []
    for album, found in zip(albums, readings, strict=True):
        middle = (album.pictures.shape[1] - 1) / 2
        for number, points in enumerate(found):
            if points is None or abs(album.shots[number].yaw) > _FRONTAL:
                continue
            # Pictures of one framing: an eye distance is about the same in all of them.
            unit = album.pictures.shape[1] * _EYES
            read.append((points - middle) / unit)
            places.append((album.places[number] - middle) / unit)
            seen.append(album.seen[number])
    shares, left = learn(np.stack(read[::2]), places[::2], seen[::2], rest[kept], MIRROR)
    wide = sparse.lil_matrix((len(MIRROR), len(rest)))
    wide[:, kept] = shares
    return wide.tocsr(), left


_EYES = 0.215
"""Eye distance over the side of the pictures of known faces."""
