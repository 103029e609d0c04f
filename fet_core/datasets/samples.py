"""Samples: labelled pictures with their landmarks, training rows also mirrored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from fet_core import tables
from fet_core.errors import UserError
from fet_core.faces.convention import mirror_camera, mirror_gaze, mirror_points


def make_samples(manifest: pa.Table, landmarks: pa.Table, size: int, flip: bool) -> pa.Table:
    """Join labels and landmarks, and add a mirrored row for each of the training side.

    Pictures without an expression label or without a face are left out. No picture is stored
    twice: a mirrored row refers to the same row of faces.npy.

    Args:
        manifest: with the schema `fet_core.tables.MANIFEST`.
        landmarks: with the schema `fet_core.tables.LANDMARKS`.
        size: side of the aligned faces in pixels.
        flip: whether to add the mirrored rows.

    Returns:
        a table with the schema `fet_core.tables.SAMPLES`, ordered by sample_id, straight rows
        first.

    Raises:
        UserError: no labelled picture has landmarks.
    """
    found = {row["sample_id"]: row for row in landmarks.to_pylist()}
    straight: list[dict[str, Any]] = []
    for row in manifest.to_pylist():
        face = found.get(row["sample_id"])
        if face is None or row["expression"] is None:
            continue
        names = ("sample_id", "subject", "sequence", "expression", "gaze", "camera", "split")
        straight.append(
            {name: row[name] for name in names}
            | {"row": face["row"], "points": face["points"], "flipped": False}
        )
    if not straight:
        raise UserError(
            "no picture has both an expression label and a face; look at the tables of rejects of "
            "the stages ingest and align"
        )
    straight.sort(key=lambda row: row["sample_id"])
    mirrored = [_mirror(row, size) for row in straight if row["split"] == "train"] if flip else []
    return tables.from_rows(straight + mirrored, tables.SAMPLES)


def _mirror(row: dict[str, Any], size: int) -> dict[str, Any]:
    points = np.array(row["points"], dtype=np.float32).reshape(-1, 2)
    return row | {
        "flipped": True,
        "points": mirror_points(points, size).ravel(),
        "gaze": mirror_gaze(row["gaze"]),
        "camera": mirror_camera(row["camera"]),
    }
