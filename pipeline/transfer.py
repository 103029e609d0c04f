"""`fet transfer`: one photograph's expression on the faces of others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fet_core.errors import UserError
from fet_core.files import check_file

from . import common
from .pictures import EyeOption, ForceOption, check_out, loading, write_made, write_picture
from .several import end, is_one, named, outputs

if TYPE_CHECKING:
    from fet_core.data.manifest import Credentials
    from fet_core.face3d.face import Face
    from fet_core.portrait import Transfer

_EVERY = "; --all-faces changes all"


@dataclass(frozen=True)
class _Wish:
    """What is to be done with each target, and with what; fields as the command's options."""

    source: Path
    intensity: float
    number: int | None
    every: bool
    mouth: str
    compare: bool
    model: Path | None
    device: str
    eye: str
    by: Credentials | None


def transfer(
    source: Annotated[Path, typer.Argument(help="The photograph whose expression to take.")],
    targets: Annotated[
        list[Path],
        typer.Argument(
            help="The photographs whose faces to change: files, folders, or quoted patterns."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            help="The picture to write, .png, .jpg, .webp or .tif; for several targets the folder.",
        ),
    ],
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
    all_faces: Annotated[
        bool, typer.Option("--all-faces", help="Change each face of the target.")
    ] = False,
    faces: Annotated[
        Path | None,
        typer.Option(
            "--faces",
            help="A picture to write too: the photograph whose face is to be chosen, the target "
            "else, with each face's number.",
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
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, help="Processes that share several targets.")
    ] = 1,
    eye: EyeOption = "auto",
    c2pa: Annotated[
        Path | None,
        typer.Option(
            "--c2pa", help="Sign that the results are made (C2PA): PEM file of the certificates."
        ),
    ] = None,
    c2pa_key: Annotated[
        Path | None, typer.Option("--c2pa-key", help="PEM file of the key to sign with.")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Write the targets' photographs with the source's expression."""
    if all_faces and target_face is not None:
        raise UserError("--target-face chooses one face and --all-faces all; leave one of them out")
    by = _credentials(c2pa, c2pa_key)
    wish = _Wish(source, intensity, target_face, all_faces, mouth, compare, model, device, eye, by)
    if is_one(targets):
        _one(wish, targets[0], out, source_face, faces, force)
    elif faces is not None:
        raise UserError("--faces numbers the faces of one target; name one, or leave --faces out")
    else:
        _several(wish, targets, out, source_face, jobs, force)


def _credentials(certificates: Path | None, key: Path | None) -> Credentials | None:
    if certificates is None and key is None:
        return None
    if certificates is None or key is None:
        raise UserError("to sign needs a certificate and its key; name both, --c2pa and --c2pa-key")
    from fet_core.data.manifest import credentials

    return credentials(certificates, key)


def _one(
    wish: _Wish, target: Path, out: Path, source_face: int | None, faces: Path | None, force: bool
) -> None:
    check_out(out, wish.source, target, force=force)
    if faces is not None:
        check_out(faces, wish.source, target, force=force, option="--faces")
        if os.path.realpath(faces) == os.path.realpath(out):
            raise UserError(f"{out} is named with -o and with --faces; choose another for one")
    with loading():
        transfer = _load(wish.model, wish.device, wish.eye)
    with _numbering(transfer, {"source": wish.source, "target": target}, faces):
        left = _make(transfer, wish, transfer.find(wish.source, source_face), target, out)
    print(_told(wish, target, out))
    if left:
        raise UserError("\nfet: ".join(left))


def _several(
    wish: _Wish, given: list[Path], folder: Path, source_face: int | None, jobs: int, force: bool
) -> None:
    from fet_core.parallel import each, once

    check_file(wish.source, "there is no picture", "name a PNG or JPEG file")
    tasks = outputs(named(given), folder, wish.source, force)
    with loading():
        transfer = once(_load, wish.model, wish.device, wish.eye)
    transfer.check(wish.intensity, wish.mouth)
    with _numbering(transfer, {}, None):
        face = transfer.find(wish.source, source_face)
    work = partial(_attempt, wish, face)
    failed: list[tuple[Path, str]] = []
    for (target, out), (written, wrong) in zip(
        tasks, each(work, tasks, "transferring", processes=jobs, chunk=1), strict=True
    ):
        if written:
            print(_told(wish, target, out), flush=True)
        failed += [(target, why) for why in wrong]
    end(failed, len(tasks))


def _load(model: Path | None, device: str, eye: str) -> Transfer:
    from fet_core.portrait import Transfer

    return Transfer(model, device, eye)


def _attempt(wish: _Wish, face: Face, task: tuple[Path, Path]) -> tuple[bool, list[str]]:
    """Whether a target's result was written, and what is wrong."""
    from fet_core.parallel import once
    from fet_core.portrait_faces import SeveralFacesError

    target, out = task
    try:
        return True, _make(once(_load, wish.model, wish.device, wish.eye), wish, face, target, out)
    except SeveralFacesError as error:
        return False, [f"{error}{_EVERY}"]
    except UserError as error:
        return False, [str(error)]
    except Exception as error:  # one picture must not end the others
        what = f"{type(error).__name__}: {error}"
        return False, [f"{target} met a fault of the program ({what}); alone it shows where"]


def _make(transfer: Transfer, wish: _Wish, face: Face, target: Path, out: Path) -> list[str]:
    """Write a target's result; returns a sentence for each face that stays as it was."""
    from fet_core.portrait import beside, open_picture

    left: list[str] = []
    if wish.every:
        made, left = transfer.all_faces(face, target, wish.intensity, mouth=wish.mouth)
    else:
        made = transfer(face, target, wish.intensity, None, wish.number, wish.mouth)
    if wish.compare:
        row = beside([open_picture(wish.source), open_picture(target), made])
        write_picture(out, row, target, mark=True, by=wish.by)
    else:
        write_made(out, made, target, wish.by)
    return left


def _told(wish: _Wish, target: Path, out: Path) -> str:
    if wish.compare:
        return f"{out}: {wish.source}, {target} and the result side by side"
    return f"{out}: {target} with the expression of {wish.source}"


@contextmanager
def _numbering(transfer: Transfer, photos: dict[str, Path], faces: Path | None) -> Iterator[None]:
    """Write the picture of `--faces`, and say of it where a face is to be chosen."""
    from fet_core.portrait_faces import SeveralFacesError

    try:
        yield
    except SeveralFacesError as error:
        every = _EVERY if error.role == "target" else ""
        if faces is None:
            alone = "" if photos else "with a single target, "
            raise UserError(
                f"{error}{every}; {alone}--faces FACES.png writes it numbered"
            ) from error
        _number(transfer, photos[error.role], faces)
        raise UserError(f"{error}{every}; {faces} shows their numbers") from error
    if faces is not None:
        _number(transfer, photos["target"], faces)


def _number(transfer: Transfer, photo: Path, faces: Path) -> None:
    from fet_core.portrait_faces import numbered

    found = transfer.faces(photo)
    boxes = [face.found.box for face in found if face.found is not None]
    write_picture(faces, numbered(found[0].picture, boxes), photo)
