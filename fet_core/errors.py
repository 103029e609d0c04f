"""The one exception that stands for a user's mistake, and the remedies that its sentences name."""

from __future__ import annotations

from pathlib import Path

_PREPARE = ("ingest", "grayscale", "align", "landmarks", "augment", "refine")

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
    parts = Path(path).parts
    commands = _commands()
    for place in reversed(range(len(parts) - 1)):
        if parts[place] in commands:
            command, options = commands[parts[place]]
            known = place == 2 and parts[0] in _HOMES
            dataset = f" --dataset {parts[1]}" if known else ""
            return f"run `fet {command}{dataset}{options}`"
    return "run the stage that makes it"


def _commands() -> dict[str, tuple[str, str]]:
    """The command, and its options, that makes the folder of a name."""
    # The registry tells mistakes by `UserError`.
    from fet_core.registry import MODELS, part_names

    evaluated = {one.stage: one.name for one in MODELS if one.stage != "evaluate"}
    return {
        **{stage: (stage, "") for stage in _PREPARE},
        **{part.stage: (f"train {name}", "") for name, part in reversed(list(part_names()))},
        **{stage: ("evaluate", f" --row {name}") for stage, name in evaluated.items()},
        "evaluate": ("evaluate", ""),
    }
