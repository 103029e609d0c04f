"""faces.csv: who is on the pictures of a folder, and with which expression, where no name says."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fet_core.errors import UserError, cut, shown
from fet_core.files import check_file

NAME = "faces.csv"
"""Of the file, which lies in the folder itself."""

COLUMNS = ("file", "person", "expression")
"""What its first line names, in any order."""

_HEADER = f"the columns {', '.join(COLUMNS)}, separated by commas"


@dataclass(frozen=True)
class Row:
    """One line of faces.csv as it stands there, without the spaces around each value.

    Attributes:
        line: its number, the header's being 1.
        file: path relative to the folder.
        person: whose face it is.
        expression: in any word.
    """

    line: int
    file: str
    person: str
    expression: str


def read_rows(path: Path) -> list[Row]:
    """Read a faces.csv; lines with nothing in them do not count.

    Raises:
        UserError: it cannot be read, is no CSV in UTF-8, or has other columns or values than these.
    """
    check_file(path, "there is no", "mend it or take it away")
    try:
        # Excel begins a file in UTF-8 with a mark.
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_rows(path, file))
    except UnicodeDecodeError as error:
        raise UserError(f"{shown(path)} is not text in UTF-8; save it as CSV in UTF-8") from error
    except OSError as error:
        raise UserError(
            f"{shown(path)} cannot be read ({error.strerror}); mend it or take it away"
        ) from error


def _rows(path: Path, file: Iterator[str]) -> Iterator[Row]:
    lines = csv.reader(file, strict=True)
    header: list[str] | None = None
    try:
        for values in lines:
            values = [value.strip() for value in values]
            if not any(values):
                continue
            if header is None:
                header = values
                if sorted(header) != sorted(COLUMNS):
                    raise UserError(
                        f'the first line of {shown(path)} is "{cut(",".join(header))}" where '
                        f"{_HEADER}, are expected; mend it"
                    )
                continue
            if len(values) != len(header):
                raise UserError(
                    f"line {lines.line_num} of {shown(path)} has {len(values)} values where its "
                    f"first has {len(header)}; mend it, with quotes around a text that holds commas"
                )
            yield Row(lines.line_num, **dict(zip(header, values, strict=True)))
    except csv.Error as error:
        raise UserError(
            f"line {lines.line_num} of {shown(path)} cannot be read as CSV ({error}); mend it"
        ) from error
    if header is None:
        raise UserError(f"{shown(path)} is empty; give it {_HEADER}, or take it away")
