"""`fet origin`: what the files of pictures and films say of whether they are made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fet_core.errors import UserError

from .several import end, named

if TYPE_CHECKING:
    from fet_core.data.manifest import Signed
    from fet_core.data.mark import Origin


def origin(
    pictures: Annotated[
        list[Path], typer.Argument(help="Pictures, films, folders, or quoted patterns.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a picture and line.")
    ] = False,
) -> None:
    """Print whether each picture is marked as made by FET; one without a mark may be made too."""
    from fet_core.data.manifest import manifest
    from fet_core.data.mark import origin as picture_origin
    from fet_core.film.mark import FILMS, film_origin

    failed = []
    found = named(pictures)
    for path in found:
        try:
            is_film = path.suffix.lower() in FILMS
            told = film_origin(path) if is_film else picture_origin(path)
            signed = None if is_film else manifest(path)
        except UserError as error:
            failed.append((path, str(error)))
            continue
        fields: dict[str, Any] = {
            "picture": str(path),
            "made_by": told.program,
            "digital_source_type": told.source_type,
        }
        if signed is not None:
            fields["c2pa"] = {"signed_by": signed.by, "valid": signed.valid}
        said = f"{path}: {_said(told)}{_sealed(signed)}"
        print(json.dumps(fields, ensure_ascii=False) if as_json else said)
    end(failed, len(found))


def _sealed(signed: Signed | None) -> str:
    if signed is None:
        return ""
    state = "whole" if signed.valid else "not valid: the file was changed, or is damaged"
    return f"; manifest signed by {signed.by}, {state}"


def _said(told: Origin) -> str:
    if told.program:
        return f"made by {told.program}"
    if told.source_type:
        return f"no mark of FET, but another program's: {told.source_type}"
    return "no mark found"
