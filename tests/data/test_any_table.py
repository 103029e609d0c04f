"""Whatever a file holds under a table's name: a table that keeps all rules, or a sentence."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fet_core import tables
from fet_core.contents import EXPRESSIONS, GAZES
from fet_core.data.frames import open_faces
from fet_core.errors import UserError

SCHEMAS = {
    "ingest/manifest": tables.MANIFEST,
    "ingest/rejects": tables.REJECTS,
    "grayscale/frames": tables.FRAMES,
    "align/faces": tables.FACES,
    "landmarks/landmarks": tables.LANDMARKS,
    "augment/samples": tables.SAMPLES,
    "augment/triples": tables.TRIPLES,
    "evaluate/scores": tables.SCORES,
}
WORDS = st.sampled_from((*EXPRESSIONS, *GAZES, "train", "test", "raw", "converted", "a", ""))
OTHERS = [pa.int64(), pa.int8(), pa.float64(), pa.string(), pa.bool_(), pa.list_(pa.float32(), 3)]

many = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


def values(kind: pa.DataType, odd: bool) -> st.SearchStrategy[Any]:
    """Of a type: those that may be there, or any."""
    if pa.types.is_fixed_size_list(kind):
        one, size = values(kind.value_type, odd), kind.list_size
        if not odd:
            return one.map(lambda value: [value] * size)
        return st.tuples(one, one, st.integers(0, size)).map(
            lambda drawn: [drawn[0]] * drawn[2] + [drawn[1]] * (size - drawn[2])
        )
    if pa.types.is_string(kind):
        return WORDS | st.text(max_size=5) if odd else WORDS
    if pa.types.is_boolean(kind):
        return st.booleans()
    if pa.types.is_integer(kind):
        low, high = (-(2**31), 2**31 - 1) if kind.bit_width > 16 else (-100, 100)
        return st.integers(low, high) if odd else st.integers(0, 3)
    width = 32 if kind == pa.float32() else 64
    return st.floats(width=width) if odd else st.floats(0, 1, width=width)


@st.composite
def any_table(draw: st.DrawFn, schema: pa.Schema) -> pa.Table:
    """Up to four rows; one column may be odd, of another type, with empty places, or gone."""
    rows = draw(st.integers(0, 4))
    victim, damage = draw(st.sampled_from(schema.names)), draw(st.sampled_from((0, 1, 2, 3, 3, 4)))
    columns = {}
    for field in schema:
        hit = field.name == victim
        if hit and damage == 1:
            continue
        kind = draw(st.sampled_from(OTHERS)) if hit and damage == 2 else field.type
        value = values(kind, odd=hit and damage == 3)
        if (hit and damage == 4) or field.nullable:
            value = st.none() | value
        columns[field.name] = pa.array([draw(value) for _ in range(rows)], kind)
    return pa.table(columns)


def numbers(value: Any) -> list[Any]:
    return [one for part in value for one in numbers(part)] if isinstance(value, list) else [value]


def assert_named(error: UserError, path: Path) -> None:
    assert str(path) in str(error)
    assert f"fet {path.parent.name}" in str(error)


def check_rules(table: pa.Table, schema: pa.Schema) -> None:
    """The rules, said once more and in another way than `fet_core.contents` has them."""
    assert table.schema.names == schema.names
    for row in table.to_pylist():
        for name, value in row.items():
            assert value is not None or schema.field(name).nullable
            for one in numbers(value):
                if isinstance(one, float):
                    assert math.isfinite(one)
                    assert abs(one) < 1e6
                if isinstance(one, int) and not isinstance(value, list):
                    assert one >= 0
        assert row.get("expression", "happy") in EXPRESSIONS
        assert row.get("split", "train") in ("train", "test")


@pytest.mark.parametrize("name", SCHEMAS)
@many
@given(data=st.data())
def test_any_table(name: str, data: st.DataObject, tmp_path: Path) -> None:
    schema, path = SCHEMAS[name], tmp_path / f"{name}.parquet"
    path.parent.mkdir(exist_ok=True)
    pq.write_table(data.draw(any_table(schema)), path)
    filled = data.draw(st.booleans())
    try:
        table = tables.read(path, schema, filled)
    except UserError as error:
        assert_named(error, path)
        return
    assert table.num_rows or not filled
    check_rules(table, schema)


@many
@given(data=st.data())
def test_any_head_of_an_array(data: st.DataObject, tmp_path: Path) -> None:
    path = tmp_path / "align" / "faces.npy"
    path.parent.mkdir(exist_ok=True)
    np.save(path, np.zeros((2, 8, 8, 3), np.uint8))
    whole = path.read_bytes()
    said = "{'descr': %r, 'fortran_order': %r, 'shape': %r, }"
    kinds = st.sampled_from(["|u1", "<f4", "|O", "<u2", ">U3", "|V5"]) | st.text(max_size=3)
    number = st.integers(-2, 9) | st.sampled_from([10**9, 2**63, 2.0, "2", None, True])
    shape = st.lists(number, max_size=5).map(tuple) | st.just((2, 8, 8, 3))
    head = said % (data.draw(kinds), data.draw(st.booleans() | st.none()), data.draw(shape))
    text = data.draw(st.just(head) | st.text(max_size=60)).encode("latin-1", "replace")
    start = 10
    padded = text[: 128 - start - 1].ljust(128 - start - 1) + b"\n"
    path.write_bytes(whole[:start] + padded + whole[128 : data.draw(st.sampled_from([200, 512]))])
    try:
        faces = open_faces(path)
    except UserError as error:
        assert_named(error, path)
        return
    assert faces.dtype == np.uint8
    assert faces.ndim == 4
    assert faces.nbytes <= path.stat().st_size
    assert int(faces.astype(int).sum()) == 0
