"""Tables of samples from the few columns that a test is about."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from fet_core import tables

POINTS = [0.0] * (tables.POINTS * 2)


def samples(rows: list[dict[str, Any]], split: str) -> pa.Table:
    """Rows of (subject, expression) and what else is of interest, all on one side of the split."""
    default = {"row": 0, "flipped": False, "sequence": "", "gaze": "frontal", "camera": "090"}
    default |= {"split": split, "points": POINTS, "mean": POINTS}
    full = [{"sample_id": f"id{number}"} | default | row for number, row in enumerate(rows)]
    return tables.from_rows(full, tables.SAMPLES)
