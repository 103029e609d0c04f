"""Studies: files in studies/ that overlay params.yaml, and the points and stages they stand for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fet_core import registry
from fet_core.errors import UserError, cut
from fet_core.files import shown
from fet_core.paramsfile import (
    Values,
    checked,
    explain,
    is_value,
    look_up,
    may_be_set,
    read_yaml,
    with_values,
)
from fet_core.show.sweeps import COLLECTED, describe, metric_of

MODEL = "model"
"""The one key that may vary and is none of the params: the model that "{model}" stands for."""

MERGE = "merge"
MERGED = "merged"
"""The data set that `MERGE` makes of those before it."""

FOLDER = "studies"
_PROJECT = Path(__file__).resolve().parents[1]


class Study(BaseModel):
    """A study file. At most one of `points`, `grid` and `one_at_a_time` says what varies.

    Attributes:
        title: of the table.
        question: what the study is to answer.
        base: what it overlays: a params file, from the working folder, or another study by its
            name, whose values, data sets and stages it takes where it has no own.
        set: values that differ from the base; "datasets" stands for all data sets.
        datasets: names of the data sets to run; all of the params where it is missing.
        stages: command lines as "train g2gan", words of `fet_core.registry.STAGES`, or "all". What
            stands before "merge" is run for each data set, what stands after it for "merged".
        model: what "{model}" stands for in stages and `collect`; the key "model" may vary too.
        points: one by one, all with the same keys.
        grid: values for each key; the points are all combinations.
        one_at_a_time: values for each key; the points are the base itself (with `set`) and those
            that differ from it in one key.
        paper: the values that make a point the paper's own; empty where none is.
        collect: the numbers of each point, as "train_fusion.test_l1" (of train_fusion/metrics.json)
            or "fet.transfer.ssim" (of fet.json).
        answer: what came out, by hand.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: str = Field(min_length=1)
    question: str = Field(min_length=1)
    base: str = Field(default="params.yaml", min_length=1)
    set: Values = Field(default_factory=dict)
    datasets: list[str] | None = Field(default=None, min_length=1)
    stages: list[str] | None = Field(default=None, min_length=1)
    model: str | None = None
    points: list[Values] | None = None
    grid: dict[str, list[Any]] | None = None
    one_at_a_time: dict[str, list[Any]] | None = None
    paper: Values = Field(default_factory=dict)
    collect: list[str] = Field(default_factory=list)
    answer: str | None = None

    @model_validator(mode="after")
    def _allowed(self) -> Study:
        given = [name for name, value in self._forms().items() if value is not None]
        lists = (self.grid or self.one_at_a_time or {}).values()
        if len(given) > 1:
            raise ValueError(
                "of points, grid and one_at_a_time there may be one, but there is "
                f"{' and '.join(given)}; drop all but one"
            )
        if given and (not self._forms()[given[0]] or not self.keys or not all(lists)):
            raise ValueError(f"{given[0]} holds no values, so there is nothing to run; add some")
        if self.points and any(set_.keys() != self.points[0].keys() for set_ in self.points):
            raise ValueError("all points must have the same keys; write the base's value too")
        twice = [] if self.one_at_a_time else [key for key in self.keys if key in self.set]
        if twice:
            raise ValueError(f'"{twice[0]}" is set for all points and varies too; drop one')
        if given and not self.collect:
            raise ValueError('"collect" is missing; name the numbers that each point is to give')
        if self.collect and not given:
            raise ValueError("collect names numbers, but no point that has them; add a grid")
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
        """The dotted keys that vary; none where the study is no grid."""
        if self.points:
            return list(self.points[0])
        return list(self.grid or self.one_at_a_time or {})

    def _forms(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("points", "grid", "one_at_a_time")}


@dataclass(frozen=True)
class Point:
    """One point of a grid.

    Attributes:
        values: of the keys that vary.
        params: the whole content of its params file, validated.
        paper: whether it is the paper's own.
        name: as "lambda1=0.1,lambda2=10", good for a folder.
        model: what "{model}" stands for.
    """

    values: Values
    params: dict[str, Any]
    paper: bool
    name: str
    model: str | None = None

    def of_model(self, text: str) -> str:
        """A command line or the name of a number, with the point's model in it."""
        return text.replace(f"{{{MODEL}}}", self.model or "")


@dataclass(frozen=True)
class Opened:
    """A study with what it takes from those below it.

    Attributes:
        file: its file.
        study: what that says.
        values: of all overlays, the nearest last.
        params: the whole content of the params with these values, validated.
        datasets: names of the data sets to run.
        stages: one command line each, no word for several left; empty for a plain overlay.
    """

    file: Path
    study: Study
    values: Values
    params: dict[str, Any]
    datasets: list[str]
    stages: list[str]

    @property
    def name(self) -> str:
        """The study's name, which is also that of its results."""
        return self.file.stem

    def alone(self, dataset: str) -> Opened:
        """The study of one of its data sets; `UserError` where it has no such, or merges them."""
        if dataset in self.datasets and MERGE not in self.stages:
            return replace(self, datasets=[dataset])
        end = ", which it merges; run it whole" if MERGE in self.stages else "; say one of them"
        named = ", ".join(self.datasets)
        raise UserError(f'no "{dataset}" alone: {self.file} has the data sets {named}{end}')


def find_study(name: str) -> Path:
    """The file of a study, named by its path or as one in studies/; `UserError` for none."""
    if name.endswith(".yaml") or "/" in name:
        if not Path(name).is_file():
            raise UserError(f"there is no study {shown(Path(name))}; the project's are in studies/")
        return Path(name)
    folders = (Path(FOLDER), _PROJECT / FOLDER)
    for folder in folders:
        if (path := folder / f"{name}.yaml").is_file():
            return path
    known = sorted({path.stem for folder in folders for path in folder.glob("*.yaml")})
    found = f"(there are: {', '.join(known)})" if known else "and no folder studies/ here"
    raise UserError(f'there is no study "{cut(name)}" {found}; name one that is there, or a file')


def read_study(path: Path) -> Study:
    """Read a study file; `UserError` where it is no YAML, or a key is unknown, missing or wrong."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", path.stem):
        raise UserError(f"{path.name} names a folder of results; use letters, digits, - and _")
    value = read_yaml(path)
    if not isinstance(value, dict):
        raise UserError(f"{path} does not hold the keys of a study; see studies/README.md")
    try:
        return Study.model_validate(value)
    except ValidationError as error:
        raise UserError(f"{path}: {explain(error, Study)}") from error


def open_study(name: str, params_file: Path | None = None) -> Opened:
    """Read a study and those that it builds on.

    Args:
        name: as `find_study` takes it.
        params_file: the params file at the bottom, if not the one that is named there.

    Raises:
        UserError: one of them is missing or wrong, they build on each other in a circle, or the
            params do not allow what they set.
    """
    chain = _chain(name)
    path, study = chain[0]
    bottom = params_file or Path(chain[-1][1].base)
    content = checked(read_yaml(bottom), str(bottom))
    values: Values = {}
    for file, each in reversed(chain):
        _refuse(file, bottom, [key for key in each.set if not may_be_set(content, key)])
        values |= each.set
        content = checked(with_values(content, each.set), str(file))
    keys = [key for key in study.keys if key != MODEL]
    _refuse(path, bottom, [key for key in keys if not is_value(content, key)])
    named = next((each.datasets for _, each in chain if each.datasets), None)
    stages = expand(next((each.stages for _, each in chain if each.stages), []))
    known, merges = content["datasets"], MERGE in stages
    datasets = named or [key for key in known if key != MERGED or not merges]
    for dataset in [*datasets, MERGED] if merges else datasets:
        if dataset not in known:
            raise UserError(
                f'{path}: there is no data set "{dataset}" in the params (there are: '
                f'{", ".join(known)}); add it under "set" or name another'
            )
    return Opened(path, study, values, content, datasets, stages)


def _chain(name: str) -> list[tuple[Path, Study]]:
    """A study and those below it, with their files."""
    file = find_study(name)
    chain = [(file, read_study(file))]
    while not (base := chain[-1][1].base).endswith(".yaml"):
        beside = file.with_name(f"{base}.yaml")
        file = beside if beside.is_file() else find_study(base)
        if file.resolve() in {other.resolve() for other, _ in chain}:
            raise UserError(f"{chain[0][0]} builds on itself through {file}; change one's base")
        chain.append((file, read_study(file)))
    return chain


def _refuse(file: Path, params: Path, strange: list[str]) -> None:
    if strange:
        raise UserError(f'{file}: there is no parameter "{strange[0]}" in {params}; mend the name')


def expand(entries: list[str]) -> list[str]:
    """Command lines, with those that words as "prepare" and "all" stand for in their places."""
    words = registry.STAGES | {"all": tuple(itertools.chain(*registry.STAGES.values()))}
    return [line for entry in entries for line in words.get(entry, (entry,))]


def make_points(opened: Opened) -> list[Point]:
    """The points that a grid stands for, in order, none twice; each with valid params.

    Args:
        opened: the study.

    Raises:
        UserError: the params do not allow a value of the grid, or two points read the same.
    """
    study, base = opened.study, opened.params
    needs = any(f"{{{MODEL}}}" in text for text in (*opened.stages, *study.collect))
    found: list[Point] = []
    for chosen in _combinations(study, base):
        own = {key: value for key, value in chosen.items() if key != MODEL}
        params = checked(with_values(base, own), f"{opened.file}: {describe(chosen)}")
        # As the params have them, so that 10 and 10.0 are the same point.
        values = chosen | {key: look_up(params, key) for key in own}
        model = registry.model(str(chosen.get(MODEL, study.model))).name if needs else None
        paper = bool(study.paper) and all(values[key] == study.paper[key] for key in study.paper)
        if all(values != other.values for other in found):
            found.append(Point(values, params, paper, describe(values), model))
    if len({point.name for point in found}) < len(found):
        raise UserError(f"{opened.file}: two points have values that read the same; change one")
    return found


def _combinations(study: Study, base: Mapping[str, Any]) -> list[Values]:
    if study.points:
        return study.points
    if study.grid:
        return [
            dict(zip(study.grid, values, strict=True))
            for values in itertools.product(*study.grid.values())
        ]
    centre = {key: study.model if key == MODEL else look_up(base, key) for key in study.keys}
    varied = (study.one_at_a_time or {}).items()
    return [centre, *(centre | {key: value} for key, values in varied for value in values)]
