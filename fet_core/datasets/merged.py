"""Several data sets as one: their faces, samples and test triples behind each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fet_core import tables
from fet_core.errors import UserError


def merged_faces(faces: Mapping[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """The pictures of all sets, in colour: grey ones have three equal channels.

    Args:
        faces: [N, S, S, C] of each set by its name.

    Returns:
        [N, S, S, 3] uint8, set after set.

    Raises:
        UserError: the sets have pictures of different sizes.
    """
    sizes = {name: array.shape[1] for name, array in faces.items()}
    if len(set(sizes.values())) > 1:
        said = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise UserError(
            f"the data sets are aligned at different sizes ({said}); align them with one params "
            "file"
        )
    return np.concatenate(
        [np.repeat(a, 3, axis=3) if a.shape[3] == 1 else np.asarray(a) for a in faces.values()]
    )


def merged_samples(samples: Mapping[str, pa.Table], pictures: Sequence[int]) -> pa.Table:
    """The samples of all sets; names of samples and subjects begin with that of their set.

    Args:
        samples: with the schema `fet_core.tables.SAMPLES`, by the name of the set.
        pictures: how many faces each set has.
    """
    rows, offset = [], 0
    for (name, table), count in zip(samples.items(), pictures, strict=True):
        for row in table.to_pylist():
            named = {key: f"{name}/{row[key]}" for key in ("sample_id", "subject", "sequence")}
            rows.append(row | named | {"row": row["row"] + offset})
        offset += count
    return tables.from_rows(rows, tables.SAMPLES)


def merged_pairs(pairs: Mapping[str, pa.Table], samples: Sequence[int]) -> pa.Table:
    """The test triples of all sets; none mixes two sets.

    Args:
        pairs: with the schema `fet_core.tables.PAIRS`, by the name of the set.
        samples: how many rows of samples each set has.
    """
    rows: list[dict[str, object]] = []
    offset = 0
    for (name, table), count in zip(pairs.items(), samples, strict=True):
        for row in table.to_pylist():
            moved = {k: row[k] + offset for k in ("source", "reference", "target", "truth")}
            named = {k: f"{name}/{row[k]}" for k in ("source_subject", "target_subject")}
            rows.append(row | moved | named | {"pair_id": len(rows)})
        offset += count
    return tables.from_rows(rows, tables.PAIRS)
