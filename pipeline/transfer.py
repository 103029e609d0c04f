"""`fet transfer`: one photograph's expression on another's face."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fet_core.errors import UserError
from fet_core.files import check_file, check_folder, shown

from . import common

if TYPE_CHECKING:
    from fet_core.portrait import Picture


SUFFIXES = (".png", ".jpg", ".jpeg")


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
    model: Annotated[
        Path | None,
        typer.Option(
            "--model", help="A FET+ in a file of `fet export`, to paint the face instead."
        ),
    ] = None,
    device: common.DeviceOption = "auto",
) -> None:
    """Write the target's photograph with the source's expression."""
    _check_out(out, source, target)
    with _loading():
        from fet_core.portrait import Transfer, beside, open_picture

        transfer = Transfer(model, device)
    made = transfer(source, target, intensity, source_face, target_face)
    if compare:
        made = beside([open_picture(source), open_picture(target), made])
    _write(out, made, target)
    if compare:
        print(f"{out}: {source}, {target} and the result side by side")
    else:
        print(f"{out}: {target} with the expression of {source}")


@contextmanager
def _loading() -> Iterator[None]:
    """Import without looking for garbage.

    Of the many objects that libraries bring none is garbage, neither now nor when the process ends;
    with torch, which a model wants, looking at them all takes as long as the transfer itself.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def _check_out(out: Path, source: Path, target: Path) -> None:
    """Refuse pictures that are not there, and an output that cannot be, before any work."""
    name = shown(out)
    if out.suffix.lower() not in SUFFIXES:
        raise UserError(
            f"{name} does not end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}; "
            "give the output one of these endings"
        )
    try:
        there = out.exists()
        if out.is_dir():
            raise UserError(f"{name} is a folder; name a picture in it")
        if there and not out.is_file():
            raise UserError(f"{name} is a device or a pipe; choose another with -o")
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise UserError(f"{name} cannot be written ({reason}); choose another with -o") from error
    check_folder(out.parent, "choose another with -o")
    for picture in (source, target):
        check_file(picture, "there is no picture", "name a PNG or JPEG file")
        if there and out.samefile(picture):
            raise UserError(
                f"the output {out} would overwrite the picture {picture}; choose another with -o"
            )


def _write(out: Path, picture: Picture, like: Path) -> None:
    """Write a picture, with the colour profile of the file `like` where it has a fitting one."""
    from PIL import Image

    from fet_core.files import atomic_path

    with Image.open(like) as image:
        profile = image.info.get("icc_profile") or b""
    options: dict[str, Any] = {}
    if profile[16:20] == (b"RGB " if picture.ndim == 3 else b"GRAY"):
        options["icc_profile"] = profile
    if out.suffix.lower() != ".png":
        options |= {"quality": 95, "subsampling": 0}
    try:
        with atomic_path(out) as temporary:
            Image.fromarray(picture).save(temporary, **options)
    except OSError as error:
        raise UserError(
            f"{out} cannot be written ({error.strerror or error}); choose another with -o"
        ) from error
