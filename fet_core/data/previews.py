"""Sheets of aligned faces and their landmarks, for a person to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fet_core.geometry.align import with_points


def preview_faces(path: Path, columns: int = 12, rows: int = 4) -> NDArray[np.uint8]:
    """A sheet of aligned faces spread evenly over faces.npy.

    Args:
        path: faces.npy.
        columns: of the sheet.
        rows: of the sheet, fewer where there are fewer faces.

    Returns:
        [H, W, 3] uint8.
    """
    faces = np.load(path, mmap_mode="r", allow_pickle=False)
    return _sheet([faces[number] for number in _spread(len(faces), columns * rows)], columns)


def preview_landmarks(
    faces: Path, landmarks: pa.Table, columns: int = 8, rows: int = 3, side: int = 160
) -> NDArray[np.uint8]:
    """A sheet [H, W, 3] uint8 of faces with their landmarks.

    Args:
        faces: faces.npy.
        landmarks: with the schema `fet_core.tables.LANDMARKS`.
        columns: of the sheet.
        rows: of the sheet.
        side: of each face in it, in pixels.
    """
    pictures = np.load(faces, mmap_mode="r", allow_pickle=False)
    drawn = []
    for number in _spread(landmarks.num_rows, columns * rows):
        row = landmarks.slice(number, 1).to_pylist()[0]
        face = np.broadcast_to(pictures[row["row"]], (*pictures.shape[1:3], 3))
        points = np.array(row["points"], dtype=np.float32).reshape(-1, 2)
        drawn.append(with_points(np.ascontiguousarray(face), points, side))
    return _sheet(drawn, columns)


def _spread(count: int, wanted: int) -> list[int]:
    """At most `wanted` numbers spread evenly over range(count)."""
    if count <= wanted:
        return list(range(count))
    return [round(i * (count - 1) / max(wanted - 1, 1)) for i in range(wanted)]


def _sheet(pictures: list[NDArray[np.uint8]], columns: int) -> NDArray[np.uint8]:
    """Pictures [S, S, 1 or 3] of one size in rows, as [H, W, 3] uint8."""
    if not pictures:
        return np.full((32, 32, 3), 255, dtype=np.uint8)
    size = pictures[0].shape[0]
    lines = -(-len(pictures) // columns)
    canvas = np.full((lines * size, min(columns, len(pictures)) * size, 3), 255, dtype=np.uint8)
    for number, picture in enumerate(pictures):
        y, x = divmod(number, columns)
        canvas[y * size : (y + 1) * size, x * size : (x + 1) * size] = picture
    return canvas
