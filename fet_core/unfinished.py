"""Names for files that are being written: one for each, so that no killed process leaves many."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LONGEST_STEM = 180  # bytes, of the 255 that a name can have


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, with its suffix, that no other process writes.

    It is held by a lock, which ends with its process: what one that was killed has left there is
    taken over, so that it goes with the next writing of `path`. Where another process is writing
    `path` now, or there are no locks, the name has the number of this one. What still lies there
    when the block ends is removed, whatever is raised and wherever.
    """
    stem = os.fsdecode(os.fsencode(path.stem)[:_LONGEST_STEM])
    temporary = path.with_name(f".{stem}.part{path.suffix}")
    file, ended = None, False
    # A signal may raise between any two calls, as between making a file and knowing of it.
    try:
        file = _open(temporary, os.O_CREAT)
        if file is None or not _taken(file, temporary):
            temporary = path.with_name(f".{stem}.{os.getpid()}.part{path.suffix}")
        yield temporary
        ended = True
    finally:
        if file is not None:
            os.close(file)
        # After a rename another process may have the name already.
        if not ended:
            _remove(temporary)


def _open(path: Path, flags: int = 0) -> int | None:
    """Open a file to be written; None where that cannot be."""
    with suppress(OSError):  # Whoever writes by another name is told why.
        # Neither a link nor a pipe that somebody has put there.
        return os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | flags, 0o666)
    return None


def _remove(path: Path) -> None:
    """Remove a file that no process holds."""
    file = _open(path)
    if file is not None:
        try:
            # What was raised in the block counts, not that this cannot be.
            with suppress(OSError):
                if _taken(file, path):
                    path.unlink()
        finally:
            os.close(file)


def _taken(file: int, path: Path) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had it may have renamed it after it was opened here.
        if not os.path.samestat(os.fstat(file), path.lstat()):
            return False
        os.ftruncate(file, 0)
    except (BlockingIOError, FileNotFoundError):
        return False
    except OSError:
        # Without locks nobody has it.
        path.unlink(missing_ok=True)
        return False
    return True
