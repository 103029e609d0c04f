"""`fet transfer`: one photograph's expression on another's face."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import common
from .pictures import check_out, loading, write_picture


def transfer(
    source: Annotated[Path, typer.Argument(help="The photograph whose expression to take.")],
    target: Annotated[Path, typer.Argument(help="The photograph whose face to change.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture to write, .png or .jpg.")],
    intensity: Annotated[
        float,
        typer.Option(
            "--intensity", help="0 keeps the target's expression, 1 takes the source's, 2 doubles."
        ),
    ] = 1.0,
    compare: Annotated[
        bool, typer.Option("--compare", help="Write source, target and result side by side.")
    ] = False,
    source_face: Annotated[
        int | None,
        typer.Option(
            "--source-face", help="Which of the source's faces to take, from left to right from 1."
        ),
    ] = None,
    target_face: Annotated[
        int | None,
        typer.Option(
            "--target-face", help="Which of the target's faces to change, counted likewise."
        ),
    ] = None,
    mouth: Annotated[
        str,
        typer.Option(
            "--mouth",
            help="Whose teeth are seen where the target shows none: source, bank (rendered ones), "
            "target (nobody's) or auto (the source's, or rendered ones).",
        ),
    ] = "auto",
    model: Annotated[
        Path | None,
        typer.Option(
            "--model", help="A FET+ in a file of `fet export`, to paint the face instead."
        ),
    ] = None,
    device: common.DeviceOption = "auto",
) -> None:
    """Write the target's photograph with the source's expression."""
    check_out(out, source, target)
    with loading():
        from fet_core.portrait import Transfer, beside, open_picture

        transfer = Transfer(model, device)
    made = transfer(source, target, intensity, source_face, target_face, mouth)
    if compare:
        made = beside([open_picture(source), open_picture(target), made])
    write_picture(out, made, target)
    if compare:
        print(f"{out}: {source}, {target} and the result side by side")
    else:
        print(f"{out}: {target} with the expression of {source}")
