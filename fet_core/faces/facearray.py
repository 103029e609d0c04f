"""Faces in a file: written whole, opened checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.files import atomic_path


def open_faces(path: Path, stage: str = "align") -> NDArray[np.uint8]:
    """Faces [N, S, S, C] uint8, as those of faces.npy, mapped, not read.

    Args:
        path: the file.
        stage: what makes it.

    Raises:
        UserError: the file is missing, damaged or holds something else.
    """
    if not path.is_file():
        raise UserError(f"there is no {path}; run the stage {stage} first")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise UserError(f"{path} is damaged; run the stage {stage} again") from error
    if array.ndim != 4 or array.dtype != np.uint8:
        raise UserError(
            f"{path} holds {array.dtype} {list(array.shape)} where uint8 faces [N, S, S, C] are "
            f"expected; run the stage {stage} again"
        )
    return array


def write_faces(path: Path, faces: NDArray[np.uint8]) -> None:
    """Write faces [N, S, S, C] uint8 as a file that `open_faces` opens."""
    with atomic_path(path) as temporary:
        np.save(temporary, faces, allow_pickle=False)
