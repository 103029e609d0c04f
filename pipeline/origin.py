"""`fet origin`: what the files of pictures and films say of whether they are made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fet_core.errors import UserError

from .several import end, named

if TYPE_CHECKING:
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
    from fet_core.data.mark import origin as picture_origin
    from fet_core.film.mark import FILMS, film_origin

    failed = []
    found = named(pictures)
    for path in found:
        try:
            is_film = path.suffix.lower() in FILMS
            told = film_origin(path) if is_film else picture_origin(path)
        except UserError as error:
            failed.append((path, str(error)))
            continue
        fields = {
            "picture": str(path),
            "made_by": told.program,
            "digital_source_type": told.source_type,
        }
        said = json.dumps(fields, ensure_ascii=False) if as_json else f"{path}: {_said(told)}"
        print(said)
    end(failed, len(found))


def _said(told: Origin) -> str:
    if told.program:
        return f"made by {told.program}"
    if told.source_type:
        return f"no mark of FET, but another program's: {told.source_type}"
    return "no mark found"
