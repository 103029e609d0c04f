"""Files and folders: written whole or not at all, hashed, checked, and well named."""

from __future__ import annotations

import filecmp
import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from fet_core.errors import UserError, as_yaml, cut
from fet_core.errors import shown as shown
from fet_core.unfinished import unfinished
from fet_core.writing import REASONS, writing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def is_file(path: Path) -> bool:
    """As `Path.is_file`; also False, where that raises, of a name that no file can have."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def check_file(path: Path, missing: str, todo: str) -> None:
    """See to it that a path leads to a file.

    Args:
        path: may be anything that a user has typed.
        missing: how the complaint of a missing file begins, as "there is no picture".
        todo: what the user should do.

    Raises:
        UserError: there is nothing, a folder or a device, it may not be read, or no file can have
            this name.
    """
    name = shown(path)
    if name.startswith(("http:/", "https:/")):
        raise UserError(f"{name} is an address; download what is there and name the file")
    try:
        mode = Path(path).stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        nowhere = ", only a link that leads nowhere" if Path(path).is_symlink() else ""
        raise UserError(f"{missing} {name}{nowhere}; {todo}") from error
    except PermissionError as error:
        raise UserError(f"{name} may not be read ({_reason(error)}); {todo}") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{missing} {name} ({_reason(error)}); {todo}") from error
    if stat.S_ISDIR(mode):
        raise UserError(f"{name} is a folder; {todo}")
    if not stat.S_ISREG(mode):
        raise UserError(f"{name} is a device or a pipe; {todo}")
    if not os.access(path, os.R_OK):
        raise UserError(f"{name} may not be read; {todo}")


def check_searched(folder: Path, todo: str) -> None:
    """See to it that a folder, where there is one, can be looked into.

    Args:
        folder: may be anything that a user has typed; what is no folder is accepted.
        todo: what the user should do.

    Raises:
        UserError: it, or one above it, may not be listed or searched.
    """
    try:
        usable = not Path(folder).is_dir() or os.access(folder, os.R_OK | os.X_OK)
    except PermissionError:
        usable = False
    except (OSError, ValueError):
        return
    if not usable:
        raise UserError(f"the folder {shown(folder)} may not be looked into; {todo}")


def check_folder(folder: Path, todo: str) -> None:
    """See to it that files can be written into a folder, which need not exist yet.

    Args:
        folder: may be anything that a user has typed.
        todo: what the user should do, as "choose another folder with --out".

    Raises:
        UserError: it is a file or lies below one, may not be written to, or no folder can have
            this name.
    """
    name = shown(folder)
    for place in (Path(folder), *Path(folder).parents):
        try:
            mode = place.stat().st_mode
        except FileNotFoundError as error:
            if place.is_symlink():
                raise UserError(f"{shown(place)} is a link that leads nowhere; {todo}") from error
            continue
        except NotADirectoryError:
            continue
        except (OSError, ValueError) as error:
            raise UserError(f"no folder can be at {name} ({_reason(error)}); {todo}") from error
        if not stat.S_ISDIR(mode):
            below = "" if place == Path(folder) else f", so that {name} cannot be made"
            raise UserError(f"{shown(place)} is a file, not a folder{below}; {todo}")
        if not os.access(place, os.W_OK | os.X_OK):
            raise UserError(f"the folder {shown(place)} may not be written to; {todo}")
        return


def make_folder(folder: Path) -> None:
    """Make a folder and those above it.

    Raises:
        UserError: it cannot be made.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        why, todo = _reason(error), "choose an output folder that you may write to"
        if isinstance(error, OSError) and error.errno is not None:
            why, todo = REASONS.get(error.errno, (why, todo))
        raise UserError(f"cannot make the folder {shown(folder)}: {why}; {todo}") from error


def _reason(error: OSError | ValueError) -> str:
    """Why a path cannot be used, as the system says it."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its name when the block ends well.

    The temporary name keeps the suffix, so that writers that choose a format by it still work.
    On an exception the temporary file is removed and `path` stays as it was. It is there already,
    empty, and locked (see `fet_core.unfinished`): write it by its name, not with what makes a file
    of its own and renames that, as safetensors' `save_file` does.

    Raises:
        UserError: the folder cannot be made or written to, the disk is full, or `path` is a folder
            itself.
    """
    path = Path(path)
    if path.is_dir():
        raise UserError(f"{shown(path)} is a folder; name a file in it")
    make_folder(path.parent)
    with unfinished(path) as temporary, writing(path, temporary):
        yield temporary
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        temporary.replace(path)


def as_json(value: Any) -> str:
    """`value` as indented JSON; NaN and infinity are refused (`ValueError`)."""
    return json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Write `value` as `as_json` has it."""
    write_text(path, as_json(value))


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_png(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a picture [H, W] or [H, W, 3] as PNG."""
    from PIL import Image

    with atomic_path(path) as temporary:
        Image.fromarray(picture).save(temporary)


def copy_file(path: Path, target: Path) -> None:
    """Copy a file's bytes."""
    with atomic_path(target) as temporary:
        shutil.copyfile(path, temporary)


def link(path: Path, target: Path) -> None:
    """Make `path` a symbolic link to a file or folder, in place of any link there."""
    make_folder(path.parent)
    with writing(path):
        path.unlink(missing_ok=True)
        path.symlink_to(target.resolve())


def mirror(sources: Sequence[Path], target: Path) -> None:
    """Copy what lies in several folders into one, where it differs from what is there.

    What else lies in the folders that they hold goes, be they empty; what else lies in `target`
    itself stays.

    Args:
        sources: the folders, of which the last counts where two hold the same file.
        target: made if it is not there.
    """
    paths = [(source, path) for source in sources for path in sorted(source.rglob("*"))]
    files = {path.relative_to(source): path for source, path in paths if path.is_file()}
    folders = {path.name for source, path in paths if path.is_dir() and path.parent == source}
    for old in (path for name in folders for path in (target / name).rglob("*")):
        if old.is_file() and old.relative_to(target) not in files:
            old.unlink()
    for name, path in files.items():
        if not (target / name).is_file() or not filecmp.cmp(path, target / name, shallow=False):
            copy_file(path, target / name)


def listing_digest(root: Path) -> str:
    """SHA-256 over names and sizes of all files below a folder; what is in them is not read."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    lines = (f"{path.relative_to(root).as_posix()} {path.stat().st_size}\n" for path in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


RESERVED = ("demo", "shipped", "studies", "experiments", "benchmarks", "bench")
"""Folders in data/ and metrics/ that are no data set's."""

LONGEST_NAME = 64
"""Characters of a data set's name."""


def check_name(name: Any) -> None:
    """Refuse what cannot name a folder, a DVC stage and a part of a dotted key at once."""
    if not isinstance(name, str):
        raise ValueError(
            f'a data set cannot be called "{as_yaml(name)}", which YAML reads as no text; put the '
            "name in quotes or choose one with a letter in it"
        )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name) or name in RESERVED:
        raise ValueError(
            f'a data set cannot be called "{cut(name)}"; use letters, digits, - and _, beginning '
            f"with a letter or digit (and none of {', '.join(RESERVED)})"
        )
    if len(name) > LONGEST_NAME:
        raise ValueError(
            f'a data set cannot be called "{cut(name)}", which has {len(name)} characters; use '
            f"{LONGEST_NAME} or fewer"
        )


START, END = "<!-- results -->", "<!-- end of results -->"
"""The lines around the part that is made."""


def inside(folder: Path, name: str) -> Path:
    """A file of a folder by the name that a table gives it; `UserError` if it leads out of it.

    Links in the folder are its owner's and are followed, as DVC may make the files of one.
    """
    path = PurePath(name)
    if not path.parts or path.is_absolute() or ".." in path.parts:
        raise UserError(
            f'a table names the file "{name}", which does not lie in {folder}; run the stage that '
            "makes the table again"
        )
    return folder / path


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
