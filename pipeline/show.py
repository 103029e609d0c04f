"""`fet show`: the tables of a run and where its figures are; puts the tables into the README."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

START, END = "<!-- results -->", "<!-- end of results -->"


def show(
    metrics: Annotated[Path, typer.Option("--metrics", help="The folder of all results.")] = Path(
        "metrics"
    ),
    readme: Annotated[
        Path | None,
        typer.Option("--readme", help="A Markdown file whose results section to bring up to date."),
    ] = None,
) -> None:
    """Print every data set's table and the paths of its figures."""
    from fet_core.errors import UserError
    from fet_core.files import write_text

    tables = sorted(metrics.glob("*/table.md"))
    if not tables:
        raise UserError(f"there are no results in {metrics}; run `make demo` or `dvc repro` first")
    if readme is not None:
        write_text(readme, with_results(readme, tables))
        print(f"{readme}: {len(tables)} tables")
        return
    for table in tables:
        print(table.read_text(encoding="utf-8"))
        for figure in sorted((table.parent / "figures").glob("*.png")):
            print(f"figure: {figure}")
        print()


def with_results(readme: Path, tables: list[Path]) -> str:
    """The text of a Markdown file with the tables between its two result marks.

    Raises:
        UserError: the file is missing or does not have the marks.
    """
    from fet_core.errors import UserError

    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    if START not in text or END not in text.split(START, 1)[1]:
        raise UserError(f"{readme} has no lines {START} and {END}; add them where results belong")
    before, rest = text.split(START, 1)
    after = rest.split(END, 1)[1]
    body = "\n".join(table.read_text(encoding="utf-8") for table in tables)
    return f"{before}{START}\n\n{body}\n{END}{after}"
