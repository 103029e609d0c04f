"""Samples with landmarks that were read again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fet_core import tables
from fet_core.faces.convention import mirror_points


def with_points(samples: pa.Table, found: Sequence[NDArray[np.float32]], size: int) -> pa.Table:
    """The same samples with other landmarks, mirrored where a row is.

    Args:
        samples: with the schema `fet_core.tables.SAMPLES`.
        found: [68, 2] of each picture in the order of faces.npy, pixels of the aligned face.
        size: side of the aligned faces in pixels.
    """
    return tables.from_rows(
        (
            row
            | {
                "points": (
                    mirror_points(found[row["row"]], size) if row["flipped"] else found[row["row"]]
                ).ravel()
            }
            for row in samples.to_pylist()
        ),
        tables.SAMPLES,
    )
