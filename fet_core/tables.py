"""The Arrow schemas of all tables between stages, and reading and writing them checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fet_core.contents import EXPRESSIONS as EXPRESSIONS
from fet_core.contents import GAZES as GAZES
from fet_core.contents import check
from fet_core.errors import UserError, remedy
from fet_core.files import atomic_path, check_file
from fet_core.geometry.landmarks import POINTS as POINTS


def _field(name: str, kind: pa.DataType, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable)


_points = pa.list_(pa.float32(), POINTS * 2)
_matrix = pa.list_(pa.float64(), 6)
_box = pa.list_(pa.int32(), 4)

MANIFEST = pa.schema(
    [
        _field("sample_id", pa.string()),
        _field("dataset", pa.string()),
        _field("subject", pa.string()),
        _field("sequence", pa.string()),
        _field("frame", pa.int32()),
        _field("expression", pa.string(), nullable=True),
        _field("gaze", pa.string()),
        _field("camera", pa.string()),
        _field("path", pa.string()),
        _field("width", pa.int32()),
        _field("height", pa.int32()),
        _field("channels", pa.int32()),
        _field("split", pa.string()),
    ]
)
"""One row a picture. `path` is relative to the raw root, with forward slashes; `camera` is the
angle in degrees as RaFD writes it ("090" is frontal); `channels` is 1 or 3 of the stored picture
with alpha not counted; `split` is "train" or "test"."""

REJECTS = pa.schema(
    [
        _field("dataset", pa.string()),
        _field("stage", pa.string()),
        _field("path", pa.string()),
        _field("reason", pa.string()),
    ]
)
"""One row a picture (or label file) that was left out, and why."""

FRAMES = pa.schema(
    [
        _field("sample_id", pa.string()),
        _field("source", pa.string()),
        _field("path", pa.string()),
        _field("conversion", pa.string()),
    ]
)
"""The file to read for each picture: `source` is "raw" (`path` relative to the raw root) or
"converted" (relative to the grayscale stage's folder); `conversion` says what was done to it."""

FACES = pa.schema(
    [
        _field("sample_id", pa.string()),
        _field("row", pa.int32(), nullable=True),
        _field("matrix", _matrix, nullable=True),
        _field("inverse", _matrix, nullable=True),
        _field("box", _box, nullable=True),
        _field("scale", pa.float32(), nullable=True),
        _field("points", _points, nullable=True),
        _field("reason", pa.string(), nullable=True),
    ]
)
"""One row a picture: its `row` in faces.npy, the 2×3 `matrix` (row by row) from picture pixels to
aligned pixels and its `inverse`, the detector's `box` (left, top, right, bottom), the `scale` at
which the detector found it and the 68 `points` (x0, y0, x1, y1, …), both in picture pixels; or, all
else null, the `reason` of a reject."""

LANDMARKS = pa.schema(
    [
        _field("sample_id", pa.string()),
        _field("row", pa.int32()),
        _field("points", _points),
        _field("mean", _points),
    ]
)
"""68 points (x0, y0, x1, y1, …) in pixels of the aligned face in `row` of faces.npy: dlib's single
reading, and the mean of many."""

SAMPLES = pa.schema(
    [
        _field("sample_id", pa.string()),
        _field("row", pa.int32()),
        _field("flipped", pa.bool_()),
        _field("subject", pa.string()),
        _field("sequence", pa.string()),
        _field("expression", pa.string()),
        _field("gaze", pa.string()),
        _field("camera", pa.string()),
        _field("split", pa.string()),
        _field("points", _points),
        _field("mean", _points),
    ]
)
"""One labelled picture as the models see it. A flipped row has its points, and their mean of many
readings, mirrored and re-indexed, its gaze and camera mirrored too; its picture is `row` read right
to left. Rows of the test side are never flipped."""

TRIPLES = pa.schema(
    [
        _field("triple", pa.int32()),
        _field("source", pa.int32()),
        _field("reference", pa.int32()),
        _field("target", pa.int32()),
        _field("truth", pa.int32()),
        _field("source_subject", pa.string()),
        _field("target_subject", pa.string()),
        _field("expression", pa.string()),
        _field("target_expression", pa.string()),
        _field("split", pa.string()),
    ]
)
"""The fixed test triples: row numbers in samples.parquet of the source (another person with
`expression`), its reference (the same person with `target_expression`), the target and the truth
(the target's person with `expression`)."""

SCORES = pa.schema(
    [
        _field("triple", pa.int32()),
        _field("protocol", pa.string()),
        _field("subject", pa.string()),
        _field("expression", pa.string()),
        _field("ssim", pa.float64()),
        _field("psnr", pa.float64()),
        _field("measurable", pa.bool_()),
        _field("found", pa.bool_()),
        _field("identity", pa.float64(), nullable=True),
        _field("nme", pa.float64(), nullable=True),
        _field("read", pa.string(), nullable=True),
    ]
)
"""What a row of the tables reaches on one triple in one protocol: the target's person `subject`,
the `expression` asked for, whether a face is found on the truth (`measurable`) and on the result
(`found`), the distance of both faces' embeddings (`identity`), the error of the landmarks (`nme`)
and the expression `read` on the result. `identity` and `nme` are null without a face on either
picture, `read` without one on the result."""

READINGS = pa.schema(
    [
        _field("triple", pa.int32()),
        _field("picture", pa.string()),
        _field("points", _points, nullable=True),
        _field("embedding", pa.list_(pa.float32(), 128), nullable=True),
    ]
)
"""What the instruments read on the truth of a test triple, whose bytes have the BLAKE2 digest
`picture` (hexadecimal): 68 `points` in its pixels and the face's `embedding`, both null where no
face is found."""


_BLOCK = 4096  # rows at a time that are Python's objects, of ten times the size


def from_rows(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Build a table of `schema` from mappings; a missing or unknown column is a `ValueError`."""
    names, left = set(schema.names), iter(rows)
    blocks = [pa.Table.from_pylist([], schema=schema)]
    while block := list(islice(left, _BLOCK)):
        for row in block:
            if set(row) != names:
                raise ValueError(f"columns {sorted(set(row) ^ names)} do not belong or are missing")
        blocks.append(pa.Table.from_pylist(block, schema=schema))
    return pa.concat_tables(blocks).combine_chunks()


def to_rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows of a table as mappings, as `to_pylist` gives them, few of them at a time."""
    for block in table.to_batches(max_chunksize=_BLOCK):
        yield from block.to_pylist()


def points(column: pa.ChunkedArray) -> NDArray[np.float32]:
    """Points [N, 68, 2] of a column without empty places."""
    flat = column.combine_chunks().flatten().to_numpy()
    return np.asarray(flat, np.float32).reshape(-1, POINTS, 2)


def write(path: Path, table: pa.Table, schema: pa.Schema) -> None:
    """Write a table, checked against its schema, as Parquet."""
    checked = table.select(schema.names).cast(schema)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        pq.write_table(checked, file, compression="zstd", write_page_checksum=True)


def read(path: Path, schema: pa.Schema, filled: bool = False) -> pa.Table:
    """Read a Parquet table and check that it holds what `schema` says.

    Args:
        path: the file.
        schema: its columns and types.
        filled: whether there must be a row.

    Raises:
        UserError: the file is missing, damaged or no Parquet file, a column is missing or of
            another type, there is no row, or something stands there that cannot (see
            `fet_core.contents`); the message names the file, the row and the column.
    """
    path = Path(path)
    check_file(path, "there is no", f"{remedy(path)} first")
    try:
        # Opened here, as Arrow takes no name that is no text.
        with path.open("rb") as file:
            table = pq.read_table(file, page_checksum_verification=True)
        # In the part of the file that no sum covers a name may be no text any more.
        names = set(table.column_names)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as a Parquet file; {remedy(path)} again") from error
    for field in schema:
        if field.name not in names:
            raise UserError(
                f'{path} has no column "{field.name}", so that it was made by another version; '
                f"{remedy(path)} again"
            )
        kind = table.schema.field(field.name).type
        if not _same(kind, field.type):
            raise UserError(
                f'column "{field.name}" of {path} is {kind} where {field.type} is expected; '
                f"{remedy(path)} again"
            )
        if not field.nullable and table[field.name].null_count:
            raise UserError(
                f'column "{field.name}" of {path} has empty places; {remedy(path)} again'
            )
    if filled and not table.num_rows:
        raise UserError(f"{path} is empty; {remedy(path)} again")
    found = table.select(schema.names).cast(schema)
    check(path, found)
    return found


def _same(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether two types agree; names of list items do not count."""
    if pa.types.is_fixed_size_list(found) and pa.types.is_fixed_size_list(wanted):
        same_size = found.list_size == wanted.list_size
        return bool(same_size and found.value_type == wanted.value_type)
    return bool(found == wanted)
