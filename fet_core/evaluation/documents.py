"""Markdown files of which a part, between two marks, is made from results."""

from __future__ import annotations

from pathlib import Path

from fet_core.errors import UserError

START, END = "<!-- results -->", "<!-- end of results -->"
"""The lines around the part that is made."""


def between_marks(path: Path, body: str) -> str:
    """The text of a Markdown file with another part between its marks.

    Args:
        path: of the file, which is not changed.
        body: what stands between the marks, without blank lines around it.

    Raises:
        UserError: the file is missing or does not have the marks.
    """
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not text in UTF-8; name a Markdown file") from error
    if START not in text or END not in text.split(START, 1)[1]:
        raise UserError(f"{path} has no lines {START} and {END}; add them where results belong")
    before, rest = text.split(START, 1)
    return f"{before}{START}\n\n{body.strip()}\n\n{END}{rest.split(END, 1)[1]}"
