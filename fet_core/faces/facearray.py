"""Opening faces.npy, checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError


def open_faces(path: Path) -> NDArray[np.uint8]:
    """The faces [N, S, S, C] uint8 of faces.npy, mapped, not read.

    Raises:
        UserError: the file is missing, damaged or holds something else.
    """
    if not path.is_file():
        raise UserError(f"there is no {path}; run the stage align first")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise UserError(f"{path} is damaged; run the stage align again") from error
    if array.ndim != 4 or array.dtype != np.uint8:
        raise UserError(
            f"{path} holds {array.dtype} {list(array.shape)} where uint8 faces [N, S, S, C] are "
            "expected; run the stage align again"
        )
    return array
