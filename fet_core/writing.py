"""Why something could not be written, in one sentence: a full disk, a folder that is read alone."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fet_core.errors import UserError, shown

_ROOM = "make room there and run the same command again"
_ELSEWHERE = "choose a place that can be written to"

REASONS = {
    errno.ENOSPC: ("the disk is full", _ROOM),
    errno.EDQUOT: ("your share of the disk is used up", _ROOM),
    errno.EFBIG: ("no file may become so large there", "raise that limit (`ulimit -f`)"),
    errno.EROFS: ("the disk can only be read", _ELSEWHERE),
    errno.EACCES: ("it may not be written to", f"change its permissions, or {_ELSEWHERE}"),
    errno.EPERM: ("it may not be written to", f"change its permissions, or {_ELSEWHERE}"),
    errno.EIO: ("the disk answers with an error", f"look after the disk, or {_ELSEWHERE}"),
}
"""By the system's number: what is wrong, and what to do."""

_NUMBER = re.compile(r"(?:os error|errno) (\d+)", re.IGNORECASE)
_MORE = 1 << 20
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


@contextmanager
def writing(path: Path, at: Path | None = None) -> Iterator[None]:
    """Tell in one sentence why what is written in the block could not be.

    Args:
        path: what is being written, for the sentence.
        at: the file or folder that is really written to, where that is another.

    Raises:
        UserError: the system refused it for one of `REASONS`. What else goes wrong stays as it is,
            errors of files elsewhere among it.
    """
    place = Path(path) if at is None else at
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        number = _number(error, place)
        if number not in REASONS:
            raise
        raise UserError(_sentence(number, Path(path), place)) from error


def put_folder(made: Path, target: Path) -> None:
    """Put a copy of a folder in the place of another, which stays until the copy is whole.

    Raises:
        UserError: it cannot be written.
    """
    new, old = (target.with_name(f".{target.name}.{word}.part") for word in ("new", "old"))
    try:
        with writing(target, target.parent):
            shutil.rmtree(new, ignore_errors=True)
            shutil.copytree(made, new)
            if target.exists():
                shutil.rmtree(old, ignore_errors=True)
                target.rename(old)
            new.rename(target)
    finally:
        for rest in (new, old):
            shutil.rmtree(rest, ignore_errors=True)


def _number(error: Exception, place: Path) -> int | None:
    """The system's number of an error of writing; None of any other error."""
    if isinstance(error, OSError) and error.errno is not None:
        names = [name for name in (error.filename, error.filename2) if name is not None]
        return error.errno if not names or any(_is_in(name, place) for name in names) else None
    told = _NUMBER.search(str(error))
    if told:
        return int(told[1])
    # NumPy and torch do not say why: "480000 requested and 65408 written", "unexpected pos". A
    # little more into the same file does.
    if not isinstance(error, (OSError, RuntimeError)):
        return None
    try:
        with place.open("ab", buffering=0) as file:
            for _ in range(2):
                file.write(bytes(_MORE))
            os.fsync(file.fileno())
    except OSError as again:
        return again.errno
    return None


def _is_in(name: str | bytes | int, place: Path) -> bool:
    if isinstance(name, int):
        return False
    path = Path(os.fsdecode(name))
    return place == path or place in path.parents


def _sentence(number: int, path: Path, place: Path) -> str:
    why, todo = REASONS[number]
    room = ""
    if number == errno.ENOSPC:
        with suppress(OSError):
            used = place.stat().st_size if place.is_file() else 0
            # What this file has taken is given back.
            free = shutil.disk_usage(place.parent).free + used
            needed = f" where more than {_amount(used)} are needed" if used else ""
            room = f", with {_amount(free)} free{needed}"
    return f"{shown(path)} cannot be written: {why}{room}; {todo}"


def _amount(count: float) -> str:
    """Bytes as people say them: "60 KiB"."""
    for unit in _UNITS[:-1]:
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.0f} {_UNITS[-1]}"
