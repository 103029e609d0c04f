"""Accounts of behaviour: a folder of outputs in a few numbers, and whether two accounts agree."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.files import atomic_path, sha256

if TYPE_CHECKING:
    import pyarrow as pa

TOLERANCE = 3e-4
"""Relative difference of two numbers that is taken for another processor's rounding."""

_ABSOLUTE = 5e-6
_DIGITS = 8
_PARTS = 8

Account = dict[str, Any]
"""What was done: nested mappings of texts, numbers and lists of numbers, JSON-ready."""


def account(folder: Path) -> Account:
    """What a stage wrote, by file: few numbers of each that any change of its content moves.

    Text, whole numbers and the order of rows count exactly; measured numbers count as their mean,
    their spread and the means of their eight parts, so that `differences` can forgive rounding.

    Args:
        folder: of the outputs, in which every file counts.

    Returns:
        an account by path below the folder.
    """
    found: Account = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[path.relative_to(folder).as_posix()] = _READERS.get(path.suffix, _bytes)(path)
    return found


def differences(old: Any, new: Any, place: str = "") -> list[str]:
    """The places at which two accounts differ by more than rounding.

    Args:
        old: an account or a part of one.
        new: the same.
        place: where it stands, for the answer.

    Returns:
        dotted places with both values, empty where the accounts agree.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        found = [f"{place}.{key}: only on one side" for key in sorted(old.keys() ^ new.keys())]
        for key in sorted(old.keys() & new.keys()):
            found += differences(old[key], new[key], f"{place}.{key}" if place else key)
        return found
    if _numbers(old) and _numbers(new) and len(_listed(old)) == len(_listed(new)):
        one, two = _listed(old), _listed(new)
        reach = _ABSOLUTE + TOLERANCE * max(max(map(abs, one)), max(map(abs, two)))
        agree = all(abs(a - b) <= reach or a == b for a, b in zip(one, two, strict=True))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        return [each for n, (a, b) in pairs for each in differences(a, b, f"{place}.{n}")]
    else:
        agree = old == new
    return [] if agree else [f"{place}: {_short(old)} -> {_short(new)}"]


def keep(path: Path, new: Account) -> list[str]:
    """Write an account, unless the file has one that agrees with it: then not a byte changes.

    Args:
        path: of the JSON file.
        new: what was found now.

    Returns:
        what differs; the file's own name where there was none.

    Raises:
        UserError: the file is damaged.
    """
    told = [path.name]
    if path.is_file():
        try:
            old = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise UserError(f"{path} is damaged; delete it and run `fet probe`") from error
        told = differences(old, json.loads(json.dumps(new)))
    if told:
        with atomic_path(path) as temporary:
            text = json.dumps(new, indent=1, sort_keys=True, ensure_ascii=False)
            temporary.write_text(_on_one_line(text) + "\n", encoding="utf-8")
    return told


def behaviour(part: str) -> str:
    """What is noted of a part of the code, as a digest; the version where nothing is.

    A clone of the project has the notes, an installed package has not.
    """
    from importlib.metadata import version

    noted = Path(__file__).resolve().parents[1] / "probes" / f"{part}.json"
    return sha256(noted) if noted.is_file() else version("fet")


def numbers(values: NDArray[Any]) -> list[float]:
    """Mean, spread and the weighted means of eight parts of an array; one that is empty has none.

    The weights vary from place to place, so that two values that change places are noticed.
    """
    flat = np.asarray(values, np.float64).ravel()
    if not flat.size:
        return []
    weighted = flat * (1 + 0.5 * np.cos(np.arange(flat.size) * 2.399963))
    parts = [part.mean() for part in np.array_split(weighted, min(_PARTS, flat.size))]
    return [_rounded(float(value)) for value in (flat.mean(), flat.std(), *parts)]


def digest(content: Any) -> str:
    """Twelve hexadecimal digits of anything JSON-ready, exactly."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _json(path: Path) -> Any:
    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [plain(inner) for inner in value]
        return _rounded(value) if isinstance(value, float) else value

    return plain(json.loads(path.read_text(encoding="utf-8")))


def _parquet(path: Path) -> Account:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    schema = [f"{field.name}: {field.type}{' ?' * field.nullable}" for field in table.schema]
    columns = {name: _column(table[name]) for name in table.column_names}
    return {"rows": table.num_rows, "schema": digest(schema)} | columns


def _column(column: pa.ChunkedArray) -> Any:
    import pyarrow as pa

    kind = column.type
    inner = kind.value_type if pa.types.is_fixed_size_list(kind) else kind
    measured = pa.types.is_floating(inner) or inner is not kind
    if not measured:
        return digest(column.to_pylist())
    there = column.combine_chunks().drop_null()
    flat = there.flatten() if inner is not kind else there
    return {"null": digest(column.is_null().to_pylist()), "values": numbers(flat.to_numpy())}


def _array(path: Path) -> Account:
    found = np.load(path, allow_pickle=False)
    return {"form": f"{found.dtype} {list(found.shape)}", "values": numbers(found)}


def _picture(path: Path) -> Account:
    from PIL import Image

    with Image.open(path) as image:
        found = np.asarray(image)
    return {"form": f"{found.dtype} {list(found.shape)}", "values": numbers(found)}


def _weights(path: Path) -> Account:
    from safetensors import safe_open

    with safe_open(str(path), framework="np") as file:
        header, names = file.metadata(), list(file.keys())
        found = {name: file.get_tensor(name) for name in sorted(names)}
    parts: dict[str, list[NDArray[Any]]] = {}
    for name, value in found.items():
        parts.setdefault(name.split(".")[0], []).append(np.asarray(value, np.float64).ravel())
    forms = {name: f"{value.dtype} {list(value.shape)}" for name, value in found.items()}
    values = {name: numbers(np.concatenate(part)) for name, part in parts.items()}
    return {"header": digest(header), "form": digest(forms), "values": values}


def _table(path: Path) -> Account:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {name: [_number(row[name]) for row in rows] for name in (rows[0] if rows else {})}


def _bytes(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


_READERS = {
    ".json": _json,
    ".parquet": _parquet,
    ".npy": _array,
    ".png": _picture,
    ".safetensors": _weights,
    ".tsv": _table,
}


def _number(text: str) -> Any:
    try:
        return _rounded(float(text))
    except ValueError:
        return text


def _rounded(value: float) -> Any:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else str(value)


def _listed(value: Any) -> list[float]:
    return value if isinstance(value, list) else [value]


def _numbers(value: Any) -> bool:
    """Whether it is a measured number or a list of them; a whole number alone counts exactly."""
    if isinstance(value, list):
        real = all(isinstance(one, int | float) and not isinstance(one, bool) for one in value)
        return bool(value) and real and any(isinstance(one, float) for one in value)
    return isinstance(value, float)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _on_one_line(text: str) -> str:
    """Lists of numbers on one line each: a file of accounts is there to be read."""
    return re.sub(r'\[([^\[\]{}"]*)\]', lambda found: f"[{' '.join(found[1].split())}]", text)
