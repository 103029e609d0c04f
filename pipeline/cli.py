"""The `fet` command: all stages and tools as subcommands."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from fet_core.errors import UserError
from fet_core.files import shown

from . import (
    align,
    augment,
    check,
    compare,
    evaluate,
    export,
    grayscale,
    ingest,
    landmarks,
    merge,
    probe,
    profile,
    readme,
    refine,
    report,
    run,
    show,
    sweep,
    synthesize,
    train,
    transfer,
)

PHOTOGRAPHS, STAGES = "Photographs", "Stages, in their order"
RESULTS, TOOLS, OLDER = "Results", "Tools", "Older names"

COMMANDS: dict[str, dict[str, tuple[Callable[..., None], str]]] = {
    PHOTOGRAPHS: {
        "transfer": (transfer.transfer, "Put one photograph's expression on another's face"),
        "export": (export.export, "Write a trained FET+ as one file for `fet transfer`"),
    },
    STAGES: {
        "probe": (probe.probe, "Note what each stage does, for DVC to see what has changed"),
        "ingest": (ingest.ingest, "List and open the raw pictures; set the test side apart"),
        "grayscale": (grayscale.grayscale, "Write grey or 8-bit pictures where they are needed"),
        "align": (align.align, "Find each face and bring its eyes to fixed places"),
        "landmarks": (landmarks.landmarks, "Find the 68 landmarks of each face"),
        "augment": (augment.augment, "Join labels, mirror the training side, fix the triples"),
        "refine": (refine.refine, "Read the landmarks many times over, for FET+"),
        "train": (train.train, "Train a part of a model, as fet/transfer or pix2pix"),
        "evaluate": (evaluate.evaluate, "Score rows on the test triples; draw the figures"),
        "compare": (compare.compare, "Compare all rows on the same test triples"),
    },
    OLDER: {
        "train-fusion": (train.train_fusion, "fet train fet/fusion: Φ"),
        "train-transfer": (train.train_transfer, "fet train fet/transfer: Ω"),
        "train-fusion-plus": (train.train_fusion_plus, "fet train fet-plus/fusion: Φ+"),
        "train-transfer-plus": (train.train_transfer_plus, "fet train fet-plus/transfer: Ω+"),
        "train-baseline": (train.train_baseline, "fet train cgan, pix2pix or g2gan"),
    },
    RESULTS: {
        "run": (run.run, "Run all stages of all data sets, side by side"),
        "show": (show.show, "Print all tables and where the figures are"),
        "report": (report.report, "Write all results into one HTML page"),
        "readme": (readme.readme, "Bring README.md and docs/ in step with the results"),
    },
    TOOLS: {
        "check": (check.check, "Say what a raw folder holds and what it lacks"),
        "profile": (profile.profile, "Put the paper's or the demo's values into the params"),
        "sweep": (sweep.sweep, "Run a grid of experiments and tabulate it"),
        "merge": (merge.merge, "Put the outputs of several data sets together"),
    },
}
"""Every command by its group in `fet --help`, with the one line that stands there.

The line is not the docstring's first, which Click cuts at the first full stop, as in "Eq. 1"."""

_COMPLETION = ("install_completion", "show_completion")

_REMEDIES = {
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EACCES: "choose another, or change its permissions",
    errno.EPERM: "choose another, or change its permissions",
    errno.EROFS: "choose a place that can be written to",
    errno.ENOSPC: "make room on the disk and run the command again",
    errno.EDQUOT: "make room on the disk and run the command again",
}
"""What to do about an error of the system that is not this program's fault."""


class Groups(TyperGroup):
    """Lists the commands in groups, and the options of the shell's completion not at all."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options, then the commands."""
        for option in self.params:
            if option.name in _COMPLETION and hasattr(option, "hidden"):
                option.hidden = True
        super().format_options(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands below the headings of their groups."""
        listed = {name: command for name, command in self.commands.items() if not command.hidden}
        width = max(map(len, listed))
        for group in COMMANDS:
            rows = [
                (name.ljust(width), command.short_help or "")
                for name, command in listed.items()
                if getattr(command, "rich_help_panel", None) == group
            ]
            with formatter.section(group):
                formatter.write_dl(rows)


app = typer.Typer(
    name="fet",
    help="Facial expression transfer: the source's expression on the target's face.",
    epilog="`fet COMMAND -h` lists a command's options; `fet --install-completion` lets the shell "
    "complete them.",
    cls=Groups,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _group, _commands in COMMANDS.items():
    for _name, (_function, _line) in _commands.items():
        app.command(_name, short_help=_line, rich_help_panel=_group)(_function)
app.add_typer(
    synthesize.app,
    name="synthesize",
    short_help="Render the demo faces, in the layouts of CK+ and RaFD",
    rich_help_panel=TOOLS,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"fet {version('fet')}")
        except PackageNotFoundError:
            print("fet, of a version that is not known: the package is not installed")
        raise typer.Exit


@app.callback()
def fet(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Take the options that stand before any command."""


def main() -> None:
    """Run the command line; a user's mistake ends in one sentence and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal without Φ and Ω must not end a training with an error.
            stream.reconfigure(errors="replace")
    try:
        app()
    except UserError as error:
        print(f"fet: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except OSError as error:
        if error.errno not in _REMEDIES:
            raise
        name = "the disk" if error.filename is None else shown(error.filename)
        todo = _REMEDIES[error.errno]
        print(f"fet: {name} cannot be used ({error.strerror}); {todo}", file=sys.stderr)
        raise SystemExit(2) from None
