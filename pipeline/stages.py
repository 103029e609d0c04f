"""What a stage's command takes and depends on, for who runs stages without DVC."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fet_core import registry
from fet_core.errors import UserError
from fet_core.paramsfile import read_yaml

from .commands import COMMANDS, find

TOP = Path(__file__).resolve().parents[1]
FILES = (TOP / "dvc.yaml", TOP / "comparison" / "dvc.yaml")

WITHOUT_DVC = ("merge", "export")  # a study may run these, and no dvc.yaml knows them


@dataclass(frozen=True)
class Stage:
    """A command with its options, and what its results depend on.

    Attributes:
        words: the command and its own options, as ("train-baseline", "--model", "g2gan").
        takes: names of the command's arguments in Python, as "in_", "checkpoints".
        params: dotted keys and sections that it reads; "datasets" stands for its data set's.
        code: the files that its results depend on.
        reads: folders of earlier outputs that it reads; None for all.
        makes: folders of outputs that it makes; None where that is not known.
        rows: files among the small results of earlier stages that it reads.
    """

    words: tuple[str, ...]
    takes: frozenset[str]
    params: tuple[str, ...]
    code: tuple[Path, ...]
    reads: frozenset[str] | None = None
    makes: frozenset[str] | None = None
    rows: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Good for a folder: "train-baseline-model-g2gan"."""
        return re.sub(r"[^a-z0-9]+", "-", " ".join(self.words).lower())


def find_stages(lines: Sequence[str]) -> list[Stage]:
    """The stages of command lines such as "train-baseline --model g2gan".

    What each depends on is what the two dvc.yaml say.

    Raises:
        UserError: there is no such stage, or no dvc.yaml.
    """
    if not (TOP / "dvc.yaml").is_file():
        raise UserError(
            "a study needs dvc.yaml, which is not part of an installed package; run `fet study` "
            "from a clone of the project"
        )
    bodies: list[tuple[list[str], dict[str, Any]]] = []
    for stage in (one for file in FILES for one in read_yaml(file)["stages"].values()):
        # One without "do" is not of a data set.
        words = shlex.split(str(stage["do"]["cmd"])) if "do" in stage else []
        if words[:3] == ["python", "-m", "pipeline"]:
            bodies.append((words[3:], stage["do"]))
    lines_of_models = {line: folder for folder, line in registry.stage_lines().items()}
    found = []
    for line in lines:
        words = shlex.split(line)
        # With more options than DVC gives it, but for one that makes it another stage.
        fitting = [
            (len(own), body)
            for own, body in bodies
            if words[: len(own)] == own and "--row" not in words[len(own) :]
        ]
        if words and words[0] in WITHOUT_DVC:
            found.append(_without_dvc(words))
        elif fitting and words[0] in COMMANDS:
            found.append(_with_dvc(words, max(fitting, key=lambda pair: pair[0])[1]))
        elif (folder := lines_of_models.get(" ".join(words))) is not None:
            found.append(_of_model(words, folder))
        else:
            known = dict.fromkeys([*(" ".join(own) for own, _ in bodies), *WITHOUT_DVC])
            raise UserError(f'there is no stage "{line}" (there are: {", ".join(known)})')
    return found


def _with_dvc(words: Sequence[str], body: Mapping[str, Any]) -> Stage:
    deps = list(dict.fromkeys(body["deps"]))
    keys = list(dict.fromkeys(key.split("${")[0].rstrip(".") for key in body.get("params", [])))
    outs = [out if isinstance(out, str) else next(iter(out)) for out in body.get("outs", [])]
    code = [dep for dep in deps if dep.endswith(".py") or dep.startswith("probes/")]
    return Stage(
        tuple(words),
        _takes(words[0]),
        tuple(key for key in keys if key.partition(".")[0] not in keys or "." not in key),
        tuple(TOP / dep for dep in code if (TOP / dep).is_file()),
        frozenset(dep.rsplit("/", 1)[1] for dep in deps if dep.startswith("data/${")),
        frozenset(out.rsplit("/", 1)[1] for out in outs if out.startswith("data/${")),
        tuple(dep.split("/", 2)[2] for dep in deps if dep.startswith("metrics/${")),
    )


def _of_model(words: Sequence[str], folder: str) -> Stage:
    """A stage of a model that stands in no full table, and so in no dvc.yaml."""
    trains = words[0] == "train"
    section = registry.part(words[1]).params if trains else "evaluate"
    noted = [folder] if trains else [folder, "measure"]
    code = tuple(TOP / "probes" / f"{name}.json" for name in noted)
    params = ("figures", section)
    return Stage(tuple(words), _takes(words[0]), params, code, None, frozenset({folder}))


def _without_dvc(words: Sequence[str]) -> Stage:
    takes = _takes(words[0])
    noted = (TOP / "probes" / f"{words[0]}.json",)
    return Stage(tuple(words), takes, ("",) if "params" in takes else (), noted)


def _takes(command: str) -> frozenset[str]:
    return frozenset(inspect.signature(find(command)).parameters)
