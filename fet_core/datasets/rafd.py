"""Reader of RaFD and of sets named like it: one flat folder, everything in the file names."""

from __future__ import annotations

from pathlib import Path

from fet_core.datasets.base import Entry, Listing, Reject
from fet_core.datasets.disk import nfc, open_root, relative, scan
from fet_core.tables import EXPRESSIONS, GAZES

CAMERAS = ("000", "045", "090", "135", "180")
GROUPS = ("Caucasian", "Kid", "Moroccan")
GENDERS = ("male", "female")

EXAMPLE = "Rafd090_28_Caucasian_male_angry_frontal.jpg"
EXPECTED = f"pictures named like {EXAMPLE}, with no folders between"

_PREFIX = "rafd"
_PARTS = 6
_MOST_DIGITS = 3


class BadNameError(ValueError):
    """A file name is not RaFD's; the message says which part is wrong."""


class RaFD:
    """Camera, person, expression and gaze as the file names say."""

    def find(self, root: Path) -> Listing:
        """List the pictures in `root`; see `Reader.find`."""
        root = open_root(root, _fits, EXPECTED)
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


def _fits(root: Path) -> bool:
    return any(path.name.lower().startswith(_PREFIX) for path in scan(root, root).pictures)
