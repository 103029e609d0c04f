"""From a raw folder to the manifest, and a survey of the folder before any work on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa

from fet_core import tables
from fet_core.data.disk import Entry, Listing, Reject, open_all, unique
from fet_core.data.pictures import MAX_BYTES, PictureInfo
from fet_core.data.readers import Reader
from fet_core.data.split import (
    SettledRule,
    SplitRule,
    better_seed,
    check_sides,
    lacking,
    settle,
    side_of,
)
from fet_core.errors import UserError
from fet_core.parallel import Engine
from fet_core.tables import EXPRESSIONS

STAGE = "ingest"


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
    dataset: str,
    reader: Reader,
    root: Path,
    split: SplitRule,
    processes: int | None = None,
    max_bytes: int = MAX_BYTES,
    engine: Engine = Engine.LOCAL,
) -> Ingested:
    """Read a raw folder; nothing in it is changed, and a bad picture is only a reject.

    Args:
        dataset: name to put into the tables.
        reader: knows the layout.
        root: the raw folder.
        split: how pictures are put on sides; a seed "auto" is settled with the pictures that can
            be used.
        processes: worker processes to open pictures with; None for one a core, 1 for none.
        max_bytes: of a decoded picture.
        engine: as in `fet_core.parallel.each`.

    Raises:
        UserError: the root is missing or does not have the layout, or a worker process died.
    """
    root = Path(root).expanduser()
    listing = reader.find(root)
    entries, doubles = unique(listing.entries)
    rejects = [*listing.rejects, *doubles]
    good: list[tuple[Entry, PictureInfo]] = []
    opened = open_all(root, entries, processes, max_bytes, engine)
    for entry, found in zip(entries, opened, strict=True):
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
        is_label = result.listing.labels and row["path"].lower().endswith(".txt")
        (labels if is_label else pictures).append(Reject(row["path"], row["reason"]))
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


@dataclass(frozen=True)
class Count:
    """How often an expression occurs."""

    people: int
    sequences: int
    pictures: int


@dataclass(frozen=True)
class Survey:
    """What was found under a root.

    Attributes:
        dataset: name of the data set.
        root: the raw folder.
        people: number of people.
        sequences: number of sequences, 0 for a set without sequences.
        pictures: number of pictures that may be used.
        opened: whether every picture was opened, or its name alone looked at.
        expressions: expression -> how often, for all of the vocabulary, in its order.
        unlabelled: pictures without an expression.
        cameras: camera -> pictures.
        gazes: gaze -> pictures.
        sides: side of the split -> people with a picture there; empty without a split.
        seed: of the split, the chosen one where the params say "auto"; None without a split.
        rejects: what was left out, and why.
        odd: sentences on what is missing or odd.
        understood: sentences on how names were read; empty for a set with one layout.
    """

    dataset: str
    root: Path
    people: int
    sequences: int
    pictures: int
    opened: bool
    expressions: dict[str, Count]
    unlabelled: int
    cameras: dict[str, int]
    gazes: dict[str, int]
    sides: dict[str, int]
    seed: int | None
    rejects: tuple[Reject, ...]
    odd: tuple[str, ...]
    understood: tuple[str, ...]

    @property
    def reasons(self) -> list[tuple[str, int, str]]:
        """(kind of reason, how often, an example's path), the most frequent first."""
        counted = Counter(reject.kind for reject in self.rejects)
        example = {reject.kind: reject.path for reject in reversed(self.rejects)}
        return [(kind, count, example[kind]) for kind, count in counted.most_common()]


def survey(
    dataset: str,
    reader: Reader,
    root: Path,
    split: SplitRule | None = None,
    decode: bool = False,
    processes: int | None = None,
    max_bytes: int = MAX_BYTES,
) -> Survey:
    """Look through a raw folder; nothing in it is changed.

    Args:
        dataset: name of the data set.
        reader: knows the layout.
        root: the raw folder.
        split: also count the people on each side, and say where they are too few or far from the
            share wished for, and which seed would do.
        decode: open every picture, as ingest does; else the names alone are looked at.
        processes: worker processes to open pictures with; None for one a core.
        max_bytes: of a decoded picture.

    Raises:
        UserError: the root is missing or does not have the layout.
    """
    root = Path(root).expanduser()
    listing = reader.find(root)
    entries, doubles = unique(listing.entries)
    rejects = [*listing.rejects, *doubles]
    if decode:
        found = list(open_all(root, entries, processes, max_bytes))
        pairs = list(zip(entries, found, strict=True))
        rejects += [Reject(entry.path, info) for entry, info in pairs if isinstance(info, str)]
        entries = [entry for entry, info in pairs if not isinstance(info, str)]
    odd = list(listing.notes)
    if listing.sequences == 0:
        odd += lacking(entries)
    if listing.strays:
        odd.append(f"{listing.strays} stray files (.DS_Store and the like) were passed over")
    sides: dict[str, int] = {}
    seed: int | None = None
    if split is not None:
        who = [(entry.subject, entry.sample_id) for entry in entries]
        rule = settle(split, who)
        seed = rule.seed
        sided = {(subject, side_of(rule, subject, name)) for subject, name in who}
        sides = {name: sum(on == name for _, on in sided) for name in ("train", "test")}
        try:
            check_sides(rule, sided, str(root), who)
            better = better_seed(rule, who)
            odd += [] if better is None else [better]
        except UserError as error:
            odd.append(str(error))
    return Survey(
        dataset=dataset,
        root=root,
        people=len({entry.subject for entry in entries}),
        sequences=listing.sequences,
        pictures=len(entries),
        opened=decode,
        expressions={name: _count(entries, name, listing.sequences > 0) for name in EXPRESSIONS},
        unlabelled=sum(entry.expression is None for entry in entries),
        cameras=dict(sorted(Counter(entry.camera for entry in entries).items())),
        gazes=dict(sorted(Counter(entry.gaze for entry in entries).items())),
        sides=sides,
        seed=seed,
        rejects=tuple(sorted(rejects, key=lambda reject: reject.path)),
        odd=tuple(odd),
        understood=listing.understood,
    )


def _count(entries: Sequence[Entry], expression: str, in_sequences: bool) -> Count:
    shown = [entry for entry in entries if entry.expression == expression]
    sequences = {(entry.subject, entry.sequence) for entry in shown} if in_sequences else set()
    return Count(len({entry.subject for entry in shown}), len(sequences), len(shown))
