"""Tables between stages: they come back as written, and what does not fit is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fet_core import tables
from fet_core.contents import check
from fet_core.errors import UserError

SCHEMAS = ("MANIFEST", "REJECTS", "FRAMES", "FACES", "LANDMARKS", "SAMPLES", "TRIPLES")
SCHEMAS += ("SCORES", "READINGS")

FRAME = {"sample_id": "S001 é", "source": "raw", "path": "a b/ü.png", "conversion": ""}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "frames.parquet"


def frames(**changes: pa.Array) -> pa.Table:
    columns = {name: pa.array([value]) for name, value in FRAME.items()}
    return pa.table(columns | changes)


def test_rows_come_back(path: Path) -> None:
    tables.write(path, tables.from_rows([FRAME], tables.FRAMES), tables.FRAMES)
    assert tables.read(path, tables.FRAMES).to_pylist() == [FRAME]


def test_points_come_back_bit_for_bit(
    tmp_path: Path, sample_table: Callable[..., pa.Table]
) -> None:
    samples = sample_table(flip=True)
    tables.write(tmp_path / "samples.parquet", samples, tables.SAMPLES)
    assert tables.read(tmp_path / "samples.parquet", tables.SAMPLES).equals(samples)


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_empty_table_of_each_schema(path: Path, name: str) -> None:
    schema = getattr(tables, name)
    tables.write(path, tables.from_rows([], schema), schema)
    found = tables.read(path, schema)
    assert found.num_rows == 0
    assert found.schema.names == schema.names


def test_nulls_and_more_columns(tmp_path: Path) -> None:
    row = dict.fromkeys(tables.FACES.names) | {"sample_id": "a", "reason": "no face found"}
    table = tables.from_rows([row], tables.FACES).append_column("more", pa.array([1]))
    pq.write_table(table, tmp_path / "faces.parquet")
    assert tables.read(tmp_path / "faces.parquet", tables.FACES).to_pylist() == [row]


@pytest.mark.parametrize("column", sorted(FRAME))
def test_a_missing_column_is_named(path: Path, column: str) -> None:
    pq.write_table(frames().drop_columns([column]), path)
    with pytest.raises(UserError, match=rf'frames\.parquet has no column "{column}"'):
        tables.read(path, tables.FRAMES)


def test_a_column_of_another_type_is_named(path: Path) -> None:
    pq.write_table(frames(source=pa.array([3])), path)
    with pytest.raises(UserError, match=r'column "source" of .* is int64 where string'):
        tables.read(path, tables.FRAMES)


@pytest.mark.parametrize("count", [134, 138])
def test_another_number_of_points_is_named(tmp_path: Path, count: int) -> None:
    points = pa.array([[0.0] * count], pa.list_(pa.float32(), count))
    table = pa.table({"sample_id": ["a"], "row": pa.array([0], pa.int32()), "points": points})
    pq.write_table(table, tmp_path / "landmarks.parquet")
    with pytest.raises(UserError, match=r'column "points"'):
        tables.read(tmp_path / "landmarks.parquet", tables.LANDMARKS)


def test_a_null_where_none_may_be(path: Path) -> None:
    pq.write_table(frames(path=pa.array([None], pa.string())), path)
    with pytest.raises(UserError, match=r'column "path"'):
        tables.read(path, tables.FRAMES)


@pytest.mark.parametrize("kept", [0, 3, 100, -1])
def test_a_truncated_file(path: Path, kept: int) -> None:
    pq.write_table(frames(), path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"frames\.parquet cannot be read as a Parquet file"):
        tables.read(path, tables.FRAMES)


def test_a_damaged_byte_is_a_sentence_or_changes_nothing(
    path: Path, sample_table: Callable[..., pa.Table]
) -> None:
    samples = sample_table()
    tables.write(path, samples, tables.SAMPLES)
    whole = path.read_bytes()
    for place in range(0, len(whole), 37):
        damaged = bytearray(whole)
        damaged[place] ^= 128
        path.write_bytes(damaged)
        try:
            assert tables.read(path, tables.SAMPLES).equals(samples)
        except UserError as error:
            assert "frames.parquet" in str(error)  # noqa: PT017 - either will do


def test_the_same_table_is_the_same_bytes(
    tmp_path: Path, sample_table: Callable[..., pa.Table]
) -> None:
    written = []
    for name in ("a", "b"):
        tables.write(tmp_path / name, sample_table(), tables.SAMPLES)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


def test_a_table_that_an_older_version_wrote_is_read(path: Path) -> None:
    pq.write_table(frames(), path, compression="zstd")
    assert tables.read(path, tables.FRAMES).to_pylist() == [FRAME]


def test_a_word_that_nobody_knows_is_named_with_its_row(path: Path) -> None:
    rows = [FRAME, FRAME | {"source": "cooked"}]
    tables.write(path, tables.from_rows(rows, tables.FRAMES), tables.FRAMES)
    with pytest.raises(UserError, match='has "cooked" as the "source" of row 1, none of raw, con'):
        tables.read(path, tables.FRAMES)


@pytest.mark.parametrize("name", [name for name in SCHEMAS if name != "REJECTS"])
def test_a_row_that_is_there_twice(path: Path, name: str) -> None:
    names = getattr(tables, name).names
    row = dict.fromkeys(names) | {"flipped": False, "protocol": "oracle"}
    row |= {"sample_id": "a", "triple": 5}
    said = '"a" as the "sample_id"' if "sample_id" in names else '5 as the "triple"'
    with pytest.raises(UserError, match=f"has {said} of row 1, as row 0 has; run the stage"):
        check(path, pa.Table.from_pylist([row] * 2).select(names))


def test_a_sample_and_its_mirror_image(
    tmp_path: Path, sample_table: Callable[..., pa.Table]
) -> None:
    samples = sample_table(flip=True)
    assert len({*samples["sample_id"].to_pylist()}) < samples.num_rows
    check(tmp_path, samples)


def test_a_row_where_one_is_needed(path: Path) -> None:
    tables.write(path, tables.from_rows([], tables.FRAMES), tables.FRAMES)
    with pytest.raises(UserError, match=r"frames\.parquet is empty; run the stage that makes it"):
        tables.read(path, tables.FRAMES, filled=True)


def test_a_missing_file(path: Path) -> None:
    with pytest.raises(UserError, match=r"no .*frames\.parquet; run the stage that"):
        tables.read(path, tables.FRAMES)


@pytest.mark.parametrize("row", [{**FRAME, "more": 1}, {"sample_id": "a"}])
def test_rows_that_do_not_fit_are_a_programmers_mistake(row: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="columns"):
        tables.from_rows([row], tables.FRAMES)


def test_tables_of_many_rows_are_those_of_few_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are built, read again and checked some at a time."""
    rows = [FRAME | {"sample_id": f"s{number}"} for number in range(7)]
    whole = tables.from_rows(rows, tables.FRAMES)
    monkeypatch.setattr(tables, "_BLOCK", 3)
    table = tables.from_rows(iter(rows), tables.FRAMES)
    assert table.equals(whole)
    assert table["path"].num_chunks == 1
    assert list(tables.to_rows(table)) == rows
    with pytest.raises(ValueError, match="path"):
        tables.from_rows([*rows, {"sample_id": "s7"}], tables.FRAMES)


@pytest.mark.parametrize("bad", [0, 4, 6])
def test_what_cannot_be_is_found_in_any_block(
    bad: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = [np.full(136, number, np.float32) for number in range(7)]
    points[bad][135] = np.nan
    rows = [
        {"sample_id": f"s{number}", "row": number, "points": one, "mean": np.zeros(136)}
        for number, one in enumerate(points)
    ]
    path = tmp_path / "landmarks.parquet"
    tables.write(path, tables.from_rows(rows, tables.LANDMARKS), tables.LANDMARKS)
    monkeypatch.setattr("fet_core.contents._BLOCK", 3)
    with pytest.raises(UserError, match=rf'has \.nan as the "points" of row {bad},'):
        tables.read(path, tables.LANDMARKS)
