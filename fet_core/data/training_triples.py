"""Drawing training triples without a loop over the data: tables made once, looked up per batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from fet_core.data.cells import Cells, Sources, pick
from fet_core.errors import UserError
from fet_core.tables import EXPRESSIONS

_KINDS = len(EXPRESSIONS)
_NEUTRAL = EXPRESSIONS.index("neutral")


class Draw(NamedTuple):
    """Row numbers in samples.parquet, int64 [B] each."""

    target: np.ndarray
    source: np.ndarray
    reference: np.ndarray


@dataclass(frozen=True)
class TrainingIndex:
    """Which rows may stand together in a training triple.

    Attributes:
        usable: int64, ascending: the rows that can be a truth. One epoch is each of them once.
    """

    usable: np.ndarray
    _expression: np.ndarray  # int8 [samples]
    _album: np.ndarray  # int64 [samples], -1 for rows of no use
    _subject: np.ndarray  # int64 [albums]
    _view: np.ndarray  # int64 [albums]: number of (camera, gaze)
    _target: Cells
    _reference: Cells
    _choices: np.ndarray  # int8 [albums, 8, 8]: target expressions for each truth expression
    _choice_count: np.ndarray  # int64 [albums, 8]
    _sources: Sources

    def draw(self, truth: np.ndarray, u: np.ndarray) -> Draw:
        """Choose target, source and reference for each truth, a pure function of the arguments.

        The target's expression is drawn evenly, then the target among its pictures; the source
        evenly among the pictures of all other people that fit; the reference among those beside
        the source.

        Args:
            truth: int64 [B], each of them in `usable`.
            u: float64 [B, 3] in [0, 1).

        Raises:
            ValueError: a truth is not usable or a shape is wrong.
        """
        truth = np.asarray(truth, dtype=np.int64)
        if u.shape != (*truth.shape, 3):
            raise ValueError(f"u has the shape {u.shape}, not {(*truth.shape, 3)}")
        album = self._album[truth]
        shown = self._expression[truth]
        if (truth < 0).any() or (album < 0).any() or not self._choice_count[album, shown].all():
            raise ValueError("a truth is not among the usable rows")

        choice, rest = pick(u[:, 0], self._choice_count[album, shown])
        other = self._choices[album, shown, choice]
        nth, _ = pick(rest, self._target.count[album, other])
        target = self._target.rows[self._target.start[album, other] + nth]

        source, reference = self._others(album, shown, other, u[:, 1:])
        return Draw(target, source, reference)

    def another(
        self, shown: np.ndarray, other: np.ndarray, u: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of somebody else a picture with each row's expression, and one with the other row's.

        Args:
            shown: int64 [B], rows of training pictures.
            other: int64 [B], of each a picture of the same person, camera and gaze.
            u: float64 [B, 2] in [0, 1).

        Returns:
            two times int64 [B], drawn as source and reference are; the given rows where nobody else
            shows both expressions.
        """
        album = self._album[shown]
        labels = self._expression[shown], self._expression[other]
        alone = self._sources.alone(self._view[album], *labels, self._subject[album])
        found = self._others(album, *labels, u)
        return np.where(alone, shown, found[0]), np.where(alone, other, found[1])

    def _others(
        self, album: np.ndarray, shown: np.ndarray, other: np.ndarray, u: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Somebody else's picture with one expression, and one beside it with the other."""
        source = self._sources.pick(u[:, 0], self._view[album], shown, other, self._subject[album])
        beside = self._album[source]
        nth, _ = pick(u[:, 1], self._reference.count[beside, other])
        return source, self._reference.rows[self._reference.start[beside, other] + nth]


def training_rows(samples: pa.Table) -> np.ndarray:
    """Numbers, int64 ascending, of the rows of the training side, mirrored ones too."""
    train = np.array([side == "train" for side in samples["split"].to_pylist()], dtype=bool)
    return np.flatnonzero(train).astype(np.int64)


def training_index(samples: pa.Table, neutral_only: bool = False) -> TrainingIndex:
    """Index the training rows of `samples`.

    A truth's target is a picture of the same person, camera, gaze and flip with another
    expression; the source is a picture of another training person (flipped or not) with the
    truth's expression, to the same camera with the same gaze, beside which there is a reference
    with the target's expression and the same flip.

    Args:
        samples: `tables.SAMPLES`; only rows of the training side count.
        neutral_only: one of the two expressions is neutral, and target and truth, and source and
            reference, are of one sequence (CK+). The neutral picture of a sequence without label
            takes its target from the other sequences of its person.

    Raises:
        UserError: no row can be a truth; the message says why.
    """
    flipped = samples["flipped"].to_numpy(zero_copy_only=False)
    rows = training_rows(samples)
    if rows.size == 0:
        raise UserError(_why_none(0, neutral_only))
    number = {name: index for index, name in enumerate(EXPRESSIONS)}
    expression = np.array([number[name] for name in samples["expression"].to_pylist()], np.int8)
    subject = _numbers(samples, ["subject"])
    view = _numbers(samples, ["camera", "gaze"])
    person = _grouped(subject, view, flipped)
    sequence = _grouped(person, _numbers(samples, ["sequence"])) if neutral_only else person

    album = np.full(samples.num_rows, -1, dtype=np.int64)
    first, album[rows] = np.unique(sequence[rows], return_index=True, return_inverse=True)[1:]
    albums = len(first)
    album_subject, album_view = subject[rows][first], view[rows][first]
    reference = _cells(rows, album, expression, albums)

    wide = np.full(samples.num_rows, -1, dtype=np.int64)
    wide_first, wide[rows] = np.unique(person[rows], return_index=True, return_inverse=True)[1:]
    target = _targets(reference, rows, wide, expression, wide[rows][first], len(wide_first))

    may = _may(neutral_only)
    sources = _source_lists(
        rows, album, expression, reference, album_subject, album_view, may, subject
    )
    everyone = sources.count[album_view]
    own = sources.own_count[album_view, :, :, album_subject]
    possible = may & (target.count[:, None, :] > 0) & (everyone - own > 0)
    choice_count = possible.sum(axis=2)
    choices = np.argsort(~possible, axis=2, kind="stable").astype(np.int8)
    usable = rows[choice_count[album[rows], expression[rows]] > 0]
    if usable.size == 0:
        raise UserError(_why_none(len(np.unique(subject[rows])), neutral_only))
    return TrainingIndex(
        usable=usable,
        _expression=expression,
        _album=album,
        _subject=album_subject,
        _view=album_view,
        _target=target,
        _reference=reference,
        _choices=choices,
        _choice_count=choice_count,
        _sources=sources,
    )


def _numbers(samples: pa.Table, names: list[str]) -> np.ndarray:
    """Number the distinct values of some text columns together, in sorted order."""
    keys = list(zip(*(samples[name].to_pylist() for name in names), strict=True))
    number = {key: index for index, key in enumerate(sorted(set(keys)))}
    return np.array([number[key] for key in keys], dtype=np.int64)


def _grouped(*columns: np.ndarray) -> np.ndarray:
    """Number the distinct combinations of integer columns."""
    stacked = np.stack([column.astype(np.int64) for column in columns], axis=1)
    return np.unique(stacked, axis=0, return_inverse=True)[1].reshape(-1)


def _cells(rows: np.ndarray, album: np.ndarray, expression: np.ndarray, albums: int) -> Cells:
    cell = album[rows] * _KINDS + expression[rows]
    count = np.bincount(cell, minlength=albums * _KINDS)
    start = np.cumsum(count) - count
    shape = (albums, _KINDS)
    ordered = rows[np.argsort(cell, kind="stable")]
    return Cells(ordered, start.reshape(shape), count.reshape(shape))


def _targets(
    own: Cells,
    rows: np.ndarray,
    wide: np.ndarray,
    expression: np.ndarray,
    wide_of_album: np.ndarray,
    wides: int,
) -> Cells:
    """The targets of each album: its own, or its person's where it has nothing but neutral."""
    all_of_person = _cells(rows, wide, expression, wides)
    unlabelled = own.count.sum(axis=1) == own.count[:, _NEUTRAL]
    start = np.where(
        unlabelled[:, None],
        len(own.rows) + all_of_person.start[wide_of_album],
        own.start,
    )
    count = np.where(unlabelled[:, None], all_of_person.count[wide_of_album], own.count)
    return Cells(np.concatenate([own.rows, all_of_person.rows]), start, count)


def _may(neutral_only: bool) -> np.ndarray:
    """bool [8, 8]: which expressions may be those of truth and target."""
    may = ~np.eye(_KINDS, dtype=bool)
    if neutral_only:
        neutral = np.arange(_KINDS) == _NEUTRAL
        may &= neutral[:, None] | neutral[None, :]
    return may


def _source_lists(
    rows: np.ndarray,
    album: np.ndarray,
    expression: np.ndarray,
    reference: Cells,
    album_subject: np.ndarray,
    album_view: np.ndarray,
    may: np.ndarray,
    subject: np.ndarray,
) -> Sources:
    # Each row once for each other expression that stands beside it: (row, other expression).
    beside = (reference.count[album[rows]] > 0) & may[expression[rows]]
    nth, other = np.nonzero(beside)
    source = rows[nth]
    shape = (int(album_view.max(initial=-1)) + 1, _KINDS, _KINDS, int(subject.max(initial=-1)) + 1)
    key = np.ravel_multi_index(
        (album_view[album[source]], expression[source], other, album_subject[album[source]]), shape
    )
    own_count = np.bincount(key, minlength=int(np.prod(shape))).reshape(shape)
    count = own_count.sum(axis=3)
    start = np.cumsum(count.reshape(-1)).reshape(count.shape) - count
    return Sources(
        rows=source[np.argsort(key, kind="stable")],
        start=start,
        count=count,
        own_start=np.cumsum(own_count, axis=3) - own_count,
        own_count=own_count,
    )


def _why_none(people: int, neutral_only: bool) -> str:
    if people < 2:
        return (
            f"no training triple is possible: pictures of {people} person(s) are left on the "
            "training side, where source and target are two: add people or change split.seed or "
            "split.test_share"
        )
    rule = "neutral and another expression in one sequence" if neutral_only else "two expressions"
    return (
        f"no training triple is possible: among the {people} people on the training side no two "
        f"show the same {rule} to the same camera with the same gaze: add such people or change "
        "split.seed or split.test_share"
    )
