"""Raw folders: looking at them without ever changing them, and what is found or left out."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from fet_core.data.pictures import MAX_BYTES, PictureInfo, examine
from fet_core.errors import UserError
from fet_core.files import check_searched, shown
from fet_core.parallel import Engine, each


@dataclass(frozen=True)
class Entry:
    """One picture that a reader found; the fields are those of `fet_core.tables.MANIFEST`."""

    sample_id: str
    path: str
    subject: str
    sequence: str
    frame: int
    expression: str | None
    gaze: str
    camera: str


@dataclass(frozen=True)
class Reject:
    """One file that was left out.

    `reason` reads "kind" or "kind: detail"; what stands before the first ": " is the same for all
    files with the same fault, so that they can be counted together.
    """

    path: str
    reason: str

    @property
    def kind(self) -> str:
        """The part of the reason that files with the same fault share."""
        return self.reason.split(": ", 1)[0]


@dataclass(frozen=True)
class Listing:
    """What a reader found under a root.

    Attributes:
        entries: the pictures, none of them opened yet.
        rejects: pictures and label files that cannot be used.
        notes: sentences on what is missing or odd without being an error.
        sequences: number of sequences, 0 for a set without sequences.
        labels: number of label files found, good or bad; 0 for a set that has none.
        strays: number of files passed over (.DS_Store and the like).
        understood: sentences on how names were read, for sets that may be laid out in many ways.
    """

    entries: tuple[Entry, ...]
    rejects: tuple[Reject, ...] = ()
    notes: tuple[str, ...] = ()
    sequences: int = 0
    labels: int = 0
    strays: int = 0
    understood: tuple[str, ...] = ()


PICTURES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff"})
"""Suffixes, in lower case, of files that are taken for pictures."""

_STRAYS = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_LEVELS_UP = 4
_LEVELS_DOWN = 2
_FOLDERS_TRIED = 200


@dataclass
class Folder:
    """What one folder holds, each list sorted by name."""

    folders: list[Path] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    strays: int = 0


def is_stray(name: str) -> bool:
    """Whether a file or folder of that name is litter of an operating system."""
    return name.startswith(".") or name.lower() in _STRAYS


def is_picture(path: Path) -> bool:
    """Whether the name of the file ends like a picture's."""
    return path.suffix.lower() in PICTURES


def nfc(name: str) -> str:
    """The name in Unicode's composed form, so that it is the same on every file system."""
    return unicodedata.normalize("NFC", name)


def relative(path: Path, root: Path) -> str:
    """The path relative to the root with forward slashes, always printable as UTF-8."""
    text = path.relative_to(root).as_posix()
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def scan(folder: Path, root: Path) -> Folder:
    """List one folder (links followed, no deeper levels); what cannot be read is a reject."""
    found = Folder()
    try:
        names = _names(folder)
    except OSError as error:
        found.rejects.append(
            Reject(relative(folder, root), f"the folder cannot be listed: {error.strerror}")
        )
        return found
    if not os.access(folder, os.X_OK):
        found.rejects.append(Reject(relative(folder, root), "the folder may not be looked into"))
        return found
    for name in names:
        path = folder / name
        if is_stray(name):
            found.strays += 1
        elif not _is_utf8(name):
            found.rejects.append(Reject(relative(path, root), "the name is not valid UTF-8"))
        elif _is(path, Path.is_dir):
            found.folders.append(path)
        elif not is_picture(path):
            found.others.append(path)
        elif _is(path, Path.is_file):
            found.pictures.append(path)
        else:
            found.rejects.append(
                Reject(relative(path, root), "neither a file nor a folder, or a broken link")
            )
    return found


def open_root(root: Path, fits: Callable[[Path], bool], expected: str) -> Path:
    """Check the root of a data set and give it back as an absolute path.

    Args:
        root: what the user gave.
        fits: whether a folder has the layout.
        expected: what such a folder holds, to complete "a folder that holds …".

    Raises:
        UserError: there is no such folder, or it does not fit; where a folder near by does, the
            message names it.
    """
    root = Path(root).expanduser()
    wanted = f"a folder that holds {expected}"
    check_searched(root, f"change its permissions or give another one: {wanted}")
    if not os.path.lexists(root):
        raise UserError(f"there is no folder {shown(root)}; give {wanted}")
    if not _is(root, Path.is_dir):
        raise UserError(f"{shown(root)} is not a folder; give {wanted}")
    root = Path(os.path.abspath(root))  # noqa: PTH100 - resolve() would leave the user's links
    try:
        names = _names(root)
    except OSError as error:
        raise UserError(
            f"the folder {root} cannot be listed ({error.strerror}); make it readable or give "
            f"another one: {wanted}"
        ) from error
    if not names:
        raise UserError(f"the folder {root} is empty; give {wanted}")
    if not _is(root, fits):
        raise _wrong_root(root, fits, wanted)
    return root


def _wrong_root(root: Path, fits: Callable[[Path], bool], wanted: str) -> UserError:
    says = f"expected {wanted}, found {_contents(root)}"
    for levels, parent in enumerate(root.parents[:_LEVELS_UP], start=1):
        if _is(parent, fits):
            return UserError(f"{root} is {_levels(levels)} too deep: {says}; give {parent} instead")
    layer = [root]
    for levels in range(1, _LEVELS_DOWN + 1):
        layer = [child for folder in layer for child in _children(folder)][:_FOLDERS_TRIED]
        good = [folder for folder in layer if _is(folder, fits)]
        if good:
            others = f" (or one of {len(good) - 1} others like it)" if len(good) > 1 else ""
            return UserError(
                f"{root} is {_levels(levels)} too high: {says}; give {good[0]}{others} instead"
            )
    return UserError(f"{root} is the wrong folder: {says}; give the right one as the root")


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _levels(count: int) -> str:
    return "one level" if count == 1 else f"{count} levels"


def _children(folder: Path) -> Sequence[Path]:
    try:
        return [
            folder / name
            for name in _names(folder)
            if not is_stray(name) and _is(folder / name, Path.is_dir)
        ]
    except OSError:
        return []


def _contents(root: Path) -> str:
    """A few words on what a folder holds."""
    names = [name for name in _names(root) if not is_stray(name)]
    folders = [name for name in names if _is(root / name, Path.is_dir)]
    files = [name for name in names if name not in set(folders)]
    parts = [
        f"{len(some)} {kind}{'s' if len(some) > 1 else ''} ({_few(some)})"
        for some, kind in ((folders, "folder"), (files, "file"))
        if some
    ]
    return " and ".join(parts) if parts else "nothing but hidden files"


def _few(names: Sequence[str], most: int = 3) -> str:
    shown = [name.encode("utf-8", "backslashreplace").decode("utf-8") for name in names[:most]]
    return ", ".join(shown) + (", …" if len(names) > most else "")


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is(path: Path, question: Callable[[Path], bool]) -> bool:
    """Ask a question of a path, taking one that may not be looked at for a no."""
    try:
        return question(path)
    except OSError:
        return False


_POOL_FROM = 200


def unique(entries: Sequence[Entry]) -> tuple[list[Entry], list[Reject]]:
    """Entries ordered by sample_id, and a reject for each whose id another one has."""
    kept: dict[str, Entry] = {}
    rejects = []
    for entry in sorted(entries, key=lambda entry: (entry.sample_id, entry.path)):
        first = kept.setdefault(entry.sample_id, entry)
        if first is not entry:
            reason = f'another picture has the same sample id: "{entry.sample_id}" is {first.path}'
            rejects.append(Reject(entry.path, reason))
    return list(kept.values()), rejects


def open_all(
    root: Path,
    entries: Sequence[Entry],
    processes: int | None = None,
    max_bytes: int = MAX_BYTES,
    engine: Engine = Engine.LOCAL,
) -> Iterator[PictureInfo | str]:
    """Decode the picture of each entry, in order: what it is, or why it cannot be used.

    Args:
        root: the raw folder.
        entries: of its pictures.
        processes: as in `fet_core.parallel.each`.
        max_bytes: of a decoded picture.
        engine: as in `fet_core.parallel.each`.

    Raises:
        UserError: a worker process died, or Ray cannot be had.
    """
    paths = [str(root / entry.path) for entry in entries]
    work = partial(examine, max_bytes=max_bytes)
    return each(work, paths, "ingest", processes=processes, pool_from=_POOL_FROM, engine=engine)
