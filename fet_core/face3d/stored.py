"""The files that a face in space is read, moved and opened with: safetensors of one format each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.files import check_file

FOLDER = Path(__file__).resolve().parents[1] / "weights"

FARTHEST = 10.0
"""Eye distances within which all points of a face lie and move."""


def read_tensors(path: Path, form: str) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """All arrays of a file by their names, and what else its header says.

    Raises:
        UserError: there is no such file, it is damaged, or of another format.
    """
    from safetensors import SafetensorError, safe_open

    check_file(path, "there are no weights at", "install the project again")
    try:
        with safe_open(path, "numpy") as file:
            about = dict(file.metadata() or {})
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} cannot be read ({error}); install the project again") from error
    if about.get("format") != form:
        raise another_version(path)
    if not all(np.isfinite(value).all() for value in found.values()):
        raise UserError(f"{path} holds numbers that are not finite; install the project again")
    return found, about


def another_version(path: Path) -> UserError:
    """What is said of a file that holds something else."""
    return UserError(f"{path} is of another version; install the project again")
