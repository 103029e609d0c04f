"""A survey of a raw folder before any work on it: what is there, what is missing, what is odd."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fet_core.datasets.base import Entry, Reader, Reject
from fet_core.datasets.ingest import open_all, unique
from fet_core.datasets.split import SplitRule, better_seed, check_sides, settle, side_of
from fet_core.errors import UserError
from fet_core.tables import EXPRESSIONS

_NAMED = 5


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

    Raises:
        UserError: the root is missing or does not have the layout.
    """
    root = Path(root).expanduser()
    listing = reader.find(root)
    entries, doubles = unique(listing.entries)
    rejects = [*listing.rejects, *doubles]
    if decode:
        found = list(open_all(root, entries, processes))
        pairs = list(zip(entries, found, strict=True))
        rejects += [Reject(entry.path, info) for entry, info in pairs if isinstance(info, str)]
        entries = [entry for entry, info in pairs if not isinstance(info, str)]
    odd = list(listing.notes)
    if listing.sequences == 0:
        odd += _lacking(entries)
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
    )


def _count(entries: Sequence[Entry], expression: str, in_sequences: bool) -> Count:
    shown = [entry for entry in entries if entry.expression == expression]
    sequences = {(entry.subject, entry.sequence) for entry in shown} if in_sequences else set()
    return Count(len({entry.subject for entry in shown}), len(sequences), len(shown))


def _lacking(entries: Sequence[Entry]) -> list[str]:
    """One sentence on the people who lack expressions that others show.

    Not for sets of sequences: there nearly everybody does.
    """
    shown: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.expression is not None:
            shown[entry.subject].add(entry.expression)
    everything = set().union(*shown.values())
    lacking = {
        who: sorted(everything - has, key=EXPRESSIONS.index)
        for who, has in sorted(shown.items())
        if has != everything
    }
    if not lacking:
        return []
    named = [f"{who} ({', '.join(what)})" for who, what in list(lacking.items())[:_NAMED]]
    more = ", …" if len(lacking) > _NAMED else ""
    return [f"{len(lacking)} of {len(shown)} people lack expressions: {', '.join(named)}{more}"]
