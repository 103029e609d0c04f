"""From a raw folder to the manifest: every picture opened, named, put on a side, or rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa

from fet_core import tables
from fet_core.datasets.base import Entry, Listing, Reader, Reject
from fet_core.datasets.pictures import PictureInfo, examine
from fet_core.datasets.split import SettledRule, SplitRule, check_sides, settle, side_of
from fet_core.errors import UserError
from fet_core.pool import each

STAGE = "ingest"

_POOL_FROM = 200


@dataclass(frozen=True)
class Ingested:
    """What came of a raw folder.

    Attributes:
        manifest: `tables.MANIFEST`, ordered by sample_id.
        rejects: `tables.REJECTS`, ordered by path.
        listing: what the reader found, before any picture was opened.
        rule: the split's, its seed settled.
    """

    manifest: pa.Table
    rejects: pa.Table
    listing: Listing
    rule: SettledRule


def ingest(
    dataset: str, reader: Reader, root: Path, split: SplitRule, processes: int | None = None
) -> Ingested:
    """Read a raw folder; nothing in it is changed, and a bad picture is only a reject.

    Args:
        dataset: name to put into the tables.
        reader: knows the layout.
        root: the raw folder.
        split: how pictures are put on sides; a seed "auto" is settled with the pictures that can
            be used.
        processes: worker processes to open pictures with; None for one a core, 1 for none.

    Raises:
        UserError: the root is missing or does not have the layout, or a worker process died.
    """
    root = Path(root).expanduser()
    listing = reader.find(root)
    entries, doubles = unique(listing.entries)
    rejects = [*listing.rejects, *doubles]
    good: list[tuple[Entry, PictureInfo]] = []
    for entry, found in zip(entries, open_all(root, entries, processes), strict=True):
        if isinstance(found, str):
            rejects.append(Reject(entry.path, found))
        else:
            good.append((entry, found))
    rule = settle(split, ((entry.subject, entry.sample_id) for entry, _ in good))
    rows = [_row(dataset, entry, found, rule) for entry, found in good]
    return Ingested(
        manifest=tables.from_rows(rows, tables.MANIFEST),
        rejects=rejects_table(dataset, rejects),
        listing=listing,
        rule=rule,
    )


def check_ingested(result: Ingested, root: Path, max_reject_share: float, list_path: Path) -> None:
    """Refuse a raw folder of which too little can be used.

    Args:
        result: what `ingest` gave.
        root: the raw folder, for the message.
        max_reject_share: largest share in [0, 1] of the pictures, and of the label files, that
            may be rejected.
        list_path: where the table of rejects was written, for the message.

    Raises:
        UserError: no picture can be used, too many cannot, or a side has fewer than two people.
    """
    pictures: list[Reject] = []
    labels: list[Reject] = []
    for row in result.rejects.to_pylist():
        # A label file that is lost costs a sequence, not a picture: counted for itself.
        (labels if row["path"].lower().endswith(".txt") else pictures).append(
            Reject(row["path"], row["reason"])
        )
    found = result.manifest.num_rows + len(pictures)
    too_many = f"more than ingest.max_reject_share = {max_reject_share:g} allows"
    share_cure = "mend them or raise that share"
    if result.manifest.num_rows == 0:
        _refuse(pictures, found, "pictures", root, "so none is left", list_path, "mend them")
    if len(pictures) > max_reject_share * found:
        _refuse(pictures, found, "pictures", root, too_many, list_path, share_cure)
    if len(labels) > max_reject_share * result.listing.labels:
        _refuse(
            labels, result.listing.labels, "emotion files", root, too_many, list_path, share_cure
        )
    subjects, samples, sides = (
        result.manifest[name].to_pylist() for name in ("subject", "sample_id", "split")
    )
    who = zip(subjects, samples, strict=True)
    check_sides(result.rule, zip(subjects, sides, strict=True), str(root), who)


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
    root: Path, entries: Sequence[Entry], processes: int | None = None
) -> Iterator[PictureInfo | str]:
    """Decode the picture of each entry, in order: what it is, or why it cannot be used.

    Raises:
        UserError: a worker process died.
    """
    paths = [str(root / entry.path) for entry in entries]
    return each(examine, paths, "ingest", processes=processes, pool_from=_POOL_FROM)


def rejects_table(dataset: str, rejects: Sequence[Reject]) -> pa.Table:
    """`tables.REJECTS` of this stage, ordered by path and reason."""
    ordered = sorted(rejects, key=lambda reject: (reject.path, reject.reason))
    rows = (
        {"dataset": dataset, "stage": STAGE, "path": reject.path, "reason": reject.reason}
        for reject in ordered
    )
    return tables.from_rows(rows, tables.REJECTS)


def _row(dataset: str, entry: Entry, info: PictureInfo, rule: SettledRule) -> dict[str, Any]:
    return {
        "sample_id": entry.sample_id,
        "dataset": dataset,
        "subject": entry.subject,
        "sequence": entry.sequence,
        "frame": entry.frame,
        "expression": entry.expression,
        "gaze": entry.gaze,
        "camera": entry.camera,
        "path": entry.path,
        "width": info.width,
        "height": info.height,
        "channels": info.channels,
        "split": side_of(rule, entry.subject, entry.sample_id),
    }


def _refuse(
    bad: Sequence[Reject], total: int, kind: str, root: Path, why: str, list_path: Path, cure: str
) -> NoReturn:
    common, count = Counter(reject.kind for reject in bad).most_common(1)[0]
    example = next(reject for reject in bad if reject.kind == common)
    raise UserError(
        f"{len(bad)} of {total} {kind} in {root} cannot be used, {why}; {count} of them as "
        f"{example.path} ({example.reason}): {cure}; {list_path} lists them all"
    )
