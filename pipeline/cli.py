"""The `fet` command: all stages and tools as subcommands."""

from __future__ import annotations

import sys
from io import TextIOWrapper

import typer

from fet_core.errors import UserError

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
    profile,
    readme,
    refine,
    report,
    show,
    sweep,
    synthesize,
    train_baseline,
    train_fusion,
    train_fusion_plus,
    train_transfer,
    train_transfer_plus,
    transfer,
)

app = typer.Typer(
    name="fet",
    help="Facial expression transfer: the source's expression on the target's face.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
app.command("check")(check.check)
app.command("ingest")(ingest.ingest)
app.command("grayscale")(grayscale.grayscale)
app.command("align")(align.align)
app.command("landmarks")(landmarks.landmarks)
app.command("augment")(augment.augment)
app.command("refine")(refine.refine)
app.command("train-fusion")(train_fusion.train_fusion)
app.command("train-transfer")(train_transfer.train_transfer)
app.command("train-fusion-plus")(train_fusion_plus.train_fusion_plus)
app.command("train-transfer-plus")(train_transfer_plus.train_transfer_plus)
app.command("train-baseline")(train_baseline.train_baseline)
app.command("evaluate")(evaluate.evaluate)
app.command("export")(export.export)
app.command("merge")(merge.merge)
app.command("compare")(compare.compare)
app.command("report")(report.report)
app.command("sweep")(sweep.sweep)
app.command("show")(show.show)
app.command("readme")(readme.readme)
app.command("profile")(profile.profile)
app.command("transfer")(transfer.transfer)
app.add_typer(synthesize.app, name="synthesize")


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
    except KeyboardInterrupt:
        print("fet: interrupted", file=sys.stderr)
        raise SystemExit(130) from None
