"""The files of results in metrics/: which numbers there are, how they are written and read."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fet_core.errors import UserError
from fet_core.evaluation.protocols import PROTOCOLS
from fet_core.files import write_json

SCHEMA = 2
"""Counts up when a file of results changes its meaning or its form."""

ROWS = ("copy", "warp", "cgan", "pix2pix", "g2gan", "fet", "fet-plus", "truth")
"""Rows of the tables in their order; `truth` is a ceiling and never in competition."""

_OTHERS = ("differences", "differences-plus", "expressions")
_NAMES = ("model", "protocol", "expression")
_BY_EXPRESSION = ("ssim", "psnr", "nme", "read")
_REMEDY = "run `dvc repro`"


@dataclass(frozen=True)
class Metric:
    """A number of the tables.

    Attributes:
        key: in the files.
        title: in the tables.
        better: "higher", "lower", or None where neither is.
        digits: shown behind the point.
        scale: what a stored number is multiplied by to be shown.
        unit: behind the shown number, "" for none.
    """

    key: str
    title: str
    better: Literal["higher", "lower"] | None
    digits: int
    scale: float = 1.0
    unit: str = ""


METRICS = (
    Metric("ssim", "SSIM", "higher", 3),
    Metric("psnr", "PSNR", "higher", 2, unit="dB"),
    Metric("identity", "identity distance", "lower", 3),
    Metric("accepted", "accepted ≤ 0.6", "higher", 1, scale=100, unit="%"),
    Metric("nme", "NME", "lower", 4),
    Metric("no_face", "no face", "lower", 1, scale=100, unit="%"),
    Metric("expression", "expression read right", "higher", 1, scale=100, unit="%"),
    # Near 0 the noise decides, below 0 it is all there is: no row wins by it.
    Metric("kid", "KID ×10³", None, 2, scale=1000),
)
"""The eight numbers of every row in the order of the tables; `metrics/README.md` defines them."""

Protocols = dict[str, dict[str, Any]]


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file of results: the schema first, numbers rounded to six digits."""
    write_json(path, {"schema": SCHEMA} | _rounded(dict(content)))


def write_list(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows for `dvc plots`, which wants a bare list; numbers rounded to six digits."""
    write_json(path, _rounded(rows))


def read(path: Path) -> dict[str, Any]:
    """The content of a file that `write` made, without its schema.

    Raises:
        UserError: the file is missing, damaged or of another schema.
    """
    found = _json(path)
    if not isinstance(found, dict) or "schema" not in found:
        raise UserError(f"{path} is of an older version of the results; {_REMEDY} to make it again")
    if found["schema"] != SCHEMA:
        raise UserError(
            f"{path} has schema {found['schema']} where {SCHEMA} is expected; {_REMEDY} to make it "
            "again"
        )
    return {key: value for key, value in found.items() if key != "schema"}


def read_list(path: Path) -> list[dict[str, Any]]:
    """The rows of numbers by expression that `write_list` wrote.

    Returns:
        each with "model", "protocol", "expression" and "n"; "ssim", "psnr", "nme" and "read", where
        they are there, are numbers or None.

    Raises:
        UserError: the file is missing or damaged, or a row lacks one of these.
    """
    found = _json(path)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise UserError(f"{path} holds no list of rows; {_REMEDY} to make it again")
    for place, row in enumerate(found, start=1):
        wrong = [key for key in _NAMES if not isinstance(row.get(key), str)]
        wrong += [] if _is_number(row.get("n")) else ["n"]
        wrong += [key for key in _BY_EXPRESSION if not _is_number(row.get(key), or_none=True)]
        if wrong:
            raise UserError(
                f'row {place} of {path} has no "{wrong[0]}" or a wrong one; {_REMEDY} to make it '
                "again"
            )
    return found


def read_row(path: Path) -> Protocols:
    """The numbers of one row by protocol: those of `METRICS`, `n` and `people`.

    Raises:
        UserError: as `read`, or a protocol or a number is missing.
    """
    found = read(path)
    keys = [*(metric.key for metric in METRICS), "n", "people"]
    if not found or not set(found) <= set(PROTOCOLS):
        raise UserError(f"{path} has no numbers of the protocols; {_REMEDY} to make it again")
    for protocol, numbers in found.items():
        for key in keys:
            value = numbers.get(key, "") if isinstance(numbers, dict) else ""
            if not _is_number(value, or_none=True):
                raise UserError(
                    f'{path} has no number "{key}" in the protocol {protocol}; {_REMEDY} to make '
                    "it again"
                )
    return found


def read_intervals(path: Path) -> Protocols:
    """The intervals of one row by protocol and number: [low, high], or None.

    Raises:
        UserError: as `read`, or what is there is no interval.
    """
    found = read(path)
    for protocol, numbers in found.items():
        for key, ends in _entries(path, protocol, numbers):
            pair = isinstance(ends, list) and len(ends) == 2 and all(map(_is_number, ends))
            if ends is not None and not pair:
                raise UserError(
                    f'{path} has no interval [low, high] of "{key}" in the protocol {protocol}; '
                    f"{_REMEDY} to make it again"
                )
    return found


def read_differences(path: Path) -> tuple[str, dict[str, Protocols]]:
    """A model, and what it has more than each other row, by row, protocol and number.

    Returns:
        the model's name, and {"difference", "low", "high"} or None of each number.

    Raises:
        UserError: as `read`, or what is there is no difference.
    """
    found = read(path)
    model, rows = found.get("model"), found.get("rows")
    if not isinstance(model, str) or not isinstance(rows, dict):
        raise UserError(f"{path} does not say what is compared; {_REMEDY} to make it again")
    for row, protocols in rows.items():
        for protocol, numbers in _entries(path, row, protocols):
            for key, step in _entries(path, f"{row}, {protocol}", numbers):
                parts = step if isinstance(step, dict) else {}
                whole = all(_is_number(parts.get(part)) for part in ("difference", "low", "high"))
                if step is not None and not whole:
                    raise UserError(
                        f'{path} has no difference with low and high of "{key}" to {row} in the '
                        f"protocol {protocol}; {_REMEDY} to make it again"
                    )
    return model, rows


def read_all(folder: Path) -> dict[str, Protocols]:
    """The numbers of all rows of a data set, in the order of the tables.

    Raises:
        UserError: as `read_row`, or there is no row.
    """
    names = {path.stem for path in Path(folder).glob("*.json")} - set(_OTHERS)
    if not names:
        raise UserError(f"there are no results in {folder}; {_REMEDY} first")
    ordered = [name for name in ROWS if name in names] + sorted(names - set(ROWS))
    return {name: read_row(Path(folder) / f"{name}.json") for name in ordered}


def _is_number(value: Any, or_none: bool = False) -> bool:
    if value is None:
        return or_none
    return isinstance(value, int | float) and not isinstance(value, bool)


def _entries(path: Path, name: str, value: Any) -> ItemsView[str, Any]:
    if not isinstance(value, dict):
        raise UserError(f"{path} has no numbers of {name}; {_REMEDY} to make it again")
    return value.items()


def _json(path: Path) -> Any:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"there is no {path}; {_REMEDY} first") from error
    except (ValueError, OSError) as error:
        raise UserError(f"{path} is damaged ({error}); {_REMEDY} to make it again") from error


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return round(value, 6) if isinstance(value, float) else value
