"""The result of a grid of experiments: its numbers, its JSON form and its table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fet_core.errors import UserError
from fet_core.files import write_json, write_text


@dataclass(frozen=True)
class Number:
    """How a number is read: what is better, and how it is printed.

    Attributes:
        title: in the table's head.
        better: which direction is.
        digits: after the point.
    """

    title: str
    better: Literal["higher", "lower"]
    digits: int


NUMBERS: dict[str, Number] = {
    "test_l1": Number("test L1", "lower", 4),
    "ssim": Number("SSIM", "higher", 3),
    "psnr": Number("PSNR (dB)", "higher", 2),
    "identity": Number("identity", "lower", 3),
    "accepted": Number("accepted", "higher", 3),
    "nme": Number("NME", "lower", 4),
    "no_face": Number("no face", "lower", 3),
    "expression": Number("expression", "higher", 3),
    "kid": Number("KID", "lower", 4),
}
"""All numbers that a grid may collect; `metrics/README.md` defines them."""


class PointResult(BaseModel):
    """One point's values and numbers.

    Attributes:
        values: of the keys that vary.
        paper: whether it is the paper's own point.
        results: by name; None where a number is undefined.
        intervals: 95% intervals [low, high] of those results that have one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    values: dict[str, Any]
    paper: bool
    results: dict[str, float | None]
    intervals: dict[str, tuple[float, float]] = Field(default_factory=dict)


class SweepResult(BaseModel):
    """A grid's result, as it stands in metrics/experiments/NAME.json.

    Attributes:
        size: side of the pictures in pixels; None where it varies.
        settings: what all points have in common against the params file, by dotted key.
        columns: the dotted keys that vary.
        answer: written by hand; None before that.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    form: Literal[1] = Field(default=1, alias="schema")
    name: str
    title: str
    question: str
    dataset: str
    size: int | None
    settings: dict[str, Any]
    columns: list[str] = Field(min_length=1)
    points: list[PointResult] = Field(min_length=1)
    answer: str | None

    @model_validator(mode="after")
    def _same_everywhere(self) -> SweepResult:
        first = list(self.points[0].results)
        for point in self.points:
            if list(point.values) != self.columns:
                raise ValueError("a point has not the values that the columns name")
            if list(point.results) != first or not point.intervals.keys() <= set(first):
                raise ValueError("a point has other results than the first")
        for name in first:
            if number(name) is None:
                raise ValueError(f'the result "{name}" is not known')
        return self


def number(name: str) -> Number | None:
    """How a result is read, by the last part of its dotted name; None for one not known."""
    return NUMBERS.get(name.rsplit(".", 1)[-1])


def in_words(value: Any) -> str:
    """A parameter's value as it is printed: text as it is, 10.0 as 10."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value)


def write(folder: Path, result: SweepResult) -> None:
    """Write a result as NAME.json and as NAME.md."""
    write_json(folder / f"{result.name}.json", result.model_dump(mode="json", by_alias=True))
    write_text(folder / f"{result.name}.md", table(result))


def read(path: Path) -> SweepResult:
    """Read a result's JSON.

    Raises:
        UserError: the file is missing or does not have the form.
    """
    try:
        return SweepResult.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise UserError(f"there is no result {path}; run `fet sweep` first") from error
    except (ValidationError, ValueError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        reason = first["msg"].removeprefix("Value error, ") if first else "it is no JSON"
        where = "".join(f"{part}: " for part in first["loc"]) if first else ""
        raise UserError(
            f"{path} is no result of a sweep ({where}{reason}); run `fet sweep` again"
        ) from error


def table(result: SweepResult) -> str:
    """A Markdown table of all points: the paper's marked, the best of each column in bold."""
    names = list(result.points[0].results)
    where = f" at {result.size}×{result.size}" if result.size else ""
    settings = "".join(f"; {key} {in_words(value)}" for key, value in result.settings.items())
    head = [*(f"`{key}`" for key in result.columns), *(_title(name) for name in names)]
    lines = [
        f"## {result.title}",
        "",
        result.question,
        "",
        f"{result.dataset}{where}{settings}.",
        "",
        f"| {' | '.join(head)} |",
        f"| {' | '.join('---' for _ in head)} |",
    ]
    columns = {name: _cells(name, result.points) for name in names}
    for row, point in enumerate(result.points):
        values = [in_words(value) for value in point.values.values()]
        if point.paper:
            values[0] += " (paper)"
        lines.append(f"| {' | '.join([*values, *(columns[name][row] for name in names)])} |")
    if any(point.intervals for point in result.points):
        lines += ["", "In brackets: 95% intervals, over people."]
    if result.answer:
        lines += ["", result.answer.strip()]
    return "\n".join(lines) + "\n"


def _title(name: str) -> str:
    known = number(name)
    assert known is not None
    origin = f"{name.rsplit('.', 1)[0]} " if "." in name else ""
    return f"{origin}{known.title} {'↑' if known.better == 'higher' else '↓'}"


def _cells(name: str, points: Sequence[PointResult]) -> list[str]:
    known = number(name)
    assert known is not None
    found = [value for point in points if (value := point.results[name]) is not None]
    best = (max if known.better == "higher" else min)(found) if found else None
    cells = []
    for point in points:
        value = point.results[name]
        if value is None or best is None:
            cells.append("–")
            continue
        text = f"{value:.{known.digits}f}"
        # As printed, because two that read the same must look the same.
        cell = f"**{text}**" if text == f"{best:.{known.digits}f}" else text
        if name in point.intervals:
            low, high = (f"{bound:.{known.digits}f}" for bound in point.intervals[name])
            cell += f" [{low}, {high}]"
        cells.append(cell)
    return cells
