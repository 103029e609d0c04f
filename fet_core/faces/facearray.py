"""Faces in a file: written whole, opened checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError, remedy
from fet_core.files import atomic_path, is_file


def open_faces(path: Path, command: str | None = None) -> NDArray[np.uint8]:
    """Faces [N, S, S, C] uint8, as those of faces.npy, mapped, not read.

    Args:
        path: the file.
        command: that makes it, as "evaluate --row cgan"; None: what its folder says.

    Raises:
        UserError: the file is missing, damaged or holds something else.
    """
    how = f"run `fet {command}`" if command else remedy(path)
    if not is_file(path):
        raise UserError(f"there is no {path}; {how} first")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path} is damaged; {how} again") from error
    if array.ndim != 4 or array.dtype != np.uint8:
        raise UserError(
            f"{path} holds {array.dtype} {list(array.shape)} where uint8 faces [N, S, S, C] are "
            f"expected; {how} again"
        )
    return array


def write_faces(path: Path, faces: NDArray[np.uint8]) -> None:
    """Write faces [N, S, S, C] uint8 as a file that `open_faces` opens."""
    with atomic_path(path) as temporary:
        np.save(temporary, faces, allow_pickle=False)
