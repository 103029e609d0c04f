"""Pictures that commands for photographs write: where they may go, and how they are written."""

from __future__ import annotations

import gc
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fet_core.errors import UserError
from fet_core.files import check_file, check_folder, shown

if TYPE_CHECKING:
    from fet_core.portrait import Picture

SUFFIXES = (".png", ".jpg", ".jpeg")


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


def check_out(out: Path, *pictures: Path) -> None:
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
    for picture in pictures:
        check_file(picture, "there is no picture", "name a PNG or JPEG file")
        if there and out.samefile(picture):
            raise UserError(
                f"the output {out} would overwrite the picture {picture}; choose another with -o"
            )


def write_picture(out: Path, picture: Picture, like: Path) -> None:
    """Write a picture, with the colour profile of the file `like` where it has a fitting one."""
    from PIL import Image

    from fet_core.files import atomic_path

    with warnings.catch_warnings():
        # Of a large picture, which has been read.
        warnings.simplefilter("ignore")
        with Image.open(like) as image:
            profile = image.info.get("icc_profile") or b""
    options: dict[str, Any] = {}
    if profile[16:20] == (b"RGB " if picture.ndim == 3 else b"GRAY"):
        options["icc_profile"] = profile
    form = "PNG" if out.suffix.lower() == ".png" else "JPEG"
    if form == "JPEG":
        options |= {"quality": 95, "subsampling": 0}
    # Pillow itself does not see where a JPEG was written in part.
    content = io.BytesIO()
    Image.fromarray(picture).save(content, form, **options)
    try:
        with atomic_path(out) as temporary:
            temporary.write_bytes(content.getbuffer())
    except OSError as error:
        raise UserError(
            f"{out} cannot be written ({error.strerror or error}); choose another with -o"
        ) from error
