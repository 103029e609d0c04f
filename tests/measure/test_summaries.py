"""Numbers of the tables from made-up scores, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fet_core.measure.metrics import jackknife_interval
from fet_core.measure.results import METRICS
from fet_core.measure.summaries import (
    by_expression,
    differences,
    interval_summary,
    kid,
    kid_by_person,
    summary,
)
from fet_core.tables import SCORES, from_rows

KEYS = {metric.key for metric in METRICS}


def line(pair: int, subject: str, **changes: Any) -> dict[str, Any]:
    """A triple that all went well with, but for what is changed."""
    good = {"pair_id": pair, "protocol": "transfer", "subject": subject, "expression": "happy"}
    good |= {"ssim": 0.8, "psnr": 20.0, "measurable": True, "found": True, "identity": 0.3}
    return good | {"nme": 0.05, "read": "happy", "embedding": np.zeros(128)} | changes


def missed(pair: int, subject: str, **changes: Any) -> dict[str, Any]:
    """A triple on whose result no face is found."""
    nothing = {"found": False, "identity": None, "nme": None, "read": None, "embedding": None}
    return line(pair, subject, **(nothing | changes))


def table(*lines: dict[str, Any]) -> pa.Table:
    return from_rows(lines, SCORES)


MIXED = table(
    line(0, "a", ssim=0.9, identity=0.6),
    line(1, "a", identity=0.61, read="sad", psnr=23.0),
    missed(2, "b"),
    line(3, "b", measurable=False, identity=None, nme=None, read="neutral"),
    missed(4, "b", measurable=False),
    line(5, "c", nme=0.11, identity=0.2, expression="sad", read="sad"),
)


def test_means_by_hand() -> None:
    numbers = summary(MIXED, MIXED)["transfer"]
    assert set(numbers) == KEYS
    assert numbers["ssim"] == pytest.approx((0.9 + 5 * 0.8) / 6)
    assert numbers["psnr"] == pytest.approx(20.5)
    # Measurable and found: 0, 1, 5; measurable: those and 2; found: all but 2 and 4.
    assert numbers["identity"] == pytest.approx((0.6 + 0.61 + 0.2) / 3)
    assert numbers["nme"] == pytest.approx((0.05 + 0.05 + 0.11) / 3)
    assert numbers["accepted"] == 2 / 4
    assert numbers["expression"] == 2 / 4
    assert numbers["no_face"] == pytest.approx(2 / 6)
    assert numbers["kid"] is None


def test_what_nobody_has_is_none() -> None:
    blind = table(missed(0, "a", measurable=False), missed(1, "b", measurable=False))
    numbers = summary(blind, blind)["transfer"]
    assert {key for key in KEYS if numbers[key] is None} == KEYS - {"ssim", "psnr", "no_face"}
    intervals = interval_summary(blind, blind)["transfer"]
    assert {key for key in KEYS if intervals[key] is None} == KEYS - {"ssim", "psnr", "no_face"}
    assert intervals["no_face"] == [1, 1]


def test_intervals_hold_their_means_and_people_without_a_value_do_not_count() -> None:
    numbers, intervals = summary(MIXED, MIXED), interval_summary(MIXED, MIXED)
    assert set(intervals["transfer"]) == KEYS
    for key in KEYS - {"kid"}:
        low, high = intervals["transfer"][key] or (0, 0)
        assert low <= (numbers["transfer"][key] or 0) <= high
    alone = table(line(0, "a"), line(1, "a", identity=0.4), missed(2, "b"))
    found = interval_summary(alone, alone)["transfer"]
    assert found["identity"] is None
    assert found["accepted"] == [0, 1]


def test_a_difference_with_itself_is_nothing() -> None:
    crowd = faces(0, 0.0)
    found = differences(crowd, crowd, faces(1, 0.0))["transfer"]
    nothing = {"difference": 0.0, "low": 0.0, "high": 0.0}
    assert found == dict.fromkeys(KEYS, nothing)


def test_differences_are_paired_by_triple_in_any_order() -> None:
    ours = table(line(0, "a", ssim=0.5), line(1, "b", ssim=0.9), line(2, "c", ssim=0.7))
    theirs = table(line(2, "c", ssim=0.6), missed(0, "a", ssim=0.4), line(1, "b", ssim=0.8))
    found = differences(ours, theirs, ours)["transfer"]
    assert found["ssim"] == pytest.approx({"difference": 0.1, "low": 0.1, "high": 0.1})
    assert found["nme"] == {"difference": 0, "low": 0, "high": 0}
    assert found["no_face"] is not None
    assert found["no_face"]["difference"] == pytest.approx(-1 / 3)
    assert found["accepted"] is not None
    assert found["accepted"]["high"] == 1
    assert found["kid"] is None


def test_only_protocols_that_both_have_are_compared() -> None:
    both = table(
        *(line(n, s, protocol=p) for p in ("transfer", "oracle") for n, s in ((0, "a"), (1, "b")))
    )
    one = table(line(0, "a"), line(1, "b"))
    assert set(differences(both, both, both)) == {"transfer", "oracle"}
    assert set(differences(both, one, both)) == {"transfer"}
    assert set(differences(one, both, both)) == {"transfer"}
    with pytest.raises(ValueError, match="different triples"):
        differences(one, table(line(0, "a"), line(7, "b")), one)


def faces(seed: int, shift: float, count: int = 60) -> pa.Table:
    embeddings = np.random.default_rng(seed).normal(shift, 1, (count, 128)).astype(np.float32)
    return table(*(line(n, f"p{n % 6}", embedding=embeddings[n]) for n in range(count)))


def embeddings(scores: pa.Table) -> tuple[np.ndarray, list[str]]:
    return np.array(scores["embedding"].to_pylist()), scores["subject"].to_pylist()


def test_kid_is_between_results_and_truths_with_a_jackknife() -> None:
    made, other, real = faces(0, 0.3), faces(2, 0.1), faces(1, 0.0)
    value, without = kid_by_person(*embeddings(made), *embeddings(real))
    assert summary(made, real)["transfer"]["kid"] == pytest.approx(value)
    assert value == pytest.approx(kid(embeddings(made)[0], embeddings(real)[0]))
    found = interval_summary(made, real)["transfer"]["kid"]
    assert found == pytest.approx(list(jackknife_interval(value, list(without.values())) or ()))
    difference = differences(made, other, real)["transfer"]["kid"]
    assert difference is not None
    near = summary(other, real)["transfer"]["kid"]
    assert difference["difference"] == pytest.approx(value - (near or 0))
    assert 0 < difference["low"] < difference["difference"] < difference["high"]


def test_kid_wants_fifty_faces_on_both_sides() -> None:
    assert summary(faces(0, 0, 50), faces(1, 0, 50))["transfer"]["kid"] is not None
    assert summary(faces(0, 0, 49), faces(1, 0, 60))["transfer"]["kid"] is None
    assert summary(faces(0, 0, 60), faces(1, 0, 49))["transfer"]["kid"] is None
    some = [missed(n, "a") for n in range(60, 70)]
    blind = table(*faces(0, 0, 45).to_pylist(), *some)
    assert summary(blind, faces(1, 0))["transfer"]["kid"] is None


def test_a_picture_of_many_triples_counts_once_for_kid() -> None:
    """Triples share truths and, where only the source differs, results too."""
    made, real = faces(0, 0.3), faces(1, 0.0)

    def three_times(scores: pa.Table, count: int = 60) -> pa.Table:
        rows = scores.to_pylist()
        return table(*(rows[n % count] | {"pair_id": n} for n in range(3 * count)))

    once, thrice = (made, real), (three_times(made), three_times(real))
    for asked in (summary, interval_summary):
        few, many = (asked(*tables)["transfer"]["kid"] for tables in (once, thrice))
        assert few is not None
        assert many == pytest.approx(few)
    steps = [
        differences(ours, theirs, truth)["transfer"]["kid"]
        for ours, theirs, truth in (
            (made, faces(2, 0.1), real),
            (three_times(made), three_times(faces(2, 0.1)), three_times(real)),
        )
    ]
    assert steps[1] == pytest.approx(steps[0])
    # Different people may look the same; that is no picture twice.
    rows = made.to_pylist()
    twin = [*rows[:59], rows[59] | {"embedding": rows[0]["embedding"]}]
    assert {row["subject"] for row in (twin[0], twin[59])} == {"p0", "p5"}
    assert summary(table(*twin), real)["transfer"]["kid"] == pytest.approx(
        kid(embeddings(table(*twin))[0], embeddings(real)[0])
    )


def test_kid_counts_different_faces() -> None:
    """A hundred and more triples of 49 pictures are too few, of 50 they are enough."""
    for count, enough in ((49, False), (50, True)):
        rows = faces(0, 0, count).to_pylist()
        many = table(*(rows[n % count] | {"pair_id": n} for n in range(120)))
        assert (summary(many, faces(1, 0))["transfer"]["kid"] is not None) == enough
        assert (summary(faces(1, 0), many)["transfer"]["kid"] is not None) == enough


def test_kid_differences_where_a_row_shows_nobody_of_a_person() -> None:
    """The jackknife is over all people of either row."""
    made, real = faces(0, 0.3, 72), faces(1, 0.0, 48)
    real = table(*real.to_pylist(), line(72, "p0", embedding=np.ones(128)), line(73, "p1"))
    rows = made.to_pylist()
    blind = [missed(r["pair_id"], "p5") if r["subject"] == "p5" else r for r in rows]
    found = differences(table(*blind), made, real)["transfer"]["kid"]
    assert found is not None
    assert found["low"] < found["difference"] < found["high"]


def test_by_expression_in_the_order_of_the_vocabulary() -> None:
    found = by_expression({"fet": MIXED, "copy": table(missed(0, "a"))})
    assert [(row["model"], row["expression"], row["n"]) for row in found] == [
        ("fet", "happy", 5),
        ("fet", "sad", 1),
        ("copy", "happy", 1),
    ]
    assert found[0]["read"] == pytest.approx(1 / 3)
    assert found[0]["nme"] == pytest.approx(0.05)
    assert found[1]["read"] == 1
    assert (found[2]["nme"], found[2]["read"]) == (None, 0)
    assert set(found[0]) == {"model", "protocol", "expression", "ssim", "psnr", "nme", "read", "n"}
