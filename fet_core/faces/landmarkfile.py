"""landmarks.parquet: its rows, and a sheet of faces with their points drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fet_core import tables
from fet_core.faces.align import Matrix
from fet_core.faces.draw import with_points
from fet_core.faces.facefile import sheet, spread


def face_items(
    frames: pa.Table, faces: pa.Table, paths: Sequence[Path]
) -> list[tuple[Path, list[int], Matrix]]:
    """Picture, box and 2×3 matrix of each face that was found, in the order of faces.npy.

    Args:
        frames: with the schema `fet_core.tables.FRAMES`.
        faces: with the schema `fet_core.tables.FACES`.
        paths: the file of each row of `frames`.
    """
    where = dict(zip(frames["sample_id"].to_pylist(), paths, strict=True))
    return [
        (where[row["sample_id"]], row["box"], np.array(row["matrix"]).reshape(2, 3))
        for row in faces.to_pylist()
        if row["row"] is not None
    ]


def landmark_table(faces: pa.Table, found: Sequence[NDArray[np.float32]]) -> pa.Table:
    """The table `fet_core.tables.LANDMARKS` of the faces that were found, in order."""
    kept = [row for row in faces.to_pylist() if row["row"] is not None]
    return tables.from_rows(
        (
            {"sample_id": row["sample_id"], "row": row["row"], "points": points.ravel()}
            for row, points in zip(kept, found, strict=True)
        ),
        tables.LANDMARKS,
    )


def preview(
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
    for number in spread(landmarks.num_rows, columns * rows):
        row = landmarks.slice(number, 1).to_pylist()[0]
        face = np.broadcast_to(pictures[row["row"]], (*pictures.shape[1:3], 3))
        points = np.array(row["points"], dtype=np.float32).reshape(-1, 2)
        drawn.append(with_points(np.ascontiguousarray(face), points, side))
    return sheet(drawn, columns)
