"""Drawing the 68 landmarks on a face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fet_core.faces.convention import LINES


def with_points(
    picture: NDArray[np.uint8], points: NDArray[np.float32], side: int
) -> NDArray[np.uint8]:
    """A picture enlarged to `side` with its landmarks drawn as lines and dots.

    Args:
        picture: [S, S, 3] uint8.
        points: [68, 2] pixels of the picture.
        side: of the result.
    """
    import cv2

    big = cv2.resize(picture, (side, side), interpolation=cv2.INTER_LINEAR)
    scaled = (points + 0.5) * (side / picture.shape[0]) - 0.5
    whole = np.round(scaled).astype(np.int32)
    for part, closed in LINES:
        line = whole[list(part)].reshape(-1, 1, 2)
        cv2.polylines(big, [line], closed, (80, 220, 120), 1, cv2.LINE_AA)
    for x, y in whole:
        cv2.circle(big, (int(x), int(y)), 1, (255, 230, 60), -1, cv2.LINE_AA)
    return np.asarray(big, dtype=np.uint8)
