"""dlib's face embedding: 128 numbers by which two photographs of one person are told."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.geometry.landmarks import weights_folder

_NETWORK = "dlib_face_recognition_resnet_model_v1.dat"

SAME_PERSON = 0.6
"""Two photographs of one person are usually closer than this (dlib's own threshold)."""


class Embedder:
    """dlib's face-embedding network (King 2017).

    Not to be shared between threads: one per process.

    Raises:
        UserError: dlib or its weights are not installed.
    """

    def __init__(self) -> None:
        try:
            import dlib
        except ImportError as error:
            raise UserError("dlib is not installed; install the package dlib-bin") from error
        self._dlib: Any = dlib
        self._network: Any = dlib.face_recognition_model_v1(str(weights_folder() / _NETWORK))

    def embed(
        self, picture: NDArray[np.uint8], points: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """The embedding of the face with these landmarks.

        Args:
            picture: [H, W] or [H, W, 3] uint8 RGB; grey is repeated to three channels.
            points: [68, 2] in picture pixels, as `FaceFinder.points` gives them.

        Returns:
            [128]; the Euclidean distance of two tells how unlike they are.
        """
        if picture.ndim == 2:
            picture = np.repeat(picture[:, :, None], 3, axis=2)
        dlib = self._dlib
        parts = [dlib.point(round(float(x)), round(float(y))) for x, y in points]
        # dlib cuts the face out by its points alone; a box must be given, but is not looked at.
        shape = dlib.full_object_detection(dlib.rectangle(0, 0, 1, 1), parts)
        found = self._network.compute_face_descriptor(np.ascontiguousarray(picture), shape)
        return np.array(found, dtype=np.float32)
