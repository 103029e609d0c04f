"""The result of a study with a grid: its numbers, its JSON form and its table."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fet_core.errors import UserError
from fet_core.files import write_json, write_text
from fet_core.measure.results import METRICS, Metric
from fet_core.paramsfile import has, look_up
from fet_core.show import tables
from fet_core.show.tables import Block, Cell, markdown

COLLECTED = {
    metric.key: metric for metric in (*METRICS, Metric("test_l1", "L1 of J_gen", "lower", 4))
}
"""The numbers that a grid may collect: the tables' and Φ's own; `metrics/README.md` has them."""


class PointResult(BaseModel):
    """One point's values and numbers.

    Attributes:
        values: of the keys that vary.
        paper: whether it is the paper's own point.
        results: by name; None where a number is undefined.
        intervals: 95% intervals [low, high] of those results that have one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    values: dict[str, Any]
    paper: bool
    results: dict[str, float | None]
    intervals: dict[str, tuple[float, float]] = Field(default_factory=dict)


class SweepResult(BaseModel):
    """A grid's result, as it stands in metrics/experiments/NAME.json.

    Attributes:
        size: side of the pictures in pixels; None where it varies.
        settings: what all points have in common against the study's base, by dotted key.
        columns: the dotted keys that vary.
        answer: written by hand; None before that.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)

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
            if metric_of(name) is None:
                raise ValueError(f'the result "{name}" is not known')
        return self


def metric_of(name: str) -> Metric | None:
    """How a result such as "ssim" or "fet.transfer.ssim" is read; None for one not known."""
    origin, _, last = name.rpartition(".")
    known = COLLECTED.get(last)
    return known and replace(known, key=name, title=f"{origin} {known.title}".strip())


def collect(name: str, folders: Sequence[Path]) -> tuple[float | None, tuple[float, float] | None]:
    """A number that a point's stages wrote, and its interval where there is one.

    Args:
        name: as "train_fusion.test_l1" (of train_fusion/metrics.json) or "fet.transfer.ssim" (of
            fet.json, which holds the interval too).
        folders: the small results of each stage, in the order of the stages.

    Raises:
        UserError: no stage wrote it.
    """
    first, _, rest = name.partition(".")
    file = f"{first}/metrics.json" if first.startswith("train_") else f"{first}.json"
    path = next((one / file for one in reversed(folders) if (one / file).is_file()), None)
    found = json.loads(path.read_text(encoding="utf-8")) if path else {}
    found = found[0] if isinstance(found, list) else found
    if not has(found, rest):
        raise UserError(f'"collect" names {name}, but no stage wrote it; mend the study')
    interval = look_up(found, f"intervals.{rest}") if has(found, f"intervals.{rest}") else None
    return look_up(found, rest), (None if interval is None else (interval[0], interval[1]))


def in_words(value: Any) -> str:
    """A parameter's value as it stands in YAML: text as it is, 10.0 as 10."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value)


def short_names(keys: list[str]) -> dict[str, str]:
    """The last part of each dotted key, or the whole key where two end alike."""
    last = {key: key.rsplit(".", 1)[-1] for key in keys}
    ends = list(last.values())
    return {key: end if ends.count(end) == 1 else key for key, end in last.items()}


def describe(values: Mapping[str, Any]) -> str:
    """Values as "lambda1=0.1,lambda2=10", good for a folder."""
    names = short_names(list(values))
    told = (f"{names[key]}={in_words(value)}" for key, value in values.items())
    return re.sub(r"[^\w.,=+-]+", "_", ",".join(told))


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
        text = path.read_text(encoding="utf-8")
        json.loads(text)
        return SweepResult.model_validate_json(text)
    except FileNotFoundError as error:
        raise UserError(f"there is no result {path}; run `fet study {path.stem}` first") from error
    except (ValidationError, ValueError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        reason = first["msg"].removeprefix("Value error, ") if first else "it is no JSON"
        where = "".join(f"{part}: " for part in first["loc"]) if first else ""
        raise UserError(
            f"{path} is no result of a grid ({where}{reason}); run `fet study {path.stem}` again"
        ) from error


def table(result: SweepResult) -> str:
    """A result as Markdown: its question, its block and its answer."""
    block = experiment_block(result)
    parts = [f"## {result.title}", result.question.strip(), block.caption]
    parts.append(markdown(block, result.columns[0]))
    parts += [result.answer.strip()] if result.answer else []
    return "\n\n".join(parts) + "\n"


def experiment_block(result: SweepResult) -> Block:
    """A grid as a table: a line for each point, named after the first of the values that vary.

    The other values follow, then what came out, the best of each in bold. The paper's point is
    marked.
    """
    metrics = [metric for name in result.points[0].results if (metric := metric_of(name))]
    best = {
        metric.key: tables.best_text((point.results[metric.key] for point in result.points), metric)
        for metric in metrics
    }
    lines = []
    for point in result.points:
        first, *others = map(in_words, point.values.values())
        cells = [Cell(value) for value in others]
        for metric in metrics:
            text = tables.shown(metric, point.results[metric.key])
            interval = tables.bracket(metric, point.intervals.get(metric.key))
            cells.append(Cell(text, interval, text == best[metric.key]))
        lines.append((f"{first} (paper)" if point.paper else first, tuple(cells)))
    heads = (*result.columns[1:], *map(tables.head, metrics))
    return Block(_caption(result), heads, tuple(lines))


def _caption(result: SweepResult) -> str:
    size = f" at {result.size}×{result.size}" if result.size else ""
    settings = "".join(f"; {key} {in_words(value)}" for key, value in result.settings.items())
    said = [
        f"{result.dataset}{size}{settings}.",
        "Small trainings for this question alone: compare the lines with each other, not with "
        "other tables.",
    ]
    if any(point.intervals for point in result.points):
        said.append("In brackets: 95% intervals, over people.")
    return " ".join(said)
