"""`fet serve`: a page in the browser to transfer, edit and animate in, on this machine alone."""

from __future__ import annotations

from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from fet_core.errors import UserError

from .pictures import EyeOption, loading

EXAMPLES = Path("data/demo/rafd")
"""Faces to try the page with, where they are."""


def serve(
    host: Annotated[
        str,
        typer.Option("--host", help="The address to listen at; others can reach 0.0.0.0."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes one that is free.")
    ] = 7860,
    eye: EyeOption = "auto",
    browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Serve a page that transfers and edits expressions and animates photographs, until Ctrl-C.

    Pictures stay on this machine, in a folder that is emptied at the end.
    """
    if find_spec("gradio") is None:
        raise UserError(
            "the page needs Gradio; run `make env-page`, or without a clone "
            "`pip install 'fet[page]'`"
        )
    from .page import server

    with server.listening(host, port) as listener, server.private_folder() as folder:
        server.quieten(folder)
        with loading():
            from fet_core.portrait import Transfer

            from .page.desk import Desk
            from .page.layout import build

            desk = Desk(Transfer(eye=eye), folder, eye)
            page = build(desk, EXAMPLES)
        with closing(desk.films):
            server.run(page, listener, browser)
