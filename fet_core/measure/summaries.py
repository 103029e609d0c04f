"""From scores of triples to the numbers of the tables: means, intervals, differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fet_core.geometry.embed import SAME_PERSON
from fet_core.measure.comparable import PROTOCOLS
from fet_core.measure.metrics import mean, mean_interval, paired_difference
from fet_core.tables import EXPRESSIONS

Summary = dict[str, dict[str, float | None]]
Intervals = dict[str, dict[str, list[float] | None]]
Differences = dict[str, dict[str, dict[str, float] | None]]


def summary(scores: pa.Table) -> Summary:
    """Means over the triples of a row.

    Args:
        scores: of the row, with the schema `fet_core.tables.SCORES`.

    Returns:
        by protocol: the numbers of `fet_core.measure.results.METRICS`, None where one is not
        defined.
    """
    found: Summary = {}
    for protocol, part in _protocols(scores).items():
        found[protocol] = {key: mean(v) for key, v in _values(part).items()}
    return found


def interval_summary(scores: pa.Table) -> Intervals:
    """95% intervals of the numbers that `summary` gives: [low, high], or None.

    Args:
        scores: as for `summary`.
    """
    found: Intervals = {}
    for protocol, part in _protocols(scores).items():
        people = part["subject"].to_pylist()
        intervals = {key: mean_interval(v, people) for key, v in _values(part).items()}
        found[protocol] = {key: list(i) if i is not None else None for key, i in intervals.items()}
    return found


def differences(ours: pa.Table, theirs: pa.Table) -> Differences:
    """What one row has more than another on the same triples, with 95% intervals.

    A number is compared over the triples on which both rows have it.

    Args:
        ours: scores of one row.
        theirs: scores of another, of the same triples in any order.

    Returns:
        by protocol that both have: {"difference", "low", "high"} of each number, or None.

    Raises:
        ValueError: the tables are of other triples.
    """
    found: Differences = {}
    others = _protocols(theirs)
    for protocol, part in _protocols(ours).items():
        if protocol not in others:
            continue
        other = others[protocol]
        if part["triple"].to_pylist() != other["triple"].to_pylist():
            raise ValueError("scores of different triples cannot be compared")
        people = part["subject"].to_pylist()
        a, b = _values(part), _values(other)
        compared = {key: paired_difference(a[key], b[key], people) for key in a}
        found[protocol] = {
            key: None if one is None else dict(one._asdict()) for key, one in compared.items()
        }
    return found


def by_expression(tables: Mapping[str, pa.Table]) -> list[dict[str, Any]]:
    """Means for each expression asked for, as the flat list that `dvc plots` reads.

    Args:
        tables: scores by the name of the row.

    Returns:
        {"model", "protocol", "expression", "ssim", "psnr", "nme", "read": share read as asked
        for, "n"}, expressions in the order of the vocabulary.
    """
    found = []
    for model, table in tables.items():
        for protocol, part in _protocols(table).items():
            values = _values(part)
            asked = np.array(part["expression"].to_pylist())
            for expression in EXPRESSIONS:
                here = asked == expression
                if here.any():
                    found.append(
                        {"model": model, "protocol": protocol, "expression": expression}
                        | {key: mean(values[key][here]) for key in ("ssim", "psnr", "nme")}
                        | {"read": mean(values["expression"][here]), "n": int(here.sum())}
                    )
    return found


def _protocols(scores: pa.Table) -> dict[str, pa.Table]:
    """The rows of each protocol, ordered by triple."""
    parts = {
        name: scores.filter(pc.equal(scores["protocol"], name)).sort_by("triple")
        for name in PROTOCOLS
    }
    return {name: part for name, part in parts.items() if part.num_rows}


def _values(part: pa.Table) -> dict[str, NDArray[np.float64]]:
    """What each triple adds to the mean of each number, NaN where it does not count."""
    numbers = {
        key: np.array(part[key].to_pylist(), dtype=np.float64)
        for key in ("ssim", "psnr", "identity", "nme")
    }
    measurable, found = (np.array(part[key].to_pylist(), bool) for key in ("measurable", "found"))
    right = np.array(part["read"].to_pylist()) == np.array(part["expression"].to_pylist())
    return {
        "ssim": numbers["ssim"],
        "psnr": numbers["psnr"],
        "identity": numbers["identity"],
        "verification": np.where(measurable, numbers["identity"] <= SAME_PERSON, np.nan),
        "nme": numbers["nme"],
        "failures": (~found).astype(np.float64),
        "expression": np.where(measurable, right, np.nan),
    }
