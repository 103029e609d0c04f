"""Numbers of the tables from made-up scores, by hand."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from fet_core.measure.results import METRICS
from fet_core.measure.summaries import (
    by_expression,
    differences,
    interval_summary,
    summary,
)
from fet_core.tables import SCORES, from_rows

KEYS = {metric.key for metric in METRICS}


def line(triple: int, subject: str, **changes: Any) -> dict[str, Any]:
    """A triple that all went well with, but for what is changed."""
    good = {"triple": triple, "protocol": "transfer", "subject": subject, "expression": "happy"}
    good |= {"ssim": 0.8, "psnr": 20.0, "measurable": True, "found": True, "identity": 0.3}
    return good | {"nme": 0.05, "read": "happy"} | changes


def missed(triple: int, subject: str, **changes: Any) -> dict[str, Any]:
    """A triple on whose result no face is found."""
    nothing = {"found": False, "identity": None, "nme": None, "read": None}
    return line(triple, subject, **(nothing | changes))


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
    numbers = summary(MIXED)["transfer"]
    assert set(numbers) == KEYS
    assert numbers["ssim"] == pytest.approx((0.9 + 5 * 0.8) / 6)
    assert numbers["psnr"] == pytest.approx(20.5)
    # Measurable and found: 0, 1, 5; measurable: those and 2; found: all but 2 and 4.
    assert numbers["identity"] == pytest.approx((0.6 + 0.61 + 0.2) / 3)
    assert numbers["nme"] == pytest.approx((0.05 + 0.05 + 0.11) / 3)
    assert numbers["verification"] == 2 / 4
    assert numbers["expression"] == 2 / 4
    assert numbers["failures"] == pytest.approx(2 / 6)


def test_what_nobody_has_is_none() -> None:
    blind = table(missed(0, "a", measurable=False), missed(1, "b", measurable=False))
    numbers = summary(blind)["transfer"]
    assert {key for key in KEYS if numbers[key] is None} == KEYS - {"ssim", "psnr", "failures"}
    intervals = interval_summary(blind)["transfer"]
    assert {key for key in KEYS if intervals[key] is None} == KEYS - {"ssim", "psnr", "failures"}
    assert intervals["failures"] == [1, 1]


def test_intervals_hold_their_means_and_people_without_a_value_do_not_count() -> None:
    numbers, intervals = summary(MIXED), interval_summary(MIXED)
    assert set(intervals["transfer"]) == KEYS
    for key in KEYS:
        low, high = intervals["transfer"][key] or (0, 0)
        assert low <= (numbers["transfer"][key] or 0) <= high
    alone = table(line(0, "a"), line(1, "a", identity=0.4), missed(2, "b"))
    found = interval_summary(alone)["transfer"]
    assert found["identity"] is None
    assert found["verification"] == [0, 1]


def test_a_difference_with_itself_is_nothing() -> None:
    found = differences(MIXED, MIXED)["transfer"]
    nothing = {"difference": 0.0, "low": 0.0, "high": 0.0}
    assert found == dict.fromkeys(KEYS, nothing)


def test_differences_are_paired_by_triple_in_any_order() -> None:
    ours = table(line(0, "a", ssim=0.5), line(1, "b", ssim=0.9), line(2, "c", ssim=0.7))
    theirs = table(line(2, "c", ssim=0.6), missed(0, "a", ssim=0.4), line(1, "b", ssim=0.8))
    found = differences(ours, theirs)["transfer"]
    assert found["ssim"] == pytest.approx({"difference": 0.1, "low": 0.1, "high": 0.1})
    assert found["nme"] == {"difference": 0, "low": 0, "high": 0}
    assert found["failures"] is not None
    assert found["failures"]["difference"] == pytest.approx(-1 / 3)
    assert found["verification"] is not None
    assert found["verification"]["high"] == 1


def test_only_protocols_that_both_have_are_compared() -> None:
    both = table(
        *(line(n, s, protocol=p) for p in ("transfer", "oracle") for n, s in ((0, "a"), (1, "b")))
    )
    one = table(line(0, "a"), line(1, "b"))
    assert set(differences(both, both)) == {"transfer", "oracle"}
    assert set(differences(both, one)) == {"transfer"}
    assert set(differences(one, both)) == {"transfer"}
    with pytest.raises(ValueError, match="different triples"):
        differences(one, table(line(0, "a"), line(7, "b")))


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
