"""What a stage's command takes and depends on, for whoever runs stages without DVC."""

from __future__ import annotations

import inspect
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fet_core.errors import UserError

TOP = Path(__file__).resolve().parents[1]
FILES = (TOP / "dvc.yaml", TOP / "comparison" / "dvc.yaml")


@dataclass(frozen=True)
class Stage:
    """A stage's command with its extra options.

    Attributes:
        words: the command and its own options, as ("train-baseline", "--model", "g2gan").
        takes: names of the command's arguments in Python, as "in_", "out", "checkpoints".
        params: dotted keys and sections that it reads; "datasets" stands for its data set's.
        code: the files that say what it does (`fet probe`).
    """

    words: tuple[str, ...]
    takes: frozenset[str]
    params: tuple[str, ...]
    code: tuple[Path, ...]

    @property
    def name(self) -> str:
        """Command and options, good for a folder: "train-baseline-model-g2gan"."""
        return re.sub(r"[^a-z0-9]+", "-", " ".join(self.words).lower())


def find_stages(entries: list[str]) -> list[Stage]:
    """The stages of command lines such as "train-baseline --model g2gan".

    What each depends on is what the two dvc.yaml say.

    Raises:
        UserError: there is no such stage, it compares rows, which a grid's points are not, or this
            is an installation without dvc.yaml.
    """
    from fet_core.params import read_yaml

    from .cli import app

    if not (TOP / "dvc.yaml").is_file():
        raise UserError(
            "a grid needs dvc.yaml, which is not part of an installed package; run `fet sweep` "
            "from a clone of the project"
        )
    commands = {command.name: command.callback for command in app.registered_commands}
    listed: dict[str, list[dict[str, Any]]] = {}
    for body in (stage["do"] for file in FILES for stage in read_yaml(file)["stages"].values()):
        words = shlex.split(str(body["cmd"]))
        if words[:3] == ["python", "-m", "pipeline"] and words[3] != "compare":
            listed.setdefault(words[3], []).append(body)
    found = []
    for entry in entries:
        words = shlex.split(entry)
        if words[:1] == ["compare"]:
            raise UserError(
                f'a grid cannot run the stage "{entry}", which needs the rows of all models; end '
                'with evaluate and name its numbers under "collect"'
            )
        callback = commands.get(words[0]) if words else None
        bodies = listed.get(words[0], []) if words else []
        if callback is None or not bodies:
            raise UserError(f'there is no stage "{entry}" (there are: {", ".join(listed)})')
        params = [key for body in bodies for key in body.get("params", [])]
        code = [dep for body in bodies for dep in body["deps"] if dep.startswith("probes/")]
        found.append(
            Stage(
                tuple(words),
                frozenset(inspect.signature(callback).parameters),
                # "datasets.${key}" is "datasets".
                tuple(dict.fromkeys(key.split("${")[0].rstrip(".") for key in params)),
                tuple(TOP / dep for dep in dict.fromkeys(code)),
            )
        )
    return found
