"""Locks of folders: one command at a time, and free again at once where its process is gone."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from fet_core.errors import UserError
from fet_core.files import make_folder, shown
from fet_core.writing import writing

_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)
"""What a file system says that has no locks; work there goes on without."""


@contextmanager
def locked(folder: Path, busy: str) -> Iterator[IO[str]]:
    """Let one process at a time into a folder, and those that inherit the file that it yields.

    Args:
        folder: made if it is not there.
        busy: what to say where another is in it, with {} for the folder.

    Raises:
        UserError: another is in it.
    """
    make_folder(folder)
    with _held(folder / "_lock", busy.format(shown(folder))) as file:
        yield file


@contextmanager
def exclusive(place: Path, name: str, option: str) -> Iterator[None]:
    """Let one command at a time write what has this name in a folder.

    The lock is a hidden file beside what is written, never in it: DVC removes what a stage puts out
    before it runs, and hashes all of it after. Worker processes do not inherit it.

    Args:
        place: the folder, made if it is not there.
        name: of a folder in it, as a stage's, or of several files.
        option: that names another folder, as "--out".

    Raises:
        UserError: another command is writing it.
    """
    new = [folder for folder in (Path(place), *Path(place).parents) if not folder.exists()]
    make_folder(place)
    path = Path(place) / f".{name}.lock"
    busy = (
        f'another command is writing "{name}" in {shown(place)}; wait until it has ended, or name '
        f"another folder with {option}"
    )
    with _held(path, busy):
        try:
            yield
        except BaseException:
            # While it is held, so that nobody's but this one goes.
            path.unlink(missing_ok=True)
            with suppress(OSError):
                for folder in new:
                    # Unless something was written.
                    folder.rmdir()
            raise
        path.unlink(missing_ok=True)


@contextmanager
def _held(path: Path, busy: str) -> Iterator[IO[str]]:
    """Hold the lock of a file, which is made if it is not there; `UserError` if another does."""
    while True:
        with writing(path):
            opened = path.open("w")
        with opened as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UserError(busy) from error
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise
            # Whoever had it may have removed the file after it was opened here.
            if _is_at(file, path):
                yield file
                return


def _is_at(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
