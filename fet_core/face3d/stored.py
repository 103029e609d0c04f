"""The files that a face in space is read, moved and opened with: safetensors of one format each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.files import check_file
from fet_core.geometry.landmarks import EYES

FOLDER = Path(__file__).resolve().parents[1] / "weights"

FARTHEST = 10.0
"""Eye distances within which all points of a face lie and move."""


_LARGEST = 1e6
"""No number in these files comes near."""


def shipped(path: Path, eye: str) -> Path:
    """The file of another eye than dlib's, whose file is given."""
    return path if eye == EYES[0] else path.parent / eye / path.name


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
    # NumPy does not know all types that may be in such a file.
    except (OSError, SafetensorError, TypeError) as error:
        raise UserError(f"{path} cannot be read ({error}); install the project again") from error
    if about.get("format") != form:
        raise another_version(path)
    if not all((np.abs(value.astype(np.float64)) < _LARGEST).all() for value in found.values()):
        raise UserError(f"{path} holds numbers that cannot be there; install the project again")
    return found, about


def another_version(path: Path) -> UserError:
    """What is said of a file that holds something else."""
    return UserError(f"{path} is of another version; install the project again")
