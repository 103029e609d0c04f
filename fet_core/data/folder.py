"""Reader of a folder of one's own: person/expression, person_expression, and faces.csv."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from fet_core.data.disk import Entry, Listing, Reject, is_picture, nfc, open_root, relative, scan
from fet_core.data.listed import NAME, Row, read_rows
from fet_core.data.names import WORDS, BadFaceError, Face, check_person, parse_name
from fet_core.errors import UserError, cut
from fet_core.files import is_file
from fet_core.tables import EXPRESSIONS

IN_FOLDER = "person/expression"
IN_NAME = "person_expression"

EXPECTED = (
    f"pictures named {IN_FOLDER}, as anna/happy.jpg or anna/happy_02.jpg, or {IN_NAME}, as "
    f"anna_happy.png, or a {NAME} with the columns file, person, expression"
)

_FOLDERS_TRIED = 200


@dataclass
class _Found:
    """What is found in a folder, as it is gone through."""

    root: Path
    entries: list[Entry] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    words: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: dict[str, Entry] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, path: Path, face: Face, how: str) -> None:
        """A picture that can be used, understood by the layout `how`."""
        name = relative(path, self.root)
        entry = Entry(
            sample_id=nfc(PurePosixPath(name).with_suffix("").as_posix()),
            path=name,
            subject=face.person,
            sequence="",
            frame=0,
            expression=face.expression,
            gaze="frontal",
            camera="090",
        )
        self.entries.append(entry)
        self.first.setdefault(how, entry)
        self.counts[how] += 1
        self.words[face.word, face.expression] += 1

    def reject(self, path: Path, reason: str) -> None:
        """A picture that is left out."""
        self.rejects.append(Reject(relative(path, self.root), reason))

    def understood(self) -> Iterator[str]:
        """Sentences on how pictures were understood, layout by layout, and on their words."""
        for how, entry in self.first.items():
            yield (
                f"by {how}: {self.counts[how]}, e.g. {entry.path} is {entry.subject}, "
                f"{entry.expression}"
            )
        others = [
            f"{word} as {expression} ({count})"
            for (word, expression), count in sorted(self.words.items())
            if word != expression
        ]
        if others:
            yield f"words: {', '.join(others)}"


class OwnFolder:
    """Persons and expressions as folders, file names or faces.csv say; all look at the camera."""

    def find(self, root: Path) -> Listing:
        """List the pictures under `root`; see `Reader.find`.

        A row of faces.csv counts before the picture's name.

        Raises:
            UserError: as there; or faces.csv as a whole cannot be used.
        """
        given = Path(os.path.abspath(Path(root).expanduser()))  # noqa: PTH100 - as `open_root`
        root = open_root(root, lambda folder: _fits(folder, given), EXPECTED)
        found = _Found(root)
        listed = _by_list(found) if os.path.lexists(root / NAME) else frozenset()
        reached = {"/".join(name.split("/")[:2]) for name in listed}
        top = scan(root, root)
        found.rejects += top.rejects
        strays = top.strays
        others = [path for path in top.others if path.name != NAME]
        deeper: list[Path] = []
        places: list[tuple[str, str | None, Sequence[Path]]] = []
        for folder in top.folders:
            inside = scan(folder, root)
            found.rejects += inside.rejects
            strays += inside.strays
            others += inside.others
            deeper += [one for one in inside.folders if _key(one, root) not in reached]
            places.append((IN_FOLDER, folder.name, inside.pictures))
        places.append((IN_NAME, None, top.pictures))
        for how, name, pictures in places:
            for path in pictures:
                if _key(path, root) in listed:
                    continue
                try:
                    found.add(path, parse_name(path.stem, name), how)
                except BadFaceError as error:
                    found.reject(path, str(error))
        if not found.entries and not found.rejects:
            raise UserError(f"{root} holds no picture; give a folder that holds {EXPECTED}")
        notes = list(_alike(found.entries))
        if deeper:
            notes.append(
                f"{len(deeper)} folders inside folders are not looked through, e.g. "
                f"{relative(deeper[0], root)}; only {NAME} can name what lies there"
            )
        if others:
            notes.append(
                f"{len(others)} files are no pictures and were passed over, e.g. "
                f"{relative(others[0], root)}"
            )
        return Listing(
            tuple(found.entries),
            tuple(found.rejects),
            tuple(notes),
            strays=strays,
            understood=tuple(found.understood()),
        )


def _fits(root: Path, given: Path) -> bool:
    """Whether a folder has a layout, the one that was given or one near it."""
    if os.path.lexists(root / NAME):
        return True
    if root in given.parents:
        # What else lies beside a folder that was given too deep says nothing of it.
        folders = [root / given.relative_to(root).parts[0]]
    else:
        top = scan(root, root)
        if any(_speaks(path, None) for path in top.pictures):
            return True
        folders = top.folders[:_FOLDERS_TRIED]
    return any(
        _speaks(path, folder.name) for folder in folders for path in scan(folder, root).pictures
    )


def _speaks(path: Path, folder: str | None) -> bool:
    try:
        parse_name(path.stem, folder)
    except BadFaceError:
        return False
    return True


def _key(path: Path, root: Path) -> str:
    return nfc(relative(path, root))


def _by_list(found: _Found) -> frozenset[str]:
    """Add what faces.csv says; gives the pictures that it names, rightly or not, by `_key`."""
    rows: dict[str, list[tuple[Row, Path]]] = defaultdict(list)
    for row in read_rows(found.root / NAME):
        try:
            path = _file(row, found.root)
            rows[_key(path, found.root)].append((row, path))
        except BadFaceError as error:
            found.rejects.append(Reject(cut(row.file) or NAME, str(error)))
    for named in rows.values():
        row, path = named[0]
        try:
            if len(named) > 1:
                lines = ", ".join(str(row.line) for row, _ in named)
                raise BadFaceError(f"{NAME} has the file more than once: lines {lines}")
            word = row.expression.lower()
            if word not in WORDS:
                raise BadFaceError(
                    f"the expression in {NAME} is none of {', '.join(EXPRESSIONS)}: "
                    f'line {row.line} has "{cut(row.expression)}"'
                )
            found.add(path, Face(check_person(nfc(row.person)), WORDS[word], word), NAME)
        except BadFaceError as error:
            found.reject(path, str(error))
    return frozenset(rows)


def _file(row: Row, root: Path) -> Path:
    """The picture that a row names, whose name may be composed in another way on the disk."""
    name = PurePosixPath(row.file.replace("\\", "/"))
    where = f"line {row.line}"
    if name.is_absolute() or ".." in name.parts:
        raise BadFaceError(f"{NAME} names a file outside of the folder: {where}")
    forms = [name.as_posix(), *(unicodedata.normalize(f, name.as_posix()) for f in ("NFC", "NFD"))]
    path = next((root / form for form in forms if is_file(root / form)), None)
    if path is None:
        raise BadFaceError(f"{NAME} names a file that is not there: {where}")
    if not is_picture(path):
        raise BadFaceError(f"{NAME} names a file that is no picture by its name: {where}")
    return path


def _alike(entries: Sequence[Entry]) -> Iterator[str]:
    """Sentences on names of people that differ in upper and lower case alone."""
    spelt: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        spelt[entry.subject.casefold()].add(entry.subject)
    for names in spelt.values():
        if len(names) > 1:
            quoted = " and ".join(f'"{name}"' for name in sorted(names))
            yield f"{quoted} are taken for {len(names)} people; write them alike if they are one"
