"""What may stand in the tables between stages: words, ranges, and rows of others that exist."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fet_core.errors import UserError, as_yaml, remedy

EXPRESSIONS = (
    "neutral",
    "happy",
    "sad",
    "surprised",
    "angry",
    "fearful",
    "disgusted",
    "contemptuous",
)
"""The one vocabulary of expressions, in RaFD's words."""

GAZES = ("left", "frontal", "right")

_WORDS: dict[str, tuple[str, ...]] = {
    "expression": EXPRESSIONS,
    "target_expression": EXPRESSIONS,
    "read": EXPRESSIONS,
    "gaze": GAZES,
    "split": ("train", "test"),
    "source": ("raw", "converted"),
}
"""What a column of text may say, by its name."""

_NAMES = ("sample_id", "flipped", "triple", "protocol")
"""What names a row, of those columns that its table has."""

_LARGEST = 1e6
"""No pixel, score or entry of a matrix is larger."""

_BLOCK = 1 << 14


def check(path: Path, table: pa.Table) -> None:
    """Refuse a table with an unknown word, a negative count, a number that is none or a row twice.

    Args:
        path: of its file, for the message.
        table: with one of the schemas of `fet_core.tables`.

    Raises:
        UserError: with the first such place of a column.
    """
    for name in table.column_names:
        # By blocks, as what is looked at takes some times the memory of the column itself.
        for start in range(0, table.num_rows, _BLOCK):
            _check_block(path, name, table[name].slice(start, _BLOCK).combine_chunks(), start)
    if names := [name for name in _NAMES if name in table.column_names]:
        first: dict[tuple[Any, ...], int] = {}
        for row, key in enumerate(zip(*(table[name].to_pylist() for name in names), strict=True)):
            if (other := first.setdefault(key, row)) != row:
                raise refused(path, row, names[0], key[0], f"as row {other} has")


def _check_block(path: Path, name: str, column: pa.Array, start: int) -> None:
    rows, values = _values(column)
    kind = column.type.value_type if pa.types.is_fixed_size_list(column.type) else column.type
    if pa.types.is_string(kind) and name in _WORDS:
        bad, why = ~np.isin(values, _WORDS[name]), f"none of {', '.join(_WORDS[name])}"
    elif pa.types.is_integer(column.type):
        bad, why = values < 0, "which is below 0"
    elif pa.types.is_floating(kind):
        bad, why = ~(np.abs(values) < _LARGEST), "which is no number that can be there"
    else:
        return
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        row = start + int(rows[place])
        raise refused(path, row, name, values[[place]].tolist()[0], why)


def check_numbers(path: Path, table: pa.Table, name: str, count: int, of: str) -> None:
    """Refuse numbers of rows that another file does not have; those below 0 `check` refuses.

    Args:
        path: of the table's file.
        table: whose rows may be null.
        name: of the column with the numbers.
        count: how many rows the other file has.
        of: the other file's name.

    Raises:
        UserError: with the first such row.
    """
    for row, number in enumerate(table[name].to_pylist()):
        if number is not None and number >= count:
            raise refused(path, row, name, number, f"but {of} has {count}")


def check_names(path: Path, table: pa.Table, known: Collection[str], of: str) -> None:
    """Refuse samples that another table does not have.

    Args:
        path: of the table's file.
        table: with a column "sample_id".
        known: the other table's names of samples.
        of: the other file's name.

    Raises:
        UserError: with the first such row.
    """
    for row, name in enumerate(table["sample_id"].to_pylist()):
        if name not in known:
            raise refused(path, row, "sample_id", name, f"which is not in {of}")


def refused(path: Path, row: int, column: str, value: Any, why: str) -> UserError:
    """What is said of a place in a table; rows count from 0, as they do where tables name them."""
    return UserError(
        f'{path} has {as_yaml(value)} as the "{column}" of row {row}, {why}; {remedy(path)} again'
    )


def _values(column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """All values of a column that has no null rows left, those of lists too, and their rows."""
    if pa.types.is_fixed_size_list(column.type):
        rows, values = pc.list_parent_indices(column), pc.list_flatten(column)
        return rows.to_numpy(), values.to_numpy(zero_copy_only=False)
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    return np.flatnonzero(valid), column.drop_null().to_numpy(zero_copy_only=False)
