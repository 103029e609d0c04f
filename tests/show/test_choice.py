"""Who and what the figures show: many expressions, nobody who may not be shown, always the same."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from fet_core.data.samples import fixed_triples
from fet_core.errors import UserError
from fet_core.show.shown import check_allowed, figure_sources, figure_targets, shown_triples

FIVE = ("neutral", "happy", "sad", "angry", "disgusted")


@pytest.fixture(scope="module")
def samples(sample_table: Callable[..., pa.Table]) -> pa.Table:
    """p0 to p2 to train on, also flipped; p3 to p6 to test."""
    return sample_table(people=7, expressions=FIVE, test=(3, 4, 5, 6), flip=True)


@pytest.fixture(scope="module")
def triples(samples: pa.Table) -> pa.Table:
    return fixed_triples(samples, 7, 2, None, False)


def test_triples_show_many_expressions_and_people(triples: pa.Table) -> None:
    chosen = [triples.slice(p, 1).to_pylist()[0] for p in shown_triples(triples, 6, None)]
    assert {row["expression"] for row in chosen} == set(FIVE)
    assert len({row["target_subject"] for row in chosen}) == 4
    order = [FIVE.index(row["expression"]) for row in chosen]
    assert order == sorted(order)


@pytest.mark.parametrize("count", [0, 1, 6, 10_000])
def test_as_many_as_asked_for_each_once(triples: pa.Table, count: int) -> None:
    chosen = shown_triples(triples, count, None)
    assert len(chosen) == len(set(chosen)) == min(count, triples.num_rows)
    assert chosen == shown_triples(triples, count, None)


def test_only_allowed_people_are_in_triples(triples: pa.Table) -> None:
    chosen = triples.take(shown_triples(triples, 6, ["p3", "p5"])).to_pylist()
    assert len(chosen) == 6
    assert {row[f"{side}_subject"] for row in chosen for side in ("source", "target")} == {
        "p3",
        "p5",
    }
    assert shown_triples(triples, 6, ["p3"]) == []
    assert shown_triples(triples, 6, []) == []


def test_sources_are_test_people_one_an_expression(samples: pa.Table) -> None:
    rows = samples.take(figure_sources(samples, 6, None)).to_pylist()
    assert [row["expression"] for row in rows] == ["happy", "sad", "angry", "disgusted"]
    assert {row["split"] for row in rows} == {"test"}
    assert len({row["subject"] for row in rows}) == 4
    assert len(figure_sources(samples, 2, None)) == 2
    allowed = samples.take(figure_sources(samples, 6, ["p4", "p0"])).to_pylist()
    assert {row["subject"] for row in allowed} == {"p4"}


def test_targets_are_neutral_training_people_first(samples: pa.Table) -> None:
    rows = samples.take(figure_targets(samples, 2, 3, None)).to_pylist()
    assert [row["subject"] for row in rows] == ["p0", "p1", "p3", "p4", "p5"]
    assert {(row["expression"], row["flipped"]) for row in rows} == {("neutral", False)}
    turned = samples.take(list(range(samples.num_rows))[::-1])
    rows = turned.take(figure_targets(turned, 2, 3, None)).to_pylist()
    assert {(row["expression"], row["flipped"]) for row in rows} == {("neutral", False)}
    allowed = samples.take(figure_targets(samples, 2, 3, ["p2", "p6"])).to_pylist()
    assert [row["subject"] for row in allowed] == ["p2", "p6"]


def test_an_unknown_person_is_named(samples: pa.Table) -> None:
    check_allowed(samples, None)
    check_allowed(samples, ["p1", "p6"])
    with pytest.raises(UserError, match='"p77", who is not among the subjects'):
        check_allowed(samples, ["p1", "p77"])


def test_a_triple_of_an_unknown_expression_is_passed_over(triples: pa.Table) -> None:
    column = triples.schema.get_field_index("expression")
    names = ["smug", *triples["expression"].to_pylist()[1:]]
    odd = triples.set_column(column, triples.schema.field(column), pa.array(names))
    every = [place for place in shown_triples(triples, 10_000, None) if place]
    assert shown_triples(odd, 10_000, None) == every
