"""Trials with damaged tables and arrays between stages: the stages that read them run on them."""

from __future__ import annotations

import math
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from trials import places
from trials.commands import begin, finish, judged
from trials.damage import Rng, harm, odd_file
from trials.engine import MIB, RESULT, Kind, Limits, Wrong, note

READ_BY = {
    "ingest/manifest.parquet": ("grayscale", "augment"),
    "grayscale/frames.parquet": ("align", "landmarks"),
    "align/faces.parquet": ("landmarks",),
    "landmarks/landmarks.parquet": ("augment",),
    "augment/samples.parquet": ("truths", "train-fusion", "train-transfer", "evaluate"),
    "augment/triples.parquet": ("truths", "train-fusion", "train-transfer", "evaluate"),
    "truths/readings.parquet": ("evaluate",),
    "augment/kind.json": ("train-fusion",),
}
"""Files between stages, and who reads each."""

FACES_BY = ("augment", "landmarks", "truths", "train-fusion", "train-transfer", "evaluate")


def _prepare(folder: Path) -> places.Place:
    return places.shared(folder)


def _trial_table(place: places.Place, rng: Rng, folder: Path) -> str:
    name = str(rng.choice(list(READ_BY)))
    stage = str(rng.choice(READ_BY[name]))
    path = places.copied(place, stage, folder) / name
    how = rng.random()
    invalid = False
    if how < 0.05:
        said = odd_file(path, rng)
        invalid = True
    elif how < 0.4 or path.suffix != ".parquet":
        content, said = harm(path.read_bytes(), rng)
        path.write_bytes(content)
    else:
        table, said, invalid = _changed(pq.read_table(path), rng)
        pq.write_table(table, path)
    note(f"{name} for {stage}: {said}")
    return _run(place, stage, folder, said if invalid else "")


def _run(place: places.Place, stage: str, folder: Path, invalid: str) -> str:
    """Run a stage on damaged inputs.

    Args:
        place: with what it makes of sound ones.
        stage: its name.
        folder: with the damaged inputs.
        invalid: the damage, where nobody may take it for another sound input.
    """
    out = folder / "out"
    before = set(folder.rglob("*"))
    done = finish(begin(*places.line(place, stage, folder / "data", out)))
    found = judged(done, stage)
    beside = set(folder.rglob("*")) - before
    if strange := [path for path in beside if not path.is_relative_to(out)]:
        raise Wrong("silent", f"{stage} wrote outside of its folder: {strange[0]}")
    if found == RESULT:
        _finite(out, stage)
        if invalid:
            places.compare(places.digests(out), place.made[stage], f"{stage} took it and")
    return found


def _finite(out: Path, stage: str) -> None:
    """Raise `Wrong` where a table or weights hold what is no number."""
    from safetensors.numpy import load_file

    for path in out.rglob("*.parquet"):
        for name, column in zip((t := pq.read_table(path)).column_names, t.columns, strict=True):
            flat = column.combine_chunks().drop_null()
            while pa.types.is_fixed_size_list(flat.type):
                flat = flat.flatten()
            if pa.types.is_floating(flat.type) and not np.isfinite(flat.to_numpy()).all():
                raise Wrong("silent", f"{stage} wrote numbers that are none: {path.name}, {name}")
    for path in out.rglob("*.safetensors"):
        if not all(np.isfinite(value).all() for value in load_file(path).values()):
            raise Wrong("silent", f"{stage} wrote weights that are no numbers: {path.name}")


def _changed(table: pa.Table, rng: Rng) -> tuple[pa.Table, str, bool]:
    """A table with other content; the change in words; whether it cannot be a sound table."""
    rows = table.to_pylist()
    how = str(rng.choice(["value", "value", "value", "type", "column", "rows", "double", "path"]))
    name = str(rng.choice(table.column_names))
    if how == "value":
        return _with_value(table, rows, name, rng)
    if how == "type":
        kind = [pa.string(), pa.float64(), pa.int64(), pa.bool_(), pa.binary()][rng.integers(5)]
        column = pa.nulls(len(table), kind)
        at = table.column_names.index(name)
        return table.set_column(at, name, column), f"{name} is {kind}, all null", False
    if how == "column":
        return table.drop_columns([name]), f"no column {name}", True
    if how == "rows":
        kept = int(rng.choice([0, 1, 2]))
        return table.slice(0, kept), f"{kept} rows alone", kept == 0
    if how == "double":
        return pa.concat_tables([table, table.slice(0, 1)]), "the first row twice", True
    texts = [n for n in table.column_names if pa.types.is_string(table.schema.field(n).type)]
    name = "path" if "path" in texts else str(rng.choice(texts or ["sample_id"]))
    if name not in texts:
        return table, "nothing", False
    row, value = int(rng.integers(len(rows))), str(rng.choice(_PATHS))
    rows[row][name] = value
    return pa.Table.from_pylist(rows, table.schema), f"{name} of row {row} is {value!r}", False


_PATHS = ("../../outside", "/etc/passwd", "..", "", ".", "a/../../b", "x\0y", "~/x", "x" * 5000)

_NUMBERS: tuple[float, ...] = (-1, -(2**31), 2**31 - 1, 9999, math.nan, math.inf, 1e30, -1e30)


def _with_value(
    table: pa.Table, rows: list[dict[str, Any]], name: str, rng: Rng
) -> tuple[pa.Table, str, bool]:
    row = int(rng.integers(len(rows)))
    kind, old = table.schema.field(name).type, rows[row][name]
    if old is None:
        return table, "nothing", False
    value = float(rng.choice(_NUMBERS))
    listed = isinstance(old, list)
    inner = kind.value_type if listed else kind
    if pa.types.is_floating(inner) or pa.types.is_integer(inner):
        if pa.types.is_integer(inner):
            value = int(value) if math.isfinite(value) and abs(value) < 2**31 else -1
        if listed:
            place = int(rng.integers(len(old)))
            rows[row][name] = [*old[:place], value, *old[place + 1 :]]
        else:
            rows[row][name] = value
        made = pa.Table.from_pylist(rows, table.schema)
        # A frame's number may be any, and a point or a box may lie far out.
        free = name in ("frame", "triple", "box") or (
            pa.types.is_floating(inner) and abs(value) < 1e6
        )
        return made, f"{name} of row {row} is {value}", not free
    if pa.types.is_boolean(kind):
        rows[row][name] = not old
        return pa.Table.from_pylist(rows, table.schema), f"{name} of row {row} turned", False
    text = str(rng.choice(["", "nobody", "tset", "Ω" * 300, "train"]))
    rows[row][name] = text
    about = f"{name} of row {row} is {text[:20]!r}"
    known = name in ("expression", "split", "source", "target_expression") and text != "train"
    return pa.Table.from_pylist(rows, table.schema), about, known


class Opened:
    """What runs code where somebody unpickles it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("ran-code",)


def _header(descr: str, order: str, shape: str, version: tuple[int, int] = (1, 0)) -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"
    width = 2 if version == (1, 0) else 4
    text += " " * (-(len(text) + 7 + width) % 64) + "\n"
    size = len(text).to_bytes(width, "little")
    return b"\x93NUMPY" + bytes(version) + size + text.encode("utf-8")


def _arrays(path: Path, rng: Rng) -> tuple[str, bool]:
    """Damage faces.npy; the damage in words, and whether nobody may take it for sound."""
    faces = np.load(path)
    n, side, _, channels = faces.shape
    shape = f"({n}, {side}, {side}, {channels})"
    body = faces.tobytes()

    def write(said: str, descr: str, order: str, form: str, content: bytes = body) -> str:
        version = ((1, 0), (1, 0), (2, 0), (3, 0))[rng.integers(4)]
        path.write_bytes(_header(descr, order, form, version) + content)
        return said

    ways: list[Callable[[], tuple[str, bool]]] = [
        lambda: (write("objects", "'|O'", "False", "(1,)", pickle.dumps([Opened()])), True),
        lambda: (write("code", "__import__('os').mkdir('ran-code')", "False", shape), True),
        lambda: (
            write("in Fortran's order", "'|u1'", "True", shape, faces.tobytes(order="F")),
            True,
        ),
        lambda: (write("a huge shape", "'|u1'", "False", f"({10**12}, {side}, {side}, 3)"), True),
        lambda: (write("a huger shape", "'|u1'", "False", f"({2**63}, 2, 2, 3)"), True),
        lambda: (write("a negative shape", "'|u1'", "False", f"(-1, {side}, {side}, 3)"), True),
        lambda: (write("no shape", "'|u1'", "False", "()"), True),
        lambda: (write("text for a shape", "'|u1'", "False", "'12'"), True),
        lambda: (write("no faces", "'|u1'", "False", f"(0, {side}, {side}, 3)", b""), True),
        lambda: (write("one face", "'|u1'", "False", f"(1, {side}, {side}, 3)"), True),
        lambda: (write("faces of no size", "'|u1'", "False", f"({n}, 0, 0, 3)", b""), True),
        lambda: (write("two channels", "'|u1'", "False", f"({n}, {side}, {side}, 2)"), True),
        lambda: (write("no squares", "'|u1'", "False", f"({n}, {side // 2}, {side}, 3)"), True),
        lambda: (write("signed bytes", "'|i1'", "False", shape), True),
        lambda: (write("floats", "'<f4'", "False", f"({n // 4}, {side}, {side}, 3)"), True),
        lambda: (write("deep header", f"{'[' * 900}{']' * 900}", "False", shape), True),
        lambda: (write("cut", "'|u1'", "False", shape, body[: len(body) // 2]), True),
        lambda: (write("more than it says", "'|u1'", "False", shape, body + b"\0" * 99), True),
        lambda: (odd_file(path, rng), True),
    ]
    if rng.random() < 0.35:
        content, said = harm(path.read_bytes()[:256], rng)
        path.write_bytes(content + path.read_bytes()[256:])
        return f"header: {said}", False
    return ways[rng.integers(len(ways))]()


def _trial_array(place: places.Place, rng: Rng, folder: Path) -> str:
    stage = str(rng.choice(FACES_BY))
    path = places.copied(place, stage, folder) / "align" / "faces.npy"
    said, invalid = _arrays(path, rng)
    note(f"faces.npy for {stage}: {said}")
    return _run(place, stage, folder, said if invalid else "")


TABLES = Kind(
    "tables",
    "a damaged table between stages, for a stage that reads it",
    1.0,
    _prepare,
    _trial_table,
    Limits(60, 1024 * MIB),
)
ARRAYS = Kind(
    "arrays",
    "a damaged `faces.npy`, for a stage that reads it",
    0.5,
    _prepare,
    _trial_array,
    Limits(60, 1024 * MIB),
)
