"""Before any work: `fet check` looks at a raw folder, `fet profile` sets params and counts cost."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fet_core.data.ingest import Survey, survey
from fet_core.data.readers import Kind, make_reader
from fet_core.errors import UserError
from fet_core.params import Params
from fet_core.paramsfile import load, put_values
from fet_core.progress import duration
from fet_core.studies import open_study

from . import common
from .common import PARAMS, DatasetOption, ParamsOption, RootOption

_PIPE_WIDTH = 1000


def check(
    dataset: DatasetOption,
    root: RootOption = None,
    params: ParamsOption = PARAMS,
    decode: Annotated[
        bool, typer.Option("--decode", help="Open every picture too, as ingest does (slower).")
    ] = False,
) -> None:
    """Print what a raw folder holds: people, pictures, labels, and what is missing or odd."""
    values = common.load(params, dataset)
    chosen = values.dataset(dataset)
    found = survey(
        dataset,
        make_reader(chosen.reader, chosen.peak_frames),
        common.raw_root(root, values, dataset),
        values.split,
        decode,
        max_bytes=chosen.max_bytes,
    )
    # A pipe or a file gets ASCII frames and as wide a line as it takes.
    terminal = sys.stdout.isatty()
    console = Console(highlight=False, width=None if terminal else _PIPE_WIDTH)
    private = Kind(chosen.reader, chosen.neutral_only).private
    allowed = values.figures.allowed(dataset, private)
    for table in _report(found, allowed, ascii_only=not terminal):
        console.print(table)
    if found.odd:
        console.print("missing or odd", style="italic")
    for sentence in found.odd:
        console.print(f"- {_plain(sentence)}")


def _report(found: Survey, allowed: Sequence[str] | None, ascii_only: bool) -> list[Table]:
    summary = _table(found.dataset, ["", ""], ascii_only, header=False)
    summary.add_row("root", _plain(str(found.root)))
    summary.add_row("people", str(found.people))
    if found.sides:
        train, test = found.sides["train"], found.sides["test"]
        sides = f"{train} training, {test} test (split.seed: {found.seed})"
        summary.add_row("of them", sides)
    if found.sequences:
        summary.add_row("sequences", str(found.sequences))
    state = "all opened" if found.opened else "not opened; --decode opens them"
    summary.add_row("pictures", f"{found.pictures} ({state})")
    summary.add_row("cameras", _counted(found.cameras))
    summary.add_row("gazes", _counted(found.gazes))
    summary.add_row("left out", str(len(found.rejects)))
    for number, sentence in enumerate(found.understood):
        summary.add_row("" if number else "understood", _plain(sentence))
    if allowed is not None:
        named = ", ".join(allowed) or "nobody; list those who agreed under figures.subjects"
        summary.add_row("in figures", _plain(named))

    columns = ["expression", "people", *(["sequences"] if found.sequences else []), "pictures"]
    labels = _table("labels", columns, ascii_only)
    for name, shown in found.expressions.items():
        sequences = [str(shown.sequences)] if found.sequences else []
        labels.add_row(name, str(shown.people), *sequences, str(shown.pictures))
    if found.unlabelled:
        labels.add_row("(none)", *[""] * (len(columns) - 2), str(found.unlabelled))

    tables = [summary, labels]
    if found.rejects:
        rejects = _table("left out", ["reason", "files", "for example"], ascii_only)
        for kind, count, example in found.reasons:
            rejects.add_row(_plain(kind), str(count), _plain(example))
        tables.append(rejects)
    return tables


def _table(title: str, columns: list[str], ascii_only: bool, header: bool = True) -> Table:
    style = box.ASCII if ascii_only else box.ROUNDED
    table = Table(
        title=_plain(title), title_justify="left", box=style, show_header=header, show_lines=False
    )
    for name in columns:
        table.add_column(
            name,
            justify="right" if name in ("people", "sequences", "pictures", "files") else "left",
            overflow="fold",
        )
    return table


def _plain(text: str) -> str:
    """The text with nothing in it taken for rich's markup."""
    return escape(text)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items()) or "none"


SAMPLES = 1000
"""Training pictures that a cost is told for where nobody knows how many there are."""


def profile(
    name: Annotated[str, typer.Argument(help="paper, paper-cpu, demo, tiny, or your own.")],
    params: common.ParamsOption = common.PARAMS,
    estimate: Annotated[
        bool | None,
        typer.Option(
            "--estimate/--no-estimate",
            help="Time the first steps of each training on this machine and say what all of it "
            "would take [default: for paper and paper-cpu].",
        ),
    ] = None,
    device: common.DeviceOption = "auto",
) -> None:
    """Put the values of a study that has nothing else into the params file.

    Data sets, split, seeds and comments stay.

    paper: the paper's sizes and lengths. paper-cpu: its lengths, rates and weights at the demo's
    sizes, an hour or two a model on one core. demo: for 2 cores and 20 minutes. tiny: the whole
    pipeline with all baselines in minutes, for trying things; its pictures are no good.
    """
    opened = open_study(name, params)
    if opened.stages or opened.study.keys:
        raise UserError(
            f"the study {opened.name} is to be run, by `fet study {opened.name}`; a profile has "
            "values alone, as paper, paper-cpu, demo and tiny"
        )
    wanted = estimate or (estimate is None and opened.name in ("paper", "paper-cpu"))
    where = None
    if wanted:
        # Here, as it loads torch, which takes longer than all that other profiles do.
        from fet_core.geometry.raster import choose_device

        where = choose_device(device)
    changed = put_values(params, opened.values)
    print(f"{params}: profile {opened.name}, {changed} values changed", flush=True)
    if where is not None:
        _estimate(load(params), where)


def _estimate(settings: Params, where: Any) -> None:
    """Print a line for each training of each data set, and one on what is not counted.

    Args:
        settings: all parameters.
        where: a device of torch's.
    """
    from fet_core.timing import measure, sentence, usable_samples

    found = {name: usable_samples(common.data_folder(None, name)) for name in settings.datasets}
    sets = {name: count for name, count in found.items() if count is not None}
    mirrored = 2 if settings.augment.flip else 1
    each = sets or {f"for each {SAMPLES:,} training pictures": SAMPLES * mirrored}
    total = 0.0
    for _, cost in measure(settings, where):
        for data, samples in each.items():
            print(sentence(cost, data, samples, where), flush=True)
            total += cost.total(samples)
    print(
        f"together {duration(total)}{'' if sets else f' for {SAMPLES:,} pictures'}, with this "
        "machine as busy as now; not counted: validation "
        "and sample grids, the baselines (each about as Ω), reading, alignment and evaluation"
    )
    if sets and len(sets) < len(found):
        without = ", ".join(name for name in found if name not in sets)
        print(f"not counted either: {without}, of which nothing is ingested yet")
