"""Photographs that a command takes many of: which are meant, where results go, what failed."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from fet_core.errors import UserError
from fet_core.files import check_file, check_folder, check_searched, is_file, shown

from .pictures import check_place

_WHICH = "name a picture, a folder of pictures, or a pattern as 'photos/*.jpg'"


def is_one(given: Sequence[Path]) -> bool:
    """Whether a single picture is named, be it there or not; no folder and no pattern."""
    return len(given) == 1 and not _is_folder(given[0]) and not _is_pattern(given[0])


def named(given: Sequence[Path]) -> list[Path]:
    """The pictures that are meant, each once, in their order.

    Of a folder and of a pattern those are left out that are hidden, no files, or called otherwise
    than pictures are; of folders below it nothing is taken.

    Args:
        given: pictures, folders, and patterns with *, ? or [ ] that no shell has replaced.

    Raises:
        UserError: one leads to no picture.
    """
    from fet_core.data.pictures import SUFFIXES

    found: dict[str, Path] = {}
    for path in given:
        if _is_folder(path):
            check_searched(path, _WHICH)
            names = sorted(path.iterdir())
        elif _is_pattern(path):
            # `Path.glob` takes no pattern that begins with a slash.
            names = [Path(n) for n in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207
        else:
            check_file(path, "there is no picture", _WHICH)
            found.setdefault(os.path.realpath(path), path)
            continue
        seen = [p for p in names if p.suffix.lower() in SUFFIXES and p.name[0] != "."]
        seen = [p for p in seen if is_file(p)]
        if not seen:
            kind = "in the folder" if _is_folder(path) else "that is called as"
            raise UserError(f"there is no picture {kind} {shown(path)}; {_WHICH}")
        for one in seen:
            found.setdefault(os.path.realpath(one), one)
    return list(found.values())


def outputs(
    targets: Sequence[Path], folder: Path, source: Path, force: bool
) -> list[tuple[Path, Path]]:
    """Each target with where its result goes: a file of its name in the folder.

    Of two targets of one name the second gets a number; what cannot be written as it is, is
    written as PNG.

    Args:
        targets: the pictures.
        folder: need not be there, but what it lies in must be.
        source: a picture that is not to be overwritten either.
        force: whether results may be there already.

    Raises:
        UserError: the folder cannot be used, a result is there already, or would overwrite an
            input.
    """
    from fet_core.data.encode import WRITTEN

    todo = "choose another with -o"
    check_folder(folder, todo)
    if not folder.exists():
        above = folder.absolute().parent
        if not above.is_dir():
            raise UserError(
                f"there is no folder {shown(above)} in which {shown(folder)} could be made; {todo}"
            )
        if folder.suffix.lower() in WRITTEN:
            raise UserError(
                f"{shown(folder)} is called as a picture, but several targets want a folder; {todo}"
            )
    taken: set[str] = set()
    found = []
    for target in targets:
        suffix = target.suffix if target.suffix.lower() in WRITTEN else ".png"
        name, number = f"{target.stem}{suffix}", 1
        # Not all disks tell large letters from small ones.
        while name.casefold() in taken:
            number += 1
            name = f"{target.stem}-{number}{suffix}"
        taken.add(name.casefold())
        found.append((target, folder / name))
    there = [out for _, out in found if check_place(out, "-o")]
    inputs = {_identity(path) for path in (*targets, source)}
    for out in there:
        if _identity(out) in inputs:
            raise UserError(
                f"a result would overwrite the picture {shown(out)}; choose another folder with -o"
            )
    if there and not force:
        more = f", and {len(there) - 1} more" if len(there) > 1 else ""
        raise UserError(
            f"{shown(there[0])} is there already{more}; choose another folder with -o, "
            "or write over what is there with --force"
        )
    return found


def end(failed: Sequence[tuple[Path, str]], count: int) -> None:
    """End a command, after a table on a terminal, or a line for each picture that failed.

    Args:
        failed: pictures, each with a sentence.
        count: how many pictures there were in all.

    Raises:
        UserError: some failed.
    """
    if not failed:
        return
    said = f"{len({path for path, _ in failed})} of {count} pictures failed"
    if not sys.stderr.isatty():
        raise UserError("\nfet: ".join([*(why for _, why in failed), said]))
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("picture", "why it failed")
    for column in table.columns:
        column.overflow = "fold"
    for path, why in failed:
        table.add_row(escape(shown(path)), escape(why))
    Console(stderr=True).print(table)
    raise UserError(said)


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _is_pattern(path: Path) -> bool:
    """Whether it is no file's name, but may stand for some."""
    return glob.has_magic(str(path)) and not os.path.lexists(path)
