"""The one exception that stands for a user's mistake, and the remedies that its sentences name."""

from __future__ import annotations

from pathlib import Path

_STAGES = (
    "ingest",
    "grayscale",
    "align",
    "landmarks",
    "augment",
    "refine",
    "train_fusion",
    "train_transfer",
    "train_fusion_plus",
    "train_transfer_plus",
    "evaluate",
)

_BASELINES = ("cgan", "pix2pix", "g2gan")

_COMMANDS = {
    **{stage: (stage.replace("_", "-"), "") for stage in _STAGES},
    **{f"train_{name}": ("train-baseline", f" --model {name}") for name in _BASELINES},
    **{f"evaluate_{name}": ("evaluate", f" --row {name}") for name in _BASELINES},
    "evaluate_fet_plus": ("evaluate", " --row fet-plus"),
}
"""The command, and its options, that makes the folder of this name."""

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
    for place in reversed(range(len(parts) - 1)):
        if parts[place] in _COMMANDS:
            command, options = _COMMANDS[parts[place]]
            known = place == 2 and parts[0] in _HOMES
            dataset = f" --dataset {parts[1]}" if known else ""
            return f"run `fet {command}{dataset}{options}`"
    return "run the stage that makes it"
