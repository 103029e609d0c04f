"""The readers of data sets by name, and those of RaFD and the Face Research Lab London Set."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, cast

from fet_core.data.disk import Entry, Listing, Reject, nfc, open_root, relative, scan
from fet_core.errors import UserError, as_yaml, remedy
from fet_core.files import check_file, write_json
from fet_core.tables import EXPRESSIONS, GAZES


class Reader(Protocol):
    """Knows the layout of one data set on disk."""

    def find(self, root: Path) -> Listing:
        """List the pictures under `root` without opening them.

        Raises:
            UserError: `root` is missing, is no folder, or does not have the layout.
        """
        ...


OWN = "folder"
"""The reader of pictures of one's own."""

READERS: Mapping[str, str] = MappingProxyType(
    {
        "ckplus": "fet_core.data.ckplus:CKPlus",
        "rafd": "fet_core.data.readers:RaFD",
        "london": "fet_core.data.readers:London",
        OWN: "fet_core.data.folder:OwnFolder",
    }
)
"""Name of a reader -> "module:class", imported when it is asked for."""


def make_reader(name: str, peak_frames: int = 3) -> Reader:
    """Make the reader of that name.

    Args:
        name: a key of `READERS`.
        peak_frames: how many of the last frames of a sequence carry its label, 1 or more; of
            meaning to sets with sequences only.

    Raises:
        UserError: there is no such reader, or `peak_frames` is below 1.
    """
    if name not in READERS:
        raise UserError(
            f'there is no reader "{name}"; choose one of {", ".join(READERS)} '
            "(datasets.NAME.reader in the params file)"
        )
    if peak_frames < 1:
        raise UserError(f"peak_frames is {peak_frames}; give 1 or more")
    module, _, kind = READERS[name].partition(":")
    factory = getattr(import_module(module), kind)
    reader = factory(peak_frames=peak_frames) if name == "ckplus" else factory()
    return cast(Reader, reader)


@dataclass(frozen=True)
class Kind:
    """How a data set is built; the folder that it came from is no part of it.

    Attributes:
        reader: "ckplus", "rafd", "london" or "folder"; "merged" of several sets.
        neutral_only: one expression of each triple is neutral, pictures pair within a sequence.
    """

    reader: str
    neutral_only: bool

    @property
    def private(self) -> bool:
        """Whether nobody may be shown who is not listed, as in pictures of one's own."""
        return self.reader == OWN

    @classmethod
    def merged(cls, kinds: Iterable[Kind]) -> Kind:
        """The kind of several sets as one, which is private where one of them is."""
        return cls(OWN if any(kind.private for kind in kinds) else "merged", False)

    def write(self, path: Path) -> None:
        """Write as JSON."""
        write_json(path, asdict(self))

    @classmethod
    def read(cls, path: Path) -> Kind:
        """Read what `write` wrote.

        Raises:
            UserError: the file is missing or damaged.
        """
        check_file(path, "there is no", f"{remedy(path)} first")
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            reader, rule = value["reader"], value["neutral_only"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path} is damaged; {remedy(path)} again") from error
        for name, found, kind, what in (
            ("reader", reader, str, "a text"),
            ("neutral_only", rule, bool, "true or false"),
        ):
            if not isinstance(found, kind):
                raise UserError(
                    f'{path} has {as_yaml(found)} as "{name}" where {what} is expected; '
                    f"{remedy(path)} again"
                )
        return cls(reader, rule)


CAMERAS = ("000", "045", "090", "135", "180")
GROUPS = ("Caucasian", "Kid", "Moroccan")
GENDERS = ("male", "female")

EXAMPLE = "Rafd090_28_Caucasian_male_angry_frontal.jpg"
EXPECTED_RAFD = f"pictures named like {EXAMPLE}, with no folders between"

_PREFIX = "rafd"
_PARTS = 6
_MOST_DIGITS = 3


class BadNameError(ValueError):
    """A file name is not RaFD's; the message says which part is wrong."""


class RaFD:
    """Camera, person, expression and gaze as the file names say."""

    def find(self, root: Path) -> Listing:
        """List the pictures in `root`; see `Reader.find`."""
        root = open_root(root, _fits_rafd, EXPECTED_RAFD)
        found = scan(root, root)
        rejects = list(found.rejects)
        entries: list[Entry] = []
        for path in found.pictures:
            try:
                entries.append(parse_name(path.stem, relative(path, root)))
            except BadNameError as error:
                rejects.append(Reject(relative(path, root), str(error)))
        notes = []
        if found.folders:
            notes.append(
                f"{len(found.folders)} folders beside the pictures are not read, "
                f"e.g. {found.folders[0].name}"
            )
        if found.others:
            notes.append(
                f"{len(found.others)} files are no pictures and were passed over, "
                f"e.g. {found.others[0].name}"
            )
        return Listing(tuple(entries), tuple(rejects), tuple(notes), strays=found.strays)


def parse_name(stem: str, path: str) -> Entry:
    """Read a file name without its suffix, upper and lower case alike.

    Raises:
        BadNameError: the name does not parse; the message says which part is wrong.
    """
    stem = nfc(stem)
    parts = stem.split("_")
    if not parts[0].lower().startswith(_PREFIX):
        raise BadNameError('the name does not begin with "Rafd" and an angle')
    if len(parts) != _PARTS:
        raise BadNameError(
            f"the name does not have {_PARTS} parts between underscores: it has {len(parts)}, "
            f"expected one like {EXAMPLE}"
        )
    camera = _one_of("angle", parts[0][len(_PREFIX) :], CAMERAS)
    number = parts[1]
    if not (number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS and int(number)):
        raise BadNameError(f"the model number is none: {_quoted(number)}")
    _one_of("group", parts[2], GROUPS)
    _one_of("gender", parts[3], GENDERS)
    return Entry(
        sample_id=stem,
        path=path,
        subject=f"{int(number):02d}",
        sequence="",
        frame=0,
        expression=_one_of("expression", parts[4], EXPRESSIONS),
        gaze=_one_of("gaze", parts[5], GAZES),
        camera=camera,
    )


def _one_of(part: str, found: str, known: tuple[str, ...]) -> str:
    for word in known:
        if word.lower() == found.lower():
            return word
    raise BadNameError(f"the {part} is none of {', '.join(known)}: {_quoted(found)}")


def _quoted(text: str) -> str:
    return f'"{text}"'


def _fits_rafd(root: Path) -> bool:
    return any(path.name.lower().startswith(_PREFIX) for path in scan(root, root).pictures)


FOLDERS = {"neutral_front": "neutral", "smiling_front": "happy"}
"""Folder -> expression in the one vocabulary."""

EXPECTED_LONDON = (
    '"neutral_front/" and "smiling_front/" with pictures such as neutral_front/001_03.jpg'
)

_NAME = re.compile(r"(?P<subject>[0-9]+)_[0-9]+")


class London:
    """Frontal pictures of each person, neutral and smiling."""

    def find(self, root: Path) -> Listing:
        """List the pictures under `root`; see `Reader.find`."""
        root = open_root(root, _fits_london, EXPECTED_LONDON)
        entries: list[Entry] = []
        rejects: list[Reject] = []
        notes: list[str] = []
        strays = 0
        for name, expression in FOLDERS.items():
            if not (root / name).is_dir():
                notes.append(f'there is no folder "{name}": no picture is {expression}')
                continue
            found = scan(root / name, root)
            rejects += found.rejects
            strays += found.strays + len(found.others)
            if found.folders:
                notes.append(f'{len(found.folders)} folders inside "{name}" are not read')
            for path in found.pictures:
                match = _NAME.fullmatch(nfc(path.stem))
                if match is None:
                    reason = f"the name is not person_shot as in 001_03: {path.stem}"
                    rejects.append(Reject(relative(path, root), reason))
                    continue
                entries.append(
                    Entry(
                        sample_id=f"{match['subject']}_{expression}",
                        path=relative(path, root),
                        subject=match["subject"],
                        sequence="",
                        frame=0,
                        expression=expression,
                        gaze="frontal",
                        camera="090",
                    )
                )
        return Listing(tuple(entries), tuple(rejects), tuple(notes), strays=strays)


def _fits_london(root: Path) -> bool:
    return any(scan(root / name, root).pictures for name in FOLDERS)
