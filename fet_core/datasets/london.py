"""Reader of the Face Research Lab London Set: two folders, a neutral and a smiling picture each."""

from __future__ import annotations

import re
from pathlib import Path

from fet_core.datasets.base import Entry, Listing, Reject
from fet_core.datasets.disk import nfc, open_root, relative, scan

FOLDERS = {"neutral_front": "neutral", "smiling_front": "happy"}
"""Folder -> expression in the one vocabulary."""

EXPECTED = '"neutral_front/" and "smiling_front/" with pictures such as neutral_front/001_03.jpg'

_NAME = re.compile(r"(?P<subject>[0-9]+)_[0-9]+")


class London:
    """Frontal pictures of each person, neutral and smiling."""

    def find(self, root: Path) -> Listing:
        """List the pictures under `root`; see `Reader.find`."""
        root = open_root(root, _fits, EXPECTED)
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


def _fits(root: Path) -> bool:
    return any(scan(root / name, root).pictures for name in FOLDERS)
