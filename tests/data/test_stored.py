"""Tables whose contents cannot be: refused where they are opened, by file, row and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fet_core import tables
from fet_core.data.frames import open_faces, write_faces
from fet_core.data.samples import fixed_triples
from fet_core.data.stored import read_faces, read_landmarks, read_samples
from fet_core.errors import UserError
from fet_core.paramsfile import load
from fet_core.recipes.base import open_inputs

TOP = Path(__file__).resolve().parents[2]
SIDE = 32


@pytest.fixture
def folder(sample_table: Callable[..., pa.Table], tmp_path: Path) -> Path:
    """Stage outputs of four training and three test people."""
    samples = sample_table(people=7, test=(4, 5, 6))
    tables.write(tmp_path / "augment" / "samples.parquet", samples, tables.SAMPLES)
    triples = fixed_triples(samples, 0, 1, None, False)
    tables.write(tmp_path / "augment" / "triples.parquet", triples, tables.TRIPLES)
    faces = np.zeros((samples.num_rows, SIDE, SIDE, 3), np.uint8)
    write_faces(tmp_path / "align" / "faces.npy", faces)
    return tmp_path


def change(path: Path, schema: pa.Schema, which: int | slice, **values: Any) -> None:
    """Put other values into rows of a table on disk."""
    rows = tables.read(path, schema).to_pylist()
    for one in rows[which] if isinstance(which, slice) else [rows[which]]:
        one |= {k: v(one[k]) if callable(v) else v for k, v in values.items()}
    tables.write(path, tables.from_rows(rows, schema), schema)


def test_what_the_stages_wrote_is_read(folder: Path) -> None:
    samples, triples = read_samples(folder)
    assert (samples.num_rows, triples.num_rows) == (21, 18)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("row", -1, 'has -1 as the "row" of row 3, which is below 0'),
        ("row", 21, 'has 21 as the "row" of row 3, but faces.npy has 21'),
        ("points", lambda old: [float("nan"), *old[1:]], 'has .nan as the "points" of row 3'),
        ("mean", lambda old: [*old[:-1], float("inf")], 'has .inf as the "mean" of row 3'),
        ("points", lambda old: [*old[:-1], -1e30], 'as the "points" of row 3'),
        ("expression", "smug", 'has "smug" as the "expression" of row 3, none of neutral, happy'),
        ("gaze", "up", 'has "up" as the "gaze" of row 3, none of left'),
        ("split", "validation", 'has "validation" as the "split" of row 3, none of train, test'),
    ],
)
def test_a_sample_that_cannot_be(folder: Path, column: str, value: Any, said: str) -> None:
    path = folder / "augment" / "samples.parquet"
    change(path, tables.SAMPLES, 3, **{column: value})
    with pytest.raises(UserError) as error:
        read_samples(folder)
    assert str(error.value).startswith(f"{path} has ")
    assert said in str(error.value)
    assert str(error.value).endswith("; run `fet augment` again")


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("truth", -3, 'has -3 as the "truth" of row 2, which is below 0'),
        ("truth", 21, 'has 21 as the "truth" of row 2, but samples.parquet has 21'),
        ("source", 0, 'has 0 as the "source" of row 2, which is p0, '),
        ("expression", "smug", 'has "smug" as the "expression" of row 2, none of'),
        ("target_expression", "angry", "in samples.parquet where it is p"),
        ("source_subject", "p0", "in samples.parquet where it is p0"),
    ],
)
def test_a_triple_that_cannot_be(folder: Path, column: str, value: Any, said: str) -> None:
    path = folder / "augment" / "triples.parquet"
    change(path, tables.TRIPLES, 2, **{column: value})
    with pytest.raises(UserError) as error:
        read_samples(folder)
    assert str(error.value).startswith(f"{path} has ")
    assert said in str(error.value)


def test_an_expression_that_nobody_knows_is_no_endless_loop(folder: Path) -> None:
    change(folder / "augment" / "triples.parquet", tables.TRIPLES, slice(None), expression="smug")
    with pytest.raises(UserError, match='"smug" as the "expression" of row 0'):
        open_inputs(folder, load(TOP / "params.yaml"), "rafd", "cpu")


def test_triples_without_a_test_side(folder: Path) -> None:
    change(folder / "augment" / "samples.parquet", tables.SAMPLES, slice(None), split="train")
    with pytest.raises(UserError, match=r"of row 0, which is not of the test side in samples"):
        read_samples(folder)


@pytest.mark.parametrize("name", ["samples", "triples"])
def test_a_table_without_rows(folder: Path, name: str) -> None:
    path, schema = folder / "augment" / f"{name}.parquet", getattr(tables, name.upper())
    tables.write(path, tables.from_rows([], schema), schema)
    with pytest.raises(UserError, match=rf"{name}\.parquet is empty.* run `.*` again"):
        read_samples(folder)


@pytest.mark.parametrize(
    "shape", [(21, SIDE, SIDE + 1, 3), (21, SIDE, SIDE, 2), (21, SIDE, SIDE), (0, SIDE, SIDE, 3)]
)
def test_faces_that_are_none(folder: Path, shape: tuple[int, ...]) -> None:
    np.save(folder / "align" / "faces.npy", np.zeros(shape, np.uint8))
    with pytest.raises(UserError, match=r"faces\.npy holds .*; run `fet align` again"):
        read_samples(folder)


def test_every_damaged_byte_of_the_head_of_the_faces_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "faces.npy"
    write_faces(path, np.zeros((3, SIDE, SIDE, 3), np.uint8))
    whole = path.read_bytes()
    for place in range(128):
        for bit in (1, 16, 128):
            damaged = bytearray(whole)
            damaged[place] ^= bit
            path.write_bytes(damaged)
            with pytest.raises(UserError, match=r"faces\.npy .* again"):
                open_faces(path)


def faces_table(folder: Path, **changes: Any) -> Path:
    """The table of one face and one reject."""
    none = dict.fromkeys(tables.FACES.names)
    face = {"sample_id": "a", "row": 0, "matrix": [0.0] * 6, "inverse": [0.0] * 6}
    face |= {"box": [-3, 0, 9, 9], "scale": 1.0, "points": [0.0] * 136}
    rows = [none | {"sample_id": "b", "reason": "no face found"}, none | face | changes]
    path = folder / "align" / "faces.parquet"
    tables.write(path, tables.from_rows(rows, tables.FACES), tables.FACES)
    return path


def test_the_table_of_faces(folder: Path) -> None:
    faces_table(folder)
    assert read_faces(folder / "align", {"a", "b"}).num_rows == 2
    with pytest.raises(UserError, match='has "b" as the "sample_id" of row 0, which is not in fr'):
        read_faces(folder / "align", {"a"})


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("row", 21, "but faces.npy has 21"),
        ("row", -1, "which is below 0"),
        ("points", None, 'has empty as the "points" of row 1, although it has a face'),
        ("box", None, "although it has a face"),
        ("matrix", [0.0] * 5 + [float("nan")], 'has .nan as the "matrix" of row 1'),
        ("scale", float("nan"), 'has .nan as the "scale" of row 1'),
    ],
)
def test_a_face_that_cannot_be(folder: Path, column: str, value: Any, said: str) -> None:
    path = faces_table(folder, **{column: value})
    with pytest.raises(UserError) as error:
        read_faces(folder / "align", {"a", "b"})
    assert str(error.value).startswith(f"{path} has ")
    assert said in str(error.value)


def test_landmarks_of_other_pictures_or_faces(folder: Path) -> None:
    row = {"sample_id": "a", "row": 4, "points": [0.0] * 136, "mean": [0.0] * 136}
    path = folder / "landmarks" / "landmarks.parquet"
    tables.write(path, tables.from_rows([row], tables.LANDMARKS), tables.LANDMARKS)
    assert read_landmarks(folder / "landmarks", 5, {"a"}).num_rows == 1
    with pytest.raises(UserError, match=r'has 4 as the "row" of row 0, but faces\.npy has 4'):
        read_landmarks(folder / "landmarks", 4, {"a"})
    with pytest.raises(UserError, match='has "a" as the "sample_id" of row 0, which is not in man'):
        read_landmarks(folder / "landmarks", 5, {"b"})
