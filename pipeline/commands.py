"""Every command by its name: its group in `fet --help`, its line there, and where it is defined."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

PHOTOGRAPHS, STAGES = "Photographs", "Stages, in their order"
RESULTS, TOOLS = "Results", "Tools"
GROUPS = (PHOTOGRAPHS, STAGES, RESULTS, TOOLS)


class Command(NamedTuple):
    """A command, of which nothing is imported before it is asked for.

    Attributes:
        group: one of `GROUPS`.
        line: what it does. Not the docstring's first line, which Click cuts at the first full stop,
            as in "Eq. 1".
        where: module of this package and name in it, a function or a `Typer` of several commands;
            empty where both are the command's own name.
        hidden: whether it is left out of all lists.
        extra: what of pyproject.toml it needs where the package alone is not enough.
    """

    group: str
    line: str
    where: str = ""
    hidden: bool = False
    extra: str = "pipeline"


COMMANDS: dict[str, Command] = {
    "transfer": Command(
        PHOTOGRAPHS, "Put one photograph's expression on another's face", extra="model"
    ),
    "animate": Command(PHOTOGRAPHS, "Let a photograph do what a face in a film does", extra="film"),
    "read": Command(PHOTOGRAPHS, "Print pose and face units of photographs", "face:read"),
    "edit": Command(PHOTOGRAPHS, "Set face units or an expression of a photograph", "face:edit"),
    "serve": Command(
        PHOTOGRAPHS, "Serve a page for the browser to transfer, edit and animate in", extra="page"
    ),
    "explain": Command(
        PHOTOGRAPHS,
        "Write one sheet on what a transfer does, step by step",
        "face:explain",
        extra="explain",
    ),
    "origin": Command(PHOTOGRAPHS, "Say whether pictures are marked as made", extra="film"),
    "export": Command(PHOTOGRAPHS, "Write a trained FET+ as one file for `fet transfer`"),
    "probe": Command(STAGES, "Note what each stage does, for DVC to see what has changed"),
    "ingest": Command(
        STAGES, "List and open the raw pictures; set the test side apart", "prepare:ingest"
    ),
    "grayscale": Command(
        STAGES, "Write grey or 8-bit pictures where they are needed", "prepare:grayscale"
    ),
    "align": Command(STAGES, "Find each face and bring its eyes to fixed places", "prepare:align"),
    "landmarks": Command(
        STAGES, "Bring the 68 landmarks into the face, and their steadier mean", "prepare:landmarks"
    ),
    "augment": Command(
        STAGES, "Join labels, mirror the training side, fix the triples", "prepare:augment"
    ),
    "truths": Command(STAGES, "Read each test triple's truth, for all rows", "evaluate:truths"),
    "train": Command(STAGES, "Train a part of a model, as fet/transfer or pix2pix"),
    "evaluate": Command(STAGES, "Score rows on the test triples; draw the figures"),
    "compare": Command(STAGES, "Compare all rows on the same test triples", "evaluate:compare"),
    "run": Command(RESULTS, "Run all stages of all data sets, side by side"),
    "show": Command(RESULTS, "Print all tables and where the figures are", "report:show"),
    "report": Command(RESULTS, "Write all results into one HTML page"),
    "readme": Command(
        RESULTS, "Bring README.md and docs/ in step with the results", "report:readme"
    ),
    "check": Command(TOOLS, "Say what a raw folder holds and what it lacks", "tools:check"),
    "profile": Command(
        TOOLS, "Put the paper's or the demo's values into the params", "tools:profile"
    ),
    "study": Command(TOOLS, "Run a study to its table: other values, sets, or a grid"),
    "merge": Command(TOOLS, "Put the outputs of several data sets together", "prepare:merge"),
    "synthesize": Command(
        TOOLS,
        "Render the demo faces, in the layouts of CK+ and RaFD",
        "synthesize:app",
        extra="synthesis",
    ),
    "learn-face": Command(
        TOOLS,
        "Learn the face model and Φ in space of rendered faces",
        "learn_face:learn_face",
        extra="synthesis",
    ),
    "sweep": Command(TOOLS, "The same as study", "study:study", hidden=True),
    # As commands were called before there was `fet train`.
    "train-fusion": Command(STAGES, "fet train fet/fusion", "train:train_fusion", hidden=True),
    "train-transfer": Command(
        STAGES, "fet train fet/transfer", "train:train_transfer", hidden=True
    ),
    "train-fusion-plus": Command(
        STAGES, "fet train fet-plus/fusion", "train:train_fusion_plus", hidden=True
    ),
    "train-transfer-plus": Command(
        STAGES, "fet train fet-plus/transfer", "train:train_transfer_plus", hidden=True
    ),
    "train-baseline": Command(STAGES, "fet train cgan …", "train:train_baseline", hidden=True),
}


def find(name: str) -> Any:
    """The function or `Typer` of a command; KeyError where there is none."""
    own = name.replace("-", "_")
    module, _, attribute = (COMMANDS[name].where or f"{own}:{own}").partition(":")
    return getattr(import_module(f".{module}", __package__), attribute)
