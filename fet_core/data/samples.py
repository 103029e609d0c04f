"""Samples and fixed test triples: the rows that training and evaluation are made of.

The test triples are the same for everyone, a pure function of seed and names."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fet_core import tables
from fet_core.errors import UserError
from fet_core.geometry.landmarks import mirror_camera, mirror_gaze, mirror_points

_READ = ("points", "mean")
_FACES = ("row", *_READ)
_LABELS = ("sample_id", "subject", "sequence", "expression", "gaze", "camera", "split")


def make_samples(manifest: pa.Table, landmarks: pa.Table, size: int, flip: bool) -> pa.Table:
    """Join labels and landmarks, and add a mirrored row for each of the training side.

    Pictures without an expression label or without a face are left out. No picture is stored
    twice: a mirrored row refers to the same row of faces.npy.

    Args:
        manifest: with the schema `fet_core.tables.MANIFEST`.
        landmarks: with the schema `fet_core.tables.LANDMARKS`.
        size: side of the aligned faces in pixels.
        flip: whether to add the mirrored rows.

    Returns:
        a table with the schema `fet_core.tables.SAMPLES`, ordered by sample_id, straight rows
        first.

    Raises:
        UserError: no labelled picture has landmarks.
    """
    # By columns, as rows of Python's objects would take ten times the memory.
    known = landmarks["sample_id"].combine_chunks()
    place = pc.index_in(manifest["sample_id"], value_set=known)
    kept = pc.and_(place.is_valid(), manifest["expression"].is_valid())
    labels, faces = manifest.filter(kept), landmarks.take(place.filter(kept))
    if not labels.num_rows:
        raise UserError(
            "no picture has both an expression label and a face; look at the tables of rejects of "
            "the stages ingest and align"
        )
    columns = {name: labels[name] for name in _LABELS} | {name: faces[name] for name in _FACES}
    columns["flipped"] = pa.array(np.zeros(labels.num_rows, bool))
    straight = _table(columns).sort_by("sample_id")
    if not flip:
        return straight.combine_chunks()
    train = straight.filter(pc.equal(straight["split"], "train"))
    return pa.concat_tables([straight, _mirrored(train, size)]).combine_chunks()


def _table(columns: Mapping[str, Any]) -> pa.Table:
    names = tables.SAMPLES.names
    return pa.table([columns[name] for name in names], names=names).cast(tables.SAMPLES)


def _mirrored(straight: pa.Table, size: int) -> pa.Table:
    columns: dict[str, Any] = {name: straight[name] for name in straight.column_names}
    for name in _READ:
        turned = mirror_points(tables.points(straight[name]), size)
        columns[name] = pa.FixedSizeListArray.from_arrays(turned.ravel(), tables.POINTS * 2)
    for name, other in (("gaze", mirror_gaze), ("camera", mirror_camera)):
        columns[name] = pa.array(
            [other(value) for value in straight[name].to_pylist()], pa.string()
        )
    return _table(columns | {"flipped": pa.array(np.ones(straight.num_rows, bool))})


NEUTRAL = "neutral"


class _Picture(NamedTuple):
    row: int
    sample_id: str
    subject: str
    sequence: str
    expression: str
    view: tuple[str, str]


@dataclass(frozen=True)
class _Triple:
    order: str
    source: _Picture
    reference: _Picture
    target: _Picture
    truth: _Picture


def fixed_triples(
    samples: pa.Table,
    seed: int,
    per_target: int,
    max_triples: int | None,
    neutral_only: bool,
) -> pa.Table:
    """Fix the test triples.

    Each test picture is once the truth for each other expression that its person shows to the
    same camera with the same gaze; `per_target` other test persons who show both expressions to
    that camera are its sources. Where there are several pictures to choose from, the smallest
    hash of seed and sample ids decides, so that more people change few of the triples.

    Args:
        samples: `tables.SAMPLES`; rows that are flipped or not of the test side do not count.
        seed: another seed, other triples.
        per_target: sources for each truth and target, 1 or more.
        max_triples: at most so many triples, those of the smallest hash; None for all.
        neutral_only: one of the two expressions is neutral, and a person's two pictures are of
            one sequence (CK+).

    Returns:
        `tables.TRIPLES`, ordered by target person and expression.

    Raises:
        UserError: there is no triple at all; the message says why.
    """
    pictures = _test_pictures(samples)
    triples = list(_triples(pictures, seed, per_target, neutral_only))
    if not triples:
        raise UserError(_why_none(pictures, neutral_only))
    if max_triples is not None:
        triples = sorted(triples, key=lambda triple: triple.order)[:max_triples]
    triples.sort(
        key=lambda triple: (
            triple.truth.subject,
            tables.EXPRESSIONS.index(triple.truth.expression),
            tables.EXPRESSIONS.index(triple.target.expression),
            triple.order,
        )
    )
    rows = [
        {
            "triple": number,
            "source": triple.source.row,
            "reference": triple.reference.row,
            "target": triple.target.row,
            "truth": triple.truth.row,
            "source_subject": triple.source.subject,
            "target_subject": triple.truth.subject,
            "expression": triple.truth.expression,
            "target_expression": triple.target.expression,
            "split": "test",
        }
        for number, triple in enumerate(triples)
    ]
    return tables.from_rows(rows, tables.TRIPLES)


def _test_pictures(samples: pa.Table) -> list[_Picture]:
    wanted = pc.and_not(pc.equal(samples["split"], "test"), samples["flipped"])
    rows = np.flatnonzero(wanted.to_numpy())
    names = ("sample_id", "subject", "sequence", "expression", "gaze", "camera")
    columns = (samples[name].take(pa.array(rows)).to_pylist() for name in names)
    return [
        _Picture(row, sample_id, subject, sequence, expression, (camera, gaze))
        for row, sample_id, subject, sequence, expression, gaze, camera in (
            zip(rows.tolist(), *columns, strict=True)
        )
    ]


def _triples(
    pictures: Sequence[_Picture], seed: int, per_target: int, neutral_only: bool
) -> Iterator[_Triple]:
    """All triples, before any limit."""

    def album(picture: _Picture) -> tuple[str, tuple[str, str], str]:
        """The pictures that may stand beside each other as one person's two."""
        return picture.subject, picture.view, picture.sequence if neutral_only else ""

    shown: dict[tuple[str, tuple[str, str], str], dict[str, list[_Picture]]]
    shown = defaultdict(lambda: defaultdict(list))
    for picture in pictures:
        shown[album(picture)][picture.expression].append(picture)
    # (view, expression, other expression) -> person -> that person's possible sources
    sources: dict[tuple[tuple[str, str], str, str], dict[str, list[_Picture]]]
    sources = defaultdict(lambda: defaultdict(list))
    for picture in pictures:
        for other in _others(picture.expression, shown[album(picture)], neutral_only):
            persons = sources[picture.view, picture.expression, other]
            persons[picture.subject].append(picture)

    for truth in pictures:
        for other in _others(truth.expression, shown[album(truth)], neutral_only):
            target = _choose(shown[album(truth)][other], seed, "target", truth.sample_id)
            persons = sources[truth.view, truth.expression, other]
            strangers = sorted(
                (who for who in persons if who != truth.subject),
                key=lambda who: _hash(seed, truth.sample_id, target.sample_id, who),
            )
            for who in strangers[:per_target]:
                names = (truth.sample_id, target.sample_id)
                source = _choose(persons[who], seed, "source", *names)
                references = shown[album(source)][other]
                reference = _choose(references, seed, "reference", *names, source.sample_id)
                order = _hash(seed, *names, source.sample_id, reference.sample_id)
                yield _Triple(order, source, reference, target, truth)


def _others(expression: str, shown: dict[str, list[_Picture]], neutral_only: bool) -> list[str]:
    """The expressions that may be a truth's target expression."""
    return [
        other
        for other in shown
        if other != expression and (not neutral_only or NEUTRAL in (expression, other))
    ]


def _choose(pictures: Sequence[_Picture], seed: int, *names: str) -> _Picture:
    return min(pictures, key=lambda picture: _hash(seed, *names, picture.sample_id))


def _hash(seed: int, *names: str) -> str:
    return hashlib.sha256("\0".join((str(seed), *names)).encode()).hexdigest()


def _why_none(pictures: Sequence[_Picture], neutral_only: bool) -> str:
    people = {picture.subject for picture in pictures}
    if len(people) < 2:
        return (
            f"no test triple is possible: pictures of {len(people)} person(s) are left on the test "
            "side, where source and target are two: add people or change split.seed or "
            "split.test_share"
        )
    expressions = sorted({picture.expression for picture in pictures}, key=tables.EXPRESSIONS.index)
    rule = "neutral and another expression in one sequence" if neutral_only else "two expressions"
    return (
        f"no test triple is possible: among the {len(people)} people on the test side no two show "
        f"the same {rule} to the same camera with the same gaze (expressions there: "
        f"{', '.join(expressions)}): add such people or change split.seed or split.test_share"
    )
