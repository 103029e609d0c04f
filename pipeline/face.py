"""`fet read` and `fet edit`: pose and face units of photographs, printed and set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fet_core.errors import UserError
from fet_core.files import check_file
from fet_core.progress import track

from .pictures import EyeOption, ForceOption, check_out, loading, write_made, write_picture

if TYPE_CHECKING:
    from fet_core.face3d.fit import Fit

_SHOWN = 0.1
"""Units weaker than this are left out of the table."""


def read(
    pictures: Annotated[
        list[Path], typer.Argument(help="Photographs, with one face each or more.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a face and line, with all units.")
    ] = False,
    draw: Annotated[
        Path | None,
        typer.Option("--draw", help="A picture to write, of the only photograph with the fit."),
    ] = None,
    eye: EyeOption = "auto",
    force: ForceOption = False,
) -> None:
    """Print where each face looks and what it does, in ARKit's face units from 0 to 1."""
    from fet_core.face3d.drawing import drawn
    from fet_core.face3d.face import Face, shape_of
    from fet_core.face3d.shape import fitter
    from fet_core.geometry.eye import portrait_eye
    from fet_core.portrait import open_picture

    for path in pictures:
        check_file(path, "there is no picture", "name a PNG or JPEG file")
    if draw is not None:
        if len(pictures) > 1:
            raise UserError("--draw draws over one photograph; name one, or leave --draw out")
        check_out(draw, *pictures, force=force, option="--draw")
    seeing = portrait_eye(eye)
    refused: list[str] = []
    for path in track(pictures, "reading", unit="pictures") if len(pictures) > 20 else pictures:
        try:
            picture = open_picture(path)
            found = seeing.find(picture)
            if not found:
                raise UserError(f"no face was found in {path}; name a picture that shows one")
            shown = picture
            for number, face in enumerate(found, 1):
                points = seeing.read(picture, face)
                shapes = shape_of(Face(str(path), picture, points, eye=seeing.name))
                fit, shown = shapes.fit, shown if draw is None else drawn(shown, shapes)
                said = {"picture": str(path), "face": number} | _said(
                    fit, fitter(seeing.name).model.names
                )
                print(json.dumps(said, ensure_ascii=False) if as_json else _table(said))
            if draw is not None:
                write_picture(draw, shown, path)
        except UserError as error:
            refused.append(str(error))
    if refused:
        raise UserError("\nfet: ".join(refused))


def edit(
    photo: Annotated[
        Path | None, typer.Argument(help="The photograph whose face to change.")
    ] = None,
    units: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="UNIT=VALUE",
            help="A face unit and its value from 0 to 1, as jawOpen=0.3; as often as you like.",
        ),
    ] = None,
    expression: Annotated[
        str | None, typer.Option("--expression", help="An expression, as happy; before all units.")
    ] = None,
    intensity: Annotated[
        float, typer.Option("--intensity", help="Of the expression: 0 none, 1 whole, 2 doubles.")
    ] = 1.0,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The picture to write, .png, .jpg, .webp or .tif."),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Write the photograph and the result side by side.")
    ] = False,
    face: Annotated[
        int | None,
        typer.Option("--face", help="Which of several faces to change, from left to right from 1."),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Print all units and expressions, and end.")
    ] = False,
    eye: EyeOption = "auto",
    force: ForceOption = False,
) -> None:
    """Write a photograph with another expression; no other photograph is needed."""
    from fet_core.face3d.edit import EXPRESSIONS, unit_names

    if listed:
        print("Units: " + ", ".join(unit_names()))
        print("One without Left or Right, as mouthSmile, sets both.")
        print("Expressions: " + ", ".join(EXPRESSIONS))
        return
    if photo is None or out is None:
        raise UserError("name a photograph and with -o what to write: `fet edit PHOTO … -o OUT`")
    check_out(out, photo, force=force)
    wanted = _parsed(units or [])
    with loading():
        from fet_core.portrait import Transfer, beside, open_picture

        transfer = Transfer(eye=eye)
    made = transfer.edit(photo, wanted, expression, intensity, face)
    if compare:
        write_picture(out, beside([open_picture(photo), made]), photo, mark=True)
    else:
        write_made(out, made, photo)
    said = [*([expression] if expression else []), *(f"{k} {v:g}" for k, v in wanted.items())]
    print(f"{out}: {photo} with {', '.join(said)}")


def explain(
    source: Annotated[Path, typer.Argument(help="The photograph whose expression to take.")],
    target: Annotated[Path, typer.Argument(help="The photograph whose face to change.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sheet to write, .png or .jpg.")],
    intensity: Annotated[
        float, typer.Option("--intensity", help="As of `fet transfer`, from 0 to 2.")
    ] = 1.0,
    source_face: Annotated[
        int | None, typer.Option("--source-face", help="Which of the source's faces, from 1.")
    ] = None,
    target_face: Annotated[
        int | None, typer.Option("--target-face", help="Which of the target's faces, from 1.")
    ] = None,
    eye: EyeOption = "auto",
    force: ForceOption = False,
) -> None:
    """Write one sheet on what `fet transfer` does with two photographs, step by step."""
    check_out(out, source, target, force=force)
    with loading():
        from fet_core.explanation import explained

    sheet = explained(source, target, intensity, source_face, target_face, eye)
    write_picture(out, sheet, target, mark=True)
    print(f"{out}: from {source} and {target} to the result")


def _parsed(units: Sequence[str]) -> dict[str, float]:
    found = {}
    for text in units:
        name, _, value = text.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError as error:
            raise UserError(f'"{text}" is no UNIT=VALUE; write it as jawOpen=0.3') from error
    return found


def _said(fit: Fit, names: Sequence[str]) -> dict[str, Any]:
    yaw, pitch, roll = (round(float(angle), 1) for angle in fit.angles()[0])
    units = {
        name: round(min(max(float(value), 0.0), 1.0), 3)
        for name, value in zip(names, fit.units[0], strict=True)
    }
    return {
        "yaw": yaw,
        "pitch": pitch,
        "roll": roll,
        "error": round(float(fit.error[0]), 4),
        "units": units,
    }


def _table(said: dict[str, Any]) -> str:
    strong = sorted(said["units"].items(), key=lambda one: -one[1])
    lines = [
        f"{said['picture']}, face {said['face']}: yaw {said['yaw']:+.0f}°, pitch "
        f"{said['pitch']:+.0f}°, roll {said['roll']:+.0f}°"
    ]
    lines += [
        f"  {name:<20} {value:.2f} {'█' * round(20 * min(value, 1))}"
        for name, value in strong
        if value >= _SHOWN
    ]
    return "\n".join(lines)
