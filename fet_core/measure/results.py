"""The files of results in metrics/: which numbers there are, how they are written and read."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, ItemsView, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fet_core import registry
from fet_core.errors import UserError
from fet_core.files import write_json
from fet_core.measure.comparable import PROTOCOLS, TriplesDigest

SCHEMA = 4
"""Counts up when a file of results changes its meaning or its form."""

ROWS = registry.rows()
"""Rows of the tables in their order; `truth` is a ceiling and never in competition."""

_DIFFERENCES = tuple(Path(one.differences).stem for one in registry.MODELS if one.differences)
_OTHERS = (*_DIFFERENCES, "expressions", "landmarks")
_NAMES = ("model", "protocol", "expression", "triples")
_BY_EXPRESSION = ("ssim", "psnr", "nme", "read")
_FIRST = {*ROWS, "landmarks"} - set(registry.BASELINES)


@dataclass(frozen=True)
class Metric:
    """A number of the tables.

    Attributes:
        key: in the files.
        title: in the tables.
        better: which direction is.
        digits: shown behind the point.
        scale: what a stored number is multiplied by to be shown.
        unit: behind the shown number, "" for none.
    """

    key: str
    title: str
    better: Literal["higher", "lower"]
    digits: int
    scale: float = 1.0
    unit: str = ""


METRICS = (
    Metric("ssim", "SSIM", "higher", 3),
    Metric("psnr", "PSNR", "higher", 2, unit="dB"),
    Metric("identity", "ID distance", "lower", 3),
    Metric("verification", "verification rate", "higher", 1, scale=100, unit="%"),
    Metric("nme", "NME", "lower", 4),
    Metric("failures", "detection failures", "lower", 1, scale=100, unit="%"),
    Metric("expression", "expression accuracy", "higher", 1, scale=100, unit="%"),
)
"""The seven numbers of every row in the order of the tables; `metrics/README.md` defines them."""

Protocols = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Scored:
    """One row of the tables.

    Attributes:
        triples: that it was scored on.
        means: by protocol and number, None where one is not defined.
        intervals: 95%, [low, high] by protocol and number, or None.
    """

    triples: TriplesDigest
    means: Protocols
    intervals: Protocols


@dataclass(frozen=True)
class Compared:
    """What a model has more than each other row.

    Attributes:
        triples: that all of them were scored on.
        model: whose differences these are.
        rows: {"difference", "low", "high"} or None by row, protocol and number.
    """

    triples: TriplesDigest
    model: str
    rows: dict[str, Protocols]


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file of results: the schema first, numbers rounded to six digits.

    The one mapping stands in a list: these files are among DVC's metrics, which shows every number
    of a mapping as a column of its own, and none of a list (`write_short` has those to be shown).
    """
    write_json(path, [{"schema": SCHEMA} | _rounded(dict(content))])


def write_row(path: Path, scored: Scored) -> None:
    """Write one row: its triples, the means by protocol, and their intervals."""
    row = {"triples": scored.triples.as_dict()} | scored.means | {"intervals": scored.intervals}
    write(path, row)


def write_short(path: Path, dataset: str, row: str, means: Mapping[str, Any]) -> None:
    """Write a row's SSIM and PSNR of the transfer protocol alone, for `dvc metrics` and `dvc exp`.

    Names of columns there are paths in the file, so that few and short ones fit a terminal.

    Args:
        path: of the file.
        dataset: the data set's name.
        row: the row's name.
        means: by protocol and number.
    """
    found = means["transfer"]
    numbers = {"ssim": round(found["ssim"], 4), "psnr": round(found["psnr"], 2)}
    write_json(path, {dataset: {row: numbers}})


def write_compared(path: Path, compared: Compared) -> None:
    """Write a model's differences to all other rows."""
    content = {"triples": compared.triples.as_dict(), "model": compared.model}
    write(path, content | {"rows": compared.rows})


def write_list(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows for `dvc plots`, which wants a bare list; numbers rounded to six digits."""
    write_json(path, _rounded(rows))


def read(path: Path) -> dict[str, Any]:
    """The content of a file that `write` made, without its schema.

    Raises:
        UserError: the file is missing, damaged or of another schema.
    """
    found = _json(path)
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict) or "schema" not in found:
        raise _again(path, "is of an older version of the results")
    if type(found["schema"]) is not int or found["schema"] != SCHEMA:
        raise _again(path, f"has schema {found['schema']} where {SCHEMA} is expected")
    return {key: value for key, value in found.items() if key != "schema"}


def read_list(path: Path) -> list[dict[str, Any]]:
    """The rows of numbers by expression that `write_list` wrote.

    Returns:
        each with "model", "protocol", "expression", "triples" (the digest of those it is of) and
        "n"; "ssim", "psnr", "nme" and "read", where they are there, are numbers or None.

    Raises:
        UserError: the file is missing or damaged, or a row lacks one of these.
    """
    found = _json(path)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise _again(path, "holds no list of rows")
    for place, row in enumerate(found, start=1):
        wrong = [key for key in _NAMES if not isinstance(row.get(key), str)]
        wrong += [] if _is_number(row.get("n")) else ["n"]
        wrong += [key for key in _BY_EXPRESSION if not _is_number(row.get(key), or_none=True)]
        if wrong:
            raise UserError(
                f'row {place} of {path} has no "{wrong[0]}" or a wrong one; {_remedy(path)} to '
                "make it again"
            )
    return found


def read_row(path: Path) -> Scored:
    """One row: its triples, its numbers and their intervals.

    Raises:
        UserError: as `read`, or the triples, a protocol, a number or an interval is missing.
    """
    found = read(path)
    triples = _triples(path, found)
    intervals = found.get("intervals")
    means = {key: value for key, value in found.items() if key not in ("triples", "intervals")}
    if not means or not set(means) <= set(PROTOCOLS):
        raise _again(path, "has no numbers of the protocols")
    for protocol, numbers in means.items():
        for metric in METRICS:
            value = numbers.get(metric.key, "") if isinstance(numbers, dict) else ""
            if not _is_number(value, or_none=True):
                raise _again(path, f'has no number "{metric.key}" in the protocol {protocol}')
    if not isinstance(intervals, dict) or set(intervals) != set(means):
        raise _again(path, "has no intervals of its protocols")
    for protocol, numbers in intervals.items():
        for key, ends in _entries(path, protocol, numbers):
            pair = isinstance(ends, list) and len(ends) == 2 and all(map(_is_number, ends))
            if ends is not None and not pair:
                raise _again(
                    path, f'has no interval [low, high] of "{key}" in the protocol {protocol}'
                )
    return Scored(triples, means, intervals)


def read_differences(path: Path) -> Compared:
    """What a model has more than each other row, by row, protocol and number.

    Raises:
        UserError: as `read`, or the triples are missing, or what is there is no difference.
    """
    found = read(path)
    model, rows = found.get("model"), found.get("rows")
    if not isinstance(model, str) or not isinstance(rows, dict):
        raise _again(path, "does not say what is compared")
    for row, protocols in rows.items():
        for protocol, numbers in _entries(path, row, protocols):
            for key, step in _entries(path, f"{row}, {protocol}", numbers):
                parts = step if isinstance(step, dict) else {}
                whole = all(_is_number(parts.get(part)) for part in ("difference", "low", "high"))
                if step is not None and not whole:
                    raise _again(
                        path,
                        f'has no difference with low and high of "{key}" to {row} in the '
                        f"protocol {protocol}",
                    )
    return Compared(_triples(path, found), model, rows)


def read_all(folder: Path, only: Collection[str] | None = None) -> dict[str, Scored]:
    """All rows of a data set, of whichever triples, in the order of the tables.

    Args:
        folder: of the data set's small results.
        only: rows whose files alone are read, where they are there; None for all.

    Raises:
        UserError: as `read_row`, or there is no row.
    """
    names = {path.stem for path in Path(folder).glob("*.json")} - set(_OTHERS)
    names = names if only is None else names & set(only)
    if not names:
        raise UserError(f"there are no results in {folder}; run `dvc repro` first")
    ordered = [name for name in ROWS if name in names] + sorted(names - set(ROWS))
    return {name: read_row(Path(folder) / f"{name}.json") for name in ordered}


def _remedy(path: Path) -> str:
    """What makes a file of results again."""
    return "run `dvc repro`" if Path(path).stem in _FIRST else "run `make tables`"


def _again(path: Path, complaint: str) -> UserError:
    return UserError(f"{path} {complaint}; {_remedy(path)} to make it again")


def _triples(path: Path, found: Mapping[str, Any]) -> TriplesDigest:
    triples = TriplesDigest.read(found.get("triples"))
    if triples is None:
        raise _again(path, "does not say of which triples it is")
    return triples


def _is_number(value: Any, or_none: bool = False) -> bool:
    if value is None:
        return or_none
    # JSON as Python reads it has NaN and infinity too.
    return isinstance(value, int | float) and type(value) is not bool and math.isfinite(value)


def _entries(path: Path, name: str, value: Any) -> ItemsView[str, Any]:
    if not isinstance(value, dict):
        raise _again(path, f"has no numbers of {name}")
    return value.items()


def _json(path: Path) -> Any:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"there is no {path}; {_remedy(path)} first") from error
    except (ValueError, OSError) as error:
        raise _again(path, f"is damaged ({error})") from error


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return round(value, 6) if isinstance(value, float) else value
