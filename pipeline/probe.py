"""`fet probe`: what each stage does on a tiny input, told in files that the stages depend on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

PROBES = Path("probes")


def probe(
    out: Annotated[Path, typer.Option("--out", help="Folder of the accounts.")] = PROBES,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="A part to look at alone; may be repeated.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option("--processes", min=1, help="Stages at a time [default: cores].")
    ] = None,
) -> None:
    """Run every stage on a tiny input and note what came out, where it is not what was noted.

    The files are kept to the byte where numbers differ by no more than rounding, so that another
    processor, a renamed function or a moved module makes no stage run again.
    """
    from fet_core.errors import UserError
    from fet_core.files import check_folder
    from fet_core.parallel import in_order
    from fet_core.probes import keep
    from fet_core.progress import bar

    from .probe_inputs import FACES

    if not FACES.is_dir():
        raise UserError(
            "`fet probe` notes what the code does for dvc.yaml, which is no part of an installed "
            "package; run it in a clone of the project"
        )
    from .probe_parts import every, run

    check_folder(out, "choose another folder with --out")
    names = list(every())
    for name in only or []:
        if name not in names:
            raise UserError(f'there is no part "{name}"; say one of {", ".join(sorted(names))}')
    chosen = [name for name in names if not only or name in only]
    changed, parts = 0, set()
    with bar("probe", len(chosen), unit="stages") as advance:
        for found in in_order(run, chosen, processes or os.cpu_count() or 1, 1):
            for part, account in sorted(found.items()):
                parts.add(part)
                told = keep(out / f"{part}.json", account)
                changed += bool(told)
                for line in told[:3]:
                    print(f"{part}: {line}")
                if len(told) > 3:
                    print(f"{part}: and {len(told) - 3} more")
            advance()
    if not only:
        for path in out.glob("*.json"):
            if path.stem not in parts:
                path.unlink()
    print(f"{len(parts)} parts, {changed} of them do something else than before")
