"""A grid of experiments: its file under experiments/, and the points it stands for."""

from __future__ import annotations

import copy
import io
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fet_core.errors import UserError
from fet_core.evaluation.sweeps import COLLECTED, in_words, metric_of
from fet_core.params import Params, explain, read_yaml

Values = dict[str, Any]
"""Values by dotted key, as "fusion.lambda1"."""


class Grid(BaseModel):
    """A grid file. Exactly one of `points`, `grid` and `one_at_a_time` says what varies.

    Attributes:
        title: of the table.
        question: what the experiment is to answer.
        dataset: the data set's name in the params file.
        params: the params file that all points start from, relative to the working folder.
        stages: the commands that are run for each point, in order; each may carry options, as
            "train-baseline --model g2gan". All stages read what those before them wrote.
        set: values that differ from the params file in all points.
        points: the points one by one, all with the same keys.
        grid: values for each key; the points are all combinations.
        one_at_a_time: values for each key; the points are the base itself (params file and `set`)
            and those that differ from it in one key.
        paper: the values that make a point the paper's own; empty where none is.
        collect: the numbers of each point, as "train_fusion.test_l1" (of train_fusion/metrics.json)
            or "fet.transfer.ssim" (of fet.json).
        answer: what came out, written by hand after the run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: str = Field(min_length=1)
    question: str = Field(min_length=1)
    dataset: str = Field(min_length=1)
    params: str = "params.yaml"
    stages: list[str] = Field(min_length=1)
    set: Values = Field(default_factory=dict)
    points: list[Values] | None = None
    grid: dict[str, list[Any]] | None = None
    one_at_a_time: dict[str, list[Any]] | None = None
    paper: Values = Field(default_factory=dict)
    collect: list[str] = Field(min_length=1)
    answer: str | None = None

    @model_validator(mode="after")
    def _allowed(self) -> Grid:
        forms = {
            "points": self.points,
            "grid": self.grid,
            "one_at_a_time": self.one_at_a_time,
        }
        given = [name for name, value in forms.items() if value is not None]
        if len(given) != 1:
            found = " and ".join(given) if given else "none"
            raise ValueError(
                f"of points, grid and one_at_a_time there must be exactly one, but there is {found}"
            )
        if not forms[given[0]] or not self.keys or not all(self._lists()):
            raise ValueError(f"{given[0]} holds no values, so there is nothing to run; add some")
        if self.points and any(set_.keys() != self.points[0].keys() for set_ in self.points):
            raise ValueError("all points must have the same keys; write the base's value too")
        for key in self.set.keys() & set(self.keys):
            if not self.one_at_a_time:
                raise ValueError(f'"{key}" is set for all points and varies too; drop one')
        for name in self.collect:
            if name.count(".") < 1 or metric_of(name) is None:
                raise ValueError(
                    f'collect names "{name}"; write the row or training stage and one of '
                    f"{', '.join(COLLECTED)}, as fet.transfer.ssim or train_fusion.test_l1"
                )
        if strange := [key for key in self.paper if key not in self.keys]:
            raise ValueError(f'paper names "{strange[0]}", which does not vary; drop it')
        return self

    @property
    def keys(self) -> list[str]:
        """The dotted keys that vary."""
        if self.points:
            return list(self.points[0])
        return list(self.grid or self.one_at_a_time or {})

    def _lists(self) -> list[list[Any]]:
        return list((self.grid or self.one_at_a_time or {"": [None]}).values())


@dataclass(frozen=True)
class Point:
    """One point of a grid.

    Attributes:
        values: of the keys that vary.
        params: the whole content of its params file, validated.
        paper: whether it is the paper's own.
        name: as "lambda1=0.1,lambda2=10", good for a folder.
    """

    values: Values
    params: dict[str, Any]
    paper: bool
    name: str


def read_grid(path: Path) -> Grid:
    """Read and validate a grid file.

    Raises:
        UserError: there is no such file, it is no YAML, or a key is unknown, missing or wrong.
    """
    if not path.is_file():
        raise UserError(f"there is no grid file {path}; the project's are in experiments/")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", path.stem):
        raise UserError(f"{path.name} names a folder of results; use letters, digits, - and _")
    value = read_yaml(path)
    if not isinstance(value, dict):
        raise UserError(f"{path} does not hold the keys of a grid; see experiments/README.md")
    try:
        return Grid.model_validate(value)
    except ValidationError as error:
        raise UserError(f"{path}: {explain(error, Grid)}") from error


def make_points(grid: Grid, path: Path) -> list[Point]:
    """The points that a grid stands for, in order, none twice; each with valid params.

    Args:
        grid: the grid.
        path: its file, for messages.

    Raises:
        UserError: the params file is missing or wrong, lacks a key of the grid or its data set,
            or does not allow a value of the grid.
    """
    base = _checked(read_yaml(Path(grid.params)), grid, grid.params)
    for key in [*grid.set, *grid.keys]:
        if not _has(base, key):
            raise UserError(
                f'{path}: there is no parameter "{key}" in {grid.params}; mend the name'
            )
    base = _with(base, grid.set)
    found: list[Point] = []
    for chosen in _combinations(grid, base):
        params = _checked(_with(base, chosen), grid, f"{path}: {_describe(chosen)}")
        # As the params have them, so that 10 and 10.0 are the same point.
        values = {key: look_up(params, key) for key in chosen}
        paper = bool(grid.paper) and all(values[key] == grid.paper[key] for key in grid.paper)
        if all(values != other.values for other in found):
            found.append(Point(values, params, paper, _describe(values)))
    if len({point.name for point in found}) < len(found):
        raise UserError(f"{path}: two points have values that read the same; change one")
    return found


def dump_yaml(params: Mapping[str, Any]) -> str:
    """A params file's text, in block style and without comments."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    text = io.StringIO()
    yaml.dump(dict(params), text)
    return text.getvalue()


def short_names(keys: list[str]) -> dict[str, str]:
    """The last part of each dotted key, or the whole key where two end alike."""
    last = {key: key.rsplit(".", 1)[-1] for key in keys}
    ends = list(last.values())
    return {key: end if ends.count(end) == 1 else key for key, end in last.items()}


def look_up(tree: Any, dotted: str) -> Any:
    """What lies in nested mappings under a dotted key; KeyError or TypeError where nothing does."""
    for part in dotted.split("."):
        tree = tree[part]
    return tree


def _combinations(grid: Grid, base: Mapping[str, Any]) -> list[Values]:
    if grid.points:
        return grid.points
    if grid.grid:
        return [
            dict(zip(grid.grid, values, strict=True))
            for values in itertools.product(*grid.grid.values())
        ]
    centre = {key: look_up(base, key) for key in grid.keys}
    varied = (grid.one_at_a_time or {}).items()
    return [centre, *(centre | {key: value} for key, values in varied for value in values)]


def _describe(values: Values) -> str:
    names = short_names(list(values))
    shown = (f"{names[key]}={in_words(value)}" for key, value in values.items())
    return re.sub(r"[^\w.,=+-]+", "_", ",".join(shown))


def _checked(params: Any, grid: Grid, where: str) -> dict[str, Any]:
    try:
        checked = Params.model_validate(params)
    except ValidationError as error:
        raise UserError(f"{where}: {explain(error)}") from error
    checked.dataset(grid.dataset)
    return checked.model_dump()


def _has(params: Any, dotted: str) -> bool:
    try:
        return not isinstance(look_up(params, dotted), dict)
    except (KeyError, TypeError):
        return False


def _with(params: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(dict(params))
    for dotted, value in values.items():
        *above, last = dotted.split(".")
        section = changed
        for part in above:
            section = section[part]
        section[last] = value
    return changed
