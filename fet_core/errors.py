"""The one exception that stands for a user's mistake, and what its sentences are made of."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

_HOMES = ("data", "metrics")


class UserError(Exception):
    """A mistake of the user's, told in one sentence: what was found, where, and what to do.

    The command line prints the message alone and exits with code 2; a library user catches it.
    """


def remedy(path: Path) -> str:
    """What to run for a stage's output, as "run `fet augment --dataset rafd`".

    A stage puts its outputs into a folder of its own name, and that one into data/DATASET or
    metrics/DATASET where nothing else is asked for; elsewhere the data set is not known.

    Args:
        path: the file that is missing or damaged.
    """
    # The registry tells mistakes by `UserError`.
    from fet_core.registry import stage_lines

    parts, lines = Path(path).parts, stage_lines()
    for place in reversed(range(len(parts) - 1)):
        if parts[place] in lines:
            line, known = lines[parts[place]], place == 2 and parts[0] in _HOMES
            return f"run `fet {line}{f' --dataset {parts[1]}' if known else ''}`"
    return "run the stage that makes it"


_SHOWN = 60


def as_yaml(value: Any) -> str:
    """A value as params.yaml would have it, cut where it is long."""
    if value is None:
        return "empty"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    # No more of it than is shown: what an alias of YAML's has put into itself has no end.
    plain = json.JSONEncoder(ensure_ascii=False, default=str, check_circular=False, skipkeys=True)
    text = ""
    for part in plain.iterencode(value):
        text += part
        if len(text) > _SHOWN:
            break
    return cut(text)


def cut(text: str) -> str:
    """The text on one line, whatever stands in it, and cut where it is long."""
    text = text.replace("\n", "\\n")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


_LONGEST_SHOWN = 200


def shown(path: Path) -> str:
    """A path as a sentence can hold it: a very long one is cut, control characters are escaped."""
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(path))
    if len(text) <= _LONGEST_SHOWN:
        return text
    half = _LONGEST_SHOWN // 2
    return f"{text[:half]}…{text[-half:]} ({len(text)} characters)"
