"""Who looks like whom: dlib's face embedding, for casting and for checking."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.geometry.embed import Embedder
from fet_core.geometry.landmarks import FaceFinder


class Likeness:
    """dlib's frontal detector, 68 points and face-embedding network; one per process.

    Raises:
        UserError: dlib or its weights are not installed.
    """

    def __init__(self) -> None:
        try:
            self._finder, self._embedder = FaceFinder(), Embedder()
        except UserError as error:
            raise UserError(f"{error}, or cast from a table that was made before") from error

    def embed(self, image: NDArray[np.uint8]) -> tuple[int, NDArray[np.float64] | None]:
        """Number of faces in [H, W, 3] uint8 RGB, and the [128] embedding if there is just one.

        Two pictures of one person are usually closer than 0.6.
        """
        found = self._finder.boxes(image, [1.0])
        if len(found) != 1:
            return len(found), None
        points = self._finder.points(image, found[0].as_list())
        return 1, self._embedder.embed(image, points).astype(np.float64)


def distances(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Euclidean distances [N, M] between embeddings [N, 128] and [M, 128]."""
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    root: NDArray[np.float64] = np.sqrt(np.maximum(squared, 0.0))
    return root
