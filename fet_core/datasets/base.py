"""What every reader of a data set gives back, and the registry of readers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, cast

from fet_core.errors import UserError


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
    """

    entries: tuple[Entry, ...]
    rejects: tuple[Reject, ...] = ()
    notes: tuple[str, ...] = ()
    sequences: int = 0
    labels: int = 0
    strays: int = 0


class Reader(Protocol):
    """Knows the layout of one data set on disk."""

    def find(self, root: Path) -> Listing:
        """List the pictures under `root` without opening them.

        Raises:
            UserError: `root` is missing, is no folder, or does not have the layout.
        """
        ...


READERS: Mapping[str, str] = MappingProxyType(
    {
        "ckplus": "fet_core.datasets.ckplus:CKPlus",
        "rafd": "fet_core.datasets.rafd:RaFD",
        "london": "fet_core.datasets.london:London",
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
