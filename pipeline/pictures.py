"""Pictures that commands for photographs write: where they may go, and how they are written."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fet_core.errors import UserError
from fet_core.files import atomic_path, check_file, check_folder, shown

if TYPE_CHECKING:
    from fet_core.data.manifest import Credentials
    from fet_core.portrait import Picture


@contextmanager
def loading() -> Iterator[None]:
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


ForceOption = Annotated[
    bool, typer.Option("--force", help="Write over a picture that is there; never over an input.")
]


EyeOption = Annotated[
    str,
    typer.Option(
        "--eye",
        help="Who reads faces: dlib, not for commercial use; mesh, free for any; auto: dlib if "
        "installed.",
    ),
]


def check_out(out: Path, *pictures: Path, force: bool = False, option: str = "-o") -> None:
    """Refuse pictures that are not there, and an output that cannot be, before any work.

    Args:
        out: the output.
        pictures: the inputs.
        force: whether the output may be there already.
        option: how the output is named on the command line.

    Raises:
        UserError: one of them cannot be used, or the output is one of the inputs.
    """
    from fet_core.data.encode import WRITTEN

    name = shown(out)
    if out.suffix.lower() not in WRITTEN:
        if os.path.isdir(out):  # noqa: PTH112 - Path's own raises at a name that is too long
            raise UserError(f"{name} is a folder; name a file in it, as {out / 'out.png'}")
        *most, last = WRITTEN
        raise UserError(
            f"{name} does not end in {', '.join(most)} or {last}; "
            "give the output one of these endings"
        )
    there = check_place(out, option)
    for picture in pictures:
        check_file(picture, "there is no picture", "name a PNG or JPEG file")
        if there and out.samefile(picture):
            raise UserError(
                f"the output {name} would overwrite the picture {picture}; "
                f"choose another with {option}"
            )
    if there and not force:
        raise UserError(
            f"{name} is there already; choose another with {option}, or write over it with --force"
        )


def check_place(out: Path, option: str, kind: str = "picture") -> bool:
    """Whether a file is there where a picture or a film is to be written.

    Raises:
        UserError: none can be there.
    """
    name = shown(out)
    try:
        there = out.exists()
        if out.is_dir():
            raise UserError(f"{name} is a folder; name a {kind} in it")
        if there and not out.is_file():
            raise UserError(f"{name} is a device or a pipe; choose another with {option}")
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise UserError(
            f"{name} cannot be written ({reason}); choose another with {option}"
        ) from error
    check_folder(out.parent, f"choose another with {option}")
    return there


def write_picture(
    out: Path, picture: Picture, like: Path, mark: bool = False, by: Credentials | None = None
) -> None:
    """Write a picture, with the colour profile of the file `like` where it has a fitting one.

    Args:
        out: the file.
        picture: [H, W] or [H, W, 3] uint8.
        like: another picture.
        mark: whether to say that it is made.
        by: who signs that.
    """
    from fet_core.data.encode import encode
    from fet_core.data.kept import Kept, profile_of

    _write(out, encode(picture, out.suffix, Kept(profile_of(like)), mark), by)


def write_made(out: Path, made: Picture, target: Path, by: Credentials | None = None) -> None:
    """Write what was made of a photograph, with all that is kept of its file, marked as made.

    Args:
        out: the file.
        made: [H, W] or [H, W, 3] uint8.
        target: the photograph.
        by: who signs that it is made.
    """
    from fet_core.data.encode import encode
    from fet_core.data.kept import kept

    _write(out, encode(made, out.suffix, kept(target), mark=True), by)


def _write(out: Path, content: bytes, by: Credentials | None) -> None:
    if by is not None:
        from fet_core.data.manifest import signed

        content = signed(content, out.suffix, by)
    try:
        with atomic_path(out) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise UserError(
            f"{out} cannot be written ({error.strerror or error}); choose another with -o"
        ) from error
